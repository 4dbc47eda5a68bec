"""A mail of ours found again in an answer to it, however the answering program quoted and wrapped it.

Texts are compared as words: case, white space, quote signs and line ends don't count. Read by `answertext`.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from mailgate.domain.message.quoteheads import bare

# That much of a known mail is compared: an answer that quotes it begins with its beginning.
_KNOWN: Final = 16 * 1024
# A line that may be looked for; shorter ones ("Hello Anna,") stand in many mails.
_SHORTEST: Final = 12
# How much of the known mail must stand there from such a line on.
_PROBE: Final = 60
# So much of it is proof without any sign that something is quoted.
PROOF: Final = 40
# Lines of the known mail that are looked for: one may have been changed on the way (a link, a picture).
_PROBES: Final = 3
# Looks for a piece of a line within the known mail: bounds the time.
_LOOKS: Final = 400
# A quotation is all of the known mail if that many of a hundred of its lines are in it.
_ALL: Final = 90
_MOST_LINES: Final = 100


def words_of(line: str) -> str:
    """Return a line for comparing."""
    return " ".join(bare(line).replace("*", " ").casefold().split())


class Known:
    """One mail that we sent, for finding it again."""

    def __init__(self, text: str) -> None:
        lines = [words_of(line) for line in text[:_KNOWN].split("\n")]
        self._lines = [line for line in lines if line]
        self._stream = " ".join(self._lines)
        self._set = frozenset(self._lines)
        self._looks = _LOOKS

    def probes(self) -> list[str]:
        """Return the beginnings that are looked for, the first one first."""
        found, position = list[str](), 0
        for line in self._lines:
            if len(line) >= _SHORTEST:
                found.append(self._stream[position : position + _PROBE].strip())
                if len(found) == _PROBES:
                    break
            position += len(line) + 1
        return found

    def has(self, words: str) -> bool:
        """Whether a line is one of it or, cut at another place, a piece of it."""
        if words in self._set:
            return True
        if len(words) < _SHORTEST or self._looks <= 0:
            return False
        self._looks -= 1
        return words in self._stream

    def is_all_in(self, stream: str) -> bool:
        """Whether nearly all of its lines stand in a text; programs may leave its signature out."""
        ends = next((i for i, one in enumerate(self._lines) if one == "--"), len(self._lines))
        lines = self._lines[: min(ends, _MOST_LINES)]
        return bool(lines) and 100 * sum(one in stream for one in lines) >= _ALL * len(lines)


class Stream:
    """The words of an answer one after the other, and in which line each stands."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.words = [words_of(line) for line in lines]
        self._starts: list[int] = []
        self._lines: list[int] = []
        pieces, position = list[str](), 0
        for number, words in enumerate(self.words):
            if words:
                self._starts.append(position)
                self._lines.append(number)
                pieces.append(words)
                position += len(words) + 1
        self.text = " ".join(pieces)

    def line_of(self, known: Known) -> tuple[int, int]:
        """Return where the known mail begins and how many characters prove it; -1 if it is not there."""
        for probe in known.probes():
            at = self.text.find(probe)
            if at >= 0:
                return self._lines[bisect_right(self._starts, at) - 1], len(probe)
        return -1, 0
