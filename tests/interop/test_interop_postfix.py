"""The real Postfix in front and behind, wired exactly as conf/postfix/ and docs/postfix.md say."""

import contextlib
import email
import email.policy
import smtplib
import sqlite3
from pathlib import Path

import peers
import pytest
from lmtpsink import lmtp_sink

CONF = Path(__file__).parents[2] / "conf" / "postfix"
MAILS = 500
DESK = ("anna@desk.example.org", "bert@desk.example.org", "later@desk.example.org")

BUSINESS = {
    "business.toml": """
[[queue]]
name = "support"
address = "support@desk.example.org"

[[template]]
name = "received"
subject = "Received: {{ mail.subject }}"
text = "We have opened ticket {{ ticket.number }}."

[[address]]
address = "support@desk.example.org"
script = "support"
queue = "support"

[[address]]
address = "anna@desk.example.org"

[[address]]
address = "bert@desk.example.org"

[[address]]
address = "later@desk.example.org"
""",
    "support.sieve": """
require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];
ticket :queue "support";
reply :template "received";
""",
}


def shipped_main_cf() -> dict[str, str]:
    """Return the settings of conf/postfix/main.cf."""
    lines = [
        line for line in (CONF / "main.cf").read_text().splitlines() if line and not line.startswith("#")
    ]
    return {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}


def shipped_master_cf() -> str:
    """Return the service of conf/postfix/master.cf."""
    text = (CONF / "master.cf").read_text()
    return "\n".join(line for line in text.splitlines() if line and not line.startswith("#"))


def mail(number: int, to: str, subject: str = "printer") -> bytes:
    """Return a mail as a mail program makes it."""
    return (
        f"From: Anna <anna{number}@customer.test>\r\nTo: <{to}>\r\nSubject: {subject} {number}\r\n"
        f"Date: Mon, 23 Nov 2026 10:11:09 +0000\r\nMessage-ID: <{number}@customer.test>\r\n\r\nIt is broken.\r\n"
    ).encode()


@pytest.fixture
def house(postfix_instance, gateway):
    """Start a Postfix with our files and, at its private socket, a gateway that sends through the same Postfix."""

    def start(main=None, settings=None):
        server = postfix_instance(
            main={
                **shipped_main_cf(),
                "default_transport": "lmtp:unix:{spool}/private/sink",
                "address_verify_poll_delay": "1s",
                "address_verify_poll_count": "10",
                **(main or {}),
            },
            master=[shipped_master_cf()],
        )
        socket = server.spool / "private" / "mailgate-lmtp"
        gate = gateway(
            {
                "listener": [{"name": "postfix", "address": f"unix:{socket}", "mode": "0666"}],
                "relay": {"host": "127.0.0.1", "port": server.port, "tls": "none"},
                **(settings or {}),
            },
            BUSINESS,
        )
        return server, gate

    return start


def rows(gate, sql: str) -> list[tuple]:
    """Ask the gateway's database, only reading."""
    uri = f"file:{gate.state / 'mailgate.sqlite'}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        return connection.execute(sql).fetchall()


def change(gate, sql: str) -> None:
    """Change the gateway's database from outside, as a person with a shell could."""
    with contextlib.closing(sqlite3.connect(gate.state / "mailgate.sqlite", timeout=60)) as connection:
        connection.execute(sql)
        connection.commit()


