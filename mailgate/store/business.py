"""What the business may change: addresses, queues, agents, templates, scripts; a catalogue, changed by plans.

`plan` compares what a text wants with what is there and returns the changes (a dry run ends here);
`apply_changes` writes them. Applying the same text twice changes nothing the second time. A row remembers
the file it came from (`origin`); by hand it is changed only with an explicit take-over, so that text and
database cannot drift apart.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import Any, Final, Literal, cast
from zoneinfo import ZoneInfo

from mailgate.domain.address import fold
from mailgate.domain.helpdesk import (
    PRIORITIES,
    STATUSES,
    Automation,
    DeskPolicy,
    DeskSetting,
    Priority,
    Status,
    Team,
    Workflow,
    policy,
)
from mailgate.domain.routing import Agent, Catalogue, Queue, Route, Template
from mailgate.errors import Complaint, SettingsError
from mailgate.store import queries
from mailgate.store.connection import Connection
from mailgate.store.models import business as tables
from mailgate.store.models.audit import Audit
from mailgate.store.pack import unwords, words
from mailgate.store.regions import closed_days
from mailgate.store.templatefiles import forget_files, template_files
from mailgate.store.transaction import Transaction

Kind = Literal[
    "address", "queue", "agent", "team", "status", "priority", "template", "script", "workflow", "automation",
    "setting",
]  # fmt: skip
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Script:
    """A rule script as it was given."""

    name: str
    source: str


Item = (
    Route | Queue | Agent | Team | Status | Priority | Template | Script | Workflow | Automation | DeskSetting
)


@dataclass(frozen=True, slots=True)
class Business:
    """Everything that a file, a folder or the whole database says; addresses in their order."""

    addresses: tuple[Route, ...] = ()
    queues: tuple[Queue, ...] = ()
    templates: tuple[Template, ...] = ()
    scripts: tuple[Script, ...] = ()
    agents: tuple[Agent, ...] = ()
    teams: tuple[Team, ...] = ()
    statuses: tuple[Status, ...] = ()
    priorities: tuple[Priority, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    automations: tuple[Automation, ...] = ()
    settings: tuple[DeskSetting, ...] = ()

    def items(self, kind: Kind) -> tuple[Any, ...]:
        """Return everything of one kind."""
        return cast("tuple[Any, ...]", getattr(self, TABLES[kind].among))


@dataclass(frozen=True, slots=True)
class Change:
    """One row to add, change or remove; `fields` are the columns that differ, `was` is the origin before.

    `old` has what a row that is changed said in its columns.
    """

    action: Literal["add", "change", "remove"]
    kind: Kind
    name: str
    values: Values
    fields: tuple[str, ...] = ()
    was: str = ""
    old: Mapping[str, Any] = field(default_factory=dict)

    def differences(self) -> tuple[tuple[str, Any, Any], ...]:
        """Return each column that differs with what it said and what it will say, as a person wrote it."""
        table = TABLES[self.kind]
        return tuple(
            (one, _said(self.old.get(one), one, table), _said(self.values.get(one), one, table))
            for one in self.fields
        )


@dataclass(frozen=True, slots=True)
class _Table:
    """Where things of one kind are: as objects of `made`, in `Business.among`, and as rows of `model`.

    `columns` are the fields that are kept; `order` is the column that a listing goes by.
    """

    made: Any
    among: str
    model: Any
    key: str
    order: str
    columns: tuple[str, ...]


def _table(made: Any, among: str, model: Any, *, key: str = "name", order: str = "name") -> _Table:
    """Return a table whose columns are the fields that its model has too, and a place if it is ordered."""
    kept = [one.name for one in fields(made) if one.name in model._meta.fields]  # noqa: SLF001  Peewee's way
    return _Table(made, among, model, key, order, tuple(dict.fromkeys((*kept, *({order} - {"name"})))))


TABLES: Final[Mapping[Kind, _Table]] = {
    "address": _table(Route, "addresses", tables.Address, key="address", order="position"),
    "queue": _table(Queue, "queues", tables.Queue),
    "agent": _table(Agent, "agents", tables.Agent),
    "team": _table(Team, "teams", tables.Team),
    "status": _table(Status, "statuses", tables.Status, order="position"),
    "priority": _table(Priority, "priorities", tables.Priority, order="position"),
    "template": _table(Template, "templates", tables.Template),
    "script": _table(Script, "scripts", tables.Script),
    "workflow": _table(Workflow, "workflows", tables.Workflow, order="position"),
    "automation": _table(Automation, "automations", tables.Automation),
    "setting": _table(DeskSetting, "settings", tables.DeskSetting),
}


def is_pattern(address: str) -> bool:
    """Whether an address stands for many: `@domain`, or a glob."""
    return address.startswith("@") or "*" in address or "?" in address


def normal_address(address: str) -> str:
    """Return an address as it is kept: folded; patterns in lower case."""
    return address.lower() if is_pattern(address) else fold(address)


def kind_of(item: Item) -> Kind:
    """Return the word for what it is."""
    return next(kind for kind, table in TABLES.items() if isinstance(item, table.made))


def key_of(item: Item) -> str:
    """Return the name that it is kept by."""
    return normal_address(item.address) if isinstance(item, Route) else item.name


def _wanted(business: Business) -> dict[Kind, dict[str, Values]]:
    """Return the rows that a business means, by kind and key; what is ordered keeps the order of the text."""
    return {
        kind: {key_of(item): _row(item, table, place) for place, item in enumerate(business.items(kind))}
        for kind, table in TABLES.items()
    }


def _row(item: Any, table: _Table, place: int) -> Values:
    """Return what a thing says for each column: switches as 0 and 1, lists as JSON."""
    row: Values = {}
    for column in table.columns:
        value = place if column == "position" else getattr(item, column)
        row[column] = (
            words(value)
            if isinstance(value, tuple)
            else int(value)
            if value is True or value is False
            else value
        )
    return {**row, table.key: key_of(item)}


def _item(row: Values, table: _Table) -> Any:
    """Return the thing that a row says."""
    said: Values = {}
    for one in fields(table.made):
        if one.name in table.columns:
            said[one.name] = _said(row[one.name], one.name, table)
    return table.made(**said)


def _said(value: Any, column: str, table: _Table) -> Any:
    """Return what a column says: lists and switches as they were written, all else as it is kept."""
    default = next((one.default for one in fields(table.made) if one.name == column), None)
    if value is None:
        return None
    if default == ():
        return unwords(value)
    return bool(value) if default is True or default is False else value


def plan(connection: Connection, business: Business, origin: str) -> tuple[Change, ...]:
    """Return what must change so that the rows of `origin` are exactly what `business` says.

    Rows of that origin which it no longer names are removed; rows made by hand or by another file are taken
    over where it names them, and left alone otherwise.
    """
    changes: list[Change] = []
    for kind, wanted in _wanted(business).items():
        table = TABLES[kind]
        present = {row[table.key]: row for row in queries.rows(connection, table.model.select())}
        changes += _additions(kind, table, wanted, present, origin)
        changes += [
            Change("remove", kind, name, {}, was=origin)
            for name, row in present.items()
            if origin and row["origin"] == origin and name not in wanted
        ]
    return tuple(changes)


def _additions(
    kind: Kind, table: _Table, wanted: dict[str, Values], present: dict[str, Values], origin: str
) -> Iterable[Change]:
    for name, said in wanted.items():
        row = present.get(name)
        values = {**said, "origin": origin}
        if row is None:
            yield Change("add", kind, name, values)
            continue
        differing = tuple(c for c in (*table.columns, "origin") if row[c] != values[c])
        if differing:
            old = {column: row[column] for column in differing}
            yield Change("change", kind, name, values, differing, row["origin"], old)


class Moved(Exception):  # noqa: N818  it is no mistake, the plan is old
    """Somebody else changed the business data after the plan was made."""


def apply_changes(
    tx: Transaction, changes: Sequence[Change], who: str, *, planned_at: int | None = None
) -> int:
    """Write the changes, each with its line in the audit, and let everybody know; returns how many.

    `planned_at` is the version that the plan was made on; raises Moved if it is another one by now.
    """
    if planned_at is not None:
        row = tx.query(tables.CatalogueVersion.select(tables.CatalogueVersion.version)).fetchone()
        if (row[0] if row is not None else 0) != planned_at:
            raise Moved
    for change in changes:
        _write(tx, change)
        tx.query(
            Audit.insert(
                at=tx.now_ms,
                who=who,
                action=f"{change.kind} {change.action}",
                subject=change.name,
                detail=" ".join(change.fields),
            )
        )
    if changes:
        tx.execute(tx.hot.out.bump_catalogue, (tx.now_ms,))
        tx.signals.add("catalogue")
    return len(changes)


def _write(tx: Transaction, change: Change) -> None:
    table = TABLES[change.kind]
    model, key = table.model, getattr(table.model, table.key)
    match change.action:
        case "add":
            tx.query(model.insert(**change.values, version=1, changed_at=tx.now_ms))
        case "change":
            values = {**change.values, "version": model.version + 1, "changed_at": tx.now_ms}
            tx.query(model.update(**values).where(key == change.name))
        case "remove":
            tx.query(model.delete().where(key == change.name))
            if change.kind == "template":
                forget_files(tx, change.name)


def set_one(connection: Connection, item: Item, *, take_over: bool = False) -> tuple[Change, ...]:
    """Return the change that sets one thing by hand; SettingsError if a file owns it (see `take_over`)."""
    said: dict[str, Any] = {TABLES[kind_of(item)].among: (item,)}
    business = Business(**said)
    changes = tuple(_keep_place(connection, change) for change in plan(connection, business, ""))
    for change in changes:
        _require_ours(change.kind, change.name, change.was, take_over=take_over)
    return tuple(change for change in changes if change.action == "add" or change.fields)


def _keep_place(connection: Connection, change: Change) -> Change:
    """Leave a thing at its place among the others of its kind; a new one goes behind all of them."""
    table = TABLES[change.kind]
    if table.order != "position":
        return change
    present = {row[table.key]: row["position"] for row in queries.rows(connection, table.model.select())}
    place = present.get(change.name, max(present.values(), default=-1) + 1)
    differing = tuple(f for f in change.fields if f != "position")
    return replace(change, values={**change.values, "position": place}, fields=differing)


def remove_one(
    connection: Connection, kind: Kind, name: str, *, take_over: bool = False
) -> tuple[Change, ...]:
    """Return the change that removes one thing by hand, if there is one; SettingsError as in `set_one`."""
    table = TABLES[kind]
    if kind == "address":
        name = normal_address(name)
    row = queries.first(connection, table.model.select().where(getattr(table.model, table.key) == name))
    if row is None:
        return ()
    _require_ours(kind, name, row["origin"], take_over=take_over)
    return (Change("remove", kind, name, {}, was=row["origin"]),)


def _require_ours(kind: str, name: str, origin: str, *, take_over: bool) -> None:
    if origin and not take_over:
        text = f"comes from {origin}; change it there, or take it over"
        raise SettingsError([Complaint(origin, 0, f"{kind} {name}", text)])


def export(connection: Connection, origin: str | None = None) -> Business:
    """Return what the database says, as `plan` would take it; only what a file owns if `origin` is given."""

    def items(table: _Table) -> tuple[Any, ...]:
        query = table.model.select().order_by(
            getattr(table.model, table.order), getattr(table.model, table.key)
        )
        found = query if origin is None else query.where(table.model.origin == origin)
        return tuple(_item(row, table) for row in queries.rows(connection, found))

    return Business(**{table.among: items(table) for table in TABLES.values()})


def origins(connection: Connection) -> dict[tuple[Kind, str], str]:
    """Return which file each thing came from, "" where it was made by hand; by kind and key."""
    return {
        (kind, row[table.key]): row["origin"]
        for kind, table in TABLES.items()
        for row in queries.rows(
            connection, table.model.select(getattr(table.model, table.key), table.model.origin)
        )
    }


def catalogue_version(connection: Connection) -> int:
    """Return the number that grows with every change."""
    row = queries.first(connection, tables.CatalogueVersion.select())
    return int(row["version"]) if row is not None else 0


def load_catalogue(
    connection: Connection,
    *,
    own: Iterable[str] = (),
    recipient_delimiter: str = "+",
    listed: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> Catalogue:
    """Return a frozen snapshot of what the business says; `own` are further addresses of ours (the gate).

    `listed` are names that the settings list, by kind (`routing.Catalogue`).
    """
    version = catalogue_version(connection)
    business = export(connection)
    serving = {normal_address(a.address): a.name for a in business.automations if a.enabled and a.address}
    served = [_served(r, serving) for r in business.addresses]
    exact = {r.address: r for r in served if not is_pattern(r.address)}
    senders = (a for q in business.queues for a in (q.address, q.answer_from))
    addresses = {fold(a) for a in (*own, *exact, *senders) if a}
    desk = policy({s.name: s.value for s in business.settings})
    closed = {q.name for q in business.queues if not q.enabled}
    patterns = (_glob(r) for r in served if is_pattern(r.address))
    return Catalogue(
        version=version,
        routes={address: _taking(r, desk, closed) for address, r in exact.items()},
        patterns=tuple(_taking(r, desk, closed) for r in patterns),
        queues={
            q.name: replace(q, zone=_zone(q.timezone), closed=closed_days(q.region)) for q in business.queues
        },
        teams={t.name: t for t in business.teams},
        statuses={s.name: s for s in business.statuses or STATUSES},
        priorities={p.name: p for p in business.priorities or PRIORITIES},
        workflows={w.name: w for w in business.workflows},
        automations={a.name: a for a in business.automations},
        desk=desk,
        agents={a.name: a for a in business.agents},
        listed=listed,
        templates={t.name: t for t in business.templates},
        files=template_files(connection),
        scripts={s.name: s.source for s in business.scripts},
        own=frozenset(addresses),
        recipient_delimiter=recipient_delimiter,
    )


def _served(route: Route, serving: Mapping[str, str]) -> Route:
    """Return a route with the script of the automation that belongs to it, unless it has its own (W1)."""
    name = "" if route.script else serving.get(route.address, "")
    return replace(route, script=name) if name else route


def _taking(route: Route, desk: DeskPolicy, closed: Container[str]) -> Route:
    """Return a route that is enabled only while the channel and the queue that it names are on (G1)."""
    off = route.enabled and (not desk.channel or route.queue in closed)
    return replace(route, enabled=False) if off else route


def _zone(name: str) -> tzinfo:
    """Return a time zone's data; UTC for a name that this machine's data do not have (any more)."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def _glob(route: Route) -> Route:
    """Return a pattern as fnmatch understands it: `@domain` is any address there, brackets are themselves."""
    address = f"*{route.address}" if route.address.startswith("@") else route.address
    return Route(address.replace("[", "[[]"), route.script, route.queue, route.target, route.enabled)
