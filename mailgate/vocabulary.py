"""What rules and templates may say in this installation: language, actions, names, limits.

Apart from `wiring.py`, since commands on business data ask for no more of the house.
"""

from collections.abc import Mapping
from typing import cast

from mailgate.config.settings import Settings
from mailgate.domain.action import ActionSpec
from mailgate.domain.envelope import Source
from mailgate.domain.routing import OWN_STORE, Template
from mailgate.registry import discover, module_names
from mailgate.texts.check import complaints
from sieve_like.limits import Limits
from sieve_like.registry import Registry
from sieve_like.settings import Settings as Told
from sieve_like.spec import Extension


def told(settings: Settings) -> Told:
    """Return what extensions of the rule language are told."""
    rules = settings.rules
    # The gate has the last word on how often somebody is answered; the language must not clamp before it.
    period = {"sieve_vacation_min_period": f"{int(settings.answers.vacation_period)}s"}
    return Told({"recipient_delimiter": rules.recipient_delimiter, **period, **rules.extensions})


def listed_names(settings: Settings) -> dict[str, frozenset[str]]:
    """Return the names that scripts may use because the administrator lists them, by kind."""

    def of(*kinds: str) -> frozenset[str]:
        return frozenset(name for name, part in settings.targets.items() if target_kind(part) in kinds)

    return {
        "webhook": of("webhook"),
        "program": of("pipe"),
        "mailbox": of("smtp"),
        "files": of("maildir", "lmtp", "null") | {OWN_STORE},
        "account": frozenset((*(part.name for part in settings.listener), *(one.value for one in Source))),
    }


def target_kind(part: object) -> str:
    """Return the kind of a target's settings, as `kind` of its section says it."""
    return type(part).__name__.removesuffix("Target").lower()


def actions() -> Mapping[type[object], ActionSpec]:
    """Return the planner of each kind of action; a file has one, several, or none (tests alone)."""
    found = cast("dict[str, ActionSpec | tuple[ActionSpec, ...]]", discover("mailgate.actions", "ACTION"))
    specs = (one if isinstance(one, tuple) else (one,) for one in found.values())
    return {spec.kind: spec for some in specs for spec in some}


def script_limits(settings: Settings) -> Limits:
    """Return how far a script may go; what no setting names has the engine's own bound.

    Redirects are bounded by the gate, which holds those that are too many; the engine would void the run.
    """
    rules = settings.rules
    return Limits(
        steps=rules.steps, actions=rules.actions, redirects=rules.actions, script_size=rules.script_size
    )


def language() -> Registry:
    """Return the rule language with our own extensions."""
    from importlib import import_module  # noqa: PLC0415  only here are modules looked into by name

    modules = (import_module(f"mailgate.actions.{name}") for name in module_names("mailgate.actions"))
    ours = (getattr(module, "EXTENSION", None) for module in modules)
    return Registry.standard().with_extensions(*(e for e in ours if isinstance(e, Extension)))


def template_complaints(template: Template) -> tuple[tuple[str, int, str], ...]:
    """Return (part, line, message) of everything that is wrong with a template; nothing where it is fine."""
    return tuple(complaints(template))
