"""Digests: gathered in one transaction, counted, sent like any other mail."""

import asyncio
import email

import msgspec
from outboxkit import Plain

from mailgate.domain.draft import Draft
from mailgate.outbox.digests import send_digests


def draft(subject: str, to_address: str) -> bytes:
    return msgspec.json.encode(Draft("desk@example.org", to_address, subject, f"about {subject}\n"))


def add_notice(outbox, subject: str, to_address: str = "agent@example.org") -> int:
    return outbox.add(
        "send",
        state="digest",
        to_address=to_address,
        mail_kind="notice",
        ticket_id=5,
        draft=draft(subject, to_address),
    )


def run(outbox, allow) -> int:
    return asyncio.run(send_digests(outbox.writer, "desk.example.org", allow))


def test_notices_become_one_mail_per_address(outbox):
    """Three notices to one agent and one to another are two mails, and every notice stands in one."""
    gathered = [add_notice(outbox, f"T-{n}") for n in range(3)]
    add_notice(outbox, "T-9", "other@example.org")
    assert run(outbox, lambda tx, address: [("notice-address", address)]) == 2
    relay = Plain()
    outbox.work(lambda: set(outbox.states().values()) == {"sent"}, relay=relay)
    mails = {
        job.to_address: email.message_from_bytes(o) for job, o in zip(relay.jobs, relay.octets, strict=True)
    }
    assert set(mails) == {"agent@example.org", "other@example.org"}
    text = mails["agent@example.org"].get_payload()
    assert all(f"about T-{n}" in text for n in range(3))
    assert mails["agent@example.org"]["Subject"] == "3 notifications"
    assert all(outbox.row(row, "reason")[0].startswith("gathered into") for row in gathered)


def test_a_digest_is_counted(outbox):
    """What the gate wants counted is counted in the same transaction."""
    add_notice(outbox, "T-1")
    run(outbox, lambda tx, address: [("notice-address", address)])
    assert outbox.ask("SELECT DISTINCT scope, key, n FROM gate_count") == [
        ("notice-address", "agent@example.org", 1)
    ]


def test_notices_wait_while_the_budget_is_used_up(outbox):
    """Nothing is lost: they are gathered as soon as the gate allows it."""
    row = add_notice(outbox, "T-1")
    assert run(outbox, lambda tx, address: None) == 0
    assert outbox.states() == {row: "digest"}
    assert run(outbox, lambda tx, address: []) == 1


def test_a_second_run_writes_nothing(outbox):
    """Each notice is gathered once."""
    add_notice(outbox, "T-1")
    run(outbox, lambda tx, address: [])
    assert run(outbox, lambda tx, address: []) == 0
