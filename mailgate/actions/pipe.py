"""pipe (vnd.dovecot.pipe): the mail to a program that the administrator listed as a target, after the commit.

A program of another name (a variable may say anything) gets nothing: the mail is kept in INBOX, with a note.
"""

from mailgate.actions._folders import INBOX, deliver, edited_octets
from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.effects import Pipe
from sieve_like.actions import Pipe as PipeAction


def plan(plan: Plan, action: object) -> str:
    """Add the work for the outbox."""
    assert isinstance(action, PipeAction)
    if action.program not in plan.catalogue.listed.get("program", ()):
        plan.note("pipe", unknown=action.program)
        if not action.copy:
            deliver(plan, INBOX, message=action.message)
        return "no-such-program"
    plan.add(Pipe(action.program, action.arguments, action.lenient, edited_octets(plan, action.message)))
    plan.words.append(f"pipe={action.program}")
    return "planned"


ACTION = ActionSpec("pipe", PipeAction, plan)
