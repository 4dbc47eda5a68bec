"""The parts of a plain mail, found by offsets (RFC 2045, 2046): what `PlainMessage.root` is.

Nothing here raises, whatever the octets; caps bound what one mail can cost. A multipart's boundary lines
are looked for within its span and its children's within theirs: every octet is searched once per level.
"""

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, a2b_qp
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Final

from sieve_like.address import Address, parse_list
from sieve_like.params import UNFIT, decode_as, first_word, media_type, parse_parameters
from sieve_like.words import decode_words

# A header larger than that is an attack; what lies behind is not looked at. Postfix stops at 100 KiB as well.
HEADER_OCTETS: Final = 1024 * 1024
# Nor are more fields than that: a real mail has some dozens, and each costs more memory than its octets.
FIELDS: Final = 1000
# A field value longer than that is cut: no test needs more, and decoding is bounded by it.
FIELD_OCTETS: Final = 64 * 1024
# Nesting of parts: Postfix stops at 100 (mime_nesting_limit); people's mail stays under 10.
NESTING: Final = 50
# Parts of one mail, the mail itself counted: the largest digests have some hundreds.
PARTS: Final = 1_000
# Lines that begin like a boundary without being one: each costs a look, and real mail has a handful.
NEAR_BOUNDARIES: Final = 100_000

END: Final = re.compile(rb"\n\r?\n")
FIELD: Final = re.compile(rb"^([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.MULTILINE)
FOLD: Final = re.compile(rb"\r?\n[ \t]")
# RFC 2046 5.1.1: behind the boundary perhaps `--` for the last one, blanks, the line end.
TAIL: Final = re.compile(rb"(--)?+[ \t]*+(?:\r?+\n|\r?+\Z)")
NO_BASE64: Final = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)
CONTAINERS: Final = frozenset({"message/rfc822", "message/global", "message/news"})
# RFC 2045 6.4: what is made of parts has one of these, else its parts have no offsets and it stays a leaf.
IDENTITY: Final = frozenset({"", "7bit", "8bit", "binary"})
CR: Final = ord("\r")

Fields = Mapping[bytes, Sequence[bytes]]  # by lower-case name


def unfold(value: bytes) -> bytes:
    """Return a raw value on one line, trimmed and bounded.

    Of a fold the line end goes and the blank or tab behind it is a blank.
    """
    value = value.strip()
    return (FOLD.sub(b" ", value) if b"\n" in value else value)[:FIELD_OCTETS]


def read_fields(octets: bytes, start: int, end: int) -> tuple[Fields, int]:
    """Return the fields of the header that begins at `start`, and where the body begins.

    Values are as they stand. A line that is no field is passed over, and only an empty line ends the header.
    """
    limit = min(end, start + HEADER_OCTETS)
    for ending in (b"\n", b"\r\n"):
        if octets.startswith(ending, start, end):
            return {}, start + len(ending)
    found = END.search(octets, start, limit)
    block = octets[start : found.start() + 1 if found else limit]
    fields: dict[bytes, list[bytes]] = {}
    for match in islice(FIELD.finditer(block), FIELDS):
        fields.setdefault(match[1].lower(), []).append(match[2])
    if found:
        return fields, found.end()
    behind = END.search(octets, max(start, limit - 2), end) if limit < end else None
    return fields, behind.end() if behind else end


