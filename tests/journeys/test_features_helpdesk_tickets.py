"""Working on tickets, by real LMTP, a real relay and real commands: W6, T8, T10, T11, T12, P1."""

import contextlib
import email
import smtplib
import sqlite3
from email.message import Message

import peers
import pytest
from aiosmtpd.controller import Controller
from gatewayrun import gateway as run_gateway

SUPPORT = "support@desk.example"
ANNA, BEN = "anna@customer.example", "ben@customer.example"
BUSINESS = {
    "business.toml": f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
from_name = "Support"
[[queue]]
name = "orders"
address = "orders@desk.example"
[[agent]]
name = "sue"
address = "sue@staff.example"
queues = ["support"]
[[agent]]
name = "tom"
queues = ["orders"]
[[team]]
name = "second"
members = ["tom"]
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "support"
""",
    "support.sieve": """require ["vnd.mailgate.ticket"];
if header :contains "Subject" "contract" {
    ticket :queue "support" :subject "Contract of the customer" :assign "sue" :category ["contract", "paper"]
        :status "pending" :owner_group "second" :workflow "contracts" :follow_up "sue" :follow_up_days 7;
    stop;
}
ticket :queue "support";
""",
}


class Relay:
    """Takes every mail that leaves the gateway."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, Message]] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's name
        self.mails.append((envelope.rcpt_tos[0], email.message_from_bytes(envelope.original_content)))
        return "250 2.0.0 taken"

    def to(self, address: str, number: int = 1) -> Message:
        """Return the n-th mail to an address; waits until it is there."""

        def found():
            return [mail for to, mail in self.mails if to == address]

        peers.wait_until(lambda: len(found()) >= number, f"mail {number} to {address} leaves the gateway")
        return found()[number - 1]


@pytest.fixture(scope="module")
def world():
    """Run one gateway with its relay for all of these tests; each works on tickets of its own."""
    relay = Relay()
    controller = Controller(relay, hostname="127.0.0.1", port=peers.free_port())
    controller.start()
    try:
        with run_gateway({"relay": {"port": controller.port}}, BUSINESS) as gateway:
            yield gateway, relay
    finally:
        controller.stop()


def send(gateway, subject: str, author: str = ANNA, *, answers: str = "") -> str:
    """Send a mail by LMTP; return the number of its ticket, "" where it became none."""
    send.count = getattr(send, "count", 0) + 1
    head = [f"From: <{author}>", f"Subject: {subject}", f"Message-ID: <{send.count}@customer.example>"]
    if answers:
        head.append(f"In-Reply-To: {answers}")
    with smtplib.LMTP("127.0.0.1", gateway.port, local_hostname="client.example") as client:
        client.ehlo_or_helo_if_needed()
        client.mail(author)
        client.rcpt(SUPPORT)
        code, said = client.data("\r\n".join([*head, "", f"Hello {send.count}", ""]).encode())
    assert code == 250, said
    return said.decode().partition("ticket=")[2]


def ticket(gateway, number: str):
    """Return all that is known of a ticket."""
    return gateway.json("ticket", "show", number)


def said(gateway, number: str) -> list[str]:
    """Return the messages of a ticket, oldest first."""
    return [one["text"].strip() for one in ticket(gateway, number)["entries"] if one["kind"] != "change"]


def do(gateway, *arguments: str) -> str:
    """Run a ticket command that succeeds; return what it says."""
    return gateway.command("ticket", *arguments).stdout


def refused(gateway, *arguments: str) -> tuple[int, str]:
    """Run a ticket command that fails; return exit code and message."""
    done = gateway.command("ticket", *arguments, check=False)
    return done.returncode, done.stderr


def test_w6_what_a_new_ticket_gets(world):
    """W6: subject, agent, categories, status, owner group, follow-up and workflow, all by the rule."""
    gateway, relay = world
    number = send(gateway, "a contract")
    found = ticket(gateway, number)
    assert {name: found[name] for name in ("subject", "agent", "status", "owner_group", "workflow")} == {
        "subject": "Contract of the customer",
        "agent": "sue",
        "status": "pending",
        "owner_group": "second",
        "workflow": "contracts",
    }
    assert found["categories"] == ["contract", "paper"]
    (reminder,) = found["follow_ups"]
    assert (reminder["agent"], reminder["done_at"]) == ("sue", None)
    assert do(gateway, "followup", "run") == "0 reminders told\n"
    database = sqlite3.connect(gateway.state / "mailgate.sqlite", timeout=60)
    with contextlib.closing(database), database:
        database.execute("UPDATE follow_up SET at = at - ?", (7 * 86_400_000,))
    assert do(gateway, "followup", "run") == "1 reminder told\n"
    assert do(gateway, "followup", "run") == "0 reminders told\n"
    assert relay.to("sue@staff.example")["Subject"] == f"{number}: follow-up"
    assert do(gateway, "followup", "done", str(reminder["id"])) == f"follow-up {reminder['id']} is done\n"
    assert ticket(gateway, number)["follow_up_at"] is None


def test_t8_number_fields_and_instant_finding(world):
    """T8: a number per ticket by the pattern of the installation, found however it is written."""
    gateway, _relay = world
    number = send(gateway, "Where is my parcel?")
    found = ticket(gateway, number)
    assert (found["number"], found["subject"], found["status"], found["priority"]) == (
        number,
        "Where is my parcel?",
        "open",
        "normal",
    )
    for name in (number.lower(), f"[#{number}]", number.removeprefix("T-")):
        assert ticket(gateway, name)["number"] == number
    gateway.command("helpdesk", "set", "number_pattern", "HD-{n}")
    try:
        peers.wait_until(
            lambda: send(gateway, "New pattern", "eve@x.example").startswith("HD-"), "the pattern is seen"
        )
        assert send(gateway, f"Re: [#{number}] Where is my parcel?") == number
        assert send(gateway, f"Re: [#{number.removeprefix('T-')}] parcel") == number
    finally:
        gateway.command("helpdesk", "set", "number_pattern", "T-{n}")


def test_t10_reply_comment_link_in_order(world):
    """T10: messages in order, an answer that comes back, a comment that does not leave, linked tickets."""
    gateway, relay = world
    number, other = send(gateway, "My printer"), send(gateway, "My screen", BEN)
    do(gateway, "comment", number, "He has the old model.", "--as", "sue")
    do(gateway, "participant", "add", number, BEN)
    do(gateway, "reply", number, "Switch it off and on.", "--status", "pending", "--as", "sue")
    mail, copy = relay.to(ANNA), relay.to(BEN)
    assert (mail["From"], mail["Subject"]) == (f"Support <{SUPPORT}>", f"RE: [#{number}] My printer")
    assert mail["Cc"] == BEN
    assert mail.get_payload().strip() == copy.get_payload().strip() == "Switch it off and on."
    assert send(gateway, "it works", answers=mail["Message-ID"]) == number
    assert send(gateway, "for me too", BEN, answers=copy["Message-ID"]) == number
    texts = said(gateway, number)
    assert texts[1:3] == ["He has the old model.", "Switch it off and on."]
    assert len(texts) == 5
    assert ticket(gateway, number)["sessions"][0]["state"] == "active"
    do(gateway, "link", number, other, "--kind", "parent")
    assert [(one["kind"], one["number"]) for one in ticket(gateway, other)["links"]] == [("child", number)]
    new = do(gateway, "new", ANNA, "Your order", "It is late.", "--queue", "support", "--as", "sue").split()[
        0
    ]
    do(gateway, "link", new, number, "--kind", "follow-up")
    assert relay.to(ANNA, 2)["Subject"] == f"[#{new}] Your order"
    assert refused(gateway, "link", other, number, "--kind", "parent")[0] == 1


def test_t11_details_can_be_changed_by_two(world):
    """T11: queue, agent, status, category, priority; a stale change exits with 75 and both states."""
    gateway, _relay = world
    number = send(gateway, "Details")
    do(gateway, "set", number, "--priority", "high", "--category", "+parts", "--status", "pending")
    do(gateway, "assign", number, "sue")
    do(gateway, "move", number, "orders")
    found = ticket(gateway, number)
    assert [found[name] for name in ("priority", "categories", "status", "agent", "queue")] == [
        "high", ["parts"], "pending", "sue", "orders",
    ]  # fmt: skip
    rows = gateway.json("ticket", "history", number)
    assert [
        (row["what"], row["old"], row["new"]) for row in rows if row["by"].startswith("command line")
    ] == [
        ("priority", "normal", "high"),
        ("status", "open", "pending"),
        ("categories", "", "parts"),
        ("agent", "", "sue"),
        ("queue", "support", "orders"),
    ]
    assert rows[0]["rule"] == "support:7"
    code, message = refused(gateway, "set", number, "--priority", "low", "--if-version", "3")
    assert code == 75
    assert f"ticket {number} has changed: you saw version 3, it is at version 5" in message
    assert "queue: support -> orders (by command line" in message
    assert ticket(gateway, number)["priority"] == "high"
    assert do(gateway, "set", number, "--priority", "low", "--if-version", "5") == f"{number} version 6\n"
    code, message = refused(gateway, "move", number, "order")
    assert (code, message) == (1, "Error: there is no queue 'order', did you mean 'orders'?\n")
    do(gateway, "close", number, "--note", "sold out")
    assert ticket(gateway, number)["closed_at"] is not None
    do(gateway, "reopen", number)
    assert (ticket(gateway, number)["status"], ticket(gateway, number)["closed_at"]) == ("open", None)
    assert refused(gateway, "comment", number, "x", "--as", "tim")[0] == 1


def test_t12_copyable_link(world):
    """T12: the address of the ticket by the installation's pattern; without one it says what to set."""
    gateway, _relay = world
    number = send(gateway, "Link me")
    code, message = refused(gateway, "link-url", number)
    assert (code, "helpdesk set link_url" in message) == (1, True)
    gateway.command("helpdesk", "set", "link_url", "https://desk.example/t/{number}")
    assert do(gateway, "link-url", number) == f"https://desk.example/t/{number}\n"


def test_p1_merge_and_split_keep_every_mail_reachable(world):
    """P1: by number, by conversation and by our own answers; nothing is there twice, nothing is lost."""
    gateway, relay = world
    one, two = send(gateway, "Left door", "m1@p1.example"), send(gateway, "Right door", "m2@p1.example")
    do(gateway, "reply", one, "Which colour?", "--as", "sue")
    answer = relay.to("m1@p1.example")["Message-ID"]
    do(gateway, "merge", one, two)
    assert [len(said(gateway, number)) for number in (one, two)] == [2, 3]
    assert "merged into " + two in " ".join(do(gateway, "show", one).split())
    assert send(gateway, "red", "m1@p1.example", answers=answer) == two
    assert send(gateway, f"[#{one}] or blue", "m1@p1.example") == two
    code, message = refused(gateway, "reply", one, "x")
    assert (code, f"was merged into {two}" in message) == (1, True)
    entries = [entry for entry in ticket(gateway, two)["entries"] if entry["author"] != "m2@p1.example"]
    messages = [str(entry["id"]) for entry in entries if entry["kind"] != "change"]
    printed = do(gateway, "split", two, *messages, "--subject", "Left door again")
    new = printed.split()[-2]
    assert (len(said(gateway, two)), len(said(gateway, new))) == (1, 4)
    assert send(gateway, "green", "m1@p1.example", answers=answer) == new
    assert [x["number"] for x in ticket(gateway, two)["links"] if x["kind"] == "split-into"] == [new]
