"""Workflows carried out in a database: what listens, what is done, what the history says, what never happens (N4)."""

import json
import threading
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from servicekit import BOTH, POLICY, TIMED, House, on_either
from storekit import START, Clock, incoming, postgresql_options

from mailgate.actions._workflows import Workflows
from mailgate.domain import assignment, service
from mailgate.domain.effects import (
    AddEntry,
    ChangeTicket,
    Decision,
    EntryKind,
    MoveSession,
    OpenContact,
    OpenTicket,
    StartWorkflow,
)
from mailgate.domain.events import DEEPEST, MOST
from mailgate.domain.helpdesk import Workflow
from mailgate.domain.routing import Route, Template
from mailgate.domain.scene import READERS
from mailgate.domain.workflow import DURATIONS, FIELDS, Step, conditions_json, parse_line, steps_json
from mailgate.jobs import workflows as job
from mailgate.jobs.alarms import run_alarms
from mailgate.jobs.workflows import run_timed
from mailgate.store.db import open_store
from mailgate.store.transaction import millis
from mailgate.store.unit import accept_each
from mailgate.store.writer import Writer
from mailgate.texts.names import NAMES, DeskSource, value

HOUR = 3_600_000
URGENT = Step("set", field="priority", value="high")


class Desk(House):
    """The house with all followers, as the gateway has them."""

    def followers(self, catalogue):
        return (
            assignment.follower(catalogue),
            service.follower(catalogue, POLICY),
            Workflows(catalogue, POLICY),
        )

    def workflows(self, *wanted: Workflow, **changes) -> None:
        """Write these workflows beside the rest of the business."""
        self.apply(replace(TIMED, workflows=wanted, templates=(LATE,), **changes))

    def notes(self, ticket: int) -> list[str]:
        """Return what workflows have written into the history."""
        return [e["text"] for e in self.row(ticket)["entries"] if e["kind"] == "note"]

    def timed(self, **parts) -> dict[str, int]:
        """Run the workflows whose time has come."""
        return run_timed(job.House(self.store, self.writer, self.rules(), ZoneInfo), **parts)


LATE = Template(
    "late", "{{ ticket.number }} waits", "{{ salutation }}, {{ ticket.subject }} has {{ ticket.priority }}."
)


def flow(name: str, event: str, *steps: Step, when=(), enabled: bool = True) -> Workflow:
    return Workflow(name, event, conditions_json(map(parse_line, when)), steps_json(steps), enabled=enabled)


@pytest.fixture
def desk(store, writer, clock):
    return Desk(store, writer, clock)


@pytest.fixture(params=BOTH)
def either(request, tmp_path):
    """Make the same desk on both databases."""
    with on_either(request, tmp_path, Desk) as one:
        yield one


def test_a_mail_that_opens_a_ticket_runs_what_listens(either):
    """In the same transaction as the mail: conditions about the ticket and its contact, then all actions."""
    desk = either
    desk.workflows(
        flow(
            "vip",
            "created",
            URGENT,
            Step("add", field="tags", value="vip"),
            Step("assign", agent="anna"),
            Step("note", text="Be quick."),
            Step("mail", to=("contact", "agent"), template="late"),
            Step("webhook", target="pager", text="hurry"),
            Step("follow_up", after="3d", text="still there?"),
            when=("queue is support", "contact.address is ann@example.net or contact.vip is yes"),
        ),
        flow("others", "created", Step("note", text="no"), when=("queue is orders",)),
    )

    def decide(mail, route, catalogue, reader, now):
        contact, ticket, session = (reader.allocate(k) for k in ("contact", "ticket", "session"))
        return Decision(
            (
                OpenContact(contact, "ann@example.net", "Ann"),
                OpenTicket(ticket, f"T-{ticket}", session, "support", "help www.evil.example", contact),
            ),
            "t:1",
            "ticket",
            f"ticket=T-{ticket}",
        )

    rules = desk.rules()
    rules = replace(
        rules, decide=decide, catalogue=replace(rules.catalogue, patterns=(Route("*@example.org"),))
    )
    (outcome,) = desk.writer.submit(lambda tx: accept_each(tx, incoming(), rules)).result(60)
    assert outcome.ticket == "T-1", outcome
    row = desk.row(1)
    assert (row["priority"], row["agent"], json.loads(row["tags"])) == ("high", "anna", ["vip"])
    assert row["execution_due"] == millis(START) + 10 * HOUR
    assert desk.notes(1)[0].splitlines() == [
        "on created:", "set priority to high", "add vip to tags", "assign to anna", "note: Be quick.",
        "mail late to contact, agent", "tell webhook pager", "remind the agent after 3d",
    ]  # fmt: skip
    assert desk.notes(1)[1] == "Be quick."
    mails = {one["to_address"]: one for one in desk.sent() if one["kind"] == "send"}
    assert mails["ann@example.net"]["draft"]["subject"] == "[#T-1] T-1 waits"
    assert mails["ann@example.net"]["draft"]["text"] == "Hello, help … has high."
    assert mails["ann@example.net"]["mail_kind"] == "answer"
    assert mails["anna@example.org"]["mail_kind"] == "notice"
    assert {one["rule"] for one in mails.values()} == {"workflow vip"}
    (hook,) = [one for one in desk.sent() if one["kind"] == "call"]
    assert (hook["draft"]["event"], hook["draft"]["ticket"]["subject"]) == (
        "created",
        "help www.evil.example",
    )
    rules_named = {
        e["rule"] for e in row["entries"] if e["kind"] in {"note", "change"} and e["field"] != "session"
    }
    assert rules_named <= {"workflow vip", ""}


