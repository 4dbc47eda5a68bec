r"""Match type :regex and modifier :quoteregex: extended regular expressions of POSIX.

draft-ietf-sieve-regex (match variables: RFC 5229 section 3.2). On RE2: linear time whatever pattern and mail.
Done: the extended expressions of POSIX with bracket classes, leftmost and longest match, match variables
(${0} is what matched, not the whole value), i;octet with and the other comparators without regard to case; a
pattern that is wrong is an error of the compiler, one made of variables a run-time error. Besides, `\d`,
`\w`, `\s`, `\b`, `(?i)` and `(?:…)` work as elsewhere, in brackets too. Not done: back references, which RE2
refuses; more than 1000 repetitions.
"""

import re
from collections.abc import Sequence
from typing import Final

from sieve_like.errors import ScriptFailure
from sieve_like.ext._pattern import PatternError, compile_pattern, required_text
from sieve_like.ext.variables import modifier
from sieve_like.interpreter import Run
from sieve_like.spec import AddedTag, Comparator, Extension, Matcher, MatchType, Originals

SPECIAL: Final = re.compile(r"([\\^$.*+?|()\[\]{}])")
STEP: Final = (
    64  # characters of a value that one step of the budget pays for: RE2 takes well below 1 µs for them
)


def complain_about_pattern(value: str | int) -> str:
    """Return what is wrong with a regular expression, "" if nothing is."""
    try:
        compile_pattern(str(value), case=True)
    except PatternError as error:
        return f"'{str(value)[:100]}' is no regular expression: {error}"
    return ""


def _regex(comparator: Comparator, relation: str, keys: tuple[str, ...], originals: Originals) -> Matcher:
    """Return the matcher; the values are matched as they are written, not folded."""
    del relation
    case = comparator.name == "i;octet"
    try:
        patterns = [compile_pattern(key, case=case) for key in keys]
    except PatternError as error:
        raise ScriptFailure(f"a regular expression is wrong: {error}") from None

    def matcher(run: Run, values: Sequence[str]) -> bool:
        del values
        for value in originals(run):
            run.charge(len(value) // STEP + 1)
            text = value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
            for pattern in patterns:
                found = pattern.search(text)
                if found is not None:
                    groups = found.groups("")[: run.limits.match_values - 1]
                    run.match_values = [found[0], *groups]
                    return True
        return False

    return matcher


def _probe(key: str) -> tuple[str, str] | None:
    """Tell the index which text a value must hold for a folded key to match."""
    text = required_text(key)
    return ("in", text) if text else None


EXTENSION = Extension(
    "regex",
    "draft-ietf-sieve-regex",
    tags=(
        AddedTag(("set", "extracttext"), modifier("quoteregex", 20, lambda text: SPECIAL.sub(r"\\\1", text))),
    ),
    match_types=(
        MatchType("regex", _regex, substrings=True, check_key=complain_about_pattern, probe=_probe),
    ),
    card=__doc__,
)
