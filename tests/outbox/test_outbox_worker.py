"""The worker: every row is carried out once, nothing is lost, and nobody waits for somebody else's target."""

import asyncio
import email
import sqlite3
from datetime import timedelta

import pytest
from outboxkit import MAIL, Plain, until

from mailgate.domain.target import Failed, Retry, Sent
from mailgate.errors import HouseFault
from mailgate.store import outbox_rows
from mailgate.targets.maildir import MaildirOptions, MaildirTarget

FIELDS = (
    b"Received: by desk.example.org (mailgate) with LMTP id 01T1;\r\n Mon, 02 Mar 2026 09:00:00 +0000\r\n"
)


def test_a_delivery_reaches_its_target(outbox):
    """The job carries the received octets behind our Received field, without the Return-Path that came in."""
    row = outbox.add_deliver(folder="Lists", flags="\\Seen", make_folder=1)
    box, reports = Plain(), []
    outbox.work(outbox.settled(), {"box": box}, reports=reports)
    assert outbox.states() == {row: "sent"}
    (job,) = box.jobs
    assert (job.kind, job.to_address, job.envelope_from) == ("deliver", "ann@example.net", "s@example.org")
    assert (job.folder, job.flags, job.create_folder) == ("Lists", ("\\Seen",), True)
    assert box.octets == [FIELDS + b"Subject: hello\r\n\r\nbody\r\n"]
    assert [(r.row.id, r.state, r.reply, r.alarm) for r in reports] == [(row, "sent", "250 ok", False)]
    assert outbox.row(row, "last_reply", "attempts") == ("250 ok", 1)


def test_a_redirect_goes_to_the_relay_with_its_mark(outbox):
    """The next system's owner is told for whom we had the mail, so that it can't circle."""
    outbox.add_redirect("else@example.net", envelope_from="")
    relay = Plain()
    outbox.work(outbox.settled(), relay=relay)
    (job,) = relay.jobs
    assert (job.kind, job.to_address, job.envelope_from) == ("redirect", "else@example.net", "")
    assert relay.octets == [
        b"X-Mailgate-Delivered: support@example.org\r\n" + FIELDS + b"Subject: hello\r\n\r\nbody\r\n"
    ]


def test_a_draft_is_composed_when_it_is_sent(outbox):
    """The mail's Date is when it was ordered, its Message-ID the same on every try."""
    row = outbox.add_send()
    relay = Plain(answer=lambda job: Retry("451 later") if not relay.jobs[1:] else Sent("250 ok"))
    outbox.work(outbox.settled(), relay=relay)
    outbox.writer._clock.move(minutes=2)
    outbox.work(lambda: outbox.states()[row] == "sent", relay=relay)
    first, second = relay.octets
    assert first == second
    mail = email.message_from_bytes(first)
    assert mail["Date"] == "Mon, 02 Mar 2026 09:00:00 +0000"
    assert mail["Message-ID"].startswith(f"<mg.{row}.")
    assert mail["Message-ID"].endswith("@desk.example.org>")


def test_a_large_mail_is_read_from_its_file(outbox, tmp_path):
    """A mail in the blob folder is delivered like one in the database."""
    import hashlib

    octets = b"Subject: big\r\n\r\n" + b"x\r\n" * 100_000
    digest = hashlib.sha256(octets).digest()
    place = outbox.store.blobs.path(digest)
    place.parent.mkdir(parents=True)
    place.write_bytes(octets)
    row = outbox.add_deliver()
    outbox.write(
        lambda tx: tx.execute("UPDATE message SET stored='file', size=?, sha256=?", (len(octets), digest))
    )
    box = Plain()
    outbox.work(outbox.settled(), {"box": box})
    assert outbox.states() == {row: "sent"}
    assert box.octets == [FIELDS + octets]


