"""Carrying out workflows (N4, W6): the follower of events that looks who listens, and plans the actions.

    event -> who listens -> do all conditions hold -> actions in order -> effects, and a note in the history

What one workflow changes, the others of the same event do not see; it raises events of its own, one level
deeper (`events.DEEPEST`). An action that cannot be done is noted and the next one done: no workflow ever
stops a mail.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from jinja2 import TemplateError

from mailgate.domain.access import SYSTEM
from mailgate.domain.action import PlanPolicy
from mailgate.domain.desk.fields import session_for
from mailgate.domain.desk.ground import Ground
from mailgate.domain.effects import (
    AddEntry,
    AddFollowUp,
    CallHook,
    ChangeTicket,
    Effect,
    EntryKind,
    ShareOut,
    StartWorkflow,
)
from mailgate.domain.events import AUTOMATIC, EventKind, TicketEvent
from mailgate.domain.helpdesk import Workflow, read_span
from mailgate.domain.notice import Letter, answer, notice, tagged
from mailgate.domain.ports import DeskReader, TicketState
from mailgate.domain.recipients import DEFAULT, addresses
from mailgate.domain.routing import Catalogue, Template
from mailgate.domain.scene import Scene
from mailgate.domain.session import Event, NoSuchMove, State, plan_move
from mailgate.domain.workflow import (
    AUTO,
    LISTS,
    NOBODY,
    PREFIX,
    BadWorkflow,
    Conditions,
    RunNote,
    Step,
    Trigger,
    parse_event,
    read_conditions,
    read_steps,
    show_step,
)
from mailgate.texts.choose import find_template
from mailgate.texts.names import DeskSource, facts
from mailgate.texts.render import render_template
from mailgate.texts.safe import without_links

WORDS: Final = ("status", "priority", "queue", "owner_group", "subject")


class Impossible(Exception):  # noqa: N818  the history says it, nothing is raised to anybody
    """An action that cannot be done now; the message says why."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A workflow as it is carried out."""

    name: str
    trigger: Trigger
    conditions: Conditions
    steps: tuple[Step, ...]

    @property
    def rule(self) -> str:
        """What the history and the gate call it."""
        return f"{PREFIX}{self.name}"


def ready(workflow: Workflow) -> Ready:
    """Return a workflow as it is carried out; raises BadWorkflow for what cannot be read."""
    return Ready(
        workflow.name,
        parse_event(workflow.event),
        read_conditions(workflow.conditions),
        read_steps(workflow.actions),
    )


class Workflows:
    """The follower, for one version of the catalogue; nobody listens, nothing is asked."""

    __slots__ = ("_listening", "_named", "_policy")

    def __init__(self, catalogue: Catalogue, policy: PlanPolicy) -> None:
        self._policy = policy
        self._named: dict[str, Ready] = {}
        self._listening: dict[EventKind, list[Ready]] = defaultdict(list)
        for workflow in catalogue.workflows.values():
            if not workflow.enabled:
                continue
            try:
                one = ready(workflow)
            except BadWorkflow:
                continue  # it was checked when it was written; `workflow list` shows what is wrong with it
            self._named[one.name] = one
            self._listening[one.trigger.kind].append(one)

    def __call__(
        self, event: TicketEvent, reader: DeskReader, catalogue: Catalogue, now: datetime
    ) -> Iterable[Effect]:
        """Return what all workflows do that listen to the event."""
        # Most events are nobody's business: those of every mail must cost next to nothing.
        if not self._named or (not event.new and event.kind not in self._listening):
            return ()
        chosen = self._chosen(event)
        return self._run(chosen, event, reader, catalogue, now) if chosen else ()

    def _chosen(self, event: TicketEvent) -> list[Ready]:
        """Return who is to be run if its conditions hold: who listens, then who was started by name."""
        kind = event.kind
        if kind in {EventKind.STARTED, EventKind.TIME}:
            return self._by_name(event.new)
        if kind is EventKind.ANSWERED and event.new == AUTOMATIC:
            return []
        listening = [one for one in self._listening.get(kind, ()) if one.trigger.field in {"", event.field}]
        if kind is EventKind.CREATED or (kind is EventKind.CHANGED and event.field == "workflow"):
            listening += [one for one in self._by_name(event.new) if one not in listening]
        return listening

    def _by_name(self, name: str) -> list[Ready]:
        found = self._named.get(name) if name else None
        return [found] if found is not None else []

    def _run(
        self,
        chosen: Sequence[Ready],
        event: TicketEvent,
        reader: DeskReader,
        catalogue: Catalogue,
        now: datetime,
    ) -> Iterator[Effect]:
        case = reader.case(event.ticket_id)
        if case is None or case.state.merged_into:
            return
        scene = Scene(event, case, reader, catalogue, now)
        for one in chosen:
            if scene.all_hold(one.conditions):
                yield from Run(one, scene, self._policy).effects()


