"""Refusal of network file systems: SQLite's locks and our fsyncs are promises that they do not keep."""

from pathlib import Path
from typing import Final

# From the names in /proc/self/mountinfo. With these, fsync or fcntl locks end at another machine's cache, two
# machines can hold the same lock, and SQLite's shared memory does not work at all.
NETWORK: Final = frozenset({
    "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs",
    "lustre", "gfs2", "ocfs2", "ncpfs", "coda", "davfs", "beegfs", "orangefs", "fuse.sshfs",
    "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.davfs2", "fuse.curlftpfs",
    "fuse.nfs", "fuse.smbnetfs", "fuse.gcsfuse", "fuse.goofys", "virtiofs",
})  # fmt: skip


def unescape(field: str) -> str:
    r"""Undo the octal escapes (`\040`) of one mountinfo field."""
    head, *rest = field.split("\\")
    return head + "".join(
        chr(int(part[:3], 8)) + part[3:] if part[:3].isdigit() else "\\" + part for part in rest
    )


def file_system(path: Path, mountinfo: str) -> tuple[str, str]:
    """Return (mount point, type) of the file system that holds the path; ("/", "") where nothing is known.

    `path` must be absolute and without symbolic links; later mounts hide earlier ones at the same place.
    """
    best, kind = Path("/"), ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:  # noqa: PLR2004  proc(5): the mount point is field 5
            continue
        point = Path(unescape(fields[4]))
        if path.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, after.split(" ", 1)[0]
    return str(best), kind


def network_reason(path: Path, mountinfo: str | None = None) -> str:
    """Return why nothing of ours may lie at this path, or "" where it may."""
    if mountinfo is None:
        source = Path("/proc/self/mountinfo")
        mountinfo = source.read_text("utf-8", "surrogateescape") if source.exists() else ""
    point, kind = file_system(path.resolve(), mountinfo)
    if kind not in NETWORK:
        return ""
    return (
        f"{path} lies on a network file system ({kind}, mounted at {point}): "
        "file locks and fsync cannot be relied on there; use a local disk, or PostgreSQL for the database"
    )
