"""T8: statuses are the business's own; what counts is their kind."""

import pytest

from mailgate.domain.helpdesk import (
    STATUSES,
    Status,
    StatusKind,
    closing_status,
    first_status,
    status_kind,
)

USUAL = {one.name: one for one in STATUSES}
MINE = {
    one.name: one for one in (Status("new", "open"), Status("parts", "waiting"), Status("done", "closed"))
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("new", "open"), ("parts", "waiting"), ("done", "closed"), ("solved", "closed"), ("nonsense", "open")],
)
def test_a_status_that_is_gone_means_what_it_did_at_first(name, kind):
    """A word that never was one leaves the ticket open, for somebody has to look at it."""
    assert status_kind(MINE, name) is StatusKind(kind)


def test_the_first_of_a_kind_is_what_tickets_get():
    """In the order of the business; a kind that it does not have is taken from the usual ones."""
    assert first_status(MINE, StatusKind.OPEN) == "new"
    assert first_status(USUAL, StatusKind.CLOSED) == "solved"
    assert first_status({"new": MINE["new"]}, StatusKind.WAITING) == "pending"


def test_closing_prefers_the_status_of_that_name():
    """Else the first that means it; a status "closed" that means something else is none."""
    assert closing_status(USUAL) == "closed"
    assert closing_status(MINE) == "done"
    assert closing_status({**MINE, "closed": Status("closed", "open")}) == "done"
