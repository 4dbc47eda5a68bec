"""The journey of one mail, from the octets at the door to the replies.

`accept_each` answers each recipient for itself (LMTP); `accept_all` has one answer for all (SMTP, IMAP).
Both do the same: view, facts, octets on disk, one transaction with a unit per recipient, and only then the
replies.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from mmap import MADV_DONTNEED, mmap
from typing import Final

from mailgate.domain.envelope import Received
from mailgate.domain.facts import Facts
from mailgate.domain.message.view import MessageView
from mailgate.errors import HouseFault, MailError, Reply
from mailgate.store.again import reprocess
from mailgate.store.blobs import Blobs, open_buffer
from mailgate.store.transaction import Transaction
from mailgate.store.unit import DeliveryOutcome, Incoming, UnitRules, accept_all, accept_each, reply_for_all
from mailgate.store.writer import Writer

# Up to this size parsing costs less than handing the mail to another thread does.
PARSE_HERE: Final = 256 * 1024

# So many large mails are looked through at the same time: each is mapped into memory as far as that goes.
LARGE_AT_ONCE: Final = 2

Accept = Callable[[Transaction, Incoming, UnitRules], list[DeliveryOutcome]]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The parts that the journey needs; `rules` gives those of the newest version of the catalogue.

    `report` is told of every recipient's outcome, for log line and metrics, before the replies go out;
    `report_again` of a stored mail that was processed once more.
    """

    writer: Writer
    blobs: Blobs
    gather: Callable[[Received, MessageView], Awaitable[Facts]]
    rules: Callable[[], UnitRules]
    report: Callable[[Received, list[DeliveryOutcome], str], None]
    report_again: Callable[[Received, DeliveryOutcome, str], None]
    large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LARGE_AT_ONCE))

    async def accept_each(self, received: Received) -> list[Reply]:
        """Return one reply per recipient, in order (RFC 2033 4.2)."""
        outcomes = await self._journey(received, accept_each)
        return [outcome.reply for outcome in outcomes]

    async def accept_all(self, received: Received) -> Reply:
        """Return the one reply for all recipients (RFC 5321 3.3)."""
        return reply_for_all(await self._journey(received, accept_all))

    async def again(self, delivery_id: int, received: Received) -> DeliveryOutcome:
        """Process a stored mail once more (`store/again.py`); `received` is what `received_of` returned."""
        view = await asyncio.to_thread(_parse, received)
        incoming = Incoming(received, view, await self.gather(received, view))
        rules = self.rules()
        work = self.writer.submit(lambda tx: reprocess(tx, delivery_id, incoming, rules))
        outcome = await asyncio.wrap_future(work)
        self.report_again(received, outcome, view.message_id)
        return outcome

    async def _journey(self, received: Received, accept: Accept) -> list[DeliveryOutcome]:
        msgid = ""
        try:
            incoming = await self._look(received)
            msgid = incoming.view.message_id
            outcomes = await self._store(incoming, accept)
        except MailError as error:
            outcomes = _all(received, error)
        self.report(received, outcomes, msgid)
        return outcomes

    async def _look(self, received: Received) -> Incoming:
        """Parse, gather the facts, and make large octets durable before any row names them."""
        if received.octets.size <= PARSE_HERE and received.octets.data is not None:
            view = MessageView.parse(received.octets.data)
        else:
            octets = await asyncio.to_thread(self.blobs.adopt, received.octets)
            received = replace(received, octets=octets)
            async with self.large:
                view = await asyncio.to_thread(_parse, received)
        return Incoming(received, view, await self.gather(received, view))

    async def _store(self, incoming: Incoming, accept: Accept) -> list[DeliveryOutcome]:
        """Hand over to the writer; returns when the transaction is on disk."""
        answer: asyncio.Future[list[DeliveryOutcome]] = asyncio.get_running_loop().create_future()
        rules = self.rules()
        size = incoming.received.octets.size if incoming.received.octets.data is not None else 0
        self.writer.submit_intake(lambda tx: accept(tx, incoming, rules), partial(_settle, answer), size=size)
        return await answer


def _parse(received: Received) -> MessageView:
    buffer = open_buffer(received.octets)
    view = MessageView.parse(buffer)
    view.prepare()
    if isinstance(buffer, mmap):
        # What was looked through for parts need not stay in memory until the mail is written.
        buffer.madvise(MADV_DONTNEED)
    return view


def _settle(
    answer: "asyncio.Future[list[DeliveryOutcome]]", result: list[DeliveryOutcome] | BaseException
) -> None:
    if answer.done():
        return
    if isinstance(result, MailError):
        answer.set_exception(result)
    elif isinstance(result, BaseException):
        answer.set_exception(HouseFault())
    else:
        answer.set_result(result)


def _all(received: Received, error: MailError) -> list[DeliveryOutcome]:
    """Return the same failure for every recipient: nothing of this mail is stored."""
    cause = str(error.__cause__ or error)
    return [DeliveryOutcome(error.reply, r.address, error=cause) for r in received.envelope.recipients]
