"""`mailgate agent`, and the business hours of `mailgate ticketqueue`."""

import clidesk
import pytest


@pytest.fixture
def desk():
    """Set up an installation with one queue and one script."""
    with clidesk.desk() as one:
        yield one


def test_agents_come_and_go(desk):
    """Added, changed, shown, removed; what is not said stays."""
    added = desk.good("agent", "add", "anna", "--address", "anna@example.org", "--queue", "support")
    assert added == "add agent anna\n"
    desk.good("agent", "set", "anna", "--disabled")
    (row,) = desk.json("agent", "list")
    assert (row["address"], row["queues"], row["enabled"]) == ("anna@example.org", ["support"], False)
    assert desk.good("agent", "remove", "anna") == "remove agent anna\n"
    assert desk.names("agent") == []


def test_what_is_wrong_with_an_agent_is_said(desk):
    """No address, no such queue; nothing is stored."""
    said = desk.bad("agent", "add", "anna", "--address", "anna", "--queue", "suport")
    assert "'anna' is no mail address" in said or "anna" in said
    assert "there is no queue 'suport', did you mean 'support'?" in said
    assert desk.names("agent") == []


def test_an_agent_that_a_script_names_stays(desk):
    """The refusal says where."""
    desk.good("agent", "add", "anna", "--address", "anna@example.org")
    desk.good("agent", "add", "bert", "--address", "bert@example.org")
    source = 'require "vnd.mailgate.workflow";\nnotify_agent "anna";\n'
    desk.good("rules", "put", "one", "-", data=source)
    assert "is used by script one:2" in desk.bad("agent", "remove", "anna")


def test_agents_and_hours_are_text_as_well(desk):
    """Applied from a file, exported, and the same again when applied once more."""
    more = """
[[queue]]
name = "orders"
hours = "Mon-Fri 09:00-17:00"
timezone = "Europe/Berlin"
holidays = ["12-25"]

[[agent]]
name = "anna"
address = "anna@example.org"
queues = ["orders"]
"""
    (desk.business / "more.toml").write_text(more)
    assert "add agent anna" in desk.good("apply", str(desk.business))
    out = desk.folder / "out"
    desk.good("export", str(out))
    text = (out / "business.toml").read_text()
    assert 'hours = "Mon-Fri 09:00-17:00"' in text
    assert 'queues = ["orders"]' in text
    assert desk.good("apply", str(desk.business)) == "0 changes\n"


def test_wrong_texts_are_all_named(desk):
    """Hours, time zone, holidays, queues of agents; nothing is changed."""
    more = """
[[queue]]
name = "orders"
hours = "nine to five"
timezone = "Mars/Olympus"
holidays = ["christmas"]

[[agent]]
name = "anna"
queues = ["ordres"]
"""
    (desk.business / "more.toml").write_text(more)
    said = desk.bad("apply", str(desk.business), code=78)
    for piece in ("queue[2].hours", "queue[2].timezone", "queue[2].holidays"):
        assert piece in said, said


def test_hours_are_set_by_command(desk):
    """Shown with the queue; nonsense is refused."""
    desk.good("ticketqueue", "set", "support", "--take-over", "--hours", "Mon-Fri 09:00-17:00", "--timezone", "Europe/Berlin")  # fmt: skip
    shown = desk.json("ticketqueue", "show", "support")
    assert (shown["hours"], shown["timezone"]) == ("Mon-Fri 09:00-17:00", "Europe/Berlin")
    assert "hours: " in desk.bad("ticketqueue", "set", "support", "--hours", "whenever")
