"""`mailgate rules`."""

import contextlib
import json
import sqlite3

import clidesk
import pytest

MAIL = b"From: anna@customer.example\nTo: support@example.org\nSubject: help\n\nPlease.\n"
TO = ("--to", "support@example.org", "--from", "anna@customer.example")
WRONG = 'require "vnd.mailgate.ticket";\nticket :queue "suport";\nfoo;\n'


@pytest.fixture
def desk():
    """Set up an installation with one address, one queue, one script and one template, all from files."""
    with clidesk.desk() as one:
        yield one


def test_put_and_show_keep_the_script_octet_for_octet(desk):
    """Comments, line ends, letters beyond ASCII."""
    source = "# rule:[Größe]\r\nkeep;\r\n"
    file = desk.folder / "one.sieve"
    file.write_bytes(source.encode())
    assert desk.good("rules", "put", "one", str(file)) == "add script one\n"
    assert desk.run("rules", "show", "one").stdout_bytes == source.encode()


def test_putting_the_same_again_changes_nothing(desk):
    """The second time is no error."""
    desk.good("rules", "put", "one", "-", data="keep;")
    assert desk.good("rules", "put", "one", "-", data="keep;") == "nothing to change\n"


def test_what_does_not_compile_is_not_stored(desk):
    """Every mistake with its line, unknown queues with a suggestion."""
    said = desk.bad("rules", "put", "one", "-", data=WRONG)
    assert "one:2: there is no queue 'suport' (did you mean 'support'?)" in said
    assert "one:3: unknown command 'foo'" in said
    assert desk.names("rules") == ["support"]


def test_what_the_settings_forbid_does_not_compile_anywhere():
    """`[rules] extensions` hold for put, check and apply alike, as they do for the running gateway."""
    forbid = {"rules": {"extensions": {"sieve_editheader_max_header_size": "1k"}}}
    script = f'require "editheader";\naddheader "X-Seen" "{"yes" * 500}";\n'
    with clidesk.desk(settings=forbid) as desk:
        assert "one:2: " in desk.bad("rules", "put", "one", "-", data=script)
        file = desk.business / "one.sieve"
        file.write_text(script)
        assert desk.run("rules", "check", str(file)).exit_code == 1
        assert f"{file}:2: " in desk.bad("apply", str(desk.business), code=78)
    with clidesk.desk() as desk:
        assert desk.good("rules", "put", "one", "-", data=script) == "add script one\n"


def test_a_single_file_is_applied(desk):
    """A TOML file stands alone, without a folder of scripts."""
    file = desk.folder / "one.toml"
    file.write_text('[[queue]]\nname = "orders"\n')
    assert "add queue orders" in desk.good("apply", str(file))
    assert "0 changes" in desk.good("apply", str(file))


def test_put_dry_run(desk):
    """Shown, not stored."""
    assert "nothing was changed" in desk.good("rules", "put", "one", "-", "--dry-run", data="keep;")
    assert desk.names("rules") == ["support"]


def test_a_files_script_is_changed_only_by_taking_it_over(desk):
    """Refused with the file's name; with --take-over done."""
    assert f"comes from {desk.business}" in desk.bad("rules", "put", "support", "-", data="keep;")
    desk.good("rules", "put", "support", "-", "--take-over", data="keep;")
    assert desk.good("rules", "show", "support") == "keep;"


def test_a_script_in_use_is_not_removed(desk):
    """The refusal names the address; an unused one goes, and once more is nothing to do."""
    assert "is used by address support@example.org" in desk.bad("rules", "remove", "support", "--take-over")
    desk.good("rules", "put", "one", "-", data="keep;")
    assert desk.good("rules", "remove", "one") == "remove script one\n"
    assert desk.good("rules", "remove", "one") == "nothing to change\n"


def test_list(desk):
    """Lines, who uses it, what is wrong with it, where it comes from."""
    assert desk.json("rules", "list") == [
        {
            "name": "support",
            "lines": 3,
            "used_by": ["address support@example.org"],
            "error": "",
            "file": str(desk.business),
        }
    ]


def test_check_of_what_is_stored(desk):
    """All of it, or some by name; an unknown name gets a suggestion."""
    assert desk.good("rules", "check") == "1 script checked, no mistakes\n"
    assert desk.good("rules", "check", "support") == "1 script checked, no mistakes\n"
    assert "did you mean 'support'?" in desk.bad("rules", "check", "suport")


def test_check_of_a_file_for_people(desk):
    """The line of source with carets below the place, and how many are wrong."""
    done = desk.run("rules", "check", "-", data=WRONG)
    assert done.exit_code == 1
    assert '    ticket :queue "suport";\n                  ^^^^^^^^\n' in done.stdout
    assert done.stderr == "Error: 1 of 1 scripts do not compile\n"


