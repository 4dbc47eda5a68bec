"""What a person is told whose change cannot be made."""

from datetime import UTC, datetime

import pytest

from mailgate.domain.deskerror import DeskError, Difference, NotThere, Stale, meant, require_known

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_a_stale_change_names_both_states():
    """Field by field, with who and when; what only came in stands by its kind."""
    stale = Stale(
        "ticket T-7",
        3,
        5,
        (Difference("status", "open", "", "anna", AT), Difference("incoming", "", "", "", AT)),
    )
    assert str(stale).splitlines() == [
        "ticket T-7 has changed: you saw version 3, it is at version 5",
        "  status: open -> nothing (by anna, 2026-03-02 09:30:00 UTC)",
        "  incoming (by the gateway, 2026-03-02 09:30:00 UTC)",
    ]
    assert isinstance(stale, DeskError)


def test_a_near_name_is_suggested():
    """And none where nothing is near."""
    assert meant("opne", ("open", "closed")) == ", did you mean 'open'?"
    assert meant("xyz", ("open", "closed")) == ""


def test_a_name_that_is_there_is_returned():
    """Any other is refused with its kind."""
    assert require_known("queue", "support", {"support": 1}) == "support"
    with pytest.raises(NotThere, match="there is no queue 'suport', did you mean 'support'"):
        require_known("queue", "suport", {"support": 1})
