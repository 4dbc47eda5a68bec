"""Authentication-Results that a mail server of ours has put into the mail (RFC 8601).

Anybody can write this field, so three things must hold before one is believed:

* its authserv-id is one that the administrator listed as ours;
* it stands above the trace of everybody else: the topmost `hops` Received fields were written by our own
  servers (one by default, the border's), and nothing below the next one is looked at;
* of several that speak of the same method the topmost wins.

A server that lists its id here must remove fields of strangers that carry it, as RFC 8601 5 asks of every
border (OpenDKIM, OpenDMARC and rspamd do). A milter writes its field under the Received field of the
Postfix that it works for, which is the place where a stranger's field would stand, too; so that promise is
needed. Where it can't be given, `strict` believes only what stands above our own Received fields.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailgate.domain.classify import field_names
from mailgate.domain.facts import Authentication, Verdict
from mailgate.domain.message.headers import HeaderField
from mailgate.domain.message.view import MessageView

FIELD: Final = "authentication-results"
# Real ones have a dozen results in 2 KiB.
LONGEST: Final = 16 * 1024
MOST_RESULTS: Final = 100
# RFC 8601 2.7: every result that a method may have.
RESULTS: Final = frozenset(
    {"pass", "fail", "none", "neutral", "softfail", "policy", "temperror", "permerror", "hardfail"}
)

_TOKEN: Final = re.compile(
    r'(?P<blank>[ \t\r\n]+)|(?P<quoted>"(?:[^"\\]|\\.)*+"?)|(?P<word>[^\s";()]+)|(?P<end>;)|(?P<open>\()|.',
    re.DOTALL,
)
_IN_COMMENT: Final = re.compile(r"[()]|\\.?", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One result: `dkim=pass` with its properties (`header.d` …), names in lower case."""

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Results:
    """One field: who says it, and what."""

    authserv_id: str
    results: tuple[MethodResult, ...]


def upstream(
    view: MessageView, trusted: Collection[str], *, hops: int = 1, strict: bool = False
) -> Authentication:
    """Return what our own servers found; the empty Authentication where no field can be believed.

    Fields that carry a trusted id and can't be believed are hidden in the view.
    `trusted` are authserv-ids in lower case; `hops` counts our own servers in front, the border included.
    """
    if not trusted or FIELD not in field_names(view):
        return Authentication()
    believable, others = _parted(view.headers, hops, strict=strict)
    forged = [one for one in others if (said := parse(_readable(one))) and said.authserv_id in trusted]
    if forged:
        # RFC 8601 5: what claims to be ours and is not must mislead nobody, rules included.
        view.hide(FIELD, forged)
    found = [parsed for value in believable if (parsed := parse(_readable(value)))]
    ours = [one for one in found if one.authserv_id in trusted]
    if not ours:
        return Authentication()
    results = [result for one in ours for result in one.results]
    return Authentication(
        spf=_first(results, "spf", ("smtp.mailfrom", "smtp.helo")),
        dkim=_signatures(ours),
        dmarc=_first(results, "dmarc", ("header.from",)),
        source=ours[0].authserv_id,
    )


def _parted(headers: Sequence[HeaderField], hops: int, *, strict: bool) -> tuple[list[bytes], list[bytes]]:
    """Return the fields above the boundary and those below it, each from the top.

    Without a Received field nothing tells our fields from the sender's, so none is above.
    """
    passed = 0
    above: list[bytes] = []
    below: list[bytes] = []
    for one in headers:
        if one.lower == "received":
            passed += 1
        elif one.lower == FIELD:
            beyond = passed > hops or (strict and passed >= hops)
            (below if beyond else above).append(one.raw)
    return (above, below) if passed else ([], above + below)


def _readable(value: bytes) -> str:
    return value[:LONGEST].decode("utf-8", "replace")


def _first(results: Sequence[MethodResult], method: str, properties: Sequence[str]) -> Verdict:
    """Return the topmost verdict of a method and the domain that it speaks of."""
    found = next((one for one in results if one.method == method), None)
    if found is None:
        return Verdict()
    named = (found.properties.get(name, "") for name in properties)
    return Verdict(found.result, _domain(next((one for one in named if one), "")))


def _signatures(ours: Sequence[Results]) -> tuple[Verdict, ...]:
    """Return the DKIM verdicts of the topmost field that has any: one per signature."""
    for one in ours:
        found = [result for result in one.results if result.method == "dkim"]
        if found:
            return tuple(
                Verdict(
                    result.result,
                    _domain(result.properties.get("header.d") or result.properties.get("header.i", "")),
                )
                for result in found
            )
    return ()


def _domain(value: str) -> str:
    return value.rpartition("@")[2].strip("<>").rstrip(".").lower()


def parse(value: str) -> Results | None:
    """Return one field's content (RFC 8601 2.2), None without an authserv-id; never raises, linear."""
    clauses = list(_clauses(value[:LONGEST]))
    if not clauses[0] or "=" in clauses[0][0]:
        return None
    found = (_result(words) for words in clauses[1 : MOST_RESULTS + 1])
    return Results(clauses[0][0].lower(), tuple(one for one in found if one is not None))


def _result(words: Sequence[str]) -> MethodResult | None:
    """Read `dkim/1=pass reason="…" header.d=example.org`; `none` alone says that nothing was checked."""
    pairs = [word.partition("=") for word in _glued(words)]
    if not pairs:
        return None
    method, result = pairs[0][0].partition("/")[0].lower(), pairs[0][2].lower()
    if result not in RESULTS:
        return None
    properties: dict[str, str] = {}
    for name, sign, content in pairs[1:]:
        if sign:
            properties.setdefault(name.lower(), content)
    return MethodResult(method, result, properties)


def _glued(words: Sequence[str]) -> list[str]:
    """Return `name=value` as one word each, also where blanks stand around the equal sign."""
    glued: list[str] = []
    for word in words:
        open_name = bool(glued) and glued[-1].endswith("=") and glued[-1].count("=") == 1
        if glued and (open_name or (word.startswith("=") and "=" not in glued[-1])):
            glued[-1] += word
        else:
            glued.append(word)
    return glued


def _clauses(value: str) -> Iterator[list[str]]:
    """Yield the words between semicolons; comments are blanks, quotes are removed (RFC 8601 2.2)."""
    words: list[str] = []
    word, position = "", 0
    while match := _TOKEN.match(value, position):
        position = match.end()
        match match.lastgroup:
            case "word":
                word += match[0]
                continue
            case "quoted":
                word += _ESCAPE.sub(r"\1", match[0][1:].removesuffix('"'))
                continue
            case "open":
                position = _comment_end(value, position)
        if word:
            words.append(word)
            word = ""
        if match.lastgroup == "end":
            yield words
            words = []
    yield [*words, word] if word else words


def _comment_end(value: str, position: int) -> int:
    """Return where the comment ends that was opened before `position`; an open one runs to the end."""
    depth = 1
    for match in _IN_COMMENT.finditer(value, position):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return len(value)
