"""What follows from a mail or a change may fail; the mail and the change are kept all the same, and the history says it."""

import logging

import pytest
from deskkit import ANNA, house
from servicekit import POLICY
from storekit import incoming

from mailgate.actions._workflows import Workflows
from mailgate.domain import assignment, service
from mailgate.domain.desk import fields
from mailgate.domain.effects import CallHook, ChangeTicket, MoveSession
from mailgate.domain.events import EventKind
from mailgate.domain.helpdesk import Priority, Workflow
from mailgate.domain.routing import Catalogue
from mailgate.domain.workflow import BadWorkflow, read_conditions
from mailgate.errors import DiskFull
from mailgate.store import sweep
from mailgate.store.unit import accept_each
from mailgate.store.workflows import wait_until, waits_until


@pytest.fixture
def desk(store):
    with house(store) as opened:
        yield opened


def fails(event, _reader, _catalogue, _now):
    """Fail before anything is wanted."""
    if event.kind is EventKind.CREATED:
        raise KeyError("nobody expected this")
    return ()


def fails_late(event, _reader, _catalogue, _now):
    """Want something that works, then something that does not."""
    if event.kind is EventKind.CREATED:
        ticket = event.ticket_id
        return (
            ChangeTicket(ticket, "priority", "high", "broken"),
            CallHook("pager", "{}"),
            ChangeTicket(ticket, "no such field", "x", "broken"),
        )
    return ()


def moves_what_cannot_be_moved(event, _reader, _catalogue, _now):
    """Plan a move that the table of sessions does not have, as one that was planned on an old state."""
    if event.kind is EventKind.CREATED:
        return (
            MoveSession(event.session_id, "closed", "x", "broken"),
            MoveSession(event.session_id, "paused", "x", "broken"),
        )
    return ()


def works(event, _reader, _catalogue, _now):
    """Do something that can be seen."""
    if event.kind is EventKind.CREATED:
        return (ChangeTicket(event.ticket_id, "tags", "worked", "fine"),)
    return ()


def notes(desk, number: str) -> list[str]:
    return [e["text"] for e in desk.ticket(number)["entries"] if e["kind"] == "note"]


@pytest.mark.parametrize("broken", [fails, fails_late, moves_what_cannot_be_moved])
def test_a_consequence_that_fails_is_undone_and_noted_and_the_mail_is_taken(desk, broken, caplog):
    """The first try is a ticket; whoever follows after it still does; nothing half done stays."""
    desk.followers = (broken, works)
    with caplog.at_level(logging.ERROR):
        number = desk.mail()
    ticket = desk.ticket(number)
    assert (ticket["priority"], ticket["tags"]) == ("normal", '["worked"]')
    assert ticket["sessions"][-1]["state"] == "unopened"
    (note,) = notes(desk, number)
    assert note.startswith("what follows from created failed: ")
    assert "what follows from created failed" in caplog.text
    assert desk.ask("SELECT COUNT(*) FROM outbox") == [(0,)]
    assert desk.ask("SELECT status, ticket_id FROM delivery") == [("accepted", ticket["id"])]
    assert desk.ask("SELECT COUNT(*) FROM attempt") == [(0,)]


def test_a_change_by_a_person_is_made_though_its_consequence_fails(desk):
    """Whoever sets a status has set it, whatever a workflow makes of that."""
    number = desk.mail()

    def broken(event, _reader, _catalogue, _now):
        if event.kind is EventKind.CHANGED:
            raise ZeroDivisionError
        return ()

    desk.followers = (broken,)
    desk.do(fields.set_fields, number, [("status", "pending")])
    assert desk.ticket(number)["status"] == "pending"
    assert notes(desk, number) == ["what follows from changed status failed: ZeroDivisionError"]


def test_a_fault_of_the_house_is_not_taken_for_one_of_a_workflow(desk):
    """A full disk defers the mail as ever: it comes again, and its workflow runs then."""

    def full(_event, _reader, _catalogue, _now):
        raise DiskFull

    desk.followers = (full,)
    mail = incoming(b"Subject: x\r\n\r\nhello\r\n", "support@example.org", sender=ANNA)
    (outcome,) = desk.writer.submit(lambda tx: accept_each(tx, mail, desk.rules)).result(60)
    assert (outcome.reply.code, outcome.crashed) == (452, False)
    assert desk.ask("SELECT COUNT(*) FROM ticket") == [(0,)]
    desk.followers = ()
    (outcome,) = desk.writer.submit(lambda tx: accept_each(tx, mail, desk.rules)).result(60)
    assert outcome.reply.code == 250


BROKEN_ROWS = [
    Workflow("w", "created", "[[[", "[]"),
    Workflow("w", "created", "", "{"),
    Workflow("w", "created", "7", "7"),
    Workflow("w", "created", '[[["no_field","is",["x"]]]]', '[{"do":"note","text":"hi"}]'),
    Workflow("w", "created", '[[["idle","at least",[]]]]', '[{"do":"note","text":"hi"}]'),
    Workflow("w", "created", '[[["idle","at least",["soon"]]]]', '[{"do":"note","text":"hi"}]'),
    Workflow("w", "created", '[[["status","resembles",["x"]]]]', '[{"do":"note","text":"hi"}]'),
    Workflow("w", "created", "", '[{"do":"explode"}]'),
    Workflow("w", "created", "", '[{"do":"set","field":"no_field","value":"x"}]'),
    Workflow("w", "created", "", '[{"do":"add","field":"subject","value":"x"}]'),
    Workflow("w", "created", "", '[{"do":"session","value":"dance"}]'),
    Workflow("w", "created", "", '[{"do":"follow_up","agent":"joe","after":"99999999999999d"}]'),
    Workflow("w", "created", "", '[{"do":"follow_up","agent":"joe","after":"tomorrow"}]'),
    Workflow("w", "created", "", '[{"do":"mail","to":"contact","template":"none"}]'),
    Workflow("w", "no event", "", '[{"do":"note","text":"hi"}]'),
]


