"""A form from plain data (JSON or TOML) and back, with everything that is wrong at once.

    {"description": "…", "rule": [{"name": "…", "active": true, "folders": ["…"], "match": "all",
      "stop": true,
      "condition": [{"field": "subject", "operator": "contains", "value": ["…"], "not": true},
                    {"match": "any", "condition": […]}],
      "action": [{"kind": "move", "folder": "…"}]}]}

A list of texts may be one text as well, a line each (W4). What comes out is in one form: two files that mean
the same are equal.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

from mailgate.rules.forms import conditions
from mailgate.rules.forms.actions import KINDS, Kind, Part, Sort, kind_of, said, span_of, span_seconds
from mailgate.rules.forms.conditions import TABLE, Question, Slot
from mailgate.rules.forms.model import Action, Condition, Form, Group, Reply, Rule, Ticket
from mailgate.rules.forms.script import placeholders
from mailgate.texts.names import FACTS

Place = tuple[str | int, ...]
MATCHES: Final = ("all", "any")
# A form is filled in by people; a machine that makes more rules than this writes a script.
MOST_RULES: Final = 200
NAME_LENGTH: Final = 100
HEADER: Final = re.compile(r"[!-9;-~]{1,100}")
# What can't stand in a text of a script, or would not be seen.
CONTROL: Final = re.compile(r"[\0-\x08\x0b-\x1f\x7f\ud800-\udfff]")
RULE_KEYS: Final = ("name", "active", "folders", "match", "condition", "action", "stop")
CONDITION_KEYS: Final = ("field", "operator", "value", "name", "not")
GROUP_KEYS: Final = ("match", "condition")
WRONG: Final = object()


@dataclass(frozen=True, slots=True)
class Wrong:
    """One complaint: `place` are the keys and indexes (from 0) that lead to it."""

    place: Place
    text: str

    def __str__(self) -> str:
        """Return it as people read it: `rule 2, condition 1, operator: …`."""
        words: list[str] = []
        for step in self.place:
            if isinstance(step, int):
                words[-1] += f" {step + 1}"
            else:
                words.append(step)
        return f"{', '.join(words)}: {self.text}" if words else self.text


def near(word: str, known: Collection[str]) -> str:
    """Return `, did you mean 'x'?` for the nearest known word, or ""."""
    found = get_close_matches(word, sorted(known), n=1)
    return f", did you mean {found[0]!r}?" if found else ""


def choice(word: str, known: Collection[str]) -> str:
    """Return the nearest known word as a question, or all there are."""
    return near(word, known) or f"; there are {', '.join(known)}"


def read_form(values: Mapping[str, Any]) -> tuple[Form | None, tuple[Wrong, ...]]:
    """Return the form, and everything that is wrong with it; None if anything is."""
    reader = _Reader()
    form = reader.form(values)
    return (None if reader.wrong else form), tuple(reader.wrong)


def plain(form: Form) -> dict[str, Any]:
    """Return a form as plain data, without what is a default."""
    described = {"description": form.description} if form.description else {}
    return {**described, "rule": [_plain_rule(rule) for rule in form.rules]}


def _plain_rule(rule: Rule) -> dict[str, Any]:
    values: dict[str, Any] = {"name": rule.name}
    if not rule.active:
        values["active"] = False
    if rule.folders:
        values["folders"] = list(rule.folders)
    if rule.match != MATCHES[0]:
        values["match"] = rule.match
    if rule.stop:
        values["stop"] = True
    if rule.conditions:
        values["condition"] = [_plain_asked(one) for one in rule.conditions]
    if rule.actions:
        values["action"] = [_plain_action(one) for one in rule.actions]
    return values


def _plain_asked(asked: Condition | Group) -> dict[str, Any]:
    if isinstance(asked, Group):
        return {"match": asked.match, "condition": [_plain_asked(one) for one in asked.conditions]}
    values: dict[str, Any] = {"field": asked.field, "operator": asked.operator}
    if asked.name:
        values["name"] = asked.name
    if asked.values:
        values["value"] = (
            asked.values[0] if len(asked.values) == 1 and asked.values[0] else list(asked.values)
        )
    if asked.negate:
        values["not"] = True
    return values


def _plain_action(action: Action) -> dict[str, Any]:
    values = {key: list(one) if isinstance(one, tuple) else one for key, one in said(action).items()}
    return {"kind": kind_of(action).name, **values}


@dataclass(slots=True)
class _Reader:
    """One reading; `wrong` grows, and what is wrong is left out."""

    wrong: list[Wrong] = field(default_factory=list)

    def say(self, place: Place, text: str) -> None:
        self.wrong.append(Wrong(place, text))

    def form(self, values: Mapping[str, Any]) -> Form:
        self.known(values, ("description", "rule"), ())
        description = self.text(values, "description", (), lines=True)
        rules = tuple(self.rule(one, ("rule", n)) for n, one in self.tables(values, "rule", ()))
        if len(rules) > MOST_RULES:
            self.say(("rule",), f"there are {len(rules)} rules, and {MOST_RULES} at most")
        shown = "\n".join(line.rstrip() for line in description.replace("\t", " ").split("\n")).strip()
        if not all(line.isprintable() for line in shown.split("\n")):
            self.say(("description",), "holds characters that can't be seen")
        return Form(rules, shown)

    def rule(self, values: Mapping[str, Any], place: Place) -> Rule:
        self.known(values, RULE_KEYS, place)
        name = self.name(values, place)
        asked = tuple(
            self.asked(one, (*place, "condition", n)) for n, one in self.tables(values, "condition", place)
        )
        done = [self.action(one, (*place, "action", n)) for n, one in self.tables(values, "action", place)]
        # Within the actions, `stop` is another way to say it of the rule.
        stop = self.switch(values, "stop", place, usual=False) or "stop" in done
        if "stop" in done[:-1]:
            self.say((*place, "action", done.index("stop")), "stop ends the rule: it must be the last action")
        actions = tuple(one for one in done if not isinstance(one, str) and one is not None)
        if not done and not stop:
            self.say(place, "does nothing: give it an action, or stop")
        folders = self.texts(values, "folders", place)
        match = self.match(values, place)
        return Rule(
            name,
            tuple(one for one in asked if one is not None),
            actions,
            match if asked else MATCHES[0],
            self.switch(values, "active", place, usual=True),
            folders,
            stop,
        )

    def name(self, values: Mapping[str, Any], place: Place) -> str:
        name = self.text(values, "name", place)
        if "name" not in values:
            self.say((*place, "name"), "is missing")
        elif not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
            self.say((*place, "name"), f"must be one line of 1 to {NAME_LENGTH} characters")
        return name.strip()

    def match(self, values: Mapping[str, Any], place: Place) -> str:
        match = self.text(values, "match", place) or MATCHES[0]
        if match not in MATCHES:
            self.say((*place, "match"), f"{match!r} is no way to join{choice(match, MATCHES)}")
        return match

    # --- conditions

    def asked(self, values: Mapping[str, Any], place: Place) -> Condition | Group | None:
        if "field" not in values and ("match" in values or "condition" in values):
            return self.group(values, place)
        return self.condition(values, place)

    def group(self, values: Mapping[str, Any], place: Place) -> Group | None:
        self.known(values, GROUP_KEYS, place)
        inside: list[Condition] = []
        for n, one in self.tables(values, "condition", place):
            inner = (*place, "condition", n)
            if "field" not in one and "condition" in one:
                self.say(inner, "is a group within a group; write these conditions into a rule of their own")
                continue
            found = self.condition(one, inner)
            inside += [found] if found is not None else []
        if "condition" not in values or values["condition"] == []:
            self.say(place, "is a group without conditions")
        match = self.match(values, place)
        return Group(match, tuple(inside))

    def condition(self, values: Mapping[str, Any], place: Place) -> Condition | None:
        self.known(values, CONDITION_KEYS, place)
        name, field_name = self.text(values, "name", place), self.text(values, "field", place)
        operator = self.text(values, "operator", place)
        if field_name not in conditions.FIELDS:
            said = f"{field_name!r} is no field" if field_name else "is missing"
            self.say((*place, "field"), f"{said}{choice(field_name, conditions.FIELDS)}")
            return None
        question = TABLE.get((field_name, operator))
        if question is None:
            said = f"{field_name} has no operator {operator!r}" if operator else "is missing"
            known = conditions.operators(field_name)
            self.say((*place, "operator"), f"{said}{choice(operator, known)}")
            return None
        found = self.values(question, values, place)
        if field_name == "header" and name.lower() == "subject" and operator != "exists":
            field_name, name = "subject", ""
        self.header(field_name, name, place)
        return Condition(field_name, operator, found, name, self.switch(values, "not", place, usual=False))

    def header(self, field_name: str, name: str, place: Place) -> None:
        if field_name != "header":
            if name:
                self.say((*place, "name"), f"says nothing here: {field_name} has no name")
        elif not HEADER.fullmatch(name):
            self.say((*place, "name"), f"{name!r} is no header field, write it as 'X-Priority'")

    def values(self, question: Question, values: Mapping[str, Any], place: Place) -> tuple[str, ...]:
        """Return the values of a condition, as many as its operator takes."""
        slot, here = question.slot(), (*place, "value")
        if slot is None:
            if values.get("value") not in (None, [], ""):
                self.say(here, f"says nothing here: {question.field} {question.operator} takes no value")
            return ()
        value = values.get("value")
        # The empty text is a value of its own where texts are compared as a whole.
        found = (
            ("",)
            if value == "" and question.check("") == "" and slot is Slot.VALUES and not question.kind
            else self.texts(values, "value", place)
        )
        if not found and slot is not Slot.OPTIONAL:
            self.say(here, "is missing")
        if len(found) > 1 and slot is not Slot.VALUES:
            self.say(here, f"{question.field} {question.operator} takes one value, not {len(found)}")
        for one in found:
            if "\n" in one:
                self.say(here, f"{one!r} holds a line break")
            elif complaint := question.check(one):
                self.say(here, complaint)
            elif slot is Slot.NUMBER:
                found = (conditions.size_of(conditions.octets_of(one)),)
        return found

    # --- actions

    def action(self, values: Mapping[str, Any], place: Place) -> Action | str | None:
        name = self.text(values, "kind", place)
        if name == "stop":
            self.known(values, ("kind",), place)
            return name
        kind = KINDS.get(name)
        if kind is None:
            said = f"{name!r} is no action" if name else "is missing"
            self.say((*place, "kind"), f"{said}{choice(name, (*KINDS, 'stop'))}")
            return None
        self.known(values, ("kind", *(part.key for part in kind.parts)), place)
        for key in kind.needed:
            if key not in values:
                self.say((*place, key), "is missing")
        before = len(self.wrong)
        found = {part.key: self.part(part, values, place) for part in kind.parts if part.key in values}
        if len(self.wrong) > before or any(key not in found for key in kind.needed):
            return None
        made: Action = kind.made(**found)
        for key, complaint in _between(made, kind):
            self.say((*place, key) if key else place, complaint)
        return made

    def part(self, part: Part, values: Mapping[str, Any], place: Place) -> Any:
        here = (*place, part.key)
        match part.sort:
            case Sort.SWITCH:
                return self.switch(values, part.key, place, usual=False)
            case Sort.NUMBER:
                number = values[part.key]
                if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 36500:  # noqa: PLR2004  a hundred years of days
                    self.say(here, "must be a number of days, 0 to 36500")
                    return 0
                return number
            case Sort.TEXTS:
                found = self.texts(values, part.key, place)
                self.each(part, found, here)
                return found
            case Sort.SPAN:
                value = self.text(values, part.key, place)
                complaint = part.check(value) if value else ""
                if complaint:
                    self.say(here, complaint)
                return value if complaint or not value else span_of(span_seconds(value))
            case Sort.TEMPLATE:
                value = self.text(values, part.key, place, lines=part.key in {"text", "message"})
                self.template(value, here)
                return value
            case _:
                value = self.text(values, part.key, place, lines=part.key == "html")
                self.each(part, (value,) if value else (), here)
                if not value and part.check(value):
                    self.say(here, "is empty")
                return value

    def each(self, part: Part, found: tuple[str, ...], here: Place) -> None:
        for one in found:
            if complaint := part.check(one):
                self.say(here, complaint)

    def template(self, text: str, here: Place) -> None:
        """Complain about placeholders that nothing will be put in for."""
        known = [f"{space}.{name}" for space, names in FACTS.items() for name in names]
        for name in placeholders(text):
            if name not in known:
                self.say(here, f"'${{{name}}}' is no placeholder{choice(name, known)}")

    # --- plain values

    def known(self, values: Mapping[str, Any], keys: tuple[str, ...], place: Place) -> None:
        for key in values:
            if key not in keys:
                self.say((*place, key), f"is unknown here{choice(key, keys)}")

    def tables(
        self, values: Mapping[str, Any], key: str, place: Place
    ) -> Iterator[tuple[int, Mapping[str, Any]]]:
        found = values.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
            self.say((*place, key), "must be a list of tables")
            return
        yield from enumerate(found)

    def text(self, values: Mapping[str, Any], key: str, place: Place, *, lines: bool = False) -> str:
        value = values.get(key, "")
        if not isinstance(value, str):
            self.say((*place, key), "must be a text")
            return ""
        return self.clean(value, (*place, key), lines=lines)

    def clean(self, value: str, place: Place, *, lines: bool) -> str:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
        if CONTROL.search(value):
            self.say(place, "holds control characters")
            return ""
        if not lines and "\n" in value:
            self.say(place, "must be one line")
            return ""
        return value

    def texts(self, values: Mapping[str, Any], key: str, place: Place) -> tuple[str, ...]:
        """Return a list of texts, each once; one text has one a line."""
        value, here = values.get(key, []), (*place, key)
        if isinstance(value, str):
            value = [line.strip() for line in self.clean(value, here, lines=True).split("\n") if line.strip()]
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.say(here, "must be a list of texts, or one text with one a line")
            return ()
        return tuple(dict.fromkeys(self.clean(one, here, lines=False) for one in value))

    def switch(self, values: Mapping[str, Any], key: str, place: Place, *, usual: bool) -> bool:
        value = values.get(key, usual)
        if not isinstance(value, bool):
            self.say((*place, key), "must be true or false")
            return usual
        return value


def _between(action: Action, kind: Kind) -> Iterator[tuple[str, str]]:
    """Yield (key, complaint) for what is wrong between the values of an action."""
    for key in kind.needed:
        if not getattr(action, key):
            yield key, "is empty"
    match action:
        case Reply(template=template, text=text) if bool(template) == bool(text):
            yield "", "needs a template or a text, one of the two"
        case Ticket():
            ways = ("match_subject", "key", "key_regex", "always_new")
            given = [key for key in ways if getattr(action, key)]
            if len(given) > 1:
                yield given[1], f"stands beside {given[0]}: one of the two says which ticket it is"
            if action.follow_up_days and not action.follow_up:
                yield "follow_up", "is missing: who is to be reminded?"


Names = Callable[[str], Collection[str] | None]


def unknown_names(form: Form, names: Names) -> Iterator[Wrong]:
    """Yield a complaint for each name that the installation does not have.

    `names` returns the names of a kind ("queue", "agent" …), None for a kind that takes any.
    """
    for number, rule in enumerate(form.rules):
        place: Place = ("rule", number)
        for n, asked in enumerate(rule.conditions):
            here = (*place, "condition", n)
            inner = enumerate(asked.conditions) if isinstance(asked, Group) else ()
            pairs = [(here, asked)] if isinstance(asked, Condition) else []
            pairs += [((*here, "condition", m), one) for m, one in inner]
            for where, one in pairs:
                kind = TABLE[one.field, one.operator].kind
                yield from _unknown(kind, one.values, (*where, "value"), names)
        for n, action in enumerate(rule.actions):
            for part in kind_of(action).parts:
                value = getattr(action, part.key)
                given = value if isinstance(value, tuple) else (value,) if value else ()
                yield from _unknown(part.kind, given, (*place, "action", n, part.key), names)


def _unknown(kind: str, given: tuple[str, ...], place: Place, names: Names) -> Iterator[Wrong]:
    known = names(kind) if kind else None
    for one in given:
        if known is not None and one not in known:
            yield Wrong(place, f"there is no {kind} {one!r}{near(one, known)}")
