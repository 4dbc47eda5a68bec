"""Contacts in the database: found by any address, changed with their history, merged, imported; on both databases."""

import importlib
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import peers
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storekit import Clock, incoming, make_database, new_options, rules_for

from mailgate.domain.address import fold
from mailgate.domain.deskerror import DeskError, NotThere, Stale
from mailgate.domain.effects import AddEntry, Decision, EntryKind, OpenContact, OpenTicket
from mailgate.domain.people.card import Card, Line
from mailgate.domain.query import parse
from mailgate.domain.routing import Catalogue
from mailgate.store import checkup, companies, contact_changes, contacts, queries, schema
from mailgate.store.contact_changes import Addresses, By
from mailgate.store.contact_import import DryRun, import_lines
from mailgate.store.contacts import Wanted
from mailgate.store.db import create_store, open_store
from mailgate.store.options import StoreOptions
from mailgate.store.read import UnitReader
from mailgate.store.ticketlist import find
from mailgate.store.unit import accept_each
from mailgate.store.writer import Writer

PERSON = By("command line (root)")
FILE = By("command line (root)", source="import contacts.csv:2")


class House:
    """A store with a writer; what tests do to it is one transaction each."""

    def __init__(self, store) -> None:
        self.store, self.clock = store, Clock()
        self.writer = Writer(store, clock=self.clock)
        self.writer.start()

    def do(self, work: Callable, *arguments, **named):
        self.clock.move(seconds=1)
        return self.writer.submit(lambda tx: work(tx, *arguments, **named)).result(60)

    def look(self, work: Callable, *arguments, **named):
        with queries.reading(self.store) as connection:
            return work(connection, *arguments, **named)

    def add(self, *addresses, by=PERSON, **said) -> int:
        return self.do(contact_changes.create, addresses, said, by).contact_id

    def known(self, contact_id):
        return self.look(contacts.contact, contact_id)

    def mail(self, address, name="Ann", company=None, categories=(), sources=()):
        """Let a mail come in, which opens a ticket, and a contact where its author is unknown."""
        self.clock.move(seconds=1)

        def decide(mail, route, catalogue, reader, now):
            effects, found = [], reader.contact(address)
            ids = [reader.allocate(kind) for kind in ("ticket", "session", "entry")]
            contact_id = found.contact_id if found else reader.allocate("contact")
            if found is None:
                domain = address.rpartition("@")[2] if company is None else company
                effects.append(OpenContact(contact_id, address, name, categories, domain, sources))
            company_id = found.company_id if found else 0
            effects.append(
                OpenTicket(ids[0], f"T-{ids[0]}", ids[1], "q", "s", contact_id, company_id=company_id)
            )
            effects.append(AddEntry(ids[2], ids[0], ids[1], EntryKind.INCOMING, address, "hello"))
            return Decision(tuple(effects), "t:1", "ticket", "")

        octets = f"{address} {self.clock.now}\r\n\r\n".encode()
        rules = rules_for(decide)
        (outcome,) = self.writer.submit(lambda tx: accept_each(tx, incoming(octets), rules)).result(60)
        assert outcome.error == ""
        return self.look(queries.ticket, outcome.ticket)


@pytest.fixture(scope="module")
def server():
    """Start one PostgreSQL for all tests of this file."""
    with peers.postgres() as one:
        yield one


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))])
def house(request, tmp_path):
    """Open an empty database of each kind."""
    options = new_options(tmp_path)
    if request.param == "postgresql":
        url = request.getfixturevalue("server").url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        options = StoreOptions(url, options.blobs, options.incoming, reserve=0)
        backend = create_store(options)
        schema.upgrade(backend)
        backend.close()
    else:
        make_database(options)
    store = open_store(options)
    store.close()
    one = House(store)
    yield one
    assert one.writer.stop(60)
    store.close()


