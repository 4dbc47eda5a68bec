"""`mailgate ticket` where it changes something: texts from anywhere, JSON, versions, rights, what is refused."""

import pytest
from climails import ANNA, BUSINESS, SUPPORT, ask, mail, send
from gatewayrun import gateway as run_gateway
from peers import wait_until

PEOPLE = """
[[agent]]
name = "joe"
address = "joe@staff.example"
queues = ["sales"]
[[agent]]
name = "kim"
queues = ["support"]
role = "supervisor"
"""


@pytest.fixture(scope="module")
def desk():
    """Run a gateway with a ticket of Anna's in support and one in sales."""
    business = {**BUSINESS, "business.toml": BUSINESS["business.toml"] + PEOPLE}
    with run_gateway({}, business) as gateway:
        send(gateway, mail("My printer"), SUPPORT)
        send(gateway, mail("a sale", msgid="<2@customer.example>"), SUPPORT)
        yield gateway


def refused(desk, *arguments, code=1, data=b""):
    """Run a command that fails with this code; return what it says."""
    done = desk.command("ticket", *arguments, check=False, data=data)
    assert (done.returncode, done.stdout) == (code, "")
    return done.stderr


def test_a_text_comes_from_argument_file_or_standard_input(desk, tmp_path):
    """And from one of them only."""
    file = tmp_path / "text"
    file.write_text("from a file")
    desk.command("ticket", "comment", "T-1", "as an argument")
    desk.command("ticket", "comment", "T-1", "--file", str(file))
    desk.command("ticket", "comment", "T-1", data=b"from standard input")
    entries = desk.json("ticket", "show", "T-1")["entries"]
    assert [one["text"] for one in entries if one["kind"] == "comment"] == [
        "as an argument",
        "from a file",
        "from standard input",
    ]
    desk.command("ticket", "comment", "T-1", "for the customer", "--send")
    entries = desk.json("ticket", "show", "T-1")["entries"]
    assert [one["text"].strip() for one in entries if one["kind"] == "answer"][-1] == "for the customer"
    assert "not both" in refused(desk, "comment", "T-1", "x", "--file", str(file), code=2)
    assert "there is nothing to say" in refused(desk, "comment", "T-1")


def test_a_change_prints_number_and_version(desk):
    """Or the whole ticket as JSON; where nothing changes it says so and is no mistake."""
    done = desk.command("ticket", "set", "t-2", "--priority", "high")
    version = int(done.stdout.split()[-1])
    assert done.stdout == f"T-2 version {version}\n"
    again = desk.command("ticket", "set", "T-2", "--priority", "high")
    assert (again.stdout, again.stderr) == (f"T-2 version {version}\n", "nothing to change\n")
    found = desk.json("ticket", "set", "2", "--tag", "+a")
    assert (found["version"], found["tags"]) == (version + 1, ["a"])


