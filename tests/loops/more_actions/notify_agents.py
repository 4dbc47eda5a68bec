"""Action notify_agents, for the loop proof only: a notice about this mail to each of these addresses, through the gate."""

from dataclasses import dataclass
from typing import ClassVar

from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.draft import Draft, MailKind
from mailgate.domain.effects import Send
from sieve_like.declare import action_command
from sieve_like.result import Action
from sieve_like.spec import Extension, Kind, Positional
from sieve_like.values import Args


@dataclass(frozen=True, slots=True)
class NotifyAgents(Action):
    """Tell these addresses of the mail; says nothing about where it goes."""

    name: ClassVar[str] = "notify_agents"

    addresses: tuple[str, ...] = ()


def _build(args: Args) -> NotifyAgents:
    return NotifyAgents(addresses=args.texts("addresses"))


def plan(plan: Plan, action: object) -> str:
    """Add one notice per address; it belongs to the ticket, if the mail has one already."""
    assert isinstance(action, NotifyAgents)
    ticket_id = plan.ticket.ticket_id if plan.ticket is not None else 0
    for address in action.addresses:
        draft = Draft(plan.mail.recipient.address, address, "New mail", "There is a new mail.")
        plan.add(Send(MailKind.NOTICE, draft, "", f"{plan.route.script}:notify", ticket_id=ticket_id))
    return "notified"


ACTION = ActionSpec("notify_agents", NotifyAgents, plan)

EXTENSION = Extension(
    "vnd.mailgate.test.notify",
    commands=(action_command("notify_agents", _build, positionals=(Positional("addresses", Kind.STRINGS),)),),
    card=__doc__,
)
