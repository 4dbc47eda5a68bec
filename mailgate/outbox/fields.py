"""Header fields of outgoing mail: every value cleaned, encoded and folded here and nowhere else.

Whatever Unicode goes in, exactly one field comes out: printable ASCII (or UTF-8 in an address that needs
SMTPUTF8), lines of at most 78 columns where the words allow it and 998 in any case, no line without text.
"""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator
from email.utils import getaddresses
from typing import Final
from urllib.parse import quote

# RFC 5322 2.1.1: lines should have at most 78 characters and must have at most 998, CRLF not counted.
COLUMNS: Final = 78
HARD_COLUMNS: Final = 998
# RFC 2047 2: an encoded word has at most 75 characters, a line with one at most 76.
WORD: Final = 75
ENCODED_LINE: Final = 76
PREFIX: Final = "=?utf-8?"
# Letters, digits and what RFC 2047 5 (3) allows in every place, a display name included.
Q_SAFE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
# Spaces of any kind, and what ends a line somewhere: they become one space.
BREAKS: Final = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
# What is left of C0, DEL and C1, and halves of surrogate pairs, which no encoding can carry.
CONTROLS: Final = re.compile("[\0-\x1f\x7f-\x9f]")
SURROGATES: Final = re.compile("[\ud800-\udfff]")
# RFC 5322 3.6.8: a field's name is printable ASCII without the colon.
NOT_A_NAME: Final = re.compile(r"[^!-9;-~]")
# RFC 5322 3.2.3: what an atom is made of.
PHRASE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
DOT_ATOM: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+)*"
)
# What nearly all addresses look like; the long way comes to the same.
SIMPLE: Final = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
NOT_IN_DOMAIN: Final = re.compile(r"[^A-Za-z0-9.:_\[\]\u00a1-\U0010ffff-]")
# A local part of any form and a domain or an address literal (RFC 5322 3.4.1).
ADDRESS: Final = re.compile(
    r'(?:"(?:[^"\\]|\\.)*"|[^"@\s]+)@(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[A-Za-z0-9.:-]+\])'
)
# Longer than RFC 5321 4.5.3.1 allows (64 and 255 octets), so that only what is hopeless anyway is cut.
LOCAL_MAX: Final = 128
DOMAIN_MAX: Final = 255
# What readers without RFC 2231 are shown instead: nothing that a shell or a file system minds.
NOT_IN_NAME: Final = re.compile(r"[^A-Za-z0-9 ._()+=@-]")
# So much of a parameter fits on a line with `filename*0*=utf-8''` and what is around it.
PIECE_MAX: Final = 50
# A display name of this length still fits on a line with its field's name.
NAME_MAX: Final = 60
# What is kept of the end of a file's name, its dot included.
ENDING_MAX: Final = 12


def plain_text(value: str) -> str:
    """Return the text as one line: line breaks and tabs become a space, other control characters go."""
    if value.isascii() and value.isprintable():
        return value.strip()
    value = CONTROLS.sub("", BREAKS.sub(" ", value))
    return SURROGATES.sub("\ufffd", value).strip()


def field_name(name: str) -> str:
    """Return a field's name without the characters that none may have; "" if nothing is left."""
    return NOT_A_NAME.sub("", name)[:COLUMNS]


def text_field(name: str, value: str) -> bytes:
    """Return an unstructured field (RFC 5322 2.2.1), encoded by RFC 2047 where it must be."""
    text = plain_text(value)
    longest = max(map(len, text.split(" ")), default=0)
    if text.isascii() and "=?" not in text and longest < HARD_COLUMNS - len(name) - 2:
        return fold_words(name, _spaced(text))
    return fold_words(name, encoded_words(text, ENCODED_LINE - len(name) - 2), ENCODED_LINE)


def _spaced(text: str) -> list[str]:
    """Split at single spaces; a run of spaces stays in front of its word, so unfolding gives it back."""
    words: list[str] = []
    pending = ""
    for word in text.split(" "):
        if word or not words:
            words.append(pending + word)
            pending = ""
        else:
            pending += " "
    return words


def fold_words(name: str, words: Iterable[str], columns: int = COLUMNS) -> bytes:
    """Return `name: words` with line breaks between words where a line would get too long.

    RFC 5322 2.2.3: a fold is CRLF before white space; no line consists of white space alone.
    """
    words = tuple(words)
    whole = f"{name}: {' '.join(words)}"
    if len(whole) <= columns:
        return whole.encode("utf-8") + b"\r\n"
    line, lines = f"{name}:", []
    for word in words:
        # Never directly behind the field's name: some readers take that for an empty field.
        if len(line) + 1 + len(word) > columns and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    lines.append(line)
    return "\r\n".join(lines).encode("utf-8") + b"\r\n"


def encoded_words(text: str, first: int = WORD) -> Iterator[str]:
    """Yield the text as encoded words of whole characters (RFC 2047 5); `first` is the room for the first.

    Readers drop the white space between two of them, so they may stand on lines of their own.
    """
    octets = text.encode("utf-8")
    safe = sum(octet in Q_SAFE or octet == ord(" ") for octet in octets)
    # Q costs 3 characters for each unsafe octet, B 4 for every three.
    kind = "Q" if safe + 3 * (len(octets) - safe) <= 4 * len(octets) / 3 else "B"
    room = max(min(first, WORD), len(PREFIX) + 16)
    part: list[bytes] = []
    used = 0
    for piece in (character.encode("utf-8") for character in text):
        cost = _cost(kind, piece)
        if part and len(PREFIX) + 4 + _length(kind, used + cost) > room:
            yield _word(kind, b"".join(part))
            part, used, room = [], 0, WORD
        part.append(piece)
        used += cost
    if part:
        yield _word(kind, b"".join(part))


