"""Service times and workflows, by real LMTP and real commands: T9, N4, and W6's workflow to start."""

import contextlib
import http.server
import json
import smtplib
import sqlite3
import threading
import urllib.request
from datetime import datetime, timedelta

import peers
import pytest
from gatewayrun import gateway as run_gateway

SUPPORT, ANNA = "support@desk.example", "anna@customer.example"
BUSINESS = """
[[queue]]
name = "support"
address = "support@desk.example"

[[agent]]
name = "sue"
address = "sue@desk.example.net"
queues = ["support"]

[[priority]]
name = "normal"

[[priority]]
name = "high"
reaction = "2h"
warning = "1h"
execution = "8h"

[[address]]
address = "support@desk.example"
queue = "support"
script = "support"

[[template]]
name = "too-late"
subject = "{{ ticket.number }} is late"
text = "{{ salutation }}, your {{ ticket.priority }} request waits. We are sorry."

[[workflow]]
name = "escalate"
event = "alarm"
when = ["new is execution late"]

[[workflow.action]]
do = "add"
field = "tags"
value = "late"

[[workflow.action]]
do = "mail"
to = ["contact", "boss@boss.example"]
template = "too-late"

[[workflow.action]]
do = "webhook"
target = "pager"

[[workflow]]
name = "welcome"
event = "started"

[[workflow.action]]
do = "assign"
agent = "sue"

[[workflow.action]]
do = "follow_up"
after = "2d"
text = "call them"

[[workflow]]
name = "nag"
event = "time every 1h"
when = ["status.kind is open", "agent is empty"]

[[workflow.action]]
do = "note"
text = "Nobody has this."
"""
SCRIPT = """require ["vnd.mailgate.ticket"];
if header :contains "Subject" "contract" { ticket :queue "support" :priority "normal" :workflow "welcome"; stop; }
ticket :queue "support" :priority "high";
"""
TIMES = {
    "ticket": ("created_at", "touched_at", "reaction_due", "warning_due", "execution_due", "alarm_at", "reacted_at"),
    "session": ("opened_at", "last_at"),
    "entry": ("at",),
    "remembered": ("until",),
}  # fmt: skip


def send(gateway, number: int, subject: str = "My printer") -> str:
    text = (
        f"From: Anna <{ANNA}>\r\nSubject: {subject}\r\nMessage-ID: <{number}@customer.example>\r\n\r\nHi\r\n"
    )
    with smtplib.LMTP("127.0.0.1", gateway.port, local_hostname="client.example") as client:
        client.ehlo_or_helo_if_needed()
        client.mail(ANNA)
        client.rcpt(SUPPORT)
        code, said = client.data(text.encode())
    assert code == 250, said
    return said.decode()


def pass_hours(gateway, hours: int) -> None:
    """Let everything in the database be so much older, and let what is due happen."""
    with contextlib.closing(sqlite3.connect(gateway.state / "mailgate.sqlite", timeout=60)) as base, base:
        for table, columns in TIMES.items():
            for column in columns:
                base.execute(
                    f"UPDATE {table} SET {column} = {column} - {hours * 3_600_000} WHERE {column} > 0"
                )
    gateway.command("priority", "run-alarms")


def alarms(gateway) -> dict[str, int]:
    return {row["alarm"]: row["tickets"] for row in gateway.json("priority", "alarms")}


def changes(gateway, number: str, field: str) -> list[tuple[str, str, str]]:
    entries = gateway.json("ticket", "show", number)["entries"]
    return [(e["author"], e["old"], e["new"]) for e in entries if e["field"] == field]


@pytest.fixture
def pager():
    """Listen for what webhooks are told."""
    told: list[dict] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], told
    server.shutdown()
    server.server_close()


@pytest.fixture
def house(pager):
    """Run a gateway with this file's business and one webhook."""
    port, _told = pager
    hook = {"kind": "webhook", "url": f"http://127.0.0.1:{port}/", "private": True}
    settings = {"targets": {"pager": hook}}
    with run_gateway(settings, {"business.toml": BUSINESS, "support.sieve": SCRIPT}) as gateway:
        yield gateway


