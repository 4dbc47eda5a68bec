"""Group commit: who is told what, and when, whatever goes wrong."""

import contextlib
import os
import sqlite3
import threading
import time

import pytest
from storekit import incoming, keep, rules_for

from mailgate.errors import DiskFull, HouseFault, Overloaded, ShuttingDown
from mailgate.store.checkpoint import FILE_LIMIT
from mailgate.store.db import open_store
from mailgate.store.options import MIB
from mailgate.store.unit import accept_each
from mailgate.store.writer import Writer, WriterLimits

ADD = "INSERT INTO audit (at, who, action, subject, detail) VALUES (1, ?, 'test', '', '')"


def add(who: str):
    def work(tx):
        tx.execute(ADD, (who,))
        return who

    return work


def hold_back(store, clock, **parts) -> Writer:
    """Return a writer that is not started yet, so that what is queued becomes one batch."""
    return Writer(store, clock=clock, **parts)


def names(ask) -> list[str]:
    return [row[0] for row in ask("SELECT who FROM audit ORDER BY id")]


def test_a_batch_is_one_commit(store, clock, ask):
    """What waits together is written together, and each gets its own result."""
    reports = []
    writer = hold_back(store, clock, observe=reports.append)
    futures = [writer.submit(add(f"u{n}"), size=10) for n in range(5)]
    writer.start()
    assert [f.result(30) for f in futures] == [f"u{n}" for n in range(5)]
    assert writer.stop(30)
    assert [(r.count, r.size, r.fault) for r in reports] == [(5, 50, None)]
    assert names(ask) == ["u0", "u1", "u2", "u3", "u4"]


def test_what_happened_is_counted_once_it_is_written(store, clock):
    """Not what a unit that failed has undone, and nothing of a batch that was lost."""

    def counted(tx, word, *, fail=False):
        tx.happened.append(("assignments", word))
        if fail:
            raise ZeroDivisionError

    reports = []
    writer = hold_back(store, clock, observe=reports.append)
    for word, fail in (("a", False), ("b", True), ("c", False)):
        writer.submit(lambda tx, word=word, fail=fail: counted(tx, word, fail=fail))
    writer.start()
    assert writer.stop(30)
    assert [tuple(one.happened) for one in reports] == [(("assignments", "a"), ("assignments", "c"))]


def test_a_failing_unit_leaves_the_others(store, clock, ask):
    """A savepoint rolls back alone; its own error is its result."""

    def broken(tx):
        tx.execute(ADD, ("never",))
        raise ZeroDivisionError("mine alone")

    writer = hold_back(store, clock)
    before, bad, after = writer.submit(add("a")), writer.submit(broken), writer.submit(add("b"))
    writer.start()
    assert (before.result(30), after.result(30)) == ("a", "b")
    with pytest.raises(ZeroDivisionError):
        bad.result(30)
    assert writer.stop(30)
    assert names(ask) == ["a", "b"]


def test_when_the_transaction_is_gone_everybody_hears_later(store, clock, ask):
    """A unit after which SQLite has no transaction any more takes the whole batch with it: nobody is told yes."""

    def ends_it(tx):
        tx.execute(ADD, ("lost",))
        tx.execute("ROLLBACK")
        raise RuntimeError("the transaction is over")

    writer = hold_back(store, clock)
    futures = [writer.submit(add("a")), writer.submit(ends_it), writer.submit(add("b"))]
    writer.start()
    for future in futures:
        with pytest.raises(HouseFault):
            future.result(30)
    assert writer.submit(add("later")).result(30) == "later"
    assert writer.stop(30)
    assert names(ask) == ["later"]


def test_a_transaction_that_ended_silently_is_noticed_at_the_release(store, clock, ask):
    """Even a unit that returns as if nothing had happened cannot hide that its transaction is gone."""
    writer = hold_back(store, clock)
    futures = [writer.submit(add("a")), writer.submit(lambda tx: tx.execute("COMMIT") and None)]
    writer.start()
    for future in futures:
        with pytest.raises(HouseFault):
            future.result(30)
    assert writer.stop(30)


