"""Addresses, queues, templates and scripts one at a time: what is wrong with one, and who uses it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import available_timezones

from mailgate.cli._queuewords import TEMPLATES, outgoing_complaints, send_only_complaints
from mailgate.cli._texts import address_complaint, route_complaint
from mailgate.config.files import dotted
from mailgate.domain.helpdesk import (
    ASSIGNMENTS,
    DeskSetting,
    Priority,
    Role,
    Status,
    StatusKind,
    Team,
    Workflow,
    priority_complaints,
    setting_complaint,
    setting_names,
)
from mailgate.domain.hours import holiday_complaint, hours_complaint
from mailgate.domain.routing import OWN_STORE, Agent, Catalogue, Queue, Route, Template
from mailgate.domain.workflowcheck import complaints as workflow_complaints
from mailgate.domain.workflowcheck import users as workflow_users
from mailgate.rules.scripts import complaints_of
from mailgate.store.business import (
    Business,
    Item,
    Kind,
    Script,
    export,
    key_of,
    load_catalogue,
    normal_address,
    origins,
)
from mailgate.store.connection import Connection
from mailgate.store.regions import region_complaint
from mailgate.vocabulary import language, template_complaints
from sieve_like.settings import NO_SETTINGS
from sieve_like.settings import Settings as Told

# Long enough for any name, short enough for a column; an exported script is a file of that name.
LONGEST_NAME: Final = 100
# A name that nothing can have.
NOTHING: Final = "\0"


@dataclass(frozen=True, slots=True)
class Present:
    """What the database says now, with the file that each thing came from ("" = made by hand)."""

    business: Business
    catalogue: Catalogue
    origins: Mapping[tuple[Kind, str], str]
    targets: frozenset[str]
    told: Told = NO_SETTINGS

    def all(self, kind: Kind) -> dict[str, Item]:
        """Return everything of one kind by its name; addresses and patterns as they were written."""
        if kind == "address":
            return {one.address: one for one in self.business.addresses}
        return {key_of(one): one for one in self.business.items(kind)}

    def served(self, address: str) -> Route | None:
        """Return what serves mail to an address, by itself or by a pattern, as it was written."""
        found = self.catalogue.route(address)
        if found is None:
            return None
        folded = (*self.catalogue.routes.values(), *self.catalogue.patterns)
        exact = [one for one in self.business.addresses if one.address in self.catalogue.routes]
        patterns = [one for one in self.business.addresses if one.address not in self.catalogue.routes]
        pairs = zip(folded, (*exact, *patterns), strict=True)
        return next(written for route, written in pairs if route is found)


def look(
    connection: Connection,
    delimiter: str,
    targets: Collection[str],
    listed: Mapping[str, frozenset[str]],
    told: Told,
) -> Present:
    """Read everything that the business says; `listed` as in `routing.Catalogue`.

    `told` is what extensions of the rule language are told.
    """
    return Present(
        business=export(connection),
        catalogue=load_catalogue(connection, recipient_delimiter=delimiter, listed=listed),
        origins=origins(connection),
        targets=frozenset({OWN_STORE, *targets}),
        told=told,
    )


def near(word: str, known: Collection[str]) -> str:
    """Return `, did you mean 'support'?` where a known name is close, else ""."""
    found = get_close_matches(word, sorted(known), n=1)
    return f", did you mean {found[0]!r}?" if found else ""


def complaints(item: Item, present: Present) -> Iterator[str]:
    """Yield everything that is wrong with one thing, as it would be if it stood beside the rest."""
    match item:
        case Route():
            yield from _of_route(item, present)
        case Queue():
            yield from _of_name("queue", item.name)
            yield from _of_queue(item, present.catalogue)
        case Agent():
            yield from _of_name("agent", item.name)
            yield from _of_agent(item, present.catalogue)
        case Status() | Priority():
            yield from _of_word(item)
        case Workflow():
            yield from _of_name("workflow", item.name)
            yield from _of_workflow(item, present.catalogue)
        case Team():
            yield from _of_name("team", item.name)
            yield from _unknown("agent", item.members, present.catalogue.agents)
        case Template():
            yield from _of_name("template", item.name)
            yield from of_template(item)
        case DeskSetting():
            yield from _of_setting(item)
        case Script():
            yield from _of_name("script", item.name)
            told = present.told
            for line, text in complaints_of(item.name, item.source, present.catalogue, language(), told):
                yield f"{item.name}:{line}: {text}"


def _of_word(item: Status | Priority) -> Iterator[str]:
    """Yield what is wrong with a status or a priority: both are keys, and stand in addresses of lists."""
    if not item.name.isidentifier():
        yield f"{item.name!r} must be a single word"
    if isinstance(item, Priority):
        yield from (f"{part}: {text}" for part, text in priority_complaints(item))
    elif item.kind not in set(StatusKind):
        yield f"kind: {item.kind!r} is none, write {', '.join(StatusKind)}{near(item.kind, set(StatusKind))}"


def _of_workflow(workflow: Workflow, catalogue: Catalogue) -> Iterator[str]:
    """Yield what is wrong with a workflow; it may start itself."""
    after = replace(catalogue, workflows={**catalogue.workflows, workflow.name: workflow})
    for place, text in workflow_complaints(workflow, after, available_timezones()):
        yield f"{dotted(place)}: {text}"


def _of_agent(agent: Agent, catalogue: Catalogue) -> Iterator[str]:
    if agent.address and (wrong := address_complaint(agent.address)):
        yield f"address: {wrong}"
    if agent.role not in set(Role):
        roles = [one.value for one in Role]
        yield f"role: {agent.role!r} is none, write {', '.join(roles)}{near(agent.role, roles)}"
    yield from _unknown("queue", agent.queues, catalogue.queues)


def _unknown(kind: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"there is no {kind} {name!r}{near(name, known)}"


def _of_queue(queue: Queue, catalogue: Catalogue) -> Iterator[str]:
    """Yield what is wrong with a queue: addresses, times, teams, how its work is shared out."""
    yield from _unknown("team", queue.teams, catalogue.teams)
    yield from (f"{field}: {wrong}" for field, wrong in outgoing_complaints(queue, catalogue))
    if queue.assignment not in ASSIGNMENTS:
        yield f"assignment: {queue.assignment!r} is no way of sharing out, write {' or '.join(ASSIGNMENTS)}"
    if wrong := region_complaint(queue.region):
        yield f"region: {wrong}"
    if queue.assign_limit < 0:
        yield "assign_limit: can't be less than nothing; 0 means any number"
    if queue.timezone not in available_timezones():
        yield f"timezone: {queue.timezone!r} is no time zone, write it as 'Europe/Berlin'"
    for field in ("address", "answer_from"):
        if (said := getattr(queue, field)) and (wrong := address_complaint(said)):
            yield f"{field}: {wrong}"
    if wrong := hours_complaint(queue.hours):
        yield f"hours: {wrong}"
    yield from (f"holidays: {wrong}" for one in queue.holidays if (wrong := holiday_complaint(one)))


def _of_setting(item: DeskSetting) -> Iterator[str]:
    if wrong := setting_complaint(item.name, item.value):
        names = setting_names()
        yield f"{item.name}: {wrong}{'' if item.name in names else near(item.name, names)}"


def _of_route(route: Route, present: Present) -> Iterator[str]:
    if wrong := route_complaint(route.address):
        yield wrong
    yield from (wrong for _, wrong in send_only_complaints(route, present.catalogue.queues.values()))
    named: tuple[tuple[str, str, Collection[str]], ...] = (
        ("script", route.script, present.catalogue.scripts),
        ("queue", route.queue, present.catalogue.queues),
        ("target", route.target, present.targets),
    )
    for kind, name, known in named:
        if name and name not in known:
            yield f"there is no {kind} {name!r}{near(name, known)}"


def of_template(template: Template) -> Iterator[str]:
    """Yield what is wrong with a template: its texts, its format, whom it is for."""
    if not template.text:
        yield f"{template.name}: has no text"
    for part, line, text in template_complaints(template):
        yield f"{template.name}: {part}{f' line {line}' if line else ''}: {text}"


def name_complaint(kind: str, name: str) -> str:
    """Return what is wrong with a name that a person wrote, "" where nothing is."""
    return next(_of_name(kind, name), "")


def _of_name(kind: str, name: str) -> Iterator[str]:
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or name[0] in ".-" or "/" in name:
        yield f"{name!r} can't name a {kind}: at most {LONGEST_NAME} characters, no '/', no '.' at its start"


def users(kind: Kind, name: str, catalogue: Catalogue, addresses: Collection[Route]) -> list[str]:
    """Return who names a thing: automations, addresses, and scripts with a constant name."""
    made = catalogue.automations.values()
    if kind == "address":
        return [f"automation {one.name}" for one in made if normal_address(one.address) == name]
    found = [f"automation {one.name}" for one in made if kind == "script" and one.name == name]
    found += [f"address {one.address}" for one in addresses if getattr(one, kind, "") == name]
    found += _staff(kind, name, catalogue)
    registry = language()
    less = _without(kind, name, catalogue)
    found += workflow_users(kind, name, catalogue.workflows, less)
    for script, source in catalogue.scripts.items():
        before = {line for line, _ in complaints_of(script, source, catalogue, registry)}
        after = {line for line, _ in complaints_of(script, source, less, registry)}
        if script != name or kind != "script":
            found += [f"script {script}:{line}" for line in sorted(after - before)]
    return found


def _staff(kind: Kind, name: str, catalogue: Catalogue) -> list[str]:
    """Return teams, queues and automations that name an agent or a team, and agents who name a queue."""
    match kind:
        case "agent":
            return [f"team {one.name}" for one in catalogue.teams.values() if name in one.members]
        case "queue":
            return [f"agent {one.name}" for one in catalogue.agents.values() if name in one.queues]
        case "template":
            return [
                f"queue {one.name}"
                for one in catalogue.queues.values()
                if name in {getattr(one, field) for field in TEMPLATES}
            ]
        case "team":
            queues = [f"queue {one.name}" for one in catalogue.queues.values() if name in one.teams]
            made = [f"automation {one.name}" for one in catalogue.automations.values() if name in one.teams]
            return [*queues, *made]
        case _:
            return []


def _without(kind: Kind, name: str, catalogue: Catalogue) -> Catalogue:
    """Return the catalogue as it would be without one name."""
    kinds: tuple[tuple[Kind, str], ...] = (
        ("agent", "agents"),
        ("queue", "queues"),
        ("template", "templates"),
        ("script", "scripts"),
        ("team", "teams"),
        ("status", "statuses"),
        ("priority", "priorities"),
        ("workflow", "workflows"),
    )
    fewer: dict[str, Any] = {
        among: {k: v for k, v in getattr(catalogue, among).items() if (kind, k) != (one, name)}
        for one, among in kinds
    }
    for one, among in kinds:
        if one == kind and not fewer[among]:
            # Names of a kind that there is nothing of are not checked: something must stand there.
            fewer[among] = {NOTHING: getattr(catalogue, among)[name]}
    return replace(catalogue, **fewer)
