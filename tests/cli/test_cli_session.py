"""`mailgate session`: listings with pages, moves by people, timers looked at and run."""

import clidesk
import gatewayrun
import pytest
from climails import ANNA, BUSINESS, SUPPORT, mail, send

AGENTS = """
[[agent]]
name = "sue"
queues = ["support"]
[[agent]]
name = "joe"
queues = ["sales"]
"""


@pytest.fixture(scope="module")
def desk():
    """Run a gateway with three tickets of Anna's; the third is Joe's, in sales."""
    with gatewayrun.gateway({}, {**BUSINESS, "agents.toml": AGENTS}) as gateway:
        for number, subject in enumerate(("My printer", "My screen", "a sale"), 1):
            send(gateway, mail(subject, msgid=f"<{number}@customer.example>"), SUPPORT)
        yield gateway


def refused(gateway, *arguments: str, code: int = 1) -> str:
    """Run a command that fails with this code; return what it said."""
    done = gateway.command(*arguments, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr


def test_sessions_are_listed_in_pages(desk):
    """The newest first; a page that is not all says how to go on."""
    assert [one["number"] for one in desk.json("session", "list")] == ["T-3", "T-2", "T-1"]
    page = desk.command("session", "list", "--limit", "2")
    assert "`--before 2` goes on" in page.stderr
    assert [line.split()[:3] for line in page.stdout.splitlines()[1:]] == [
        ["3", "T-3", "unopened"],
        ["2", "T-2", "unopened"],
    ]
    assert [one["id"] for one in desk.json("session", "list", "--before", "2")] == [1]
    assert [one["id"] for one in desk.json("session", "list", "--ticket", "t-2")] == [2]
    assert [one["id"] for one in desk.json("session", "list", "--agent", "joe")] == [3]
    assert desk.command("session", "list", "--state", "closed").stdout == "no session\n"


def test_a_session_is_moved_by_an_agent(desk):
    """By its id or its ticket's number; the history has who and why, and again is nothing to change."""
    assert desk.command("session", "open", "T-1", "--as", "sue").stdout == "session 1: unopened -> active\n"
    assert desk.command("session", "open", "1", "--as", "sue").stdout == "nothing to change\n"
    desk.command("session", "pause", "1", "--as", "sue", "--reason", "waits for a part")
    found = desk.json("session", "show", "T-1")
    assert (found["state"], found["reason"]) == ("paused", "waits for a part")
    entries = [e for e in desk.json("ticket", "show", "T-1")["entries"] if e["field"] == "session"]
    assert [(e["author"], e["old"], e["new"]) for e in entries] == [
        ("sue", "unopened", "active"),
        ("sue", "active", "paused"),
    ]
    shown = desk.command("session", "show", "1").stdout
    assert shown.startswith("session 1 of T-1: paused\n")
    assert "paused by sue (queue support): waits for a part" in shown


def test_what_cannot_be_is_refused_with_what_can(desk):
    """A closed session cannot be resolved; the error names the state and what is possible."""
    desk.command("session", "close", "T-2")
    said = refused(desk, "session", "resolve", "T-2")
    assert "closed cannot meet 'resolve'; what can happen to it: incoming, outgoing" in said
    assert "there is no session 'T-9'" in refused(desk, "session", "close", "T-9")
    assert "there is no session '99'" in refused(desk, "session", "show", "99")
    assert "did you mean 'sue'?" in refused(desk, "session", "open", "T-1", "--as", "sui")


def test_rights_hold_for_sessions(desk):
    """W2: an agent moves sessions of its queues only."""
    assert "joe may not answer, comment or change a ticket" in refused(
        desk, "session", "close", "T-1", "--as", "joe"
    )


def test_two_who_move_the_same_session(desk):
    """`--if-state`: whoever saw another state is told so with exit 75, and nothing is changed."""
    said = refused(desk, "session", "close", "T-3", "--if-state", "active", code=75)
    assert "session T-3 is unopened, not active: nothing was changed" in said
    assert desk.json("session", "show", "T-3")["state"] == "unopened"


def test_the_timers_are_shown():
    """Switch, days and how many are due, also where one is off."""
    with clidesk.desk() as desk:
        desk.good("helpdesk", "set", "resolved_to_closed", "off")
        desk.good("helpdesk", "set", "paused_to_closed_days", "7")
        rows = {one["state"]: one for one in desk.json("session", "timers")}
        assert rows["paused"] == {
            "state": "paused", "after": "closed", "switch": "paused_to_closed", "on": True, "days": 7, "due": 0,
        }  # fmt: skip
        assert rows["resolved"]["on"] is False
        assert desk.good("session", "timers").splitlines()[2].split() == [
            "resolved", "closed", "resolved_to_closed", "no", "30", "0",
        ]  # fmt: skip
        assert desk.good("session", "timers", "--due") == "no session is due\n"
        assert desk.good("session", "run-timers") == "no session was due\n"


def test_anna_is_who_wrote(desk):
    """A listing shows nothing that the ticket does not: its subject, its queue."""
    (one,) = desk.json("session", "list", "--ticket", "T-3")
    assert (one["queue"], one["subject"], one["agent"]) == ("sales", "a sale", "joe")
    assert ANNA not in str(one)


def test_an_agent_sees_the_sessions_of_its_tickets(desk):
    """`--as`: those of its queues and its own in the list, and no other one by name (W2)."""
    assert {one["queue"] for one in desk.json("session", "list", "--as", "sue")} == {"support"}
    assert [one["number"] for one in desk.json("session", "list", "--as", "joe")] == ["T-3"]
    assert desk.json("session", "show", "T-3", "--as", "joe")["number"] == "T-3"
    assert "agent sue may not see a ticket" in refused(desk, "session", "show", "T-3", "--as", "sue")
    assert "did you mean 'sue'?" in refused(desk, "session", "list", "--as", "suee")
