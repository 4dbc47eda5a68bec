"""The query language of ticket lists: what is typed becomes a `Query`, and can be printed again.

    status:open queue:support late:reaction -agent:anna created:>7d "exact phrase" words sort:priority

Filters are `key:value`; several values of one key are separated by commas and one of them must hold; `-` in
front says that it must not. All else is looked for in subjects and mails: all words, phrases in quotes.
This file knows no queue and no ticket; `store/ticketlist.py` turns a query into a walk down an index.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Final

from mailgate.domain.session import State

# What a filter's value may be: a name, a word of a closed list, a time.
NAMES: Final = ("queue", "agent", "priority", "tag", "category", "contact", "company", "number", "group")
TIMES: Final = ("created", "touched", "due")
CLOSED: Final[dict[str, tuple[str, ...]]] = {
    "late": ("reaction", "execution", "soon", "any"),
    "has": ("followup", "agent", "due"),
    "session": tuple(state.value for state in State),
}
KEYS: Final = ("status", *NAMES, *TIMES, *CLOSED)
SORTS: Final = ("touched", "created", "due", "priority")
# What a ticket has one of: to ask for two at once finds nothing, and was meant otherwise.
SINGLE: Final = frozenset({"status", "queue", "agent", "priority", "contact", "number", "session", "group"})
NOBODY: Final = "none"
# A query is typed by a person; a longer one is a mistake or an attack.
LONGEST: Final = 2000
MOST_TERMS: Final = 50

_KEY: Final = re.compile(r"([A-Za-z_]+):")
_PLAIN: Final = re.compile(r'[^\s",:\\-][^\s",:\\]*')
_SPAN: Final = re.compile(r"([0-9]{1,5})([mhdw])")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


class QueryError(ValueError):
    """A query that makes no sense: `position` counts characters from 0; the text says what to do."""

    def __init__(self, text: str, position: int = 0) -> None:
        super().__init__(text)
        self.text, self.position = text, position


@dataclass(frozen=True, slots=True)
class Term:
    """One filter: the key, the values of which one must hold, and whether it is turned round.

    A time has one value with its sign: `>7d`, `<2026-11-01`, `2026-11-01` (that day, UTC).
    """

    key: str
    values: tuple[str, ...]
    negated: bool = False
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Words:
    """A word or a phrase that is looked for in subjects and mails."""

    text: str
    negated: bool = False
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query; `str()` of it gives a text that means the same.

    `sort` "" is the default: newest touched, or with words: newest message first.
    """

    terms: tuple[Term, ...] = ()
    words: tuple[Words, ...] = ()
    sort: str = ""

    def __str__(self) -> str:
        parts = [_term_text(one) for one in self.terms]
        parts += [_words_text(one) for one in self.words]
        return " ".join([*parts, f"sort:{self.sort}"] if self.sort else parts)

    def of(self, key: str) -> Iterator[Term]:
        """Yield the filters of one key."""
        return (one for one in self.terms if one.key == key)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `, did you mean 'x'?` for the nearest known word, or ""."""
    near = get_close_matches(word.lower(), list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""


# -- printing


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _value_text(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else _quoted(value)


def _term_text(term: Term) -> str:
    values = term.values if term.key in TIMES else [_value_text(one) for one in term.values]
    return f"{'-' if term.negated else ''}{term.key}:{','.join(values)}"


def _words_text(words: Words) -> str:
    return f"{'-' if words.negated else ''}{_value_text(words.text)}"


# -- parsing


def parse(text: str) -> Query:
    """Return the query that a person typed. Raises QueryError with the place of what makes no sense."""
    if len(text) > LONGEST:
        raise QueryError(f"a query has {LONGEST:,} characters at most", LONGEST)
    return _Parser(text).query()


class _Parser:
    """Reads one query from left to right."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._terms: list[Term] = []
        self._words: list[Words] = []
        self._sort = ""

    def query(self) -> Query:
        """Read it all."""
        while self._skip_spaces():
            if len(self._terms) + len(self._words) >= MOST_TERMS:
                raise QueryError(f"a query has {MOST_TERMS} parts at most", self._at)
            self._part()
        if self._words and all(one.negated for one in self._words):
            text = "a word that must not stand there needs one beside it that must"
            raise QueryError(text, self._words[0].position)
        if self._words and self._sort:
            text = "found words are shown newest message first; leave out sort:"
            raise QueryError(text, self._text.find("sort:"))
        return Query(tuple(self._terms), tuple(self._words), self._sort)

    def _skip_spaces(self) -> bool:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at < len(self._text)

    def _part(self) -> None:
        start, negated = self._at, False
        if self._text.startswith("-", start) and self._text[start + 1 : start + 2].strip():
            negated, self._at = True, start + 1
        found = _KEY.match(self._text, self._at)
        if found is not None:
            self._filter(found, start, negated=negated)
        elif self._text.startswith('"', self._at):
            self._add_words(Words(self._quote(), negated, start))
        else:
            self._add_words(Words(self._run(), negated, start))

    def _add_words(self, words: Words) -> None:
        if any(c.isalnum() for c in words.text):
            self._words.append(words)
        elif self._text[self._at - 1] == '"':
            raise QueryError("there is nothing to look for between the quotes", words.position)

    def _filter(self, found: re.Match[str], start: int, *, negated: bool) -> None:
        key, at = found[1].lower(), self._at
        self._at = found.end()
        if key != "sort" and key not in KEYS:
            hint = suggestion(key, (*KEYS, "sort")) or "; to look for the text put it into quotes"
            raise QueryError(f"there is no filter {key!r}{hint}", at)
        values = tuple(self._values(key))
        if key == "sort":
            self._set_sort(values, start, negated=negated)
            return
        term = Term(key, tuple(_checked(key, one, at) for one in values), negated, start)
        twice = key in SINGLE and not negated and any(not one.negated for one in self._of(key))
        if twice:
            raise QueryError(f"{key}: stands there twice; for one of several write {key}:a,b", start)
        if key in TIMES and len(values) > 1:
            raise QueryError(f"{key}: takes one time; for a stretch write {key}:>7d {key}:<30d", at)
        self._terms.append(term)

    def _of(self, key: str) -> Iterator[Term]:
        return (one for one in self._terms if one.key == key)

    def _set_sort(self, values: tuple[str, ...], start: int, *, negated: bool) -> None:
        if negated or self._sort or len(values) != 1:
            raise QueryError("sort: stands there once, with one word", start)
        if values[0] not in SORTS:
            hint = suggestion(values[0], SORTS) or f"; there are {', '.join(SORTS)}"
            raise QueryError(f"nothing is sorted by {values[0]!r}{hint}", start)
        self._sort = values[0]

    def _values(self, key: str) -> Iterator[str]:
        while True:
            at = self._at
            value = self._quote() if self._text.startswith('"', at) else self._run(",")
            if not value:
                raise QueryError(f"{key}: has no value", at)
            yield value
            if not self._text.startswith(",", self._at):
                return
            self._at += 1

    def _run(self, stop: str = "") -> str:
        """Return the characters up to the next space or quote, or one of `stop`."""
        start = self._at
        while self._at < len(self._text):
            c = self._text[self._at]
            if c.isspace() or c == '"' or c in stop:
                break
            self._at += 1
        return self._text[start : self._at]

    def _quote(self) -> str:
        """Return what stands between two quotes; a backslash takes the next character as it is."""
        start = self._at
        found: list[str] = []
        self._at += 1
        while self._at < len(self._text):
            c = self._text[self._at]
            self._at += 1
            if c == '"':
                return "".join(found)
            if c == "\\" and self._at < len(self._text):
                c = self._text[self._at]
                self._at += 1
            found.append(c)
        raise QueryError("a quote is opened here and never closed", start)