def _cost(kind: str, piece: bytes) -> int:
    if kind == "B":
        return len(piece)
    return sum(1 if octet in Q_SAFE or octet == ord(" ") else 3 for octet in piece)


def _length(kind: str, used: int) -> int:
    return -(-used // 3) * 4 if kind == "B" else used


def _word(kind: str, octets: bytes) -> str:
    if kind == "B":
        return f"{PREFIX}B?{b64encode(octets).decode()}?="
    letters = (
        "_" if octet == ord(" ") else chr(octet) if octet in Q_SAFE else f"={octet:02X}" for octet in octets
    )
    return f"{PREFIX}Q?{''.join(letters)}?="


def parameters(name: str, value: str) -> list[str]:
    """Return a parameter of a MIME field as words for `fold_words`, all but the last with a semicolon.

    Plainly where ASCII does (RFC 2045 5.1), else in UTF-8 with percent signs, in as many pieces as the lines
    want (RFC 2231 3, 4).
    """
    text = plain_text(value)
    if text.isascii() and len(text) <= NAME_MAX:
        return [f"{name}={_quoted(text)}"]
    # A piece ends between two letters: some readers decode each by itself.
    pieces = [""]
    for letter in (quote(one, safe="") for one in text):
        if len(pieces[-1]) + len(letter) > PIECE_MAX:
            pieces.append("")
        pieces[-1] += letter
    if len(pieces) == 1:
        return [f"{name}*=utf-8''{pieces[0]}"]
    pieces[0] = f"utf-8''{pieces[0]}"
    words = [f"{name}*{n}*={piece}" for n, piece in enumerate(pieces)]
    return [*(f"{word};" for word in words[:-1]), words[-1]]


def ascii_name(value: str) -> str:
    """Return a name in plain ASCII for readers that know no RFC 2231: accents go, the rest becomes `_`."""
    apart = unicodedata.normalize("NFKD", plain_text(value))
    kept = "".join(one for one in apart if not unicodedata.combining(one))
    text = NOT_IN_NAME.sub("_", kept)
    if len(text) <= NAME_MAX:
        return text
    stem, dot, ending = text.rpartition(".")
    return f"{stem[: NAME_MAX - ENDING_MAX]}.{ending[: ENDING_MAX - 1]}" if dot and stem else text[:NAME_MAX]


def _quoted(text: str) -> str:
    """Return a quoted string, its quotes and backslashes escaped (RFC 5322 3.2.4)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def address_field(name: str, address: str, display: str = "") -> bytes:
    """Return a field with one mailbox (RFC 5322 3.4): display name, if any, and the address in brackets."""
    bare = mailbox(address)
    words = [*_phrase(plain_text(display), name), f"<{bare}>"] if display.strip() else [bare]
    return fold_words(name, words, ENCODED_LINE)


def addresses_field(name: str, value: str) -> bytes:
    """Return a field with the mailboxes that stand in a text (RFC 5322 3.6.3), b"" if none does.

    What is no address is left out, and an address beyond ASCII too: it would need SMTPUTF8 on the whole way.
    """
    words: list[str] = []
    for display, address in getaddresses([plain_text(value)]):
        bare = mailbox(address)
        if "@" not in address or not bare.isascii() or ADDRESS.fullmatch(bare) is None:
            continue
        phrase = _phrase(plain_text(display), name) if display.strip() else []
        words += [*phrase, f"<{bare}>," if phrase else f"{bare},"]
    return fold_words(name, [*words[:-1], words[-1][:-1]], ENCODED_LINE) if words else b""


def _phrase(display: str, name: str) -> list[str]:
    if not display.isascii() or "=?" in display or len(display) > NAME_MAX:
        return list(encoded_words(display, ENCODED_LINE - len(name) - 2)) if display else []
    if PHRASE.fullmatch(display):
        return [display]
    return [_quoted(display)]


def mailbox(address: str) -> str:
    """Return an address as it may stand in a field: nothing in it can end it or begin another one.

    A local part that is no dot-atom is quoted; a local part beyond ASCII stays as it is (RFC 6532 3.2).
    """
    text = plain_text(address)
    if len(text) <= LOCAL_MAX and SIMPLE.fullmatch(text) is not None:
        return text
    local, at, domain = text.rpartition("@")
    if not at:
        return _local(text[:LOCAL_MAX])
    return f"{_local(local[:LOCAL_MAX])}@{ascii_domain(domain)}"


def ascii_domain(domain: str) -> str:
    """Return a domain as A-labels (RFC 5890 2.3.2.1) without what no domain has; never raises."""
    domain = NOT_IN_DOMAIN.sub("", domain)[:DOMAIN_MAX]
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def _local(local: str) -> str:
    if DOT_ATOM.fullmatch(local):
        return local
    if len(local) > 1 and local.startswith('"') and local.endswith('"'):
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    return _quoted(local)