def test_a_contact_is_found_by_any_form_of_any_address(house):
    """Mail and commands alike: case, +detail, both forms of a domain; a detail that is known is its own."""
    anna = house.add("anna@müller.example", "a.berg@private.example", name="Anna")
    shop = house.add("anna+shop@müller.example", name="Shop")
    for address, wanted in (
        ("ANNA@XN--MLLER-KVA.example", anna),
        ("a.berg+news@Private.example", anna),
        ("anna+shop@xn--mller-kva.example", shop),
        ("anna+other@müller.example", anna),
        ("ben@private.example", 0),
    ):
        assert house.look(contacts.find_contact, address) == wanted
        if wanted:
            ticket = house.mail(address)
            assert ticket["contact"]["id"] == wanted
            query = parse(f'contact:"{address}"')
            found = house.look(find, query, Catalogue(), datetime.now(UTC)).rows
            assert found[0]["number"] == ticket["number"]


def test_a_mail_makes_contact_company_and_ticket_belong_together(house):
    """The company has the domain; its real name does not keep new senders away; a provider is no company."""
    first = house.mail("anna@customer.example")
    assert first["company_id"] == first["contact"]["company_id"] > 0
    house.do(companies.change, "customer.example", {"name": "Customer Ltd"}, "root")
    second = house.mail("ben@customer.example")
    assert second["company_id"] == first["company_id"]
    assert second["contact"]["company"] == "Customer Ltd"
    assert house.mail("anna@customer.example")["company_id"] == first["company_id"]
    house.mail("carl@gmail.com", company="carl@gmail.com")
    house.mail("dora@gmail.com", company="dora@gmail.com")
    found = house.look(companies.companies, "", 0, 10)
    assert [(row["name"], row["domain"], row["contacts"]) for row in found] == [
        ("Customer Ltd", "customer.example", 2),
        ("carl@gmail.com", "", 1),
        ("dora@gmail.com", "", 1),
    ]


def test_a_company_is_found_by_either_form_of_its_domain(house):
    """As people write it, and as it is sent."""
    house.mail("anna@xn--mller-kva.example")
    for name in ("müller.example", "XN--MLLER-KVA.example"):
        assert house.look(contacts.find_company, name) == 1


def test_a_rule_s_company_and_categories_name_the_rule(house):
    """What no row names came with the mail."""
    sources = (("categories", "rule support:12"), ("company", "rule support:12"))
    house.mail("anna@customer.example", company="Customer Ltd", categories=("new",), sources=sources)
    assert house.known(1).sources == dict(sources)
    assert house.mail("ben@customer.example")["contact"]["company"] == "Customer Ltd"


def test_who_is_added_by_hand_joins_the_company_of_the_domain(house):
    """Unless a company is named, or none is wanted."""
    house.mail("anna@customer.example")
    assert house.known(house.add("ben@customer.example")).card.company == "customer.example"
    assert house.known(house.add("carl@customer.example", company="Other")).card.company == "Other"
    assert house.known(house.add("dora@customer.example", company="")).card.company == ""
    assert house.known(house.add("eve@gmail.com")).card.company == ""


def test_a_change_grows_the_version_and_tells_before_and_after(house):
    """Saying the same again changes nothing; the history has who, what, before and after."""
    anna = house.add("anna@x.example", name="Anna")
    done = house.do(contact_changes.change, anna, {"vip": True, "phone": "+49 30 1234567"}, PERSON)
    assert (done.before["vip"], done.after["vip"]) == (False, True)
    again = house.do(contact_changes.change, anna, {"vip": True}, PERSON)
    assert not again.after
    one = house.known(anna)
    assert (one.version, one.card.vip, one.sources["phone"]) == (1, True, "command line (root)")
    newest, oldest = house.look(contacts.history, anna, 10)
    assert [newest["action"], oldest["action"]] == ["contact set", "contact add"]
    assert '"before": {"vip": false, "phone": ""}' in newest["detail"]


