"""What `mailgate doctor --full` finds in the helpdesk's rows: nothing where all is well, each fault by its name."""

import pytest
from deskkit import house

from mailgate.domain.desk import fields, joining, people
from mailgate.store import checkup


@pytest.fixture
def desk(store):
    with house(store) as opened:
        yield opened


def found(desk) -> list[str]:
    connection = desk.store.reader()
    try:
        return [*checkup.orphans(connection), *checkup.contradictions(connection)]
    finally:
        connection.close()


def break_(desk, *statements: str) -> None:
    """Do by hand what no program of ours does."""

    def work(tx):
        for statement in statements:
            tx.execute(statement)

    desk.writer.submit(work).result(60)


def worked_with(desk) -> list[str]:
    """Do with tickets all that changes counts, places, links and agents; returns the tickets' numbers."""
    one, two, three = desk.mail("a"), desk.mail("b", "c@d.example"), desk.mail("e", "f@g.example")
    desk.do(fields.set_fields, one, [("agent", "joe"), ("status", "pending"), ("queue", "sales")])
    desk.do(joining.link, one, two)
    desk.do(joining.link, two, three, "parent")
    desk.do(people.add_participant, one, "x@y.example")
    desk.do(joining.merge, one, two)
    desk.do(fields.close, three)
    desk.do(fields.reopen, three)
    entry = desk.ticket(three)["entries"][0]["id"]
    desk.do(joining.split, three, [entry], queue="sales")
    return [one, two, three]


def test_nothing_is_found_after_all_that_can_be_done(desk):
    """Merging, splitting, moving, closing and opening again keep counts, links and agents right."""
    worked_with(desk)
    assert found(desk) == []


BROKEN = {
    "1 x link that the other ticket does not have": "DELETE FROM ticket_link WHERE ticket_id = 1 AND other_id = 2",
    "1 x count of a queue's tickets in a status that is wrong": (
        "UPDATE ticket_count SET n = n + 1 WHERE queue = 'sales' AND status = 'closed'"
    ),
    "1 x current session that is not its ticket's agent's": "UPDATE session SET agent = 'kim' WHERE id = 2",
    "1 x interaction without its session": (
        "INSERT INTO interaction (session_id, ticket_id, at, kind, agent, queue, detail)"
        " VALUES (99, 1, 1, 'paused', '', '', '')"
    ),
    "1 x reminder of a ticket that is missing": (
        "INSERT INTO follow_up (ticket_id, agent, at, note, author, created_at, done_at, done_by)"
        " VALUES (99, 'joe', 1, '', '', 1, 0, '')"
    ),
    "1 x assignment of a ticket that is missing": (
        "INSERT INTO assignment (agent, at, queue, ticket_id, session_id) VALUES ('joe', 1, 'support', 99, 1)"
    ),
    "1 x place of an entry that is missing": "INSERT INTO entry_place (entry_id, ticket_id) VALUES (999, 1)",
    "1 x link to a ticket that is missing": (
        "INSERT INTO ticket_link (ticket_id, other_id, kind, at, author) VALUES (2, 99, 'related', 1, '')"
    ),
    "2 x ticket merged in a circle": "UPDATE ticket SET merged_into = 1 WHERE id = 2",
    "1 x ticket merged into one that is missing": "UPDATE ticket SET merged_into = 99 WHERE id = 1",
}


@pytest.mark.parametrize("text", BROKEN)
def test_each_fault_is_named(desk, text):
    worked_with(desk)
    break_(desk, BROKEN[text])
    assert text in found(desk)


def test_a_long_chain_is_no_circle(desk):
    """Tickets that were merged one by one by an older program."""
    for n in range(5):
        desk.mail(f"s{n}", f"a{n}@b.example")
    break_(desk, "UPDATE ticket SET merged_into = id - 1 WHERE id > 1")
    assert found(desk) == []