def test_disk_full_in_a_batch_is_452_for_all_of_it(options, clock, ask):
    """SQLITE_FULL anywhere: nothing of the batch is stored, all are told 452, and the next batch works again."""
    store = open_store(options)
    store.close()
    pages = ask("PRAGMA page_count")[0][0]
    limit = {"pages": pages + 4}

    def tighten(point):
        if point == "begin":
            store.connection().execute(f"PRAGMA max_page_count = {limit['pages']}")

    writer = hold_back(store, clock, hooks=tighten)
    big = "x" * MIB
    futures = [writer.submit(add("small")), writer.submit(add(big)), writer.submit(add("other"))]
    writer.start()
    for future in futures:
        with pytest.raises(DiskFull) as caught:
            future.result(30)
        assert (caught.value.reply.code, caught.value.reply.enhanced) == (452, "4.3.1")
    limit["pages"] = pages + 10_000
    assert writer.submit(add("again")).result(30) == "again"
    assert writer.stop(30)
    assert names(ask) == ["again"]


def test_a_locked_database_is_451(store, options, clock, ask):
    """Another process that holds the write lock longer than we wait: 451, and all is well afterwards."""
    other = sqlite3.connect(options.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writer = hold_back(store, clock)
    writer.start()
    with pytest.raises(HouseFault) as caught:
        writer.submit(add("blocked")).result(30)
    assert caught.value.reply.code == 451
    other.execute("ROLLBACK")
    other.close()
    assert writer.submit(add("free")).result(30) == "free"
    assert writer.stop(30)
    assert names(ask) == ["free"]


def test_a_deleted_database_is_451_until_it_is_back(store, options, clock, ask):
    """Commits into a file without a name would be lost: they are refused, and work again when the file is back."""
    writer = hold_back(store, clock)
    writer.start()
    assert writer.submit(add("before")).result(30) == "before"
    aside = options.path.with_suffix(".aside")
    options.path.rename(aside)
    for _ in range(2):
        with pytest.raises(HouseFault):
            writer.submit(add("lost")).result(30)
    assert not options.path.exists()
    aside.rename(options.path)
    assert writer.submit(add("after")).result(30) == "after"
    assert writer.stop(30)
    assert names(ask) == ["before", "after"]


def test_a_database_replaced_in_the_middle_of_a_batch_is_451(store, options, clock):
    """Taken away between BEGIN and COMMIT: the answer still is 451."""

    def replace(point):
        if point == "before-commit" and not aside.exists():
            options.path.rename(aside)
            options.path.write_bytes(b"")

    aside = options.path.with_suffix(".aside")
    writer = hold_back(store, clock, hooks=replace)
    writer.start()
    with pytest.raises(HouseFault):
        writer.submit(add("lost")).result(30)
    assert writer.stop(30)


def test_an_error_in_a_hook_answers_everybody(store, clock):
    """Whatever is raised between BEGIN and COMMIT, no future is left without an answer."""

    def burst(point):
        if point == "before-commit":
            raise RuntimeError("no reason")

    writer = hold_back(store, clock, hooks=burst)
    futures = [writer.submit(add("a")), writer.submit(add("b"))]
    writer.start()
    for future in futures:
        with pytest.raises(HouseFault):
            future.result(30)
    assert writer.stop(30)


def test_the_points_come_in_the_order_of_durability(store, clock):
    """begin, units, before-commit, after-commit, before-reply: no reply before the commit."""
    points = []
    writer = hold_back(store, clock, hooks=points.append)
    futures = [writer.submit(add("a")), writer.submit(add("b"))]
    writer.start()
    for future in futures:
        future.result(30)
    assert writer.stop(30)
    assert points == ["begin", "unit-done", "unit-done", "before-commit", "after-commit", "before-reply"]


def test_the_queue_is_bounded_by_count(store, clock):
    """A full queue says Overloaded (451 4.3.2) at once and loses nothing that it took."""
    writer = hold_back(store, clock, limits=WriterLimits(queue_count=2))
    futures = [writer.submit(add("a")), writer.submit(add("b"))]
    with pytest.raises(Overloaded):
        writer.submit(add("c"))
    writer.start()
    assert [f.result(30) for f in futures] == ["a", "b"]
    assert writer.stop(30)


def test_the_queue_is_bounded_by_octets(store, clock):
    """Octets in memory count, whatever the number of mails."""
    writer = hold_back(store, clock, limits=WriterLimits(queue_bytes=100))
    writer.submit(add("a"), size=60)
    with pytest.raises(Overloaded):
        writer.submit(add("b"), size=60)
    writer.start()
    assert writer.stop(30)


def test_batches_are_bounded_by_count_and_octets(store, clock):
    """A batch ends at its limits; a single large piece of work still is one."""
    reports = []
    limits = WriterLimits(batch_count=3, batch_bytes=100)
    writer = hold_back(store, clock, limits=limits, observe=reports.append)
    for size in (0, 0, 0, 0, 60, 60, 500):
        writer.submit(add("x"), size=size)
    writer.start()
    assert writer.stop(30)
    assert [(r.count, r.size) for r in reports] == [(3, 0), (2, 60), (1, 60), (1, 500)]


def test_stop_writes_what_waits_and_takes_no_more(store, clock, ask):
    """A graceful stop drains the queue; later work is told 421."""
    writer = hold_back(store, clock)
    futures = [writer.submit(add(f"{n}")) for n in range(10)]
    writer.start()
    assert writer.stop(30)
    assert all(f.done() for f in futures)
    with pytest.raises(ShuttingDown):
        writer.submit(add("late"))
    assert len(names(ask)) == 10


def test_concurrent_submits_all_arrive_once(make_writer, ask):
    """Eight threads, two hundred pieces each: every one is stored once and answered with its own result."""
    writer = make_writer(limits=WriterLimits(idle_s=0.01, batch_count=16))
    got = []

    def run(thread):
        for n in range(200):
            name = f"{thread}-{n}"
            got.append(writer.submit(add(name)).result(60) == name)

    threads = [threading.Thread(target=run, args=(t,)) for t in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [True] * 1600
    assert len(set(names(ask))) == 1600


def test_intake_answers_of_a_batch_come_with_one_call(store, clock):
    """The event loop is woken once per batch, not once per mail."""
    calls, answers = [], []

    def hand_back(call):
        calls.append(call)
        call()

    writer = hold_back(store, clock, hand_back=hand_back)
    for n in range(5):
        writer.submit_intake(add(f"{n}"), answers.append)
    writer.start()
    assert writer.stop(30)
    assert answers == ["0", "1", "2", "3", "4"]
    assert len(calls) == 1


def test_a_client_that_fails_to_take_its_answer_stops_nobody(store, clock, ask):
    """An exception in one callback leaves the other answers alone."""
    answers = []

    def broken(_result):
        raise RuntimeError("gone")

    writer = hold_back(store, clock)
    writer.submit_intake(add("a"), broken)
    writer.submit_intake(add("b"), answers.append)
    writer.start()
    assert writer.stop(30)
    assert answers == ["b"]
    assert names(ask) == ["a", "b"]


def test_a_closed_event_loop_stops_nothing(store, clock, ask):
    """When nobody is left to answer, the rows are still written and the writer goes on."""

    def closed(_call):
        raise RuntimeError("Event loop is closed")

    writer = hold_back(store, clock, hand_back=closed)
    writer.submit_intake(add("a"), lambda _result: None)
    writer.start()
    assert writer.submit(add("b")).result(30) == "b"
    assert writer.stop(30)
    assert names(ask) == ["a", "b"]


def test_metrics_that_fail_keep_no_answer_back(store, clock):
    """An observer that raises is logged; the answers go out and the thread lives on."""

    def broken(_report):
        raise RuntimeError("no metrics today")

    writer = hold_back(store, clock, observe=broken)
    assert not writer.alive
    writer.start()
    assert [writer.submit(add(f"{n}")).result(30) for n in range(2)] == ["0", "1"]
    assert writer.alive
    assert writer.stop(30)
    assert not writer.alive


def test_signals_are_heard_after_the_commit(store, clock):
    """Words left in a transaction reach the app; those of an abandoned batch do not."""
    heard, committed = [], []
    fail = {"now": False}

    def hooks(point):
        if point == "after-commit":
            committed.append(point)
        if point == "before-commit" and fail["now"]:
            raise RuntimeError

    def work(tx):
        tx.signals.add("outbox")

    writer = hold_back(
        store, clock, hooks=hooks, on_signals=lambda words: heard.append((words, len(committed)))
    )
    writer.start()
    writer.submit(work).result(30)
    fail["now"] = True
    with pytest.raises(HouseFault):
        writer.submit(work).result(30)
    assert writer.stop(30)
    assert heard == [(frozenset({"outbox"}), 1)]


def test_ids_are_never_given_twice_even_after_a_rollback(store, clock, ask):
    """Numbers of a batch that was stored are followed by new ones; a rolled back savepoint leaves a gap only."""

    def failing(tx):
        tx.allocate("ticket")
        raise ValueError

    writer = hold_back(store, clock)
    first, bad, third = (
        writer.submit(lambda tx: tx.allocate("ticket")),
        writer.submit(failing),
        writer.submit(lambda tx: tx.allocate("ticket")),
    )
    writer.start()
    assert (first.result(30), third.result(30)) == (1, 3)
    with contextlib.suppress(ValueError):
        bad.result(30)
    assert writer.submit(lambda tx: tx.allocate("ticket")).result(30) == 4
    assert writer.stop(30)


def _wait_for(condition) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_log_is_moved_into_the_database_when_idle(make_writer, store, options):
    """After an idle moment the log's content stands in the database, so a start has nothing to replay."""
    before = options.path.stat().st_size
    make_writer().submit(add("x" * 200_000)).result(30)
    _wait_for(lambda: options.path.stat().st_size > before + 150_000)


def test_the_log_stays_bounded_without_any_idle_moment(store, clock):
    """80 MiB written in one go leave a log far smaller than that: it is moved under load too."""
    sizes = []
    limits = WriterLimits(batch_count=1, queue_bytes=1000 * MIB)
    writer = hold_back(
        store, clock, limits=limits, observe=lambda _report: sizes.append(store.backend.log_size())
    )
    for _ in range(80):
        writer.submit(add("x" * MIB), size=MIB)
    writer.start()
    assert writer.stop(60)
    assert 0 < max(sizes) < FILE_LIMIT


def test_a_long_reader_delays_the_log_only_until_it_ends(make_writer, store, options):
    """A reader in the way stops no commit; when it has gone, the log is moved."""
    reader = store.reader()
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM audit").fetchone()
    before = options.path.stat().st_size
    writer = make_writer()
    for _n in range(20):
        writer.submit(add("y" * 50_000)).result(30)
    reader.execute("COMMIT")
    reader.close()
    _wait_for(lambda: options.path.stat().st_size > before + 800_000)


def test_nobody_is_told_yes_whose_mail_is_not_stored(options, store, clock, ask):
    """Mails over a disk that fills up in the middle: the positive replies are exactly the stored deliveries."""
    pages = ask("PRAGMA page_count")[0][0]

    def tighten(point):
        if point == "begin":
            store.connection().execute(f"PRAGMA max_page_count = {pages + 60}")

    writer = hold_back(store, clock, hooks=tighten, limits=WriterLimits(batch_count=7))
    rules = rules_for(keep)
    futures = []
    for n in range(40):
        mail = incoming(b"Subject: x\r\n\r\n" + os.urandom(8000), f"r{n}@example.org", trace_id=f"t{n}")
        futures.append((n, writer.submit(lambda tx, mail=mail: accept_each(tx, mail, rules))))
    writer.start()
    told = set()
    for n, future in futures:
        with contextlib.suppress(DiskFull):
            assert future.result(30)[0].reply.code == 250
            told.add(f"t{n}")
    assert writer.stop(30)
    stored = {
        row[0] for row in ask("SELECT m.trace_id FROM delivery d JOIN message m ON m.id = d.message_id")
    }
    assert told == stored
    assert 0 < len(told) < 40


def test_deciders_that_close_the_transaction_do_not_commit_the_rest(store, clock, ask):
    """A delivery that breaks the transaction tells every recipient of the batch 451, and none is stored."""

    def wreck(mail, route, catalogue, reader, now):
        reader._tx.execute("ROLLBACK")
        raise RuntimeError

    writer = hold_back(store, clock)
    good = writer.submit(lambda tx: accept_each(tx, incoming(b"a\r\n\r\n"), rules_for(keep)))
    bad = writer.submit(lambda tx: accept_each(tx, incoming(b"b\r\n\r\n"), rules_for(wreck)))
    writer.start()
    for future in (good, bad):
        with pytest.raises(HouseFault):
            future.result(30)
    assert writer.stop(30)
    assert ask("SELECT count(*) FROM delivery") == [(0,)]