def test_a_stale_version_exits_with_75(desk):
    """Both states on standard error, and what to do."""
    version = desk.json("ticket", "show", "T-2")["version"]
    desk.command("ticket", "set", "T-2", "--priority", "urgent", "--as", "joe")
    text = refused(desk, "set", "T-2", "--priority", "low", "--if-version", str(version), code=75)
    assert f"you saw version {version}, it is at version {version + 1}" in text
    assert "-> urgent (by joe, " in text
    assert "say the version you saw" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("set", "T-1", "--status", "opne"), "there is no status 'opne', did you mean 'open'?"),
        (("assign", "T-1", "kym"), "there is no agent 'kym', did you mean 'kim'?"),
        (("move", "T-1", "sale"), "there is no queue 'sale', did you mean 'sales'?"),
        (("comment", "T-99", "x"), "there is no ticket 'T-99'; `mailgate ticket list` shows the newest"),
        (("link", "T-1", "T-2", "--kind", "dup"), "there is no kind of link 'dup'"),
        (("merge", "T-1", "T-1"), "ticket T-1 can't be merged into itself"),
        (("split", "T-1", "99"), "entries of T-1 can be split off, and 99 is no such"),
        (("followup", "add", "T-1", "soon"), "'soon' is no time; write 3d, 4h or 2026-12-01T09:00"),
        (("followup", "done", "99"), "there is no follow-up 99"),
        (("participant", "add", "T-1", ANNA), f"{ANNA} is the contact of T-1"),
        (("participant", "confirm", "T-1", "x@y.example"), "x@y.example takes no part in T-1"),
        (("reopen", "T-1"), "ticket T-1 is open; only a closed one"),
        (("reply", "T-2", "x"), "queue 'sales' has no address to answer from"),
        (("comment", "T-1", "x", "--as", "jo"), "there is no agent 'jo', did you mean 'joe'?"),
        (("comment", "T-1", "x", "--as", "joe"), "agent joe may not answer, comment or change a ticket"),
        (("show", "T-1", "--as", "joe"), "agent joe may not see a ticket"),
        (("history", "T-1", "--as", "joe"), "agent joe may not see a ticket"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(desk, arguments, message):
    """Exit 1, and what was meant where it is known."""
    assert message in refused(desk, *arguments)


def test_set_wants_something_to_set(desk):
    """Wrong usage is exit 2."""
    assert "say what to set" in refused(desk, "set", "T-1", code=2)


def test_reminders_are_listed_by_time_and_agent(desk):
    """The next one first; `--due` shows those whose time has come."""
    desk.command("ticket", "followup", "add", "T-1", "2d", "later", "--for", "kim")
    desk.command("ticket", "followup", "add", "T-1", "2099-01-01T09:00", "much later", "--for", "kim")
    desk.command("ticket", "followup", "add", "T-1", "1d", "soon", "--for", "joe")
    rows = desk.json("ticket", "followup", "list")
    assert [(one["agent"], one["note"], one["number"]) for one in rows] == [
        ("joe", "soon", "T-1"),
        ("kim", "later", "T-1"),
        ("kim", "much later", "T-1"),
    ]
    assert len(desk.json("ticket", "followup", "list", "--for", "kim")) == 2
    assert desk.command("ticket", "followup", "list", "--due").stdout == "no reminder\n"
    shown = desk.command("ticket", "show", "T-1").stdout
    assert f"follow-up {rows[0]['id']}: " in shown


def test_history_is_a_table_and_json(desk):
    """When, who, what, from what, to what, by which rule."""
    desk.command("ticket", "set", "T-1", "--tag", "+x", "--tag", "+y")
    lines = desk.command("ticket", "history", "T-1").stdout.splitlines()
    assert lines[0].split() == ["WHEN", "WHO", "WHAT", "FROM", "TO", "RULE"]
    assert any(line.split()[-2:] == ["x,", "y"] for line in lines)
    first = desk.json("ticket", "history", "T-1")[0]
    assert (first["what"], first["by"], first["rule"]) == ("incoming", ANNA, "support:4")


def test_an_answer_wakes_the_running_gateway(desk):
    """It is tried at once: the relay of this gateway does not answer, and so it waits for its next try."""
    desk.command("ticket", "new", "new@customer.example", "Your order", "Hello", "--queue", "support")
    tried = "SELECT attempts FROM outbox WHERE mail_kind = 'agent' AND last_reply <> ''"
    wait_until(lambda: ask(desk, tried) == [(1,)], "the answer is tried")


def test_a_list_in_somebodys_name_tells_of_nothing_out_of_its_reach(desk):
    """Neither by the counts, nor by a word, a number, a negation or an "or" of filters (W2)."""
    everything = desk.json("ticket", "list", "--counts")
    assert {one["queue"] for one in everything} >= {"support"}
    assert desk.json("ticket", "list", "--counts", "--as", "joe") == [
        one for one in everything if one["queue"] == "sales"
    ]
    assert desk.json("ticket", "list", "--counts", "--as", "kim") == [
        one for one in everything if one["queue"] == "support"
    ]
    desk.command("search", "run", check=False)
    hidden = {one["number"] for one in desk.json("ticket", "list", "--as", "kim")}
    for query in ("printer", "number:T-1", "status:open", "-queue:sales", "queue:support,sales", ""):
        seen = desk.json("ticket", "list", *query.split(), "--as", "joe")
        assert not {one["number"] for one in seen if one["queue"] != "sales"} & hidden, query


def test_the_history_of_a_merged_ticket_says_where_each_line_was_written(desk):
    """A status that the other ticket got by the merge is not read as this one's."""
    for number in (3, 4):
        send(desk, mail("both", msgid=f"<both{number}@customer.example>"), SUPPORT)
    assert "TICKET" not in desk.command("ticket", "history", "T-3").stdout
    desk.command("ticket", "merge", "T-4", "T-3")
    lines = desk.command("ticket", "history", "T-3").stdout.splitlines()
    assert lines[0].split() == ["WHEN", "TICKET", "WHO", "WHAT", "FROM", "TO", "RULE"]
    rows = desk.json("ticket", "history", "T-3")
    assert {one["ticket"] for one in rows} == {"T-3", "T-4"}
    assert [one["ticket"] for one in rows if one["what"] == "status"] == ["T-4"]
    assert f"incoming by {ANNA}, at T-4" in desk.command("ticket", "show", "T-3").stdout
