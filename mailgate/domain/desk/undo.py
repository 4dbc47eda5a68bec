"""Taking back an agent's answer while it still waits (the undo window, `[outbox] undo`).

What was written stays in the history, marked as undone; what the answer did to status, session and service
times stays too, since others may have acted on it since.
"""

from mailgate.domain.desk.ground import Ground
from mailgate.domain.deskerror import DeskError, NotThere
from mailgate.domain.effects import Effect, EntryKind, UndoAnswer

# An answer that so many mails came after has left long ago.
LATEST = 30


def undo(ground: Ground, number: str, entry_id: int = 0, *, version: int | None = None) -> list[Effect]:
    """Return the undoing of an answer, the ticket's latest where `entry_id` is 0.

    NotThere where there is no such answer; whether it still waits is decided where it is carried out.
    """
    ticket = ground.find(number, version)
    mails = ground.reader.conversation(ticket.ticket_id, LATEST)
    answers = [one for one in mails if one.kind == EntryKind.ANSWER and entry_id in {0, one.entry_id}]
    if not answers:
        which = (
            f"entry {entry_id} of {ticket.number} is no answer"
            if entry_id
            else f"{ticket.number} has no answer"
        )
        raise NotThere(f"{which} that could be taken back")
    answer = answers[-1]
    if not answer.author:
        raise DeskError(f"entry {answer.entry_id} was written by nobody")
    return [UndoAnswer(ticket.ticket_id, answer.entry_id, ground.by)]
