"""What the business may change: addresses, queues, agents, templates, scripts; a catalogue, changed by plans.

`plan` compares what a text wants with what is there and returns the changes (a dry run ends here);
`apply_changes` writes them. Applying the same text twice changes nothing the second time. A row remembers
the file it came from (`origin`); by hand it is changed only with an explicit take-over, so that text and
database cannot drift apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from mailgate.domain.address import fold
from mailgate.domain.routing import Agent, Catalogue, Queue, Route, Template
from mailgate.errors import Complaint, SettingsError
from mailgate.store import queries
from mailgate.store.connection import Connection
from mailgate.store.models import business as tables
from mailgate.store.models.audit import Audit
from mailgate.store.pack import unwords, words
from mailgate.store.transaction import Transaction

Kind = Literal["address", "queue", "agent", "template", "script"]
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Script:
    """A rule script as it was given."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Business:
    """Everything that a file, a folder or the whole database says; addresses in their order."""

    addresses: tuple[Route, ...] = ()
    queues: tuple[Queue, ...] = ()
    templates: tuple[Template, ...] = ()
    scripts: tuple[Script, ...] = ()
    agents: tuple[Agent, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One row to add, change or remove; `fields` are the columns that differ, `was` is the origin before."""

    action: Literal["add", "change", "remove"]
    kind: Kind
    name: str
    values: Values
    fields: tuple[str, ...] = ()
    was: str = ""


@dataclass(frozen=True, slots=True)
class _Table:
    model: Any
    key: str
    columns: tuple[str, ...]


TABLES: Final[Mapping[Kind, _Table]] = {
    "address": _Table(
        tables.Address, "address", ("address", "script", "queue", "target", "enabled", "position")
    ),
    "queue": _Table(
        tables.Queue,
        "name",
        ("name", "address", "from_name", "language", "enabled", "hours", "timezone", "holidays"),
    ),
    "agent": _Table(tables.Agent, "name", ("name", "address", "queues", "enabled")),
    "template": _Table(tables.Template, "name", ("name", "subject", "text", "html", "language")),
    "script": _Table(tables.Script, "name", ("name", "source")),
}


def is_pattern(address: str) -> bool:
    """Whether an address stands for many: `@domain`, or a glob."""
    return address.startswith("@") or "*" in address or "?" in address


def normal_address(address: str) -> str:
    """Return an address as it is kept: folded; patterns in lower case."""
    return address.lower() if is_pattern(address) else fold(address)


def _wanted(business: Business) -> dict[Kind, dict[str, Values]]:
    """Return the rows that a business means, by kind and key."""
    return {
        "address": {
            normal_address(r.address): {
                "address": normal_address(r.address),
                "script": r.script,
                "queue": r.queue,
                "target": r.target,
                "enabled": int(r.enabled),
                "position": place,
            }
            for place, r in enumerate(business.addresses)
        },
        "queue": {
            q.name: {
                **_columns(q, "queue"),
                "enabled": int(q.enabled),
                "holidays": words(q.holidays),
            }
            for q in business.queues
        },
        "agent": {
            a.name: {**_columns(a, "agent"), "enabled": int(a.enabled), "queues": words(a.queues)}
            for a in business.agents
        },
        "template": {t.name: _columns(t, "template") for t in business.templates},
        "script": {s.name: {"name": s.name, "source": s.source} for s in business.scripts},
    }


def _columns(item: Queue | Agent | Template, kind: Kind) -> Values:
    """Return what a thing says for each column of its table."""
    return {column: getattr(item, column) for column in TABLES[kind].columns}


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
            yield Change("change", kind, name, values, differing, was=row["origin"])


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


def set_one(
    connection: Connection, item: Route | Queue | Agent | Template | Script, *, take_over: bool = False
) -> tuple[Change, ...]:
    """Return the change that sets one thing by hand; SettingsError if a file owns it (see `take_over`)."""
    match item:
        case Route():
            business: Business = Business(addresses=(item,))
        case Queue():
            business = Business(queues=(item,))
        case Agent():
            business = Business(agents=(item,))
        case Template():
            business = Business(templates=(item,))
        case Script():
            business = Business(scripts=(item,))
    changes = tuple(_keep_place(connection, change) for change in plan(connection, business, ""))
    for change in changes:
        _require_ours(change.kind, change.name, change.was, take_over=take_over)
    return tuple(change for change in changes if change.action == "add" or change.fields)


def _keep_place(connection: Connection, change: Change) -> Change:
    """Leave an address at its place among the patterns; a new one goes behind all others."""
    if change.kind != "address":
        return change
    present = {row["address"]: row["position"] for row in queries.rows(connection, tables.Address.select())}
    place = present.get(change.name, max(present.values(), default=-1) + 1)
    fields = tuple(f for f in change.fields if f != "position")
    return Change(
        change.action, change.kind, change.name, {**change.values, "position": place}, fields, change.was
    )


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

    def rows(kind: Kind) -> list[Values]:
        table = TABLES[kind]
        order = table.model.position if kind == "address" else getattr(table.model, table.key)
        query = table.model.select().order_by(order)
        return queries.rows(
            connection, query if origin is None else query.where(table.model.origin == origin)
        )

    return Business(
        addresses=tuple(_route(row) for row in rows("address")),
        queues=tuple(_queue(row) for row in rows("queue")),
        templates=tuple(_template(row) for row in rows("template")),
        scripts=tuple(Script(row["name"], row["source"]) for row in rows("script")),
        agents=tuple(_agent(row) for row in rows("agent")),
    )


def _route(row: Values) -> Route:
    return Route(row["address"], row["script"], row["queue"], row["target"], bool(row["enabled"]))


def _queue(row: Values) -> Queue:
    return Queue(
        row["name"],
        row["address"],
        row["from_name"],
        row["language"],
        bool(row["enabled"]),
        row["hours"],
        row["timezone"],
        unwords(row["holidays"]),
    )


def _agent(row: Values) -> Agent:
    return Agent(row["name"], row["address"], unwords(row["queues"]), bool(row["enabled"]))


def _template(row: Values) -> Template:
    return Template(row["name"], row["subject"], row["text"], row["html"], row["language"])


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
    exact = {r.address: r for r in business.addresses if not is_pattern(r.address)}
    addresses = {fold(a) for a in (*own, *exact, *(q.address for q in business.queues)) if a}
    return Catalogue(
        version=version,
        routes=exact,
        patterns=tuple(_glob(r) for r in business.addresses if is_pattern(r.address)),
        queues={q.name: replace(q, zone=_zone(q.timezone)) for q in business.queues},
        agents={a.name: a for a in business.agents},
        listed=listed,
        templates={t.name: t for t in business.templates},
        scripts={s.name: s.source for s in business.scripts},
        own=frozenset(addresses),
        recipient_delimiter=recipient_delimiter,
    )


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
