"""Templates by real LMTP in, real commands, and mails read where they arrive: G19, S9, W3."""

import contextlib
import re
import smtplib
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from zoneinfo import ZoneInfo

import peers
import pytest
from aiosmtpd.controller import Controller
from gatewayrun import gateway as run_gateway

from mailgate.domain.replymark import reply_above

SUPPORT, HELLO, SHOP, HISTORY = (f"{name}@desk.example" for name in ("support", "hello", "shop", "history"))
ANNA, BERT, CORA, DORA = (f"{name}@customer.example" for name in ("anna", "bert", "cora", "dora"))
TAGS = """Hi @{consumer}, this is @{agent} of @{company} (@{queue}).
Today is @{date}, @{time}; we answer by @{next_working_date}. Your number: @{ticket_id}
"""
BUSINESS = """
[helpdesk]
company = "Example Ltd"

[[queue]]
name = "support"
address = "support@desk.example"
from_name = "Example Support"
hours = "Mon-Sun 00:00-24:00"
timezone = "Europe/Berlin"

[[queue]]
name = "shop"
address = "shop@desk.example"
template_set = "shop-"

[[agent]]
name = "bob"
address = "bob@desk.example.net"
full_name = "Bob Stone"
queues = ["support"]

[[agent]]
name = "eva"
address = "eva@desk.example.net"
queues = ["support"]

[[address]]
address = "support@desk.example"
queue = "support"
script = "support"

[[address]]
address = "shop@desk.example"
queue = "shop"
script = "support"

[[address]]
address = "hello@desk.example"
queue = "support"
script = "hello"

[[address]]
address = "history@desk.example"
queue = "support"
script = "history"

[[template]]
name = "history"
format = "html"
text = "<p>So far:</p><div>$helpdesk-comments$</div>"

[[template]]
name = "greeting"
text = "SERIAL_SALUTATION!"

[[template]]
name = "received"
subject = "RE: {{ mail.subject }}"
text = '''
TAGS'''

[[template]]
name = "received.de"
subject = "RE: {{ mail.subject }}"
text = "SERIAL_SALUTATION, heute ist der @{date}."

[[template]]
name = "shop-received"
subject = "Shop"
text = "The shop has {{ ticket.number }}."

[[template]]
name = "moved"
subject = "$helpdesk-ticket_no$ Moved"
format = "markdown"
text = '''
$helpdesk-replyabove$

SERIAL_SALUTATION,

**{{ ticket.subject }}** is with us:

* see [the page](https://desk.example/t/@{ticket_id})

$helpdesk-comments$
'''
recipients = ["contact", "agent", "group", "boss@boss.example"]

[[workflow]]
name = "tell"
event = "changed priority"

[[workflow.action]]
do = "mail"
template = "moved"
""".replace("TAGS", TAGS)
SCRIPT = """require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];
ticket :assign "bob";
reply :seconds 0 :template "received" :salutation_fallback "Hello you";
"""

# Scripts that are the same but for their template.
SCRIPTS = {"hello": "greeting", "history": "history"}


class Relay:
    """Takes every mail that leaves the gateway."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's name
        parsed = BytesParser(policy=policy.default).parsebytes(envelope.original_content)
        self.mails += [(recipient, parsed) for recipient in envelope.rcpt_tos]
        return "250 2.0.0 taken"

    def to(self, recipient: str, number: int = 1) -> EmailMessage:
        """Return the n-th mail to an address; waits until it is there."""
        peers.wait_until(lambda: len(self.all_to(recipient)) >= number, f"mail {number} to {recipient}")
        return self.all_to(recipient)[number - 1]

    def all_to(self, recipient: str) -> list[EmailMessage]:
        return [mail for one, mail in list(self.mails) if one == recipient]


@pytest.fixture(scope="module")
def house():
    """Run a gateway with this file's business, and a relay that takes all; each test has a customer of its own."""
    relay = Relay()
    controller = Controller(relay, hostname="127.0.0.1", port=peers.free_port())
    controller.start()
    with contextlib.ExitStack() as stack:
        stack.callback(controller.stop)
        settings = {"relay": {"host": "127.0.0.1", "port": controller.port, "tls": "none"}}
        more = {f"{one}.sieve": SCRIPT.replace("received", name) for one, name in SCRIPTS.items()}
        business = {"business.toml": BUSINESS, "support.sieve": SCRIPT, **more}
        yield stack.enter_context(run_gateway(settings, business)), relay


def send(gateway, subject: str, sender: str, to: str = SUPPORT) -> str:
    """Send a mail by LMTP; return the number of the ticket that it opened or joined."""
    name = sender.partition("@")[0].title()
    text = f"From: {name} Berg <{sender}>\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nIt burns.\r\n"
    with smtplib.LMTP("127.0.0.1", gateway.port, local_hostname="client.example") as client:
        client.ehlo_or_helo_if_needed()
        client.mail(sender)
        client.rcpt(to)
        code, said = client.data(text.encode())
    assert code == 250, said
    return re.search(r"ticket=(T-\d+)", said.decode())[1]


