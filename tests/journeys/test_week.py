"""A week of a helpdesk in simulated time, 400 mails, and the months after it: every table is as a model says."""

import json
from collections.abc import Iterator

import pytest
import weekproof
import weekworld


@pytest.fixture(scope="module")
def week() -> Iterator[weekworld.Week]:
    """Let the week pass once; all tests look at what it left."""
    with weekworld.week() as one:
        weekworld.play(one)
        yield one


def test_all_mails_came_in(week):
    """As many as the script has, into three queues, five agents at work."""
    assert week.sent == weekworld.MAILS
    assert week.turned_away > 0  # while a queue was off; they came again
    assert not week.refused


@pytest.mark.parametrize("table", weekproof.TABLES, ids=lambda one: one.__name__)
def test_tables_are_as_the_model_says(week, table):
    """Ticket, session, interaction, entry, contact, company, participant, link, reminder, assignment, outbox …."""
    table(week)


def test_history_explains_every_ticket(week):
    """From the first state of a ticket its entries lead, one by one, to what its row has now."""
    weekproof.explained(week)


def test_history_explains_every_session(week):
    """Each move of a session is in the table of moves, and begins where the one before ended."""
    weekproof.moved(week)


def test_the_week_had_everything(week):
    """Every kind of entry, change and session state occurred, so that the tests above look at them."""
    weekproof.covered(week)


def test_the_database_is_whole(week):
    """Each row has its partner, and the file is undamaged."""
    findings = json.loads(week.command("doctor", "--full", "--json"))
    assert [one for one in findings if one["check"] == "integrity" and one["level"] != "ok"] == []
