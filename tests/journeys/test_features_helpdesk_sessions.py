"""The helpdesk's switches, sessions and timers, by real LMTP and real commands: G1, G7, G8, G12."""

import contextlib
import json
import smtplib
import sqlite3

import pytest
from gatewayrun import GatewayError
from gatewayrun import gateway as run_gateway
from journeydialogue import _older

SUPPORT, ORDERS, NOBODY = "support@desk.example", "orders@desk.example", "nobody@desk.example"
ANNA = "anna@customer.example"
BUSINESS = {
    "business.toml": f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
[[queue]]
name = "orders"
address = "{ORDERS}"
[[agent]]
name = "sue"
queues = ["support", "orders"]
[[agent]]
name = "ben"
queues = ["orders"]
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "support"
[[address]]
address = "{ORDERS}"
queue = "orders"
script = "orders"
""",
    "support.sieve": """require ["vnd.mailgate.ticket"];
if header :contains "Subject" "order" { ticket :queue "orders"; stop; }
ticket :queue "support";
""",
    "orders.sieve": 'require ["vnd.mailgate.ticket"];\nticket :queue "orders";\n',
}


def send(gateway, number: int, to: str = SUPPORT, *, answers: int = 0, subject: str = "My printer") -> str:
    """Send a mail by LMTP; return the reply of RCPT if that is a refusal, else that of the mail."""
    reference = f"In-Reply-To: <{answers}@customer.example>\r\n" if answers else ""
    text = f"From: Anna <{ANNA}>\r\nSubject: {subject}\r\nMessage-ID: <{number}@customer.example>\r\n{reference}\r\nHi\r\n"
    with smtplib.LMTP("127.0.0.1", gateway.port, local_hostname="client.example") as client:
        client.ehlo_or_helo_if_needed()
        client.mail(ANNA)
        code, said = client.rcpt(to)
        if code == 250:
            code, said = client.data(text.encode())
    return f"{code} {said.decode()}"


def pass_days(gateway, days: int) -> None:
    """Let everything in the database be so much older."""
    with (
        contextlib.closing(sqlite3.connect(gateway.state / "mailgate.sqlite", timeout=60)) as database,
        database,
    ):
        for statement in _older(f"{days} days"):
            database.execute(statement)
        database.execute(
            f"UPDATE session SET closed_at = closed_at - {days * 86_400_000} WHERE closed_at > 0"
        )


def states(gateway, number: str = "T-1") -> list[str]:
    """Return the states of a ticket's sessions, the latest first."""
    return [one["state"] for one in gateway.json("session", "list", "--ticket", number)]


@pytest.mark.parametrize("processes", [0, 1])
def test_g1_channel_switch(processes):
    """A new installation answers 451 for what it knows and says so; one command opens it, all or by queue."""
    settings = {"instance": {"intake_processes": processes}}
    with run_gateway(settings, BUSINESS, channel=False) as gateway:
        assert send(gateway, 1).startswith("451 4.3.2 no mail is taken for this address at the moment")
        assert send(gateway, 1, NOBODY).startswith("550 5.1.1")
        assert gateway.json("status")["channel"].startswith(
            "off: every address answers 451; `mailgate helpdesk set"
        )
        doctor = json.loads(gateway.command("doctor", "--json", check=False).stdout)
        (finding,) = [one for one in doctor if one["check"] == "channel"]
        assert (finding["level"], finding["advice"]) == ("fail", "`mailgate helpdesk set channel on`")

        gateway.command("helpdesk", "set", "channel", "on")
        assert gateway.json("status")["channel"] == "on"
        assert send(gateway, 1).startswith("250 ")
        gateway.command("ticketqueue", "set", "orders", "--disabled", "--take-over")
        assert send(gateway, 2, ORDERS).startswith("451 4.3.2")
        assert send(gateway, 3).startswith("250 ")
        assert gateway.json("status")["channel"] == "on, but for the queues orders"
        gateway.command("ticketqueue", "set", "orders", "--enabled")
        assert send(gateway, 2, ORDERS).startswith("250 ")
        gateway.command("helpdesk", "set", "channel", "off")
        assert send(gateway, 4).startswith("451 4.3.2")


def test_g7_interactions():
    """Queued, answered, moved to another queue, answered by another agent, resolved: shown with who and when."""
    with run_gateway({}, BUSINESS) as gateway:
        assert send(gateway, 1).startswith("250 ")
        gateway.command("ticket", "reply", "T-1", "--as", "sue", "Is it plugged in?")
        gateway.command("ticket", "move", "T-1", "orders", "--as", "sue")
        gateway.command("ticket", "reply", "T-1", "--as", "ben", "A new one is on its way.")
        gateway.command("session", "resolve", "T-1", "--as", "ben")
        found = gateway.json("session", "show", "T-1")
        assert [(one["kind"], one["agent"], one["queue"]) for one in found["interactions"]] == [
            ("queued", "", "support"),
            ("answered", "sue", "support"),
            ("moved to another queue", "sue", "orders"),
            ("answered by another agent", "ben", "orders"),
            ("resolved", "ben", "orders"),
        ]
        said = gateway.command("session", "pause", "T-1", check=False)
        assert said.returncode == 1
        assert (
            "resolved cannot meet 'pause'; what can happen to it: incoming, outgoing, open, close"
            in said.stderr
        )


def test_g8_tickets_for_incoming_mail():
    """Off: mail is taken, recorded and kept, and no ticket is opened; what belongs to a ticket joins it."""
    with run_gateway({}, BUSINESS) as gateway:
        assert "ticket=T-1" in send(gateway, 1)
        gateway.command("helpdesk", "set", "incoming_tickets", "off")
        assert send(gateway, 2).endswith("folder=INBOX")
        assert "ticket=T-1" in send(gateway, 3, answers=1)
        assert [one["number"] for one in gateway.json("ticket", "list")] == ["T-1"]
        assert "what ticket does: off" in gateway.command("log", "<2@customer.example>").stdout
        gateway.command("helpdesk", "unset", "incoming_tickets")
        assert "ticket=T-2" in send(gateway, 4)
        # A rule that wants a ticket in a queue that is off: the mail was taken for another address, and is kept.
        gateway.command("ticketqueue", "set", "orders", "--disabled", "--take-over")
        assert send(gateway, 5, subject="my order").endswith("folder=INBOX")


def run_timers(gateway) -> list[str]:
    """Run the timers by hand, as the gateway does every minute; return what was said."""
    return gateway.command("session", "run-timers").stdout.splitlines()


def test_g12_timers():
    """Active to paused 30, paused to closed 60, resolved to closed 30; each with switch and days of its own."""
    with run_gateway({}, BUSINESS) as gateway:
        for number in (1, 2, 3):
            assert send(gateway, number).startswith("250 ")
        gateway.command("session", "open", "T-1", "--as", "sue")
        gateway.command("session", "pause", "T-2", "--as", "sue", "--reason", "waits for a part")
        gateway.command("session", "resolve", "T-3", "--as", "sue")
        pass_days(gateway, 30)
        assert [one["number"] for one in gateway.json("session", "timers", "--due")] == ["T-3", "T-1"]
        assert run_timers(gateway) == ["resolved_to_closed: 1 session", "active_to_paused: 1 session"]
        assert run_timers(gateway) == ["no session was due"]
        gateway.command("helpdesk", "set", "paused_to_closed", "off")
        pass_days(gateway, 60)
        assert run_timers(gateway) == ["no session was due"]
        gateway.command("helpdesk", "set", "paused_to_closed", "on")
        gateway.command("helpdesk", "set", "paused_to_closed_days", "90")
        assert run_timers(gateway) == ["paused_to_closed: 1 session"]
        assert [states(gateway, f"T-{n}") for n in (1, 2, 3)] == [["paused"], ["closed"], ["closed"]]
        (last,) = [e for e in gateway.json("ticket", "show", "T-2")["entries"] if e["new"] == "closed"]
        assert (last["author"], last["text"]) == (
            "timer paused_to_closed",
            "nothing has happened for 90 days",
        )
        with pytest.raises(GatewayError, match="no whole number from 1 to 1,000"):
            gateway.command("helpdesk", "set", "reopen_days", "1001")


def test_g12_reopening():
    """Within 30 days mail reopens a closed session; later, or with the switch off, the ticket gets a new one."""
    with run_gateway({}, BUSINESS) as gateway:
        assert send(gateway, 1).startswith("250 ")
        gateway.command("session", "close", "T-1")
        pass_days(gateway, 29)
        assert "ticket=T-1" in send(gateway, 2, answers=1)
        assert states(gateway) == ["reopened"]
        gateway.command("session", "close", "T-1")
        pass_days(gateway, 31)
        assert "ticket=T-1" in send(gateway, 3, answers=1)
        assert states(gateway) == ["unopened", "closed"]
        gateway.command("session", "close", "T-1")
        gateway.command("helpdesk", "set", "reopen", "off")
        gateway.command("ticket", "reply", "T-1", "--as", "sue", "One more thing.")
        assert states(gateway) == ["active", "closed", "closed"]
        history = gateway.json("ticket", "show", "T-1")["entries"]
        assert all(entry["text"] for entry in history if entry["field"] == "session")
