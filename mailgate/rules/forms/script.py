"""A form as a script that people can read: comments name the form's rules, strings are quoted (SIEVE).

The first line says where the script came from and has a digest of the rest, so that a change by hand is
noticed whatever version of the program wrote the script.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from mailgate.rules.forms import actions, conditions
from mailgate.rules.forms.actions import Manner, Sort
from mailgate.rules.forms.model import Condition, Form, Group, Reply, Rule
from mailgate.rules.forms.tree import Call, calls_in, strings, texts_of, written
from sieve_like.fmt import format_script

# A text that stands for a dollar where variables are filled in, so that a form's text stays as it is.
DOLLAR: Final = "dollar"
REFERENCE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_.]*|[0-9]+)\}")
MARKER: Final = re.compile(
    r"# made from the automation (?P<name>.+); change it there \((?P<digest>[0-9a-f]{16})\)"
)
# What a template may name, and the extension that knows it (`texts/names.FACTS` has all names).
SPACES: Final = {
    "ticket": "vnd.mailgate.ticket",
    "contact": "vnd.mailgate.contact",
    "mail": "vnd.mailgate.account",
    "queue": "vnd.mailgate.account",
    "now": "vnd.mailgate.account",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Which automation a script was made from, and whether it is still as it was made."""

    name: str
    untouched: bool


def origin_of(source: str) -> Origin | None:
    """Return where a script came from, None where it was written by hand."""
    first, _, rest = source.partition("\n")
    found = MARKER.fullmatch(first.rstrip("\r"))
    return None if found is None else Origin(found["name"], found["digest"] == _digest(rest))


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def script_of(form: Form, name: str) -> str:
    """Return the script of a form that was read without complaints; `name` is that of its automation."""
    text = "\n".join([_comments(form), *_preamble(form), *_rules(form)])
    laid = format_script(text.encode("utf-8")).decode("utf-8")
    return f"# made from the automation {name}; change it there ({_digest(laid)})\n{laid}"


def _comments(form: Form) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in form.description.split("\n") if form.description)


def calls_of(form: Form) -> tuple[Call, ...]:
    """Return the commands of a form."""
    manner = manner_of(form)
    return (*_opening(form, manner), *(_rule(rule, manner) for rule in form.rules))


def _preamble(form: Form) -> Iterable[str]:
    """Yield what stands before the rules."""
    yield from map(written, _opening(form, manner_of(form)))


def _rules(form: Form) -> Iterable[str]:
    manner = manner_of(form)
    for number, rule in enumerate(form.rules, 1):
        yield f"{title_of(number, rule)}\n{written(_rule(rule, manner))}"


def title_of(number: int, rule: Rule) -> str:
    """Return the comment that names a rule."""
    return f'# rule {number} "{rule.name}"'


def manner_of(form: Form) -> Manner:
    """Return how the texts of a form are written."""
    outcome = any(isinstance(one, Reply) and one.new_ticket for rule in form.rules for one in rule.actions)
    return manner(variables=outcome or bool(_placeholders(form)), outcome=outcome)


def manner(*, variables: bool, outcome: bool = False) -> Manner:
    """Return how texts are written where variables are filled in, and where they are not."""
    if not variables:
        return Manner(str, str, outcome)
    written_as = f"${{{DOLLAR}}}{{"
    literal: Callable[[str], str] = lambda text: text.replace("${", written_as)  # noqa: E731  both ways at a glance
    return Manner(literal, lambda text: text.replace(written_as, "${"), outcome)


def placeholders(text: str) -> tuple[str, ...]:
    """Return the names of all placeholders of a template."""
    return tuple(REFERENCE.findall(text))


def _placeholders(form: Form) -> set[str]:
    return {
        name
        for rule in form.rules
        for action in rule.actions
        for part in actions.kind_of(action).parts
        if part.sort is Sort.TEMPLATE
        for name in placeholders(getattr(action, part.key))
    }


def _opening(form: Form, how: Manner) -> tuple[Call, ...]:
    """Return `require`, and what protects a dollar where a text of the form has one that means itself."""
    needed = sorted(_requires(form))
    opening = [Call("require", (strings(needed),))] if needed else []
    rules = [_rule(rule, how) for rule in form.rules]
    texts = (text for call in calls_in(rules) for one in call.arguments for text in texts_of(one) or ())
    if any(f"${{{DOLLAR}}}" in text for text in texts) and how.literal("${") != "${":
        opening.append(Call("set", (DOLLAR, "$")))
    return tuple(opening)


def _requires(form: Form) -> set[str]:
    found = {SPACES[name.partition(".")[0]] for name in _placeholders(form)}
    if found:
        found.add("variables")
    for rule in form.rules:
        if rule.folders:
            found.add("vnd.mailgate.account")
        for one in rule.conditions:
            for condition in one.conditions if isinstance(one, Group) else (one,):
                found.update(conditions.requires_of(condition))
        for action in rule.actions:
            found.update(actions.requires_of(action))
    return found


def _rule(rule: Rule, how: Manner) -> Call:
    done = tuple(call for action in rule.actions for call in actions.calls_of(action, how))
    return Call("if", tests=(_test(rule, how),), block=(*done, Call("stop")) if rule.stop else done)


def _test(rule: Rule, how: Manner) -> Call:
    """Return the test of a rule: switched off and folders come first, then the conditions as one test."""
    before = [] if rule.active else [Call("false")]
    if rule.folders:
        before.append(Call("folder", (strings([how.literal(one) for one in rule.folders]),)))
    asked = _joined(rule.match, rule.conditions, how)
    if before:
        return Call("allof", tests=(*before, *([asked] if rule.conditions else [])), listed=True)
    return asked


def _joined(match: str, asked: tuple[Condition | Group, ...], how: Manner) -> Call:
    if not asked:
        return Call("true")
    tests = tuple(_one(condition, how) for condition in asked)
    if len(tests) == 1 and match == "all" and not isinstance(asked[0], Group):
        return tests[0]
    return Call(f"{match}of", tests=tests, listed=True)


def _one(asked: Condition | Group, how: Manner) -> Call:
    if isinstance(asked, Group):
        tests = tuple(conditions.call_of(one, how.literal) for one in asked.conditions)
        return Call(f"{asked.match}of", tests=tests, listed=True)
    return conditions.call_of(asked, how.literal)
