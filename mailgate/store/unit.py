"""One delivery: a savepoint in which the mail is decided for one recipient and everything decided is written.

Called in the writer's thread by `pipeline.py`. Exactly once: the key of the delivery is looked up first,
and the reply that was stored with it is given again. A crash of the processing is counted outside the
savepoint; the third one stores the mail raw as unprocessed. Faults of the house are not counted.
"""

import hashlib
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mailgate.domain.budgets import INCOMING
from mailgate.domain.effects import Decision
from mailgate.domain.envelope import Received, Recipient
from mailgate.domain.events import Follower
from mailgate.domain.facts import Facts, MailClass
from mailgate.domain.mail import Mail
from mailgate.domain.message.view import MessageView
from mailgate.domain.ports import Reader
from mailgate.domain.routing import Catalogue, Route
from mailgate.errors import HouseFault, NotTaking, Reply, TryLater
from mailgate.store.application import Application, Gate
from mailgate.store.apply import apply_effects
from mailgate.store.blobs import Blobs
from mailgate.store.faults import Abandoned, system_fault
from mailgate.store.follow import follow
from mailgate.store.mailrows import MailRows
from mailgate.store.pack import clean, pack
from mailgate.store.read import UnitReader
from mailgate.store.rows import DeliveryRow, SeenRow
from mailgate.store.transaction import EPOCH, Transaction, millis

Decide = Callable[[Mail, Route, Catalogue, Reader, datetime], Decision]

# Longer than any Postfix keeps a mail (5 days): a second coming finds the key.
SEEN_FOR_MS: Final = 14 * 86400 * 1000
# The tries of one processing fault: twice it comes back, then it is kept raw.
TRIES: Final = 3
# Where mail goes whose processing crashes, in every listing of folders.
UNPROCESSED: Final = "Unprocessed"
# The status of a delivery of which nothing was stored.
FAILED: Final = "failed"
# An error's text is a hint; the log has the rest.
ERROR_LENGTH: Final = 500
# How often a unit runs again because another process was faster.
RERUNS: Final = 3


@dataclass(frozen=True, slots=True)
class UnitRules:
    """Everything a delivery needs besides the mail; one per process and version of the catalogue."""

    decide: Decide
    catalogue: Catalogue
    gate: Gate
    tries: int = TRIES
    seen_for_ms: int = SEEN_FOR_MS
    # Before then the relay is not asked: it was away a moment ago.
    relay_rests_until: Callable[[], datetime] = lambda: EPOCH
    # Who hears what has happened to tickets (`domain/events.py`), in this order.
    followers: tuple[Follower, ...] = ()
    # Taken before any other lock (PostgreSQL): two batches that met in reverse order would wait for ever.
    locks: tuple[str, ...] = ()
    # Where the beginnings of edited mails go that are too large for a row.
    blobs: Blobs | None = None
    # How long an agent's answer waits, so that it can be taken back.
    undo_ms: int = 0


@dataclass(frozen=True, slots=True)
class Incoming:
    """One mail as it enters the writer: its octets are adopted (`blobs.adopt`), its facts known."""

    received: Received
    view: MessageView
    facts: Facts


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """What became of one recipient, for the reply, the log line and the metrics.

    `status` is that of the delivery row, "failed" where nothing was stored and
    "duplicate" where it was stored before. `error` is for our own log only; `crashed` says that it was
    counted.
    """

    reply: Reply
    recipient: str
    status: str = FAILED
    rule: str = ""
    action: str = ""
    summary: str = ""
    ticket: str = ""
    mail_class: str = ""
    duplicate: bool = False
    suppressed: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    outbox_rows: int = 0
    wrong_tokens: int = 0
    error: str = ""
    crashed: bool = False


def dedupe_key(sender: str, recipient: str, sha256: bytes) -> bytes:
    """Return the key of exactly-once: over envelope sender, recipient as given, and the octets' digest."""
    envelope = f"{sender}\0{recipient}\0".encode("utf-8", "surrogatepass")
    return hashlib.sha256(envelope + sha256).digest()


