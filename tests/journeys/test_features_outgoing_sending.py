"""How mail leaves: taken back in time, refused, given up, sent elsewhere, through a queue's own server."""

import contextlib
import json
import os
import re
import smtplib
import sqlite3
import threading
from dataclasses import dataclass, field
from itertools import count
from urllib.request import urlopen

import peers
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from click.testing import CliRunner, Result
from gatewayrun import gateway as run_gateway

from mailgate.cli._main import cli

SUPPORT, SALES = "support@desk.example", "sales@desk.example"
GONE, SUE = "gone@customer.example", "sue@agents.example"
NUMBERS = count(1)
BUSINESS = {
    "business.toml": f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
[[queue]]
name = "sales"
address = "{SALES}"
mailbox = "sales-account"
[[agent]]
name = "sue"
address = "{SUE}"
queues = ["support", "sales"]
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "support"
[[address]]
address = "{SALES}"
queue = "sales"
script = "sales"
""",
    "support.sieve": 'require ["vnd.mailgate.ticket"];\nticket :queue "support";\n',
    "sales.sieve": 'require ["vnd.mailgate.ticket"];\nticket :queue "sales";\n',
}
NO_SALES = {**BUSINESS, "business.toml": BUSINESS["business.toml"].replace('mailbox = "sales-account"\n', "")}


@dataclass
class Server:
    """A mail server that keeps what it gets, and refuses whom it is told to."""

    refused: dict[str, str] = field(default_factory=dict)
    mails: list[tuple[str, bytes]] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802  aiosmtpd's name
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's name
        with self.lock:
            self.mails += [(to, envelope.original_content) for to in envelope.rcpt_tos]
        return "250 2.0.0 taken"

    def login(self, _server, _session, _envelope, _mechanism, data):
        """Take note of a login."""
        self.logins.append((data.login, data.password))
        return AuthResult(success=True)

    def to(self, address: str) -> list[bytes]:
        """Return what went to an address."""
        return [mail for to, mail in self.mails if to == address]

    @property
    def recipients(self) -> list[str]:
        """Whom the mails were for, in their order."""
        return [to for to, _ in self.mails]


@contextlib.contextmanager
def serve(port: int, refused: dict[str, str] | None = None, **options):
    """Run such a server; its login is asked for where `auth` is said."""
    server = Server(refused or {})
    if options.pop("auth", False):
        options |= {"authenticator": server.login, "auth_require_tls": False}
    controller = Controller(server, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


class House:
    """A running gateway, and the server that takes its mail; each test has customers of its own."""

    def __init__(self, gateway, relay) -> None:
        self.gateway, self.relay = gateway, relay

    def run(self, *arguments: str, code: int = 0) -> Result:
        """Run a command in this process, since a process for each would take the most time."""
        done = CliRunner().invoke(cli, ["--config", str(self.gateway.config), *arguments])
        assert done.exit_code == code, done.output
        return done

    def json(self, *arguments: str):
        """Run a command with --json and return what it says."""
        return json.loads(self.run(*arguments, "--json").stdout)

    def ask(self, sql: str, *values: object) -> list[tuple]:
        """Ask the database."""
        uri = f"file:{self.gateway.state / 'mailgate.sqlite'}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=60)) as connection:
            return connection.execute(sql, values).fetchall()

    def answered(self, customer: str, to: str = SUPPORT) -> tuple[str, int]:
        """Let a customer write and Sue answer; returns the ticket's number and the answer's outgoing row."""
        own_id = f"<{next(NUMBERS)}@c.example>"
        text = f"From: {customer}\r\nTo: {to}\r\nSubject: help\r\nMessage-ID: {own_id}\r\n\r\nHi\r\n"
        with smtplib.LMTP("127.0.0.1", self.gateway.port, local_hostname="client.example") as client:
            client.sendmail(customer, [to], text.encode())
        ((number,),) = self.ask("SELECT number FROM ticket ORDER BY id DESC LIMIT 1")
        self.reply(number)
        ((row,),) = self.ask("SELECT MAX(id) FROM outbox WHERE mail_kind = 'agent'")
        return number, row

    def reply(self, number: str, text: str = "Is it plugged in?") -> None:
        """Let Sue answer."""
        self.run("ticket", "reply", number, text, "--as", "sue")

    def state(self, row: int) -> str:
        """Return the state of an outgoing row."""
        return str(self.ask("SELECT state FROM outbox WHERE id = ?", row)[0][0])

    def until(self, row: int, state: str) -> None:
        """Wait until an outgoing row is in a state."""
        peers.wait_until(lambda: self.state(row) == state, f"row {row} is {state}", 30)

    def notes(self, number: str) -> list[str]:
        """Return the notes of the outbox in a ticket's history."""
        sql = "SELECT text FROM entry JOIN ticket ON ticket.id = ticket_id WHERE author = 'outbox' AND number = ?"
        return [text for (text,) in self.ask(sql, number)]

    def metric(self, line: str) -> bool:
        """Whether Prometheus would read this line."""
        with urlopen(f"http://127.0.0.1:{self.gateway.http_port}/metrics") as page:
            return f"\n{line}\n" in page.read().decode()


@pytest.fixture(scope="module")
def patient():
    """Run a gateway in which nothing leaves by itself, and whose second try is the last."""
    port = peers.free_port()
    settings = {"relay": {"port": port}, "outbox": {"undo": "1 h", "retry": ["1 h"], "give_up_after": "1 h"}}
    with serve(port) as relay, run_gateway(settings, NO_SALES) as gateway:
        yield House(gateway, relay)


@pytest.fixture(scope="module")
def quick():
    """Run a gateway behind a real Postfix that refuses one address, with a server of its own for one queue."""
    if reason := peers.absent("postfix"):
        pytest.fail(reason) if os.environ.get("MAILGATE_REQUIRE_PEERS") == "1" else pytest.skip(reason)
    port = peers.free_port()
    refuse = f"check_recipient_access inline:{{ {{ {GONE} = 550 5.1.1 no such user }} }}"
    with contextlib.ExitStack() as stack:
        main = {"default_transport": "discard:here", "smtpd_recipient_restrictions": refuse}
        postfix = stack.enter_context(peers.postfix(main=main))
        own = stack.enter_context(serve(port, auth=True, auth_exclude_mechanism=["CRAM-MD5"]))
        secret = stack.enter_context(peers.short_folder("mg-secret-")) / "password"
        secret.write_text("hunter2")
        secret.chmod(0o400)
        account = {"kind": "smtp", "host": "127.0.0.1", "port": port, "tls": "none", "user": "sales"}
        account["password"] = f"${{file:{secret}}}"
        settings = {
            "relay": {"port": postfix.port}, "outbox": {"undo": "1 s"}, "targets": {"sales-account": account},
        }  # fmt: skip
        gateway = stack.enter_context(run_gateway(settings, BUSINESS))
        yield House(gateway, (postfix, own))


def test_p3_an_answer_is_taken_back_before_it_leaves(patient):
    """Within the window nothing leaves; the history keeps the answer, marked; later it is too late."""
    house = patient
    number, row = house.answered("p3@customer.example")
    assert house.state(row) == "waiting"
    house.run("ticket", "undo", number, "--as", "sue")
    assert house.state(row) == "undone"
    shown = house.run("ticket", "show", number).stdout
    assert "UNDONE: taken back before it left" in shown
    assert "-> undone" in shown
    again = house.run("ticket", "undo", number, "--as", "sue", code=1)
    assert again.stderr == f"Error: {number} has no answer that could be taken back\n"
    # The second one leaves: what was taken back is no part of the conversation.
    said = house.run("ticket", "reply", number, "Is it plugged in?", "--as", "sue").stderr
    assert said == f"leaves in 3600 s; `mailgate ticket undo {number}` takes it back\n"
    house.run("queue", "flush")
    house.until(row + 1, "sent")
    late = house.run("queue", "undo", str(row + 1), code=1)
    assert "too late: the mail to p3@customer.example has left" in late.stderr
    (mail,) = house.relay.to("p3@customer.example")
    assert re.search(rb"\r\nReferences: <[0-9]+@c\.example>\r\n", mail)
    assert house.state(row) == "undone"
    assert house.metric("mailgate_answers_undone_total 1.0")


def test_p3_an_answer_leaves_when_its_time_is_over(quick):
    """The worker wakes by itself at the end of the window."""
    _number, row = quick.answered("later@customer.example")
    ((created, due),) = quick.ask("SELECT created_at, due FROM outbox WHERE id = ?", row)
    assert due - created == 1000
    quick.until(row, "sent")


def test_s8_a_refused_answer_is_told_to_the_agent(quick):
    """A real Postfix refuses one recipient: note, notice, failing address; others get theirs."""
    number, row = quick.answered(GONE)
    quick.until(row, "given_up")
    (note,) = quick.notes(number)
    assert note.startswith(f"the answer of sue to {GONE} did not arrive: it was refused: 550 5.1.1 ")
    ((told, to),) = quick.ask("SELECT id, to_address FROM outbox WHERE mail_kind = 'notice'")
    assert to == SUE
    quick.until(told, "sent")
    assert quick.ask("SELECT folded, bounces FROM failing_address") == [(GONE, 1)]
    postfix, _own = quick.relay
    peers.wait_until(lambda: f"to=<{SUE}>, relay=none" in postfix.log(), "Postfix has the notice", 30)
    assert quick.metric('mailgate_outbox_troubles_total{cause="address"} 1.0')
    assert quick.metric('mailgate_outbox_target_deliveries_total{result="given_up",target="relay"} 1.0')


def test_s8_an_answer_is_given_up_after_the_period(patient):
    """By a schedule of ours: the second try is the last; ticket and agent are told; then it goes elsewhere."""
    house, customer = patient, "grey@customer.example"
    house.relay.refused[customer] = "450 4.7.1 greylisted"
    number, row = house.answered(customer)
    house.run("queue", "retry", str(row))
    peers.wait_until(
        lambda: house.ask("SELECT attempts, state FROM outbox WHERE id = ?", row) == [(1, "waiting")],
        "one try",
        30,
    )
    assert house.notes(number) == []
    house.run("queue", "retry", str(row))
    house.until(row, "given_up")
    (note,) = house.notes(number)
    assert (
        note
        == f"the answer of sue to {customer} did not arrive: given up after 2 tries: 450 4.7.1 greylisted"
    )
    peers.wait_until(lambda: house.relay.to(SUE), "the agent is told", 30)
    assert f"Subject: Not delivered: {number} help\r\n".encode() in house.relay.to(SUE)[-1]
    assert "cause=policy" in house.gateway.log()
    house.run("queue", "redirect", str(row), "new@customer.example")
    house.until(row, "sent")
    (mail,) = house.relay.to("new@customer.example")
    assert b"\r\nTo: new@customer.example\r\n" in mail
    shown = house.run("ticket", "show", number).stdout
    assert f"recipient: {customer} -> new@customer.example" in shown


def test_t4_a_queue_answers_through_its_own_server(quick):
    """Its account logs in there; a name that is no account is refused with what was meant."""
    _number, row = quick.answered("own@customer.example", SALES)
    quick.until(row, "sent")
    _postfix, own = quick.relay
    assert own.recipients == ["own@customer.example"]
    assert own.logins == [(b"sales", b"hunter2")]
    said = quick.run("ticketqueue", "set", "sales", "--mailbox", "sales-acount", "--take-over", code=1)
    assert "sales-account" in said.stderr


def test_t4_rows_are_chosen_by_what_they_are(patient):
    """--to, --ticket and --older-than choose for list, hold and release; all of it as JSON."""
    house = patient
    (one, first), (_two, second) = (house.answered(f"{name}@chosen.example") for name in "ab")

    def listed(*words: str) -> list[int]:
        return [row["id"] for row in house.json("queue", "list", *words)]

    assert listed("--to", "b@chosen.example") == [second]
    assert listed("--to", "@chosen.example", "--ticket", one) == [first]
    assert listed("--to", "@chosen.example", "--older-than", "1h") == []
    assert house.json("queue", "hold", "--ticket", one) == {"done": "held", "rows": [first], "not": {}}
    assert (house.state(first), house.state(second)) == ("held", "waiting")
    own = house.run("queue", "redirect", str(first), SUPPORT, code=1)
    assert own.stderr == f"Error: {SUPPORT} is an address of our own: the mail would come back in\n"
    house.run("queue", "release", "--all", "held", "--to", "a@chosen.example")
    house.until(first, "sent")
    assert len(house.relay.to("a@chosen.example")) == 1
