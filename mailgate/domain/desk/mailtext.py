"""What an agent has written in a mail: the words above the notice that it answers, and the files.

Cut off are the notice, the line that introduces it, and the agent's own signature: the answer goes out in the
queue's name, with the queue's. What is cut off stays in the mail as it came.
"""

import re
from typing import Final

from mailgate.domain.attach import clean_file_name, file_complaint
from mailgate.domain.deskerror import DeskError
from mailgate.domain.draft import Attachment, Enclosed
from mailgate.domain.filekind import kind_of
from mailgate.domain.message.answertext import answer_text
from mailgate.domain.message.part import Part
from mailgate.domain.message.view import MessageView
from mailgate.domain.notify import HOW
from mailgate.domain.replymark import find_mark
from mailgate.domain.token import without_tokens

# An entry of a ticket's history shows this much of a mail's text; the whole stays in the stored mail.
ENTRY_TEXT: Final = 64 * 1024
# RFC 3676 4.3: what stands before a signature; some programs lose the blank.
_SIGNATURE: Final = re.compile(r"^-- ?$", re.MULTILINE)
# What introduces a quote: a rule, `On … at 9:15 … wrote:`, `From: Support <support@…>`.
_RULE: Final = re.compile(r"[-_*=]{5,}.*")
_TIME: Final = re.compile(r"[0-9]{1,2}[:.][0-9]{2}")
_FIELD: Final = re.compile(r"[\w-]{2,12} ?: \S.*")
# Signatures of the mail itself say nothing once it has become another mail.
_NO_FILES: Final = frozenset({"application/pgp-signature", "application/pkcs7-signature"})


def own_words(view: MessageView, notice: str = "") -> str:
    """Return what the agent has written above the line, without tokens of ours; `notice` is what it answers.

    "" where nothing stands above it, or where it cannot be told from the notice.
    """
    text = _above(view, notice)
    found = _SIGNATURE.search(text)
    if found is not None:
        text = text[: found.start()]
    return without_tokens(text).strip()


def _above(view: MessageView, notice: str) -> str:
    """Return what stands above the notice; where its mark is gone, what is new in the mail."""
    found = answer_text(view, ENTRY_TEXT, [notice] if notice else [])
    whole = view.main_text(ENTRY_TEXT)
    mark = find_mark(whole)
    if mark >= 0:
        return _without_introduction(found.text if found.how == "mark" else whole[:mark])
    # A notice has lines that are no customer's business, and no answer may carry them along.
    return "" if found.how == "empty" or HOW in " ".join(found.text.replace(">", " ").split()) else found.text


def _without_introduction(text: str) -> str:
    """Return a text without the lines at its end that introduce a quote."""
    lines = text.rstrip().split("\n")
    fields = _fields(lines)
    if fields > 1 and any("@" in line for line in lines[-fields:]):
        del lines[-fields:]
    while lines and _introduces(lines[-1]):
        lines.pop()
    return "\n".join(lines)


def _fields(lines: list[str]) -> int:
    """Return how many of the last lines look like the header of a quoted mail."""
    found = 0
    while found < len(lines) and _FIELD.fullmatch(lines[-1 - found].strip(" \t>|*\u00a0")):
        found += 1
    return found


def _introduces(line: str) -> bool:
    bare = line.strip(" \t>|*\u00a0")
    if not bare or _RULE.fullmatch(bare):
        return True
    return bare.endswith(":") and ("@" in bare or _TIME.search(bare) is not None)


def enclosed(view: MessageView) -> tuple[Enclosed, ...]:
    """Return the files that came with a mail, decoded; DeskError for the first that may not go along (G20).

    Nothing is left out: an answer whose picture is missing is worse than one that must be written again.
    """
    files: list[Enclosed] = []
    beside: list[Attachment] = []
    for part in view.attachments():
        if part.content_type in _NO_FILES:
            continue
        one = _file(part, len(files) + 1)
        if wrong := file_complaint(one.name, one.octets, beside, inline=False):
            raise DeskError(wrong)
        files.append(one)
        beside.append(Attachment(one.name, one.kind, size=len(one.octets)))
    return tuple(files)


def _file(part: Part, number: int) -> Enclosed:
    octets = part.decoded()
    # Pictures that were pasted into a text often have no name.
    endings = kind_of(octets).endings or ("bin",)
    name = clean_file_name(part.filename) or f"file-{number}.{endings[0]}"
    return Enclosed(name, part.content_type, octets)