@pytest.mark.parametrize(("kind", "state"), [("deliver", "held"), ("redirect", "held"), ("send", "given_up")])
def test_what_is_refused_for_good_is_kept_and_alarmed(outbox, kind, state):
    """Never bounced, never dropped: the row stays with the reason, and somebody is told."""
    row = getattr(outbox, f"add_{kind}")()
    target, reports = Plain(answer=lambda job: Failed("550 5.1.1 no such user")), []
    outbox.work(outbox.settled(), {"box": target}, target, reports)
    assert outbox.row(row, "state", "reason", "last_reply") == (
        state, "refused: 550 5.1.1 no such user", "550 5.1.1 no such user",
    )  # fmt: skip
    assert [r.alarm for r in reports] == [True]


def test_a_target_that_is_down_keeps_the_mail_until_it_is_back(outbox, clock):
    """The row waits by the schedule and is delivered in the end."""
    row = outbox.add_deliver()
    box = Plain(answer=lambda job: Retry("connection refused"))
    outbox.work(outbox.settled(), {"box": box})
    assert outbox.row(row, "state", "attempts", "reason") == ("waiting", 1, "connection refused")
    assert outbox.row(row, "due")[0] - outbox.row(row, "created_at")[0] == 60_000
    box.answer = lambda job: Sent("250 ok")
    clock.move(seconds=59)
    outbox.work(lambda: True, {"box": box})
    assert outbox.states()[row] == "waiting"
    clock.move(seconds=2)
    outbox.work(lambda: outbox.states()[row] == "sent", {"box": box})
    assert [job.repeated for job in box.jobs] == [False, True]
    assert box.jobs[0].name == box.jobs[1].name


def test_after_the_last_try_a_delivery_is_held(outbox):
    """Five days in vain: for a person to decide."""
    row = outbox.add_deliver(attempts=35)
    outbox.work(lambda: outbox.states()[row] == "held", {"box": Plain(answer=lambda job: Retry("451 later"))})
    assert outbox.row(row, "reason") == ("tried 36 times in vain: 451 later",)


def test_a_slow_target_delays_nobody_else(outbox):
    """While one target says nothing, the other one's mails are delivered."""
    slow_row = outbox.add_deliver("slow")
    quick = [outbox.add_deliver("quick") for _ in range(30)]

    async def run():
        slow, fast = Plain(), Plain()
        slow.gate = asyncio.Event()
        worker = outbox.worker({"slow": slow, "quick": fast})
        task = asyncio.create_task(worker.run())
        await until(outbox.settled(*quick))
        states = outbox.states()
        slow.gate.set()
        worker.stop()
        await task
        return states

    states = asyncio.run(run())
    assert states[slow_row] == "leased"
    assert all(states[row] == "sent" for row in quick)
    assert outbox.states()[slow_row] == "sent"


def test_a_backlog_for_one_target_does_not_fill_all_hands(outbox):
    """More rows than a lane has room for go back for a while, untried, and others get their turn."""
    blocked = [outbox.add_deliver("slow") for _ in range(60)]
    quick = outbox.add_deliver("quick")

    async def run():
        slow, fast = Plain(batch=1, parallel=1), Plain()
        slow.gate = asyncio.Event()
        worker = outbox.worker({"slow": slow, "quick": fast}, batch=5, in_hand=20, lane_room=5, slow_s=0.05)
        task = asyncio.create_task(worker.run())
        await until(outbox.settled(quick))
        slow.gate.set()
        worker.stop()
        await task

    asyncio.run(run())
    assert outbox.states()[quick] == "sent"
    put_off = [row for row in blocked if outbox.row(row, "due")[0] > outbox.row(row, "created_at")[0]]
    assert put_off
    assert {outbox.row(row, "state", "attempts") for row in put_off} == {("waiting", 0)}


def test_batches_keep_to_what_the_target_takes(outbox):
    """Never more at once, nor larger, than the target says."""
    for _ in range(40):
        outbox.add_deliver()
    sizes = []

    class Counting(Plain):
        async def deliver(self, jobs):
            sizes.append(len(jobs))
            return await super().deliver(jobs)

    box = Counting(parallel=3, batch=4)
    outbox.work(outbox.settled(), {"box": box})
    assert max(sizes) <= 4
    assert box.most <= 3
    assert set(outbox.states().values()) == {"sent"}


