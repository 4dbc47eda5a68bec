"""When a mail of ours is given up, what follows is in the same transaction, and never stops the outcome."""

import asyncio
import logging

from outboxkit import Plain, until

from mailgate.domain.target import Failed, Retry
from mailgate.errors import HouseFault


def run(outbox, relay, follows, done):
    """Run a worker that tells `follows` of what is given up."""

    async def work():
        worker = outbox.worker(relay=relay)
        worker._settler._given_up = follows
        task = asyncio.create_task(worker.run())
        await until(done)
        worker.stop()
        await task

    asyncio.run(work())


def test_what_follows_is_written_with_the_outcome(outbox):
    """The row as it was claimed and the refusal are handed over, once; the others are nobody's business."""
    row = outbox.add_send("gone@example.net", ticket_id=7)
    outbox.add_send("ann@example.net")
    outbox.add_redirect("gone@example.net")
    told = []

    def follows(tx, ended):
        told.append((ended.row.id, ended.row.ticket_id, ended.outcome))
        tx.execute("UPDATE outbox SET rule = 'told' WHERE id = ?", (ended.row.id,))

    refusal = Failed("550 5.1.1 nobody", recipient=True)
    relay = Plain(answer=lambda job: refusal if job.to_address.startswith("gone") else Plain().answer(job))
    run(outbox, relay, follows, outbox.settled())
    assert told == [(row, 7, refusal)]
    assert outbox.row(row, "state", "rule") == ("given_up", "told")


def test_a_failure_of_what_follows_keeps_the_outcome(outbox, caplog):
    """Nothing of it is kept, the row is given up all the same, and the log says what went wrong."""
    row = outbox.add_send(attempts=35)

    def follows(tx, ended):
        tx.execute("UPDATE outbox SET rule = 'told'")
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR, "mailgate.outbox"):
        later = Plain(answer=lambda job: Retry("451 later"))
        run(outbox, later, follows, lambda: outbox.states()[row] == "given_up")
    assert outbox.row(row, "state", "rule") == ("given_up", "")
    assert f"outbox row {row} was given up, and what follows failed" in caplog.text


def test_trouble_of_the_database_is_tried_again_as_a_whole(outbox):
    """Neither is recorded without the other."""
    row = outbox.add_send()
    tries = []

    def follows(tx, ended):
        tries.append(ended.row.id)
        if len(tries) == 1:
            raise HouseFault

    run(outbox, Plain(answer=lambda job: Failed("550 no")), follows, outbox.settled(row))
    assert tries == [row, row]