def test_changes_are_listened_to_with_old_and_new(desk):
    """Of one field, with conditions about what it was and is."""
    desk.workflows(
        flow("closed", "changed status", Step("note", text="bye"), when=("old is open", "new is closed")),
        flow("any", "changed", Step("add", field="tags", value="seen"), when=("by is anna",)),
    )
    ticket = desk.open()
    desk.set(ticket, "status", "pending", by="bert")
    assert desk.notes(ticket) == []
    desk.set(ticket, "status", "open", by="bert")
    desk.set(ticket, "status", "closed")
    assert "bye" in desk.notes(ticket)
    assert json.loads(desk.row(ticket)["tags"]) == ["seen"]


def test_answers_comments_mails_sessions_alarms_and_reminders_are_events(desk):
    """Each runs what listens to it; an automatic answer is no agent's."""
    events = ("answered", "commented", "incoming", "session", "alarm")
    desk.workflows(*(flow(one, one, Step("add", field="tags", value=one)) for one in events))
    ticket = desk.open()
    state = desk.row(ticket)
    session = state["session_id"]
    desk.answer(ticket, "support:12", touches_session=False)
    assert desk.row(ticket)["tags"] == ""
    desk.answer(ticket)

    def add(kind):
        return lambda reader, _now: (AddEntry(reader.allocate("entry"), ticket, session, kind, "x", "text"),)

    desk.perform(add(EntryKind.COMMENT))
    desk.perform(add(EntryKind.INCOMING))
    desk.perform((MoveSession(session, "active", "test", "anna"),))
    desk.clock.move(hours=11)
    run_alarms(desk.writer, desk.rules)
    assert set(json.loads(desk.row(ticket)["tags"])) == set(events)


def test_a_ticket_that_names_a_workflow_runs_it(desk):
    """`ticket :workflow` and `workflow "…"` of a rule, a person, another workflow: now, if its conditions hold."""
    desk.workflows(
        flow("escalate", "started", Step("note", text="up"), when=("queue is support",)),
        flow("first", "started", Step("start", value="escalate")),
        flow("resting", "started", Step("note", text="never"), enabled=False),
    )
    opened = desk.open(workflow="escalate")
    assert "up" in desk.notes(opened)
    other = desk.open(queue="orders", workflow="escalate")
    assert desk.notes(other) == []
    desk.set(other, "queue", "support")
    desk.set(other, "workflow", "first")
    assert "up" in desk.notes(other)
    third = desk.open(workflow="resting")
    desk.perform((StartWorkflow(third, "resting", "anna"), StartWorkflow(third, "nobody", "anna")))
    assert desk.notes(third) == []