def test_a_wake_up_is_heard_at_once(outbox):
    """A row that is written while the worker sleeps is sent as soon as it is woken, not at the next due time."""

    async def run():
        relay = Plain()
        worker = outbox.worker(relay=relay)
        task = asyncio.create_task(worker.run())
        await asyncio.sleep(0.05)
        row = await asyncio.to_thread(outbox.add_send)
        worker.wake()
        await until(lambda: outbox.states()[row] == "sent")
        worker.stop()
        await task

    asyncio.run(run())


def test_a_row_is_tried_again_when_it_is_due(outbox, clock):
    """The worker sleeps until the next due time by itself."""
    outbox.add_send(due=outbox_rows.millis(clock.now + timedelta(milliseconds=30)))
    relay = Plain()

    async def run():
        worker = outbox.worker(relay=relay)
        task = asyncio.create_task(worker.run())
        await asyncio.sleep(0.01)
        clock.move(seconds=1)
        await until(lambda: relay.jobs)
        worker.stop()
        await task

    asyncio.run(run())
    assert set(outbox.states().values()) == {"sent"}


def test_rows_of_one_ticket_leave_in_their_order(outbox):
    """A later answer never overtakes an earlier one, although several batches may run at once."""
    rows = [outbox.add_send(subject=str(n), ticket_id=7) for n in range(5)]
    relay = Plain(parallel=4)
    outbox.work(lambda: set(outbox.states().values()) == {"sent"}, relay=relay)
    assert [job.outbox_id for job in relay.jobs] == rows


def test_an_unknown_target_keeps_the_mail(outbox):
    """A target that is no longer in the settings is a reason to wait, with a sentence."""
    row = outbox.add_deliver("gone")
    outbox.work(outbox.settled())
    assert outbox.row(row, "state", "reason") == ("waiting", "there is no target 'gone' in the settings")


def test_an_address_that_nothing_can_be_sent_to_is_no_job(outbox):
    """Such a mail of ours ends with its reason and never reaches the relay."""
    row = outbox.add_send(to_address="no mailbox\r\nx")
    relay = Plain()
    outbox.work(outbox.settled(), relay=relay)
    assert outbox.row(row, "state")[0] == "given_up"
    assert relay.jobs == []


def test_one_bad_row_never_stops_the_next(outbox):
    """A draft that can't be read waits, the mail behind it is sent."""
    bad = outbox.add("send", to_address="ann@example.net", draft=b"{broken")
    good = outbox.add_send()
    outbox.work(outbox.settled())
    assert outbox.row(bad, "state")[0] == "waiting"
    assert outbox.row(bad, "reason")[0].startswith("local problem")
    assert outbox.states()[good] == "sent"


def test_a_target_that_raises_keeps_its_mails(outbox):
    """A mistake in a target is not the mail's end."""

    class Broken(Plain):
        async def deliver(self, jobs):
            raise ZeroDivisionError

    row = outbox.add_deliver()
    outbox.work(outbox.settled(), {"box": Broken()})
    assert outbox.row(row, "state", "reason") == ("waiting", "local problem: ZeroDivisionError")


def test_a_mail_that_is_gone_is_held(outbox):
    """A row without its mail is a thing for a person, not a reason to try for ever."""
    row = outbox.add("deliver", target="box", message_id=99, to_address="a@example.net")
    outbox.work(outbox.settled(), {"box": Plain()})
    assert outbox.row(row, "state", "reason") == ("held", "refused: mail 99 is not in the store")


