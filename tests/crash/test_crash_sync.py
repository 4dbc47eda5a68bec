"""The system calls of the real gateway: all is synced before each 250, and the proof can fail."""

import asyncio
from pathlib import Path

import crashhouse
import pytest
import synctrace
from crashclient import Client, mail

pytestmark = [pytest.mark.peer("strace"), pytest.mark.alone]

LARGE = 3 * crashhouse.INLINE_MAX
# No answers and no target: every write to the log belongs to a mail, none to the outbox.
RECIPIENTS = ("shop@house.example",)
SIZES = (600, LARGE, 600, 600, LARGE, LARGE)


def load(door) -> Client:
    """Send mails one after the other; each is told 250."""
    client = Client(door, iter(()))
    for number, size in enumerate(SIZES):
        one = mail(number, size)
        one.recipients = RECIPIENTS
        client.waiting.append(one)
        client.all.append(one)
    asyncio.run(client.run(1))
    assert [one.sender for one in client.all if one.owed] == []
    return client


def traced(house: crashhouse.House, **composition) -> synctrace.Disk:
    """Watch a gateway of this composition while mails come in, and examine its system calls."""
    pid = house.start(**composition)
    asyncio.run(Client(house.door, iter(())).run(1))  # it greets, so it is complete
    calls = house.gateway.folder / "calls"
    with synctrace.watching([pid], calls):
        load(house.door)
    assert house.stop() == 0
    with calls.open(encoding="ascii", errors="replace") as lines:
        return synctrace.examine(lines, house.gateway.state)


@pytest.fixture
def house():
    """Build one without a maildir's work."""
    with crashhouse.house() as built:
        yield built


@pytest.mark.parametrize("processes", [0, 1])
def test_everything_is_synced_before_each_250(gateway, processes):
    """`mailgate run`: the database's log, each large mail's file, its folder, and a new folder's parent.

    Where clients have a process of their own, it says the 250 and the other one syncs: one trace has both.
    """
    settings = {
        "database": {"inline_max": crashhouse.INLINE_MAX},
        "targets": {"maildir": {"kind": "maildir", "path": "/nowhere/{local}"}},
        "instance": {"intake_processes": processes},
    }
    one = gateway(settings, crashhouse.BUSINESS)
    calls = one.folder / "calls"
    pid = one.process.pid
    fronts = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    assert len(fronts) == processes
    with synctrace.watching([pid, *fronts], calls):
        client = load(one.socket)
    with calls.open(encoding="ascii", errors="replace") as lines:
        disk = synctrace.examine(lines, one.state)
    assert disk.replies == len(SIZES)
    assert disk.faults == []
    # The trace really shows the log, the three large mails and the folders that they came into.
    large = [m.sha256.hex() for m in client.all if len(m.octets) > crashhouse.INLINE_MAX]
    folders = {str(one.state / "blobs" / name[:2]) for name in large}
    assert disk.seen >= {str(one.state / "mailgate.sqlite-wal"), str(one.state / "blobs"), *folders}


@pytest.mark.parametrize("synchronous", ["off", "normal"])
def test_the_proof_fails_where_commits_are_not_synced(house, synchronous):
    """With `synchronous` turned down nobody syncs the log at a commit; that is said of every reply."""
    disk = traced(house, pragmas={"synchronous": synchronous})
    assert disk.replies == len(SIZES)
    assert disk.faults.count(f"not synced at the 250: {house.gateway.state}/mailgate.sqlite-wal") == len(
        SIZES
    )


@pytest.mark.parametrize(
    ("without", "complaint"),
    [
        ("folder", "not synced at the 250: {state}/blobs/"),
        ("file", "renamed before it was synced: {state}/blobs/"),
    ],
)
def test_the_proof_fails_where_large_mail_is_not_synced(house, without, complaint):
    """Left out one by one: the sync of a large mail's file, and that of its folder."""
    disk = traced(house, without=without)
    wanted = complaint.format(state=house.gateway.state)
    assert len([fault for fault in disk.faults if fault.startswith(wanted)]) >= SIZES.count(LARGE)


def test_the_same_examination_passes_on_the_untouched_composition(house):
    """The tests above differ from this one in what they leave out, and in nothing else."""
    disk = traced(house)
    assert disk.replies == len(SIZES)
    assert disk.faults == []
