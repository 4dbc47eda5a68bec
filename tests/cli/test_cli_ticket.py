"""`mailgate ticket`: tickets of a real gateway, listed by filter and shown whole."""

import re

import pytest
from climails import ANNA, BUSINESS, SUPPORT, mail, send
from gatewayrun import gateway as run_gateway

BEN = "ben@other.example"


@pytest.fixture(scope="module")
def desk():
    """Run a gateway with tickets: two of Anna's, one of Ben's in sales, and a follow-up."""
    with run_gateway({}, BUSINESS) as gateway:
        send(gateway, mail("My printer"), SUPPORT)
        send(gateway, mail("a sale", msgid="<2@other.example>", author=BEN), SUPPORT, sender=BEN)
        send(gateway, mail("My screen", msgid="<3@customer.example>"), SUPPORT)
        more = "In-Reply-To: <1@customer.example>\r\n"
        send(gateway, mail("Re: My printer", msgid="<4@customer.example>", text="Still", more=more), SUPPORT)
        yield gateway


def numbers(gateway, *arguments):
    """Return the numbers of the tickets that a listing shows."""
    return [one["number"] for one in gateway.json("ticket", "list", *arguments)]


def test_the_list_is_newest_first(desk):
    """One line per ticket with what a person looks for."""
    head, *lines = desk.command("ticket", "list").stdout.splitlines()
    assert head.split() == [
        "NUMBER",
        "QUEUE",
        "STATUS",
        "PRIORITY",
        "AGENT",
        "CONTACT",
        "TOUCHED",
        "SUBJECT",
    ]
    assert [line.split()[0] for line in lines] == ["T-1", "T-3", "T-2"]
    assert lines[2].split()[1:6] == ["sales", "open", "normal", "joe", BEN]
    assert lines[0].endswith("My printer")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (("--queue", "support"), ["T-1", "T-3"]),
        (("--queue", "sales"), ["T-2"]),
        (("--status", "open"), ["T-1", "T-3", "T-2"]),
        (("--status", "closed"), []),
        (("--queue", "support", "--status", "open", "--limit", "1"), ["T-1"]),
        (("--contact", "Anna@Customer.example"), ["T-1", "T-3"]),
        (("--contact", "nobody@customer.example"), []),
        (("--contact", ANNA, "--queue", "sales"), []),
        (("--agent", "joe"), ["T-2"]),
        (("--agent", "joe", "--queue", "support"), []),
        (("status:open", "-queue:sales", "--sort", "created"), ["T-3", "T-1"]),
        (("-queue:support",), ["T-2"]),
        (("-queue:support", "queue:support"), []),
    ],
)
def test_filters_must_all_hold(desk, filters, expected):
    """By queue, status, contact and agent, alone and together."""
    assert numbers(desk, *filters) == expected


def test_a_page_that_is_not_all_says_so(desk):
    """On standard error, so that tables stay clean."""
    done = desk.command("ticket", "list", "--limit", "2")
    assert len(done.stdout.splitlines()) == 3
    found = re.fullmatch(r"there are more tickets; `--after (\S+)` shows them\n", done.stderr)
    assert numbers(desk, "--limit", "2", "--after", found[1]) == ["T-2"]


def test_a_query_that_makes_no_sense_is_refused_with_its_place(desk):
    """Exit 2, the nearest word, and a mark under the place."""
    done = desk.command("ticket", "list", "status:open", "quue:x", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: there is no filter 'quue', did you mean 'queue'?\n  status:open quue:x\n              ^\n"
    )
    assert "did you mean 'sales'" in desk.command("ticket", "list", "--queue", "sale", check=False).stderr
    assert (
        "did you mean 'subject'" in desk.command("ticket", "list", "--columns", "subjct", check=False).stderr
    )


def test_columns_pages_and_counts(desk):
    """What is shown is chosen; JSON can carry the cursor; counts come from the table that keeps them."""
    head = desk.command("ticket", "list", "--columns", "number, created,tags").stdout.splitlines()[0]
    assert head.split() == ["NUMBER", "CREATED", "TAGS"]
    first = desk.json("ticket", "list", "--limit", "2", "--paged")
    second = desk.json("ticket", "list", "--limit", "2", "--paged", "--after", first["after"])
    assert [one["number"] for one in first["tickets"] + second["tickets"]] == ["T-1", "T-3", "T-2"]
    assert second["after"] is None
    assert {"queue": "support", "status": "open", "tickets": 2} in desk.json("ticket", "list", "--counts")


def test_no_ticket_is_said(desk):
    """No table of nothing."""
    assert desk.command("ticket", "list", "--status", "closed").stdout == "no ticket\n"


def test_a_ticket_is_shown_with_contact_conversation_and_history(desk):
    """Who it is about, the session, each entry in order, and where each answer stands."""
    lines = [line.strip() for line in desk.command("ticket", "show", "t-1").stdout.splitlines()]
    assert lines[0] == "ticket T-1: My printer"
    assert f"contact     Anna <{ANNA}>, customer.example" in lines
    history = lines[lines.index("history") + 1 :]
    entries = [found[1] for line in history if (found := re.fullmatch(r"[0-9-]+ [0-9:]+ +[0-9]+ (.*)", line))]
    assert entries == [
        f"incoming by {ANNA}, rule support:4",
        "answer by support:5",
        f"incoming by {ANNA}, rule support:4",
    ]
    assert "Still" in history
    assert any(
        line.startswith(f"outgoing 1: answer to {ANNA} by the relay, waiting")
        for line in map(str.strip, lines)
    )


def test_json_has_the_whole_ticket(desk):
    """Contact, sessions, entries, deliveries and outgoing rows, with lists as lists."""
    ticket = desk.json("ticket", "show", "T-2")
    assert (ticket["number"], ticket["agent"], ticket["categories"]) == ("T-2", "joe", [])
    assert [one["address"] for one in ticket["contact"]["addresses"]] == [BEN]
    assert [one["kind"] for one in ticket["entries"]] == ["incoming"]
    assert [one["recipient"] for one in ticket["deliveries"]] == [SUPPORT]
    assert ticket["created_at"].endswith("+00:00")


def test_an_unknown_ticket_is_said(desk):
    """Exit 1 and one sentence."""
    done = desk.command("ticket", "show", "T-99", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: there is no ticket 'T-99'; `mailgate ticket list` shows the newest\n"


def test_commands_only_read(desk):
    """A listing works beside the running gateway, and changes nothing in its database."""
    before = desk.json("ticket", "list")
    desk.command("ticket", "show", "T-1")
    assert desk.json("ticket", "list") == before
