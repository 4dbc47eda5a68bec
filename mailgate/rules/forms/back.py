"""A script back into the form that it was made from; what no form makes is named by its line.

The form is taken from the syntax tree, names and descriptions from the comments. It is then written once
more: only a script that is the same in every command and comment counts as made by a form, so nothing that
somebody added by hand can get lost on the way.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from mailgate.rules.forms import actions, conditions
from mailgate.rules.forms.actions import Manner
from mailgate.rules.forms.model import Action, Condition, Form, Group, Rule
from mailgate.rules.forms.read import Wrong, plain, read_form
from mailgate.rules.forms.script import calls_of, manner, origin_of, script_of
from mailgate.rules.forms.tree import Call, Tag, calls_in, first_difference, from_nodes, texts_of
from sieve_like.errors import Diagnostics
from sieve_like.lexer import MARK, TOKENS
from sieve_like.limits import Limits
from sieve_like.parser import parse

TITLE: Final = re.compile(r'# rule [0-9]+ "(.*)"')
JOINS: Final = {"allof": "all", "anyof": "any"}


class HandWrittenError(Exception):
    """No form makes this script; `line` is the first that none makes."""

    def __init__(self, line: int, text: str = "") -> None:
        said = text or "is nothing that the form makes"
        super().__init__(f"written by hand: line {line} {said}")
        self.line = line


def form_of(source: str) -> Form:
    """Return the form that a script was made from; raises HandWrittenError."""
    calls = _parsed(source)
    comments = _comments(source)
    origin = origin_of(source)
    how = _manner(calls)
    rules = tuple(_titled(call, _rule(call, how), dict(comments)) for call in _rules(calls))
    if origin is None:
        raise HandWrittenError(1)
    first = next((call.line - 1 for call in calls if call.name == "if"), len(source))
    described = [text.removeprefix("#").removeprefix(" ") for line, text in comments[1:] if line < first]
    form, wrong = read_form(plain(Form(rules, "\n".join(described))))
    if form is None:
        raise HandWrittenError(_line_of(wrong[0], calls), f"is nothing that the form makes: {wrong[0]}")
    _compare(form, calls, comments, origin.name)
    return form


def _line_of(wrong: Wrong, calls: Sequence[Call]) -> int:
    """Return the line of the rule that a complaint is about."""
    number = wrong.place[1] if wrong.place[:1] == ("rule",) and len(wrong.place) > 1 else 0
    lines = [call.line for call in calls if call.name == "if"]
    return lines[number] if isinstance(number, int) and number < len(lines) else 1


def _parsed(source: str) -> tuple[Call, ...]:
    diagnostics = Diagnostics()
    nodes = parse(source, Limits(), diagnostics)
    if diagnostics.errors:
        first = diagnostics.ordered()[0]
        raise HandWrittenError(first.span.line, f"can't be read: {first.message}")
    return from_nodes(nodes)


def _comments(source: str) -> list[tuple[int, str]]:
    """Return all comments with their lines."""
    text = source.removeprefix(MARK).replace("\r\n", "\n")
    return [
        (text.count("\n", 0, token.start()) + 1, token[0].rstrip())
        for token in TOKENS.finditer(text)
        if token.lastgroup in {"hash", "comment"}
    ]


def _manner(calls: Sequence[Call]) -> Manner:
    """Return how this script writes texts, from what it requires."""
    needed = [
        word
        for call in calls
        if call.name == "require"
        for one in call.arguments
        for word in texts_of(one) or ()
    ]
    outcome = any(Tag("outcome") in call.arguments for call in calls_in(calls))
    return manner(variables="variables" in needed, outcome=outcome)


def _rules(calls: Sequence[Call]) -> Iterator[Call]:
    """Yield the rules; refuses commands between them."""
    for call in calls:
        if call.name == "if":
            yield call
        elif call.name not in {"require", "set"}:
            raise HandWrittenError(call.line)


def _rule(call: Call, how: Manner) -> Rule:
    """Return a rule without its name."""
    if len(call.tests) != 1 or call.block is None:
        raise HandWrittenError(call.line)
    folders: tuple[str, ...] = ()
    active, test = True, call.tests[0]
    if test.name == "allof" and test.tests[0].name in {"false", "folder"}:
        inside = list(test.tests)
        if inside[0].name == "false":
            active = False
            inside.pop(0)
        if inside and inside[0].name == "folder" and inside[0].arguments:
            folders = tuple(map(how.plain, texts_of(inside.pop(0).arguments[0]) or ()))
        if len(inside) > 1:
            raise HandWrittenError(inside[1].line)
        test = inside[0] if inside else Call("true")
    match, asked = _asked(test, how)
    done, stop = _actions(call.block, how)
    return Rule("", asked, done, match, active, folders, stop)


def _asked(test: Call, how: Manner) -> tuple[str, tuple[Condition | Group, ...]]:
    """Return how the conditions of a rule are joined, and the conditions."""
    if test == Call("true"):
        return "all", ()
    if test.name not in JOINS:
        return "all", (_condition(test, how),)
    return JOINS[test.name], tuple(
        Group(JOINS[one.name], tuple(_condition(inner, how) for inner in one.tests))
        if one.name in JOINS
        else _condition(one, how)
        for one in test.tests
    )


def _condition(test: Call, how: Manner) -> Condition:
    found = conditions.condition_of(test, how.plain)
    if found is None:
        raise HandWrittenError(test.line)
    return found


def _actions(block: Sequence[Call], how: Manner) -> tuple[tuple[Action, ...], bool]:
    """Return the actions of a rule, and whether no later rule is looked at."""
    calls, done = list(block), []
    stop = bool(calls) and calls[-1] == Call("stop")
    if stop:
        calls.pop()
    while calls:
        action, taken = actions.action_of(calls, how)
        if action is None:
            raise HandWrittenError(calls[0].line)
        done.append(action)
        del calls[:taken]
    return tuple(done), stop


def _titled(call: Call, rule: Rule, comments: Mapping[int, str]) -> Rule:
    """Return a rule with its name, which stands in the comment above it."""
    found = TITLE.fullmatch(comments.get(call.line - 1, ""))
    if found is None:
        raise HandWrittenError(call.line)
    return replace(rule, name=found[1])


def _compare(form: Form, calls: Sequence[Call], comments: Sequence[tuple[int, str]], name: str) -> None:
    """Refuse a script that is not what the form makes: its commands, or its comments."""
    line = first_difference(calls_of(form), calls)
    if line:
        raise HandWrittenError(line)
    made = [text for _line, text in _comments(script_of(form, name))][1:]
    for (place, text), expected in zip(comments[1:], made, strict=False):
        if text != expected:
            raise HandWrittenError(place)
    if len(made) != len(comments) - 1:
        raise HandWrittenError(comments[-1][0])