def test_an_action_that_cannot_be_done_is_noted_and_the_next_is_done(desk):
    """Nothing that stands in a workflow can stop a mail or a person."""
    steps = (
        Step("mail", to=("contact",), template="late"),
        Step("mail", to=("team",), template="gone"),
        Step("assign", agent="zoe"),
        Step("webhook", target="nowhere"),
        Step("set", field="status", value="nonsense"),
        Step("session", value="explode"),
        Step("follow_up", after="1d"),
        Step("start", value="gone"),
        Step("jump"),
        Step("note", text="still here"),
    )
    desk.workflows(flow("broken", "created", *steps))
    ticket = desk.open()
    notes = desk.notes(ticket)
    assert notes[0].count("not done") == len(steps) - 1
    assert notes[1] == "still here"


def test_a_template_that_fails_is_noted(desk):
    """Division by zero in somebody's text."""
    desk.apply(
        replace(
            TIMED,
            workflows=(flow("w", "created", Step("mail", to=("team",), template="bad")),),
            templates=(Template("bad", "", "{{ 1 // 0 }}"),),
        )
    )
    assert "its template fails" in desk.notes(desk.open())[0]


def test_workflows_that_answer_each_other_end(desk):
    """One sets what the other takes back; the history says where it was cut."""
    desk.workflows(
        flow(
            "up",
            "changed priority",
            Step("set", field="priority", value="high"),
            when=("priority is normal",),
        ),
        flow(
            "down",
            "changed priority",
            Step("set", field="priority", value="normal"),
            when=("priority is high",),
        ),
    )
    ticket = desk.open(priority="normal")
    desk.set(ticket, "priority", "high")
    changes = desk.history(ticket, "priority")
    assert len(changes) == 1 + DEEPEST
    assert desk.notes(ticket)[-1] == "a chain of workflows was cut at: changed priority"


def test_workflows_that_branch_out_end_too(desk):
    """Three changes for each change would be thousands."""
    desk.workflows(
        flow("grow", "changed tags", *(Step("add", field="tags", value=f"t{n}") for n in range(6)), when=("tag is on",)),
        flow("shrink", "changed tags", *(Step("remove", field="tags", value=f"t{n}") for n in range(6))),
    )  # fmt: skip
    ticket = desk.open()
    desk.set(ticket, "tags", "on")
    assert len(desk.history(ticket, "tags")) <= MOST * 13
    assert "a chain of workflows was cut at: changed tags" in desk.notes(ticket)


def test_nothing_is_read_where_nobody_listens(desk):
    """A mail pays nothing for workflows that listen to something else."""
    desk.workflows(flow("w", "alarm", URGENT))
    rules = desk.rules()
    (follower,) = [one for one in rules.followers if isinstance(one, Workflows)]
    from mailgate.domain.events import EventKind, TicketEvent

    for kind in (EventKind.CREATED, EventKind.INCOMING, EventKind.ANSWERED):
        assert follower(TicketEvent(kind, 1), None, rules.catalogue, START) == ()


def test_closing_closes_the_session_as_a_person_does(desk):
    """And a status that a workflow sets is seen by the actions after it."""
    desk.workflows(
        flow("end", "changed priority", Step("set", field="status", value="closed"),
             Step("mail", to=("team",), template="late"))
    )  # fmt: skip
    ticket = desk.open(priority="normal")
    desk.set(ticket, "priority", "high")
    row = desk.row(ticket)
    assert (row["status"], row["sessions"][0]["state"]) == ("closed", "closed")


def test_assign_auto_leaves_it_to_whoever_shares_out(desk):
    """Nobody is present, so it waits; the history does not fail."""
    desk.workflows(flow("share", "created", Step("assign", agent="auto")))
    ticket = desk.open()
    assert desk.notes(ticket)[0].splitlines()[1] == "assign to auto"


def test_clocks_run_each_ticket_once_per_period(either):
    """New workflows wait for their time; what holds runs; what was missed runs once; closed tickets never."""
    desk = either
    desk.workflows(
        flow("nag", "time every 4h", Step("note", text="nag"), when=("queue is support", "idle at least 1h"))
    )
    tickets = [desk.open(), desk.open(), desk.open(queue="orders"), desk.open(status="closed")]
    assert desk.timed() == {}
    desk.clock.move(hours=4)
    assert desk.timed(page=1) == {"nag": 2}
    assert desk.timed() == {}
    desk.clock.move(days=3)
    assert desk.timed() == {"nag": 2}
    assert [desk.notes(one).count("nag") for one in tickets] == [2, 2, 0, 0]


