"""What follows when a mail of ours is given up: who is told, and what leads to nothing."""

from dataclasses import replace

import pytest

from mailgate.domain.action import PlanPolicy
from mailgate.domain.draft import MailKind
from mailgate.domain.effects import AddEntry, MarkFailing, Send
from mailgate.domain.ports import TicketState
from mailgate.domain.routing import Agent, Catalogue, Queue
from mailgate.domain.undelivered import Undelivered, undelivered

POLICY = PlanPolicy(keys=(b"k" * 32,), instance="test", hostname="gate.example.org")
CATALOGUE = Catalogue(
    queues={"support": Queue("support", "support@example.org")},
    agents={
        "joe": Agent("joe", "joe@staff.example", ("support",)),
        "kim": Agent("kim", "kim@staff.example"),
        "off": Agent("off", "off@staff.example", enabled=False),
    },
)
STATE = TicketState(
    7, "T-7", "help", "open", "normal", "support", "joe", "", (), (), "", 1, 2, "active", 0, 0, 1,
)  # fmt: skip
MAIL = Undelivered(17, 7, MailKind.AGENT, "ann@example.net", "joe", 1, "550 5.1.1 nobody", True, True)


class OneTicket:
    """A reader that knows one ticket."""

    def ticket(self, ticket_id):
        return STATE if ticket_id == 7 else None

    def ticket_state(self, ticket_id):
        return self.ticket(ticket_id)

    def allocate(self, _kind):
        return 99


def follows(**changes):
    """Return the effects, by their class."""
    return undelivered(replace(MAIL, **changes), OneTicket(), CATALOGUE, POLICY)


def told(effects):
    """Return whom the notices among them are for."""
    return [one.draft.to_address for one in effects if isinstance(one, Send)]


def test_a_refused_answer_leads_to_note_notice_and_mark():
    """The note says who sent it, to whom, and the last words; the notice how to send it again."""
    mark, note, notice = follows()
    assert mark == MarkFailing("ann@example.net", "550 5.1.1 nobody")
    assert isinstance(note, AddEntry)
    expected = "the answer of joe to ann@example.net did not arrive: it was refused: 550 5.1.1 nobody"
    assert (note.text, note.ticket_id, note.touches_session) == (expected, 7, False)
    assert isinstance(notice, Send)
    assert notice.kind is MailKind.NOTICE
    assert "`mailgate queue release 17`" in notice.draft.text
    assert ("Auto-Submitted", "auto-generated") in notice.draft.headers


def test_a_refusal_of_something_else_marks_no_address():
    """The recipient is there; it is the mail that was not wanted."""
    assert not [one for one in follows(nobody=False) if isinstance(one, MarkFailing)]


def test_who_wrote_is_told_beside_who_is_in_charge():
    """Once each; not those who are switched off."""
    assert told(follows(by="kim")) == ["joe@staff.example", "kim@staff.example"]
    assert told(follows()) == ["joe@staff.example"]
    assert told(follows(by="off")) == ["joe@staff.example"]


def test_an_automatic_answer_that_is_refused_is_noted_only():
    """People make up addresses; that is no reason to write to an agent. Days of trying are."""
    refused = follows(kind=MailKind.ANSWER, nobody=False)
    assert told(refused) == []
    assert len(refused) == 1
    assert told(follows(kind=MailKind.ANSWER, nobody=False, refused=False, tries=36)) == ["joe@staff.example"]


@pytest.mark.parametrize("kind", [MailKind.NOTICE, MailKind.MASS, MailKind.REDIRECT])
def test_notices_and_mailings_lead_to_nothing(kind):
    """What tells of lost mail must not become lost mail."""
    assert follows(kind=kind) == []


@pytest.mark.parametrize("ticket_id", [0, 8])
def test_without_its_ticket_only_the_address_is_marked(ticket_id):
    """Nobody could be told what it was about."""
    assert follows(ticket_id=ticket_id) == [MarkFailing("ann@example.net", "550 5.1.1 nobody")]