def accept_each(tx: Transaction, incoming: Incoming, rules: UnitRules) -> list[DeliveryOutcome]:
    """Deliver to each recipient in its own savepoint; one outcome per RCPT, in order (RFC 2033 4.2)."""
    rows = MailRows(tx, incoming.received, incoming.view)
    outcomes = [deliver(tx, incoming, r, rules, rows) for r in incoming.received.envelope.recipients]
    _count_incoming(tx, outcomes)
    return outcomes


def accept_all(tx: Transaction, incoming: Incoming, rules: UnitRules) -> list[DeliveryOutcome]:
    """Deliver to all recipients in one savepoint, for SMTP and IMAP, which know one answer only.

    Returns one outcome per recipient; `reply_for_all` makes the one reply. If one must be tried later,
    nothing of the others is kept, so that the next try finds all as it was; what crashed is counted all the
    same.
    """
    rows = MailRows(tx, incoming.received, incoming.view)
    try:
        with tx.savepoint():
            outcomes = [deliver(tx, incoming, r, rules, rows) for r in incoming.received.envelope.recipients]
            if any(o.status == FAILED for o in outcomes):
                raise _NotAll(outcomes)  # noqa: TRY301  it rolls the savepoint back
    except _NotAll as not_all:
        return _all_failed(tx, incoming, not_all.outcomes)
    _count_incoming(tx, outcomes)
    return outcomes


def reply_for_all(outcomes: list[DeliveryOutcome]) -> Reply:
    """Return the one reply for all: a failure counts most, then acceptance, then refusal."""
    ranked = sorted(outcomes, key=lambda o: (o.status != FAILED, not o.reply.positive))
    return ranked[0].reply


class _NotAll(Exception):  # noqa: N818  it ends a savepoint, it is no mistake
    """Some recipient of `accept_all` must be tried later."""

    def __init__(self, outcomes: list[DeliveryOutcome]) -> None:
        super().__init__()
        self.outcomes = outcomes


def _all_failed(
    tx: Transaction, incoming: Incoming, outcomes: list[DeliveryOutcome]
) -> list[DeliveryOutcome]:
    """Count the crashes that the rollback has just forgotten; everybody gets the failure's reply."""
    for outcome in outcomes:
        if outcome.crashed:
            key = dedupe_key(
                incoming.received.envelope.sender, outcome.recipient, incoming.received.octets.sha256
            )
            _count_try(tx, key, outcome.error)
    reply = next(o.reply for o in outcomes if o.status == FAILED)
    return [
        DeliveryOutcome(reply, o.recipient, error=o.error if o.status == FAILED else "", crashed=o.crashed)
        for o in outcomes
    ]


def _count_incoming(tx: Transaction, outcomes: list[DeliveryOutcome]) -> None:
    """Count the mail once, as what the budget "a fifth of incoming mail" is measured against."""
    if any(o.reply.positive and not o.duplicate for o in outcomes):
        tx.tally.add(*INCOMING)


def deliver(
    tx: Transaction, incoming: Incoming, recipient: Recipient, rules: UnitRules, rows: MailRows
) -> DeliveryOutcome:
    """Deliver one mail to one recipient; raises only Abandoned (the whole transaction is lost)."""
    received = incoming.received
    key = dedupe_key(received.envelope.sender, recipient.address, received.octets.sha256)
    known = _seen_before(tx, key, recipient)
    if known is not None:
        return known
    written = rows.written
    for _ in range(RERUNS):
        try:
            with tx.savepoint():
                return decide_and_apply(tx, incoming, recipient, rules, rows, key)
        except Abandoned:
            raise
        except Exception as error:  # noqa: BLE001  one bad mail never stops the next
            rows.written = written
            if not tx.conflict(error):
                return _failed(tx, incoming, recipient, rules, rows, key, error)
    return DeliveryOutcome(HouseFault().reply, recipient.address, error="another process was always faster")


def _seen_before(tx: Transaction, key: bytes, recipient: Recipient) -> DeliveryOutcome | None:
    """Return the reply that this delivery got the first time, naming what it became; None if it is new."""
    row = tx.look(tx.hot.mail.find_seen, (key,), key).fetchone()
    if row is None:
        return None
    code, enhanced, text, summary, until = row
    if until <= tx.now_ms:
        tx.execute(tx.hot.mail.forget_seen, (key,))
        return None
    reply = Reply(code, enhanced, text)
    if reply.positive:
        became = summary.replace("ticket=", "ticket ", 1) or text.removeprefix("accepted ")
        reply = Reply(code, enhanced, f"already accepted, {became}")
    return DeliveryOutcome(
        reply, recipient.address, status="duplicate", action="duplicate", summary=summary, duplicate=True
    )


