"""Mail texts gathered in comments of the ticket, by setting (G9)."""

import pytest
from domainworld import NOW, World

from mailgate.domain.effects import EntryKind
from mailgate.domain.events import AUTOMATIC, EventKind, TicketEvent
from mailgate.domain.mailtexts import LONGEST, MailTexts
from mailgate.domain.ports import EntryView
from mailgate.domain.routing import Catalogue

CLOSED = TicketEvent(EventKind.SESSION, 7, 107, new="closed")
ANSWERED = TicketEvent(EventKind.ANSWERED, 7, 107)


@pytest.fixture
def world() -> World:
    """Return a ticket with a question, an answer, another question and its answer, and an older session."""
    found = World()
    found.add_ticket(7, "anna@customer.example")
    said = [
        (100, "incoming", "long ago"),
        (107, "incoming", "one"),
        (107, "answer", "two"),
        (107, "incoming", "three"),
        (107, "answer", "four"),
    ]
    found.said[7] = [view(n, *one) for n, one in enumerate(said)]
    return found


def view(number: int, session: int, kind: str, text: str) -> EntryView:
    """Return one mail of the conversation, each an hour after the one before."""
    at = int(NOW.timestamp() * 1000) + number * 3_600_000
    return EntryView(
        number, 7, session, at, kind, f"author {number}", text, "", unverified=False, field="", old="", new=""
    )


def texts(world: World, how: str, event: TicketEvent) -> list[str]:
    """Return the comments that an event leads to."""
    found = list(MailTexts(how)(event, world, Catalogue(), NOW))  # type: ignore[arg-type]
    assert all(one.kind is EntryKind.COMMENT and not one.touches_session for one in found)
    return [one.text for one in found]


def test_once_at_the_end_of_the_session(world):
    """All mails of this session, with when and who; no other move of a session leads to it."""
    (text,) = texts(world, "session", CLOSED)
    assert text.startswith("4 mails, 2025-07-01 13:00 UTC to 2025-07-01 16:00 UTC\n\n")
    assert "2025-07-01 13:00 UTC, author 1:\none\n\n2025-07-01 14:00 UTC, author 2:\ntwo" in text
    assert "long ago" not in text
    assert texts(world, "session", TicketEvent(EventKind.SESSION, 7, 107, new="paused")) == []
    assert texts(world, "session", ANSWERED) == []


def test_after_each_answer_of_an_agent(world):
    """The answer and what came in since the one before; not after what no person has written."""
    (text,) = texts(world, "answer", ANSWERED)
    assert text.startswith("2 mails, ")
    assert ("three" in text, "four" in text, "two" in text) == (True, True, False)
    assert texts(world, "answer", TicketEvent(EventKind.ANSWERED, 7, 107, new=AUTOMATIC)) == []
    assert texts(world, "answer", CLOSED) == []


def test_a_session_without_mails_has_no_comment(world):
    """Nothing was said in it."""
    assert texts(world, "session", TicketEvent(EventKind.SESSION, 7, 999, new="closed")) == []


def test_a_comment_is_no_longer_than_an_entry(world):
    """What is cut off stands in the entries of the mails."""
    world.said[7] = [view(1, 107, "incoming", "x" * (2 * LONGEST))]
    (text,) = texts(world, "session", CLOSED)
    assert len(text) < LONGEST + 100
    assert text.startswith("1 mail, 2025-07-01 13:00 UTC\n")
    assert text.endswith("[the rest stands in the entries of the mails]")
