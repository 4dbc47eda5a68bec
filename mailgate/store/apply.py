"""Effects become rows: one function per effect, chosen in one place. Nothing here decides anything.

Runs inside the savepoint of the delivery (`store/unit.py`); ticket effects stand in `apply_tickets.py`, what
leaves the house in `apply_outgoing.py`.
"""

from collections.abc import Iterable

from mailgate.domain.effects import (
    AddEntry,
    AddFollowUp,
    Assign,
    CallHook,
    ChangeTicket,
    ClearFailing,
    Deliver,
    Drop,
    Effect,
    EndFollowUp,
    Forward,
    KeepWaiting,
    LinkTickets,
    MarkFailing,
    MergeTickets,
    MoveEntries,
    MoveSession,
    OpenContact,
    OpenSession,
    OpenTicket,
    Pipe,
    Refuse,
    Remember,
    RemoveParticipant,
    Send,
    SetAside,
    SetParticipant,
    SetReacted,
    SetService,
    ShareOut,
    StartWorkflow,
    Suppressed,
    UndoAnswer,
    UnlinkTickets,
)
from mailgate.store.application import Application
from mailgate.store.apply_desk import (
    apply_add_follow_up,
    apply_end_follow_up,
    apply_link_tickets,
    apply_merge_tickets,
    apply_move_entries,
    apply_remove_participant,
    apply_set_participant,
    apply_unlink_tickets,
)
from mailgate.store.apply_outgoing import (
    apply_call,
    apply_clear_failing,
    apply_deliver,
    apply_forward,
    apply_mark_failing,
    apply_pipe,
    apply_send,
    apply_suppressed,
)
from mailgate.store.apply_service import (
    apply_set_reacted,
    apply_set_service,
    apply_start_workflow,
)
from mailgate.store.apply_tickets import (
    apply_change_ticket,
    apply_entry,
    apply_move_session,
    apply_open_contact,
    apply_open_session,
    apply_open_ticket,
)
from mailgate.store.assignment import apply_assign, apply_keep_waiting, apply_share_out
from mailgate.store.transaction import millis
from mailgate.store.undo import apply_undo_answer


def apply_effects(effects: Iterable[Effect], app: Application) -> None:
    """Apply all effects in their order; a refusal among them is then the only one (see `Refuse`)."""
    wanted = tuple(effects)
    refusal = next((e for e in wanted if isinstance(e, Refuse)), None)
    if refusal is not None:
        app.refusal = refusal
        app.status = "refused"
        app.reason = refusal.text
        return
    for effect in wanted:
        _apply(effect, app)


def _apply(effect: Effect, app: Application) -> None:  # noqa: C901, PLR0912  a closed list, one line each
    """Apply what mails lead to; the rest is what people and jobs do to tickets."""
    match effect:
        case Deliver():
            apply_deliver(effect, app)
        case OpenTicket():
            apply_open_ticket(effect, app)
        case AddEntry():
            apply_entry(effect, app)
        case OpenContact():
            apply_open_contact(effect, app)
        case Send():
            apply_send(effect, app)
        case Forward():
            apply_forward(effect, app)
        case Pipe():
            apply_pipe(effect, app)
        case CallHook():
            apply_call(effect, app)
        case ChangeTicket():
            apply_change_ticket(effect, app)
        case MoveSession():
            apply_move_session(effect, app)
        case OpenSession():
            apply_open_session(effect, app)
        case Remember():
            apply_remember(effect, app)
        case SetAside():
            apply_set_aside(effect, app)
        case MarkFailing():
            apply_mark_failing(effect, app)
        case ClearFailing():
            apply_clear_failing(effect, app)
        case Suppressed():
            apply_suppressed(effect, app)
        case Drop():
            apply_drop(effect, app)
        case Refuse():  # pragma: no cover  taken out by apply_effects
            app.refusal = effect
        case _:
            _apply_at_desk(effect, app)


def _apply_at_desk(effect: Effect, app: Application) -> None:  # noqa: C901, PLR0912  the same
    match effect:
        case LinkTickets():
            apply_link_tickets(effect, app)
        case UnlinkTickets():
            apply_unlink_tickets(effect, app)
        case MergeTickets():
            apply_merge_tickets(effect, app)
        case MoveEntries():
            apply_move_entries(effect, app)
        case AddFollowUp():
            apply_add_follow_up(effect, app)
        case EndFollowUp():
            apply_end_follow_up(effect, app)
        case SetParticipant():
            apply_set_participant(effect, app)
        case RemoveParticipant():
            apply_remove_participant(effect, app)
        case SetService():
            apply_set_service(effect, app)
        case SetReacted():
            apply_set_reacted(effect, app)
        case StartWorkflow():
            apply_start_workflow(effect, app)
        case Assign():
            apply_assign(effect, app)
        case KeepWaiting():
            apply_keep_waiting(effect, app)
        case ShareOut():
            apply_share_out(effect, app)
        case UndoAnswer():
            apply_undo_answer(effect, app)


def apply_remember(effect: Remember, app: Application) -> None:
    """Keep a key until a time; a later time replaces an earlier one."""
    app.tx.add(
        app.tx.hot.out.remember, (effect.scope, effect.key, millis(effect.until)), (effect.scope, effect.key)
    )


def apply_set_aside(effect: SetAside, app: Application) -> None:
    """Keep the mail in a visible folder with its reason."""
    app.status = "aside"
    app.reason = effect.reason
    app.places.append((effect.folder, ""))


def apply_drop(effect: Drop, app: Application) -> None:
    """Discard: only the record and the octets stay, for the retention period."""
    app.status = "discarded"
    app.reason = effect.reason