def decide_and_apply(
    tx: Transaction,
    incoming: Incoming,
    recipient: Recipient,
    rules: UnitRules,
    rows: MailRows,
    key: bytes,
) -> DeliveryOutcome:
    """Route, decide, apply, record: the unit itself; anything raised rolls all of it back."""
    route = rules.catalogue.route(recipient.address)
    if route is None or not route.enabled:
        # It was known at RCPT, so it changed meanwhile; the client's next RCPT gets the present answer.
        raise TryLater("address table changed, try again later") if route is None else NotTaking
    for word in rules.locks:
        tx.lock(word)
    tx.lock(incoming.received.envelope.sender)
    mail = Mail(incoming.received, incoming.view, incoming.facts, recipient)
    reader = UnitReader(tx)
    decision = rules.decide(mail, route, rules.catalogue, reader, tx.now)
    app = Application(tx, mail, reader, rules.gate, tx.allocate("delivery"), rows.message_id)
    app.blobs, app.catalogue = rules.blobs, rules.catalogue
    app.relay_due = max(tx.now_ms, millis(rules.relay_rests_until()))
    app.undo_ms = rules.undo_ms
    apply_effects(decision.effects, app)
    if app.events:
        follow(app, rules.followers, rules.catalogue, apply_effects)
    rows.insert()
    if incoming.facts.unparsable and app.status == "accepted":
        # The rules have decided, and it is where they said; a person sees it in the list all the same.
        app.status, app.reason = "unparsable", app.reason or "its structure cannot be told"
    if _class_of(decision, mail) == MailClass.OWN.value:
        # A mail of ours that came back is how loops begin (docs/loops.md): somebody should look.
        app.alarms.append("own-mail-returned")
    if app.ticket_id and not app.number:
        ticket = reader.ticket(app.ticket_id)
        app.number = ticket.number if ticket is not None else ""
    reply = _reply(incoming.received.trace_id, decision, app)
    _record(tx, rules, app, decision, reply, key)
    return DeliveryOutcome(
        reply=reply,
        recipient=recipient.address,
        status=app.status,
        rule=decision.rule,
        action=decision.action,
        summary=decision.summary,
        ticket=app.number,
        mail_class=_class_of(decision, mail),
        suppressed=tuple(app.suppressed),
        alarms=tuple(app.alarms),
        outbox_rows=app.outbox_rows,
        wrong_tokens=decision.wrong_tokens,
        error=decision.error,
    )


def _reply(trace_id: str, decision: Decision, app: Application) -> Reply:
    """Return what the client is told: the rule's refusal, or that we have the mail and what it became."""
    if app.refusal is not None:
        return Reply(app.refusal.code, app.refusal.enhanced, app.refusal.text)
    return Reply(250, "2.0.0", f"accepted id={trace_id} {decision.summary}".rstrip())


def _class_of(decision: Decision, mail: Mail) -> str:
    """Return the mail's class as the decision settled it (a tie to a mail of ours is known only inside)."""
    return str(decision.trace.get("class") or mail.facts.mail_class.value)


def _record(
    tx: Transaction, rules: UnitRules, app: Application, decision: Decision, reply: Reply, key: bytes
) -> None:
    """Write the delivery, its places, its trace and its key."""
    sql = tx.hot.mail
    folder, flags = app.places[0] if app.places else ("", "")
    tx.add(
        sql.delivery,
        DeliveryRow(
            id=app.delivery_id,
            message_id=app.message_id,
            at=tx.now_ms,
            recipient=clean(app.letter.recipient.address),
            orcpt=clean(app.letter.recipient.orcpt),
            dedupe=key,
            status=app.status,
            code=reply.code,
            enhanced=reply.enhanced,
            reply=clean(reply.text),
            rule=clean(decision.rule),
            action=decision.action,
            summary=clean(decision.summary),
            folder=folder,
            flags=flags,
            ticket_id=app.ticket_id,
            mail_class=_class_of(decision, app.letter),
            class_reason=clean(str(decision.trace.get("class_reason") or app.letter.facts.class_reason)),
            reason=clean(app.reason),
            error=clean(decision.error),
        ),
    )
    for place in app.places[1:]:
        tx.add(sql.filing, (app.delivery_id, *place))
    for edited in app.edited_places:
        tx.add(sql.edited_place, (app.delivery_id, *edited))
    if decision.trace:
        tx.add(sql.trace, (app.delivery_id, pack(decision.trace)))
    _keep_key(tx, rules, key, app.delivery_id, reply, decision.summary)


