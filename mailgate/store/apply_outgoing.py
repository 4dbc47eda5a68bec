"""What leaves the house: the gate is asked, and the row is written and counted in the same transaction."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import msgspec

from mailgate.domain.address import fold
from mailgate.domain.draft import Attachment, Draft, MailKind
from mailgate.domain.effects import (
    CallHook,
    ClearFailing,
    Deliver,
    Forward,
    MarkFailing,
    Pipe,
    Send,
    Suppressed,
)
from mailgate.domain.gate import ANSWERED
from mailgate.domain.routing import OWN_STORE
from mailgate.errors import HouseFault
from mailgate.store.application import Application, Verdict
from mailgate.store.apply_tickets import apply_entry
from mailgate.store.details import Details, encode
from mailgate.store.editions import keep_edition
from mailgate.store.files import keep_octets
from mailgate.store.models.outgoing import FAILING_FOR_MS, OutboxFile
from mailgate.store.pack import clean
from mailgate.store.rows import OutboxRow
from mailgate.store.transaction import millis

# The target that is mailgate's own database: such a delivery needs no outbox row.
# Where a mail of our own store lies until it comes back (its outbox row says when, and where to).
SNOOZED: Final = "Snoozed"
# What goes to a target of its own rather than by the relay.
TO_TARGETS: Final = frozenset({"deliver", "pipe", "call"})
# Which state an outbox row starts in, by the gate's word.
STATES: Final = {"send": "waiting", "hold": "held", "digest": "digest"}


def _outbox(app: Application, kind: str, state: str, **columns: object) -> int:
    """Write one outbox row and return its id."""
    tx = app.tx
    outbox_id = tx.allocate("outbox")
    values: dict[str, object] = {
        "id": outbox_id,
        "kind": kind,
        "state": state,
        "message_id": app.message_id,
        "delivery_id": app.delivery_id,
        "trace_id": app.mail.received.trace_id if app.mail is not None else "",
        "due": tx.now_ms if kind in TO_TARGETS else app.relay_due,
        "created_at": tx.now_ms,
    }
    values.update(columns)
    row = OutboxRow(**{**EMPTY, **values})  # type: ignore[arg-type]
    tx.add(tx.hot.out.outbox, row, ("sent", row.msgid))
    if values["due"] == tx.now_ms:
        tx.signals.add("outbox")
    app.outbox_rows += 1
    return outbox_id


EMPTY: Final[dict[str, object]] = {
    name: b"" if kind is bytes else 0 if kind is int else ""
    for name, kind in OutboxRow.__annotations__.items()
}


def apply_deliver(effect: Deliver, app: Application) -> None:
    """File the mail in our own store, or queue it for its target; a snoozed one waits in the outbox."""
    flags = clean(" ".join(effect.flags))
    edition = keep_edition(app, effect.edited) if effect.edited is not None else 0
    if effect.target == OWN_STORE:
        folder = clean(effect.folder) if effect.due is None else SNOOZED
        app.places.append((folder, flags))
        if edition:
            app.edited_places.append((folder, edition))
        if effect.due is None:
            return
    _outbox(
        app,
        "deliver",
        "waiting",
        target=effect.target,
        folder=clean(effect.folder),
        flags=flags,
        make_folder=int(effect.create),
        envelope_from=clean(app.letter.sender),
        to_address=clean(app.letter.recipient.address),
        draft=encode(Details(edition=edition, snoozed=effect.due is not None)),
        **({} if effect.due is None else {"due": millis(effect.due)}),
    )


def apply_pipe(effect: Pipe, app: Application) -> None:
    """Queue the mail for a program of the administrator's."""
    edition = keep_edition(app, effect.edited) if effect.edited is not None else 0
    arguments = tuple(map(clean, effect.arguments))
    _outbox(
        app,
        "pipe",
        "waiting",
        target=effect.program,
        envelope_from=clean(app.letter.sender),
        to_address=clean(app.letter.recipient.address),
        draft=encode(Details(edition=edition, arguments=arguments, lenient=effect.lenient)),
    )


def apply_call(effect: CallHook, app: Application) -> None:
    """Queue the call of a web address."""
    _outbox(app, "call", "waiting", target=effect.target, draft=effect.payload.encode("utf-8", "replace"))


def _keep_copy(effect: Send, outbox_id: int, due: int, entry_id: int, app: Application) -> None:
    """Store a copy of the mail that leaves (RFC 8580): in our own store its outbox row is the copy."""
    place = effect.fcc
    if place is None or place.target == OWN_STORE:
        return
    _outbox(
        app,
        "deliver",
        "waiting",
        target=place.target,
        folder=clean(place.folder),
        flags=clean(" ".join(place.flags)),
        make_folder=int(place.create),
        # Without a mail in hand the mailbox is the one that the mail leaves from (T3).
        to_address=clean(app.mail.recipient.address if app.mail is not None else effect.draft.from_address),
        draft=encode(Details(copy_of=outbox_id)),
        due=due,
        entry_id=entry_id,
    )


def _keep_files(draft: Draft, outbox_id: int, app: Application) -> None:
    """Note which blobs the mail takes along, so that the sweep leaves them."""
    for blob in {one.blob for one in draft.attachments if one.blob}:
        app.tx.query(OutboxFile.insert(blob=blob, outbox_id=outbox_id))


