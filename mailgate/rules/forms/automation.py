"""An automation and its form: from a row and back, what is wrong with it, what is in the way of saving.

Pure: commands, `mailgate apply` and the desk ask here, so that all of them say the same (W1, W2).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from mailgate.domain.address import fold
from mailgate.domain.helpdesk import Automation
from mailgate.domain.routing import Catalogue, Route
from mailgate.domain.templatenames import template_names
from mailgate.rules.forms.model import Form
from mailgate.rules.forms.read import Names, Place, Wrong, near, plain, read_form, unknown_names
from mailgate.rules.forms.script import origin_of, script_of
from mailgate.rules.scripts import CatalogueLibrary, CatalogueNames
from sieve_like.registry import Registry
from sieve_like.reporting import complaints
from sieve_like.settings import NO_SETTINGS, Settings

AUTO: Final = "auto"
# What a form needs to be known as: kinds whose names are checked only where the business has some.
OPTIONAL: Final = frozenset({"agent", "team", "workflow"})


@dataclass(frozen=True, slots=True)
class Checker:
    """What an automation is checked with: what the business has, and the language of its scripts."""

    catalogue: Catalogue
    registry: Registry
    told: Settings = NO_SETTINGS

    def wrong(self, automation: Automation, form: Form) -> Iterator[Wrong]:
        """Yield everything that is wrong with an automation beside what the form itself says."""
        yield from _address(automation, self.catalogue)
        yield from _people(automation, self.catalogue)
        named = list(unknown_names(form, names_of(self.catalogue)))
        yield from named
        if not named:
            yield from self._script(automation, form)

    def _script(self, automation: Automation, form: Form) -> Iterator[Wrong]:
        """Yield what the compiler says, warnings too, about the rule that it is in."""
        source = script_of(form, automation.name)
        lines = [n for n, line in enumerate(source.split("\n"), 1) if line.startswith("# rule ")]
        lines = lines[len(lines) - len(form.rules) :]
        names, library = CatalogueNames(self.catalogue), CatalogueLibrary(self.catalogue)
        for one in complaints(automation.name, source, self.registry, names, library, self.told):
            number = sum(line <= one.span.line for line in lines) - 1
            place: Place = ("rule", number) if number >= 0 else ()
            yield Wrong(place, f"the script does not take it: {one.message}")


def form_of_row(automation: Automation) -> Form:
    """Return the form of a stored automation; raises ValueError for a row that no form has made."""
    form, wrong = read_form(values_of(automation))
    if form is None:
        raise ValueError(f"automation {automation.name}: {wrong[0]}")
    return form


def values_of(automation: Automation) -> dict[str, Any]:
    """Return the stored form as plain data."""
    rules = json.loads(automation.rules) if automation.rules else []
    return {"description": automation.description, "rule": rules}


def with_form(automation: Automation, form: Form) -> Automation:
    """Return the automation with this form as it is stored."""
    rules = json.dumps(plain(form)["rule"], ensure_ascii=False, separators=(",", ":"))
    return replace(automation, rules=rules, description=form.description)


def names_of(catalogue: Catalogue) -> Names:
    """Return what tells the names that a form may use, by kind."""
    known: dict[str, set[str]] = {
        "queue": set(catalogue.queues),
        "template": set(template_names(catalogue)),
        "status": set(catalogue.statuses),
        "priority": set(catalogue.priorities),
        "agent": {*catalogue.agents, AUTO} if catalogue.agents else set(),
        "team": set(catalogue.teams),
        "workflow": set(catalogue.workflows),
        "webhook": set(catalogue.listed.get("webhook", ())),
    }
    return lambda kind: known[kind] if known[kind] or kind not in OPTIONAL else None


def key_of(address: str) -> str:
    """Return an address as the routing table has it."""
    return address.lower() if address.startswith("@") or "*" in address or "?" in address else fold(address)


def route_of(address: str, catalogue: Catalogue) -> Route | None:
    """Return the route of an address or pattern as it was written, None where there is none."""
    key = key_of(address)
    globs = {key, f"*{key}"}
    return catalogue.routes.get(key) or next((r for r in catalogue.patterns if r.address in globs), None)


def _address(automation: Automation, catalogue: Catalogue) -> Iterator[Wrong]:
    """Yield what is wrong with the one address of an automation, which has no script of its own (W1)."""
    if not automation.address:
        yield Wrong(("address",), "is missing: an automation belongs to one address")
        return
    route = route_of(automation.address, catalogue)
    if route is None:
        known = [*catalogue.routes, *(one.address for one in catalogue.patterns)]
        yield Wrong(
            ("address",), f"there is no address {automation.address!r}{near(automation.address, known)}"
        )
        return
    others = [
        one.name
        for one in catalogue.automations.values()
        if one.enabled and one.name != automation.name and key_of(one.address) == key_of(automation.address)
    ]
    if not automation.enabled:
        return
    if others:
        text = f"{automation.address} has the automation {others[0]!r}: add the rules there, or disable it"
        yield Wrong(("address",), text)
    elif route.script and route.script != automation.name and route.script not in catalogue.automations:
        text = f"{automation.address} has the script {route.script!r} of its own: take it away there first"
        yield Wrong(("address",), text)


def _people(automation: Automation, catalogue: Catalogue) -> Iterator[Wrong]:
    if automation.creator and automation.creator not in catalogue.agents:
        hint = near(automation.creator, catalogue.agents)
        yield Wrong(("creator",), f"there is no agent {automation.creator!r}{hint}")
    for team in automation.teams:
        if team not in catalogue.teams:
            yield Wrong(("teams",), f"there is no team {team!r}{near(team, catalogue.teams)}")


def in_the_way(name: str, catalogue: Catalogue) -> str:
    """Return why the script of this name must not be written over, "" where nothing is in the way.

    A script that was written by hand, or changed by hand since it was made, is never lost.
    """
    source = catalogue.scripts.get(name)
    if source is None:
        return ""
    origin = origin_of(source)
    if origin is None and name not in catalogue.automations:
        return f"the script {name!r} was written by hand: give the automation another name"
    if origin is not None and origin.untouched:
        return ""
    return f"the script {name!r} was changed by hand since it was made"
