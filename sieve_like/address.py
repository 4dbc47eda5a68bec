"""Address fields and single addresses (RFC 5322 3.4 and old forms): parsed raw first, words decoded after.

Used by the plain message and by checks of constants (`redirect`, `vacation :from`); linear in the text's
length.
"""

import re
from dataclasses import dataclass
from typing import Final

from sieve_like.words import decode_words

DOT_ATOM: Final = re.compile(
    r"[^\s\x00-\x1f\x7f()<>\[\]:;@\\,.\"]+(?:\.[^\s\x00-\x1f\x7f()<>\[\]:;@\\,.\"]+)*\Z"
)
TOKEN: Final = re.compile(
    r"""(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<literal>\[[^\[\]\\]*\])|(?P<space>\s+)"""
    r"""|(?P<atom>[^\s\x00-\x1f\x7f()<>\[\]:;@\\,."]+)|(?P<special>.)""",
    re.DOTALL,
)
ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
NESTED: Final = re.compile(r"\\.|[()]", re.DOTALL)

# What nearly every field holds: one mailbox without comments, groups or anything obsolete.
ATEXT: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++"
DOTTED: Final = ATEXT + r"(?:\." + ATEXT + r")*+"
PLAIN: Final = re.compile(
    r"(?:\"(?P<quoted>[^\"\\\x00-\x1f\x7f]*+)\" *+|(?P<words>(?:" + ATEXT + r"|[ \u0080-\uffff])++))?+"
    r"<(?P<local>" + DOTTED + r")@(?P<domain>" + DOTTED + r")>"
    r"|(?P<bare>" + DOTTED + r")@(?P<at>" + DOTTED + r")"
)

Token = tuple[str, str]  # kind ("atom", "quoted", "literal", "space", "comment", "special") and text


@dataclass(frozen=True, slots=True)
class Address:
    """One address; an invalid one has only its raw text. `local` has no quotes, `address` where needed."""

    name: str
    local: str
    domain: str
    raw: str
    valid: bool = True

    @property
    def address(self) -> str:
        """Return the address as an envelope would hold it; the raw text if it is invalid."""
        return join_address(self.local, self.domain) if self.valid else self.raw


def join_address(local: str, domain: str) -> str:
    """Return local part and domain as one address, quoted where it must be (RFC 5321 4.1.2)."""
    if not DOT_ATOM.match(local):
        local = '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
    return f"{local}@{domain}" if domain else local


def split_envelope(address: str) -> tuple[str, str | None]:
    """Return local part and domain of an envelope address: source routes dropped, quotes removed."""
    if address.startswith("@") and ":" in address:
        address = address[address.index(":") + 1 :]  # RFC 5321 4.1.1.3: routes are ignored
    local, at, domain = address.rpartition("@")
    if not at:
        local, domain = address, ""
    if len(local) > 1 and local.startswith('"') and local.endswith('"'):
        local = ESCAPE.sub(r"\1", local[1:-1])
    return local, domain or None


def parse_list(text: str) -> list[Address]:
    """Return the addresses of a field, members of groups among them, in order; never raises."""
    plain = PLAIN.fullmatch(text)
    if plain is not None:
        name = " ".join((plain["quoted"] or plain["words"] or "").split())
        return [
            Address(decode_words(name), plain["local"] or plain["bare"], plain["domain"] or plain["at"], text)
        ]
    found: list[Address] = []
    segment: list[Token] = []
    angle = False
    for token in _tokens(text):
        kind, piece = token
        if kind == "special" and piece in "<>":
            angle = piece == "<"
        if kind != "special" or angle or piece not in ",;:":
            segment.append(token)
            continue
        if piece != ":":
            found += _mailbox(segment)
        segment = []  # before a colon stood the name of a group (RFC 5322 3.4)
    return found + _mailbox(segment)


def parse_one(text: str) -> Address | None:
    """Return the one valid address in a text, None if there is another number or if it is invalid.

    Mails are read leniently, scripts are not: no groups, no routes (RFC 5228 2.4.2.3), nothing but a comment
    behind `<…>`.
    """
    addresses = parse_list(text)
    if len(addresses) != 1 or not addresses[0].valid:
        return None
    if any(kind == "special" and piece in ",;:" for kind, piece in _tokens(text)):
        return None
    return None if "<" in text and text.rstrip()[-1] not in ">)" else addresses[0]