@dataclass(slots=True)
class Run:
    """One workflow at work on one ticket; `state` is the ticket as it will be after the actions so far."""

    workflow: Ready
    scene: Scene
    policy: PlanPolicy
    said: list[str] = field(default_factory=list)

    state: TicketState = field(init=False)
    entry_id: int = field(init=False)

    def __post_init__(self) -> None:
        self.state = self.scene.state
        self.entry_id = self.scene.reader.allocate("entry")

    @property
    def rule(self) -> str:
        """What the history and the gate call it."""
        return self.workflow.rule

    def effects(self) -> list[Effect]:
        """Return what all actions do, and the note that says so; `said` has a line for each."""
        planned: list[Effect] = []
        for step in self.workflow.steps:
            try:
                planned += ACTIONS[step.do](self, step)
                self.said.append(show_step(step))
            except (Impossible, NoSuchMove, LookupError, ValueError, TypeError, ArithmeticError) as why:
                self.said.append(f"{show_step(step)}: not done, {why}")
        return [self._note(), *planned]

    def _note(self) -> RunNote:
        event = self.scene.event
        about = {EventKind.CHANGED: event.field, EventKind.ALARM: event.new, EventKind.SESSION: event.new}
        what = f"{event.kind.value} {about.get(event.kind, '')}".rstrip()
        return RunNote(
            entry_id=self.entry_id,
            ticket_id=self.state.ticket_id,
            session_id=self.state.session_id,
            kind=EntryKind.NOTE,
            author=self.rule,
            text="\n".join((f"on {what}:", *self.said)),
            touches_session=False,
            rule=self.rule,
        )

    def ground(self) -> Ground:
        """Return what plans of the desk stand on: a workflow may do all, and is named in the history."""
        return Ground(self.scene.reader, self.scene.catalogue, self.scene.now, SYSTEM, self.rule)

    def source(self) -> DeskSource:
        """Return what texts are filled from."""
        scene = self.scene
        return DeskSource(scene.reader, scene.catalogue, scene.now, self.state)

    def template(self, name: str) -> Template | None:
        """Return the template of a name that the ticket's queue has for the customer's language."""
        catalogue = self.scene.catalogue
        return find_template(
            catalogue, catalogue.queues.get(self.state.queue), name, self.scene.contact.language
        )

    def change(self, name: str, value: str) -> list[Effect]:
        """Return the change of one field; nothing where it is so."""
        if getattr(self.state, name) == value:
            return []
        before: list[Effect] = session_for(self.ground(), self.state, value) if name == "status" else []
        changed: dict[str, Any] = {name: value}
        self.state = replace(self.state, **changed)
        return [*before, ChangeTicket(self.state.ticket_id, name, value, self.rule)]


def _set(run: Run, step: Step) -> list[Effect]:
    if step.field in LISTS:
        return [ChangeTicket(run.state.ticket_id, step.field, step.value, run.rule)]
    if step.field not in WORDS:
        raise Impossible(f"a ticket has no field {step.field!r} to set")
    catalogue = run.scene.catalogue
    among: Mapping[str, Mapping[str, object]] = {
        "status": catalogue.statuses,
        "priority": catalogue.priorities,
        "queue": catalogue.queues,
    }
    if step.field in among and step.value not in among[step.field]:
        raise Impossible(f"there is no {step.field} {step.value!r}")
    return run.change(step.field, step.value)


def _list(run: Run, step: Step) -> list[Effect]:
    if step.field not in LISTS:
        raise Impossible(f"the field {step.field!r} is no list")
    how = "add" if step.do == "add" else "remove"
    return [ChangeTicket(run.state.ticket_id, step.field, step.value, run.rule, how)]  # type: ignore[arg-type]


def _assign(run: Run, step: Step) -> list[Effect]:
    if step.agent == AUTO:
        return [ShareOut(run.state.ticket_id, run.rule)] if not run.state.agent else []
    if step.agent == NOBODY:
        return run.change("agent", "")
    agent = run.scene.catalogue.agents.get(step.agent)
    if agent is None or not agent.enabled:
        raise Impossible(f"there is no agent {step.agent!r}, or it is disabled")
    return run.change("agent", step.agent)