def test_a_run_that_was_broken_off_begins_anew_without_repeating(desk):
    """The first ticket is done, the gateway dies, the next run does the second one only."""
    desk.workflows(flow("nag", "time every 4h", Step("note", text="nag")))
    tickets = [desk.open(), desk.open()]
    desk.timed()
    desk.clock.move(hours=4)
    rules = desk.rules()
    (one,) = job._with_clock(rules.catalogue)
    until = millis(desk.clock.now) + HOUR
    assert desk.writer.submit(lambda tx: job._do(tx, one, tickets[:1], until, rules)).result(9) == 1
    assert desk.timed() == {"nag": 1}
    assert [desk.notes(ticket).count("nag") for ticket in tickets] == [1, 1]


@pytest.mark.peer("postgresql")
def test_two_gateways_run_a_clock_once_for_each_ticket(postgres, tmp_path):
    """Both find the time come and the ticket waiting; whoever is second sees that it has run."""
    options = postgresql_options(postgres, tmp_path)
    stores, clock = [open_store(options), open_store(options)], Clock()
    writers = [Writer(one, clock=clock) for one in stores]
    for one in writers:
        one.start()
    first, second = (Desk(store, writer, clock) for store, writer in zip(stores, writers, strict=True))
    first.workflows(flow("nag", "time every 4h", Step("note", text="nag")))
    ticket = first.open()
    rules = first.rules()
    (one,) = job._with_clock(rules.catalogue)
    until, started, go_on = millis(clock.now) + HOUR, threading.Event(), threading.Event()

    def slow(tx):
        done = job._do(tx, one, [ticket], until, rules)
        started.set()
        assert go_on.wait(30)
        return done

    held = writers[0].submit(slow)
    assert started.wait(30)
    late = writers[1].submit(lambda tx: job._do(tx, one, [ticket], until, rules))
    with pytest.raises(TimeoutError):
        late.result(0.3)
    go_on.set()
    assert (held.result(30), late.result(30)) == (1, 0)
    assert second.notes(ticket).count("nag") == 1
    for writer, store in zip(writers, stores, strict=True):
        assert writer.stop(30)
        store.close()


def test_daily_workflows_keep_their_local_time(desk):
    """At 08:00 in Berlin, which is 07:00 UTC in winter; a day that was missed is made up for once."""
    desk.workflows(flow("morning", "time at 08:00 Europe/Berlin", Step("note", text="hello")))
    ticket = desk.open()
    assert desk.timed() == {}
    desk.clock.move(hours=21, minutes=59)
    assert desk.timed() == {}
    desk.clock.move(minutes=1)
    assert desk.timed() == {"morning": 1}
    desk.clock.move(days=2, hours=5)
    assert desk.timed() == {"morning": 1}
    assert desk.timed() == {}
    assert desk.notes(ticket).count("hello") == 2


def test_templates_may_name_the_same_values_as_with_a_mail(desk):
    """Each name of the one table has a value without a mail too, and every field of conditions can be read."""
    ticket = desk.open()
    desk.workflows()
    rules = desk.rules()
    seen = {}

    def plan(reader, now):
        from mailgate.domain.events import EventKind, TicketEvent
        from mailgate.domain.scene import Scene

        event = TicketEvent(EventKind.CREATED, ticket)
        scene = Scene(event, reader.case(ticket), reader, rules.catalogue, now)
        source = DeskSource(reader, rules.catalogue, now, scene.state)
        seen.update({(s, n): value(source, s, n) for s, names in NAMES.items() for n in names})
        for name in FIELDS:
            assert scene.shown(name)
        return ()

    desk.perform(plan)
    assert all(isinstance(one, str) for one in seen.values())
    assert seen["ticket", "number"]
    assert set(READERS) | DURATIONS == set(FIELDS)


def test_a_ticket_changed_by_hand_and_by_workflow_says_who(desk):
    """The rule stands in the entry of the change."""
    desk.workflows(flow("w", "changed status", URGENT))
    ticket = desk.open(priority="normal")
    desk.perform((ChangeTicket(ticket, "status", "pending", "anna"),))
    changed = [
        (e["field"], e["author"], e["rule"]) for e in desk.row(ticket)["entries"] if e["kind"] == "change"
    ]
    assert ("status", "anna", "") in changed
    assert ("priority", "workflow w", "workflow w") in changed