def complain_about_address(value: str | int) -> str:
    """Return what is wrong with an address in a script, "" if nothing is."""
    text = str(value)
    return "" if parse_one(text) is not None else f"'{text}' is not a valid e-mail address"


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] == "(":
            end = _comment_end(text, at)
            tokens.append(("comment", text[at:end]))
            at = end
            continue
        found = TOKEN.match(text, at)
        assert found is not None  # the last alternative takes any character
        tokens.append((found.lastgroup or "special", found[0]))
        at = found.end()
    return tokens


def _comment_end(text: str, start: int) -> int:
    """Return the place behind a comment; comments nest, an unclosed one goes to the end."""
    depth = 0
    for found in NESTED.finditer(text, start):
        depth += (found[0] == "(") - (found[0] == ")")
        if depth == 0:
            return found.end()
    return len(text)


def _mailbox(segment: list[Token]) -> list[Address]:
    """Return the address of what stood between two commas; nothing for nothing."""
    plain = [token for token in segment if token[0] not in {"space", "comment"}]
    if not plain:
        return []
    raw = "".join(text for _, text in segment).strip()
    opening = next((n for n, token in enumerate(segment) if token == ("special", "<")), None)
    if opening is None:
        parsed, name = _addr_spec(plain), _comment_name(segment)
    else:
        parsed, name = _angle(segment[opening + 1 :]), _phrase(segment[:opening])
    if parsed is None:
        return [Address("", "", "", raw, valid=False)]
    return [Address(name, parsed[0], parsed[1], raw)]


def _angle(rest: list[Token]) -> tuple[str, str] | None:
    """Return the address inside `<…>`; words that follow are ignored, another bracket is none."""
    plain = [token for token in rest if token[0] not in {"space", "comment"}]
    closing = next((n for n, token in enumerate(plain) if token == ("special", ">")), -1)
    if closing < 0 or ("special", "<") in plain[closing:]:
        return None
    plain = plain[:closing]
    if plain and plain[0] == ("special", "@"):
        colons = [n for n, token in enumerate(plain) if token == ("special", ":")]
        plain = plain[colons[0] + 1 :] if colons else []
    return _addr_spec(plain)


def _addr_spec(tokens: list[Token]) -> tuple[str, str] | None:
    """Return local part and domain (RFC 5322 3.4.1, with words as 4.4 allows), None if it is none."""
    ats = [n for n, token in enumerate(tokens) if token == ("special", "@")]
    if len(ats) != 1:
        return None
    local = _dotted(tokens[: ats[0]], {"atom", "quoted"})
    domain = _dotted(tokens[ats[0] + 1 :], {"atom"})
    if len(tokens) == ats[0] + 2 and tokens[-1][0] == "literal":
        domain = tokens[-1][1]
    return (local, domain) if local is not None and domain is not None else None


def _dotted(tokens: list[Token], kinds: set[str]) -> str | None:
    """Return words with single dots between as one text, None where anything else stands."""
    if len(tokens) % 2 == 0:
        return None
    if any(token[0] not in kinds for token in tokens[::2]) or any(
        t != ("special", ".") for t in tokens[1::2]
    ):
        return None
    return "".join(_unquoted(token) for token in tokens)


def _unquoted(token: Token) -> str:
    kind, text = token
    return ESCAPE.sub(r"\1", text[1:-1]) if kind == "quoted" else text


def _phrase(tokens: list[Token]) -> str:
    """Return a display name: words joined as they stand, decoded."""
    text = "".join(" " if kind in {"space", "comment"} else _unquoted((kind, text)) for kind, text in tokens)
    return decode_words(" ".join(text.split()))


def _comment_name(tokens: list[Token]) -> str:
    """Return the name that old mailers put into a comment behind the address."""
    comments = [text[1:-1] for kind, text in tokens if kind == "comment"]
    return decode_words(ESCAPE.sub(r"\1", comments[-1]).strip()) if comments else ""
