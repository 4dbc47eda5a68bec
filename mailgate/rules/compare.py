"""What a decision comes to in a few words, so that two of them can be compared and counted; for replay.

Both ways give the same words for the same outcome: from the effects of a new decision, and from what the
store knows of an old one. Who would be answered counts, not whether the gate let it through.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from mailgate.domain.draft import MailKind
from mailgate.domain.effects import (
    AddEntry,
    CallHook,
    Decision,
    Deliver,
    Drop,
    Effect,
    Forward,
    OpenTicket,
    Pipe,
    Refuse,
    Send,
    SetAside,
    Suppressed,
)

NOTHING: Final = "nothing"
OPENED: Final = "ticket opened"
JOINED: Final = "ticket joined"
REFUSED: Final = "rejected"
DISCARDED: Final = "discarded"
FAILED: Final = "script error"

Place = tuple[str, str, bool]
Left = tuple[str, str, str]


def place_words(places: Iterable[Place]) -> list[str]:
    r"""Return a word per place: `folder Work`, `folder Work [\Seen]`, `folder Work later`."""
    found = []
    for folder, flags, later in places:
        shown = " ".join(sorted(flags.split()))
        found.append(f"folder {folder}{f' [{shown}]' if shown else ''}{' later' if later else ''}")
    return found


def left_word(kind: str, what: str, address: str) -> str:
    """Return the word for something that left or wanted to: kind of work, kind of mail or target, address."""
    match kind, what:
        case "redirect", _:
            return f"redirect to {address}"
        case "send", MailKind.ANSWER.value:
            return "answer"
        case "send", MailKind.REDIRECT.value:
            return f"report to {address}"
        case "send", _:
            return f"{what} to {address}"
        case "call", _:
            return f"webhook {what}"
        case _:
            return f"{kind} {what}"


def words_of(decision: Decision) -> str:
    """Return what a decision comes to."""
    refused = next((one for one in decision.effects if isinstance(one, Refuse)), None)
    if refused is not None:
        return REFUSED
    found = [word for effect in decision.effects for word in _effect(effect)]
    if OPENED in found:
        found = [word for word in found if word != JOINED]
    return joined(found, failed=bool(decision.error))


def _effect(effect: Effect) -> list[str]:  # noqa: PLR0911  a closed list, one line each
    match effect:
        case Deliver():
            return place_words([(effect.folder, " ".join(effect.flags), effect.due is not None)])
        case SetAside():
            return place_words([(effect.folder, "", False)])
        case OpenTicket():
            return [OPENED]
        case AddEntry() if effect.with_message:
            return [JOINED]
        case Forward():
            return [left_word("redirect", "", effect.to_address)]
        case Send():
            # The mail in hand may be an agent's answer: it is the entry of the mail that leaves.
            tied = effect.entry is not None and effect.entry.with_message
            left = left_word("send", effect.kind.value, effect.draft.to_address)
            return [left, *([JOINED] if tied else [])]
        case Suppressed():
            return [left_word("send", effect.kind.value, effect.to_address)]
        case Pipe():
            return [left_word("pipe", effect.program, "")]
        case CallHook():
            return [left_word("call", effect.target, "")]
        case Drop():
            return [DISCARDED]
        case _:
            return []


def words_of_old(
    status: str, *, failed: bool, ticket: str, places: Sequence[Place], left: Sequence[Left]
) -> str:
    """Return what an old decision came to; `status` is the delivery's, `ticket` OPENED, JOINED or ""."""
    if status == "refused":
        return REFUSED
    found = [ticket, *place_words(places), *(left_word(*one) for one in left)]
    if status == "discarded":
        found.append(DISCARDED)
    return joined(found, failed=failed)


def joined(words: Iterable[str], *, failed: bool) -> str:
    """Return the words in one order, each once."""
    found = sorted({word for word in words if word})
    return " + ".join([*([FAILED] if failed else []), *found]) or NOTHING
