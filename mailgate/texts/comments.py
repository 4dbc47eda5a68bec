"""The conversation of a ticket as its customer may read it (S9, `$helpdesk-comments$`), the newest first.

Mails in and out alone: what agents note for each other, what rules did or answered and what nobody could
confirm never stands in it. (An automatic answer may hold the conversation itself, and would hold it twice.)
Whether the reader may see the conversation at all is the source's to say.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from mailgate.domain.effects import EntryKind
from mailgate.domain.ports import EntryView
from mailgate.domain.routing import Catalogue, Queue
from mailgate.texts.speech import say_date, say_time

# More than this nobody scrolls through below an answer.
MOST_ENTRIES: Final = 20
# A page or two of each; a newsletter that somebody forwarded must not fill every answer.
LONGEST_ENTRY: Final = 5000
LONGEST: Final = 40_000
CUSTOMERS: Final = frozenset({EntryKind.INCOMING.value, EntryKind.ANSWER.value})


def readable(entries: Sequence[EntryView], catalogue: Catalogue, queue: Queue, language: str) -> str:
    """Return the mails of a conversation (given oldest first) as one text, "" where there is none."""
    found: list[str] = []
    zone, room = queue.zone or UTC, LONGEST
    for one in _shown(entries):
        at = datetime.fromtimestamp(one.at_ms / 1000, UTC).astimezone(zone)
        head = f"{say_date(at.date(), language)} {say_time(at)}, {_who(one, catalogue, queue)}:"
        text = f"{head}\n{_cut(one.text.strip())}"
        room -= len(text)
        if room < 0:
            break
        found.append(text)
    return "\n\n".join(found)


def _shown(entries: Sequence[EntryView]) -> Iterator[EntryView]:
    for one in reversed(entries[-MOST_ENTRIES:]):
        automatic = one.kind == EntryKind.ANSWER.value and one.rule
        if one.kind in CUSTOMERS and not one.unverified and not automatic and one.text.strip():
            yield one


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_ENTRY else f"{text[:LONGEST_ENTRY].rstrip()} …"


def _who(one: EntryView, catalogue: Catalogue, queue: Queue) -> str:
    """Return who wrote a mail: the customer's address, the agent's name, else the queue's."""
    if one.kind == EntryKind.INCOMING.value:
        return one.author
    agent = catalogue.agents.get(one.author)
    return (agent.full_name if agent is not None else "") or queue.from_name or queue.name