def test_t9_service_times(house):
    """Reaction late, execution due soon, execution late: shown, counted, told, and gone with what was due."""
    send(house, 1)
    ticket = house.json("ticket", "show", "T-1")
    opened, reaction, execution = (
        datetime.fromisoformat(ticket[key]) for key in ("created_at", "reaction_due", "execution_due")
    )
    assert (reaction - opened, execution - opened) == (timedelta(hours=2), timedelta(hours=8))
    pass_hours(house, 2)
    assert alarms(house) == {"execution late": 0, "reaction late": 1, "execution due soon": 0}
    assert changes(house, "T-1", "alarm") == [("service times", "", "reaction late")]
    house.command("ticket", "reply", "T-1", "--as", "sue", "Is it plugged in?")
    assert alarms(house)["reaction late"] == 0
    pass_hours(house, 5)
    assert alarms(house)["execution due soon"] == 1
    metrics = urllib.request.urlopen(f"http://127.0.0.1:{house.http_port}/metrics").read().decode()
    assert 'mailgate_tickets_alarmed{alarm="execution due soon"} 1.0' in metrics
    pass_hours(house, 1)
    assert [new for _, _, new in changes(house, "T-1", "alarm")] == [
        "reaction late", "", "execution due soon", "execution late",
    ]  # fmt: skip
    told = [one for one in house.json("queue", "list") if one["rule"] == "service times"]
    assert {one["to_address"] for one in told} == {"sue@desk.example.net"}
    assert len(told) == 3
    house.command("ticket", "close", "T-1", "--as", "sue")
    assert set(alarms(house).values()) == {0}


def test_n4_workflows(house, pager):
    """An alarm mails contact and boss and tells a web address, at once; each run is in the history."""
    _port, told = pager
    send(house, 1)
    tried = house.command("workflow", "test", "escalate", "--ticket", "T-1", "--new", "execution late").stdout
    assert "it would do:\n  add late to tags\n  mail too-late to contact, boss@boss.example" in tried
    pass_hours(house, 8)
    ticket = house.json("ticket", "show", "T-1")
    assert "late" in ticket["tags"]
    notes = [
        e["text"] for e in ticket["entries"] if e["author"] == "workflow escalate" and e["kind"] == "note"
    ]
    assert notes == [
        "on alarm execution late:\nadd late to tags\nmail too-late to contact, boss@boss.example\ntell webhook pager"
    ]
    sent = {
        one["to_address"]: one for one in house.json("queue", "list") if one["rule"] == "workflow escalate"
    }
    assert set(sent) == {ANNA, "boss@boss.example"}
    assert sent[ANNA]["mail_kind"] == "answer"
    peers.wait_until(lambda: bool(told), "the pager is told", 30)
    assert (told[0]["workflow"], told[0]["new"], told[0]["ticket"]["number"]) == (
        "escalate",
        "execution late",
        "T-1",
    )
    house.command("workflow", "disable", "escalate", "--take-over")
    send(house, 2, "Another one")
    pass_hours(house, 8)
    assert house.json("ticket", "show", "T-2")["tags"] in ("", [])


def test_w6_workflow_to_start(house):
    """A rule opens a ticket with a workflow, which runs in the same moment: assigned, with a reminder."""
    send(house, 1, "My contract")
    ticket = house.json("ticket", "show", "T-1")
    assert (ticket["agent"], ticket["workflow"]) == ("sue", "welcome")
    (note,) = [e["text"] for e in ticket["entries"] if e["kind"] == "note"]
    assert note == "on created:\nassign to sue\nremind the agent after 2d"
    assert [one["note"] for one in ticket["follow_ups"]] == ["call them"]
    metrics = urllib.request.urlopen(f"http://127.0.0.1:{house.http_port}/metrics").read().decode()
    assert 'mailgate_workflow_runs_total{workflow="welcome"} 1.0' in metrics


def test_n4_workflows_by_the_clock(house):
    """Every hour, each open ticket that nobody has, once."""
    send(house, 1)
    house.command("workflow", "run-timed")
    pass_hours(house, 1)
    assert house.command("workflow", "run-timed").stdout == "nag: 1 tickets\n"
    assert "no workflow was due" in house.command("workflow", "run-timed").stdout
    notes = [e["text"] for e in house.json("ticket", "show", "T-1")["entries"]]
    assert notes.count("Nobody has this.") == 1
