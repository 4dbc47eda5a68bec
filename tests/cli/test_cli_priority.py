"""`mailgate priority` and `mailgate ticketstatus`: words that tickets have, and what stands in the way."""

import clidesk
import pytest
from clidesk import Desk

MAIL = b"From: Ann <ann@example.net>\r\nTo: support@example.org\r\nSubject: help\r\nMessage-ID: <%d@x>\r\n\r\nhello\r\n"


@pytest.fixture
def desk():
    """Set up an installation with one queue and one script."""
    with clidesk.desk() as one:
        yield one


def ticket(desk: Desk, contact_id: int = 0, **fields: str) -> str:
    """Open a ticket by hand, as other commands find it, with these fields set; return its number."""
    from mailgate.cli._desk import changing
    from mailgate.cli._options import Call
    from mailgate.domain.effects import OpenTicket

    made = []

    def plan(reader, _now):
        number = reader.allocate("ticket")
        made.append(f"T-{number}")
        opened = OpenTicket(
            number, made[0], reader.allocate("session"), "support", "help", contact_id, **fields
        )
        return (opened,)

    with changing(Call(desk.config)) as house:
        house.perform(plan)
    return made[0]


def test_the_defaults_are_shown_and_the_first_change_keeps_them(desk):
    """Adding one word does not take the others away; times are shown and kept."""
    assert desk.names("priority") == ["low", "normal", "high", "urgent"]
    desk.good("priority", "add", "critical", "--reaction", "30m", "--execution", "4h", "--warning", "1h")
    assert desk.names("priority") == ["low", "normal", "high", "urgent", "critical"]
    assert desk.good("priority", "add", "critical", "--reaction", "30m", "--execution", "4h", "--warning", "1h") == "nothing to change\n"  # fmt: skip
    desk.good("priority", "set", "high", "--reaction", "4h")
    desk.good("priority", "set", "critical", "--warning", "")
    rows = {row["name"]: row for row in desk.json("priority", "list")}
    assert rows["high"]["reaction"] == "4h"
    assert (rows["critical"]["warning"], rows["critical"]["execution"]) == ("", "4h")


def test_what_is_wrong_with_a_priority_is_said(desk):
    """Names, times, warnings of nothing; nothing is stored."""
    assert "must be a single word" in desk.bad("priority", "add", "very high")
    assert "reaction: '4 hours' is no time" in desk.bad("priority", "set", "high", "--reaction", "4 hours")
    assert "warns of nothing" in desk.bad("priority", "set", "high", "--warning", "4h")
    long = desk.bad("priority", "set", "high", "--warning", "4h", "--execution", "2h")
    assert "longer than the whole execution" in long
    assert "did you mean 'high'?" in desk.bad("priority", "set", "hgih", "--reaction", "1h")
    assert "is there already" in desk.bad("priority", "add", "high", "--reaction", "1h")
    assert {row["file"] for row in desk.json("priority", "list")} == {""}


def test_a_status_in_use_is_neither_removed_nor_given_another_meaning(desk):
    """The refusal says how many tickets; with another status for them it is done, and their history says so."""
    number = ticket(desk, status="pending")
    said = desk.bad("ticketstatus", "remove", "pending")
    assert "1 tickets have the status 'pending'; say --replace-with" in said
    assert "1 tickets have" in desk.bad("ticketstatus", "set", "pending", "--kind", "open")
    assert "did you mean 'solved'?" in desk.bad(
        "ticketstatus", "remove", "pending", "--replace-with", "slved"
    )
    assert "names the status 'pending' itself" in desk.bad("ticketstatus", "remove", "pending", "--replace-with", "pending")  # fmt: skip
    assert "1 tickets would get" in desk.good("ticketstatus", "remove", "pending", "--replace-with", "open", "--dry-run")  # fmt: skip
    assert "pending" in desk.names("ticketstatus")
    desk.good("ticketstatus", "remove", "pending", "--replace-with", "open")
    assert desk.names("ticketstatus") == ["open", "solved", "closed"]
    shown = desk.json("ticket", "show", number)
    assert shown["status"] == "open"
    assert {row["name"]: row["tickets"] for row in desk.json("ticketstatus", "list")}["open"] == 1


def test_a_priority_in_use_goes_with_another_one_only(desk):
    """Counted in the tickets themselves."""
    number = ticket(desk, priority="urgent")
    assert "1 tickets have the priority 'urgent'" in desk.bad("priority", "remove", "urgent")
    desk.good("priority", "remove", "urgent", "--replace-with", "high")
    assert desk.json("ticket", "show", number)["priority"] == "high"
    assert desk.names("priority") == ["low", "normal", "high"]


def test_the_kind_of_an_unused_status_can_be_changed(desk):
    """And a new one has the kind that is said."""
    desk.good("ticketstatus", "add", "parts_ordered", "--kind", "waiting")
    desk.good("ticketstatus", "set", "pending", "--kind", "open")
    kinds = {row["name"]: row["kind"] for row in desk.json("ticketstatus", "list")}
    assert (kinds["parts_ordered"], kinds["pending"], kinds["solved"]) == ("waiting", "open", "closed")
    assert "is there already" in desk.bad("ticketstatus", "add", "solved", "--kind", "open")


def test_what_a_file_says_is_changed_there(desk):
    """Unless it is taken over; the last word of all stays."""
    (desk.business / "words.toml").write_text('[[priority]]\nname = "only"\nreaction = "1h"\n')
    desk.good("apply", str(desk.business))
    assert "comes from" in desk.bad("priority", "set", "only", "--reaction", "2h")
    desk.good("priority", "set", "only", "--reaction", "2h", "--take-over")
    assert "is the only priority" in desk.bad("priority", "remove", "only")


def test_a_word_that_a_workflow_names_stays(desk):
    """The refusal names the workflow."""
    file = desk.folder / "w.toml"
    file.write_text(
        '[[workflow]]\nname = "w"\nevent = "created"\n'
        '[[workflow.action]]\ndo = "set"\nfield = "priority"\nvalue = "urgent"\n'
    )
    desk.good("workflow", "add", str(file))
    assert "is used by workflow w" in desk.bad("priority", "remove", "urgent")


def test_regions_are_checked_where_they_are_written(desk):
    """In a file with its line, and the queue is open but on its holidays."""
    (desk.business / "more.toml").write_text('[[queue]]\nname = "orders"\nregion = "DE-BAY"\n')
    said = desk.bad("apply", str(desk.business), code=78)
    assert "more.toml:3: queue[2].region: there is no region 'DE-BAY', did you mean 'DE-BY'?" in said
