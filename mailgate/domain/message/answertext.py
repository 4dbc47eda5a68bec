"""What is new in an answer: an entry of a ticket shows that; the stored mail stays whole.

Looked for in this order: the line above which answers are written (`domain/replymark.py`), the mail of ours
that is answered, what programs write above a quotation. What cannot be told apart safely is kept: a mail
that is passed on, answers between quoted lines, and everything where nothing new would be left.

All steps go once over the lines and are bounded, whoever wrote them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from mailgate.domain.message.knowntext import PROOF, Known, Stream
from mailgate.domain.message.quotedhtml import BELOW, quoting_text, without_signs
from mailgate.domain.message.quoteheads import (
    bare,
    block_at,
    is_sent_from,
    is_separator,
    known_wrote,
    says_forwarded,
    wrote_above,
)
from mailgate.domain.message.text import main_text
from mailgate.domain.message.view import MessageView
from mailgate.domain.replymark import find_mark
from mailgate.domain.ticket import is_forward

How = Literal["whole", "mark", "known", "quote", "forward", "inline", "empty", "bottom"]
# What of a text is looked through, in characters and lines; an answer has its quotation within that.
_MOST: Final = 64 * 1024
_MOST_LINES: Final = 4000
# Above a mark or a known mail its head is looked for that far: a logo's text or a notice may stand between.
_HEAD_WITHIN: Final = 14
# Looks at lines that may be a head. Real mails have a handful.
_WROTE_LOOKS: Final = 12
_BLOCK_LOOKS: Final = 60
# A block of fields begins with its first field's name: a colon stands near.
_COLON_WITHIN: Final = 30


@dataclass(frozen=True, slots=True)
class AnswerText:
    """The text to show, whether it is only a part, and why."""

    text: str
    trimmed: bool
    how: How


def answer_text(view: MessageView, limit: int, known: Sequence[str] = ()) -> AnswerText:
    """Return what is new in a mail, at most `limit` characters; `known` are the mails that it may answer.

    Never empty unless the mail is.
    """
    marked = main_text(view.root, limit, quoting_text)
    whole = without_signs(marked)
    if is_forward(view.subject):
        return AnswerText(whole, False, "forward")
    lines = marked[:_MOST].split("\n")[:_MOST_LINES]
    page = _Page(lines, [Known(one) for one in known if one.strip()], view.subject)
    cut, how = page.cut()
    if cut < 0:
        return AnswerText(whole, False, "whole")
    text, how = page.told(cut, how)
    if not text:
        return AnswerText(whole, False, how)
    return AnswerText(text, text != whole.strip(), how)


class _Page:
    """The lines of one answer; lives for one call of `answer_text`."""

    def __init__(self, lines: list[str], known: list[Known], subject: str) -> None:
        self._lines = lines
        self._known = known
        self._subject = subject

    @cached_property
    def _stream(self) -> Stream:
        return Stream(self._lines)

    # -- where what is quoted begins

    def cut(self) -> tuple[int, How]:
        """Return the line where the quotation begins with its head, and what told so; -1 for none."""
        if (at := self._mark()) >= 0:
            return self._head_above(at), "mark"
        if (at := self._known_begins()) >= 0:
            return at, "known"
        found = [at for at in (self._below(), self._quoted(), self._block()) if at >= 0]
        return (min(found), "quote") if found else (-1, "whole")

    def _mark(self) -> int:
        text = "\n".join(self._lines)
        at = find_mark(text)
        return -1 if at < 0 else text.count("\n", 0, at)

    def _known_begins(self) -> int:
        """Return where a mail of ours begins with its head; without a head only where much of it is there."""
        best = -1
        for known in self._known:
            line, proof = self._stream.line_of(known)
            if line < 0:
                continue
            at = self._head_above(line)
            if (at < line or self._lines[line].startswith(">") or proof >= PROOF) and (best < 0 or at < best):
                best = at
        return best

    def _head_above(self, line: int) -> int:
        """Return where the head of a quotation begins that this line is in, else the line's own quotation."""
        lowest = self._run_begins(line)
        for at in range(lowest, max(lowest - _HEAD_WITHIN, -1), -1):
            if self._lines[at] == BELOW:
                return at
            if at < line and block_at(self._lines, at, self._subject):
                return self._block_begins(at)
            if at < line and (start := wrote_above(self._lines, at)) >= 0:
                return start
        return lowest

    def _block_begins(self, at: int) -> int:
        """Return the first line of a block of which a line is known."""
        while at > 0 and block_at(self._lines, at - 1, self._subject):
            at -= 1
        return at

    def _run_begins(self, line: int) -> int:
        """Return the first line of the quoted lines around this one that are quoted as deeply."""
        depth = _depth(self._lines[line])
        while depth and line > 0 and _depth(self._lines[line - 1]) >= depth:
            line -= 1
        return line

    def _below(self) -> int:
        return self._lines.index(BELOW) if BELOW in self._lines else -1

    def _quoted(self) -> int:
        """Return the head of the first quoted lines that have one, in any language."""
        before = ""
        looks = _BLOCK_LOOKS
        for number, line in enumerate(self._lines):
            if line.startswith(">") and not before.startswith(">"):
                looks -= 1
                if (at := self._head_of_quote(number)) >= 0:
                    return at
                if not looks:
                    return -1
            before = line or before if line else ""
        return -1

    def _head_of_quote(self, number: int) -> int:
        """Return where the head of quoted lines begins: above them, or, as Apple has it, within them."""
        above = next((at for at in range(number - 1, max(number - 3, -1), -1) if self._lines[at]), -1)
        if above >= 0 and (start := wrote_above(self._lines, above)) >= 0:
            return start
        for end in range(number, min(number + 4, len(self._lines))):
            if not bare(self._lines[end]):
                continue
            start = wrote_above(self._lines, end)
            if start >= number or block_at(self._lines, end, self._subject):
                return number
        return -1

    def _block(self) -> int:
        """Return where a head begins below which the quotation is not marked."""
        wrote, block = _WROTE_LOOKS, _BLOCK_LOOKS
        for number, line in enumerate(self._lines):
            if wrote and line.rstrip().endswith((":", "\uff1a")):
                wrote -= 1
                if (start := known_wrote(self._lines, number)) >= 0:
                    return start
            if block and ":" in line[:_COLON_WITHIN].replace("\uff1a", ":"):
                block -= 1
                if block_at(self._lines, number, self._subject):
                    return number
        return -1

    # -- what is shown

    def told(self, cut: int, how: How) -> tuple[str, How]:
        """Return the new text, "" where all is to be shown, and why."""
        if says_forwarded([x for x in self._lines[max(cut - 3, 0) : cut + 4] if x]):
            return "", "forward"
        above = self._above(cut)
        body = self._body(cut)
        quoted = body < len(self._lines) and self._lines[body].startswith(">")
        last = self._last_quoted(body) if quoted else self._last_known(body)
        if any(self._strays(body, last, quoted=quoted)):
            return "", "inline"
        below = self._below_quote(last) if quoted else []
        if below and above:
            return "", "inline"
        if below:
            return (_joined(below), "bottom") if self._quotes_all(cut, last) else ("", "inline")
        return (above, how) if above else ("", "empty")

    def _above(self, cut: int) -> str:
        """Return the text above the quotation, "" if nobody wrote it."""
        lines = self._lines[:cut]
        while lines and (not bare(lines[-1]) or lines[-1] == BELOW or is_separator(lines[-1])):
            lines.pop()
        written = any(x.isalnum() for line in lines if not is_sent_from(line) for x in line)
        return _joined(lines) if written else ""

    def _body(self, cut: int) -> int:
        """Return the first line behind the head."""
        at, size = cut, len(self._lines)
        while at < size:
            line = self._lines[at]
            if not bare(line) or line == BELOW or is_separator(line):
                at += 1
            elif count := block_at(self._lines, at, self._subject):
                at += count
            elif (end := self._wrote_ends(at)) >= 0:
                at = end + 1
            else:
                return at
        return size

    def _wrote_ends(self, at: int) -> int:
        ends = range(at, min(at + 3, len(self._lines)))
        return next((end for end in ends if 0 <= wrote_above(self._lines, end) <= at), -1)

    def _last_quoted(self, body: int) -> int:
        return max(i for i in range(body, len(self._lines)) if self._lines[i].startswith(">"))

    def _last_known(self, body: int) -> int:
        """Return the last line that stands in the mail that is answered; before `body` if none does."""
        size = len(self._lines)
        return (
            max((i for i in range(body, size) if self._is_known(i)), default=body - 1)
            if self._known
            else body - 1
        )

    def _is_known(self, number: int) -> bool:
        words = self._stream.words[number]
        return bool(words) and any(one.has(words) for one in self._known)

    def _strays(self, body: int, last: int, *, quoted: bool) -> Iterator[bool]:
        """Yield true for each line within the quotation that is none of it: an answer between the lines."""
        for number in range(body, last):
            line = self._lines[number]
            if not bare(line) or line == BELOW or is_separator(line) or (quoted and line.startswith(">")):
                continue
            if not self._is_known(number) and self._wrote_ends(number) < 0:
                yield True

    def _below_quote(self, last: int) -> list[str]:
        """Return what was written below quoted lines; signatures, footers, telephones' lines don't count."""
        lines = [line for line in self._lines[last + 1 :] if line != BELOW]
        for number, line in enumerate(lines):
            if line.strip() == "--" or is_separator(line):
                lines = lines[:number]
                break
        written = [line for line in lines if line.strip() and not is_sent_from(line)]
        return lines if written else []

    def _quotes_all(self, cut: int, last: int) -> bool:
        """Whether all of a mail of ours is quoted: then nobody chose these lines, the program did."""
        quoted = Stream(self._lines[cut : last + 1]).text
        return any(one.is_all_in(quoted) for one in self._known)


def _depth(line: str) -> int:
    """Return how deeply a line is quoted."""
    signs = line[: len(line) - len(line.lstrip("> "))]
    return signs.count(">")


def _joined(lines: list[str]) -> str:
    return "\n".join(line for line in lines if line != BELOW).strip()
