"""What every automatic answer to a customer carries, whoever makes it: a rule, a workflow or an alarm."""

from mailgate.domain.action import PlanPolicy
from mailgate.domain.draft import Draft
from mailgate.domain.effects import AddEntry, EntryKind
from mailgate.domain.token import LOOP_HEADER, loop_mark


def automatic_headers(policy: PlanPolicy, auto_submitted: str) -> tuple[tuple[str, str], ...]:
    """Return the fields that tell every machine not to answer (RFC 3834 5)."""
    return (
        ("Auto-Submitted", auto_submitted),
        ("Precedence", "bulk"),
        ("X-Auto-Response-Suppress", "All"),
        (LOOP_HEADER, loop_mark(policy.keys, policy.instance)),
    )


def automatic_entry(entry_id: int, ticket_id: int, session_id: int, draft: Draft, rule: str) -> AddEntry:
    """Return the answer as an entry of its ticket's history; it is no activity of the session (G12)."""
    return AddEntry(
        entry_id=entry_id,
        ticket_id=ticket_id,
        session_id=session_id,
        kind=EntryKind.ANSWER,
        author=rule,
        text=draft.text,
        touches_session=False,
        message_id=draft.message_id,
        rule=rule,
    )
