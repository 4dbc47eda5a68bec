"""Findings about actions that meet on one way through a script, and about single actions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sieve_like.errors import Span
from sieve_like.lint.flow import block_ends, ends
from sieve_like.lint.script import Finding, Script, inner_tests, place
from sieve_like.spec import Bound

REFUSALS: Final = frozenset({"reject", "ereject"})
STORES: Final = frozenset({"keep", "fileinto"})
STORED: Final = STORES | {"redirect"}
# What may not stand beside a refusal (RFC 5429 2.3).
CONTRADICTS: Final = REFUSALS | STORES | {"redirect", "vacation", "ticket"}
WATCHED: Final = CONTRADICTS | {"discard"}
LOOKED_AT: Final = 100  # actions on one way; a run that takes 32 of them fails already
INBOX: Final = "inbox"
# Tests that say for which recipient the block is, and the argument with the fields that say so.
RECIPIENT: Final = {"envelope": "parts", "address": "headers"}
RECIPIENT_FIELDS: Final = frozenset({"to", "delivered-to", "envelope-to", "x-original-to"})


@dataclass(frozen=True, slots=True)
class Taken:
    """An action that a mail may have met, and the tests that had to hold for that."""

    action: Bound
    conditions: tuple[Bound, ...]


@dataclass(slots=True)
class _Way:
    """What mails that come to this place may have met: actions, and how many redirects at most."""

    met: list[Taken] = field(default_factory=list)
    redirects: int = 0


def findings(script: Script) -> Iterator[Finding]:
    """Yield all findings of this kind."""
    walker = _Walker(script)
    walker.block(script.bounds, (), _Way())
    yield from walker.found
    for command in script.commands():
        if command.name == "fileinto":
            yield from _inbox(script, command)


def _inbox(script: Script, command: Bound) -> Iterator[Finding]:
    name = command.constant("mailbox")
    if isinstance(name, str) and name.lower() == INBOX and set(command.args) <= {"mailbox"}:
        span = script.spots(command, "mailbox")[0][1]
        yield Finding("L030", span, "'fileinto \"INBOX\"' is the same as 'keep'")


class _Walker:
    """Goes all ways through a script at once."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.found: list[Finding] = []
        self._said: set[tuple[str, Span]] = set()

    def block(self, bounds: Sequence[Bound], conditions: tuple[Bound, ...], way: _Way) -> _Way:
        """Go through a block; returns what those have met that come out of it at its end."""
        for bound in bounds:
            if bound.name == "if":
                way = self._branches(bound, conditions, way)
            elif bound.block is not None:
                inside = self.block(bound.block, conditions, _Way(list(way.met), way.redirects))
                way = way if block_ends(bound.block, self._script.logic) else inside
            elif bound.name in WATCHED:
                self._action(bound, conditions, way)
            if ends(bound, self._script.logic):
                return _Way()  # nothing comes here
        return way

    def _branches(self, bound: Bound, conditions: tuple[Bound, ...], way: _Way) -> _Way:
        links = (bound, *bound.followers)
        outcome = _Way() if links[-1].name == "else" else _Way(list(way.met), way.redirects)
        known = {id(one.action) for one in outcome.met}
        for link in links:
            inside = _Way(list(way.met), way.redirects)
            after = self.block(link.block or (), (*conditions, *link.tests), inside)
            if not block_ends(link.block or (), self._script.logic):
                new = [one for one in after.met if id(one.action) not in known]
                outcome.met += new[: LOOKED_AT - len(outcome.met)]
                known |= {id(one.action) for one in new}
                outcome.redirects = max(outcome.redirects, after.redirects)
        return outcome

    def _action(self, action: Bound, conditions: tuple[Bound, ...], way: _Way) -> None:
        for other in way.met:
            if _meet(other.action, action) and not self._apart(conditions, other.conditions):
                self._pair(other.action, action)
        if action.name == "redirect":
            self._redirect(action, conditions, way)
        if len(way.met) < LOOKED_AT:
            way.met.append(Taken(action, conditions))

    def _apart(self, these: Sequence[Bound], those: Sequence[Bound]) -> bool:
        """Whether no mail meets both sets of conditions."""
        return any(self._script.logic.excludes(one, other) for one in these for other in those)

    def _pair(self, first: Bound, second: Bound) -> None:
        """Say what is wrong with two actions that one mail may meet."""
        names = {first.name, second.name}
        where = place(first.span)
        if first.name == second.name == "vacation":
            self._add(
                "L032", second, f"a mail may have met the vacation of {where}: two are a run-time error"
            )
        elif names & REFUSALS and names <= CONTRADICTS:
            text = f"a mail may have met the {first.name} of {where}: together they are a run-time error"
            self._add("L033", second, text)
        else:
            discard, other = (first, second) if first.name == "discard" else (second, first)
            text = f"has no effect beside the {other.name} of {place(other.span)}, which is still done"
            self._add("L035", discard, f"'discard' {text}")

    def _redirect(self, action: Bound, conditions: tuple[Bound, ...], way: _Way) -> None:
        way.redirects += 1
        limit = self._script.limits.redirects
        if way.redirects > limit:
            self._add("L034", action, f"a mail may meet {way.redirects} redirects; {limit} are allowed")
        address = str(action.constant("address") or "").lower()
        own = self._script.own | {one for test in conditions for one in _recipients(test)}
        if address in own:
            self._add(
                "L031", action, f"mail to {address} comes to this script: the mail would run in a circle"
            )

    def _add(self, code: str, bound: Bound, message: str) -> None:
        if (code, bound.span) not in self._said:
            self._said.add((code, bound.span))
            self.found.append(Finding(code, bound.span, message))


def _meet(first: Bound, second: Bound) -> bool:
    """Whether two actions should not meet: two answers, a contradicted refusal, a needless discard."""
    names = {first.name, second.name}
    if first.name == second.name == "vacation" or (names & REFUSALS and names <= CONTRADICTS):
        return True
    other = first if second.name == "discard" else second
    return "discard" in names and other.name in STORED and "copy" not in other.args


def _recipients(test: Bound) -> Iterator[str]:
    """Yield the addresses for which a test says that the mail is for them."""
    if test.name in {"not", "anyof"}:
        return
    for one in (test, *inner_tests(test)):
        fields = one.constant(RECIPIENT.get(one.name, ""))
        keys = one.constant("keys")
        match = one.match
        if match is None or match.type.name != "is" or (match.part is not None and match.part.name != "all"):
            continue
        if (
            isinstance(fields, tuple)
            and isinstance(keys, tuple)
            and set(map(str.lower, fields)) <= RECIPIENT_FIELDS
        ):
            yield from map(str.lower, keys)
