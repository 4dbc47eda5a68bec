"""Mails as rules have edited them (RFC 5293, RFC 5703): kept beside the mail that came, which stays as it is.

Most edits change a few fields of the header: so a row holds the beginning that differs and where in the
received mail the rest starts. Equal editions of one mail are one row.
"""

import hashlib
from mmap import mmap
from typing import Final

from peewee import SQL

from mailgate.domain.envelope import Octets
from mailgate.errors import HouseFault
from mailgate.store.application import Application
from mailgate.store.blobs import Blobs, open_buffer
from mailgate.store.connection import Connection
from mailgate.store.models.mail import Edition

# How much is compared at a time from the end on.
PIECE: Final = 64 * 1024


def shared_tail(original: bytes | mmap, edited: bytes) -> int:
    """Return where in the original the rest starts that the edited mail ends with, at the start of a line."""
    a, b = len(original), len(edited)
    while a and b:
        n = min(PIECE, a, b)
        one, other = original[a - n : a], edited[b - n : b]
        if one != other:
            same = next(k for k in range(n) if one[n - 1 - k] != other[n - 1 - k])
            a -= same
            break
        a, b = a - n, b - n
    if a == 0 or original[a - 1 : a] == b"\n":
        return a
    line = original.find(b"\n", a)
    return line + 1 if line >= 0 else len(original)


def keep_edition(app: Application, edited: bytes) -> int:
    """Return the id of the row for these octets of the mail in hand, written if it is new."""
    known = app.editions.get(edited)
    if known is not None:
        return known
    tx = app.tx
    original = open_buffer(app.letter.received.octets)
    tail = shared_tail(original, edited)
    head = edited[: len(edited) - (len(original) - tail)]
    digest = hashlib.sha256(head).digest()
    row = tx.query(
        Edition.select(Edition.id).where(
            (Edition.message_id == app.message_id) & (Edition.sha256 == digest) & (Edition.tail == tail)
        )
    ).fetchone()
    if row is not None:
        edition_id = int(row[0])
    else:
        edition_id = tx.allocate("edition")
        kept = app.blobs.adopt(Octets(len(head), digest, data=head)) if app.blobs is not None else None
        inline = kept is None or kept.data is not None
        tx.query(
            Edition.insert(
                id=edition_id,
                message_id=app.message_id,
                sha256=digest,
                size=len(edited),
                tail=tail,
                stored="inline" if inline else "file",
                octets=head if inline else b"",
            )
        )
    app.editions[edited] = edition_id
    return edition_id


def edition(connection: Connection, blobs: Blobs, edition_id: int) -> tuple[bytes, int]:
    """Return the beginning of an edited mail, and where in the received mail its rest starts; HouseFault."""
    sql, values = (
        Edition.select(Edition.sha256, Edition.tail, Edition.stored, Edition.octets)
        .where(Edition.id == edition_id)
        .sql()
    )
    row = connection.execute(sql, tuple(values)).fetchone()
    if row is None:
        raise HouseFault(f"the edited mail {edition_id} is not in the store")
    digest, tail, stored, octets = row
    return (bytes(blobs.load(bytes(digest))[:]) if stored == "file" else bytes(octets)), int(tail)


def is_named(connection: Connection, digest: bytes) -> bool:
    """Whether a row names a blob of this digest (for the sweep)."""
    query = Edition.select(Edition.id).where((Edition.sha256 == digest) & (Edition.stored == SQL("'file'")))
    sql, values = query.limit(1).sql()
    return connection.execute(sql, tuple(values)).fetchone() is not None
