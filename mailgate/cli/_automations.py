"""What the commands on automations share: files into forms, rights, the two rows that belong together."""

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from mailgate.cli import _business
from mailgate.cli._as import check
from mailgate.cli._items import Present, name_complaint, near
from mailgate.cli._options import TRY_LATER, Call, CommandError
from mailgate.domain.access import SYSTEM, Actor, What
from mailgate.domain.address import fold
from mailgate.domain.helpdesk import Automation
from mailgate.rules.forms.automation import Checker, form_of_row, in_the_way, route_of, with_form
from mailgate.rules.forms.model import Form
from mailgate.rules.forms.read import Wrong, read_form
from mailgate.rules.forms.script import script_of
from mailgate.store import queries
from mailgate.store.business import Change, Script, remove_one, set_one
from mailgate.store.connection import Connection
from mailgate.store.models import business as tables
from mailgate.vocabulary import language

# What stands in a file beside the form.
TEXTS: Final = ("name", "address", "creator")
KEYS: Final = (*TEXTS, "enabled", "teams")


@dataclass(frozen=True, slots=True)
class Saving:
    """How an automation is saved: on which version, and whether changes by hand may be lost."""

    if_version: int | None = None
    overwrite: bool = False


def parsed(text: str, name: str) -> Mapping[str, Any]:
    """Return the tables of a file, JSON where it begins with a brace, else TOML; raises CommandError."""
    try:
        if text.lstrip().startswith("{"):
            found = json.loads(text)
            return found if isinstance(found, dict) else {}
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{name}: is neither TOML nor JSON: {error}") from None


def from_file(text: str, file: str, name: str) -> tuple[Automation, Form]:
    """Return the automation of a file, `name` instead of the file's; CommandError with all mistakes."""
    values = parsed(text, file)
    form, wrong = read_form({key: one for key, one in values.items() if key not in KEYS})
    complaints = [*_head(values), *map(str, wrong)]
    if form is None or complaints:
        raise CommandError("\n".join(f"{file}: {one}" for one in complaints))
    made = Automation(
        name=name or values.get("name", ""),
        address=values.get("address", ""),
        enabled=values.get("enabled", True),
        creator=values.get("creator", ""),
        teams=tuple(values.get("teams", ())),
    )
    return with_form(made, form), form


