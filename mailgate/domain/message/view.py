"""The message view: what everybody sees of a mail, read from its octets without changing or copying them.

Second station of the journey. One view serves facts, rules, threading, answers and checks, so they can't
disagree. `parse` reads the header section of the mail and nothing else; parts are found when asked for,
values decoded when read, both once. It never raises, whatever the octets: what is wrong is noted in
`defects`.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from mailgate.domain.message.addresses import Address, parse_addresses
from mailgate.domain.message.buffer import Buffer, Readable
from mailgate.domain.message.dates import parse_date
from mailgate.domain.message.defects import Defect, Notes
from mailgate.domain.message.headers import HeaderBlock, HeaderField, read_header
from mailgate.domain.message.ids import capped, find_ids
from mailgate.domain.message.limits import HEADER, HEADERS, NESTING, PARAMETERS
from mailgate.domain.message.part import Part
from mailgate.domain.message.structure import root_part
from mailgate.domain.message.text import attachments, main_text

# The line end before a line that may begin a part: one like a boundary, or an empty one.
_PART_BEGINS: Final = re.compile(rb"\n(?=--|\r?+\n)")
# The fields that name other mails; the first mail of a conversation has neither.
_ANSWERING: Final = frozenset({"in-reply-to", "references"})
# How much text `prepare` works out: what an entry of a ticket keeps at most is far below.
PREPARED_TEXT: Final = 256 * 1024


def _within_caps(buffer: Buffer) -> bool:
    """Whether no part of the mail can be over a cap of the structure, whatever is in it.

    Each part needs a boundary line or an empty line behind its header, each field a line, each parameter a
    semicolon.
    """
    octets = buffer.octets
    if not isinstance(octets, bytes) or len(octets) > HEADER:
        return False
    return (
        octets.count(b"\n") < HEADERS
        and octets.count(b";") < PARAMETERS
        and len(_PART_BEGINS.findall(octets)) < NESTING
    )


class MessageView:
    """A mail by its octets; made by `MessageView.parse`.

    Everything asked for is kept. Several threads may use one view: what two of them work out at once is
    equal, and after `prepare` next to nothing is left to be worked out. Over a mapped file the map must
    outlive the view.
    """

    __slots__ = (
        "_addresses", "_block", "_buffer", "_date", "_hidden", "_ids", "_notes", "_root", "_section_noted",
        "_texts", "body_start",
    )  # fmt: skip

    def __init__(self, buffer: Buffer, block: HeaderBlock, notes: Notes) -> None:
        self._buffer = buffer
        self._block = block
        self._notes = notes
        self.body_start = block.body_start
        self._root: Part | None = None
        self._section_noted = False
        self._addresses: dict[str, list[Address]] = {}
        self._date: tuple[datetime | None] | None = None
        self._ids: tuple[str, tuple[str, ...], tuple[str, ...]] | None = None
        self._texts: dict[int, str] = {}
        self._hidden: tuple[tuple[str, tuple[bytes, ...]], ...] = ()

    @classmethod
    def parse(cls, octets: Readable) -> "MessageView":
        """Return a view of the octets of one mail, in memory or mapped; only the header section is read."""
        buffer, notes = Buffer(octets), Notes()
        return cls(buffer, read_header(buffer, 0, buffer.size, notes), notes)

    def prepare(self) -> None:
        """Work out header, structure and main text now: for large mails, away from the event loop."""
        self.defects  # noqa: B018  a property that works
        self.headers  # noqa: B018
        self.references  # noqa: B018
        for name in ("from", "sender", "reply-to", "to", "cc"):
            self.addresses(name)
        self.main_text(PREPARED_TEXT)

    # -- the mail as a whole

    @property
    def octets(self) -> Readable:
        """The octets, as given."""
        return self._buffer.octets

    @property
    def size(self) -> int:
        """The number of octets."""
        return self._buffer.size

    @property
    def defects(self) -> tuple[str, ...]:
        """Names from `defects.py`: of header and structure always, of bodies and values once read."""
        self._note_all()
        return self._notes.names()

    @property
    def unparsable(self) -> bool:
        """Whether the structure can't be told: no header field at all, or over a cap that hides part of it.

        The caps are those on the header section, its fields and their length, on nesting, parts and
        parameters (`defects.HOPELESS`). A mail that is merely broken is read as far as it goes and is not
        unparsable. Nearly every mail is too small in all of these to be over a cap: counting octets tells.
        """
        if not self._section_noted and _within_caps(self._buffer):
            return not self._block.pairs or self._notes.hopeless()
        self._note_all()
        return self._notes.hopeless()

    @property
    def noted(self) -> tuple[str, ...]:
        """Like `defects`, but of the structure only what somebody had a reason to look at."""
        self._note_header()
        return self._notes.names()

    def _note_header(self) -> None:
        self._block.note_section(self._notes)
        if not self._block.pairs:
            self._notes.add(Defect.NO_HEADER)

    def _note_all(self) -> None:
        if self._section_noted:
            return
        self._note_header()
        self.root.children  # noqa: B018  looking for the parts notes what is wrong with them
        self._section_noted = True

    def edited(self, octets: bytes) -> "MessageView":
        """Return the view of what a script has made of this mail (RFC 5293, RFC 5703)."""
        made = MessageView.parse(octets)
        for name, values in self._hidden:
            made.hide(name, values)
        return made

    def hide(self, name: str, values: Sequence[bytes]) -> None:
        """Show these fields of a name no more, each the lowest of its value; the octets stay as they are."""
        self._block = self._block.without(name, values)
        self._hidden = (*self._hidden, (name, tuple(values)))

    # -- header

    @property
    def headers(self) -> Sequence[HeaderField]:
        """All fields in order."""
        return self._block.fields

    @property
    def names(self) -> frozenset[str]:
        """The names of all fields in lower case: the quick answer to what is not there."""
        return self._block.names

    def header(self, name: str) -> list[bytes]:
        """Return the raw values of all fields of this name in order, unfolded and trimmed."""
        return list(self._block.raw(name))

    def header_exists(self, name: str) -> bool:
        """Whether a field of this name is there, even an empty one."""
        return bool(self._block.raw(name))

    def text(self, name: str) -> list[str]:
        """Return the same as text, encoded words decoded (RFC 2047); invalid words stay raw."""
        return list(self._block.texts(name))

    def first(self, name: str, default: str = "") -> str:
        """Return the first of these texts, or `default` where there is none."""
        texts = self._block.texts(name)
        return texts[0] if texts else default

    def addresses(self, name: str) -> list[Address]:
        """Return the mailboxes in all fields of this name, invalid ones included (RFC 5322 3.4)."""
        key = name.lower()
        found = self._addresses.get(key)
        if found is None:
            found = self._addresses[key] = parse_addresses(self._block.raw(key), self._notes)
        return list(found)

    @property
    def subject(self) -> str:
        """The Subject as text."""
        return self.first("subject")

    @property
    def date(self) -> datetime | None:
        """The Date with the sender's zone, or None where it is absent or unreadable."""
        if self._date is None:
            value = self._block.first("date")
            found = parse_date(value) if value is not None else None
            if value is not None and found is None:
                self._notes.add(Defect.BAD_DATE)
            self._date = (found,)
        return self._date[0]

    # -- identity

    @property
    def message_id(self) -> str:
        """The Message-ID with its brackets, or "" where there is none that is well-formed."""
        return self._found_ids()[0]

    @property
    def in_reply_to(self) -> tuple[str, ...]:
        """The ids of In-Reply-To."""
        return self._found_ids()[1]

    @property
    def references(self) -> tuple[str, ...]:
        """The ids of References, then of In-Reply-To, each once; of over 100 the first and the newest 99."""
        return self._found_ids()[2]

    def _found_ids(self) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        if self._ids is None:
            own = find_ids(self._block.raw("message-id")[:1])
            if _ANSWERING.isdisjoint(self._block.names):
                self._ids = (own[0] if own else "", (), ())
                return self._ids
            parents = find_ids(self._block.raw("in-reply-to"))
            answered, _ = capped(parents)
            references, cut = capped([*find_ids(self._block.raw("references")), *parents])
            if cut:
                self._notes.add(Defect.TOO_MANY_REFERENCES)
            self._ids = (own[0] if own else "", answered, references)
        return self._ids

    # -- structure and bodies

    @property
    def root(self) -> Part:
        """The mail as a part."""
        if self._root is None:
            self._root = root_part(self._buffer, self._block, self._notes)
        return self._root

    def attachments(self) -> list[Part]:
        """Return the parts that are neither body nor structure; their file names are data, never paths."""
        return attachments(self.root)

    def main_text(self, limit: int) -> str:
        """Return the best plain text, at most `limit` characters: text/plain, else HTML without its tags."""
        for known, text in self._texts.copy().items():
            if known >= limit:
                return text[:limit]
        text = self._texts[limit] = main_text(self.root, limit)
        return text
