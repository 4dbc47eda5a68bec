"""Sockets, their ends, and clients that do not behave: on real sockets of this machine."""

import asyncio
import contextlib
import os
import socket
import stat
from pathlib import Path

import intakekit
import pytest

from mailgate.errors import SettingsError
from mailgate.intake.listen import open_socket

MAIL = b"LHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<%s@here.example>\r\nDATA\r\n%s\r\n.\r\n"


def bind(address, mode=0o600, group=""):
    return open_socket(address, mode=mode, group=group, environment={})


@pytest.fixture
def folder():
    """Make a folder whose path is short enough for a unix socket."""
    with intakekit.short_folder("mg-li-") as path:
        yield path


def test_a_unix_socket_has_its_mode_and_replaces_a_dead_one(folder):
    """A socket file that nobody listens on is left from a killed process: it is replaced, with the mode that was asked for."""
    for mode in (0o660, 0o666):
        with bind(f"unix:{folder}/s", mode=mode) as listening:
            assert stat.S_IMODE((folder / "s").stat().st_mode) == mode
            assert listening.getsockname() == f"{folder}/s"


def test_a_living_socket_is_not_taken_over(folder):
    """Two gateways on one socket would share the mail: the second does not start."""
    with bind(f"unix:{folder}/s") as first:
        first.listen()
        with pytest.raises(SettingsError, match="cannot listen"):
            bind(f"unix:{folder}/s")
        assert (folder / "s").is_socket()


def test_a_port_that_is_taken_is_a_clear_refusal(folder):
    """The complaint names the setting and the reason, and so for a folder that is missing."""
    with bind("tcp:127.0.0.1:0") as first:
        port = first.getsockname()[1]
        with pytest.raises(SettingsError, match=r"listener\.address: cannot listen: Address already in use"):
            bind(f"tcp:127.0.0.1:{port}")
    with pytest.raises(SettingsError, match="No such file or directory"):
        bind(f"unix:{folder}/missing/s")


def test_ipv6_addresses_stand_in_brackets():
    """`tcp:[::1]:PORT` listens on IPv6."""
    if not socket.has_ipv6 or not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    with bind("tcp:[::1]:0") as listening:
        assert listening.getsockname()[0] == "::1"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "other", "LISTEN_PID": "{pid}"},
        {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "lmtp", "LISTEN_PID": "1"},
        {"LISTEN_FDS": "0", "LISTEN_FDNAMES": "lmtp", "LISTEN_PID": "{pid}"},
    ],
)
def test_descriptors_that_are_not_for_us_are_not_taken(environment):
    """A socket counts as handed over only under its name, within the count, and to this very process (sd_listen_fds)."""
    mine = {key: value.format(pid=os.getpid()) for key, value in environment.items()}
    with pytest.raises(SettingsError, match="no socket named lmtp"):
        open_socket("systemd:lmtp", mode=0o600, group="", environment=mine)


async def read_all(reader) -> bytes:
    return await asyncio.wait_for(reader.read(), intakekit.HANG_GUARD_S)


async def gone(place) -> None:
    """Wait until the listener has no connection left."""
    async with asyncio.timeout(intakekit.HANG_GUARD_S):
        while place.listener.connections:  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.005)


def run(work) -> None:
    asyncio.run(work)


@pytest.mark.parametrize("over", ["tcp", "unix"])
def test_many_clients_at_once(folder, over):
    """A hundred clients each get their own replies, and all connections are gone at the end."""

    async def client(place, number: int) -> None:
        reader, writer = await place.connect()
        writer.write(MAIL % (b"n%d" % number, b"x" * number) + b"QUIT\r\n")
        said = await read_all(reader)
        assert said.endswith(b"250 2.0.0 accepted\r\n221 2.0.0 bye\r\n"), said
        writer.close()
        await writer.wait_closed()

    async def work() -> None:
        async with intakekit.listening(folder, over=over) as place:
            await asyncio.gather(*(client(place, number) for number in range(100)))
            await gone(place)
            sizes = {mail.envelope.recipients[0].address: mail.octets.size for mail in place.house.mails}
            assert sizes == {f"n{number}@here.example": number + 2 for number in range(100)}

    run(work())


def test_a_client_that_reads_nothing_is_not_fed_for_ever(folder):
    """While our replies pile up nothing more is read, so memory stays bounded; a client that reads on gets them all."""
    count = 20_000

    async def work() -> None:
        async with intakekit.listening(folder, limits={"session_noops": 10**9}) as place:
            reader, writer = await place.connect()
            client = asyncio.create_task(_send(writer, b"NOOP\r\n" * count))
            async with asyncio.timeout(intakekit.HANG_GUARD_S):
                while not place.listener._connections:  # noqa: ASYNC110  nobody tells
                    await asyncio.sleep(0.005)
            (connection,) = place.listener._connections
            for _ in range(50):
                await asyncio.sleep(0)
                assert len(connection._input) < 1_000_000
                assert connection.transport.get_write_buffer_size() < 2_000_000
            said = b""
            while said.count(b"\n") < count + 1:
                said += await asyncio.wait_for(reader.read(65536), intakekit.HANG_GUARD_S)
            await client
            assert said.count(b"250 2.0.0 ok\r\n") == count
            writer.close()
            await writer.wait_closed()

    run(work())


async def _send(writer, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


def test_last_words_that_nobody_reads_do_not_keep_the_connection(folder):
    """A client that never reads is cut some time after we closed, so that it holds no descriptor."""

    async def work() -> None:
        limits = {"session_noops": 10**9, "command_timeout": 0.3, "linger": 0.2}
        async with intakekit.listening(folder, over="unix", limits=limits) as place:
            with socket.socket(socket.AF_UNIX) as client:
                client.setblocking(False)
                client.connect(str(place.address))
                for _ in range(2000):
                    with contextlib.suppress(BlockingIOError):
                        client.send(b"NOOP\r\n" * 1000)
                    await asyncio.sleep(0)
                await gone(place)

    run(work())


def test_a_client_that_resets_the_connection_leaves_nothing(folder):
    """RST in the middle of a mail that lies in a file: no mail, no file, no connection."""

    async def work() -> None:
        async with intakekit.listening(folder, limits={"inline_max": 10}) as place:
            reader, writer = await place.connect()
            writer.write((MAIL % (b"x", b"y" * 1000))[:-5])
            await reader.readuntil(b"354")
            async with asyncio.timeout(intakekit.HANG_GUARD_S):
                while not place.spooled():  # noqa: ASYNC110  nobody tells
                    await asyncio.sleep(0.005)
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            writer.transport.abort()
            await gone(place)
            assert place.spooled() == []
            assert place.house.mails == []

    run(work())


def test_after_a_stop_nobody_is_let_in(folder):
    """A stopped listener takes no connection, and its clients are gone."""

    async def work() -> None:
        async with intakekit.listening(folder) as place:
            reader, writer = await place.connect()
            await reader.readline()
            await place.listener.stop()
            assert await read_all(reader) == b"421 4.3.2 service shutting down\r\n"
            assert place.listener.connections == 0
            with pytest.raises(ConnectionRefusedError):
                await place.connect()
            writer.close()
            await writer.wait_closed()

    run(work())