def _head(values: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with what stands beside the form."""
    found = [f"{key}: must be a text" for key in TEXTS if not isinstance(values.get(key, ""), str)]
    if not isinstance(values.get("enabled", True), bool):
        found.append("enabled: must be true or false")
    teams = values.get("teams", [])
    if not isinstance(teams, list) or not all(isinstance(one, str) for one in teams):
        found.append("teams: must be a list of names")
    return found


def named(found: Present, name: str) -> Automation:
    """Return an automation by its name; raises CommandError with a suggestion where it is not there."""
    item = _business.named(found, "automation", name)
    assert isinstance(item, Automation)
    return item


def form_in(automation: Automation) -> Form:
    """Return the form of a stored automation; raises CommandError where something else wrote the row."""
    try:
        return form_of_row(automation)
    except ValueError as error:
        raise CommandError(str(error)) from None


def wrong_with(automation: Automation, form: Form, found: Present) -> list[Wrong]:
    """Return everything that is wrong with an automation beside the rest."""
    return list(Checker(found.catalogue, language(), found.told).wrong(automation, form))


def wrong_now(found: Present, automation: Automation) -> list[str]:
    """Return what is wrong with a stored automation and with its script."""
    reasons = [in_the_way(automation.name, found.catalogue)]
    if automation.name not in found.catalogue.scripts:
        reasons = ["it has no script: `mailgate automation put` makes it"]
    try:
        reasons += map(str, wrong_with(automation, form_of_row(automation), found))
    except ValueError as error:
        reasons.append(str(error))
    return [reason for reason in reasons if reason]


def version_of(connection: Connection, name: str) -> int:
    """Return how often an automation was changed, 0 where there is none."""
    table = tables.Automation
    row = queries.first(connection, table.select(table.version).where(table.name == name))
    return int(row["version"]) if row is not None else 0


def save(
    call: Call, make: Callable[[Present], tuple[Automation, Form]], saving: Saving, how: _business.How
) -> Sequence[Change]:
    """Store an automation and the script that it becomes, in one transaction; it takes effect at once (W1).

    Raises CommandError with everything that is wrong, for somebody without the right (W2), for a script that
    was changed by hand, and (exit 75) where the automation has changed since the version that was seen.
    """

    def planned(connection: Connection, found: Present) -> Sequence[Change]:
        automation, form = make(found)
        actor = _require_right(automation, found, how.who)
        there = found.all("automation").get(automation.name)
        if not automation.creator and isinstance(there, Automation):
            automation = replace(automation, creator=there.creator)
        elif not automation.creator:
            automation = replace(automation, creator=actor.name)
        _require_version(connection, automation.name, saving.if_version)
        complaints = [*filter(None, [name_complaint("automation", automation.name)])]
        complaints += map(str, wrong_with(automation, form, found))
        if complaints:
            raise CommandError("\n".join(complaints))
        script = Script(automation.name, script_of(form, automation.name))
        _require_untouched(found, script, saving)
        changes: list[Change] = []
        for item, present in ((automation, there), (script, found.all("script").get(script.name))):
            if item != present or how.take_over:
                _business.require_ours(
                    found, "automation" if item is automation else "script", item.name, how
                )
                changes += set_one(connection, item, take_over=how.take_over)
        return changes

    return _business.change(call, planned, how)


def _require_untouched(found: Present, script: Script, saving: Saving) -> None:
    """Refuse to write over what somebody wrote by hand."""
    reason = in_the_way(script.name, found.catalogue)
    if not reason or found.catalogue.scripts.get(script.name) == script.source:
        return
    if script.name not in found.catalogue.automations:
        raise CommandError(reason)
    if not saving.overwrite:
        ways = f"`mailgate automation from-script {script.name}` reads it into the form (--save keeps it)"
        raise CommandError(f"{reason}; {ways}, --overwrite gives it up")


def _require_version(connection: Connection, name: str, seen: int | None) -> None:
    current = version_of(connection, name)
    if seen is not None and seen != current:
        raise CommandError(
            f"automation {name} has changed: you saw version {seen}, it is at version {current}\n"
            "look at it again, and say the version you saw",
            TRY_LATER,
        )


def _require_right(automation: Automation, found: Present, agent: str) -> Actor:
    """Return who acts; raises CommandError without the right to what is there or to what it becomes (W2).

    An agent may make automations for its own address and for addresses whose queue it works on.
    """
    there = found.catalogue.automations.get(automation.name)
    actor = check(found.catalogue, agent, What.SET_AUTOMATION, there)
    if actor is SYSTEM or actor.role is SYSTEM.role:
        return actor
    if automation.creator not in {"", actor.name, there.creator if there is not None else ""}:
        raise CommandError(f"agent {actor.name} can't make {automation.creator} the creator")
    route = route_of(automation.address, found.catalogue)
    own = fold(found.catalogue.agents[actor.name].address) == fold(automation.address)
    if route is not None and not own and route.queue not in actor.queues:
        where = f"its queue {route.queue}" if route.queue else "it has no queue"
        raise CommandError(
            f"agent {actor.name} may make automations for its own address and its queues only; "
            f"{automation.address}: {where}"
        )
    return actor


def remove(call: Call, name: str, how: _business.How) -> bool:
    """Remove an automation and its script; returns whether a script that was changed by hand is left."""
    left: list[str] = []

    def planned(connection: Connection, found: Present) -> Sequence[Change]:
        left.clear()
        there = found.catalogue.automations.get(name)
        if there is None:
            raise CommandError(f"there is no automation {name!r}{near(name, found.catalogue.automations)}")
        check(found.catalogue, how.who, What.SET_AUTOMATION, there)
        _business.require_ours(found, "automation", name, how)
        changes = list(remove_one(connection, "automation", name, take_over=how.take_over))
        if in_the_way(name, found.catalogue):
            left.append(name)
        elif name in found.catalogue.scripts:
            changes += remove_one(connection, "script", name, take_over=how.take_over)
        return changes

    _business.change(call, planned, how)
    return bool(left)
