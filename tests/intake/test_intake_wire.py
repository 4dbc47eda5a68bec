"""Moments that a network seldom shows: writes that pile up, ends at the wrong time, a spool that fails."""

import asyncio

import intakekit
import pytest
import wire

from mailgate.intake.connection import State

MAIL = (
    b"LHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<%s@here.example>\r\nRCPT TO:<x@here.example>\r\nDATA\r\n"
)


async def nothing_left() -> None:
    """Let the loop run until no other task is left; a task that never ends fails here."""
    for _ in range(wire.ROUNDS):
        if len(asyncio.all_tasks()) == 1:
            await asyncio.sleep(0)  # what waits for the last one's end comes a round later
            return
        await asyncio.sleep(0)
    raise AssertionError(f"left behind: {asyncio.all_tasks()}")


def play(folder, work, **limits) -> None:
    """Run `work(line, house)` on a fresh connection."""

    async def run() -> None:
        house = intakekit.House()
        line = wire.Line(house, intakekit.make_service(folder, house, limits))
        try:
            await work(line, house)
        finally:
            line.end()
            house.gate.set()
            await nothing_left()

    asyncio.run(run())


def test_a_client_that_ends_before_it_reads_gets_its_replies(tmp_path):
    """Commands that wait because replies pile up are answered, although the client has ended its side."""

    async def work(line, house) -> None:
        line.connection.pause_writing()
        await line.chunk(b"NOOP\r\nHELP\r\nQUIT\r\n")
        assert line.connection.eof_received()
        assert line.wire.written.count(b"\n") == 1
        line.connection.resume_writing()
        assert [text[:3] for text in line.wire.written.splitlines()] == [b"220", b"250", b"214", b"221"]
        assert line.wire.closed

    play(tmp_path, work)


def test_commands_of_one_packet_are_answered_with_one_write(tmp_path):
    """RFC 2920 3.2: replies to commands that came together leave together; each write would wake the client."""

    async def work(line, house) -> None:
        await line.chunk(b"LHLO c\r\n")
        before, said = line.wire.writes, len(line.wire.written)
        await line.chunk(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<x@here.example>\r\nDATA\r\n")
        assert line.wire.writes == before + 1
        assert [reply[:3] for reply in line.wire.written[said:].splitlines()] == [b"250", b"250", b"354"]
        await line.chunk(b"a\r\n.\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@here.example>\r\nDATA\r\n")
        await line.until(lambda: line.connection.state is State.DATA)
        assert line.wire.writes == before + 2
        assert line.wire.written.endswith(b"354 end with <CR><LF>.<CR><LF>\r\n")

    play(tmp_path, work)


def test_reading_pauses_while_a_mail_is_stored(tmp_path):
    """What is sent ahead of a mail's replies is bounded: reading stops, and goes on after the replies."""

    async def work(line, house) -> None:
        await line.chunk(MAIL % b"slow" + b".\r\n")
        await line.chunk(b"NOOP\r\n" * 10)
        assert line.wire.reading_paused
        house.gate.set()
        await line.settle()
        assert not line.wire.reading_paused
        assert line.wire.written.count(b"250 2.0.0 ok\r\n") == 10

    play(tmp_path, work, buffer=50)


def test_a_client_that_leaves_while_its_mail_is_stored(tmp_path):
    """Nobody is left to answer, and nothing is said; the mail is stored, and its spool file is gone."""

    async def work(line, house) -> None:
        await line.chunk(MAIL % b"slow" + b"x" * 100 + b"\r\n.\r\n")
        await house.entered.wait()
        said = bytes(line.wire.written)
        line.end()
        house.gate.set()
        await nothing_left()
        assert bytes(line.wire.written) == said
        assert house.contents == [b"x" * 100 + b"\r\n"]
        assert list((tmp_path / "incoming").iterdir()) == []

    play(tmp_path, work, inline_max=10)


def test_a_spool_that_fails_is_said_to_each(tmp_path):
    """Where the spool cannot be written every recipient is deferred, the reason is logged, and the session goes on."""

    async def work(line, house) -> None:
        (tmp_path / "incoming").rmdir()
        await line.chunk(MAIL % b"y" + b"z" * 100 + b"\r\n.\r\n")
        await line.chunk(b"QUIT\r\n")
        replies = line.wire.written.splitlines()[-3:]
        assert [reply[:3] for reply in replies] == [b"451", b"451", b"221"]
        assert house.mails == []
        assert [name for name, _ in house.events] == ["spool_fault"]
        (tmp_path / "incoming").mkdir()

    play(tmp_path, work, inline_max=10)


def test_the_end_of_a_mail_in_single_octets(tmp_path):
    """A mail that comes octet by octet is the same mail."""

    async def work(line, house) -> None:
        for octet in MAIL % b"y" + b"..a\r\n.\n\r\n.\r\nQUIT\r\n":
            await line.chunk(bytes([octet]))
        await line.settle()
        assert house.contents == [b".a\r\n\n\r\n"]
        assert line.wire.written.endswith(b"250 2.0.0 accepted\r\n250 2.0.0 accepted\r\n221 2.0.0 bye\r\n")

    play(tmp_path, work)


@pytest.mark.parametrize("error", [OSError(5, "the disk's own words"), RuntimeError("a bug's own words")])
def test_a_fault_within_a_command_is_a_deferral(tmp_path, error):
    """An exception while a command is carried out is 451 4.3.0 and the end; its text stands in the log alone."""

    async def work(line, house) -> None:
        def broken() -> None:
            raise error

        house.ready = broken
        await line.chunk(b"LHLO c\r\nMAIL FROM:<>\r\nNOOP\r\n")
        assert line.wire.written.splitlines()[-1] == b"451 4.3.0 local problem, try again later"
        assert line.wire.closed
        assert b"own words" not in line.wire.written
        assert [name for name, _ in house.events] == ["intake_bug"]

    play(tmp_path, work)


def test_a_stop_after_the_grace_cuts(tmp_path):
    """What does not end in time is cut; a mail that is being stored then has no reply, and comes again."""

    async def work(line, house) -> None:
        await line.chunk(MAIL % b"slow" + b".\r\n")
        await house.entered.wait()
        line.connection.stop()
        assert line.connection.state is State.BUSY
        line.connection.cut()
        assert line.wire.closed
        said = bytes(line.wire.written)
        house.gate.set()
        await nothing_left()
        assert bytes(line.wire.written) == said

    play(tmp_path, work)


def test_answers_to_auth_end_with_the_client(tmp_path):
    """A client that goes away while it is asked for its password leaves no task behind."""

    async def work(line, house) -> None:
        waiting = asyncio.create_task(line.connection.lines.readline())
        await asyncio.sleep(0)
        assert line.connection.lines.wanted
        line.end()
        with pytest.raises(ConnectionAbortedError):
            await waiting

    play(tmp_path, work)


def test_connections_share_no_limits(tmp_path):
    """What one connection learns about command sizes is no other connection's: the library's own table is one for all."""

    async def work(line, house) -> None:
        other = wire.Line(house, intakekit.make_service(tmp_path, house, {}))
        line.connection.command_size_limits["MAIL"] = 1
        assert other.connection.command_size_limits == {}
        other.end()

    play(tmp_path, work)
