"""D6, DKIM: what leaves is signed, what comes in is checked, by real LMTP, a real gateway and a real name server."""

import contextlib
import json
import re
import smtplib
import sys
from pathlib import Path
from urllib.request import urlopen

import dkimkit
import opendkimkit
import peers
import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from gatewayrun import gateway as run_gateway
from nameserver import nameserver

from mailgate.cli._main import cli

sys.path.append(str(Path(__file__).parents[1] / "checks"))
import arcworld  # what the checks' own tests seal chains with

SUPPORT, ANNA = "support@desk.example.org", "anna@customer.example"
BUSINESS = {
    "business.toml": f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
[[template]]
name = "received"
text = "Wir haben Ihre Nachricht erhalten: {{{{ ticket.number }}}}"
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "desk"
""",
    "desk.sieve": """require ["fileinto", "vnd.mailgate.ticket", "vnd.mailgate.reply", "vnd.mailgate.auth"];
if header :is "Subject" "pass on" { redirect "else@elsewhere.example"; stop; }
if header :contains "Authentication-Results" "dmarc=pass" { fileinto "Misled"; stop; }
if authenticated :arc "lists.example" { fileinto "List"; }
elsif authenticated :dmarc { fileinto "Known"; }
ticket;
reply :template "received";
""",
}
RECORDS = {
    **dkimkit.records("rsa", "ed25519"),
    **dkimkit.records("rsa", domain="customer.example"),
    **dkimkit.records("rsa", domain="mailer.example"),
    **arcworld.records("lists.example", "stranger.example"),
    "_dmarc.customer.example": b"v=DMARC1; p=reject",
}


class Relay:
    """Takes mails, but for as many as it is told to put off."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.busy = 0

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's name
        self.mails.append(envelope.original_content)
        self.busy -= 1
        return "451 4.3.2 later" if self.busy >= 0 else "250 2.0.0 taken"

    def take(self, count: int) -> list[bytes]:
        """Return the next mails, once there are so many."""
        peers.wait_until(lambda: len(self.mails) >= count, f"{count} mails reach the relay")
        taken, self.mails[:count] = self.mails[:count], []
        return taken


class World:
    """A gateway that signs and checks, its relay, its name server."""

    def __init__(self, gateway, relay, server) -> None:
        self.gateway, self.relay, self.server = gateway, relay, server

    def send(self, raw: bytes, sender: str = ANNA) -> None:
        """Hand a mail over by LMTP."""
        with smtplib.LMTP("127.0.0.1", self.gateway.port, local_hostname="client.example") as client:
            client.sendmail(sender, [SUPPORT], raw)

    def command(self, *arguments: str) -> str:
        """Run a command in this process; a process of its own for each would cost too much."""
        done = CliRunner().invoke(
            cli, ["--config", str(self.gateway.config), *arguments], catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
        return done.stdout

    def delivery(self, name: str) -> dict:
        """Return what the log says of a mail, as data."""
        return json.loads(self.command("log", f"<{name}@customer.example>", "--json"))[0]

    def verified(self, name: str) -> str:
        """Return what the log says of its authentication, in words."""
        lines = self.command("log", f"<{name}@customer.example>").splitlines()
        return next((line.split(None, 1)[1] for line in lines if line.strip().startswith("verified ")), "")


def keys(folder: Path, *kinds) -> list[dict]:
    """Write keys of our domain; return their tables for the settings."""
    tables = []
    for kind in kinds:
        file = folder / f"{kind}.pem"
        file.write_text(dkimkit.key(kind).pem())
        tables.append({"domain": "example.org", "selector": kind, "key": f"${{file:{file}}}"})
    return tables


@contextlib.contextmanager
def world(folder: Path, **checks):
    """Run a gateway with two keys and these checks."""
    relay = Relay()
    controller = Controller(relay, hostname="127.0.0.1", port=peers.free_port())
    controller.start()
    try:
        with nameserver(RECORDS) as server:
            settings = {
                "relay": {"port": controller.port},
                "dkim": keys(folder, "rsa", "ed25519"),
                "checks": {"nameservers": [server.setting], "deadline": "20 s", **checks},
            }
            with run_gateway(settings, BUSINESS) as gateway:
                yield World(gateway, relay, server)
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def signing(tmp_path_factory):
    """Run a gateway that signs, and checks nothing."""
    with world(tmp_path_factory.mktemp("keys")) as one:
        yield one


def mail(name: str = "1", subject: str = "printer", author: str = ANNA, more: str = "") -> bytes:
    """Return a mail as a person writes it."""
    return (
        f"{more}From: Anna <{author}>\r\nTo: <{SUPPORT}>\r\nSubject: {subject}\r\n"
        f"Date: Mon, 23 Nov 2026 10:11:09 +0000\r\nMessage-ID: <{name}@customer.example>\r\n\r\nIt is broken.\r\n"
    ).encode()


@pytest.mark.peer("opendkim")
def test_d6_answers_are_signed_by_each_key_of_their_domain(signing, tmp_path):
    """The automatic answer and the agent's: good for dkimpy and OpenDKIM as they reach the relay, no more if changed."""
    known = dkimkit.records("rsa", "ed25519")
    opendkim = opendkimkit.OpenDkim(known, tmp_path)
    signing.send(mail("answered"))
    automatic = signing.relay.take(1)
    ticket = f"T-{signing.delivery('answered')['ticket_id']}"
    signing.command("ticket", "reply", ticket, "Bitte neu starten. Grüße")
    for raw in automatic + signing.relay.take(1):
        assert raw.lower().count(b"dkim-signature:") == 2
        assert [dkimkit.passes(raw, known, place) for place in (0, 1)] == [True, True]
        assert opendkim.verify(raw) == "Success"
        changed = raw[:-10] + bytes([raw[-10] ^ 1]) + raw[-9:]
        assert not dkimkit.passes(changed, known)
        assert opendkim.verify(changed) == "Bad signature"
        assert not dkimkit.passes(b"Subject: another\r\n" + raw, known)


def test_d6_a_mail_is_signed_alike_on_every_try(signing):
    """The relay puts it off once; the second try has the same octets, time of the signature included."""
    signing.relay.busy = 1
    signing.send(mail("twice", author="ben@customer.example"), "ben@customer.example")
    first = signing.relay.take(1)
    peers.wait_until(
        lambda: (
            [row["attempts"] for row in signing.gateway.json("queue", "list") if row["state"] == "waiting"]
            == [1]
        ),
        "the first try is recorded",
    )
    signing.command("queue", "flush")
    assert signing.relay.take(1) == first
    assert dkimkit.passes(first[0], dkimkit.records("rsa"))


def test_d6_what_is_passed_on_is_not_signed(signing):
    """A redirect carries its author's signature, not ours, and that one stays good."""
    signing.send(dkimkit.sign(mail(subject="pass on")))
    [raw] = signing.relay.take(1)
    assert raw.count(b"DKIM-Signature:") == 1
    assert b"d=customer.example" in raw
    assert dkimkit.passes(raw, RECORDS)


@pytest.mark.peer("postfix", "dovecot", "opendkim")
def test_d6_signatures_survive_a_real_postfix_and_dovecot(tmp_path, postfix_instance, dovecot_lmtp):
    """Through the relay that most houses have, into the mailbox that the customer reads."""
    dovecot = dovecot_lmtp()
    route = {"relay_domains": "customer.example", "relay_transport": f"lmtp:inet:[127.0.0.1]:{dovecot.port}"}
    postfix = postfix_instance(main=route)
    settings = {"relay": {"port": postfix.port}, "dkim": keys(tmp_path, "rsa", "ed25519")}
    with run_gateway(settings, BUSINESS) as gateway:
        World(gateway, None, None).send(mail(subject="Drücker"))
        peers.wait_until(lambda: dovecot.mails("anna"), f"the answer is in the mailbox\n{postfix.log()}")
    raw = dovecot.mails("anna")[0].read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    known = dkimkit.records("rsa", "ed25519")
    assert [dkimkit.passes(raw, known, place) for place in (0, 1)] == [True, True]
    assert opendkimkit.OpenDkim(known, tmp_path).verify(raw) == "Success"


FORGED = "Authentication-Results: mx.example.org; dmarc=pass header.from=customer.example\r\n"
BORDER = "Received: from sender by mx.example.org; Mon, 23 Nov 2026 10:11:10 +0000\r\n"
FAR = "Received: from laptop by sender; Mon, 23 Nov 2026 10:11:08 +0000\r\n"
LISTED = "lists.example; dmarc=pass header.from=customer.example"


def incoming() -> dict[str, tuple[bytes, str]]:
    """Return mails by name, each with what is to be found of its authentication."""
    plain = mail
    own, other = "customer.example", "mailer.example"
    return {
        "aligned": (dkimkit.sign(plain("aligned")), f"dkim pass {own}, dmarc pass {own} (by mailgate)"),
        "unaligned": (
            dkimkit.sign(plain("unaligned"), domain=other), f"dkim pass {other}, dmarc fail {own} (by mailgate)",
        ),
        "unsigned": (plain("unsigned"), f"dmarc fail {own} (by mailgate)"),
        "changed": (
            dkimkit.sign(plain("changed")).replace(b"broken", b"stolen"),
            f"dkim fail {own}, dmarc fail {own} (by mailgate)",
        ),
        "expired": (
            dkimkit.sign(plain("expired"), tags="t=1577836800; x=1577923200;"),
            f"dkim permerror {own}, dmarc fail {own} (by mailgate)",
        ),
        "keyless": (
            dkimkit.sign(plain("keyless"), domain="nokey.example"),
            f"dkim permerror nokey.example, dmarc fail {own} (by mailgate)",
        ),
        "forged": (plain("forged", more=f"{BORDER}{FAR}{FORGED}"), f"dmarc fail {own} (by mailgate)"),
        "border": (
            plain("border", more=f"{FORGED}{BORDER}{FAR}"), f"dmarc pass {own} (by mx.example.org)",
        ),
        "listed": (
            arcworld.seal(plain("listed"), 1, "lists.example", LISTED),
            f"dmarc pass {own}, arc pass lists.example (by mailgate)",
        ),
        "sealed": (
            arcworld.seal(plain("sealed"), 1, "stranger.example", LISTED),
            f"dmarc fail {own}, arc pass stranger.example (by mailgate)",
        ),
        "broken": (
            arcworld.seal(plain("broken"), 1, "lists.example", LISTED).replace(b"is broken", b"is whole"),
            f"dmarc fail {own}, arc fail lists.example (by mailgate)",
        ),
    }  # fmt: skip


@pytest.fixture(scope="module")
def checking(tmp_path_factory):
    """Run a gateway that checks all it can, and believes one border and one list."""
    checks = {
        "dkim": True, "dmarc": "strict", "arc": True, "trusted_arc_sealers": ["lists.example"],
        "trusted_authserv_ids": ["mx.example.org"],
    }  # fmt: skip
    with world(tmp_path_factory.mktemp("keys"), **checks) as one:
        yield one


def test_d6_what_comes_in_is_checked(checking):
    """Aligned, foreign, missing, changed, expired, forged; border, list, stranger: as facts, to rules, in the log."""
    folders = {"aligned": "Known", "border": "Misled", "listed": "List"}
    mails = incoming()
    for raw, _ in mails.values():
        checking.send(raw)
    for name, (_, said) in mails.items():
        assert checking.verified(name) == said, name
        # What our own border writes may be looked at by a rule, what a stranger writes below it may not.
        assert checking.delivery(name)["folder"] == folders.get(name, ""), name
    with urlopen(f"http://127.0.0.1:{checking.gateway.http_port}/metrics") as answer:
        text = answer.read().decode()
    assert re.search(r'authentication_results_total\{method="dmarc",result="fail"\} [1-9]', text)
    assert re.search(r'authentication_results_total\{method="arc",result="pass"\} [1-9]', text)


def test_d6_who_fails_dmarc_joins_no_ticket(checking):
    """The number in the subject counts for the customer's own mail; in a forged one it is a claim."""
    checking.send(dkimkit.sign(mail("first", subject="chair")))
    ticket = checking.delivery("first")["ticket_id"]
    checking.send(dkimkit.sign(mail("own", subject=f"Re: [#{ticket}] chair")))
    checking.send(mail("stolen", subject=f"Re: [#{ticket}] chair"))
    assert checking.delivery("own")["ticket_id"] == ticket
    assert checking.delivery("stolen")["ticket_id"] == ticket + 1


def test_d6_a_gateway_with_a_broken_key_does_not_start(tmp_path):
    """It says which line of the settings is wrong, instead of sending mail that nobody trusts."""
    with peers.short_folder("mg-dkim-") as folder:
        from gatewayrun import Gateway

        one = Gateway(folder, peers.free_port(), peers.free_port())
        tables = keys(folder, "rsa")
        (folder / "rsa.pem").write_text("rubbish")
        one.write({"dkim": tables})
        done = one.command("run", check=False)
    assert done.returncode == 78
    assert "dkim[1].key: there is no private key" in done.stderr