def test_a_dead_workers_rows_are_taken_over_when_its_lease_ends(outbox, clock, tmp_path):
    """Killed after the delivery and before the record: the second worker finds the mail where it is."""
    row = outbox.add_deliver()
    box = tmp_path / "box"
    outbox.write(lambda tx: outbox_rows.claim(tx, "dead", tx.now, 10, 60))
    clock.move(seconds=1)

    async def deliver_and_die():
        target = MaildirTarget(MaildirOptions(str(box)))
        other = Plain()
        rows = await asyncio.to_thread(lambda: outbox.ask("SELECT * FROM outbox"))
        worker = outbox.worker({"box": target}, owner="dead")
        made = worker._loader.jobs([outbox_rows.OutboxRow._make(r) for r in rows], clock.now)
        await target.deliver(made)
        worker._loader.close()
        worker._reader.shutdown()
        await target.close()
        return other

    asyncio.run(deliver_and_die())
    assert len(list((box / "new").iterdir())) == 1
    clock.move(seconds=61)

    async def take_over():
        target = MaildirTarget(MaildirOptions(str(box)))
        worker = outbox.worker({"box": target}, owner="w2")
        task = asyncio.create_task(worker.run())
        await until(lambda: outbox.states()[row] == "sent")
        worker.stop()
        await task
        await target.close()

    asyncio.run(take_over())
    assert len(list((box / "new").iterdir())) == 1
    assert outbox.row(row, "last_reply") == ("stored in INBOX, by an earlier try",)


def test_work_that_was_due_for_longer_than_a_lease_counts_as_repeated(outbox, clock):
    """Another process may have died on it, although this one began earlier than the row."""

    async def run():
        box = Plain()
        worker = outbox.worker({"box": box}, lease_s=60)
        clock.move(seconds=1)
        await asyncio.to_thread(outbox.add_deliver)
        await asyncio.to_thread(outbox.write, lambda tx: outbox_rows.claim(tx, "dead", tx.now, 10, 60))
        clock.move(seconds=61)
        fresh = await asyncio.to_thread(outbox.add_deliver)
        task = asyncio.create_task(worker.run())
        await until(outbox.settled())
        worker.stop()
        await task
        return {job.outbox_id == fresh: job.repeated for job in box.jobs}

    assert asyncio.run(run()) == {False: True, True: False}


def test_leases_are_prolonged_while_work_lasts(outbox, clock):
    """A delivery that takes longer than the lease stays ours."""
    row = outbox.add_deliver()

    async def run():
        box = Plain()
        box.gate = asyncio.Event()
        worker = outbox.worker({"box": box}, lease_s=0.06)
        task = asyncio.create_task(worker.run())
        await until(lambda: box.running)
        first = outbox.row(row, "lease_until")[0]
        clock.move(milliseconds=50)
        await until(lambda: outbox.row(row, "lease_until")[0] != first)
        box.gate.set()
        worker.stop()
        await task

    asyncio.run(run())
    assert outbox.states()[row] == "sent"


def test_a_stop_finishes_what_is_under_way_and_gives_the_rest_back(outbox):
    """One batch is delivered and recorded, what was not begun waits again, untried; the target gets no more."""
    rows = [outbox.add_deliver() for _ in range(10)]

    async def run():
        box = Plain(parallel=1, batch=2)
        box.gate = asyncio.Event()
        worker = outbox.worker({"box": box})
        task = asyncio.create_task(worker.run())
        await until(lambda: box.running)
        worker.stop()
        await asyncio.sleep(0.01)
        assert not task.done()
        box.gate.set()
        await task
        assert worker.in_hand == 0

    asyncio.run(run())
    states = [outbox.row(row, "state", "attempts") for row in rows]
    assert states == [("sent", 1)] * 2 + [("waiting", 0)] * 8


def test_a_stop_does_not_wait_for_ever(outbox):
    """What does not end in time is cut off; its row comes again when the lease ends."""
    row = outbox.add_deliver()

    async def run():
        box = Plain()
        box.gate = asyncio.Event()
        worker = outbox.worker({"box": box}, stop_s=0.05)
        task = asyncio.create_task(worker.run())
        await until(lambda: box.running)
        worker.stop()
        await task

    asyncio.run(run())
    assert outbox.states()[row] == "leased"


def test_outcomes_survive_a_database_that_fails(outbox, monkeypatch):
    """What was sent is recorded as soon as that is possible again, and not sent twice."""
    from mailgate.outbox import settling

    real, failures = outbox_rows.settle, [HouseFault(), sqlite3.OperationalError("locked"), HouseFault()]

    def settle(tx, results):
        if failures:
            raise failures.pop()
        return real(tx, results)

    monkeypatch.setattr(settling, "settle", settle)
    monkeypatch.setattr(settling, "FIRST_WAIT_S", 0.001)
    row, relay = outbox.add_send(), Plain()
    outbox.work(lambda: outbox.states()[row] == "sent", relay=relay)
    assert len(relay.jobs) == 1
    assert failures == []