def test_a_stale_change_is_refused_with_both_states(house):
    """Nothing is written, and what came in between is named."""
    anna = house.add("anna@x.example", name="Anna")
    house.do(contact_changes.change, anna, {"name": "Anna Berg"}, PERSON)
    with pytest.raises(Stale, match="you saw version 0, it is at version 1") as stale:
        house.do(contact_changes.change, anna, {"name": "A."}, PERSON, if_version=0)
    (one,) = stale.value.differences
    assert (one.field, one.was, one.now) == ("name", "Anna", "Anna Berg")
    assert house.known(anna).card.name == "Anna Berg"


def test_addresses_come_go_and_one_leads(house):
    """The first is the one that we write to; somebody else's is refused, and so is the last one's going."""
    anna, ben = house.add("anna@x.example"), house.add("ben@x.example")
    change = contact_changes.change
    house.do(change, anna, {}, PERSON, addresses=Addresses(add=("a@y.example", "b@y.example")))
    house.do(change, anna, {}, PERSON, addresses=Addresses(first="b@y.example"))
    assert house.known(anna).card.addresses == ("b@y.example", "anna@x.example", "a@y.example")
    house.do(change, anna, {}, PERSON, addresses=Addresses(remove=("Anna@x.example",), first="new@y.example"))
    assert house.known(anna).card.addresses == ("new@y.example", "b@y.example", "a@y.example")
    with pytest.raises(DeskError, match=f"BEN@x.example is an address of contact {ben}"):
        house.do(change, anna, {}, PERSON, addresses=Addresses(add=("BEN@x.example",)))
    with pytest.raises(DeskError, match="needs one address"):
        house.do(change, ben, {}, PERSON, addresses=Addresses(remove=("ben@x.example",)))
    with pytest.raises(DeskError, match="is no address of contact"):
        house.do(change, ben, {}, PERSON, addresses=Addresses(remove=("x@x.example",)))
    with pytest.raises(NotThere, match="there is no contact 99"):
        house.do(change, 99, {}, PERSON)


def test_merged_contacts_are_one(house, monkeypatch):
    """Addresses, tickets in steps, categories and what was missing; the old id leads on; once more is nothing."""
    monkeypatch.setattr(contact_changes, "STEP", 2)
    keep = house.add("anna@x.example", name="Anna", categories=("a",), phone="+49 30 1")
    other = house.add("berg@y.example", name="Berg", categories=("b", "A"), vip=True, phone="+49 30 2")
    numbers = [house.mail("berg@y.example")["number"] for _ in range(5)]
    dry = house.do(contact_changes.merge, keep, other, PERSON, dry=True)
    assert (dry.tickets, dry.addresses, house.known(other).merged_from) == (5, ("berg@y.example",), 0)
    done = house.do(contact_changes.merge, keep, other, PERSON)
    assert (done.tickets, done.more, set(done.fields)) == (2, True, {"vip", "categories"})
    rest = [house.do(contact_changes.merge, keep, other, PERSON) for _ in range(2)]
    assert [(one.tickets, one.more) for one in rest] == [(2, True), (1, False)]
    one = house.known(other)
    assert (one.contact_id, one.merged_from) == (keep, other)
    assert one.card.addresses == ("anna@x.example", "berg@y.example")
    assert (one.card.categories, one.card.vip, one.card.phone) == (("a", "b"), True, "+49 30 1")
    found = [house.look(queries.ticket, number) for number in numbers]
    assert {row["contact_id"] for row in found} == {keep}
    assert all(row["entries"][-1]["field"] == "contact_id" for row in found)
    assert house.mail("berg+tag@y.example")["contact"]["id"] == keep
    assert house.look(contacts.merged_ids, keep) == [other]
    assert [one.contact_id for one in house.look(contacts.contacts, Wanted(), 10)] == [keep]
    with pytest.raises(DeskError, match="are one contact already"):
        house.do(contact_changes.merge, keep, keep, PERSON)


def test_a_contact_with_tickets_stays(house):
    """It says how many; without one it goes, and a mail of it makes a new one."""
    house.mail("anna@x.example")
    with pytest.raises(DeskError, match="contact 1 has 1 tickets"):
        house.do(contact_changes.remove, 1, PERSON)
    ben = house.add("ben@x.example")
    house.do(contact_changes.remove, ben, PERSON)
    assert house.known(ben) is None
    assert house.mail("ben@x.example")["contact"]["id"] == ben + 1


