"""What the tests need of a mail: a protocol which a host's view satisfies, the envelope, a plain mail.

`PlainMessage` is the implementation for use without a host.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from mmap import mmap
from typing import Protocol

from sieve_like.address import Address
from sieve_like.mime import PlainPart

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
    in. `notify`, `orcpt`, `ret` and `envid` are the parameters of RFC 3461 4, xtext decoded; `by_time` (with
    a zone), `by_mode` ("notify" or "return") and `by_trace` those of RFC 2852. "" and None: not given.
    """

    sender: str
    recipient: str
    original_recipient: str = ""
    auth: str = ""
    notify: str = ""
    orcpt: str = ""
    ret: str = ""
    envid: str = ""
    by_time: datetime | None = None
    by_mode: str = ""
    by_trace: bool = False

    @property
    def to(self) -> str:
        """Return the recipient as the sender wrote it."""
        return self.original_recipient or self.recipient


class PlainMessage:
    """A mail in memory for use without a host: read when it is asked for something; never raises.

    Unfolding removes the line end (RFC 5322 2.2.3); a tab at the start of the next line becomes a blank.
    """

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self._root: PlainPart | None = None

    @property
    def root(self) -> PlainPart:
        """The mail as a part."""
        if self._root is None:
            self._root = PlainPart(self.octets, (0, len(self.octets)))
        return self._root

    @property
    def size(self) -> int:
        """The number of octets."""
        return len(self.octets)

    def edited(self, octets: bytes) -> "PlainMessage":
        """Return another mail with these octets."""
        return PlainMessage(octets)

    def header(self, name: str) -> Sequence[bytes]:
        """Return the values of a field: unfolded, trimmed, not decoded."""
        return self.root.header(name)

    def text(self, name: str) -> Sequence[str]:
        """Return the values of a field, decoded; octets that are no UTF-8 become replacement characters."""
        return self.root.text(name)

    def addresses(self, name: str) -> Sequence[Address]:
        """Return the addresses of a field."""
        return self.root.addresses(name)