def test_a_worker_whose_database_fails_goes_on_when_it_is_back(outbox, monkeypatch):
    """A failing claim is logged and tried again."""
    from mailgate.outbox import worker as worker_file

    real, failures = outbox_rows.claim, [HouseFault()]

    def claim(*arguments):
        if failures:
            raise failures.pop()
        return real(*arguments)

    monkeypatch.setattr(worker_file, "claim", claim)
    monkeypatch.setattr(worker_file, "IDLE_FIRST_S", 0.001)
    row = outbox.add_send()
    outbox.work(lambda: outbox.states()[row] == "sent")


def test_two_workers_share_the_work(outbox):
    """On one database, each row is sent by one of them."""
    rows = [outbox.add_send(f"r{n}@example.net") for n in range(60)]
    relay = Plain()

    async def run():
        workers = [outbox.worker(relay=relay, owner=name, batch=7) for name in ("a", "b")]
        tasks = [asyncio.create_task(worker.run()) for worker in workers]
        await until(lambda: set(outbox.states().values()) == {"sent"})
        for worker in workers:
            worker.stop()
        await asyncio.gather(*tasks)

    asyncio.run(run())
    assert sorted(job.outbox_id for job in relay.jobs) == rows


def test_a_mail_to_several_places_is_read_once(outbox):
    """Rows of one mail share its octets, so a target may send them in one transaction."""
    message_id, delivery_id = outbox.add_mail(MAIL)
    for n in range(3):
        outbox.add(
            "deliver",
            target="box",
            message_id=message_id,
            delivery_id=delivery_id,
            to_address=f"r{n}@x.example",
        )
    box = Plain(parallel=1)
    outbox.work(outbox.settled(), {"box": box})
    assert len({id(job.content) for job in box.jobs}) == 1


def test_a_target_that_is_away_is_not_asked_for_every_mail(outbox, clock):
    """One try finds nobody there; what comes meanwhile waits untried, and goes out once somebody is back."""
    first = outbox.add_deliver()
    away = Plain(answer=lambda job: Retry("connection refused", away=True))
    later: list[int] = []

    async def run():
        worker = outbox.worker({"box": away})
        task = asyncio.create_task(worker.run())
        await until(outbox.settled(first))
        later.extend([await asyncio.to_thread(outbox.add_deliver) for _ in range(5)])
        worker.wake()
        await until(
            lambda: all(outbox.row(one, "due")[0] > outbox.row(one, "created_at")[0] for one in later)
        )
        worker.stop()
        await task

    asyncio.run(run())
    assert [job.outbox_id for job in away.jobs] == [first]
    assert {outbox.row(one, "state", "attempts") for one in later} == {("waiting", 0)}
    clock.move(seconds=3600)
    back = Plain()
    outbox.work(lambda: set(outbox.states().values()) == {"sent"}, {"box": back})
    assert len(back.jobs) == 6


def test_while_the_relay_is_away_nothing_for_it_is_due(outbox, clock):
    """What waits in the database is postponed with one statement, and new mail is told until when."""
    away, told = Plain(answer=lambda job: Retry("connection refused", away=True)), []
    rows = [outbox.add_send(f"ann{n}@example.net") for n in range(150)]

    async def run():
        worker = outbox.worker(relay=away, batch=10)
        task = asyncio.create_task(worker.run())
        await until(lambda: not outbox.ask("SELECT 1 FROM outbox WHERE due <= created_at"))
        worker.stop()
        await task
        told.append(worker.relay_rests_until)

    asyncio.run(run())
    assert told[0] > outbox.writer._clock()
    assert len(away.jobs) < len(rows)
    assert set(outbox.states().values()) == {"waiting"}
    clock.move(seconds=3600)
    outbox.work(lambda: set(outbox.states().values()) == {"sent"}, relay=Plain())
