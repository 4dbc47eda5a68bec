"""Address lists of header fields, read on raw octets (RFC 5322 3.4 and 4.4; UTF-8: RFC 6532).

The structure is found first and words are decoded afterwards: an encoded word that contains `<`, `,` or `@`
never becomes part of an address. Comments and routes are dropped, group names too, members of groups are
seen. What is no address is returned all the same, as invalid, with its text. The reader goes forward only;
1,000 mailboxes are the cap.

Where two addresses stand in the place of one (`a@x <b@y>`), readers differ in which they believe, and a
forger counts on that: such an entry is invalid and noted, unless both are the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from mailgate.domain.message.charsets import decode_header_octets
from mailgate.domain.message.defects import Defect, Notes
from mailgate.domain.message.limits import ADDRESSES, HEADER
from mailgate.domain.message.words import decode, fit

Kind = Literal["blank", "atom", "quoted", "literal", "special", "open", "junk"]

# An unterminated quoted string runs to the end, so that no octet is read twice. Octets over 127 are atoms'
# (RFC 6532).
_TOKEN: Final = re.compile(
    rb"(?P<blank>[ \t\r\n]++)"
    rb"|(?P<atom>[^\x00-\x20\x7f()<>\[\]:;@\\,.\"]++)"
    rb"|(?P<special>[<>@,:;.])"
    rb"|(?P<quoted>\"(?:[^\"\\]++|\\.)*+\"?)"
    rb"|(?P<literal>\[[^\[\]\\]*+\])"
    rb"|(?P<open>\()"
    rb"|(?P<junk>.)",
    re.DOTALL,
)
_IN_COMMENT: Final = re.compile(rb"[()]|\\.?", re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\(.)", re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_DOT_ATOM: Final = re.compile(
    r"[^\x00-\x20\x7f()<>\[\]:;@\\,.\"]++(?:\.[^\x00-\x20\x7f()<>\[\]:;@\\,.\"]++)*+"
)


# What nearly every field holds: one mailbox without comments, groups or anything obsolete, in ASCII.
_ATEXT: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++"
_DOTTED: Final = _ATEXT + r"(?:\." + _ATEXT + r")*+"
_PLAIN: Final = re.compile(
    r"(?:(?:\"([^\"\\\r\n\0-\x1f\x7f]*+)\"|((?:" + _ATEXT + r"| )*+)) *+)?+"
    r"<(" + _DOTTED + r")@(" + _DOTTED + r")>"
    r"|(" + _DOTTED + r")@(" + _DOTTED + r")"
)


class Address(NamedTuple):
    """One mailbox of a header: `raw` is its text in the field, `name` decoded, `local` without quotes.

    An invalid one has neither `local` nor `domain`, and its `address` is the raw text.
    """

    # A tuple, not a dataclass: every mail has several, and a dataclass takes three times as long to make.
    name: str
    local: str
    domain: str
    valid: bool
    raw: str

    @property
    def address(self) -> str:
        """Return `local@domain`, the local part quoted only where it must be."""
        if not self.valid:
            return self.raw
        return f"{_quoted_local(self.local)}@{self.domain}"


class _Token(NamedTuple):
    """A piece of a field, [start, end) of its value."""

    # A tuple, not a dataclass: a hostile field has 65,000 of them, and a dataclass costs several times that.
    kind: Kind
    octets: bytes
    start: int
    end: int

    def is_special(self, octets: bytes) -> bool:
        return self.kind == "special" and self.octets == octets


@dataclass(slots=True)
class _Item:
    """The tokens between two separators, and the last comment seen among them."""

    tokens: list[_Token] = field(default_factory=list)
    comment: bytes = b""
    start: int = 0
    phrase: bool = True  # nothing but words, dots and blanks so far: may be the name of a group

    def add(self, token: _Token) -> None:
        if self.tokens or token.kind != "blank":
            self.tokens.append(token)
            self.phrase = self.phrase and (
                token.kind in {"atom", "quoted", "blank"} or token.is_special(b".")
            )


def parse_addresses(values: list[bytes], notes: Notes) -> list[Address]:
    """Return the mailboxes of all fields together, in order; a field without any yields one invalid entry."""
    addresses: list[Address] = []
    for given in values:
        # What is cut ends at a comma, so that half an address is not taken for one.
        value = given if len(given) <= HEADER else given[:HEADER].rpartition(b",")[0]
        plain = plain_address(value) if len(addresses) < ADDRESSES else None
        if plain is not None:
            addresses.append(plain)
            continue
        before = len(addresses)
        for item, end in _items(value):
            if len(addresses) == ADDRESSES:
                notes.add(Defect.TOO_MANY_ADDRESSES)
                return addresses
            addresses.append(_mailbox(item, value[item.start : end], notes))
        if len(addresses) == before and len(addresses) < ADDRESSES:
            # An empty field or an empty group still has a text that a rule may ask for.
            addresses.append(_invalid(value))
    return addresses


def plain_address(value: bytes) -> Address | None:
    """Return the one mailbox of a plain field at a tenth of the price; None asks for the full reader."""
    if not value.isascii():
        return None
    text = value.decode("ascii")
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    quoted, words, local, domain, bare_local, bare_domain = match.groups()
    name = (quoted or words or "").strip()
    if "=?" in name:
        name = decode(name.encode("ascii"))
    return Address(name, local or bare_local, domain or bare_domain, True, text)


def _tokens(value: bytes) -> Iterator[_Token]:
    """Yield tokens; a comment, nested ones included, becomes a single "open" token."""
    position = 0
    while match := _TOKEN.match(value, position):
        kind, start, position = match.lastgroup, position, match.end()
        if kind == "open":
            position = _comment_end(value, position)
        yield _Token(kind, value[start:position], start, position)  # type: ignore[arg-type]  # the groups are the kinds


def _comment_end(value: bytes, position: int) -> int:
    """Return where the comment ends that was opened before `position`; else the end of all."""
    depth = 1
    for match in _IN_COMMENT.finditer(value, position):
        if match[0] == b"(":
            depth += 1
        elif match[0] == b")":
            depth -= 1
            if depth == 0:
                return match.end()
    return len(value)


def _items(value: bytes) -> Iterator[tuple[_Item, int]]:
    """Yield what stands between separators, empty stretches left out, with the position where it ends."""
    item = _Item()
    in_angle = in_route = False
    for token in _tokens(value):
        if token.kind == "open":
            item.comment = token.octets
            continue
        if token.kind == "special":
            if token.octets == b"<":
                in_angle, in_route = True, False
            elif token.octets == b">":
                in_angle = in_route = False
            elif token.octets == b"@" and in_angle and item.tokens[-1].is_special(b"<"):
                in_route = True  # RFC 5322 4.4: <@a,@b:user@c>; its commas separate nothing
            elif token.octets == b":" and item.tokens and item.phrase:
                # RFC 5322 3.4: group = display-name ":" …
                item = _Item(start=token.end)
                continue
            # A semicolon ends a group; between addresses it is a comma to those who write it.
            elif token.octets == b";" or (token.octets == b"," and not in_route):
                if item.tokens:
                    yield item, token.start
                item, in_angle, in_route = _Item(start=token.end), False, False
                continue
        item.add(token)
    if item.tokens:
        yield item, len(value)


def _mailbox(item: _Item, raw: bytes, notes: Notes) -> Address:
    tokens = item.tokens
    opening = next((n for n, token in enumerate(tokens) if token.is_special(b"<")), -1)
    if opening < 0:
        parts = _addr_spec(tokens)
        if parts is None:
            if sum(token.is_special(b"@") for token in tokens) > 1:
                notes.add(Defect.AMBIGUOUS_ADDRESS)
            return _invalid(raw)
        return Address(_comment_text(item.comment), *parts, valid=True, raw=_text(raw))
    closing = next((n for n, token in enumerate(tokens) if n > opening and token.is_special(b">")), -1)
    parts = _addr_spec(_without_route(tokens[opening + 1 : closing])) if closing > 0 else None
    phrase = tokens[:opening]
    if parts is None:
        return _invalid(raw)
    if _contradicts(phrase, parts) or any(token.is_special(b"<") for token in tokens[closing:]):
        notes.add(Defect.AMBIGUOUS_ADDRESS)
        return _invalid(raw)
    name = _phrase(phrase) or _comment_text(item.comment)
    return Address(name, *parts, valid=True, raw=_text(raw))


def _without_route(tokens: list[_Token]) -> list[_Token]:
    """Return the tokens behind an obsolete route (RFC 5322 4.4)."""
    if tokens and tokens[0].is_special(b"@"):
        colon = next((n for n, token in enumerate(tokens) if token.is_special(b":")), -1)
        return tokens[colon + 1 :] if colon > 0 else []
    return tokens


def _contradicts(phrase: list[_Token], parts: tuple[str, str]) -> bool:
    """Whether the display name holds an unquoted address that is another than the one in brackets."""
    if not any(token.is_special(b"@") for token in phrase):
        return False
    shown = decode_header_octets(b"".join(token.octets for token in phrase)).strip(" \t'")
    return shown.casefold() != "@".join(parts).casefold()


def _addr_spec(tokens: list[_Token]) -> tuple[str, str] | None:
    """Return local part and domain, or None where the tokens are no addr-spec (RFC 5322 3.4.1)."""
    bare = [token for token in tokens if token.kind != "blank"]
    at = next((n for n, token in enumerate(bare) if token.is_special(b"@")), -1)
    if at < 1:
        return None
    local, domain = _local(bare[:at]), _domain(bare[at + 1 :])
    if local is None or domain is None or _CONTROL.search(local + domain):
        return None
    return local, domain


def _local(tokens: list[_Token]) -> str | None:
    """Return a local part without quotes; words alternate with dots, of which some senders write too many."""
    pieces, after_word = [], False
    for token in tokens:
        is_word = token.kind in {"atom", "quoted"}
        if (is_word and after_word) or not (is_word or token.is_special(b".")):
            return None
        after_word = is_word
        pieces.append(_unquoted(token.octets) if token.kind == "quoted" else token.octets)
    text = _utf8(b"".join(pieces))
    return text or None


def _domain(tokens: list[_Token]) -> str | None:
    """Return a domain of dot-separated labels, or a literal in brackets."""
    if len(tokens) == 1 and tokens[0].kind == "literal":
        return _utf8(b"".join(tokens[0].octets.split()))
    for number, token in enumerate(tokens):
        if token.kind != "atom" if number % 2 == 0 else not token.is_special(b"."):
            return None
    return _utf8(b"".join(token.octets for token in tokens)) if len(tokens) % 2 else None


def _phrase(tokens: list[_Token]) -> str:
    """Return a display name: quotes and comments gone, encoded words decoded."""
    pieces = [
        b" " if token.kind == "blank" else _unquoted(token.octets) if token.kind == "quoted" else token.octets
        for token in tokens
    ]
    return decode(b"".join(pieces).strip())


def _comment_text(comment: bytes) -> str:
    """Return the text of `(Name)`, where people's names stood before there were display names."""
    return decode(_ESCAPE.sub(rb"\1", comment.removeprefix(b"(").removesuffix(b")")).strip())


def _unquoted(octets: bytes) -> bytes:
    inner = octets[1:-1] if len(octets) > 1 and octets.endswith(b'"') else octets[1:]
    return _ESCAPE.sub(rb"\1", inner) if b"\\" in inner else inner


def _quoted_local(local: str) -> str:
    if _DOT_ATOM.fullmatch(local):
        return local
    return '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _utf8(octets: bytes) -> str | None:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _text(raw: bytes) -> str:
    return fit(decode_header_octets(raw.strip()))


def _invalid(raw: bytes) -> Address:
    return Address("", "", "", valid=False, raw=_text(raw))
