"""The query language: read, printed, read again; mistakes are told with their place and the nearest word."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.query import (
    CLOSED,
    KEYS,
    LONGEST,
    SINGLE,
    SORTS,
    TIMES,
    Known,
    Query,
    QueryError,
    Term,
    Words,
    check,
    parse,
    read_time,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_filters_words_phrases_and_the_order():
    """Each part becomes what it says."""
    query = parse('status:open,waiting -queue:"my queue" created:>7d "exact phrase" word -not')
    assert query.terms == (
        Term("status", ("open", "waiting")),
        Term("queue", ("my queue",), negated=True),
        Term("created", (">7d",)),
    )
    assert query.words == (Words("exact phrase"), Words("word"), Words("not", negated=True))
    assert parse("sort:due").sort == "due"
    assert parse("") == Query()


def test_keys_have_no_case_and_signs_alone_are_nothing():
    """What cannot be looked for is left out, unless it was quoted."""
    assert parse("Status:open - & …") == parse("status:open")


@pytest.mark.parametrize(
    ("text", "position", "error"),
    [
        ("stats:open", 0, "there is no filter 'stats', did you mean 'status'?"),
        ("a zzz:b", 2, "there is no filter 'zzz'; to look for the text put it into quotes"),
        ("status:", 7, "status: has no value"),
        ("status:open,", 12, "status: has no value"),
        ("late:reactio", 0, "late: has no 'reactio', did you mean 'reaction'?"),
        ("session:x", 0, "session: has no 'x'; there are unopened, active"),
        ("queue:a queue:b", 8, "queue: stands there twice; for one of several write queue:a,b"),
        ('word "open', 5, "a quote is opened here and never closed"),
        ('""', 0, "there is nothing to look for between the quotes"),
        ("-word", 0, "a word that must not stand there needs one beside it that must"),
        ("sort:dew", 0, "nothing is sorted by 'dew', did you mean 'due'?"),
        ("sort:due sort:due", 9, "sort: stands there once, with one word"),
        ("word sort:due", 5, "found words are shown newest message first; leave out sort:"),
        ("created:7x", 0, "created: '7x' is no time; write it as >7d, <12h or <2026-11-01"),
        ("touched:<2026-13-01", 0, "touched: '2026-13-01' is no day"),
        ("due:<1d,<2d", 0, "due: takes one time"),
        ("x" * (LONGEST + 1), LONGEST, "a query has 2,000 characters at most"),
        ("a " * 51, 100, "a query has 50 parts at most"),
    ],
)
def test_mistakes_are_told_with_their_place(text, position, error):
    """The text says what to do, the position where."""
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.text.startswith(error)
    assert caught.value.position == position


def test_tags_may_be_asked_for_together():
    """A ticket has several tags; it has one queue."""
    assert len(parse("tag:a tag:b -queue:a -queue:b queue:c").terms) == 5


@pytest.mark.parametrize(
    ("value", "ahead", "inside", "outside"),
    [
        (">7d", False, "2026-11-17T11:59", "2026-11-17T12:01"),
        ("<7d", False, "2026-11-17T12:01", "2026-11-17T11:59"),
        ("2h", False, "2026-11-24T11:00", "2026-11-24T09:59"),
        ("<2d", True, "2026-11-26T11:59", "2026-11-26T12:00"),
        ("<2d", True, "2020-01-01T00:00", "2026-12-01T00:00"),
        (">1w", True, "2026-12-01T12:00", "2026-12-01T11:59"),
        ("2026-11-01", False, "2026-11-01T23:59", "2026-11-02T00:00"),
        ("<2026-11-01", False, "2026-10-31T23:59", "2026-11-01T00:00"),
        (">2026-11-01", False, "2026-11-02T00:00", "2026-11-01T23:59"),
        (">9999-12-31", False, "9999-01-01T00:00", "2026-11-01T23:59"),
    ],
)
def test_times(value, ahead, inside, outside):
    """A span is an age, or what is ahead of a due time; a day is a day in UTC."""
    since, until = read_time(value, NOW, ahead=ahead)
    ms = [
        int(datetime.fromisoformat(one).replace(tzinfo=UTC).timestamp() * 1000) for one in (inside, outside)
    ]
    assert since <= ms[0] < until or value == ">9999-12-31"
    assert not since <= ms[1] < until


def test_names_are_checked_where_they_are_known():
    """An unknown queue is a typing error; a tag may be anything."""
    known = Known(
        frozenset({"support"}), frozenset({"anna"}), frozenset({"high"}), frozenset({"open", "solved"})
    )
    check(parse("queue:support,none agent:none status:closed,solved priority:high tag:x contact:y"), known)
    with pytest.raises(QueryError, match="there is no queue 'suport', did you mean 'support'"):
        check(parse("queue:suport"), known)
    with pytest.raises(QueryError, match="there is no status 'x'; there are closed, open, solved, waiting"):
        check(parse("status:x"), known)


NAMES = st.text(min_size=1, max_size=12).filter(lambda text: "\0" not in text)
TIME_VALUES = st.sampled_from([">7d", "<12h", "30m", "2026-11-01", "<2026-11-01", ">1w"])


@st.composite
def terms(draw, keys=KEYS) -> Term:
    key = draw(st.sampled_from(keys))
    negated = draw(st.booleans())
    if key in TIMES:
        return Term(key, (draw(TIME_VALUES),), negated)
    values = st.sampled_from(CLOSED[key]) if key in CLOSED else NAMES
    return Term(key, tuple(draw(st.lists(values, min_size=1, max_size=3))), negated)


@st.composite
def queries(draw) -> Query:
    found, said = [], set()
    for term in draw(st.lists(terms(), max_size=6)):
        if term.key in SINGLE and not term.negated:
            if term.key in said:
                continue
            said.add(term.key)
        found.append(term)
    text = NAMES.filter(lambda one: any(c.isalnum() for c in one))
    words = draw(st.lists(st.builds(Words, text, st.booleans()), max_size=3))
    words = () if all(one.negated for one in words) else tuple(words)
    return Query(tuple(found), words, "" if words else draw(st.sampled_from(("", *SORTS))))


@given(queries())
def test_what_is_printed_is_read_as_the_same(query):
    """Any query can be written down and read again: names with spaces, quotes, colons, minus signs."""
    if len(str(query)) <= LONGEST:
        assert parse(str(query)) == query


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_a_mistake_with_a_place(text):
    """Nothing but QueryError comes out, and its place lies in the text."""
    place = 0
    try:
        assert parse(str(parse(text))) == parse(text)
    except QueryError as error:
        place = error.position
    assert 0 <= place <= len(text)
