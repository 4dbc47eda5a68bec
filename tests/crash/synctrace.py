"""What strace saw, read as the disk would see it: what was not synced when a 250 went out.

A kill cannot show a missing fsync, because the kernel keeps what a dead process wrote; so the system calls
themselves are looked at. Writes make a file dirty, a rename or mkdir its folder; only a sync that began
afterwards and has ended makes them clean. Calls of several threads overlap: a write counts from its beginning, a sync from its end.
"""

import contextlib
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import peers

CALLS = "fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg,rename,renameat,renameat2,mkdir,mkdirat"
LINE = re.compile(r"^(?P<pid>\d+) +(?P<rest>.*)$")
BEGUN = re.compile(r"^(?P<name>\w+)\((?P<arguments>.*)$")
RESUMED = re.compile(r"^<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)$")
DESCRIPTOR = re.compile(r"^\d+<(?P<path>[^>]*)>")
TEXTS = re.compile(r'"((?:[^"\\]|\\.)*)"')
WRITES = frozenset({"write", "writev", "pwrite64", "pwritev", "sendto", "sendmsg"})
SYNCS = frozenset({"fsync", "fdatasync"})
ACCEPTED = "250 2.0.0 accepted"
UNFINISHED = "<unfinished ...>"


@dataclass
class Disk:
    """The state of the files below `root` as far as a power cut would find it."""

    root: str
    dirty: dict[str, int] = field(default_factory=dict)
    written: int = 0
    replies: int = 0
    faults: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def touch(self, path: str) -> None:
        """Note that a file, or a folder's list of names, is not on the disk as it should be."""
        if self._matters(path):
            self.written += 1
            self.dirty[path] = self.written
            self.seen.add(path)

    def _matters(self, path: str) -> bool:
        """Whether a 250 depends on it: the database's log, and all that lies in or comes into the blobs.

        The database file itself is written from the log later; spool files matter once they are renamed.
        """
        return path.startswith(self.root) and (path.endswith("-wal") or "/blobs" in path or "/spool/" in path)

    def synced(self, path: str, since: int) -> None:
        """Note a sync that began when `since` writes had been made."""
        if self.dirty.get(path, since + 1) <= since:
            del self.dirty[path]

    def renamed(self, old: str, new: str) -> None:
        """Move a file; what was dirty stays so, and now its new folder is, too."""
        mark = self.dirty.pop(old, None)
        if mark is not None:
            self.faults.append(f"renamed before it was synced: {new}")
        self.touch(str(Path(new).parent))

    def replied(self) -> None:
        """Judge the moment in which somebody was told 250."""
        self.replies += 1
        self.faults += [
            f"not synced at the 250: {path}" for path in sorted(self.dirty) if "/spool/" not in path
        ]


def calls(lines: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (process, "begun" or "ended", call with arguments) in the order of the trace."""
    open_calls: dict[str, str] = {}
    for line in lines:
        found = LINE.match(line)
        if found is None:
            continue
        pid, rest = found["pid"], found["rest"]
        resumed = RESUMED.match(rest)
        if resumed is not None:
            yield pid, "ended", open_calls.pop(pid, "") + resumed["rest"]
        elif rest.endswith(UNFINISHED):
            open_calls[pid] = rest.removesuffix(UNFINISHED)
            yield pid, "begun", open_calls[pid]
        elif BEGUN.match(rest):
            yield pid, "begun", rest
            yield pid, "ended", rest


def examine(lines: Iterable[str], root: Path) -> Disk:
    """Return what became of the files below `root`, and every 250 that went out too early."""
    disk = Disk(str(root))
    began: dict[str, int] = {}
    for pid, when, call in calls(lines):
        found = BEGUN.match(call)
        if found is None:
            continue
        name, arguments = found["name"], found["arguments"]
        if when == "begun":
            began[pid] = disk.written
            _begun(disk, name, arguments)
        elif call.rstrip().endswith("= 0"):
            _ended(disk, name, arguments, began.get(pid, 0))
    return disk


def _path(arguments: str) -> str:
    found = DESCRIPTOR.match(arguments)
    return found["path"] if found is not None else ""


def _begun(disk: Disk, name: str, arguments: str) -> None:
    if name in WRITES:
        disk.touch(_path(arguments))
        if ACCEPTED in arguments and not _path(arguments).startswith("/"):
            disk.replied()


def _ended(disk: Disk, name: str, arguments: str, since: int) -> None:
    if name in SYNCS:
        disk.synced(_path(arguments), since)
    elif name.startswith("rename"):
        old, new = TEXTS.findall(arguments)[:2]
        disk.renamed(old, new)
    elif name.startswith("mkdir"):
        disk.touch(str(Path(TEXTS.findall(arguments)[0]).parent))


@contextlib.contextmanager
def watching(pids: Sequence[int], into: Path) -> Iterator[None]:
    """Watch processes and all their threads; when this ends, the file holds all calls in their one order."""
    line = ["strace", "-f", "-y", "-s", "256", "-e", f"trace={CALLS}", "-o", str(into)]
    line += [word for pid in pids for word in ("-p", str(pid))]
    with (into.parent / "strace.log").open("wb") as said:
        watcher = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        peers.wait_until(
            lambda: (
                Path(said.name).read_text().count(" attached") >= len(pids)
                and all(_traced(pid, task.name) for pid in pids for task in _tasks(pid))
            ),
            f"strace watches {len(pids)} processes",
        )
        yield
    finally:
        watcher.terminate()
        watcher.wait(timeout=peers.HANG_GUARD_S)


def _tasks(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/task").iterdir())


def _traced(pid: int, task: str) -> bool:
    """Whether somebody traces this thread."""
    try:
        return "TracerPid:\t0" not in Path(f"/proc/{pid}/task/{task}/status").read_text()
    except OSError:
        return True
