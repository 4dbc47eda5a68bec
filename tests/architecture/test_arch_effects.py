"""An action of the language that changes the world has its effect: the known price of two files a feature."""

import ast
import dataclasses
import inspect

import architree

from mailgate.domain import effects
from mailgate.registry import discover
from sieve_like import result


def test_every_action_of_the_language_has_a_planner():
    """Each kind of action that a script can yield is planned by exactly one file in mailgate/actions."""
    kinds = [
        one
        for _, one in inspect.getmembers(result, inspect.isclass)
        if issubclass(one, result.Action) and one is not result.Action
    ]
    exported = [
        one if isinstance(one, tuple) else (one,) for one in discover("mailgate.actions", "ACTION").values()
    ]
    planned = [spec.kind for specs in exported for spec in specs]
    offenders = [kind.__name__ for kind in kinds if planned.count(kind) != 1]
    assert kinds
    assert not offenders, architree.report(offenders)


def test_every_effect_is_applied():
    """The closed list of effects, the classes defined for it, and what the store can apply are the same."""
    listed = set(effects.Effect.__args__)
    defined = {
        one
        for _, one in inspect.getmembers(effects, dataclasses.is_dataclass)
        if one.__module__ == effects.__name__ and one is not effects.Decision
    }
    assert listed == defined
    cases = {
        node.cls.id
        for node in ast.walk(architree.tree(architree.ROOT / "mailgate" / "store" / "apply.py"))
        if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name)
    }
    assert cases == {one.__name__ for one in listed}
