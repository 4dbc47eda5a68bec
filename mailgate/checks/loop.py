"""Has this mail been here before? Trace fields, our own mark, and what the sender asks not to be sent.

Reads the header only; `gather.py` calls it for every mail, so it costs a few microseconds.
"""

from dataclasses import dataclass
from typing import Final

from mailgate.domain.address import fold
from mailgate.domain.message.view import MessageView
from mailgate.domain.token import is_own_mark

LOOP_FIELD: Final = "x-mailgate-loop"
# Somebody may write thousands; beyond these there is nothing to learn.
MOST_VALUES: Final = 50


_FIELDS: Final = frozenset({LOOP_FIELD, "delivered-to", "x-mailgate-delivered", "x-auto-response-suppress"})


@dataclass(frozen=True, slots=True)
class LoopFacts:
    """How many Received fields, is our mark valid, who it was delivered to (folded), what is asked for."""

    received_count: int = 0
    returned: bool = False
    delivered_to: tuple[str, ...] = ()
    suppress: tuple[str, ...] = ()


def loop_facts(
    view: MessageView, names: frozenset[str], keys: tuple[bytes, ...], instance: str, *, polled: bool = False
) -> LoopFacts:
    """Return the traces of earlier stations; `names` are the mail's field names in lower case.

    `polled`: the mail was fetched from a mailbox whose own server may have put Delivered-To on top; that
    one names the mailbox itself and is no sign of a loop.
    """
    count = view.root.block.count(b"received")
    if not names & _FIELDS:
        return LoopFacts(count)
    delivered = view.text("delivered-to")[1 if polled else 0 :] + view.text("x-mailgate-delivered")
    words = (
        word for value in view.text("x-auto-response-suppress")[:MOST_VALUES] for word in value.split(",")
    )
    return LoopFacts(
        received_count=count,
        returned=any(is_own_mark(keys, instance, value) for value in view.text(LOOP_FIELD)[:MOST_VALUES]),
        delivered_to=tuple(dict.fromkeys(fold(one.strip().strip("<>")) for one in delivered[:MOST_VALUES])),
        suppress=tuple(dict.fromkeys(word.strip().lower() for word in words if word.strip())),
    )
