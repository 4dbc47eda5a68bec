"""Content-Type and Content-Disposition: the value and its parameters (RFC 2045 5.1, RFC 2183 2, RFC 2231).

The reader goes forward only, whatever stands there. Of a parameter given twice the first counts; the form
with a character set (`name*`) wins over the plain one, as mail readers have it.
"""

import re
from codecs import lookup
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

# Parameters of one field: RFC 2231 pieces of a long file name make about ten.
PARAMETERS: Final = 100
# Python's codecs under these names are no character sets of mails.
STRANGE: Final = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "mbcs", "oem"}
)
# No label of a character set is longer or holds anything else; others never reach the table of codecs.
LABEL: Final = re.compile(r"[\s\"']*([A-Za-z0-9_.:+-]{1,60})")

TOKEN: Final = rb"[!#-'*+.0-9A-Z^-~\-]++"
TYPE: Final = re.compile(rb"[ \t]*+(" + TOKEN + rb")[ \t]*+/[ \t]*+(" + TOKEN + rb")")
WORD: Final = re.compile(rb"[ \t]*+(" + TOKEN + rb")")
# The same where nothing but parameters may follow; comments may stand around the words (RFC 2045 5.1).
GAP: Final = rb"(?:[ \t]++|\((?:[^()\\]++|\\.)*+\))*+"
WHOLE_TYPE: Final = re.compile(
    GAP + rb"(" + TOKEN + rb")" + GAP + rb"/" + GAP + rb"(" + TOKEN + rb")" + GAP + rb"(?:;|\Z)"
)
WHOLE_WORD: Final = re.compile(GAP + rb"(" + TOKEN + rb")" + GAP + rb"(?:;|\Z)")
SEPARATORS: Final = re.compile(rb"[\s;]*+")
# An unquoted value may hold blanks: senders forget the quotes around file names.
PARAMETER: Final = re.compile(rb"([^\s=;\"]++)\s*+(?:=\s*+(\"(?:[^\"\\]++|\\.)*+\"?|[^;]*+))?+", re.DOTALL)
ESCAPE: Final = re.compile(rb"\\(.)", re.DOTALL)
# RFC 2231 3 and 4: name*, name*0, name*0*.
PIECE: Final = re.compile(rb"([^*]+)(?:\*([0-9]{1,3}))?(\*)?")
# What would end a line or a string elsewhere becomes a blank.
UNFIT: Final = str.maketrans({"\r": " ", "\n": " ", "\0": " "})

Pieces = dict[int, tuple[bytes, bool]]  # by number: the value, and whether it is percent-encoded


def codec_of(label: str) -> str | None:
    """Return the name of the codec that a character set's label means, None where there is none."""
    found = LABEL.match(label)
    if found is None:
        return None
    try:
        codec = lookup(found[1])
    except (LookupError, UnicodeError, ValueError):
        return None
    # Only codecs from octets to text: `rot13` or `base64` are none.
    known = getattr(codec, "_is_text_encoding", True) and codec.name not in STRANGE
    return codec.name if known else None


def decode_as(octets: bytes, label: str) -> str:
    """Return octets as text: UTF-8 without a known label; what can't be decoded becomes U+FFFD."""
    codec = codec_of(label) or "utf-8"
    if codec == "ascii":
        codec = "utf-8"  # RFC 2045 5.2 makes us-ascii the default, so the label says little
    text = octets.decode(codec, "replace")
    if codec == "utf-7":  # the one codec that lets lone surrogates pass
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.removeprefix("\ufeff")


def media_type(value: bytes) -> str:
    """Return `type/subtype` of a field's value in lower case, "" where it has no such form."""
    found = TYPE.match(value)
    return b"/".join(found.groups()).lower().decode("ascii") if found else ""


def type_words(value: bytes) -> tuple[str, str]:
    """Return type and subtype as they are written, two empty texts where the value is no type at all."""
    found = WHOLE_TYPE.match(value)
    return (found[1].decode("ascii"), found[2].decode("ascii")) if found else ("", "")


def disposition_word(value: bytes) -> str:
    """Return the word of a Content-Disposition as it is written, "" where there is none."""
    found = WHOLE_WORD.match(value)
    return found[1].decode("ascii") if found else ""


def first_word(value: bytes) -> str:
    """Return the leading token in lower case (a disposition, a transfer encoding), "" where there is none."""
    found = WORD.match(value)
    return found[1].lower().decode("ascii") if found else ""


def parse_parameters(value: bytes) -> Mapping[str, str]:
    """Return the parameters behind the first semicolon of an unfolded value, by lower-case name."""
    plain: dict[str, bytes] = {}
    pieces: dict[str, Pieces] = {}
    for name, given in _pairs(value):
        found = PIECE.fullmatch(name)
        key = _fit((found[1] if found else name).lower().decode("ascii", "replace"))
        if found is None or (found[2] is None and found[3] is None):
            plain.setdefault(key, given)
        else:
            pieces.setdefault(key, {}).setdefault(int(found[2] or 0), (given, found[3] is not None))
    text = {key: _fit(given.decode("utf-8", "replace")) for key, given in plain.items()}
    return text | {key: _join(found) for key, found in pieces.items()}


def _fit(text: str) -> str:
    return text.translate(UNFIT)


def _pairs(value: bytes) -> list[tuple[bytes, bytes]]:
    """Return names and unquoted values in order, as far as the cap allows."""
    pairs: list[tuple[bytes, bytes]] = []
    position = value.find(b";")
    while position >= 0 and len(pairs) < PARAMETERS:
        separators = SEPARATORS.match(value, position)
        assert separators is not None  # it matches the empty string
        found = PARAMETER.match(value, separators.end())
        if found is not None:
            pairs.append((found[1], unquoted(found[2] or b"")))
        # Whatever else stands before the next semicolon belongs to nothing.
        position = value.find(b";", found.end() if found is not None else separators.end())
    return pairs


def unquoted(value: bytes) -> bytes:
    """Return a parameter's value without its quotes and their escapes."""
    if not value.startswith(b'"'):
        return value.strip()
    inner = value[1:-1] if len(value) > 1 and value.endswith(b'"') else value[1:]
    return ESCAPE.sub(rb"\1", inner) if b"\\" in inner else inner


def _join(pieces: Pieces) -> str:
    octets, charset = joined(pieces)
    return _fit(decode_as(octets, charset))


def joined(pieces: Pieces) -> tuple[bytes, str]:
    """Return pieces put together in the order of their numbers, up to the first gap (RFC 2231 3).

    With them comes the label of their character set, "" where none is given.
    """
    charset, octets = "", b""
    for number in range(len(pieces)):
        if number not in pieces:
            break
        given, encoded = pieces[number]
        if encoded and number == 0 and given.count(b"'") >= 2:  # noqa: PLR2004  charset'language'text, RFC 2231 4
            label, _, given = given.split(b"'", 2)
            charset = label.decode("ascii", "replace")
        octets += unquote_to_bytes(given) if encoded else given
    return octets, charset
