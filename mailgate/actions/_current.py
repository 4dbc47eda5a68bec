"""The ticket that a mail belongs to, before or without the rule giving the mail to it.

What a test or `ticket_status` speaks about is found as `ticket` finds it, but nothing is joined: a claim of
somebody who takes no part in a ticket is no belonging.
"""

from dataclasses import dataclass

from mailgate.actions._question import Question
from mailgate.actions._ticketing import TicketWish, found_by_threading
from mailgate.actions._tying import tied_ticket
from mailgate.domain.action import Plan
from mailgate.domain.facts import MailClass
from mailgate.domain.ports import TicketView
from mailgate.domain.thread import How

MACHINES = frozenset({MailClass.OWN, MailClass.BOUNCE, MailClass.AUTOMATIC})


def current_ticket(plan: Plan) -> TicketView | None:
    """Return the ticket that this run has joined or opened, else the one that the mail belongs to."""
    if plan.ticket is not None:
        return plan.ticket
    if not plan.belonging_asked:
        plan.belonging_asked = True
        plan.belonging = _find(plan)
    return plan.belonging


def _find(plan: Plan) -> TicketView | None:
    if plan.mail_class in MACHINES:
        return tied_ticket(plan)
    threading = found_by_threading(plan, TicketWish())
    return threading.ticket if threading.how is How.JOIN else None


def set_current(plan: Plan, ticket: TicketView) -> None:
    """Let the rest of the run see the ticket as it will be."""
    if plan.ticket is not None:
        plan.ticket = ticket
    else:
        plan.belonging = ticket


@dataclass(frozen=True, slots=True)
class CurrentTicket(Question):
    """Which ticket the mail belongs to; the answer is a `ports.TicketView` or None."""

    def answer(self, plan: Plan) -> object:
        """Return the ticket."""
        return current_ticket(plan)

    def __str__(self) -> str:
        """Return what a trace shows."""
        return "the mail's ticket"
