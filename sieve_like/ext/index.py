"""Tags :index and :last: which of several header fields of one name a test looks at.

RFC 5260 section 6. Done: all of it, for header, address and date. Fields count from 1, with :last from the
end; of several names the fields of the first are counted first, then those of the next. A number that no
field has leaves nothing to match; 0, and :last without :index, are errors.
"""

from collections.abc import Sequence

from sieve_like.interpreter import Run
from sieve_like.spec import AddedTag, Bound, Extension, Fields, Kind, Narrow, Tag


def _pick(fields: Fields, bound: Bound) -> Fields:
    """Return the reader of the one field that :index means, among those of all names."""
    number = bound.constant("index")
    assert isinstance(number, int)
    at = -number if "last" in bound.args else number - 1
    names = bound.args["headers" if "headers" in bound.args else "header"]

    def picked(run: Run, name: str) -> Sequence[bytes]:
        value = names.read(run)
        wanted = tuple(map(str.lower, value)) if isinstance(value, tuple) else (name,)
        found = [(one, octets) for one in wanted for octets in fields(run, one)]
        return [octets for one, octets in found[at : at + 1 or None] if one == name]

    return picked


def _complain(value: str | int) -> str:
    return "" if value else "the fields of a header are counted from 1"


OWNERS = ("header", "address", "date")

EXTENSION = Extension(
    "index",
    "5260",
    tags=(
        AddedTag(OWNERS, Tag("index", Kind.NUMBER, check=_complain, hook=Narrow(_pick, order=1))),
        AddedTag(OWNERS, Tag("last", needs="index")),
    ),
    card=__doc__,
)