def test_a_known_address_costs_two_questions(house):
    """The contact and its company, as ever; an unknown one costs one, one more if it has a detail."""
    house.mail("anna@x.example")
    asked = []

    def work(tx):
        run, tx.run = tx.run, lambda sql, values=(): asked.append(sql) or run(sql, values)
        counts = []
        for address in ("anna@x.example", "new@x.example", "anna+tag@x.example", "new+tag@x.example"):
            asked.clear()
            UnitReader(tx).contact(address)
            counts.append(sum(sql.startswith("SELECT") for sql in asked))
        return counts

    assert house.do(work) == [2, 1, 3, 2]


def test_a_contact_takes_part_in_its_tickets_by_any_form_of_its_address(house):
    """With a +detail, too; somebody else does not."""
    ticket = house.mail("anna@x.example")
    one = house.known(1).card.addresses[0]

    def work(tx, address):
        return UnitReader(tx).is_participant(ticket["id"], address)

    assert house.do(work, one)
    assert house.do(work, "ANNA+tag@x.example")
    assert not house.do(work, "ben@x.example")


def test_what_was_there_before_is_found_after_the_upgrade(house):
    """The migration folds the names, and companies that are named by their domain get it."""
    database = house.store.backend.database
    house.add("jörg@müller.example", name="Jörg  Müller", company="müller.example")
    house.add("b@x.example", name="b@x.example", company="X Ltd.")
    assert house.writer.stop(60)
    house.store.backend.connect()
    for index in ("contact_folded_id", "contact_vip", "company_domain", "audit_subject_id"):
        database.execute_sql(f"DROP INDEX {index}")
    database.execute_sql("DROP INDEX IF EXISTS contact_address_folded")
    database.execute_sql("ALTER TABLE contact DROP COLUMN folded")
    database.execute_sql("UPDATE company SET domain = ''")
    migration = importlib.import_module("mailgate.store.migrations.0005_people")
    with database.atomic():
        migration.up(None, database)
    house.store.backend.close()
    assert [one.contact_id for one in house.look(contacts.contacts, Wanted("jorg mu"), 5)] == [1]
    found = house.look(companies.companies, "", 0, 10)
    assert [(one["name"], one["domain"]) for one in found] == [
        ("müller.example", "müller.example"),
        ("X Ltd.", ""),
    ]


def test_lists_are_filtered_searched_and_paged(house):
    """By name without accents, by address, by company, type, category and VIP; pages go by id."""
    names = ("Jörg Müller", "Anna Berg", "Anna Alt", "Zoe")
    for n, name in enumerate(names):
        house.add(f"p{n}@c{n % 2}.example", name=name, type="partner" if n else "person", vip=n == 1)
    house.do(contact_changes.change, 3, {"categories": ("big", "old"), "company": "Big Ltd"}, PERSON)

    def ids(**wanted):
        return [one.contact_id for one in house.look(contacts.contacts, Wanted(**wanted), 10)]

    assert ids(term="jorg MU") == [1]
    assert ids(term="anna") == [3, 2]
    assert ids(term="p") == [1, 2, 3, 4]
    assert ids(term="P2@c0") == [3]
    assert ids(term="%") == []
    assert ids(vip=True) == [2]
    assert ids(type="partner") == [2, 3, 4]
    assert ids(category="old", type="partner") == [3]
    assert ids(category="ol") == []
    assert ids(company="big LTD") == [3]
    assert ids(company="nobody") == []
    assert ids(after=2) == [3, 4]


