"""What the tests of commands on mails share: business data, mails as clients send them, and a mail that crashed."""

import contextlib
import hashlib
import smtplib
from datetime import UTC, datetime

from mailgate.config.settings import load
from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.domain.facts import Facts
from mailgate.domain.gate import Gate
from mailgate.domain.message.view import MessageView
from mailgate.places import store_options
from mailgate.store import queries
from mailgate.store.business import load_catalogue
from mailgate.store.db import open_store
from mailgate.store.unit import Incoming, UnitRules, accept_each
from mailgate.store.writer import Writer
from mailgate.wiring import gate_policy

SUPPORT, BOX, PLAIN = "support@gate.example.org", "box@gate.example.org", "plain@gate.example.org"
ANNA = "anna@customer.example"

BUSINESS = {
    "business.toml": f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
[[queue]]
name = "sales"
[[template]]
name = "received"
subject = "Received: {{{{ mail.subject }}}}"
text = "We have opened ticket {{{{ ticket.number }}}}."
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "support"
[[address]]
address = "{BOX}"
script = "box"
[[address]]
address = "{PLAIN}"
""",
    "support.sieve": """require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];
if header :contains "Subject" ["spam", "nope"] { discard; stop; }
if header :contains "Subject" "sale" { ticket :queue "sales" :assign "joe"; stop; }
ticket :queue "support";
reply :template "received";
""",
    "box.sieve": """require "fileinto";
# rule:[Newsletters]
if header :contains "Subject" "news" { fileinto "Lists"; }
# rule:[Away]
if header :contains "Subject" "forward" { redirect "other@elsewhere.example"; }
""",
}


def mail(subject="help", *, msgid="<1@customer.example>", author=ANNA, text="Hello", more=""):
    """Return a mail as a person writes it."""
    head = f"From: Anna <{author}>\r\nTo: {SUPPORT}\r\nSubject: {subject}\r\nMessage-ID: {msgid}\r\n{more}"
    return f"{head}\r\n{text}\r\n".encode()


def send(gateway, octets, *recipients, sender=ANNA, queue_id=""):
    """Send a mail by LMTP as Postfix does, and return the replies of its recipients."""
    with smtplib.LMTP("127.0.0.1", gateway.port, local_hostname="client.example") as client:
        client.ehlo_or_helo_if_needed()
        if queue_id:
            assert client.docmd("XFORWARD", f"IDENT={queue_id}")[0] == 250
        assert client.mail(sender)[0] == 250
        for recipient in recipients:
            assert client.rcpt(recipient)[0] == 250
        replies = [client.data(octets)]
        replies += [client.getreply() for _ in recipients[1:]]
    return [f"{code} {text.decode()}" for code, text in replies]


@contextlib.contextmanager
def database(gateway):
    """Open a gateway's store and a writer of our own."""
    settings = load(gateway.config)
    store = open_store(store_options(settings))
    writer = Writer(store)
    writer.start()
    try:
        yield settings, store, writer
    finally:
        writer.stop()
        store.close()


def crashed(gateway, octets, recipient=SUPPORT, sender=ANNA):
    """Take a mail whose processing crashes: it is stored raw, as after its last try."""

    def crash(mail, route, catalogue, reader, now):
        raise ZeroDivisionError("in the rules")

    with database(gateway) as (settings, store, writer):
        with queries.reading(store) as connection:
            catalogue = load_catalogue(connection)
        rules = UnitRules(crash, catalogue, Gate(gate_policy(settings, catalogue)), tries=1)
        received = Received(
            octets=Octets(len(octets), hashlib.sha256(octets).digest(), data=octets),
            envelope=Envelope(sender, (Recipient(recipient),)),
            origin=Origin(Source.LMTP, listener="tcp"),
            at=datetime.now(UTC),
            trace_id=f"CRASH{hashlib.sha256(octets).hexdigest()[:8].upper()}",
        )
        incoming = Incoming(received, MessageView.parse(octets), Facts())
        (outcome,) = writer.submit(lambda tx: accept_each(tx, incoming, rules)).result(30)
    assert outcome.status == "unprocessed"


def ask(gateway, sql, *values):
    """Return rows of a gateway's database."""
    with database(gateway) as (_settings, store, _writer), queries.reading(store) as connection:
        return [tuple(row) for row in connection.execute(sql, values).fetchall()]
