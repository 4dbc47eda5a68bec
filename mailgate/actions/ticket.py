"""Action ticket (vnd.mailgate.ticket): the mail joins the ticket it belongs to, or opens one (W5, W6, S5).

Done: `ticket` with all tags of docs/rules.md, the test `ticket :exists`, the namespace `ticket`. Not yet:
actions on single fields (`ticket_status` and its like), automatic assignment.
"""

from dataclasses import dataclass
from typing import ClassVar

from mailgate.actions._asking import OUTCOME, after_outcome, namespace
from mailgate.actions._ticketing import TicketWish, plan_ticket
from mailgate.domain.action import ActionSpec, Plan
from sieve_like.declare import action_command
from sieve_like.result import Action
from sieve_like.spec import Amend, Extension, Kind, Tag
from sieve_like.values import Args


@dataclass(frozen=True, slots=True)
class Ticket(Action):
    """What the script wants of the tickets; like fileinto it cancels the implicit keep."""

    name: ClassVar[str] = "ticket"
    cancels: ClassVar[bool] = True
    delivers: ClassVar[bool] = True

    wish: TicketWish


def _word(value: str | int) -> str:
    """Return what is wrong with a status or priority: they are single words, used as keys."""
    return (
        ""
        if isinstance(value, str) and value.isidentifier()
        else "a status or priority must be a single word"
    )


TAGS = (
    Tag("queue", Kind.STRING, names="queue"),
    Tag("subject", Kind.STRING),
    Tag("priority", Kind.STRING, check=_word),
    Tag("status", Kind.STRING, check=_word),
    Tag("category", Kind.STRINGS),
    Tag("tag", Kind.STRINGS),
    Tag("assign", Kind.STRING),
    Tag("owner_group", Kind.STRING),
    Tag("workflow", Kind.STRING),
    Tag("follow_up", Kind.STRING),
    Tag("follow_up_days", Kind.NUMBER),
    Tag("match_subject", group="matching"),
    Tag("key", Kind.STRING, group="matching"),
    Tag("never_follow_up", group="matching"),
    Tag("update"),
    Tag("copy", hook=Amend(lambda action, _value, _run: action)),
    OUTCOME,
)


def _build(args: Args) -> Ticket:
    wish = TicketWish(
        queue=args.text("queue"),
        subject=args.text("subject"),
        priority=args.text("priority"),
        status=args.text("status"),
        # "auto" leaves it to whoever shares out the work; until somebody takes it, it is nobody's (G15).
        agent="" if args.text("assign") == "auto" else args.text("assign"),
        owner_group=args.text("owner_group"),
        workflow=args.text("workflow"),
        follow_up_agent=args.text("follow_up"),
        follow_up_days=args.number("follow_up_days"),
        categories=args.texts("category"),
        tags=args.texts("tag"),
        match_subject=args.flag("match_subject"),
        key=args.text("key"),
        never_follow_up=args.flag("never_follow_up"),
        update=args.flag("update"),
    )
    return Ticket(copy=args.flag("copy"), wish=wish)


def plan(plan: Plan, action: object) -> str:
    """Plan it; `:copy` leaves the rest to the implicit keep, which the engine keeps by itself."""
    assert isinstance(action, Ticket)
    return plan_ticket(plan, action.wish, plan.rule(action.span.line))


ACTION = ActionSpec("ticket", Ticket, plan)

EXTENSION = Extension(
    "vnd.mailgate.ticket",
    commands=(action_command("ticket", _build, tags=TAGS, after=after_outcome),),
    namespaces=tuple(map(namespace, ("ticket", "mail", "queue", "now"))),
    card=__doc__,
)
