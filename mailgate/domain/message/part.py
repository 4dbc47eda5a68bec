"""One part of a mail: its header, what it says it is, and its body, decoded when it is read."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from mailgate.domain.message.addresses import Address, parse_addresses
from mailgate.domain.message.buffer import Buffer
from mailgate.domain.message.charsets import decode_labelled
from mailgate.domain.message.decode import IDENTITY, decode_body
from mailgate.domain.message.defects import Defect, Notes
from mailgate.domain.message.headers import HeaderBlock
from mailgate.domain.message.lazy import lazy
from mailgate.domain.message.limits import KEPT_TEXT
from mailgate.domain.message.params import Parameters, parse_parameters
from mailgate.domain.message.words import decode, fit
from sieve_like.params import first_word, media_type

# Types that are kept for the next part that has the same: long ones are rare, and would fill the memory.
SHORT_TYPE: Final = 100
CONTAINERS: Final = frozenset({"message/rfc822", "message/global", "message/news"})
_TYPE: Final = "content-type"
_ENCODING: Final = "content-transfer-encoding"
_DISPOSITION: Final = "content-disposition"


class Part:
    """A part by offsets into the mail: [start, end) with its header, the body from `body_start`.

    Everything else is worked out when it is asked for and kept; several threads may ask at once, since each
    would come to the same. Names of files are data: nobody may use them as a path.
    """

    # Not slotted: lazy attributes need the dictionary.

    def __init__(
        self,
        buffer: Buffer,
        block: HeaderBlock,
        span: tuple[int, int],
        notes: Notes,
        default: str = "text/plain",
    ) -> None:
        self.start, self.end = span
        self.block = block
        self.body_start = block.body_start
        self.depth = 1
        self._buffer = buffer
        self._notes = notes
        self._default = default
        self._children: tuple[Part, ...] | None = None
        self._grow: Callable[[Part], None] | None = None
        self.preamble_end = self.epilogue_start = self.end

    # -- header

    def header(self, name: str) -> list[bytes]:
        """Return the raw values of all fields of this name, unfolded and trimmed, in order."""
        return list(self.block.raw(name))

    def text(self, name: str) -> list[str]:
        """Return the same with encoded words decoded."""
        return list(self.block.texts(name))

    def addresses(self, name: str) -> list[Address]:
        """Return the mailboxes in the part's fields of this name, invalid ones included (RFC 5322 3.4)."""
        return parse_addresses(self.block.raw(name), self._notes)

    @lazy
    def content_type(self) -> str:
        """`type/subtype` in lower case; text/plain where it is absent or none (RFC 2045 5.2)."""
        if self.block.first(_TYPE) is None:
            return self._default
        return self._given_type or "text/plain"

    @property
    def _given_type(self) -> str:
        return self._content[0]

    @lazy
    def _content(self) -> tuple[str, Parameters]:
        value = self.block.first(_TYPE) or b""
        return _short_type(value) if len(value) <= SHORT_TYPE else _read_type(value)

    @property
    def has_type(self) -> bool:
        """Whether a Content-Type field stands in the header at all."""
        return self.block.count(b"content-type") > 0

    @property
    def parameters(self) -> Parameters:
        """The parameters of Content-Type."""
        return self._content[1]

    @property
    def params(self) -> dict[str, str]:
        """The parameters of Content-Type as text by lower-case name (RFC 2231); not to be changed."""
        return self.parameters.text

    @property
    def charset(self) -> str:
        """The charset label as given, in lower case, or ""."""
        return self.params.get("charset", "").strip().lower()

    @lazy
    def boundary(self) -> bytes:
        """Return the boundary of a multipart, without blanks at its end (RFC 2046 5.1.1), or b""."""
        raw = self.parameters.raw.get("boundary")
        return (self.params.get("boundary", "").encode("utf-8") if raw is None else raw).rstrip()

    @lazy
    def disposition(self) -> str:
        """`inline`, `attachment` or another word in lower case; "" where there is none (RFC 2183 2)."""
        return first_word(self.block.first(_DISPOSITION) or b"")

    @lazy
    def disposition_parameters(self) -> Parameters:
        """Return the parameters of Content-Disposition."""
        return parse_parameters(self.block.first(_DISPOSITION) or b"")

    @lazy
    def filename(self) -> str:
        """Return the name that the sender gave the part, "" where there is none.

        Decoded from RFC 2231 or, against the rules but common, from RFC 2047.
        """
        return _named(self.disposition_parameters, "filename") or _named(self.parameters, "name")

    @lazy
    def encoding(self) -> str:
        """Return the transfer encoding in lower case, "" where there is none."""
        return first_word(self.block.first(_ENCODING) or b"")

    # -- structure

    @property
    def is_multipart(self) -> bool:
        """Whether the type says multipart; there may still be no children."""
        return self.content_type.startswith("multipart/")

    @property
    def is_container(self) -> bool:
        """Whether the type says that the body is made of parts or of a mail."""
        return self.is_multipart or self.content_type in CONTAINERS

    @property
    def children(self) -> tuple["Part", ...]:
        """The parts of a multipart, or the mail within a message/rfc822; empty for a leaf."""
        if self._children is None and self._grow is not None:
            self._grow(self)
        return self._children or ()

    def set_children(self, children: tuple["Part", ...]) -> None:
        """Tell a part its children (`structure.py` does, once)."""
        self._children = children

    def grows_by(self, grow: Callable[["Part"], None]) -> None:
        """Say how the children are found when they are first asked for."""
        self._grow = grow

    def walk(self) -> Iterator["Part"]:
        """Yield this part and all parts within it, in the order of the mail."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.children))

    @property
    def preamble(self) -> bytes:
        """What stands before the first boundary of a multipart (for a leaf: its body)."""
        self.children  # noqa: B018  looking for the parts finds where they begin
        return self._buffer.cut(self.body_start, max(self.preamble_end, self.body_start))

    @property
    def epilogue(self) -> bytes:
        """What stands behind the last boundary of a multipart."""
        self.children  # noqa: B018  and where they end
        return self._buffer.cut(self.epilogue_start, self.end)

    # -- body

    def raw_body(self) -> memoryview:
        """Return the body as it stands, not copied; while it lives, a mapped spool file can't be closed."""
        return self._buffer.slice(self.body_start, max(self.end, self.body_start))

    def decoded(self) -> bytes:
        """Return the body without its transfer encoding; a multipart's has none (RFC 2045 6.4)."""
        return self._decoded(self.raw_body())

    def _decoded(self, body: memoryview) -> bytes:
        encoding = self.encoding if not self.is_multipart else ""
        octets, defect = decode_body(body, encoding)
        if defect is not None and len(body) == max(self.end - self.body_start, 0):
            # A body that we cut short ourselves is no defect of the mail.
            self._notes.add(defect)
        return octets

    def decoded_text(self, limit: int | None = None) -> str:
        """Return the body as text: charset decoded, NUL and lone surrogates gone; line ends as they stand.

        With `limit`, about the first that many characters: no more octets are read than they can need.
        """
        body = self.raw_body()
        if limit is not None:
            # An octet takes at most 3 in quoted-printable, soft line ends aside, and a character at most 4.
            body = body[: 16 * limit + 1024]
        elif len(body) <= KEPT_TEXT:
            return self._kept_text
        return self._text_of(body)

    @lazy
    def _kept_text(self) -> str:
        return self._text_of(self.raw_body())

    def _text_of(self, body: memoryview) -> str:
        octets = self._decoded(body)
        text, known, good = decode_labelled(octets, self.charset or "us-ascii")
        if not known:
            self._notes.add(Defect.UNKNOWN_CHARSET)
        elif not good and self.charset and len(body) == self.end - self.body_start:
            self._notes.add(Defect.BAD_CHARSET)
        return text.replace("\0", "") if "\0" in text else text

    def note_header(self) -> None:
        """Note what is ambiguous or wrong about the fields that say what the part is."""
        block, notes = self.block, self._notes
        if not block.pairs:
            return
        if block.repeats:
            for name, defect in _SINGLE:
                if block.count(name) > 1:
                    notes.add(defect)
        if block.first(_TYPE) is not None:
            if not self._given_type:
                notes.add(Defect.BAD_CONTENT_TYPE)
            for defect in self.parameters.defects:
                notes.add(defect)
        if block.count(b"content-disposition"):
            for defect in self.disposition_parameters.defects:
                notes.add(defect)
        if self.is_container and self.encoding not in IDENTITY:
            notes.add(Defect.ENCODED_CONTAINER)


def _read_type(value: bytes) -> tuple[str, Parameters]:
    """Return type and parameters of a Content-Type."""
    return media_type(value), parse_parameters(value)


# The same few stand in nearly every part of nearly every mail; only a multipart's has something of its own.
_short_type: Final = lru_cache(maxsize=256)(_read_type)

_SINGLE: Final = (
    (b"content-type", Defect.DUPLICATE_CONTENT_TYPE),
    (b"content-transfer-encoding", Defect.DUPLICATE_ENCODING),
    (b"content-disposition", Defect.DUPLICATE_DISPOSITION),
)


def _named(parameters: Parameters, name: str) -> str:
    """Return a parameter that names a file; plain ones often hold encoded words (against RFC 2047 5)."""
    raw = parameters.raw.get(name)
    return fit(decode(raw)) if raw is not None else parameters.text.get(name, "")
