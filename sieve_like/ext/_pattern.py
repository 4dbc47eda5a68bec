r"""Extended regular expressions of POSIX for RE2, which takes nearly all of them as they are.

RE2 runs in linear time whatever the pattern, so it has no back references. What it has beyond POSIX (`\d`,
`(?i)`, `(?:…)`) may be used. The leftmost and longest text matches, as POSIX has it.
"""

import re
from typing import Final

import re2

# Escapes that RE2 knows; before any other letter a backslash means nothing.
ESCAPES: Final = frozenset("AbBCdDfnpPQEsStvwWxz") - frozenset("C")
WORD_EDGES: Final = frozenset("<>")
REPEATS: Final = frozenset("*+?")
BRACKET: Final = re.compile(r"\[\^?\]?(?:\[:\w*:\]|\[[.=].*?[.=]\]|\\.|(?!\[[:.=])[^\]\\])*\]", re.DOTALL)
# One piece of a folded pattern: a character that must be there, or what may be anything.
PLAIN: Final = re.compile(
    r"""(?P<text> (?:[a-jl-rt-z0-9 ,:;<>@!"#%&'/=_`~-] | \\[^a-zA-Z0-9<>]) (?!\+*[*?{]) )
      | (?P<either> \| )
      | (?P<group> [()] )
      | \[\^?\]?(?:\[:\w*:\]|\\.|[^\]\\])*\]
      | \\[bdswnrt]
      | \{[0-9,]*\}
      | [^\\\[{]""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
BRACE: Final = re.compile(r"\{([0-9]*)(,?)([0-9]*)\}")


class PatternError(Exception):
    """What is wrong with a pattern."""


def compile_pattern(pattern: str, *, case: bool) -> "re2._Regexp":
    """Return a compiled pattern; without `case` letters match in both cases. Raises PatternError."""
    options = re2.Options()
    options.longest_match = True
    options.dot_nl = True
    options.case_sensitive = case
    options.log_errors = False
    try:
        return re2.compile(translated(pattern), options)
    except (re2.error, UnicodeEncodeError) as error:
        raise PatternError(_said(error)) from None


def _said(error: Exception) -> str:
    text = error.args[0] if error.args else "it is no valid UTF-8"
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


def translated(pattern: str) -> str:
    """Return a pattern as RE2 writes it. Raises PatternError."""
    pieces: list[str] = []
    at = depth = 0
    while at < len(pattern):
        piece, length = _piece(pattern, at, depth)
        if piece in REPEATS and pieces and pieces[-1] in REPEATS and pattern[at - 1] in REPEATS:
            # POSIX lets one repeat stand behind another: together they repeat any number of times.
            pieces[-1] = piece if pieces[-1] == piece else "*"
        else:
            pieces.append(piece)
        depth += (piece == "(") - (piece == ")")
        at += length
    return "".join(pieces)


def _piece(pattern: str, at: int, depth: int) -> tuple[str, int]:
    """Return the next piece as RE2 writes it, and how much of the pattern it is."""
    character = pattern[at]
    match character:
        case "\\":
            return _escape(pattern[at + 1 : at + 2])
        case "[":
            found = BRACKET.match(pattern, at)
            if found is None:
                raise PatternError(f"no end of the brackets: {pattern[at : at + 20]}")
            return found[0], len(found[0])
        case ")" if not depth:
            return "\\)", 1  # POSIX: on its own it is a character like others
        case "{":
            return _brace(pattern, at)
        case _:
            return character, 1


def _escape(character: str) -> tuple[str, int]:
    if not character:
        raise PatternError("a backslash at the end")
    if character in WORD_EDGES:
        return "\\b", 2
    if character in "123456789":
        raise PatternError(f"back references as \\{character} are not possible in linear time")
    if character.isascii() and character.isalpha() and character not in ESCAPES:
        return character, 2
    return "\\" + character, 2


def _brace(pattern: str, at: int) -> tuple[str, int]:
    found = BRACE.match(pattern, at)
    if found is None or found[0] in {"{}", "{,}"}:
        raise PatternError("a brace that opens no number of repetitions")
    if at == 0:
        raise PatternError("nothing to repeat in front of a brace")
    return f"{{{found[1] or '0'}{found[2]}{found[3]}}}", len(found[0])


def required_text(pattern: str) -> str:
    """Return a text which every value holds that a folded pattern matches, "" where none is certain.

    Letters that have a third form in Unicode (k, s) end a text: RE2 takes those forms for them as well.
    """
    if "(?" in pattern:
        return ""  # flags change what letters mean
    texts: list[str] = [""]
    at = depth = 0
    while at < len(pattern):
        found = PLAIN.match(pattern, at)
        if found is None:
            return ""
        at = found.end()
        depth += (found["group"] == "(") - (found["group"] == ")")
        if (found["either"] and not depth) or depth < 0:
            return ""
        if found["text"] and not depth:
            texts[-1] += found["text"][-1]
        else:
            texts.append("")
    return max(texts, key=len) if not depth else ""
