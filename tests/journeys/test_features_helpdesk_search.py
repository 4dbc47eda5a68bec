"""Finding tickets, by real LMTP and real commands: the filters of T8, and words in subjects and mails."""

import smtplib

import peers
import pytest
from gatewayrun import gateway as run_gateway

SUPPORT = "support@desk.example"
ANNA, BEN = "anna@customer.example", "ben@other.example"
BUSINESS = {
    "business.toml": f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
[[queue]]
name = "sales"
address = "sales@desk.example"
[[agent]]
name = "sue"
queues = ["support"]
[[address]]
address = "*@desk.example"
queue = "support"
script = "support"
""",
    "support.sieve": """require ["vnd.mailgate.ticket", "envelope"];
if envelope :is "to" "sales@desk.example" { ticket :queue "sales" :priority "high" :tag ["lead"]; stop; }
ticket :queue "support";
""",
}


def send(gateway, subject: str, text: str, sender: str = ANNA, to: str = SUPPORT) -> None:
    mail = (
        f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nMessage-ID: <{hash(subject + text)}@x>\r\n"
    )
    mail += f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    with smtplib.LMTP("127.0.0.1", gateway.port, local_hostname="mx.example") as client:
        client.sendmail(sender, [to], mail.encode())


@pytest.fixture(scope="module")
def gateway():
    with run_gateway({}, BUSINESS) as one:
        send(one, "My printer", "Die Rechnungen für Herrn Mueller fehlen.")
        send(one, "A sale", "Ten boxes, please.", BEN, "sales@desk.example")
        send(one, "Screen", "The screen is broken since Monday.")
        one.command("ticket", "assign", "T-3", "sue")
        one.command("ticket", "close", "T-3")
        yield one


def numbers(gateway, *query: str) -> list[str]:
    return [row["number"] for row in gateway.json("ticket", "list", "--sort", "", *query)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort:created", ["T-3", "T-2", "T-1"]),
        ("number:t-2", ["T-2"]),
        ("status:open sort:created", ["T-2", "T-1"]),
        ("status:closed", ["T-3"]),
        ("-status:closed queue:support", ["T-1"]),
        ("priority:high", ["T-2"]),
        ("sort:priority", ["T-2", "T-3", "T-1"]),
        ("tag:LEAD", ["T-2"]),
        ("agent:sue", ["T-3"]),
        ("agent:none contact:ANNA@customer.example", ["T-1"]),
        ("company:other.example", ["T-2"]),
        ("created:<1h -queue:sales session:unopened", ["T-1"]),
        ("created:>1h", []),
    ],
)
def test_t8_tickets_are_found_by_filters(gateway, query, expected):
    """By number, status, priority, queue, agent, tag, contact, company, time, session, and in an order."""
    assert numbers(gateway, *query.split()) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (("rechnung",), ["T-1"]),
        (("MÜLLER",), ["T-1"]),
        (("box",), ["T-2"]),
        (('"broken since"',), ["T-3"]),
        (('"since broken"',), []),
        (("screen", "-monday"), []),
        (("printer", "status:open"), ["T-1"]),
        (("printer", "status:closed"), []),
    ],
)
def test_t8_tickets_are_found_by_words(gateway, query, expected):
    """In subjects and mails, a second after they came in; case, umlauts and endings do not matter."""
    peers.wait_until(lambda: gateway.json("search", "status")["waiting"] == 0, "the index is up to date")
    assert numbers(gateway, *query) == expected


def test_t8_a_page_has_a_next_one(gateway):
    """The cursor goes on where the page ended, in any order."""
    first = gateway.json("ticket", "list", "--limit", "2", "--sort", "created", "--paged")
    second = gateway.json(
        "ticket", "list", "--limit", "2", "--sort", "created", "--paged", "--after", first["after"]
    )
    assert [row["number"] for row in first["tickets"] + second["tickets"]] == ["T-3", "T-2", "T-1"]
    assert second["after"] is None


def test_w2_a_list_shows_what_an_agent_may_see(gateway):
    """Sue works on support: sales is not hers."""
    shown = gateway.json("ticket", "list", "--as", "sue")
    assert sorted(row["number"] for row in shown) == ["T-1", "T-3"]