def _keep_key(
    tx: Transaction, rules: UnitRules, key: bytes, delivery_id: int, reply: Reply, summary: str
) -> None:
    until = tx.now_ms + rules.seen_for_ms
    row = SeenRow(key, delivery_id, reply.code, reply.enhanced, clean(reply.text), clean(summary), until)
    tx.add(tx.hot.mail.seen, row, key)


def _failed(
    tx: Transaction,
    incoming: Incoming,
    recipient: Recipient,
    rules: UnitRules,
    rows: MailRows,
    key: bytes,
    error: Exception,
) -> DeliveryOutcome:
    """Answer a fault of the house with "later", uncounted; a crash of the processing too, in the end raw."""
    house = error if isinstance(error, TryLater) else system_fault(error)
    text = describe(error)
    if house is not None:
        return DeliveryOutcome(house.reply, recipient.address, error=text)
    if _count_try(tx, key, text) < rules.tries:
        return DeliveryOutcome(HouseFault().reply, recipient.address, error=text, crashed=True)
    written = rows.written
    try:
        with tx.savepoint():
            return _store_raw(tx, incoming, recipient, rules, rows, key, text)
    except Abandoned:
        raise
    except Exception as second:  # noqa: BLE001  then it comes back, and is tried again
        rows.written = written
        return DeliveryOutcome(HouseFault().reply, recipient.address, error=describe(second), crashed=True)


def _count_try(tx: Transaction, key: bytes, error: str) -> int:
    """Count one crash of this delivery and return how many there were."""
    tx.execute(tx.hot.mail.attempt, (key, 1, tx.now_ms, tx.now_ms, error))
    return int(tx.one(tx.hot.mail.tries, (key,))[0])


def describe(error: BaseException) -> str:
    """Return an error as one line for our own log and tables: its class, text and where it was raised."""
    where = traceback.extract_tb(error.__traceback__)
    at = f" at {where[-1].filename.rpartition('/')[2]}:{where[-1].lineno}" if where else ""
    return clean(f"{type(error).__name__}: {error}{at}".replace("\n", " "))[:ERROR_LENGTH]


def _store_raw(
    tx: Transaction,
    incoming: Incoming,
    recipient: Recipient,
    rules: UnitRules,
    rows: MailRows,
    key: bytes,
    error: str,
) -> DeliveryOutcome:
    """Keep the mail as it is, undecided, for `mailgate unprocessed`; 250, or it would bounce in the end."""
    rows.insert(plain=True)
    trace_id, summary = incoming.received.trace_id, f"folder={UNPROCESSED}"
    reply = Reply(250, "2.0.0", f"accepted id={trace_id} {summary}")
    delivery_id = tx.allocate("delivery")
    tx.add(
        tx.hot.mail.delivery,
        DeliveryRow(
            id=delivery_id,
            message_id=rows.message_id,
            at=tx.now_ms,
            recipient=clean(recipient.address),
            orcpt=clean(recipient.orcpt),
            dedupe=key,
            status="unprocessed",
            code=reply.code,
            enhanced=reply.enhanced,
            reply=reply.text,
            rule="",
            action="unprocessed",
            summary=summary,
            folder=UNPROCESSED,
            flags="",
            ticket_id=0,
            mail_class=incoming.facts.mail_class.value,
            class_reason=clean(incoming.facts.class_reason),
            reason="its processing crashed repeatedly",
            error=error,
        ),
    )
    _keep_key(tx, rules, key, delivery_id, reply, summary)
    return DeliveryOutcome(
        reply, recipient.address, status="unprocessed", action="unprocessed", summary=summary, error=error
    )
