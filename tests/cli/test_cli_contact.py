"""`mailgate contact` and `mailgate company`: who writes to us, by hand, from files, and two made one."""

import json

import clidesk
import pytest

ANNA, BEN = "anna@customer.example", "ben@customer.example"


@pytest.fixture
def desk():
    """Set up an installation with two contacts of one company."""
    with clidesk.desk() as one:
        one.good("contact", "add", ANNA, "--name", "Anna Berg", "--company", "Customer Ltd", "--vip")
        one.good("contact", "add", BEN, "--name", "Ben", "--type", "partner")
        yield one


def test_a_contact_is_shown_by_id_and_by_any_address(desk):
    """Values with where they came from, addresses, and the history."""
    for named in ("1", "ANNA+shop@customer.EXAMPLE"):
        lines = [line.split() for line in desk.good("contact", "show", named).splitlines()]
        assert lines[0] == ["contact", "1:", "Anna", "Berg,", "version", "0"]
        assert ["company", "Customer", "Ltd", "(command", "line", "(root))"] in [
            [*line[:5], "(root))"] for line in lines if line[0] == "company"
        ]
        assert ["addresses", ANNA] in lines
    whole = desk.json("contact", "show", ANNA)
    assert (whole["name"], whole["vip"], whole["addresses"]) == ("Anna Berg", True, [ANNA])
    assert whole["created_at"].endswith("+00:00")
    assert whole["history"][0]["detail"]["after"]["company"] == "Customer Ltd"


def test_an_unknown_contact_is_said_with_what_to_do(desk):
    """By address, by id."""
    assert "`mailgate contact list nobody` searches" in desk.bad("contact", "show", "nobody@x.example")
    assert "there is no contact 99" in desk.bad("contact", "show", "99")
    assert "there is no contact 99" in desk.bad("contact", "set", "99", "--vip")


def test_lists_are_searched_filtered_and_paged(desk):
    """A term is the beginning of a name or an address; pages go on behind an id."""
    assert desk.good("contact", "list").splitlines()[0].split() == [
        "ID", "NAME", "COMPANY", "TYPE", "VIP", "ADDRESS", "CATEGORIES",
    ]  # fmt: skip
    for arguments, names in (
        (("anna b",), ["Anna Berg"]),
        (("ben@",), ["Ben"]),
        (("--vip",), ["Anna Berg"]),
        (("--type", "partner"), ["Ben"]),
        (("--company", "customer ltd"), ["Anna Berg", "Ben"]),
        (("--category", "x"), []),
        (("--after", "1"), ["Ben"]),
    ):
        assert [one["name"] for one in desk.json("contact", "list", *arguments)] == names
    done = desk.run("contact", "list", "--limit", "1")
    assert done.stderr == "there are more contacts; `--after 1` shows them\n"
    assert desk.good("contact", "list", "zoe") == "no contact\n"
    assert "--after goes through all contacts" in desk.bad("contact", "list", "b", "--after", "1", code=2)


def test_a_change_says_from_what_to_what(desk):
    """What is not said stays; the same again is nothing to change; an empty text takes a value away."""
    said = desk.good("contact", "set", BEN, "--phone", "030 1234567", "--add-category", "new")
    assert said == "contact 2 changed\n  phone: nothing -> 030 1234567\n  categories: nothing -> new\n"
    assert desk.good("contact", "set", BEN, "--phone", "030 1234567") == "nothing to change\n"
    assert "phone: 030 1234567 -> nothing" in desk.good("contact", "set", BEN, "--phone", "")
    desk.good("contact", "set", BEN, "--add-category", "old", "--remove-category", "NEW", "--vip")
    one = desk.json("contact", "show", BEN)
    assert (one["categories"], one["vip"], one["type"]) == (["old"], True, "partner")


def test_addresses_are_added_removed_and_one_leads(desk):
    """An address of somebody else is refused with the way out."""
    desk.good(
        "contact", "set", BEN, "--add-address", "b@private.example", "--first-address", "b@private.example"
    )
    assert desk.json("contact", "show", "2")["addresses"] == ["b@private.example", BEN]
    desk.good("contact", "set", "2", "--remove-address", BEN)
    assert desk.json("contact", "show", "2")["addresses"] == ["b@private.example"]
    assert "`mailgate contact merge` makes two contacts one" in desk.bad(
        "contact", "set", "2", "--add-address", ANNA
    )
    assert f"{ANNA} is an address of contact 1" in desk.bad("contact", "add", ANNA)


