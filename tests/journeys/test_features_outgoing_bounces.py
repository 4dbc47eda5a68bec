"""Bounces and machine answers, by real LMTP and a real Postfix: tied, told, counted, set aside (MAIL.md 3)."""

import contextlib
import json
import smtplib
import sqlite3
import sys
from pathlib import Path

import peers
import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from gatewayrun import gateway as run_gateway

sys.path.insert(0, str(Path(__file__).parents[1] / "bounces"))
from bouncecorpus import OURS, RECIPIENT, forms

from mailgate.cli._main import cli

SUPPORT = "support@desk.example"
GONE, GONE_TOO, ANNA = "gone@customer.example", "gone-too@customer.example", "anna@customer.example"
BUSINESS = {
    "business.toml": f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
[[template]]
name = "received"
subject = "Received: {{{{ mail.subject }}}}"
text = "We have got it."
[[agent]]
name = "sue"
address = "sue@desk.example"
queues = ["support"]
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "support"
""",
    "support.sieve": """require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];
ticket :queue "support" :assign "sue";
if header :contains "Subject" "answer me" { reply :template "received"; }
""",
}


class There:
    """The mail server of customer.example, where two people are unknown."""

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802  aiosmtpd's name
        if address in {GONE, GONE_TOO}:
            return "550 5.1.1 User unknown"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 known"

    async def handle_DATA(self, _server, _session, _envelope):  # noqa: N802  aiosmtpd's name
        return "250 2.0.0 taken"


@contextlib.contextmanager
def _running(controller):
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def world():
    """Run a gateway that sends through a real Postfix, which finds two people of customer.example unknown."""
    if why := peers.absent("postfix"):
        pytest.skip(why)
    port = peers.free_port()
    there = Controller(There(), hostname="127.0.0.1", port=peers.free_port())
    # Like a relay that takes all and hears later that somebody is not there.
    main = {
        "transport_maps": f"inline:{{ {{ desk.example = lmtp:inet:127.0.0.1:{port} }} }}",
        "default_transport": f"smtp:[127.0.0.1]:{there.port}",
    }
    with _running(there), peers.postfix(main=main) as server:
        relay = {"relay": {"host": "127.0.0.1", "port": server.port, "tls": "none"}}
        own = {"listener": [{"name": "tcp", "kind": "lmtp", "address": f"tcp:127.0.0.1:{port}"}]}
        with run_gateway({**relay, **own}, BUSINESS) as gateway:
            yield gateway, port


def do(world, *arguments: str) -> str:
    """Run a command here and not in a process of its own; return what it says."""
    result = CliRunner().invoke(cli, ["--config", str(world[0].config), *arguments], catch_exceptions=False)
    assert result.exit_code == 0, f"{arguments}: {result.output}"
    return result.output


def rows(world, sql: str, *values: object) -> list[tuple]:
    """Ask the database."""
    database = world[0].state / "mailgate.sqlite"
    with contextlib.closing(sqlite3.connect(database, timeout=10)) as connection:
        return connection.execute(sql, values).fetchall()


def deliver(world, sender: str, octets: bytes, to: str = SUPPORT) -> str:
    """Hand a mail to the gateway by LMTP; return what it said."""
    with smtplib.LMTP("127.0.0.1", world[1], local_hostname="client.example") as client:
        client.ehlo_or_helo_if_needed()
        client.mail(sender)
        client.rcpt(to)
        code, said = client.data(octets)
    assert code == 250, said
    return said.decode()


def person(world, author: str, subject: str, number: str) -> str:
    """Let somebody write; return the number of the ticket."""
    octets = f"From: <{author}>\r\nTo: <{SUPPORT}>\r\nSubject: {subject}\r\nMessage-ID: <{number}@c.example>\r\n\r\nHello\r\n"
    return deliver(world, author, octets.encode()).partition("ticket=")[2].split()[0]


def bounces(world, number: str) -> list[tuple[str, dict]]:
    """Return text and report of the bounces in a ticket."""
    sql = "SELECT text, report FROM entry WHERE ticket_id = ? AND kind = 'bounce' ORDER BY id"
    return [(text, json.loads(report or "{}")) for text, report in rows(world, sql, int(number[2:]))]


def answer(world, number: str) -> str:
    """Let an agent answer; return the Message-ID of what left, once it has left."""
    do(world, "ticket", "reply", number, "We have looked at it.")
    sql = "SELECT msgid FROM outbox WHERE ticket_id = ? AND state = 'sent' ORDER BY id"
    count = len(rows(world, "SELECT id FROM outbox WHERE ticket_id = ?", int(number[2:])))
    peers.wait_until(lambda: len(rows(world, sql, int(number[2:]))) == count, "the answer has left")
    return rows(world, sql, int(number[2:]))[-1][0]


def bounced(world, number: str) -> None:
    """Answer somebody whose mail comes back, and wait for the report."""
    before = len(bounces(world, number))
    answer(world, number)
    peers.wait_until(lambda: len(bounces(world, number)) == before + 1, "the report comes back")


def test_a_real_bounce_is_tied_to_its_ticket_and_says_why(world):
    """Postfix takes an agent's answer, can't deliver it, and its report stands in the ticket in plain words."""
    number = person(world, GONE, "printer", "real-1")
    bounced(world, number)
    text, report = bounces(world, number)[0]
    assert text.startswith(f"Not delivered to {GONE}: no such mailbox (5.1.1).")
    assert (report["kind"], report["recipient"], report["status"]) == ("delivery", GONE, "5.1.1")
    assert report["hard"] is True
    assert f"hard delivery report about {GONE}" in do(world, "ticket", "show", number)


def test_an_address_is_failing_after_the_second_hard_bounce_until_somebody_clears_it(world):
    """One bounce is only counted; two hold automatic answers back; the command shows it and takes it back."""
    number = person(world, GONE_TOO, "first", "fail-1")
    for count in (1, 2):
        bounced(world, number)
        assert (GONE_TOO in do(world, "contact", "failing", "list")) is (count == 2)
    assert json.loads(do(world, "contact", "failing", "list", "--json"))[0]["bounces"] == 2
    person(world, GONE_TOO, "answer me", "fail-2")
    why = "SELECT reason FROM suppression WHERE to_address = ?"
    assert rows(world, why, GONE_TOO) == [("failing-address",)]
    assert do(world, "contact", "failing", "clear", GONE_TOO) == f"{GONE_TOO}: what came back is forgotten\n"
    person(world, GONE_TOO, "answer me please", "fail-3")
    assert rows(world, why, GONE_TOO) == [("failing-address",)]
    again = CliRunner().invoke(
        cli, ["--config", str(world[0].config), "contact", "failing", "clear", GONE_TOO]
    )
    assert again.exit_code == 1
    assert "mailgate contact failing list --all" in again.output


def test_a_report_about_nothing_of_ours_is_set_aside_with_its_reason(world):
    """Backscatter of every form opens no ticket, marks nobody, and lies in the folder with why."""
    sql = "SELECT COUNT(*), MAX(last_at) FROM failing_address"
    before = rows(world, sql)
    for form in forms():
        if form.mail_class == "bounce":
            assert "folder=Aside" in deliver(world, "", form.octets), form.name
    assert rows(world, sql) == before
    told = do(world, "log", "<qmail@there.example>")
    assert "set aside" in told
    assert "has no tie to a mail of ours: Not delivered to bob@example.net: no such mailbox (5.1.1)" in told


def test_every_form_is_tied_to_the_mail_that_it_returns(world):
    """An answer comes back in every form that returns its Message-ID, and each stands in the ticket."""
    number = person(world, ANNA, "forms", "forms-1")
    ours = answer(world, number)
    chosen = [form for form in forms() if form.mail_class == "bounce" and form.has_id]
    for form in chosen:
        said = deliver(world, "", form.octets.replace(OURS.encode(), ours.encode()))
        assert f"ticket={number}" in said, (form.name, said)
    assert len(bounces(world, number)) == len(chosen)


def test_an_automatic_answer_joins_its_ticket_and_untied_ones_are_set_aside(world):
    """Every form of an automatic answer: with a tie an entry, without one in the folder; never a ticket."""
    number = person(world, ANNA, "vacation", "vac-1")
    ours = answer(world, number)
    for form in forms():
        if form.mail_class == "automatic":
            assert "folder=Aside" in deliver(world, RECIPIENT, form.octets), form.name
            tied = deliver(world, RECIPIENT, form.octets.replace(OURS.encode(), ours.encode()))
            assert not form.has_id or f"ticket={number}" in tied, form.name
    kinds = rows(world, "SELECT DISTINCT kind FROM entry WHERE ticket_id = ?", int(number[2:]))
    assert ("automatic",) in kinds
