"""Patterns of :matches against a slow model that is easy to see through."""

from hypothesis import given
from hypothesis import strategies as st

from sieve_like.glob import compile_glob

TEXT = st.text("ab*?\\", max_size=12)


def model(pattern, value):
    """Return the shortest captures by trying everything, None if nothing fits."""
    if not pattern:
        return [] if not value else None
    head, rest = pattern[0], pattern[1:]
    if head == "*":
        for end in range(len(value) + 1):
            found = model(rest, value[end:])
            if found is not None:
                return [value[:end], *found]
        return None
    if head == "\\" and rest:
        head, rest = rest[0], rest[1:]
        literal = True
    else:
        literal = head != "?"
    if not value or (literal and value[0] != head):
        return None
    found = model(rest, value[1:])
    return found if found is None or literal else [value[0], *found]


@given(TEXT, st.text("ab*?\\", max_size=10))
def test_the_matcher_agrees_with_the_model(pattern, value):
    """Whether it matches, and what each wildcard takes."""
    spans = compile_glob(pattern).match(value, lambda _: None)
    captures = None if spans is None else [value[start:end] for start, end in spans]
    assert captures == model(pattern, value)


@given(TEXT, st.text("ab*?\\", max_size=10))
def test_the_literal_is_in_every_value_that_matches(pattern, value):
    """The index looks for it beforehand and must never be wrong."""
    glob = compile_glob(pattern)
    if glob.match(value, lambda _: None) is not None:
        assert glob.literal() in value


def test_work_is_charged():
    """A pattern that needs many tries tells its caller about each."""
    spent = []
    assert compile_glob("*a?b*").match("a" * 1000, spent.append) is None
    assert sum(spent) >= 900