@pytest.mark.peer("postfix")
@pytest.mark.slow
@pytest.mark.alone
def test_every_recipient_gets_every_mail_exactly_once(house):
    """Of 500 mails with 3 recipients, one of them deferred for a while, every recipient gets each once and none bounces."""
    server, gate = house(settings={"limits": {"tries": 100}})
    change(
        gate,
        "CREATE TRIGGER not_yet BEFORE INSERT ON delivery WHEN NEW.recipient = 'later@desk.example.org' "
        "BEGIN SELECT RAISE(ABORT, 'not yet'); END",
    )
    with smtplib.SMTP("127.0.0.1", server.port, timeout=peers.HANG_GUARD_S) as client:
        for number in range(MAILS):
            client.sendmail(f"anna{number}@customer.test", list(DESK), mail(number, DESK[0]))
    others = "SELECT count(*) FROM delivery WHERE recipient <> 'later@desk.example.org'"
    peers.wait_until(lambda: rows(gate, others) == [(2 * MAILS,)], "the others are delivered", 240)
    assert {r["address"] for m in server.queued() for r in m["recipients"]} == {"later@desk.example.org"}
    change(gate, "DROP TRIGGER not_yet")
    server.flush()
    peers.wait_until(lambda: not server.queued(), "Postfix's queue is empty", 240)
    counts = rows(
        gate,
        "SELECT recipient, count(*), count(DISTINCT msgid) FROM delivery JOIN message ON message.id = message_id "
        "GROUP BY recipient ORDER BY recipient",
    )
    assert counts == [(address, MAILS, MAILS) for address in DESK]
    assert "status=bounced" not in server.log()
    assert f"to=<{DESK[2]}>" in server.log()
    assert "status=deferred" in server.log()


@pytest.mark.peer("postfix")
def test_an_answer_goes_out_through_postfix(house):
    """A mail to support@ opens a ticket, and its automatic answer leaves through the real Postfix to the sender alone."""
    server, gate = house()
    with lmtp_sink(server.spool / "private" / "sink") as sink:
        server.send("anna1@customer.test", ["support@desk.example.org"], mail(1, "support@desk.example.org"))
        peers.wait_until(
            lambda: sink.mails and not server.queued(), f"the answer\n{server.log()}\n{gate.log()}"
        )
    ((sender, recipients, octets),) = sink.mails
    answer = email.message_from_bytes(octets, policy=email.policy.default)
    assert recipients == ["anna1@customer.test"]
    assert sender in {"", "<>", None}
    assert answer["Auto-Submitted"].startswith("auto-replied")
    assert answer["In-Reply-To"] == "<1@customer.test>"
    assert answer["Subject"] == "Received: printer 1"


@pytest.mark.peer("postfix")
def test_both_logs_can_be_searched_by_queue_id_and_ticket(house):
    """Postfix's log names our ticket, and our log names Postfix's queue id."""
    server, gate = house()
    server.send("anna1@customer.test", ["support@desk.example.org"], mail(1, "support@desk.example.org"))
    peers.wait_until(lambda: "status=sent (250 2.0.0" in server.log(), f"delivery\n{server.log()}")
    line = next(line for line in server.log().splitlines() if "to=<support@desk.example.org>" in line)
    queue_id = line.split("]: ", 1)[1].split(":", 1)[0]
    assert "ticket=T-" in line
    peers.wait_until(lambda: f"qid={queue_id} " in gate.log(), f"our line\n{gate.log()}")


@pytest.mark.peer("postfix")
def test_postfix_refuses_an_unknown_address_while_the_client_is_there(house):
    """A stranger's mail to an unknown address gets 550 from Postfix, which asked us; a known one is taken; nothing is created."""
    server, gate = house(main={"mynetworks": "192.0.2.0/24"})
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        server.send("anna1@customer.test", ["nobody@desk.example.org"], mail(1, "nobody@desk.example.org"))
    assert refused.value.recipients["nobody@desk.example.org"][0] == 550
    assert rows(gate, "SELECT count(*) FROM delivery") == [(0,)]
    assert (
        server.send("anna1@customer.test", ["anna@desk.example.org"], mail(1, "anna@desk.example.org")) == {}
    )
    peers.wait_until(lambda: rows(gate, "SELECT count(*) FROM delivery") == [(1,)], "delivery")


@pytest.mark.peer("postfix")
def test_mail_waits_in_postfix_while_the_gateway_is_stopped(house):
    """While mailgate is down Postfix keeps the mail, and delivers it when mailgate is back."""
    server, gate = house()
    gate.stop()
    server.send("anna1@customer.test", ["anna@desk.example.org"], mail(1, "anna@desk.example.org"))
    peers.wait_until(lambda: "status=deferred" in server.log(), f"deferral\n{server.log()}")
    gate.start()
    server.flush()
    peers.wait_until(lambda: not server.queued(), f"delivery\n{server.log()}")
    assert rows(gate, "SELECT count(*) FROM delivery") == [(1,)]
