"""Match types of the core: :is, :contains, :matches.

RFC 5228 section 2.7.1, match variables RFC 5229 section 3.2. Done: all of it; wildcards take the shortest
text, `?` is one character of Unicode. A match sets the match variables only when it succeeds, and only
:matches does.
"""

from collections.abc import Sequence
from typing import Final

from sieve_like.errors import ScriptFailure
from sieve_like.glob import Spans, compile_glob
from sieve_like.interpreter import Run
from sieve_like.spec import Comparator, Extension, Matcher, MatchType, Originals

WILDCARDS_MAX: Final = 4096  # of one pattern: each takes 300 octets, and nobody writes so many


def _is(comparator: Comparator, relation: str, keys: tuple[str, ...], originals: Originals) -> Matcher:
    del relation, originals
    wanted = frozenset(map(comparator.fold, keys))
    if len(wanted) == 1:
        (only,) = wanted
        return lambda _run, values: only in values
    return lambda _run, values: not wanted.isdisjoint(values)


def _contains(comparator: Comparator, relation: str, keys: tuple[str, ...], originals: Originals) -> Matcher:
    del relation, originals
    wanted = tuple(map(comparator.fold, keys))

    def matcher(run: Run, values: Sequence[str]) -> bool:
        del run
        for value in values:
            for key in wanted:
                if key in value:
                    return True
        return False

    return matcher


def complain_about_glob(value: str | int) -> str:
    """Return what is wrong with a pattern, "" if nothing is."""
    text = str(value)
    # Cheap for nearly all of them: so many wildcards need as many characters.
    if len(text) > WILDCARDS_MAX and text.count("*") + text.count("?") > WILDCARDS_MAX:
        return f"a pattern has more than {WILDCARDS_MAX} wildcards"
    return ""


def _matches(comparator: Comparator, relation: str, keys: tuple[str, ...], originals: Originals) -> Matcher:
    del relation
    for key in keys:
        if complain_about_glob(key):  # one made of variables; others were checked when they were compiled
            raise ScriptFailure(complain_about_glob(key))
    globs = [compile_glob(comparator.fold(key)) for key in keys]
    # Most values lack the text that they would have to hold, which is quickly seen.
    patterns = tuple((glob.literal(), glob.match) for glob in globs)

    def matcher(run: Run, values: Sequence[str]) -> bool:
        for number, value in enumerate(values):
            for literal, match in patterns:
                spans = match(value, run.charge) if literal in value else None
                if spans is not None:
                    _remember(run, spans, (value, originals(run)[number]), comparator)
                    return True
        return False

    return matcher


def _remember(run: Run, spans: Spans, texts: tuple[str, str], comparator: Comparator) -> None:
    """Set ${0} and what the wildcards took, as it is in the mail; the texts are folded and original."""
    folded, text = texts
    wanted = spans[: run.limits.match_values - 1]
    if len(folded) != len(text):
        wanted = _in_original(wanted, text, comparator)
    run.match_values = [text, *(text[start:end] for start, end in wanted)]


def _in_original(spans: Spans, text: str, comparator: Comparator) -> Spans:
    """Return where spans of a folded text lie in the text itself, when folding makes characters longer."""
    places: list[int] = []
    for at, character in enumerate(text):
        places += [at] * len(comparator.fold(character))
    places.append(len(text))
    last = len(places) - 1
    return tuple((places[min(start, last)], places[min(end, last)]) for start, end in spans)


def _literal(key: str) -> tuple[str, str] | None:
    """Return what every value holds that this pattern matches."""
    text = compile_glob(key).literal()
    return ("in", text) if text else None


EXTENSION = Extension(
    "",
    "5228",
    match_types=(
        MatchType("is", _is, probe=lambda key: ("is", key)),
        MatchType("contains", _contains, substrings=True, probe=lambda key: ("in", key)),
        MatchType("matches", _matches, substrings=True, check_key=complain_about_glob, probe=_literal),
    ),
    card=__doc__,
)