def test_duplicates_have_something_in_common(house):
    """Same name at a company, same end of the phone number, same address but for its detail."""
    house.add("anna@x.example", name="Anna Berg", company="X")
    house.add("a.berg@x.example", name="Berg, Anna", company="X")
    house.add("anna@gmail.com", name="Anna Berg", phone="030 1234567")
    house.add("other@y.example", name="Other", phone="+49 30 123 45 67")
    house.add("shop@z.example")
    house.add("shop+a@z.example")
    house.add("single@z.example", name="Single")
    found = house.look(contacts.duplicates, 10)
    assert [(one.why, [each.contact_id for each in one.contacts]) for one in found] == [
        ("address without detail", [5, 6]),
        ("name and company", [1, 2]),
        ("phone", [3, 4]),
    ]


LINES = (
    Line(
        2, ("anna@x.example", "a@x.example"), {"name": "Anna", "company": "X Ltd", "phone": "+49 30 1234567"}
    ),
    Line(3, ("ben@x.example",), {"name": "Ben", "vip": True}),
    Line(4, ("A@x.example",), {"name": "Anna Berg"}),
    Line(5, ("anna@x.example", "ben@x.example"), {}),
)


def test_an_import_adds_completes_and_says_what_it_could_not(house):
    """A later line finds what an earlier one made; two contacts at once are refused; the dry run says the same."""
    dry = house.look(lambda asked: DryRun(asked).import_lines(LINES, "f.csv", PERSON))
    report = house.do(import_lines, LINES, "f.csv", PERSON)
    for one in (dry, report):
        assert (one.added, one.changed, one.same) == (2, 1, 0)
        assert [wrong.number for wrong in one.wrong] == [5]
    assert report.wrong[0].text.startswith("its addresses belong to the contacts 1 and 2")
    anna = house.known(1)
    assert (anna.card.name, anna.card.addresses) == ("Anna Berg", ("anna@x.example", "a@x.example"))
    assert (anna.sources["phone"], anna.sources["name"]) == ("import f.csv:2", "import f.csv:4")
    assert house.known(2).card.company == "X Ltd"  # by the domain


def test_the_same_import_again_changes_nothing(house):
    """Not a version, not a line of the history."""
    lines = LINES[:2]
    house.do(import_lines, lines, "f.csv", PERSON)
    before = [house.known(one) for one in (1, 2)]
    report = house.do(import_lines, lines, "f.csv", PERSON)
    assert (report.added, report.changed, report.same, report.kept, report.wrong) == (0, 0, 2, [], [])
    assert [house.known(one) for one in (1, 2)] == before


def test_an_import_leaves_what_an_agent_has_set(house):
    """It says so, and changes it only when told to."""
    house.add("anna@x.example", name="Dr. Anna Berg", by=By("anna"))
    line = Line(7, ("anna@x.example",), {"name": "Anna", "phone": "+49 30 1234567"})
    report = house.do(import_lines, [line], "f.csv", PERSON)
    assert [(one.number, one.contact_id, one.fields) for one in report.kept] == [(7, 1, ("name",))]
    assert (house.known(1).card.name, house.known(1).card.phone) == ("Dr. Anna Berg", "+49 30 1234567")
    assert house.known(1).sources["name"] == "agent anna"
    house.do(import_lines, [line], "f.csv", replace(PERSON, overwrite=True))
    assert (house.known(1).card.name, house.known(1).sources["name"]) == ("Anna", "import f.csv:7")


def test_companies_are_merged_with_their_people_and_tickets(house, monkeypatch):
    """In steps; the domain of the one that goes still leads to the one that stays."""
    monkeypatch.setattr(companies, "STEP", 2)
    house.add("boss@gmail.com", company="Customer Ltd")
    numbers = [house.mail(f"p{n}@customer.example")["number"] for n in range(3)]
    merge = (companies.merge, "customer ltd", "customer.example", "root")
    assert house.do(*merge, dry=True).contacts == 3
    done = [house.do(*merge), house.do(*merge)]
    assert [(one.contacts, one.tickets, one.more) for one in done] == [(2, 2, True), (1, 1, False)]
    (one,) = house.look(companies.companies, "", 0, 10)
    assert (one["name"], one["domain"], one["contacts"]) == ("Customer Ltd", "customer.example", 4)
    assert {house.look(queries.ticket, number)["company_id"] for number in numbers} == {one["id"]}
    assert house.mail("new@customer.example")["contact"]["company"] == "Customer Ltd"
    with pytest.raises(DeskError, match="one company already"):
        house.do(companies.merge, "customer.example", "Customer Ltd", "root")
    with pytest.raises(NotThere, match="there is no company 'nobody'"):
        house.do(companies.merge, "Customer Ltd", "nobody", "root")