def _with_files(effect: Send, app: Application) -> Draft:
    """Return the draft with the files that came with an agent's words, kept as blobs."""
    if app.blobs is None:
        raise HouseFault("there is no place for files")
    kept: list[Attachment] = []
    for one in effect.files:
        beside = (*effect.draft.attachments, *kept)
        kept.append(keep_octets(app.blobs, one.octets, one.name, beside=beside))
    return replace(effect.draft, attachments=(*effect.draft.attachments, *kept))


def apply_send(effect: Send, app: Application) -> None:
    """Queue a mail of ours if the gate lets it through; count it, and remember whom it answered."""
    verdict = app.gate.send(effect, app.mail, app.reader, app.tx.now)
    if not _let_through(effect, verdict, app):
        return
    draft = _with_files(effect, app) if effect.files else effect.draft
    entry = effect.entry
    entry_id = entry.entry_id if entry is not None else effect.entry_id
    due, undone_until = app.tx.now_ms if effect.through else app.relay_due, app.tx.now_ms
    if effect.kind is MailKind.AGENT and app.undo_ms:
        undone_until += app.undo_ms
        due = max(due, undone_until)
        # The worker sleeps until what it knew to be due.
        app.tx.signals.add("outbox")
    outbox_id = _outbox(
        app,
        "send",
        STATES[verdict.outcome],
        mail_kind=effect.kind.value,
        target=effect.through,
        due=due,
        ticket_id=effect.ticket_id,
        entry_id=entry_id,
        session_id=entry.session_id if entry is not None else 0,
        envelope_from=clean(effect.envelope_from),
        to_address=clean(draft.to_address),
        draft=msgspec.json.encode(draft),
        msgid=clean(draft.message_id),
        rule=effect.rule,
        reason=str(verdict.reason),
        **_own_copy(effect.fcc),
    )
    _keep_copy(effect, outbox_id, undone_until, entry_id, app)
    if draft.attachments:
        _keep_files(draft, outbox_id, app)
    if entry is not None:
        apply_entry(entry, app, outbox_id)
    if effect.period_s > 0:
        until = millis(app.tx.now + timedelta(seconds=effect.period_s))
        app.tx.add(
            app.tx.hot.out.remember, (ANSWERED, effect.period_key, until), (ANSWERED, effect.period_key)
        )


def _own_copy(place: Deliver | None) -> dict[str, object]:
    """Return the folder of a copy in our own store, in the columns of the row that it is."""
    if place is None or place.target != OWN_STORE:
        return {}
    return {"folder": clean(place.folder), "flags": clean(" ".join(place.flags))}


def apply_forward(effect: Forward, app: Application) -> None:
    """Queue a redirect if the gate lets it through; over its budget it is held, never dropped."""
    verdict = app.gate.forward(effect, app.letter, app.forwards, app.reader, app.tx.now)
    if not _let_through(effect, verdict, app):
        return
    app.forwards += 1
    _outbox(
        app,
        "redirect",
        STATES[verdict.outcome],
        mail_kind=MailKind.REDIRECT.value,
        envelope_from=clean(effect.sender),
        to_address=clean(effect.to_address),
        reason=str(verdict.reason),
        draft=encode(
            Details(
                edition=keep_edition(app, effect.edited) if effect.edited is not None else 0,
                notify=effect.notify,
                ret=effect.ret,
                by_seconds=effect.by_seconds,
                by_mode=effect.by_mode,
                by_trace=effect.by_trace,
            )
        ),
    )


def _let_through(effect: Send | Forward, verdict: Verdict, app: Application) -> bool:
    """Note the verdict; False where nothing is written to the outbox at all."""
    tx, sent = app.tx, verdict.outcome == "send"
    counters = app.gate.counters(effect, app.mail) if sent else app.gate.overruns(effect, verdict)
    for scope, key in counters:
        tx.tally.add(scope, key)
    if verdict.alarm:
        app.alarms.append(str(verdict.reason))
    if sent:
        return True
    kind = effect.kind if isinstance(effect, Send) else MailKind.REDIRECT
    to_address = effect.draft.to_address if isinstance(effect, Send) else effect.to_address
    rule = effect.rule if isinstance(effect, Send) else ""
    _record(app, kind, to_address, str(verdict.outcome), str(verdict.reason), rule)
    return verdict.outcome in STATES


def _record(app: Application, kind: MailKind, to_address: str, verdict: str, reason: str, rule: str) -> None:
    """Keep why a mail was not sent, or not at once."""
    app.suppressed.append(reason)
    tx = app.tx
    tx.add(
        tx.hot.out.suppression,
        (app.delivery_id, tx.now_ms, kind.value, clean(to_address), verdict, reason, rule),
    )


def apply_suppressed(effect: Suppressed, app: Application) -> None:
    """Keep why a mail was not even planned."""
    _record(app, effect.kind, effect.to_address, "suppress", effect.reason, "")


def apply_mark_failing(effect: MarkFailing, app: Application) -> None:
    """Count a bounce of this address; what is older than the period is forgotten first."""
    tx, folded = app.tx, fold(effect.address)
    sql = tx.hot.out
    tx.execute(sql.forget_failing, (folded, tx.now_ms - FAILING_FOR_MS))
    hard = int(not effect.soft)
    row = (folded, hard, tx.now_ms, tx.now_ms, clean(effect.reason), 1 - hard)
    tx.execute(sql.fail_soft if effect.soft else sql.fail, row)


def apply_clear_failing(effect: ClearFailing, app: Application) -> None:
    """Forget what came back from this address."""
    folded = fold(effect.address)
    app.tx.add(app.tx.hot.out.clear_failing, (folded,), ("failing", folded))
