"""Header fields of mails that we write (RFC 5322 2.2, RFC 2047): encoded where needed, folded, one line each.

No value can begin a field of its own: line ends and control characters become blanks.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from quopri import encodestring
from typing import Final

from sieve_like.address import parse_one

LINE: Final = 76  # characters of a line: RFC 5322 2.1.1 recommends at most 78
LONGEST: Final = 998  # octets of a line that every server takes (RFC 5322 2.1.1)
WORD_OCTETS: Final = (
    39  # of UTF-8 in one encoded word: 52 characters of base64, 75 with its frame (RFC 2047 2)
)
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+\Z")  # RFC 5322 3.2.3
MESSAGE_ID: Final = re.compile(r'<(?:"[^"<>\r\n]*"|[^"<>\s])+>')  # RFC 5322 3.6.4 and 4.5.4


@dataclass(frozen=True, slots=True)
class Origin:
    """Who writes a mail and when: time, a message id of its own with brackets, our host name, our postmaster.

    `agent` names the program in fields that are for people.
    """

    now: datetime
    message_id: str
    host: str
    postmaster: str
    agent: str = "sieve_like"

    @property
    def boundary(self) -> str:
        """A boundary for a multipart: from the message id, which stands in no other mail."""
        return "=_" + re.sub(r"[^A-Za-z0-9]", "", self.message_id)[:60]

    @property
    def postmaster_mailbox(self) -> str:
        """The postmaster as an address field shows them."""
        return mailbox("Postmaster", self.postmaster)


def clean(text: str) -> str:
    """Return a text as one line without control characters."""
    return CONTROL.sub(" ", text).strip()


def encoded(text: str) -> str:
    """Return a text as it stands in an unstructured field: words beyond ASCII encoded (RFC 2047 5)."""
    pieces: list[str] = []
    row: list[str] = []  # neighbouring words that must be encoded: the blank between is encoded with them
    for word in clean(text).split(" "):
        # Two blanks in a row would get lost between two encoded words: they are encoded with them.
        if (word or not row) and word.isascii() and "=?" not in word and len(word) < LONGEST // 2:
            pieces += _encoded_words(row)
            row = []
            pieces.append(word)
        else:
            row.append(word)
    return " ".join((*pieces, *_encoded_words(row)))


def _encoded_words(words: Sequence[str]) -> list[str]:
    """Return words as encoded words, each with whole characters only."""
    found: list[str] = []
    octets = b""
    for character in " ".join(words):
        piece = character.encode("utf-8", "replace")
        if octets and len(octets) + len(piece) > WORD_OCTETS:
            found.append(_encoded_word(octets))
            octets = b""
        octets += piece
    return [*found, _encoded_word(octets)] if octets else found


def _encoded_word(octets: bytes) -> str:
    return f"=?utf-8?b?{b64encode(octets).decode('ascii')}?="


def mailbox(name: str, address: str) -> str:
    """Return display name and address as one mailbox (RFC 5322 3.4), in brackets also without a name."""
    plain = clean(name)
    if not plain:
        return f"<{address}>"
    if not plain.isascii():
        words = plain.split(" ")
        # RFC 2047 5 (3): what would have to be quoted must be encoded, since both at once is not possible.
        bare = all(ATOM.match(word) or not word.isascii() for word in words)
        return f"{encoded(plain) if bare else ' '.join(_encoded_words(words))} <{address}>"
    if not ATOM.match(plain):
        plain = '"' + re.sub(r'(["\\])', r"\\\1", plain) + '"'
    return f"{plain} <{address}>"


def written_mailbox(text: str) -> str:
    """Return an address that a script wrote, with or without a display name, as a field holds it."""
    parsed = parse_one(text)
    return clean(text) if parsed is None else mailbox(parsed.name, parsed.address)


def listed_mailboxes(texts: Iterable[str]) -> str:
    """Return addresses as a list of mailboxes; those without a name stand alone."""
    return ", ".join(_listed(text) for text in texts)


def _listed(text: str) -> str:
    parsed = parse_one(text)
    return parsed.address if parsed is not None and not parsed.name else written_mailbox(text)


def bare_address(text: str) -> str:
    """Return the address in a text as an envelope holds it; the text itself if it is none."""
    parsed = parse_one(text)
    return clean(text) if parsed is None else parsed.address


def field(name: str, value: str) -> bytes:
    """Return one header field, folded at blanks, with its line end. The value must be encoded already."""
    lines: list[str] = []
    line = f"{name}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) > LINE and line.strip() and not line.endswith(":"):
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join((*lines, line)).encode("utf-8", "replace") + b"\r\n"


def header(fields: Iterable[tuple[str, str]]) -> bytes:
    """Return the fields that have a value, in their order; texts must be encoded already.

    A subject may be empty: whoever asks for that gets the field.
    """
    return b"".join(field(name, value) for name, value in fields if value or name == "Subject")


def frame(origin: Origin) -> list[tuple[str, str]]:
    """Return the fields that every mail of ours begins with."""
    return [
        ("X-Sieve", origin.agent),
        ("Message-ID", origin.message_id),
        ("Date", format_datetime(origin.now)),
    ]


def text_entity(text: str, *, disposition: str = "") -> bytes:
    """Return a text as a MIME entity with its own fields (RFC 2045): as it is, or quoted-printable."""
    octets = crlf(text.encode("utf-8", "replace"))
    if octets and not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    charset, encoding = ("us-ascii", "7bit") if octets.isascii() else ("utf-8", "8bit")
    if any(len(line) > LONGEST for line in octets.split(b"\r\n")) or b"\0" in octets:
        charset, encoding = "utf-8", "quoted-printable"
        octets = crlf(encodestring(octets.replace(b"\r\n", b"\n")))
    fields = [
        ("Content-Type", f"text/plain; charset={charset}"),
        ("Content-Disposition", disposition),
        ("Content-Transfer-Encoding", encoding),
    ]
    return header(fields) + b"\r\n" + octets


def crlf(octets: bytes) -> bytes:
    """Return octets with CRLF as the only line end."""
    return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def multipart(boundary: str, parts: Iterable[bytes]) -> bytes:
    """Return the body of a multipart from its entities."""
    body = [b"This is a MIME-encapsulated message.\r\n"]
    delimiter = boundary.encode("ascii")
    body += [b"\r\n--" + delimiter + b"\r\n" + part for part in parts]
    return b"".join((*body, b"\r\n--" + delimiter + b"--\r\n"))


def message_ids(text: str) -> list[str]:
    """Return the message ids of a field (RFC 5322 3.6.4)."""
    return MESSAGE_ID.findall(text)
