"""After the week: every table against the model, and every row against its history."""

import json
from collections import Counter
from typing import Any

from weekmodel import DAY, MOVES, TIMERS, Ticket
from weekscript import AGENTS, LIMIT, QUEUES, WEEK_MS
from weekworld import Week

# Wednesday, midnight in Berlin.
HOLIDAY = WEEK_MS + 2 * DAY
INTERACTIONS = {
    "answered", "answered by another agent", "moved to another queue", "given to an agent", "paused", "resolved",
    "closed", "reopened",
}  # fmt: skip
MINUTES_5 = 5 * 60_000
FIELDS = ("status", "queue", "agent", "priority", "subject")
LISTS = ("tags", "categories")


def about(at: int) -> int:
    """Return a moment as far as it is sure: what waits is given out within a minute after somebody comes."""
    return at // MINUTES_5 * MINUTES_5


def counted(rows: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """Return rows as values, however often each is there."""
    return Counter(tuple(row.values()) for row in rows)


def same(found: Counter[Any], expected: Counter[Any]) -> None:
    """Compare two tables; what differs is shown, row by row."""
    strange, missing = found - expected, expected - found
    assert not strange, f"not expected: {dict(strange)}, not there: {dict(missing)}"
    assert not missing, f"not there: {dict(missing)}"


def numbers(week: Week) -> dict[int, str]:
    """Return the tickets' numbers by their ids."""
    return {0: "", **{row["id"]: row["number"] for row in week.ask("SELECT id, number FROM ticket")}}


# -- tables


def tickets(week: Week) -> None:
    """Compare tickets with all that they have."""
    sql = """SELECT t.*, a.address AS contact, c.number AS claimed, m.number AS into_number,
             coalesce(o.name, '') AS company, s.state AS session_state
             FROM ticket t JOIN contact_address a ON a.contact_id = t.contact_id AND a.address NOT LIKE '%+%'
             JOIN session s ON s.id = t.session_id LEFT JOIN company o ON o.id = t.company_id
             LEFT JOIN ticket c ON c.id = t.claims LEFT JOIN ticket m ON m.id = t.merged_into"""
    found = {row["number"]: row for row in week.ask(sql)}
    assert set(found) == {one.number for one in week.book.tickets}
    for one in week.book.tickets:
        row = found[one.number]
        seen = {name: row[name] for name in _ticket(week, one)}
        assert seen == _ticket(week, one), one.number


def _ticket(week: Week, one: Ticket) -> dict[str, Any]:
    mine = [r for r in week.book.reminders if r.ticket is one and r.done_by in {"", "told"}]
    following = min(mine, key=lambda r: r.at, default=None)
    return {
        **one.fields,
        "tags": words(one.tags),
        "categories": words(one.categories),
        "contact": one.contact.address,
        "company": one.contact.company,
        "owner_group": "",
        "workflow": "",
        "claimed": one.claims or None,
        "into_number": one.root.number if one.merged is not None else None,
        "session_state": one.session.state,
        "created_at": one.created,
        "closed_at": one.closed,
        "reacted_at": one.reacted,
        "version": one.version,
        "reaction_due": one.times.reaction,
        "warning_due": one.times.warning,
        "execution_due": one.times.execution,
        "alarm": one.times.alarm,
        "alarm_at": one.times.alarm_at,
        "follow_up_agent": following.agent if following else "",
        "follow_up_at": following.at if following else 0,
    }


def words(values: tuple[str, ...]) -> str:
    """Return a list as its column keeps it."""
    return json.dumps(list(values), separators=(",", ":")) if values else ""


def sessions(week: Week) -> None:
    """Compare sessions and what they have recorded."""
    sql = """SELECT t.number, s.state, s.opened_at, s.last_at, s.closed_at, s.agent FROM session s
             JOIN ticket t ON t.id = s.ticket_id"""
    pairs = [(one, s) for one in week.book.tickets for s in one.sessions]
    expected = Counter((t.number, s.state, s.opened, s.last, s.closed, s.agent) for t, s in pairs)
    same(counted(week.ask(sql)), expected)
    sql = """SELECT t.number, s.opened_at, i.at, i.kind, i.agent, i.queue FROM interaction i
             JOIN session s ON s.id = i.session_id JOIN ticket t ON t.id = i.ticket_id"""
    rows = [{**row, "at": about(row["at"])} for row in week.ask(sql)]
    recorded = [(t.number, s.opened, about(i[0]), *i[1:]) for t, s in pairs for i in s.interactions]
    same(counted(rows), Counter(recorded))


def histories(week: Week) -> None:
    """Compare every entry of every ticket: when, what, who, from what to what, and where it shows."""
    sql = """SELECT t.number, e.at, e.kind, e.author, e.field, e.old, e.new, e.unverified,
             coalesce(p.number, '') AS place FROM entry e JOIN ticket t ON t.id = e.ticket_id
             LEFT JOIN entry_place x ON x.entry_id = e.id LEFT JOIN ticket p ON p.id = x.ticket_id"""
    rows = [{**row, "at": about(row["at"])} for row in week.ask(sql)]
    expected = Counter(
        (one.number, about(e.at), e.kind, e.author, e.what, e.old, e.new, int(e.unverified),
         e.home.number if e.home is not None and e.home is not one else "")
        for one in week.book.tickets
        for e in one.entries
    )  # fmt: skip
    same(counted(rows), expected)
    kinds = Counter(e.kind for one in week.book.tickets for e in one.entries)
    assert {
        row["kind"]: row["n"] for row in week.ask("SELECT kind, count(*) AS n FROM entry GROUP BY kind")
    } == kinds


def people(week: Week) -> None:
    """Compare contacts, their companies and addresses, and who takes part in what."""
    book = week.book
    sql = """SELECT a.address, c.name, c.vip, c.categories, coalesce(o.name, '') AS company FROM contact c
             JOIN contact_address a ON a.contact_id = c.id LEFT JOIN company o ON o.id = c.company_id"""
    expected = Counter(
        (c.address, c.name, int(c.vip), words(c.categories), c.company) for c in book.contacts.values()
    )
    same(counted(week.ask(sql)), expected)
    companies = {one.company for one in book.contacts.values()} - {""}
    assert {row["name"] for row in week.ask("SELECT name FROM company")} == companies
    sql = "SELECT t.number, p.folded, p.role, p.confirmed FROM participant p JOIN ticket t ON t.id = p.ticket_id"
    taking = [(t.number, who, role, int(ok)) for t in book.tickets for who, (role, ok) in t.part.items()]
    same(counted(week.ask(sql)), Counter(taking))


def ties(week: Week) -> None:
    """Compare links, reminders, what was given to whom, and the counts of queues and statuses."""
    book, named = week.book, numbers(week)
    rows = week.ask("SELECT ticket_id, other_id, kind FROM ticket_link")
    assert {(named[r["ticket_id"]], named[r["other_id"]], r["kind"]) for r in rows} == book.links
    rows = week.ask("SELECT ticket_id, agent, at, note, author, created_at, done_at, done_by FROM follow_up")
    found = Counter((named[r.pop("ticket_id")], *r.values()) for r in rows)
    same(found, Counter((r.ticket.number, r.agent, r.at, r.note, r.author, r.created, r.done, r.done_by) for r in book.reminders))  # fmt: skip
    rows = week.ask("SELECT agent, at, queue, ticket_id FROM assignment ORDER BY id")
    given = [(r["agent"], about(r["at"]), r["queue"], named[r["ticket_id"]]) for r in rows]
    assert given == [(who, about(at), queue, number) for who, at, queue, number in book.assignments]
    expected = Counter((one.fields["queue"], one.fields["status"]) for one in book.tickets)
    rows = week.ask("SELECT queue, status, n FROM ticket_count WHERE n <> 0")
    assert {(row["queue"], row["status"]): row["n"] for row in rows} == expected
    listed = {
        int(row["key"]) for row in week.ask("SELECT key FROM remembered WHERE scope = 'assign support'")
    }
    assert listed == {one.id for one in book.tickets if one.number in book.waiting}


def mails(week: Week) -> None:
    """Compare what came in, what left, and what was kept back and why."""
    book, named = week.book, numbers(week)
    rows = week.ask("SELECT status, mail_class, count(*) AS n FROM delivery GROUP BY status, mail_class")
    found = {(row["status"], row["mail_class"]): row["n"] for row in rows}
    assert found == book.deliveries, f"{found} is not {dict(book.deliveries)}"
    rows = week.ask("SELECT mail_kind, to_address, ticket_id, rule, kind, state FROM outbox")
    assert {(row["kind"], row["state"]) for row in rows} == {("send", "sent")}
    left = Counter((r["mail_kind"], r["to_address"], named[r["ticket_id"]], r["rule"]) for r in rows)
    same(left, book.outbox)
    sql = "SELECT mail_kind, to_address, reason FROM suppression"
    same(counted(week.ask(sql)), book.kept_back)
    rows = week.ask("SELECT folded, bounces FROM failing_address")
    failing = {row["folded"]: row["bounces"] for row in rows}
    assert failing == book.failing, f"{failing} is not {dict(book.failing)}"


TABLES = (tickets, sessions, histories, people, ties, mails)


# -- histories by themselves


def explained(week: Week) -> None:
    """Each ticket's first state with its history, in order, is its row; each entry says who or which rule."""
    named = numbers(week)
    ids = {number: one for one, number in named.items()}
    for one in week.book.tickets:
        row = week.ask("SELECT * FROM ticket WHERE number = ?", one.number)[0]
        state = {name: one.first[name] for name in FIELDS}
        state |= {name: words(one.first[name]) for name in LISTS}  # type: ignore[arg-type]
        state["merged into"] = ""
        for entry in week.ask("SELECT * FROM entry WHERE ticket_id = ? ORDER BY id", row["id"]):
            assert entry["author"] or entry["rule"], f"{one.number}: nobody did {entry}"
            assert entry["kind"] != "change" or entry["field"], entry
            if entry["kind"] == "change" and entry["field"] in state:
                assert entry["old"] == state[entry["field"]], f"{one.number}: {entry}"
                state[entry["field"]] = entry["new"]
        into = state.pop("merged into")
        assert state == {name: row[name] for name in state}, one.number
        assert bool(into) == bool(row["merged_into"])
        # A ticket that the other one was merged into in its turn stands for both.
        if into:
            target = week.ask("SELECT merged_into FROM ticket WHERE id = ?", ids[into])[0]["merged_into"]
            assert row["merged_into"] == (target or ids[into])


def moved(week: Week) -> None:
    """Each session's history leads from unopened to its state, by moves that are in the table."""
    pairs = {
        (before, after) for moves in MOVES.values() for before, after in moves.items() if before != after
    }
    pairs |= {(before, after) for before, after, _, _ in TIMERS}
    for row in week.ask("SELECT id, state FROM session"):
        sql = "SELECT old, new FROM entry WHERE session_id = ? AND field = 'session' ORDER BY id"
        moves = [(one["old"], one["new"]) for one in week.ask(sql, row["id"])]
        if moves and moves[0] == ("", "unopened"):
            moves = moves[1:]
        state = "unopened"
        for old, new in moves:
            assert old == state, f"session {row['id']}: {moves}"
            assert (old, new) in pairs
            state = new
        assert state == row["state"], f"session {row['id']}: {moves}"


def covered(week: Week) -> None:
    """Require that the week had what it was meant to have; otherwise it proves less than it says."""
    book = week.book
    assert week.met == {"unopened", "active", "paused", "resolved", "closed", "reopened", "over"}
    every = [one for ticket in book.tickets for one in ticket.entries]
    kinds = {"incoming", "answer", "comment", "note", "change", "bounce", "automatic"}
    assert kinds - {one.kind for one in every} == set()
    changes = {
        *FIELDS, *LISTS, "session", "alarm", "link", "merged", "merged into", "split into", "split from", "follow-up",
        "participant",
    }  # fmt: skip
    assert changes - {one.what for one in every} == set()
    timers = {f"timer {name}" for _, _, _, name in TIMERS}
    authors = {"workflow escalate", "service times", "assignment", "timer follow-up", *AGENTS, *timers}
    assert authors - {one.author for one in every} == set()
    alarms = {"", "reaction late", "execution due soon", "execution late"}
    assert alarms - {one.new for one in every if one.what == "alarm"} == set()
    assert {
        one[1] for ticket in book.tickets for s in ticket.sessions for one in s.interactions
    } == INTERACTIONS
    assert any(len(one.sessions) > 1 for one in book.tickets)
    assert any(one.unverified for one in every)
    assert any(one.claims for one in book.tickets)
    assert {kind for _, _, kind in book.links} >= {
        "split-from",
        "split-into",
        "duplicate",
        "original",
        "related",
    }
    days = Counter((who, at // DAY) for who, at, queue, _ in book.assignments if queue == "support")
    assert max(days.values()) == LIMIT
    assert {queue for _, _, queue, _ in book.assignments} == set(QUEUES)
    assert set(book.kept_back) >= {("answer", "", "null-sender")}
    assert {reason for _, _, reason in book.kept_back} == {"null-sender", "not-a-person", "answered-before"}
    assert any(_over_the_holiday(one) for one in book.tickets)


def _over_the_holiday(ticket: Ticket) -> bool:
    """Whether a ticket was opened before the holiday and had to be done after it."""
    return (
        ticket.created < HOLIDAY
        and ticket.times.execution > HOLIDAY + DAY
        and ticket.fields["queue"] == "support"
    )
