"""Octets of a script to tokens (RFC 5228 2 and 8.1): the first stage of a compilation; never raises.

Line ends are kept as the text means them: a bare LF counts as CRLF, inside strings too.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sieve_like.errors import Diagnostics, Span
from sieve_like.limits import Limits
from sieve_like.values import NUMBER_MAX, octets_of


class TokenKind(Enum):
    """What a token is; punctuation stands for itself in `text`."""

    IDENTIFIER = "identifier"
    TAG = "tag"
    NUMBER = "number"
    STRING = "string"
    PUNCTUATION = "punctuation"
    END = "end of the script"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `text` is an identifier in lower case or a string's value; `number` that of a number."""

    kind: TokenKind
    text: str
    span: Span
    number: int = 0

    def shown(self) -> str:
        """Return the token as messages name it."""
        match self.kind:
            case TokenKind.END:
                return "the end of the script"
            case TokenKind.TAG:
                return f"':{self.text}'"
            case TokenKind.STRING:
                return "a string"
            case TokenKind.NUMBER:
                return f"the number {self.number}"
            case _:
                return f"'{self.text}'"


# RFC 5228 8.1. `text:` comes before the identifier that it looks like; an unfinished string or comment is
# found by the last alternatives, so every character belongs to some token.
TOKENS: Final = re.compile(
    r"""
      (?P<blank> [ \t\n]+ )
    | (?P<hash> \#[^\n]*\n? )
    | (?P<comment> /\*.*?\*/ )
    | (?P<multiline> text:[ \t]*(?:\#[^\n]*)?\n (?:(?!\.(?:\n|\Z)) [^\n]*\n)* \.(?:\n|\Z) )
    | (?P<open_multiline> text:[ \t]*(?:\#[^\n]*)?(?:\n|\Z) )
    | (?P<tag> :[A-Za-z_][A-Za-z0-9_]* )
    | (?P<identifier> [A-Za-z_][A-Za-z0-9_]* )
    | (?P<number> [0-9]+[KMGkmg]? )
    | (?P<string> "(?:[^"\\]|\\.)*" )
    | (?P<open_string> " )
    | (?P<open_comment> /\* )
    | (?P<punctuation> [;{}()\[\],] )
    | (?P<strange> . )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE | re.ASCII,
)
UNITS: Final = {"k": 2**10, "m": 2**20, "g": 2**30}  # RFC 5228 2.4.1
ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
STUFFED: Final = re.compile(r"^\.\.", re.MULTILINE)
WRONG: Final = re.compile("\x00|\r(?!\n)")
MARK: Final = "\ufeff"


class Lexer:
    """Splits one script; complaints go to `diagnostics`, whose lines it sets for the carets."""

    def __init__(self, source: bytes | str, limits: Limits, diagnostics: Diagnostics) -> None:
        octets = source if isinstance(source, bytes) else source.encode("utf-8", "surrogateescape")
        text = octets.decode("utf-8", "replace")
        self._limits, self._diagnostics = limits, diagnostics
        foreign = len(octets) <= limits.script_size and not _is_utf8(octets)
        if len(octets) > limits.script_size:
            diagnostics.error(Span(), f"the script is larger than {limits.script_size} octets")
            text = ""
        # Editors of one system put a byte order mark there; it means nothing in UTF-8.
        self._text = text.removeprefix(MARK)
        self._complain_about_octets()
        self._text = self._text.replace("\r\n", "\n").replace("\r", "\n")
        self._starts = [0, *(m.end() for m in re.finditer("\n", self._text))]
        diagnostics.lines = self._text.split("\n")
        if foreign:
            # RFC 5228 2.1 asks for UTF-8. Old scripts hold other octets in comments or texts; they still run.
            at = self._text.find("\ufffd")
            diagnostics.warning(self.span(at, at + 1), "the script is not valid UTF-8")

    def _complain_about_octets(self) -> None:
        diagnostics = self._diagnostics
        for found in WRONG.finditer(self._text):
            before = self._text[: found.start()]
            line, column = before.count("\n") + 1, found.start() - before.rfind("\n")
            what = "a NUL octet" if found[0] == "\0" else "a carriage return without a line feed"
            diagnostics.error(Span(line, column, line, column + 1), f"{what} is not allowed")
            break  # a binary file has thousands of them; the first is enough

    def span(self, start: int, end: int) -> Span:
        """Return the place of a piece of the text."""
        line, last = bisect_right(self._starts, start), bisect_right(self._starts, end)
        return Span(line, start - self._starts[line - 1] + 1, last, end - self._starts[last - 1] + 1)

    def tokens(self) -> Iterator[Token]:
        """Yield all tokens, the end at last."""
        position, size = 0, len(self._text)
        while position < size:
            found = TOKENS.match(self._text, position)
            assert found is not None  # the last alternative takes any character
            position = found.end()
            match found.lastgroup:
                case "blank" | "hash" | "comment":
                    continue
                case "open_string" | "open_comment" | "open_multiline":
                    self._unfinished(found)
                    position = size
                case "strange":
                    self._strange(found)
                case _:
                    yield self._token(found)
        yield Token(TokenKind.END, "", self.span(size, size))

    def _token(self, found: re.Match[str]) -> Token:
        span = self.span(found.start(), found.end())
        text = found[0]
        match found.lastgroup:
            case "tag":
                return Token(TokenKind.TAG, self._identifier(text[1:], span), span)
            case "identifier":
                return Token(TokenKind.IDENTIFIER, self._identifier(text, span), span)
            case "number":
                return Token(TokenKind.NUMBER, text, span, self._number(text, span))
            case "string":
                return Token(TokenKind.STRING, self._string(ESCAPE.sub(r"\1", text[1:-1]), span), span)
            case "multiline":
                inside = text[text.index("\n") + 1 :].removesuffix("\n").removesuffix(".")
                return Token(TokenKind.STRING, self._string(STUFFED.sub(".", inside), span), span)
            case _:
                return Token(TokenKind.PUNCTUATION, text, span)

    def _identifier(self, text: str, span: Span) -> str:
        if len(text) > self._limits.identifier:
            self._diagnostics.error(span, f"an identifier has at most {self._limits.identifier} characters")
        return text.lower()

    def _number(self, text: str, span: Span) -> int:
        unit = UNITS.get(text[-1].lower(), 1)
        digits = (text[:-1] if unit > 1 else text).lstrip("0") or "0"
        # So many digits are too large in any case; Python refuses to convert thousands of them.
        value = int(digits) * unit if len(digits) <= len(str(NUMBER_MAX)) else NUMBER_MAX + 1
        if value > NUMBER_MAX:
            self._diagnostics.error(span, f"the number is larger than {NUMBER_MAX}")
            return NUMBER_MAX
        return value

    def _string(self, text: str, span: Span) -> str:
        value = text.replace("\n", "\r\n")
        if octets_of(value) > self._limits.string_size:
            self._diagnostics.error(span, f"a string has at most {self._limits.string_size} octets")
            return ""
        return value

    def _unfinished(self, found: re.Match[str]) -> None:
        span = self.span(found.start(), found.start() + len(found[0].rstrip("\n")))
        match found.lastgroup:
            case "open_string":
                self._diagnostics.error(span, "the string that opens here has no closing quote")
            case "open_comment":
                self._diagnostics.error(span, "the comment that opens here is not closed by '*/'")
            case _:
                self._diagnostics.error(
                    span, "the text that opens here has no closing line with a single dot"
                )

    def _strange(self, found: re.Match[str]) -> None:
        character = found[0]
        if character == "\0":
            return  # said already
        shown = repr(character) if character.isprintable() else f"U+{ord(character):04X}"
        self._diagnostics.error(self.span(found.start(), found.end()), f"unexpected character {shown}")


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