@pytest.mark.parametrize("row", BROKEN_ROWS, ids=range(len(BROKEN_ROWS)))
def test_a_broken_row_of_a_workflow_keeps_no_mail_and_no_other_workflow(desk, row):
    """What a program of another version or a hand in the database has left there; the sound one runs."""
    sound = Workflow("sound", "created", "", '[{"do":"add","field":"tags","value":"sound"}]')
    desk.catalogue = Catalogue(
        routes=desk.catalogue.routes,
        queues=desk.catalogue.queues,
        agents=desk.catalogue.agents,
        workflows={"w": row, "sound": sound},
    )
    desk.followers = (
        assignment.follower(desk.catalogue),
        service.follower(desk.catalogue, POLICY),
        Workflows(desk.catalogue, POLICY),
    )
    number = desk.mail()
    assert desk.ticket(number)["tags"] == '["sound"]'
    assert desk.ask("SELECT COUNT(*) FROM attempt") == [(0,)]


def test_workflows_that_contradict_each_other_fail_each_by_itself(desk):
    """Planned on the same state, the second one's move of the session is none any more; the others are done."""
    steps = {"a": "close", "b": "pause", "c": "close"}
    flows = {
        name: Workflow(
            name,
            "created",
            "",
            f'[{{"do":"session","value":"{move}"}},{{"do":"add","field":"tags","value":"{name}"}}]',
        )
        for name, move in steps.items()
    }
    desk.catalogue = Catalogue(routes=desk.catalogue.routes, queues=desk.catalogue.queues, workflows=flows)
    desk.followers = (Workflows(desk.catalogue, POLICY),)
    number = desk.mail()
    ticket = desk.ticket(number)
    assert (ticket["tags"], ticket["sessions"][-1]["state"]) == ('["a","c"]', "closed")
    (failed,) = [note for note in notes(desk, number) if "failed" in note]
    assert failed.startswith("what follows from created failed: TryLater: session 1 has just become closed")


def test_conditions_that_cannot_be_asked_cannot_be_read():
    for row in BROKEN_ROWS[3:7]:
        with pytest.raises(BadWorkflow):
            read_conditions(row.conditions)


def test_a_broken_priority_queue_or_status_keeps_no_mail(desk):
    """The ticket's own row: names that there are not, times that are none."""
    desk.catalogue = Catalogue(
        routes=desk.catalogue.routes,
        priorities={"normal": Priority("normal", reaction="soon", execution="9x", warning="-")},
    )
    desk.followers = (assignment.follower(desk.catalogue), service.follower(desk.catalogue, POLICY))
    number = desk.mail()
    assert desk.ticket(number)["number"] == number
    desk.do(fields.close, number)


def test_two_mails_in_one_batch_see_what_the_first_has_led_to(desk):
    """A workflow's change, its mail and its session are there for the next mail of the same transaction."""
    seen = []

    def looks(event, reader, _catalogue, _now):
        if event.kind is not EventKind.INCOMING:
            return ()
        case, state = reader.case(event.ticket_id), reader.ticket_state(event.ticket_id)
        seen.append(
            (
                state.priority,
                [one.new for one in reader.status_changes(event.ticket_id)],
                reader.contact_by_id(state.contact_id).address,
                len(reader.conversation(event.ticket_id, 9)),
                case.state.session_state,
                [one.address for one in reader.participants(event.ticket_id)],
            )
        )
        return (
            ChangeTicket(event.ticket_id, "priority", "high", "w"),
            ChangeTicket(event.ticket_id, "status", "pending", "w"),
            MoveSession(event.session_id, "active", "x", "w"),
        )

    desk.followers = (looks,)
    rules = desk.rules

    def both(tx):
        out = []
        for n, head in enumerate(("", "In-Reply-To: <m0@x.example>\r\n")):
            octets = (
                f"From: {ANNA}\r\nSubject: help\r\nMessage-ID: <m{n}@x.example>\r\n{head}\r\nhi\r\n".encode()
            )
            mail = incoming(octets, "support@example.org", sender=ANNA, trace_id=f"B{n}")
            out += accept_each(tx, mail, rules)
        return out

    first, second = desk.writer.submit(both).result(60)
    assert first.ticket == second.ticket
    assert seen == [
        ("normal", [], ANNA, 1, "unopened", []),
        ("high", ["pending"], ANNA, 2, "active", []),
    ]
    assert desk.ask("SELECT queue, status, n FROM ticket_count WHERE n <> 0") == [("support", "pending", 1)]


def test_a_workflows_clock_outlives_the_clearing_up(desk):
    """The hourly job forgets what is over; a clock whose time has just come is not over, it is due."""
    past = 1_000
    desk.writer.submit(lambda tx: wait_until(tx, "nag", past)).result(60)
    desk.writer.submit(sweep.prune).result(60)
    connection = desk.store.reader()
    try:
        assert waits_until(connection, "nag") == past
    finally:
        connection.close()