def test_what_makes_no_sense_is_refused_all_at_once(desk):
    """Wrong usage, exit 2, and nothing is written."""
    said = desk.bad("contact", "set", BEN, "--type", "two words", "--phone", "x", "--language", "!", code=2)
    assert all(option in said for option in ("--type", "--phone", "--language"))
    assert "'ben' is no mail address" in desk.bad("contact", "add", "ben", code=2)
    assert desk.bad("contact", "set", BEN, "--name", "") == "Error: a contact needs a name\n"
    assert desk.json("contact", "show", BEN)["version"] == 0


def test_a_stale_change_is_refused_with_both_states(desk):
    """Exit 75: try again after a look."""
    desk.good("contact", "set", BEN, "--name", "Benjamin", "--if-version", "0")
    said = desk.bad("contact", "set", BEN, "--name", "Benno", "--if-version", "0", code=75)
    assert "contact 2 has changed: you saw version 0, it is at version 1" in said
    assert "name: Ben -> Benjamin" in said


def test_agents_act_in_their_name_and_with_their_rights(desk):
    """An agent changes contacts, a supervisor merges them."""
    desk.good("agent", "add", "joe", "--address", "joe@example.org")
    desk.good("contact", "set", BEN, "--vip", "--as", "joe")
    assert desk.json("contact", "show", BEN)["sources"]["vip"] == "agent joe"
    assert "joe" in desk.bad("contact", "merge", ANNA, BEN, "--as", "joe")
    assert "did you mean 'joe'?" in desk.bad("contact", "set", BEN, "--no-vip", "--as", "jo")


def test_two_contacts_become_one(desk):
    """A dry run first; then the old id leads on, and both addresses are one contact's."""
    dry = desk.good("contact", "merge", ANNA, BEN, "--dry-run")
    assert dry.endswith("nothing was changed (--dry-run)\n")
    assert desk.json("contact", "show", "2")["id"] == 2
    said = desk.good("contact", "merge", ANNA, BEN)
    assert said == f"contact 2 is now contact 1\n  address {BEN}\n  gained type\n  0 tickets\n"
    one = desk.json("contact", "show", "2")
    assert (one["id"], one["addresses"], one["merged"]) == (1, [ANNA, BEN], [2])
    assert "one contact already" in desk.bad("contact", "merge", "1", "1")


def test_a_contact_without_tickets_is_forgotten(desk):
    """Its address is free again; the history of who did it stays in the audit."""
    assert desk.good("contact", "remove", BEN) == "contact 2 (Ben) removed\n"
    assert "nobody has the address" in desk.bad("contact", "show", BEN)
    assert "contact 3 added" in desk.good("contact", "add", BEN)


def test_duplicates_are_shown_with_the_command_that_joins_them(desk):
    """And as data."""
    assert desk.good("contact", "duplicates") == "no duplicates\n"
    desk.good("contact", "add", "a.berg@customer.example", "--name", "Berg, Anna")
    said = desk.good("contact", "duplicates").splitlines()
    assert said[0] == "same name and company: mailgate contact merge 1 3"
    assert len(said) == 3
    (group,) = desk.json("contact", "duplicates")
    assert [one["id"] for one in group["contacts"]] == [1, 3]


TABLE = (
    "Name;E-Mail;Firma;Telefon;VIP;Hut\n"
    "Jörg Müller;joerg@new.example;New GmbH;030 1234567;ja;42\n"
    f"Anna;{ANNA};;+49 30 999999;;\n"
    "Nobody;nowhere;;;;\n"
)


def test_a_table_is_imported_with_a_report(desk):
    """What it was read as, each wrong line, what an agent's values kept; exit 1 for the wrong line."""
    file = desk.folder / "contacts.csv"
    file.write_bytes(TABLE.encode("latin-1"))
    dry = desk.run("contact", "import", str(file), "--dry-run")
    assert dry.stdout.splitlines() == [
        "contacts.csv: Latin-1; the columns are separated by ';'; not read: 'Hut'",
        "  line 4: 'nowhere' is no mail address",
        f"  line 3: name of contact 1 ({ANNA}) stays as a person has set it; --overwrite takes the file's",
        "1 added, 1 changed, 0 as they are, 1 wrong",
        "nothing was written (--dry-run)",
    ]
    assert len(desk.json("contact", "list")) == 2
    wet = desk.run("contact", "import", str(file))
    assert wet.exit_code == 1
    assert wet.stdout.splitlines() == dry.stdout.splitlines()[:-1]
    assert wet.stderr == "Error: 1 mistake in contacts.csv; those lines were not taken\n"
    joerg = desk.json("contact", "show", "joerg@new.example")
    assert (joerg["name"], joerg["vip"], joerg["sources"]["name"]) == (
        "Jörg Müller", True, "import contacts.csv:2",
    )  # fmt: skip
    again = desk.run("contact", "import", str(file))
    assert "0 added, 0 changed, 2 as they are, 1 wrong" in again.stdout
    desk.run("contact", "import", str(file), "--overwrite")
    assert desk.json("contact", "show", ANNA)["name"] == "Anna"


