"""What the tests need of a mail: a protocol which a host's view satisfies, the envelope, a plain mail.

`PlainMessage` is the implementation for use without a host.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from mmap import mmap
from typing import Final, Protocol

from sieve_like.address import Address, parse_list
from sieve_like.words import decode_words

# A header larger than that is an attack; what lies behind is not looked at. Postfix stops at 100 KiB as well.
HEADER_OCTETS: Final = 1024 * 1024
# A field value longer than that is cut: no test needs more, and decoding is bounded by it.
FIELD_OCTETS: Final = 64 * 1024
END: Final = re.compile(rb"\r?\n\r?\n|\A\r?\n")
FIELD: Final = re.compile(rb"^([!-9;-~]+)[ \t]*:((?:[^\n]|\n(?=[ \t]))*)", re.MULTILINE)
FOLD: Final = re.compile(rb"\r?\n[ \t]")


# Whatever holds octets and can be sliced: a mail in memory, or a mapped file.
Buffer = bytes | bytearray | memoryview | mmap


class AddressLike(Protocol):
    """One address of an address field; an invalid one has only `raw` for certain."""

    @property
    def name(self) -> str:
        """The decoded display name, "" without one."""
        ...

    @property
    def local(self) -> str:
        """The local part without quoting."""
        ...

    @property
    def domain(self) -> str:
        """The domain."""
        ...

    @property
    def address(self) -> str:
        """The address as it is written in an envelope, quoted where it must be."""
        ...

    @property
    def valid(self) -> bool:
        """Whether it could be parsed."""
        ...

    @property
    def raw(self) -> str:
        """The text of the field that it was read from."""
        ...


class PartLike(Protocol):
    """One part of a mail (RFC 2045, 2046): the mail itself, or what stands in a multipart or message/rfc822.

    `start`, `body_start` and `end` are offsets into the octets of the mail: the header is [start, body_start)
    and the body [body_start, end), without the line end that belongs to the boundary.
    """

    start: int
    body_start: int
    end: int

    @property
    def content_type(self) -> str:
        """`type/subtype` in lower case; the default of RFC 2045 5.2 where none is given or it is none."""
        ...

    @property
    def has_type(self) -> bool:
        """Whether a Content-Type field is there at all."""
        ...

    @property
    def params(self) -> Mapping[str, str]:
        """The parameters of Content-Type as text by lower-case name (RFC 2231)."""
        ...

    @property
    def disposition(self) -> str:
        """The word of Content-Disposition in lower case, "" without one."""
        ...

    @property
    def filename(self) -> str:
        """The decoded name that the sender gave the part, "" without one: data, never a path."""
        ...

    @property
    def is_multipart(self) -> bool:
        """Whether the type says multipart; there may still be no children."""
        ...

    @property
    def children(self) -> Sequence["PartLike"]:
        """The parts of a multipart, or the one mail within a message/rfc822; empty for a leaf."""
        ...

    @property
    def preamble(self) -> bytes:
        """What stands before the first boundary of a multipart."""
        ...

    @property
    def epilogue(self) -> bytes:
        """What stands behind the last boundary of a multipart."""
        ...

    def header(self, name: str) -> Sequence[bytes]:
        """Return the values of the part's fields of this name: unfolded, trimmed, not decoded."""
        ...

    def text(self, name: str) -> Sequence[str]:
        """Return the same, decoded (RFC 2047)."""
        ...

    def addresses(self, name: str) -> Sequence[AddressLike]:
        """Return the addresses of all fields of this name in the part's header."""
        ...

    def decoded(self) -> bytes:
        """Return the body without its transfer encoding."""
        ...

    def decoded_text(self, limit: int | None = None) -> str:
        """Return the body as text, fully decoded; with `limit`, about the first that many characters."""
        ...


class Message(Protocol):
    """A mail as the tests see it; field names have no case."""

    @property
    def octets(self) -> Buffer:
        """The octets of the whole mail."""
        ...

    @property
    def root(self) -> PartLike:
        """The mail as a part."""
        ...

    def edited(self, octets: bytes) -> "Message":
        """Return another mail with these octets, seen in the same way: what editing makes of this one."""
        ...

    @property
    def size(self) -> int:
        """The number of octets of the whole mail."""
        ...

    def header(self, name: str) -> Sequence[bytes]:
        """Return the values of all fields of this name: unfolded, trimmed, not decoded."""
        ...

    def text(self, name: str) -> Sequence[str]:
        """Return the values of all fields of this name: unfolded, trimmed, decoded (RFC 2047)."""
        ...

    def addresses(self, name: str) -> Sequence[AddressLike]:
        """Return the addresses of all fields of this name, members of groups among them."""
        ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """The envelope of one delivery: addresses without angle brackets, "" for the null sender.

    `original_recipient` is the recipient before aliases; `envelope "to"` compares it. `auth` is who logged
    in.
    """

    sender: str
    recipient: str
    original_recipient: str = ""
    auth: str = ""

    @property
    def to(self) -> str:
        """Return the recipient as the sender wrote it."""
        return self.original_recipient or self.recipient


class PlainMessage:
    """A mail in memory for use without a host: header fields only, decoded when asked for; never raises.

    Unfolding removes the line end (RFC 5322 2.2.3); a tab at the start of the next line becomes a blank.
    """

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        found = END.search(octets[:HEADER_OCTETS])
        block = octets[: found.start() + 1] if found else octets[:HEADER_OCTETS]
        self._fields: dict[str, list[bytes]] = {}
        for name, value in FIELD.findall(block):
            unfolded = FOLD.sub(b" ", value).strip()[:FIELD_OCTETS]
            self._fields.setdefault(name.decode("ascii").lower(), []).append(unfolded)

    @property
    def size(self) -> int:
        """The number of octets."""
        return len(self.octets)

    def edited(self, octets: bytes) -> "PlainMessage":
        """Return another mail with these octets."""
        return PlainMessage(octets)

    def header(self, name: str) -> Sequence[bytes]:
        """Return the values of a field: unfolded, trimmed, not decoded."""
        return self._fields.get(name.lower(), ())

    def text(self, name: str) -> Sequence[str]:
        """Return the values of a field, decoded; octets that are no UTF-8 become replacement characters."""
        return [decode_words(value.decode("utf-8", "replace")) for value in self.header(name)]

    def addresses(self, name: str) -> Sequence[Address]:
        """Return the addresses of a field."""
        return [one for value in self.header(name) for one in parse_list(value.decode("utf-8", "replace"))]
