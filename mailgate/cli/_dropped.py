"""What `mailgate apply` takes away: whether something that stays, or a ticket, still needs it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from mailgate.cli._items import users
from mailgate.domain.helpdesk import PRIORITIES, STATUSES
from mailgate.domain.routing import Catalogue, Route
from mailgate.errors import Complaint
from mailgate.store.business import Business, Change, Kind, export, key_of
from mailgate.store.connection import Connection
from mailgate.store.inuse import tickets_with

# Where the catalogue has the things that other things name.
AMONG: Final[Mapping[Kind, str]] = {
    "queue": "queues",
    "agent": "agents",
    "team": "teams",
    "status": "statuses",
    "priority": "priorities",
    "template": "templates",
    "script": "scripts",
    "workflow": "workflows",
    "automation": "automations",
}
# What a person can do about it, beside writing the thing into the text again.
HELP: Final[Mapping[Kind, str]] = {
    "status": "give them another first: `mailgate ticketstatus remove --replace-with`",
    "priority": "give them another first: `mailgate priority remove --replace-with`",
    "queue": "move them first (`mailgate ticket move`), or keep it disabled",
    "agent": "give them to others first (`mailgate ticket assign`), or keep it disabled",
}


def staying(present: Catalogue, there: Business, changes: Sequence[Change]) -> Catalogue:
    """Return the catalogue without what the changes remove; `there` is what the database says.

    No statuses or priorities at all mean that the text, or else the defaults, have them.
    """
    gone = {(one.kind, one.name) for one in changes if one.action == "remove"}
    kept: dict[str, Any] = {
        among: {name: thing for name, thing in getattr(present, among).items() if (kind, name) not in gone}
        for kind, among in AMONG.items()
    }
    if not there.statuses:
        kept["statuses"] = {}
    if not there.priorities:
        kept["priorities"] = {}
    return replace(present, **kept)


def complaints(
    connection: Connection, present: Catalogue, business: Business, changes: Sequence[Change], origin: str
) -> Iterator[Complaint]:
    """Yield what may not go: words, queues and agents of tickets, and what something that stays names.

    `present` is the catalogue of now, `business` what the text says; `origin` is the file or folder.
    """
    there = export(connection)
    after = _after(staying(present, there, changes), business)
    for kind, name in _gone(present, after, changes):
        if had := had_by(connection, kind, name):
            yield Complaint(origin, 0, f"{kind} {name}", f"is gone, but {had} it; {HELP[kind]}")
    addresses = _addresses(there, business, changes)
    for change in changes:
        if change.action == "remove" and (change.kind in AMONG or change.kind == "address"):
            used = users(change.kind, change.name, _with(change, present, after), addresses)
            if used:
                text = f"is gone, but {', '.join(used)} {'names' if len(used) == 1 else 'name'} it"
                yield Complaint(origin, 0, f"{change.kind} {change.name}", text)


def had_by(connection: Connection, kind: str, name: str) -> str:
    """Return `3 tickets have` for what tickets can have, "" where none has it."""
    count = tickets_with(connection, kind, name) if kind in HELP else 0
    return f"{count:,} {'tickets have' if count > 1 else 'ticket has'}" if count else ""


def _after(kept: Catalogue, business: Business) -> Catalogue:
    """Return what there will be: what stays, and what the text says over it."""
    said: dict[str, Any] = {
        among: {**getattr(kept, among), **{key_of(one): one for one in business.items(kind)}}
        for kind, among in AMONG.items()
        if kind != "script"
    }
    said["scripts"] = {**kept.scripts, **{one.name: one.source for one in business.scripts}}
    said["statuses"] = said["statuses"] or {one.name: one for one in STATUSES}
    said["priorities"] = said["priorities"] or {one.name: one for one in PRIORITIES}
    return replace(kept, **said)


def _gone(present: Catalogue, after: Catalogue, changes: Sequence[Change]) -> list[tuple[Kind, str]]:
    """Return what tickets could still have: rows that go, and words that are no longer in force."""
    words: tuple[Kind, Kind] = ("status", "priority")
    found: list[tuple[Kind, str]] = [
        (kind, name)
        for kind in words
        for name in getattr(present, AMONG[kind])
        if name not in getattr(after, AMONG[kind])
    ]
    found += [(one.kind, one.name) for one in changes if one.action == "remove" and one.kind not in words]
    return found


def _addresses(there: Business, business: Business, changes: Sequence[Change]) -> tuple[Route, ...]:
    gone = {one.name for one in changes if one.action == "remove" and one.kind == "address"}
    said = {key_of(one): one for one in business.addresses}
    kept = {key_of(one): one for one in there.addresses if key_of(one) not in gone}
    return tuple({**kept, **said}.values())


def _with(change: Change, present: Catalogue, after: Catalogue) -> Catalogue:
    """Return what there will be, and this one thing still: so that the compiler sees who misses it."""
    among = AMONG.get(change.kind, "")
    old = getattr(present, among).get(change.name) if among else None
    more: dict[str, Any] = {among: {**getattr(after, among), change.name: old}} if old is not None else {}
    return replace(after, **more)