def test_what_is_exported_is_imported_into_an_empty_house(desk):
    """By each format, with the same result; the report is data too."""
    desk.good("contact", "set", ANNA, "--note", "=1+1", "--category", "big", "--add-address", "a@x.example")
    wanted = [{**one, "sources": {}} for one in desk.json("contact", "list")]
    for kind in ("csv", "vcard", "vcard3"):
        file = desk.folder / f"out.{kind}"
        assert desk.good("contact", "export", str(file), "--format", kind).startswith("2 contacts written")
        with clidesk.desk() as other:
            report = json.loads(other.good("contact", "import", str(file), "--json"))
            assert (report["added"], report["wrong"]) == (2, [])
            there = [{**one, "sources": {}} for one in other.json("contact", "list")]
        drop = ("created_at", "touched_at", "version")
        assert [{k: v for k, v in one.items() if k not in drop} for one in there] == [
            {k: v for k, v in one.items() if k not in drop} for one in wanted
        ]


def test_an_export_takes_the_filters_of_lists_and_runs_no_formula(desk):
    """Only who is asked for; a cell that a table program would run begins with an apostrophe."""
    desk.good("contact", "set", ANNA, "--phone", "+49 30 1234567")
    head, row = desk.good("contact", "export", "--vip").splitlines()
    assert head.startswith("name,email,other emails,company")
    assert row == f"Anna Berg,{ANNA},,Customer Ltd,,yes,,,no,'+49 30 1234567,,"


def test_cards_come_by_standard_input(desk):
    """And are known by how they begin."""
    card = "BEGIN:VCARD\nVERSION:4.0\nFN:Zoe\nEMAIL:zoe@x.example\nEND:VCARD\n"
    assert "1 added" in desk.good("contact", "import", "-", data=card)
    assert desk.json("contact", "show", "zoe@x.example")["sources"]["name"] == "import standard input:1"


def test_companies_are_listed_named_and_made_one(desk):
    """By name, by domain; people and history are shown."""
    desk.good("contact", "add", "c@other.example", "--company", "Other")
    assert [one["name"] for one in desk.json("company", "list")] == ["Customer Ltd", "Other"]
    assert [one["name"] for one in desk.json("company", "list", "oth")] == ["Other"]
    said = desk.good("company", "set", "customer.example", "--name", "Customer AG", "--note", "pays")
    assert said == "company 1 changed\n  name: Customer Ltd -> Customer AG\n  note: nothing -> pays\n"
    assert desk.good("company", "set", "customer ag", "--note", "pays") == "nothing to change\n"
    shown = desk.json("company", "show", "Customer AG")
    assert ([one["name"] for one in shown["contacts"]], shown["domain"]) == (
        ["Anna Berg", "Ben"],
        "customer.example",
    )
    assert "name: Customer Ltd -> Customer AG" in desk.good("company", "show", "1")
    assert "public mail provider" in desk.bad("company", "set", "1", "--domain", "gmail.com", code=2)
    assert "is no domain" in desk.bad("company", "set", "1", "--domain", "not a domain", code=2)
    assert "there is no company 'none'" in desk.bad("company", "show", "none")
    assert "would belong to other" in desk.good("company", "merge", "other", "customer ag", "--dry-run")
    assert (
        desk.good("company", "merge", "other", "customer ag")
        == "2 contacts and 0 tickets belong to other now\n"
    )
    assert [one["name"] for one in desk.json("company", "list")] == ["Other"]
    stale = desk.bad("company", "set", "other", "--note", "x", "--if-version", "0", code=75)
    assert "company Other has changed" in stale


def test_whoever_looks_sees_only_tickets_in_reach(desk):
    """`--as`: contacts are everybody's, tickets are not; who is disabled sees nothing (W2)."""
    from test_cli_priority import ticket

    desk.good("ticketqueue", "add", "orders")
    desk.good("agent", "add", "joe", "--queue", "orders")
    desk.good("agent", "add", "sue", "--queue", "support")
    ticket(desk, contact_id=1)
    assert [one["number"] for one in desk.json("contact", "show", ANNA, "--as", "sue")["tickets"]] == ["T-1"]
    assert desk.json("contact", "show", ANNA, "--as", "joe")["tickets"] == []
    assert len(desk.json("contact", "list", "--as", "joe")) == 2
    desk.good("agent", "set", "joe", "--disabled")
    for words in (
        ("contact", "list"),
        ("contact", "show", "1"),
        ("contact", "duplicates"),
        ("company", "list"),
        ("company", "show", "Customer Ltd"),
    ):
        assert "agent joe is disabled" in desk.bad(*words, "--as", "joe"), words
