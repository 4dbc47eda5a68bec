"""What a server's words mean for a mail of ours: done, later, or never, and what kind of trouble it is.

One table, read from the top; `docs/outgoing.md` shows it. Codes are those of RFC 5321 4.2, enhanced status
codes those of RFC 3463. A refusal that speaks of how we are set up is never the mail's fault.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mailgate.domain.target import Failed, Outcome, Retry, Sent


class Stage(StrEnum):
    """Which command was answered; DONE is the end of the data. In the order in which they are said."""

    RESET = "RSET"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DONE = "."


class Cause(StrEnum):
    """Why a mail did not leave, by class: a closed list, and a label of the metrics."""

    ADDRESS = "address"  # x.1: there is no such mailbox
    MAILBOX = "mailbox"  # x.2: there is one, but it is full or switched off
    SYSTEM = "system"  # x.3: the server is full, or takes nothing now
    NETWORK = "network"  # x.4: no way there
    PROTOCOL = "protocol"  # x.5: our commands are wrong for it
    CONTENT = "content"  # x.6: the mail cannot be passed on as it is
    POLICY = "policy"  # x.7: it may not: spam, greylisting, reputation
    UNSAID = "unsaid"  # a reply without an enhanced code
    CONNECTION = "connection"  # no reply at all: refused, lost, timed out
    OURS = "ours"  # trouble of our own: disk, settings, an address that is none


STATUS: Final = re.compile(
    r"[245][0-9][0-9][ -](?:([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9A-Za-z.]))?", re.ASCII
)
# RFC 3463 3: the second number is the subject.
SUBJECTS: Final = {
    "1": Cause.ADDRESS,
    "2": Cause.MAILBOX,
    "3": Cause.SYSTEM,
    "4": Cause.NETWORK,
    "5": Cause.PROTOCOL,
    "6": Cause.CONTENT,
    "7": Cause.POLICY,
}
# RFC 3463 3.2 and RFC 7505 5: nobody is there, nor will be. 5.1.4 (ambiguous) and senders' codes are not.
NOBODY: Final = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
# RFC 3463 3.3 and 3.6: room may be made, and there are fewer recipients the next time.
FULL: Final = frozenset({"5.2.2", "5.5.3"})
# 50x find our commands wrong, 53x ask for a login or TLS (RFC 4954 6), 555 (RFC 5321 4.2.2) a parameter.
SET_UP_WRONGLY: Final = frozenset({500, 501, 502, 503, 504, 530, 534, 535, 538, 555})
# RFC 5321 4.5.3.1.10: what old servers say to a recipient too many.
TOO_MANY: Final = 552


@dataclass(frozen=True, slots=True)
class Words:
    """One reply and what it answers; `status` is its enhanced code, "" where it has none."""

    stage: Stage
    code: int
    status: str

    @property
    def refuses(self) -> bool:
        """Whether it is a 5xx."""
        return self.code // 100 == 5  # noqa: PLR2004  RFC 5321 4.2.1


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of the table: `when` it holds and what it means: sent, later, never, or nobody."""

    when: Callable[[Words], bool]
    word: str


TABLE: Final = (
    Meaning(lambda w: w.code // 100 == 2, "sent"),  # noqa: PLR2004  RFC 5321 4.2.1
    Meaning(lambda w: not w.refuses, "later"),
    Meaning(lambda w: w.stage is Stage.RCPT and w.status in NOBODY, "nobody"),
    Meaning(lambda w: w.stage is not Stage.DONE and w.code in SET_UP_WRONGLY, "later"),
    # Whether we may send at all, or as this sender: the administrator's business.
    Meaning(lambda w: w.stage is Stage.MAIL and w.status.startswith("5.7."), "later"),
    Meaning(lambda w: w.status in FULL, "later"),
    Meaning(lambda w: w.stage is Stage.RCPT and w.code == TOO_MANY and not w.status, "later"),
    Meaning(lambda _: True, "never"),
)


def status_of(reply: str) -> str:
    """Return the enhanced status code of a reply (`550 5.1.1 …`), "" where it has none."""
    found = STATUS.match(reply)
    return (found[1] or "") if found is not None else ""


def meaning(stage: Stage, code: int, reply: str) -> Outcome:
    """Return what a reply means for the mail; `reply` is all of it as one line, beginning with its code."""
    words = Words(stage, code, "" if code // 100 == 2 else status_of(reply))  # noqa: PLR2004
    match next(row.word for row in TABLE if row.when(words)):
        case "sent":
            return Sent(reply)
        case "later":
            return Retry(reply)
        case word:
            return Failed(reply, recipient=word == "nobody")


def cause(reply: str, *, away: bool = False) -> Cause:
    """Return the class of a trouble by the words that were kept of it."""
    if away:
        return Cause.CONNECTION
    found = STATUS.match(reply)
    if found is None:
        connection = reply.startswith(("connection lost", "timed out", "cannot connect"))
        return Cause.CONNECTION if connection else Cause.OURS
    status = found[1] or ""
    return SUBJECTS.get(status.split(".")[1], Cause.UNSAID) if status else Cause.UNSAID
