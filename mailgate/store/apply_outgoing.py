"""What leaves the house: the gate is asked, and the row is written and counted in the same transaction."""

from datetime import timedelta
from typing import Final

import msgspec

from mailgate.domain.address import fold
from mailgate.domain.effects import Deliver, Forward, MailKind, MarkFailing, Send, Suppressed
from mailgate.domain.gate import ANSWERED
from mailgate.store.application import Application, Verdict
from mailgate.store.apply_tickets import apply_entry
from mailgate.store.pack import clean
from mailgate.store.rows import OutboxRow
from mailgate.store.transaction import millis

# The target that is mailgate's own database: such a delivery needs no outbox row.
OWN_STORE: Final = "store"
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
        "trace_id": app.mail.received.trace_id,
        "due": tx.now_ms if kind == "deliver" else app.relay_due,
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
    """File the mail in our own store, or queue it for its target."""
    flags = " ".join(effect.flags)
    if effect.target == OWN_STORE:
        app.places.append((clean(effect.folder), flags))
        return
    _outbox(
        app,
        "deliver",
        "waiting",
        target=effect.target,
        folder=clean(effect.folder),
        flags=flags,
        make_folder=int(effect.create),
        envelope_from=clean(app.mail.sender),
        to_address=clean(app.mail.recipient.address),
    )


def apply_send(effect: Send, app: Application) -> None:
    """Queue a mail of ours if the gate lets it through; count it, and remember whom it answered."""
    verdict = app.gate.send(effect, app.mail, app.reader, app.tx.now)
    if not _let_through(effect, verdict, app):
        return
    draft = effect.draft
    entry = effect.entry
    outbox_id = _outbox(
        app,
        "send",
        STATES[verdict.outcome],
        mail_kind=effect.kind.value,
        ticket_id=effect.ticket_id,
        entry_id=entry.entry_id if entry is not None else 0,
        session_id=entry.session_id if entry is not None else 0,
        envelope_from=clean(effect.envelope_from),
        to_address=clean(draft.to_address),
        draft=msgspec.json.encode(draft),
        msgid=clean(draft.message_id),
        rule=effect.rule,
        reason=str(verdict.reason),
    )
    if entry is not None:
        apply_entry(entry, app, outbox_id)
    if effect.period_s > 0:
        until = millis(app.tx.now + timedelta(seconds=effect.period_s))
        app.tx.add(
            app.tx.hot.out.remember, (ANSWERED, effect.period_key, until), (ANSWERED, effect.period_key)
        )


def apply_forward(effect: Forward, app: Application) -> None:
    """Queue a redirect if the gate lets it through; over its budget it is held, never dropped."""
    verdict = app.gate.forward(effect, app.mail, app.forwards, app.reader, app.tx.now)
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
    """Count a hard bounce of this address."""
    now = app.tx.now_ms
    app.tx.execute(app.tx.hot.out.fail, (fold(effect.address), 1, now, now, clean(effect.reason)))
