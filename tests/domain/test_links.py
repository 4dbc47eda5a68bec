"""T10: kinds of links and what they are seen from the other side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.links import CHOSEN, INVERSE, LinkKind, closes_a_circle, inverse, said


@pytest.mark.parametrize("kind", list(LinkKind))
def test_each_kind_has_an_inverse_that_leads_back(kind):
    """What is a child here is a parent there, and the other way round."""
    assert INVERSE[INVERSE[kind]] is kind
    assert inverse(inverse(kind.value)) == kind.value


def test_only_a_plain_link_is_its_own_inverse():
    """All others have a direction."""
    assert [kind for kind in LinkKind if INVERSE[kind] is kind] == [LinkKind.RELATED]


def test_what_comes_of_splitting_cannot_be_chosen():
    """A person links tickets; parting them is another command."""
    assert set(CHOSEN) == {kind.value for kind in LinkKind} - {"split-from", "split-into"}


def test_a_kind_that_is_none_is_refused():
    """By the enumeration itself."""
    with pytest.raises(ValueError, match="brother"):
        inverse("brother")


def test_the_history_says_a_plain_link_as_the_number():
    """And every other as words."""
    assert (said("related", "T-7"), said("child", "T-7")) == ("T-7", "child of T-7")


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=25))
def test_links_that_close_no_circle_never_make_one(pairs):
    """Whatever is added in whatever order: following the links never leads back to where one began."""
    ahead: dict[int, set[int]] = {}
    for one, other in pairs:
        if not closes_a_circle(one, other, lambda at: ahead.get(at, ())):
            ahead.setdefault(one, set()).add(other)

    def reached(start):
        seen, waiting = set(), list(ahead.get(start, ()))
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting += ahead.get(at, ())
        return seen

    assert not [start for start in ahead if start in reached(start)]
