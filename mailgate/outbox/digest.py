"""Several notices to one of our own people in one mail: over a budget, nothing of them is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from mailgate.domain.draft import Draft
from mailgate.domain.replymark import reply_above, without_mark

# More than a person reads at once; the rest goes into the next one.
NOTICES_MAX: Final = 100
# Enough to see what it is about; the ticket has the whole.
TEXT_MAX: Final = 2000
RULE: Final = "-" * 70


@dataclass(frozen=True, slots=True)
class Notice:
    """One gathered mail and when it was written."""

    draft: Draft
    at: datetime


def gather_notices(notices: Sequence[Notice], message_id: str) -> Draft:
    """Return one mail in place of these, oldest first; there must be at least one.

    Sender, recipient and extra fields are those of the newest: all are of one kind, to one address.
    """
    newest = notices[-1].draft
    count = len(notices)
    subject = f"{count} notifications" if count > 1 else newest.subject
    list_of = [f"{n:3}. {_stamp(one.at)}  {_line(one.draft.subject)}" for n, one in enumerate(notices, 1)]
    parts = ["\n".join(list_of), *(_part(n, one) for n, one in enumerate(notices, 1))]
    if count > 1 and any(one.draft.reply_to for one in notices):
        # Whoever answers one of them at its address must not send the others along.
        parts[0] = f"{reply_above('en')}\n\n{parts[0]}"
    return replace(
        newest,
        subject=subject,
        text=f"\n\n{RULE}\n".join(parts) + "\n",
        html="",
        mime="",
        message_id=message_id,
        in_reply_to="",
        references=(),
        # An answer to several tickets at once is for none of their customers.
        reply_to=newest.reply_to if count == 1 else "",
    )


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _line(text: str) -> str:
    return " ".join(text.split())[:100]


def _part(number: int, notice: Notice) -> str:
    text = without_mark(notice.draft.text).strip()
    if len(text) > TEXT_MAX:
        text = f"{text[:TEXT_MAX]} […]"
    head = [f"{number}. {_line(notice.draft.subject)}", _stamp(notice.at)]
    if notice.draft.reply_to:
        head.append(f"to answer the customer, write to {notice.draft.reply_to}")
    return "\n".join((*head, "", text))
