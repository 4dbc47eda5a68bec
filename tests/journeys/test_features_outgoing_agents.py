"""Agents answer by mail, by real LMTP, real commands and a real server for what leaves: S8, and T10 by mail."""

import contextlib
import email
import email.policy
import json
import smtplib
import urllib.request
from itertools import count

import peers
import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner, Result
from gatewayrun import gateway as run_gateway

from mailgate.cli._main import cli

SUPPORT, SALES = "support@desk.example", "sales@desk.example"
JOE, KIM, OFF = "joe@staff.example", "kim@staff.example", "off@staff.example"
NUMBERS = count(1)
BUSINESS = {
    "business.toml": f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
from_name = "Support"
notify = "agent"
[[queue]]
name = "sales"
address = "{SALES}"
[[agent]]
name = "joe"
address = "{JOE}"
queues = ["support"]
[[agent]]
name = "kim"
address = "{KIM}"
queues = ["sales"]
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "desk"
[[address]]
address = "{SALES}"
queue = "sales"
script = "desk"
""",
    "desk.sieve": 'require ["vnd.mailgate.ticket"];\nticket;\n',
}
# What a border that we trust says of the sender; a mail of ours has one Received line by then.
PASS = "Authentication-Results: mx.desk.example; dmarc=pass header.from=staff.example"
FAIL = "Authentication-Results: mx.desk.example; dmarc=fail header.from=staff.example"
FORGED = "Authentication-Results: mx.evil.example; dmarc=pass header.from=staff.example"
RECEIVED = "Received: from client.example by mx.desk.example; Tue, 24 Nov 2026 10:00:00 +0000"


class Relay:
    """Takes every mail that leaves; `mails` are (recipient, message)."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, email.message.EmailMessage]] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's name
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails += [(to, message) for to in envelope.rcpt_tos]
        return "250 2.0.0 taken"

    def to(self, address: str) -> list[email.message.EmailMessage]:
        """Return what went to an address."""
        return [message for to, message in self.mails if to == address]

    def wait(self, address: str, number: int = 1) -> email.message.EmailMessage:
        """Return the newest mail to an address, once there are so many."""
        peers.wait_until(lambda: len(self.to(address)) >= number, f"{number} mails for {address} leave")
        return self.to(address)[-1]


class Desk:
    """The gateway and what it sends; every customer of a test has an address of its own."""

    def __init__(self, gateway, relay: Relay) -> None:
        self.gateway, self.relay = gateway, relay

    def command(self, *arguments: str, data: str = "", code: int = 0) -> Result:
        """Run a command in this process, since a process for each would take the most time."""
        done = CliRunner().invoke(cli, ["--config", str(self.gateway.config), *arguments], input=data)
        assert done.exit_code == code, done.output
        return done

    def shown(self, *arguments: str):
        """Run a command with --json and return what it says."""
        return json.loads(self.command(*arguments, "--json").stdout)

    def send(self, author: str, to: str, text: str, *fields: str, sender: str = "") -> dict:
        """Send a mail by LMTP; return its delivery as `mailgate log` shows it."""
        own_id = f"<{next(NUMBERS)}@client.example>"
        head = [*fields, f"From: {author}", f"To: {to}", f"Message-ID: {own_id}"]
        if not any(one.startswith("Subject:") for one in fields):
            head.append("Subject: The printer")
        with smtplib.LMTP("127.0.0.1", self.gateway.port, local_hostname="client.example") as client:
            octets = "\r\n".join([*head, "", *text.split("\n"), ""]).encode()
            client.sendmail(sender or author, [to], octets)
        (delivery,) = self.shown("log", own_id)
        return delivery

    def opened(self, customer: str, text: str = "It is broken") -> tuple[str, email.message.EmailMessage]:
        """Let a customer open a ticket; return its number and the notice that Joe gets."""
        delivery = self.send(customer, SUPPORT, text)
        number = delivery["summary"].partition("ticket=")[2].split()[0]

        def told() -> list[email.message.EmailMessage]:
            return [one for one in self.relay.to(JOE) if f"[#{number}]" in str(one["Subject"])]

        peers.wait_until(lambda: bool(told()), f"the notice about {number} leaves")
        return number, told()[0]

    def answer(self, notice, text: str, *more: str, author: str = JOE, proof: str = PASS) -> dict:
        """Answer a notice as a mail program does: to Reply-To, with the whole of it quoted."""
        lines = notice.get_content().rstrip().split("\n")
        quoted = "\n".join(
            [
                f"On Tue, 24 Nov 2026, {notice['From']} <{notice['Reply-To']}> wrote:",
                *(f"> {x}" for x in lines),
            ]
        )
        fields = [
            proof, RECEIVED, f"Subject: Re: {notice['Subject']}", f"In-Reply-To: {notice['Message-ID']}",
            f"References: {notice['Message-ID']}", *more,
        ]  # fmt: skip
        return self.send(author, str(notice["Reply-To"]), f"{text}\n\n{quoted}", *filter(None, fields))

    def entries(self, number: str, kind: str) -> list[dict]:
        """Return the entries of one kind in a ticket's history."""
        return [one for one in self.shown("ticket", "show", number)["entries"] if one["kind"] == kind]

    def settled(self) -> None:
        """Wait until nothing is about to leave."""
        peers.wait_until(lambda: not self.shown("queue", "list"), "nothing waits to leave")


@pytest.fixture(scope="module")
def desk():
    """Run a gateway that believes its border, and a relay for what leaves."""
    with contextlib.ExitStack() as stack:
        relay = Relay()
        controller = Controller(relay, hostname="127.0.0.1", port=peers.free_port())
        controller.start()
        stack.callback(controller.stop)
        settings = {
            "relay": {"port": controller.port},
            "outbox": {"undo": 0},
            "checks": {"trusted_authserv_ids": ["mx.desk.example"]},
        }
        yield Desk(stack.enter_context(run_gateway(settings, BUSINESS)), relay)


def test_t10_a_notice_is_answered_by_mail(desk):
    """It goes to the customer in the queue's name, without what is the agent's; the answer to it joins the ticket."""
    customer = "t10@customer.example"
    number, notice = desk.opened(customer, "The paper is stuck.")
    assert "The paper is stuck." in notice.get_content()
    assert (notice["Auto-Submitted"], notice["From"].addresses[0].addr_spec) == ("auto-generated", SUPPORT)
    delivery = desk.answer(notice, "Open the lid.\n-- \nJoe Miller\nprivate line 4711")
    assert delivery["action"] == "agent_answer"
    mail = desk.relay.wait(customer)
    assert mail.get_content().strip() == "Open the lid."
    whole = mail.as_string()
    assert not any(word in whole for word in (JOE, "4711", "Joe", notice["Reply-To"].addresses[0].addr_spec))
    assert mail["From"].addresses[0].addr_spec == SUPPORT
    assert mail["Auto-Submitted"] is None
    back = desk.send(customer, SUPPORT, "Thank you", f"In-Reply-To: {mail['Message-ID']}")
    assert f"ticket={number}" in back["summary"]
    (entry,) = desk.entries(number, "answer")
    assert (entry["author"], entry["text"].strip()) == ("joe", "Open the lid.")
    assert desk.shown("ticket", "show", number)["sessions"][-1]["state"] == "active"


def test_t10_files_of_the_agents_mail_go_along(desk):
    """With the content and the name that they have; one that may not go is said back, and nothing is sent."""
    customer = "files@customer.example"
    _, notice = desk.opened(customer)
    mail = email.message.EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = JOE, str(notice["Reply-To"]), f"Re: {notice['Subject']}"
    mail["In-Reply-To"], mail["Message-ID"] = str(notice["Message-ID"]), "<with-file@staff.example>"
    mail.set_content("The form is enclosed.")
    png = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    mail.add_attachment(png, "image", "png", filename="plan.png")
    octets = f"{PASS}\r\n{RECEIVED}\r\n".encode() + mail.as_bytes(policy=email.policy.SMTP)
    with smtplib.LMTP("127.0.0.1", desk.gateway.port, local_hostname="client.example") as client:
        client.sendmail(JOE, [notice["Reply-To"].addresses[0].addr_spec], octets)
    sent = desk.relay.wait(customer)
    (part,) = list(sent.iter_attachments())
    assert (part.get_filename(), part.get_content()) == ("plan.png", png)
    assert sent.get_body().get_content().strip() == "The form is enclosed."


@pytest.mark.parametrize(
    ("orders", "field", "value"),
    [
        ("#status pending", "status", "pending"),
        ("#assign me", "agent", "joe"),
        ("#priority high", "priority", "high"),
    ],
)
def test_t10_commands_in_the_first_lines(desk, orders, field, value):
    """The ticket is as ordered, and the text below is sent without them."""
    customer = f"{field}@customer.example"
    number, notice = desk.opened(customer)
    desk.answer(notice, f"{orders}\nWe are on it.")
    assert desk.relay.wait(customer).get_content().strip() == "We are on it."
    assert desk.shown("ticket", "show", number)[field] == value


def test_t10_a_comment_by_mail_leaves_nobody(desk):
    """#comment: agents alone see it, also where the customer is answered afterwards."""
    customer = "comment@customer.example"
    number, notice = desk.opened(customer)
    assert desk.answer(notice, "#comment\nHe never pays.")["action"] == "agent_comment"
    (entry,) = desk.entries(number, "comment")
    assert (entry["text"], entry["author"]) == ("He never pays.", "joe")
    desk.command("ticket", "reply", number, "We will see.", "--as", "joe")
    assert "never pays" not in desk.relay.wait(customer).as_string()
    desk.settled()
    assert len(desk.relay.to(customer)) == 1


def test_t10_a_mistake_is_said_back_and_does_nothing(desk):
    """The notice names the line and what was meant; answered rightly, it is done."""
    customer = "mistake@customer.example"
    number, notice = desk.opened(customer)
    before = len(desk.relay.to(JOE))
    assert desk.answer(notice, "#asign me\nHello")["action"] == "agent_mistake"
    told = desk.relay.wait(JOE, before + 1)
    assert "there is no command #asign, did you mean 'assign'?" in told.get_content()
    assert desk.shown("ticket", "show", number)["agent"] == ""
    assert desk.answer(told, "#assign me\nHello")["action"] == "agent_answer"
    assert desk.relay.wait(customer).get_content().strip() == "Hello"
    assert len(desk.relay.to(customer)) == 1


def test_s8_a_comment_is_sent_and_answered(desk):
    """Only where --send says so; what the customer answers is an entry of the ticket."""
    customer = "s8@customer.example"
    number, _ = desk.opened(customer)
    desk.command("ticket", "comment", number, "Called, nobody there.", "--as", "joe")
    desk.command("ticket", "comment", number, "We have called you.", "--send", "--as", "joe")
    mail = desk.relay.wait(customer)
    assert mail.get_content().strip() == "We have called you."
    delivery = desk.send(customer, SUPPORT, "I was out.", f"In-Reply-To: {mail['Message-ID']}")
    assert f"ticket={number}" in delivery["summary"]
    kinds = [
        one["kind"] for one in desk.shown("ticket", "show", number)["entries"] if one["kind"] != "change"
    ]
    assert kinds == ["incoming", "comment", "answer", "incoming"]


@pytest.mark.parametrize(
    ("name", "proof", "author"),
    [
        ("dmarc-fails", FAIL, JOE),
        ("nobody-vouches", "", JOE),
        ("a-strangers-word", FORGED, JOE),
        ("another-agents-token", PASS, KIM),
    ],
)
def test_t10_what_may_be_forged_is_kept_and_told(desk, name, proof, author):
    """No octet leaves to the customer; a comment that is not confirmed; one notice to the agent's own address."""
    customer = f"{name}@customer.example"
    number, notice = desk.opened(customer)
    before = len(desk.relay.to(author))
    delivery = desk.answer(notice, "Pay to this account", proof=proof, author=author)
    assert delivery["action"] == "agent_refused"
    told = desk.relay.wait(author, before + 1)
    assert "was not sent to the customer" in told.get_content()
    assert "Pay to this account" not in told.get_content()
    (entry,) = desk.entries(number, "comment")
    assert entry["unverified"]
    desk.settled()
    assert desk.relay.to(customer) == []
    assert len(desk.relay.to(author)) == before + 1


def test_t10_a_forged_sender_without_a_token(desk):
    """The ticket's number in the subject is only a claim where DMARC fails; nothing leaves."""
    customer = "claim@customer.example"
    number, _ = desk.opened(customer)
    delivery = desk.send(JOE, SUPPORT, "Pay me", FAIL, RECEIVED, f"Subject: Re: [#{number}] x")
    assert delivery["action"] == "ticket"
    assert f"ticket={number} " not in f"{delivery['summary']} "
    desk.settled()
    assert desk.relay.to(customer) == []


def test_t10_a_forwarded_notice_makes_nobody_an_agent(desk):
    """Whoever answers it joins as a customer who is not confirmed."""
    customer, other = "leak@customer.example", "friend@elsewhere.example"
    number, notice = desk.opened(customer)
    assert desk.answer(notice, "#close\nI am the boss", proof="", author=other)["action"] == "ticket"
    found = desk.shown("ticket", "show", number)
    assert found["status"] == "open"
    assert [(one["author"], one["unverified"]) for one in desk.entries(number, "incoming")][1:] == [
        (other, 1)
    ]
    desk.settled()
    assert desk.relay.to(customer) == desk.relay.to(other) == []


def test_t10_machines_of_agents_and_our_own_mail(desk):
    """A vacation answer is an entry; a mail with our loop mark is one that came back; nobody hears of either."""
    customer = "machine@customer.example"
    number, notice = desk.opened(customer)
    mark = f"X-Mailgate-Loop: {notice['X-Mailgate-Loop']}"
    for more, action in (("Auto-Submitted: auto-replied", "agent_automatic"), (mark, "ticket")):
        before = len(desk.relay.mails)
        assert desk.answer(notice, "I am away", more)["action"] == action
        desk.settled()
        assert len(desk.relay.mails) == before
    assert [one["unverified"] for one in desk.entries(number, "automatic")] == [0, 0]


def test_t10_agents_mails_are_counted_and_explained(desk):
    """By what they became; `mailgate log` says why one was refused."""
    _, notice = desk.opened("counted@customer.example")
    delivery = desk.answer(notice, "x", proof=FAIL)
    text = desk.command("log", delivery["trace_id"]).stdout
    assert "an agent's mail, no script was run" in text
    assert "nobody vouches for its sender" in text
    with urllib.request.urlopen(f"http://127.0.0.1:{desk.gateway.http_port}/metrics") as page:
        line = next(x for x in page.read().decode().splitlines() if 'agent_mails_total{became="refused"' in x)
    assert float(line.split()[-1]) >= 1
    assert "action=agent_refused" in desk.gateway.log()


def test_t10_a_replay_decides_the_same(desk):
    """Agents' mails are decided as they were, and notices are no part of what a rule decided."""
    _, notice = desk.opened("replayed@customer.example")
    desk.answer(notice, "#status pending\nWe are on it.")
    found = desk.shown("rules", "replay", "--since", "1d")
    assert found["mails"] > 2
    assert found["groups"] == [], found