def test_check_for_editors(desk):
    """file:line:column: severity: message."""
    file = desk.folder / "one.sieve"
    file.write_text(WRONG)
    done = desk.run("rules", "check", "--format", "gcc", str(file))
    assert done.stdout.splitlines() == [
        f"{file}:2:15: error: there is no queue 'suport' (did you mean 'support'?)",
        f"{file}:3:1: error: unknown command 'foo'",
    ]


def test_check_for_programs(desk):
    """JSON with place and message."""
    done = desk.run("rules", "check", "--format", "json", "-", data=WRONG)
    assert [(one["line"], one["column"], one["severity"]) for one in json.loads(done.stdout)] == [
        (2, 15, "error"),
        (3, 1, "error"),
    ]


def test_run_shows_what_would_become_of_a_mail(desk):
    """The rule, the action and every effect; afterwards the database is as before."""
    said = desk.good("rules", "run", "-", *TO, data=MAIL)
    assert "rule    support:2\nbecame  ticket ticket=T-1\n" in said
    assert "  open ticket T-1 'help' in queue support\n" in said
    assert "  send anna@customer.example 'Got help', if the gate lets it through\n" in said
    assert desk.json("ticket", "list") == []


def test_run_as_json(desk):
    """Rule, action, class and effects as data; no trace unless asked for."""
    said = desk.json("rules", "run", "-", *TO, data=MAIL)
    assert (said["rule"], said["action"], said["class"]) == ("support:2", "ticket", "person")
    assert [one["effect"] for one in said["effects"]] == ["OpenContact", "OpenTicket", "AddEntry", "Send"]
    assert "trace" not in said


def test_trace_shows_every_test_with_its_values(desk):
    """What was looked at, with what it was compared, and the outcome."""
    script = 'if header :contains "subject" ["spam", "win"] { discard; }\n'
    (desk.folder / "s.sieve").write_text(script)
    said = desk.good("rules", "trace", "-", *TO, "--script", str(desk.folder / "s.sieve"), data=MAIL)
    assert "1: header" in said
    assert "'help'" in said
    assert "-> false" in said
    assert "  store it in INBOX of store\n" in said


def test_trace_as_json_has_the_steps(desk):
    """The trace is part of the data."""
    assert desk.json("rules", "trace", "-", *TO, data=MAIL)["trace"]["steps"]


def test_a_script_on_trial_needs_no_address(desk):
    """A file instead of the stored script also decides for an address that nothing serves yet."""
    (desk.folder / "s.sieve").write_text("discard;")
    said = desk.good(
        "rules", "run", "-", "--to", "new@example.com", "--script", str(desk.folder / "s.sieve"), data=MAIL
    )
    assert "  discard it" in said


def test_an_address_that_nothing_serves(desk):
    """Without a script on trial there is nothing to run."""
    assert "no address and no pattern" in desk.bad("rules", "run", "-", "--to", "new@example.com", data=MAIL)


def test_the_clock_of_a_run_can_be_set(desk):
    """Scripts and templates see that time."""
    (desk.folder / "s.sieve").write_text(
        'require ["vnd.mailgate.reply", "variables"];\nreply "it is ${now.date}";\n'
    )
    said = desk.json(
        "rules",
        "run",
        "-",
        *TO,
        "--script",
        str(desk.folder / "s.sieve"),
        "--at",
        "2030-02-03T04:05:06Z",
        data=MAIL,
    )
    assert said["effects"][0]["draft"]["text"] == "it is 2030-02-03"


@pytest.mark.parametrize("mail", [b"", b"\x00\xff" * 100, b"no header at all"])
def test_a_mail_that_is_none_is_decided_too(desk, mail):
    """As at the door: broken mail is never a crash."""
    assert "became  " in desk.good("rules", "run", "-", *TO, data=mail)


def test_files_that_are_not_there(desk):
    """One sentence each."""
    assert "No such file" in desk.bad("rules", "run", str(desk.folder / "no"), *TO)
    assert "No such file" in desk.bad("rules", "put", "one", str(desk.folder / "no"))
    assert "No such file" in desk.bad("rules", "check", str(desk.folder / "no"))


def test_a_removed_queue_shows_in_the_listing(desk):
    """A script that stopped compiling says so, with its line; commands and `apply` would not let it come to that."""
    (desk.folder / "b").mkdir()
    (desk.folder / "b" / "b.toml").write_text('[[queue]]\nname = "late"\n')
    desk.good("apply", str(desk.folder / "b"))
    desk.good("rules", "put", "late", "-", data='require "vnd.mailgate.ticket"; ticket :queue "late";')
    (desk.folder / "b" / "b.toml").write_text("")
    said = desk.bad("apply", str(desk.folder / "b"), code=78)
    assert "queue late: is gone, but script late:1 names it" in said
    database = desk.folder / "state" / "mailgate.sqlite"
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("DELETE FROM queue WHERE name = 'late'")
    (row,) = [one for one in desk.json("rules", "list") if one["name"] == "late"]
    assert row["error"].startswith("late:1: there is no queue 'late'")
