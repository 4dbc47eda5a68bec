"""Telling others (vnd.mailgate.workflow): actions `workflow`, `notify_agent`, `webhook`.

Done: `workflow "name"` puts the ticket of this mail on a workflow, which runs at once if its conditions
hold; `notify_agent` mails agents that the business has, by the gate; `webhook "name"` tells a web address
that the administrator lists as a target, after the commit and as often as it takes.
"""

import json
from dataclasses import dataclass
from typing import ClassVar

from mailgate.actions._asking import OUTCOME, after_outcome, namespace
from mailgate.actions._current import current_ticket
from mailgate.actions._names import PlanSource
from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.draft import Draft, MailKind
from mailgate.domain.effects import CallHook, ChangeTicket, Send
from mailgate.domain.token import LOOP_HEADER, loop_mark, message_id
from mailgate.texts.names import facts
from sieve_like.declare import action_command
from sieve_like.result import Action
from sieve_like.spec import Extension, Kind, Positional, Tag


@dataclass(frozen=True, slots=True)
class Workflow(Action):
    """Put the mail's ticket on a workflow."""

    name: ClassVar[str] = "workflow"

    workflow: str

    def describe(self) -> str:
        """Return the action with its workflow."""
        return f"workflow {self.workflow}"


@dataclass(frozen=True, slots=True)
class NotifyAgent(Action):
    """Tell agents of the mail; says nothing about where it goes."""

    name: ClassVar[str] = "notify_agent"

    agents: tuple[str, ...]
    subject: str = ""
    text: str = ""

    def describe(self) -> str:
        """Return the action with its agents."""
        return f"notify_agent {', '.join(self.agents)}"


@dataclass(frozen=True, slots=True)
class Webhook(Action):
    """Tell a web address of the mail; `text` is one of the rule's own."""

    name: ClassVar[str] = "webhook"

    hook: str
    text: str = ""

    def describe(self) -> str:
        """Return the action with its hook."""
        return f"webhook {self.hook}"


def plan_workflow(plan: Plan, action: object) -> str:
    """Set the ticket's workflow; returns changed or no-ticket."""
    assert isinstance(action, Workflow)
    ticket = current_ticket(plan)
    if ticket is None:
        plan.note("workflow", refused="the mail belongs to no ticket", workflow=action.workflow)
        return "no-ticket"
    plan.add(ChangeTicket(ticket.ticket_id, "workflow", action.workflow, plan.rule(action.span.line)))
    return "changed"


def plan_notify(plan: Plan, action: object) -> str:
    """Plan one notice per agent; returns planned, or no-such-agent where nobody was left to tell."""
    assert isinstance(action, NotifyAgent)
    told = 0
    for name in dict.fromkeys(action.agents):
        agent = plan.catalogue.agents.get(name)
        if agent is None or not agent.address or not agent.enabled:
            plan.note("notify_agent", unknown=name)
            continue
        _notice(plan, action, agent.address)
        told += 1
    return "planned" if told else "no-such-agent"


def _notice(plan: Plan, action: NotifyAgent, address: str) -> None:
    ticket, queue = current_ticket(plan), plan.queue()
    plan.answers += 1
    ticket_id = ticket.ticket_id if ticket is not None else 0
    session_id = ticket.session_id if ticket is not None else 0
    unique = f"{plan.mail.received.trace_id}{plan.answers}{plan.mail.recipient.address}"
    title = f"{ticket.number}: {plan.mail.view.subject}" if ticket is not None else plan.mail.view.subject
    draft = Draft(
        from_address=(queue.address if queue else "") or plan.mail.recipient.address,
        from_name=queue.from_name if queue else "",
        to_address=address,
        subject=action.subject or title,
        text=action.text or f"New mail from {plan.author or 'nobody'}: {plan.mail.view.subject}\n",
        message_id=message_id(plan.policy.keys, ticket_id, session_id, address, unique, plan.policy.hostname),
        # MAIL.md 3: notices say that a machine wrote them, and may be answered by a person.
        headers=(
            ("Auto-Submitted", "auto-generated"),
            (LOOP_HEADER, loop_mark(plan.policy.keys, plan.policy.instance)),
        ),
    )
    rule = plan.rule(action.span.line)
    plan.add(Send(MailKind.NOTICE, draft, "", rule, ticket_id=ticket_id))


def plan_webhook(plan: Plan, action: object) -> str:
    """Plan the call; returns planned, or no-such-webhook where the administrator listed none of that name."""
    assert isinstance(action, Webhook)
    if action.hook not in plan.catalogue.listed.get("webhook", ()):
        plan.note("webhook", unknown=action.hook)
        return "no-such-webhook"
    plan.add(CallHook(action.hook, json.dumps(_payload(plan, action), ensure_ascii=False, sort_keys=True)))
    return "planned"


def _payload(plan: Plan, action: Webhook) -> dict[str, object]:
    """Return what the web address is told: who, what and where, never the mail's octets."""
    spaces = facts(PlanSource(plan), ("mail", "ticket", "contact", "queue"))
    return {
        "event": "mail",
        "at": plan.now.isoformat(),
        "trace": plan.mail.received.trace_id,
        "rule": plan.rule(action.span.line),
        "class": plan.mail_class.value,
        "message": action.text,
        **spaces,
    }


ACTION = (
    ActionSpec("workflow", Workflow, plan_workflow),
    ActionSpec("notify_agent", NotifyAgent, plan_notify),
    ActionSpec("webhook", Webhook, plan_webhook),
)

EXTENSION = Extension(
    "vnd.mailgate.workflow",
    commands=(
        action_command(
            "workflow",
            lambda args: Workflow(workflow=args.text("name")),
            tags=(OUTCOME,),
            positionals=(Positional("name", names="workflow"),),
            after=after_outcome,
        ),
        action_command(
            "notify_agent",
            lambda args: NotifyAgent(
                agents=args.texts("agents"), subject=args.text("subject"), text=args.text("message")
            ),
            tags=(Tag("subject", Kind.STRING), Tag("message", Kind.STRING), OUTCOME),
            positionals=(Positional("agents", Kind.STRINGS, names="agent"),),
            after=after_outcome,
        ),
        action_command(
            "webhook",
            lambda args: Webhook(hook=args.text("name"), text=args.text("message")),
            tags=(Tag("message", Kind.STRING), OUTCOME),
            positionals=(Positional("name", names="webhook"),),
            after=after_outcome,
        ),
    ),
    namespaces=tuple(map(namespace, ("ticket", "mail", "queue", "now"))),
    card=__doc__,
)
