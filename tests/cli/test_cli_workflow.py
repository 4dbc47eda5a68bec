"""`mailgate workflow`: written as text, shown as it was written, tried out, run, switched off (N4)."""

import clidesk
import pytest
from test_cli_priority import ticket

LATE = """\
[[workflow]]
name = "late"
event = "alarm"
description = "Somebody must hear of it"
when = ["new is execution late", "priority is high, urgent or contact.vip is yes"]

[[workflow.action]]
do = "set"
field = "status"
value = "pending"

[[workflow.action]]
do = "note"
text = "Too late."
"""


@pytest.fixture
def desk():
    """Set up an installation with one queue and one script."""
    with clidesk.desk() as one:
        yield one


def added(desk, text: str = LATE):
    file = desk.folder / "flow.toml"
    file.write_text(text)
    return desk.good("workflow", "add", str(file))


def test_a_workflow_is_shown_as_it_was_written(desk):
    """Added, shown, listed, exported, applied: always the same text; adding it again changes nothing."""
    assert added(desk) == "add workflow late\n"
    assert added(desk) == "nothing to change\n"
    assert desk.good("workflow", "show", "late") == LATE
    (row,) = desk.json("workflow", "list")
    assert (row["event"], row["conditions"], row["actions"], row["enabled"]) == ("alarm", 2, 2, True)
    assert desk.json("workflow", "show", "late")["action"][1] == {"do": "note", "text": "Too late."}
    out = desk.folder / "out"
    desk.good("export", str(out))
    assert LATE in (out / "business.toml").read_text()
    desk.good("apply", str(out))
    assert desk.good("apply", str(out)) == "0 changes\n"


def test_mistakes_are_named_with_their_lines(desk):
    """All at once, with what was meant perhaps; nothing is stored."""
    file = desk.folder / "flow.toml"
    file.write_text(LATE.replace("alarm", "alarms").replace("contact.vip", "contact.vpi"))
    said = desk.bad("workflow", "add", str(file), code=78)
    assert "flow.toml:3: workflow[1].event: 'alarms' is no event, did you mean 'alarm'?" in said
    assert (
        "flow.toml:5: workflow[1].when[2]: there is no field 'contact.vpi', did you mean 'contact.vip'?"
        in said
    )
    file.write_text(LATE.replace('"pending"', '"pneding"'))
    said = desk.bad("workflow", "add", str(file), code=78)
    assert (
        "flow.toml:10: workflow[1].action[1].value: there is no status 'pneding', did you mean 'pending'?"
        in said
    )
    file.write_text(LATE + '\n[[queue]]\nname = "x"\n')
    assert "holds queue too" in desk.bad("workflow", "add", str(file))
    assert desk.names("workflow") == []


def test_trying_out_shows_every_condition_with_what_is_there(desk):
    """Which line holds, what the field has now, what it would do; nothing is changed."""
    added(desk)
    number = ticket(desk, priority="high")
    said = desk.good("workflow", "test", "late", "--ticket", number, "--new", "execution late")
    assert said.splitlines() == [
        "yes  new is execution late   (new is execution late)",
        "yes  priority is high, urgent or contact.vip is yes   (priority is high; contact.vip is no)",
        "it would do:",
        "  set status to pending",
        "  note: Too late.",
    ]
    assert "it would do nothing" in desk.good("workflow", "test", "late", "--ticket", number)
    assert desk.json("workflow", "test", "late", "--ticket", number)["holds"] is False
    assert desk.json("ticket", "show", number)["status"] == "open"
    assert "there is no ticket 'T-99'" in desk.bad("workflow", "test", "late", "--ticket", "T-99")


def test_running_by_hand_asks_the_conditions_too(desk):
    """The history names the workflow; one that is disabled does not run."""
    added(desk, LATE.replace('when = ["new is execution late", "priority', 'when = ["priority'))
    low, high = ticket(desk), ticket(desk, priority="high")
    assert "its conditions do not hold" in desk.good("workflow", "run", "late", "--ticket", low)
    assert desk.good("workflow", "run", "late", "--ticket", high) == f"{high}: done\n"
    entries = desk.json("ticket", "show", high)["entries"]
    assert [e["author"] for e in entries if e["field"] == "status"] == ["workflow late"]
    assert any(e["text"].startswith("on started:") for e in entries)
    desk.good("workflow", "disable", "late")
    assert "is disabled" in desk.bad("workflow", "run", "late", "--ticket", high)
    desk.good("workflow", "enable", "late")
    assert "did you mean 'late'?" in desk.bad("workflow", "run", "lat", "--ticket", high)


def test_a_workflow_that_a_rule_names_stays(desk):
    """A script's `ticket :workflow` keeps it."""
    added(desk)
    source = 'require "vnd.mailgate.ticket";\nticket :workflow "late";\n'
    desk.good("rules", "put", "other", "-", data=source)
    assert "is used by script other:2" in desk.bad("workflow", "remove", "late")
    desk.good("rules", "remove", "other")
    assert desk.good("workflow", "remove", "late") == "remove workflow late\n"


def test_several_in_one_file_keep_their_order(desk):
    """Behind those that are there."""
    added(desk)
    added(desk, "\n".join(LATE.replace('"late"', f'"{name}"') for name in ("zebra", "ape")))
    assert desk.names("workflow") == ["late", "zebra", "ape"]