class PlainPart:
    """A part by offsets into the mail; everything else is worked out when it is asked for, and kept."""

    # Not slotted: cached properties need the dictionary.

    def __init__(
        self, octets: bytes, span: tuple[int, int], default: str = "text/plain", depth: int = 1
    ) -> None:
        self.start, self.end = span
        self.depth = depth
        self._octets, self._default = octets, default
        self._fields, self.body_start = read_fields(octets, *span)
        self._values: dict[str, Sequence[bytes]] = {}
        self._children: tuple[PlainPart, ...] | None = None
        self._preamble_end = self._epilogue_start = self.end

    # --- header ---------------------------------------------------------------------------------------------

    def header(self, name: str) -> Sequence[bytes]:
        """Return the values of a field: unfolded, trimmed, not decoded."""
        values = self._values.get(name)
        if values is None:
            # A name that isn't ASCII is no field name, so its octets find nothing.
            found = self._fields.get(name.lower().encode("utf-8", "replace"), ())
            values = self._values[name] = tuple(map(unfold, found))
        return values

    def text(self, name: str) -> Sequence[str]:
        """Return the values of a field, decoded; octets that are no UTF-8 become replacement characters."""
        return [_text(value) for value in self.header(name)]

    def addresses(self, name: str) -> Sequence[Address]:
        """Return the addresses of a field."""
        return [one for value in self.header(name) for one in parse_list(value.decode("utf-8", "replace"))]

    def _first(self, name: str) -> bytes:
        return next(iter(self.header(name)), b"")

    @property
    def has_type(self) -> bool:
        """Whether a Content-Type field is there at all."""
        return bool(self.header("content-type"))

    @cached_property
    def content_type(self) -> str:
        """`type/subtype` in lower case; the default where none is given, text/plain where it is none."""
        return (media_type(self._first("content-type")) or "text/plain") if self.has_type else self._default

    @cached_property
    def params(self) -> Mapping[str, str]:
        """The parameters of Content-Type."""
        return parse_parameters(self._first("content-type"))

    @property
    def disposition(self) -> str:
        """The word of Content-Disposition in lower case."""
        return first_word(self._first("content-disposition"))

    @property
    def filename(self) -> str:
        """The name that the sender gave: of Content-Disposition, else of Content-Type."""
        name = parse_parameters(self._first("content-disposition")).get("filename")
        return decode_words(name or self.params.get("name", ""))

    @property
    def encoding(self) -> str:
        """The transfer encoding in lower case, "" without one."""
        return first_word(self._first("content-transfer-encoding"))

    # --- structure ------------------------------------------------------------------------------------------

    @property
    def is_multipart(self) -> bool:
        """Whether the type says multipart."""
        return self.content_type.startswith("multipart/")

    @property
    def children(self) -> Sequence["PlainPart"]:
        """The parts of a multipart, or the mail within a message/rfc822."""
        if self._children is None:
            _grow(self)
        return self._children or ()

    @property
    def preamble(self) -> bytes:
        """What stands before the first boundary; for a leaf its body."""
        self.children  # noqa: B018  looking for the parts finds where they begin
        return self._octets[self.body_start : max(self._preamble_end, self.body_start)]

    @property
    def epilogue(self) -> bytes:
        """What stands behind the last boundary."""
        self.children  # noqa: B018  and where they end
        return self._octets[self._epilogue_start : self.end]

    def find_children(self) -> list["PlainPart"]:
        """Return the parts directly within this one; the caller tells them with `adopt`."""
        if self.depth >= NESTING:
            return []
        if self.content_type in CONTAINERS:
            spans = [(self.body_start, self.end)] if self.encoding in IDENTITY else []
        else:
            boundary = self.params.get("boundary", "").encode("utf-8").rstrip()
            spans = self._spans(boundary) if self.is_multipart and boundary else []
        # RFC 2046 5.1.5
        default = "message/rfc822" if self.content_type == "multipart/digest" else "text/plain"
        return [PlainPart(self._octets, span, default, self.depth + 1) for span in spans]

    def adopt(self, children: Sequence["PlainPart"]) -> None:
        """Take children, once."""
        self._children = tuple(children)

    def _spans(self, boundary: bytes) -> list[tuple[int, int]]:
        """Return the spans of a multipart's parts; finds preamble and epilogue on the way."""
        spans: list[tuple[int, int]] = []
        start = -1
        for before, after, closing in self._boundaries(b"--" + boundary):
            if start < 0:
                self._preamble_end = before
            elif start <= before:
                # Boundary lines that follow each other directly enclose nothing, not even an empty part.
                spans.append((start, before))
            start = after
            if closing:
                self._epilogue_start = after
                return spans
            if len(spans) >= PARTS:
                return spans
        if 0 <= start < self.end:
            spans.append((start, self.end))
        return spans

    def _boundaries(self, needle: bytes) -> Iterator[tuple[int, int, bool]]:
        """Yield boundary lines: where the part before ends, where the line ends, whether it is the last."""
        octets, position, end = self._octets, self.body_start, self.end
        for _ in range(NEAR_BOUNDARIES):
            found = octets.find(needle, position, end)
            if found < 0:
                return
            position = found + 1
            if found > self.body_start and octets[found - 1 : found] != b"\n":
                continue
            tail = TAIL.match(octets, found + len(needle), end)
            if tail is None:
                continue
            before = found
            if found > self.body_start:  # the line end before a boundary belongs to it
                before -= 2 if found > self.body_start + 1 and octets[found - 2] == CR else 1
            yield before, tail.end(), tail[1] is not None
            position = tail.end()

    # --- body -----------------------------------------------------------------------------------------------

    def decoded(self) -> bytes:
        """Return the body without its transfer encoding; a multipart's has none (RFC 2045 6.4)."""
        return self._decoded(self._octets[self.body_start : self.end])

    def _decoded(self, body: bytes) -> bytes:
        match "" if self.is_multipart else self.encoding:
            case "base64":
                return _base64(body)
            case "quoted-printable":
                return a2b_qp(body)
            case _:
                return body

    def decoded_text(self, limit: int | None = None) -> str:
        """Return the body as text, NUL dropped; with `limit`, about the first that many characters."""
        body = self._octets[self.body_start : self.end]
        if limit is not None:
            # An octet takes at most 3 in quoted-printable, soft line ends aside, and a character at most 4.
            body = body[: 16 * limit + 1024]
        return decode_as(self._decoded(body), self.params.get("charset", "")).replace("\0", "")


def _text(value: bytes) -> str:
    text = decode_words(value.decode("utf-8", "replace"))
    return text.translate(UNFIT) if "\0" in text or "\r" in text or "\n" in text else text


def _grow(root: PlainPart) -> None:
    """Find all parts below `root`: outer and earlier ones first, as far as the cap allows."""
    count = 1
    waiting = deque([root])
    while waiting:
        part = waiting.popleft()
        children = part.find_children()[: PARTS - count]
        count += len(children)
        part.adopt(children)
        waiting.extend(children)


def _base64(body: bytes) -> bytes:
    """Return decoded octets: foreign octets are skipped, what is not whole is left out."""
    try:
        return a2b_base64(body)
    except Base64Error:
        bare = body.translate(None, NO_BASE64).partition(b"=")[0]
        whole = bare[: len(bare) - 1] if len(bare) % 4 == 1 else bare
        return a2b_base64(whole + b"=" * (-len(whole) % 4))