def _add_note(run: Run, step: Step) -> list[Effect]:
    return [
        AddEntry(
            entry_id=run.scene.reader.allocate("entry"),
            ticket_id=run.state.ticket_id,
            session_id=run.state.session_id,
            kind=EntryKind.NOTE,
            author=run.rule,
            text=step.text,
            touches_session=False,
            rule=run.rule,
        )
    ]


def _mail(run: Run, step: Step) -> list[Effect]:
    template = run.template(step.template)
    if template is None:
        raise Impossible(f"there is no template {step.template!r}")
    try:
        words = step.to or template.recipients or DEFAULT
        planned = list(_mails(run, words, template))
    except TemplateError as error:
        raise Impossible(f"its template fails: {error}") from None
    if not planned:
        raise Impossible("nobody could be told: no address, or the queue has none to write from")
    return planned


def _mails(run: Run, words: Sequence[str], template: Template) -> Iterator[Effect]:
    """Yield the mails to everybody whom the words mean; whoever is meant twice gets one."""
    state, catalogue = run.state, run.scene.catalogue
    if "contact" in words:
        yield from _to_contact(run, template)
    for address in addresses([word for word in words if word != "contact"], state, "", catalogue):
        letter = _letter(run, template, address)
        subject = letter.subject or f"{state.number}: {state.subject}"
        yield notice(replace(letter, subject=subject), state, catalogue, run.policy, run.rule)


def _to_contact(run: Run, template: Template) -> Iterator[Effect]:
    address = run.scene.contact.address
    if not address:
        return
    letter = _letter(run, template, address)
    subject = tagged(letter.subject or f"RE: {without_links(run.state.subject)}", run.state.number)
    entry_id = run.scene.reader.allocate("entry")
    send = answer(
        replace(letter, subject=subject), run.state, run.scene.catalogue, run.policy, run.rule, entry_id
    )
    if send is not None:
        yield send


def _letter(run: Run, template: Template, address: str) -> Letter:
    """Return what a template says to an address; raises TemplateError."""
    said = render_template(template, run.source())
    return Letter(
        to_address=address,
        subject=said.subject,
        text=said.text,
        html=said.html,
        files=run.scene.catalogue.files.get(template.name, ()),
        unique=f"{run.rule} {run.entry_id} {template.name} {address}",
    )


def _webhook(run: Run, step: Step) -> list[Effect]:
    if step.target not in run.scene.catalogue.listed.get("webhook", ()):
        raise Impossible(f"the settings list no webhook {step.target!r}")
    scene = run.scene
    source = replace(run.source(), careful=False)
    payload = {
        "event": scene.event.kind.value,
        "at": scene.now.isoformat(),
        "workflow": run.workflow.name,
        "by": scene.event.by,
        "field": scene.event.field,
        "old": scene.event.old,
        "new": scene.event.new,
        "message": step.text,
        "alarm": scene.case.alarm,
        "session": run.state.session_state,
        **facts(source, ("ticket", "contact", "queue")),
    }
    return [CallHook(step.target, json.dumps(payload, ensure_ascii=False, sort_keys=True))]


def _follow_up(run: Run, step: Step) -> list[Effect]:
    agent = step.agent or run.state.agent
    if agent not in run.scene.catalogue.agents:
        raise Impossible(f"there is no agent {agent!r} to remind" if agent else "nobody has the ticket")
    at = run.scene.now + timedelta(seconds=read_span(step.after))
    return [AddFollowUp(run.state.ticket_id, agent, at, step.text, run.rule)]


def _session(run: Run, step: Step) -> list[Effect]:
    moves = plan_move(run.state.session_id, State(run.state.session_state), Event(step.value), run.rule)
    if moves:
        run.state = replace(run.state, session_state=moves[-1].state)
    return list(moves)


def _start(run: Run, step: Step) -> list[Effect]:
    workflow = run.scene.catalogue.workflows.get(step.value)
    if workflow is None or not workflow.enabled:
        raise Impossible(f"there is no workflow {step.value!r}, or it is disabled")
    return [StartWorkflow(run.state.ticket_id, step.value, run.rule)]


ACTIONS: Final = {
    "set": _set,
    "add": _list,
    "remove": _list,
    "assign": _assign,
    "note": _add_note,
    "mail": _mail,
    "webhook": _webhook,
    "follow_up": _follow_up,
    "session": _session,
    "start": _start,
}
