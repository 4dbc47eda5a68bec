"""Text as format=flowed (RFC 3676): paragraphs of plain ASCII in short lines that readers join again.

Only where nothing is lost by it: `flowed` gives None for a text that would not come out as it went in, and
that text is sent in quoted-printable.
"""

import re
from typing import Final

# RFC 3676 4.2: lines of at most 78 characters, the space at their end included.
COLUMNS: Final = 78
# Quoted text as mail programs write it: the marks, then a space or nothing (RFC 3676 4.5).
QUOTED: Final = re.compile(r">+(?= |\Z)")
# RFC 3676 4.3: the one line that ends in a space and is fixed all the same.
SIGNATURE: Final = "-- "
# RFC 3676 4.4: what a line may not start with unless a space is put in front.
STUFFED: Final = re.compile(r" |>|From ")


def flowed(lines: list[str]) -> list[str] | None:
    """Return the lines of a text broken and stuffed, or None where the form does not fit the text."""
    made: list[str] = []
    for line in lines:
        pieces = _broken(line)
        if pieces is None:
            return None
        made += pieces
    return made


def _broken(line: str) -> list[str] | None:
    """Return the lines that one line of the text becomes; quoted ones keep their marks (RFC 3676 4.5)."""
    found = QUOTED.match(line)
    if found is None and line.startswith(">"):
        return None
    marks, text = (found[0], line[found.end() + 1 :]) if found is not None else ("", line)
    if line.endswith(" ") and text != SIGNATURE:
        return None
    if text == SIGNATURE:
        return [line]
    pieces = _pieces(text, COLUMNS - len(marks) - 1)
    if pieces is None or SIGNATURE in pieces:
        return None
    if marks:
        return [f"{marks} {one}" if one else marks for one in pieces]
    return [_stuffed(one) for one in pieces]


def _pieces(text: str, room: int) -> list[str] | None:
    """Break a line behind its spaces into pieces of at most `room`; None where a word has no room."""
    pieces = []
    while len(text) > room:
        at = text.rfind(" ", 0, max(room, 0)) + 1
        if at == 0:
            return None
        pieces.append(text[:at])
        text = text[at:]
    return [*pieces, text]


def _stuffed(line: str) -> str:
    return f" {line}" if STUFFED.match(line) else line
