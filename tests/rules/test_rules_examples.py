"""The example scripts of conf/rules: each compiles, all can be applied, and each does what its comments say."""

from pathlib import Path

import pytest
from ruleworld import ACTIONS, NOW, POLICY, REGISTRY, World, mail

from mailgate.cli._texts import business_of
from mailgate.config.texts import read_texts
from mailgate.domain.effects import AddEntry, ChangeTicket, Deliver, Drop, Forward, OpenTicket, Refuse, Send
from mailgate.domain.ports import ContactView
from mailgate.domain.routing import Catalogue, Route
from mailgate.rules.decide import Decider
from mailgate.rules.scripts import ScriptBook, compile_book, complaints_of

FOLDER = Path(__file__).parents[2] / "conf" / "rules"
SCRIPTS = sorted(FOLDER.glob("*.sieve"))
BUSINESS = business_of(read_texts(FOLDER))
CATALOGUE = Catalogue(
    version=1,
    routes={route.address: route for route in BUSINESS.addresses},
    queues={queue.name: queue for queue in BUSINESS.queues},
    templates={template.name: template for template in BUSINESS.templates},
    scripts={script.name: script.source for script in BUSINESS.scripts},
)
BOOK = compile_book(CATALOGUE, REGISTRY, ScriptBook())


def run(address: str, world=None, **fields):
    """Return the effects of the example script of an address for a mail with these fields."""
    route = CATALOGUE.route(address)
    decision = Decider(POLICY, ACTIONS, lambda: BOOK)(
        mail(to=address, **fields), route, CATALOGUE, world or World(), NOW
    )
    assert not decision.error
    return decision.effects


def one(effects, kind):
    """Return the one effect of a kind."""
    found = [effect for effect in effects if isinstance(effect, kind)]
    assert len(found) == 1, effects
    return found[0]


def folders(effects) -> list[str]:
    """Return where the mail is filed."""
    return [effect.folder for effect in effects if isinstance(effect, Deliver)]


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda path: path.stem)
def test_each_example_compiles(file):
    """No example has a mistake, queue and template names included."""
    assert complaints_of(file.stem, file.read_text("utf-8"), CATALOGUE, REGISTRY) == ()


def test_each_example_is_served_by_an_address():
    """The business data beside the scripts uses every one of them, so nothing is shown that cannot be tried."""
    assert len(SCRIPTS) >= 6
    named = {route.script for route in BUSINESS.addresses if route.script}
    assert named == {path.stem for path in SCRIPTS}


def test_support_answers_a_new_question_once_and_sorts_the_rest():
    """A question is a ticket with an answer; lists and invoices are filed; VIPs are urgent."""
    effects = run("support@example.org", subject="It is down")
    assert one(effects, OpenTicket).priority == "high"
    assert one(effects, Send).draft.text.startswith("Hello,")
    assert folders(run("support@example.org", list_id="<x.example>")) == ["Lists"]
    assert folders(run("support@example.org", subject="Your invoice 3")) == ["Accounting"]
    world = World()
    world.contacts["anna@customer.example"] = ContactView(1, "Anna", "anna@customer.example", vip=True)
    assert one(run("support@example.org", world), OpenTicket).priority == "urgent"


def test_orders_are_one_ticket_per_number():
    """The key is the number alone, whatever stands around it; without one the subject is compared."""
    keys = [
        one(run("orders@example.org", subject=subject), OpenTicket).match_key
        for subject in ("order 2026-0815", "Re: your Order 2026-0815 is late", "Chairs", "AW: chairs")
    ]
    assert keys == ["order 2026-0815", "order 2026-0815", "chairs", "chairs"]
    assert one(run("orders@example.org", subject="order 2026-0815"), Send).period_s == 86400


def test_alarms_open_update_and_solve_one_ticket():
    """PROBLEM opens, RECOVERY sets the same ticket to solved, everything else is filed, nothing is answered."""
    opened = one(run("alarms@example.org", subject="PROBLEM: disk on web1"), OpenTicket)
    assert (opened.subject, opened.match_key, opened.priority) == ("disk on web1", "disk on web1", "urgent")
    world = World()
    ticket = world.add_ticket(7, "anna@customer.example", queue="operations")
    world.match_keys[ticket.contact_id, "disk on web1"] = (7, NOW)
    effects = run("alarms@example.org", world, subject="RECOVERY: disk on web1")
    assert [type(effect) for effect in effects] == [AddEntry, ChangeTicket]
    assert one(effects, ChangeTicket).value == "solved"
    assert folders(run("alarms@example.org", subject="Nightly report")) == ["Reports"]


@pytest.mark.parametrize(
    ("fields", "folder"),
    [
        ({"list_id": "dev <dev.lists.example.org>"}, "Lists.Dev"),
        ({"subject": "Credit note 7"}, "Accounting"),
        ({"from": "news@shop.example"}, "Advertising"),
        ({"precedence": "bulk"}, "Advertising"),
        ({}, "INBOX"),
    ],
)
def test_sorting_files_by_terms_and_senders(fields, folder):
    """Each rule has its folder, everything else stays in INBOX."""
    assert folders(run("anna@example.org", **fields)) == [folder]


@pytest.mark.parametrize(("score", "kind"), [("12", Drop), ("7", Drop), ("3", Deliver)])
def test_sorting_discards_by_score(score, kind):
    """The score is compared as a number: 12 is more than 7."""
    assert [type(e) for e in run("anna@example.org", x_spam_score=score)] == [kind]


def test_absence_answers_with_its_addresses_and_keeps_the_mail():
    """The note is planned with all addresses, except for what nobody reads."""
    send = one(run("bob@example.org"), Send)
    assert send.addresses == ("bob@example.org", "bob.miller@example.org")
    assert send.period_s == 7 * 86400
    assert not [e for e in run("bob@example.org", subject="Our Newsletter") if isinstance(e, Send)]


def test_archive_copies_all_but_its_own():
    """A copy goes on and the mail stays; what the archive sends is only kept."""
    effects = run("board@example.org")
    assert one(effects, Forward).to_address == "board@archive.example.net"
    assert folders(effects) == ["INBOX"]
    assert folders(run("board@example.org", sender="robot@archive.example.net")) == ["INBOX"]


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("info+jobs@example.org", "Applications"),
        ("info+media@example.org", "press"),
        ("info+x@example.org", "Other details"),
        ("info@example.org", "info"),
    ],
)
def test_details_choose_folder_or_ticket(address, what):
    """The detail of the address decides; the address alone opens a plain ticket."""
    effects = run(address)
    tickets = [e.categories[0] for e in effects if isinstance(e, OpenTicket)]
    assert [*folders(effects), *tickets] == [what]


def test_the_automation_sorts_and_opens_tickets():
    """Rules without code beside the scripts: they become one, which does what its rules say."""
    route = Route("requests@example.org", "requests", "support")

    def of(**fields):
        one = mail(to="requests@example.org", **fields)
        decision = Decider(POLICY, ACTIONS, lambda: BOOK)(one, route, CATALOGUE, World(), NOW)
        assert not decision.error
        return decision.effects

    assert folders(of(subject="Rechnung 7")) == ["Accounting"]
    assert one(of(), OpenTicket).subject == "Request: Printer on fire"
    assert one(of(), Send).draft.text.startswith("Hello,")


def test_closed_refuses_with_the_new_address():
    """The sender is told where to write."""
    assert "sales@example.org" in one(run("sales-2019@example.org"), Refuse).text
