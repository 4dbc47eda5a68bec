"""Tickets (vnd.mailgate.ticket): the mail joins the ticket it belongs to, or opens one (W5, W6, S5).

Done: `ticket` with all its tags; `ticket_status`, `ticket_assign`, `ticket_queue`, `ticket_tag`,
`ticket_note`, `ticket_link`, `ticket_close` about the ticket that the mail belongs to; the test `ticket` with
`:exists`, `:status`, `:queue`, `:agent`; the namespace `ticket`. Names of queues and agents are checked when
the script is compiled. `"auto"` as the agent gives a ticket that nobody has to whoever is next by the policy
of its queue (G15).
"""

from dataclasses import dataclass
from typing import ClassVar

import re2

from mailgate.actions._asking import OUTCOME, after_outcome, namespace
from mailgate.actions._current import CurrentTicket
from mailgate.actions._folders import INBOX, deliver
from mailgate.actions._ticketchange import AUTO, TicketChange, plan_change
from mailgate.actions._ticketing import OFF, TicketWish, plan_ticket
from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.ports import TicketView
from sieve_like.declare import action_command, simple_test
from sieve_like.interpreter import Run
from sieve_like.result import Action
from sieve_like.spec import Amend, Binding, Bound, CommandSpec, Extension, Kind, Positional, Tag
from sieve_like.values import Args


@dataclass(frozen=True, slots=True)
class Ticket(Action):
    """What the script wants of the tickets; like fileinto it cancels the implicit keep."""

    name: ClassVar[str] = "ticket"
    cancels: ClassVar[bool] = True
    delivers: ClassVar[bool] = True

    wish: TicketWish


def _pattern(value: str | int) -> str:
    """Return what is wrong with a pattern for keys."""
    try:
        re2.compile(str(value))
    except re2.error as error:
        said = error.args[0] if error.args else ""
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return f"':key_regex' is no pattern: {text}"
    return ""


TAGS = (
    Tag("queue", Kind.STRING, names="queue"),
    Tag("subject", Kind.STRING),
    Tag("priority", Kind.STRING, names="priority"),
    Tag("status", Kind.STRING, names="status"),
    Tag("category", Kind.STRINGS),
    Tag("tag", Kind.STRINGS),
    Tag("assign", Kind.STRING, names="agent"),
    Tag("owner_group", Kind.STRING),
    Tag("workflow", Kind.STRING, names="workflow"),
    Tag("follow_up", Kind.STRING, names="agent"),
    Tag("follow_up_days", Kind.NUMBER),
    Tag("match_subject", group="matching"),
    Tag("key", Kind.STRING, group="matching"),
    Tag("key_regex", Kind.STRING, group="matching", check=_pattern),
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
        agent="" if args.text("assign") == AUTO else args.text("assign"),
        owner_group=args.text("owner_group"),
        workflow=args.text("workflow"),
        follow_up_agent=args.text("follow_up"),
        follow_up_days=args.number("follow_up_days"),
        categories=args.texts("category"),
        tags=args.texts("tag"),
        match_subject=args.flag("match_subject"),
        key=args.text("key"),
        key_regex=args.text("key_regex"),
        never_follow_up=args.flag("never_follow_up"),
        update=args.flag("update"),
        # Whoever shares out the work finds an agent; until then it is nobody's (G15).
        share=args.text("assign") == AUTO,
    )
    return Ticket(copy=args.flag("copy"), wish=wish)


def plan(plan: Plan, action: object) -> str:
    """Plan it; `:copy` leaves the rest to the implicit keep, which the engine keeps by itself.

    Where a switch says that no ticket is opened, the mail is kept in INBOX, once (G8).
    """
    assert isinstance(action, Ticket)
    outcome = plan_ticket(plan, action.wish, plan.rule(action.span.line))
    if outcome == OFF and not action.copy and "folder=INBOX" not in plan.words:
        deliver(plan, INBOX)
    return outcome


QUESTIONS = (
    Tag("exists"),
    Tag("status", Kind.STRINGS),
    Tag("queue", Kind.STRINGS, names="queue"),
    Tag("agent", Kind.STRINGS, names="agent"),
)


def _is(run: Run, args: Args) -> bool:
    """Whether all that was asked holds of the ticket that the mail belongs to; no ticket is nothing."""
    ticket = run.ask(CurrentTicket())
    return isinstance(ticket, TicketView) and all(
        getattr(ticket, name).casefold() in {one.casefold() for one in args.texts(name)}
        for name in ("status", "queue", "agent")
        if args.said(name)
    )


def _asks_something(bound: Bound, binding: Binding) -> None:
    if not bound.args:
        names = ", ".join(f":{tag.name}" for tag in QUESTIONS)
        binding.error(bound.span, f"the test 'ticket' needs at least one of {names}")


def _change(name: str, positionals: tuple[Positional, ...], tags: tuple[Tag, ...] = ()) -> CommandSpec:
    """Return a command that changes the mail's ticket; its one argument is called `value`."""

    def build(args: Args) -> TicketChange:
        value = args["value"] if positionals else ()
        return TicketChange(
            what=name,
            values=value if isinstance(value, tuple) else (str(value),),
            remove=any(tag.name == "remove" for tag in tags) and args.flag("remove"),
            note=args.text("note") if any(tag.name == "note" for tag in tags) else "",
        )

    return action_command(name, build, tags=(*tags, OUTCOME), positionals=positionals, after=after_outcome)


CHANGES = (
    _change("ticket_status", (Positional("value", names="status"),)),
    _change("ticket_assign", (Positional("value", names="agent"),)),
    _change("ticket_queue", (Positional("value", names="queue"),)),
    _change("ticket_tag", (Positional("value", Kind.STRINGS),), (Tag("remove"),)),
    _change("ticket_note", (Positional("value"),)),
    _change("ticket_link", (Positional("value"),)),
    _change("ticket_close", (), (Tag("note", Kind.STRING),)),
)

ACTION = (
    ActionSpec("ticket", Ticket, plan),
    ActionSpec("ticket_change", TicketChange, plan_change),
)

EXTENSION = Extension(
    "vnd.mailgate.ticket",
    commands=(action_command("ticket", _build, tags=TAGS, after=after_outcome), *CHANGES),
    tests=(simple_test("ticket", _is, tags=QUESTIONS, check=_asks_something),),
    namespaces=tuple(map(namespace, ("ticket", "mail", "queue", "now"))),
    card=__doc__,
)
