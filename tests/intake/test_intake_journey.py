"""The journey's promise to its clients: whatever happens on the way, the future gets an answer, once."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.domain.facts import Facts
from mailgate.errors import Overloaded, Reply
from mailgate.pipeline import Pipeline
from mailgate.store.unit import DeliveryOutcome

MAIL = b"From: a@b.example\r\nSubject: hello\r\n\r\ntext\r\n"
GOOD = [DeliveryOutcome(Reply(250, "2.0.0", "accepted"), "x@here.example", status="accepted")]


class StrangeError(Exception):
    """A bug."""


class Writer:
    """Stands where the writer's thread is: says at once what the test wants, or refuses to take anything."""

    def __init__(self, says: object) -> None:
        self.says = says

    def submit_intake(self, work: object, done: Any, *, size: int = 0) -> None:
        del work, size
        if isinstance(self.says, Overloaded):
            raise self.says
        done(self.says)


def replies(says: object, *, gather: Any = lambda *_: Facts(), report: Any = lambda *_: None) -> list[Reply]:
    """Return the answer to one small mail."""
    pipeline = Pipeline(
        cast("Any", Writer(says)), cast("Any", None), gather, cast("Any", lambda: None), report, report
    )
    received = Received(
        Octets(len(MAIL), b"d" * 32, data=MAIL),
        Envelope("a@b.example", (Recipient("x@here.example"),)),
        Origin(Source.LMTP),
        datetime(2026, 3, 2, tzinfo=UTC),
        "ID",
    )

    async def run() -> list[Reply]:
        return await asyncio.wait_for(pipeline.accept_each(received), 30)

    return asyncio.run(run())


async def asked(*_: object) -> Facts:
    """Take a moment, as the DNS does."""
    await asyncio.sleep(0)
    return Facts()


@pytest.mark.parametrize("gather", [lambda *_: Facts(), asked])
@pytest.mark.parametrize(
    ("says", "code"), [(GOOD, 250), (Overloaded(), 451), (StrangeError(), 451), (KeyboardInterrupt(), 451)]
)
def test_what_the_writer_says_is_answered_and_reported_once(gather, says, code):
    """Each recipient hears of it; a fault of ours is 451, and what it was stays here."""
    told = []
    found = replies(says, gather=gather, report=lambda *one: told.append(one))
    assert [one.code for one in found] == [code]
    assert len(told) == 1


def test_facts_that_fail_are_the_askers_to_log():
    """A bug before the writer is raised to the intake, which says 451 and writes the line."""

    def broken(*_: object) -> Facts:
        raise StrangeError

    with pytest.raises(StrangeError):
        replies(GOOD, gather=broken)


def test_a_log_that_fails_keeps_no_client_waiting():
    """The mail is stored by then; the client hears of a fault, sends again, and gets the stored reply."""

    def broken(*_: object) -> None:
        raise StrangeError

    with pytest.raises(StrangeError):
        replies(GOOD, report=broken)
