"""The cause of a fault of the house ("the database file is gone") was sent to the client."""

from mailgate.errors import HouseFault


def test_the_cause_stays_in_the_house():
    """The exception's own text is for the log; the reply is always the same."""
    fault = HouseFault("cannot open /var/lib/mailgate/mailgate.sqlite")
    assert str(fault) == "cannot open /var/lib/mailgate/mailgate.sqlite"
    assert fault.reply.line() == b"451 4.3.0 local problem, try again later\r\n"
