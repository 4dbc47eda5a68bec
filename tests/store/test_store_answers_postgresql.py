"""The same on a real PostgreSQL: our text is found, the entry says that it shows a part."""

import pytest
from deskkit import house
from test_store_answers import answered_by_quoting
from test_store_postgresql import pg_options, pg_store  # noqa: F401  fixtures

pytestmark = pytest.mark.peer("postgresql")


def test_an_answer_is_told_by_the_text_that_it_answers(pg_store):  # noqa: F811  the fixture
    """As on SQLite."""
    with house(pg_store) as desk:
        entry = answered_by_quoting(desk)
    assert (entry["text"], entry["trimmed"]) == ("The blue one.", 1)
