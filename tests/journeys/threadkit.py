"""A gateway, a relay that keeps what leaves, and people who write by LMTP: what the tests of threading stand on."""

import contextlib
import itertools
import json
import smtplib
import sqlite3
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import peers
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from gatewayrun import Gateway
from gatewayrun import gateway as run_gateway

from mailgate.cli._main import cli

SUPPORT, SALES = "support@desk.example", "sales@desk.example"
ANNA, CARLA, EVE, SUE = (
    "anna@customer.example", "carla@partner.example", "eve@elsewhere.example", "sue@desk.example"
)  # fmt: skip
AUTHSERV = "mx.desk.example"
BUSINESS = {
    "business.toml": f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
from_name = "Desk Support"
[[queue]]
name = "sales"
address = "{SALES}"
[[agent]]
name = "sue"
address = "{SUE}"
queues = ["support"]
[[agent]]
name = "max"
address = "max@desk.example"
queues = ["support"]
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "support"
[[address]]
address = "{SALES}"
queue = "sales"
script = "sales"
""",
    "support.sieve": 'require ["vnd.mailgate.ticket"];\nticket;\n',
    "sales.sieve": 'require ["vnd.mailgate.ticket"];\nticket :match_subject;\n',
}


class Relay:
    """Takes every mail; `mails` are those that it got, in order, with whom they went to."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, Any]] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's name
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((envelope.rcpt_tos[0], mail))
        return "250 2.0.0 taken"

    def last_to(self, address: str, count: int) -> Any:
        """Return the newest mail to an address, once there are so many."""
        peers.wait_until(lambda: len(self._to(address)) >= count, f"{count} mails to {address}")
        return self._to(address)[count - 1]

    def _to(self, address: str) -> list[Any]:
        return [mail for whom, mail in list(self.mails) if whom == address]


class Desk:
    """What people do and see."""

    def __init__(self, gateway: Gateway, relay: Relay) -> None:
        self.gateway, self.relay = gateway, relay
        self._numbers = itertools.count(1)
        self._client: smtplib.LMTP | None = None

    def send(self, mail: EmailMessage, sender: str, to: str) -> str:
        """Hand a mail in; return the ticket that the reply names, "" for none."""
        if self._client is None:
            self._client = smtplib.LMTP("127.0.0.1", self.gateway.port, local_hostname="client.example")
            self._client.ehlo_or_helo_if_needed()
        self._client.mail(sender)
        assert self._client.rcpt(to)[0] == 250
        code, said = self._client.data(mail.as_bytes(policy=policy.SMTP.clone(max_line_length=0)))
        assert code == 250, said
        return said.decode().partition("ticket=")[2]

    def leave(self) -> None:
        """End the connection."""
        if self._client is not None:
            self._client.close()

    def write(
        self, subject: str, *headers: tuple[str, str], sender: str = ANNA, to: str = SUPPORT
    ) -> tuple[str, str]:
        """Write a mail; return its Message-ID and its ticket."""
        mail = EmailMessage()
        mail["Received"] = f"from client.example by {AUTHSERV}; Tue, 24 Nov 2026 09:00:00 +0000"
        # What a server on the way has found stands above what the sender wrote.
        for name, value in sorted(headers, key=lambda one: one[0] != "Authentication-Results"):
            mail[name] = value
        mail["From"], mail["To"], mail["Subject"] = f"Somebody <{sender}>", to, subject
        mail["Message-ID"] = f"<{next(self._numbers)}@client.example>"
        mail.set_content("Hello\n")
        return mail["Message-ID"], self.send(mail, sender, to)

    def do(self, *arguments: str, fails: bool = False) -> str:
        """Run a command here and not in a process of its own; return what it printed, of errors too."""
        done = CliRunner().invoke(
            cli, ["--config", str(self.gateway.config), *arguments], catch_exceptions=False
        )
        assert (done.exit_code != 0) == fails, f"{arguments}: {done.output}"
        return done.output

    def ticket(self, number: str) -> dict[str, Any]:
        """Return all that is known of a ticket."""
        return json.loads(self.do("ticket", "show", number, "--json"))

    def ask(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Read the database beside the gateway."""
        where = f"file:{self.gateway.state}/mailgate.sqlite?mode=ro"
        with contextlib.closing(sqlite3.connect(where, uri=True, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]


@contextlib.contextmanager
def desk() -> Iterator[Desk]:
    """Run a gateway whose border says what it thinks of senders, and a relay."""
    relay = Relay()
    controller = Controller(relay, hostname="127.0.0.1", port=peers.free_port())
    controller.start()
    settings = {
        "relay": {"port": controller.port},
        "outbox": {"undo": "0s"},
        "checks": {"trusted_authserv_ids": [AUTHSERV]},
    }
    try:
        with run_gateway(settings, BUSINESS) as gateway:
            found = Desk(gateway, relay)
            yield found
            found.leave()
    finally:
        controller.stop()