def _checked(key: str, value: str, at: int) -> str:
    """Return a value as it is kept; QueryError where the key's own words do not have it."""
    if key in CLOSED:
        word = value.lower()
        if word not in CLOSED[key]:
            hint = suggestion(word, CLOSED[key]) or f"; there are {', '.join(CLOSED[key])}"
            raise QueryError(f"{key}: has no {value!r}{hint}", at)
        return word
    if key in TIMES:
        try:
            read_time(value, datetime(2000, 1, 1, tzinfo=UTC))
        except ValueError as bad:
            raise QueryError(f"{key}: {bad}", at) from None
    return value


def read_time(value: str, now: datetime, *, ahead: bool = False) -> tuple[int, int]:
    """Return the stretch that a time's value means, in epoch milliseconds: from, and up to but without.

    `>7d` is more than 7 days ago, `<7d` less, `7d` the same as `<7d`; `>2026-11-01` is after that day,
    `<2026-11-01` before it, `2026-11-01` on it (UTC). With `ahead` spans count into the future: `<2d` is
    in less than 2 days or past, `>2d` later than that. Raises ValueError.
    """
    sign = value[0] if value[:1] in {">", "<"} else ""
    text = value[len(sign) :]
    span = _SPAN.fullmatch(text)
    if span is not None:
        length = int(span[1]) * _SECONDS[span[2]] * 1000
        edge = _ms(now) + (length if ahead else -length)
        return (0, edge) if (sign == ">") != ahead else (edge, _ms(_FAR))
    if not _DAY.fullmatch(text):
        raise ValueError(f"{value!r} is no time; write it as >7d, <12h or <2026-11-01")
    try:
        day = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"{text!r} is no day") from None
    after = day + timedelta(days=1) if day < _FAR else _FAR
    match sign:
        case "<":
            return 0, _ms(day)
        case ">":
            return _ms(after), _ms(_FAR)
        case _:
            return _ms(day), _ms(after)


# No ticket is younger than this; nothing is compared with it but times of tickets.
_FAR: Final = datetime(9999, 1, 1, tzinfo=UTC)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


# -- names that the database knows


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a query may use; `kinds` are the statuses of each kind. Tags and contacts are free."""

    queues: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    priorities: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    kinds: tuple[str, ...] = ("open", "waiting", "closed")

    def names(self, key: str) -> frozenset[str] | None:
        """Return what a key may name, None for one that takes anything."""
        match key:
            case "queue":
                return self.queues | {NOBODY}
            case "agent":
                return self.agents | {NOBODY}
            case "priority":
                return self.priorities
            case "status":
                return self.statuses | set(self.kinds)
            case _:
                return None


def check(query: Query, known: Known) -> None:
    """Raise QueryError for the first name that nobody knows: a typing error, not an empty list."""
    for term in query.terms:
        names = known.names(term.key)
        for value in term.values:
            if names is not None and value not in names:
                hint = suggestion(value, sorted(names)) or _listed(names)
                raise QueryError(f"there is no {term.key} {value!r}{hint}", term.position)


def _listed(names: Iterable[str]) -> str:
    some = sorted(names)[:10]
    return f"; there are {', '.join(some)}" if some else ""
