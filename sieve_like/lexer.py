"""Octets of a script to tokens (RFC 5228 2 and 8.1): the first stage of a compilation; never raises.

Line ends are kept as the text means them: a bare LF counts as CRLF, inside strings too.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

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
    STRANGE = "a character that begins no token"
    ERROR = "a token with an error in it"
    END = "end of the script"


class Token(NamedTuple):
    """One token: `text` is an identifier in lower case or a string's value; `number` that of a number.

    An ERROR has its message as text: the parser reports it when it gets there.
    """

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
# found by the alternatives behind the finished one, so every character belongs to some token. A carriage
# return alone is a blank to all engines, but no part of a text. Possessive repeats (`*+`) remember no way
# back, which would take memory for every character.
TOKENS: Final = re.compile(
    r"""
      (?P<blank> [ \t\n\r]+ )
    | (?P<hash> \#[^\n\0]*(?:\n|\Z) )
    | (?P<comment> /\*(?:[^*\0]++|\*(?!/))*+\*/ )
    | (?P<multiline> text:[ \t]*(?:\#[^\n\0]*)?\n (?:(?!\.(?:\n|\Z)) [^\n\0\r]*+\n)*+ \.(?:\n|\Z) )
    | (?P<open_multiline> text: )
    | (?P<tag> :[A-Za-z_][A-Za-z0-9_]* )
    | (?P<identifier> [A-Za-z_][A-Za-z0-9_]* )
    | (?P<number> [0-9]+[KMGkmg]? )
    | (?P<string> "(?:[^"\\\0\r]++|\\[^\0\r])*+" )
    | (?P<open_string> " )
    | (?P<open_comment> /\* )
    | (?P<open_hash> \# )
    | (?P<punctuation> [;{}()\[\],:/] )
    | (?P<strange> . )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE | re.ASCII,
)
# As far as an unfinished text, comment or string goes before the end, a NUL or a carriage return.
OPEN: Final = {
    "open_string": re.compile(r'"(?:[^"\\\0\r]++|\\[^\0\r])*+\\?', re.DOTALL),
    "open_comment": re.compile(r"/\*[^\0]*"),
    "open_hash": re.compile(r"\#[^\0]*"),
    "open_multiline": re.compile(r"text:[ \t]*(?:(?:\#[^\n\0]*)?\n[^\0\r]*)?", re.IGNORECASE),
}
UNFINISHED: Final = {
    "open_string": ("the string", "has no closing quote"),
    "open_comment": ("the comment", "is not closed by '*/'"),
    "open_hash": ("the comment", "is not finished"),
    "open_multiline": ("the text", "has no closing line with a single dot"),
}
UNITS: Final = {"k": 2**10, "m": 2**20, "g": 2**30}  # RFC 5228 2.4.1
ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
STUFFED: Final = re.compile(r"^\.\.", re.MULTILINE)
MARK: Final = "\ufeff"
BLANKS: Final = frozenset({"blank", "hash", "comment"})


class Lexer:
    """Splits one script. Errors are tokens, which the parser reports; warnings go to `diagnostics`.

    The lines of `diagnostics`, for the carets, are set here.
    """

    def __init__(self, source: bytes | str, limits: Limits, diagnostics: Diagnostics) -> None:
        octets = source if isinstance(source, bytes) else source.encode("utf-8", "surrogateescape")
        text = octets.decode("utf-8", "replace")
        self._limits = limits
        foreign = len(octets) <= limits.script_size and not _is_utf8(octets)
        if len(octets) > limits.script_size:
            diagnostics.error(Span(), f"the script is larger than {limits.script_size} octets")
            text = ""
        # Editors of one system put a byte order mark there; it means nothing in UTF-8.
        self._text = text.removeprefix(MARK).replace("\r\n", "\n")
        self._starts = [0, *(m.end() for m in re.finditer("\n", self._text))]
        diagnostics.lines = self._text.split("\n")
        if foreign:
            # RFC 5228 2.1 asks for UTF-8. Old scripts hold other octets in comments or texts; they still run.
            at = self._text.find("\ufffd")
            diagnostics.warning(self.span(at, at + 1), "the script is not valid UTF-8")

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
            kind = found.lastgroup or ""
            if kind in BLANKS:
                continue
            if kind in OPEN:
                token, position = self._unfinished(kind, found.start())
                yield token
            else:
                yield self._token(found)
        yield Token(TokenKind.END, "", self.span(size, size))

    def _token(self, found: re.Match[str]) -> Token:
        span = self.span(found.start(), found.end())
        text = found[0]
        match found.lastgroup:
            case "tag":
                return self._identifier(TokenKind.TAG, text[1:], span)
            case "identifier":
                return self._identifier(TokenKind.IDENTIFIER, text, span)
            case "number":
                return _number(text, span)
            case "string":
                inside = text[1:-1]
                return self._string(ESCAPE.sub(r"\1", inside) if "\\" in inside else inside, span)
            case "multiline":
                inside = text[text.index("\n") + 1 :].removesuffix("\n").removesuffix(".")
                return self._string(STUFFED.sub(".", inside), span)
            case "strange":
                return Token(TokenKind.STRANGE, text, span)
            case _:
                return Token(TokenKind.PUNCTUATION, text, span)

    def _identifier(self, kind: TokenKind, text: str, span: Span) -> Token:
        limit = self._limits.identifier
        if len(text) > limit:
            return Token(TokenKind.ERROR, f"an identifier has at most {limit} characters", span)
        return Token(kind, text.lower(), span)

    def _string(self, text: str, span: Span) -> Token:
        value = text.replace("\n", "\r\n")
        limit = self._limits.string_size
        if octets_of(value) > limit:
            return Token(TokenKind.ERROR, f"a string has at most {limit} octets", span)
        return Token(TokenKind.STRING, value, span)

    def _unfinished(self, kind: str, start: int) -> tuple[Token, int]:
        """Return the error that an unfinished token is, and where to go on behind it."""
        found = OPEN[kind].match(self._text, start)
        assert found is not None  # the pattern begins with what brought us here
        end = found.end()
        what, lacks = UNFINISHED[kind]
        shown = self.span(start, start + len(self._text[start:end].partition("\n")[0]))
        match self._text[end : end + 1]:
            case "\0":
                return Token(TokenKind.ERROR, f"{what} holds a NUL octet", self.span(end, end + 1)), end
            case "\r":
                message = f"{what} holds a carriage return without a line feed"
                return Token(TokenKind.ERROR, message, self.span(end, end + 1)), end + 1
            case "":
                return Token(TokenKind.ERROR, f"{what} that opens here {lacks}", shown), end
            case character:
                message = f"'text:' must end its line, there is {character!r} behind it"
                return Token(TokenKind.ERROR, message, self.span(end, end + 1)), end


def _number(text: str, span: Span) -> Token:
    unit = UNITS.get(text[-1].lower(), 1)
    digits = (text[:-1] if unit > 1 else text).lstrip("0") or "0"
    # So many digits are too large in any case; Python refuses to convert thousands of them.
    value = int(digits) * unit if len(digits) <= len(str(NUMBER_MAX)) else NUMBER_MAX + 1
    if value > NUMBER_MAX:
        return Token(TokenKind.ERROR, f"the number is larger than {NUMBER_MAX}", span)
    return Token(TokenKind.NUMBER, text, span, value)


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
