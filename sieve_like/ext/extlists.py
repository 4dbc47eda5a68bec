"""Match type :list, test valid_ext_list, and the tag :list of redirect: lists that are kept elsewhere.

RFC 6134. Done: :list in all tests with match types: the keys are names of lists, a value matches when the
host finds it in one of them, and ${0} is then the entry that it found. The comparator plays no part: the list
knows how its entries compare. `redirect :list` sends to each member, and each counts as a redirect. The short
form `:addrbook:default` is `urn:ietf:params:sieve:addrbook:default`. A list that is not there is a run-time
error, which `valid_ext_list` avoids. Small lists may stand in the settings (`sieve_extlists_list/<name>`).
"""

from collections.abc import Sequence

from sieve_like.declare import simple_test
from sieve_like.ext._lists import entry_of, exists
from sieve_like.interpreter import Run
from sieve_like.spec import (
    AddedTag,
    Comparator,
    Extension,
    Kind,
    Matcher,
    MatchType,
    Originals,
    Positional,
    Tag,
)
from sieve_like.values import Args


def _list(comparator: Comparator, relation: str, keys: tuple[str, ...], originals: Originals) -> Matcher:
    del comparator, relation

    def matcher(run: Run, values: Sequence[str]) -> bool:
        del values
        for value in originals(run):
            for key in keys:
                entry = entry_of(run, key, value)
                if entry is not None:
                    run.match_values = [entry]
                    return True
        return False

    return matcher


def _complain(value: str | int) -> str:
    return "" if str(value).strip(":") else "the name of an external list is empty"


def _valid(run: Run, args: Args) -> bool:
    return all(exists(run, name) for name in args.texts("lists"))


EXTENSION = Extension(
    "extlists",
    "6134",
    tests=(simple_test("valid_ext_list", _valid, positionals=(Positional("lists", Kind.STRINGS),)),),
    match_types=(MatchType("list", _list, check_key=_complain),),
    tags=(AddedTag(("redirect",), Tag("list")),),
    card=__doc__,
)
