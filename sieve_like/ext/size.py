"""Test size: the octets of the mail.

RFC 5228 section 5.9. Done: all of it.
"""

from sieve_like.interpreter import Run, Test
from sieve_like.spec import Binding, Bound, Compiling, Extension, Kind, Positional, Tag, TestSpec


def _size(bound: Bound, ctx: Compiling) -> Test:
    limit = bound.constant("limit")
    assert isinstance(limit, int)
    number: int = limit
    over = "over" in bound.args

    def test(run: Run) -> bool:
        size = run.message.size
        return size > number if over else size < number

    if not ctx.traced:
        return test

    def traced(run: Run) -> bool:
        answer = test(run)
        tag = ":over" if over else ":under"
        run.note(
            bound.span,
            "test",
            name="size",
            result=answer,
            match=tag,
            values=[run.message.size],
            keys=[number],
        )
        return answer

    return traced


def _check(bound: Bound, binding: Binding) -> None:
    if "over" not in bound.args and "under" not in bound.args:
        binding.error(bound.span, "the test 'size' needs ':over' or ':under'")


EXTENSION = Extension(
    "",
    "5228",
    tests=(
        TestSpec(
            "size",
            _size,
            tags=(Tag("over", group="direction"), Tag("under", group="direction")),
            positionals=(Positional("limit", Kind.NUMBER),),
            check=_check,
        ),
    ),
    card=__doc__,
)