def test_a_company_s_tickets_follow_though_their_customer_works_elsewhere(house):
    """A ticket stays the company's when its contact leaves; so it goes on with the company, and is no orphan."""
    number = house.mail("p@customer.example")["number"]
    house.add("boss@other.example", company="Other")
    house.do(
        contact_changes.change, house.look(queries.ticket, number)["contact_id"], {"company": "Third"}, PERSON
    )
    assert house.do(companies.merge, "other", "customer.example", "root").tickets == 1
    assert house.look(checkup.orphans) == []
    page = house.look(find, parse("company:Other"), Catalogue(), house.clock.now)
    assert [row["number"] for row in page.rows] == [number]


def test_a_company_has_its_name_and_domain_for_itself(house):
    """Another one's is refused; a stale change too."""
    house.add("a@a.example", company="A Ltd")
    house.add("b@b.example", company="B Ltd")
    with pytest.raises(DeskError, match=r"'a.example' is company 1 already"):
        house.do(companies.change, "B Ltd", {"domain": "a.example"}, "root")
    house.do(companies.change, "B Ltd", {"note": "pays late"}, "root")
    with pytest.raises(Stale, match="nothing -> pays late"):
        house.do(companies.change, "b.example", {"name": "C"}, "root", if_version=0)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Give each example a folder of its own."""
    return lambda: tmp_path_factory.mktemp("merges")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32),
    merges=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=8),
)
def test_merges_keep_every_address_and_every_ticket_exactly_once(folders, seed, merges):
    """Whatever is merged into whatever, in whatever order."""
    options = new_options(folders())
    make_database(options)
    store = open_store(options)
    store.close()
    one, dice = House(store), random.Random(seed)
    made = {n: tuple(f"p{n}.{k}@x.example" for k in range(dice.randint(1, 3))) for n in range(1, 7)}
    for n, addresses in made.items():
        assert one.add(*addresses, company="") == n
    written = {one.mail(dice.choice(made[n]))["number"]: n for n in made for _ in range(dice.randint(0, 2))}
    became = {n: n for n in made}
    for keep, other in merges:
        if became[keep] == became[other]:
            continue
        one.do(contact_changes.merge, keep, other, PERSON)
        became = {n: became[keep] if to == became[other] else to for n, to in became.items()}
    everybody = one.look(lambda asked: list(contacts.all_contacts(asked)))
    listed = sorted(address for each in everybody for address in each.card.addresses)
    assert listed == sorted(address for addresses in made.values() for address in addresses)
    for n, addresses in made.items():
        assert one.known(n).contact_id == became[n]
        assert {one.look(contacts.find_contact, fold(address)) for address in addresses} == {became[n]}
    for number, n in written.items():
        assert one.look(queries.ticket, number)["contact_id"] == became[n]
    assert one.writer.stop(60)
    store.close()


def test_every_card_comes_out_as_it_went_in(house):
    """What `export` writes of a contact is what an import of it made."""
    card = Card(
        ("b@x.example", "a@x.example"), "Anna", "X", "partner", vip=True, salutation="Dear Anna",
        language="de", portal=True, phone="+49 30 1234567", categories=("a", "b"), note="one\ntwo",
    )  # fmt: skip
    said = {name: getattr(card, name) for name in Card.__slots__ if name != "addresses"}
    house.do(import_lines, [Line(2, card.addresses, said)], "f.csv", PERSON)
    assert [one.card for one in house.look(lambda asked: list(contacts.all_contacts(asked)))] == [card]