def body(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    return "" if part is None else part.get_content().replace("\r\n", "\n")


def test_g19_tags_in_answers(house):
    """Each tag is what it says, in the queue's time and the reader's language; a tag in a subject is text."""
    gateway, relay = house
    number = send(gateway, "@{agent} and {{ 7*7 }} $helpdesk-comments$", ANNA)
    mail = relay.to(ANNA)
    assert mail["Subject"] == "RE: @{agent} and {{ 7*7 }} $helpdesk-comments$"
    lines = body(mail).splitlines()
    assert lines[0] == "Hi Anna, this is Bob of Example Ltd (support)."
    found = re.fullmatch(
        rf"Today is (.+), [0-9:]{{5}}; we answer by (.+)\. Your number: {number}",
        " ".join(" ".join(lines[1:]).split()),
    )
    today, next_day = (datetime.strptime(one, "%d %B %Y").date() for one in found.groups())  # noqa: DTZ007
    assert next_day - today == timedelta(1)
    assert abs(today - datetime.now(ZoneInfo("Europe/Berlin")).date()) <= timedelta(1)
    # The contact reads German now: the other variant, and its form of dates.
    gateway.command("contact", "set", ANNA, "--language", "de", "--salutation", "Sehr geehrte Frau Berg")
    send(gateway, "Noch etwas", ANNA)
    assert body(relay.to(ANNA, 2)).startswith("Sehr geehrte Frau Berg, heute ist der ")
    # An unknown tag is a mistake when the template is stored.
    done = gateway.command("template", "put", "new", "--text", "-", data=b"a\n@{consumr}", check=False)
    assert (done.returncode, "text line 2" in done.stderr, "did you mean @{consumer}?" in done.stderr) == (
        1,
        True,
        True,
    )


def test_w3_salutation_with_fallback(house):
    """SERIAL_SALUTATION is personal for whom we know, the rule's fallback for everybody else."""
    gateway, relay = house
    send(gateway, "First", BERT, HELLO)
    assert body(relay.to(BERT)).strip() == "Hello you!"
    gateway.command("contact", "set", BERT, "--salutation", "Dear Ms Berg")
    send(gateway, "Second", BERT, HELLO)
    assert body(relay.to(BERT, 2)).strip() == "Dear Ms Berg!"


def test_g13_a_queues_set_of_templates(house):
    """The shop's own text stands before the common one, whatever the rule names."""
    gateway, relay = house
    number = send(gateway, "An order", CORA, SHOP)
    mail = relay.to(CORA)
    assert (mail["Subject"], body(mail).strip()) == ("Shop", f"The shop has {number}.")


def test_s9_tags_and_recipients(house):
    """Number in the subject, reply mark at the top, the conversation without comments, to all who were chosen."""
    gateway, relay = house
    number = send(gateway, "Printer <b>on</b> fire", DORA)
    relay.to(DORA)
    gateway.command("ticket", "comment", number, "--as", "bob", "SECRET: he always says that")
    gateway.command("ticket", "reply", number, "--as", "bob", "Is it *plugged* in?")
    gateway.command("ticket", "set", number, "--priority", "high", "--as", "bob")
    customer = relay.to(DORA, 3)
    assert customer["Subject"] == f"[#{number}] Moved"
    assert customer["Auto-Submitted"] == "auto-generated"
    text, html = body(customer), body(customer, "html")
    assert text.splitlines()[0] == reply_above("en")
    assert text.index("Is it *plugged* in?") < text.index("It burns.")
    assert "SECRET" not in text + html
    assert "* see" not in text
    assert f"- see the page (https://desk.example/t/{number})" in text
    assert "<strong>Printer &lt;b&gt;on&lt;/b&gt; fire</strong>" in html
    assert f'<a href="https://desk.example/t/{number}">the page</a>' in html
    # The agent, the queue's agents and the address: a notice each, once.
    for address in ("bob@desk.example.net", "eva@desk.example.net", "boss@boss.example"):
        assert relay.to(address)["Subject"] == f"[#{number}] Moved"
    assert "SECRET" not in body(relay.to("boss@boss.example"))
    assert len(relay.all_to("bob@desk.example.net")) == 1
    shown = gateway.json("template", "render", "moved", "--ticket", number)
    assert (
        shown["to"] == "dora@customer.example, bob@desk.example.net, eva@desk.example.net, boss@boss.example"
    )
    assert shown["text"].splitlines()[0] == reply_above("en")
    # An answer to it finds the ticket by the number in the subject.
    assert send(gateway, f"Re: [#{number}] Moved", DORA) == number
    # What the mail in hand says is part of the conversation that its answer shows, to whoever takes part.
    assert send(gateway, f"Re: [#{number}] Moved", DORA, HISTORY) == number
    peers.wait_until(lambda: "So far" in body(relay.all_to(DORA)[-1]), "the conversation")
    text = body(relay.all_to(DORA)[-1])
    assert (text.count("It burns."), text.count("Is it *plugged* in?"), "SECRET" in text) == (3, 1, False)
    # Somebody else who knows the number opens a ticket of his own, and reads nothing.
    assert send(gateway, f"Re: [#{number}] Moved", "eve@elsewhere.example", HISTORY) != number
    assert body(relay.to("eve@elsewhere.example")).strip() == "So far:"
