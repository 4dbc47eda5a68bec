"""`mailgate automation`: rules without code, saved with their script, and never over what was written by hand."""

import json
import tomllib

import clidesk
import pytest

FORM = """
name = "info"
address = "info@example.org"
description = "Sorts what comes to info."

[[rule]]
name = "Invoices"
stop = true

[[rule.condition]]
field = "subject"
operator = "contains"
value = \"\"\"
invoice
Rechnung
\"\"\"

[[rule.action]]
kind = "move"
folder = "Accounting"

[[rule]]
name = "Everything else"

[[rule.action]]
kind = "ticket"
queue = "support"
"""


@pytest.fixture
def desk():
    """Set up an installation with an address that has no script, two agents and a team."""
    with clidesk.desk() as one:
        one.good("address", "add", "info@example.org", "--queue", "support")
        one.good("agent", "add", "anna", "--address", "anna@example.org", "--queue", "support")
        one.good("agent", "add", "bob", "--address", "bob@example.org", "--queue", "support")
        yield one


def put(desk, text: str = FORM, *options: str) -> str:
    """Store an automation; return what is said."""
    return desk.good("automation", "put", "-", *options, data=text)


def decided(desk, subject: str) -> str:
    """Return what would become of a mail to info."""
    mail = f"From: ann@customer.example\nTo: info@example.org\nSubject: {subject}\n\nHello\n"
    said = desk.good("rules", "run", "-", "--to", "info@example.org", data=mail)
    return next(line for line in said.splitlines() if line.startswith("became"))


def test_what_is_put_takes_effect_at_once(desk):
    """W1: the address has no script of its own, and the automation's rules decide from now on."""
    assert decided(desk, "Your invoice") == "became  keep folder=INBOX"
    assert put(desk) == "add automation info\nadd script info\n"
    assert decided(desk, "Your invoice") == "became  fileinto folder=Accounting"
    assert decided(desk, "Hello").startswith("became  ticket ticket=T-")


def test_putting_the_same_again_changes_nothing(desk):
    """The second time is no error and no line in the audit."""
    put(desk)
    before = desk.versions()
    assert put(desk) == "nothing to change\n"
    assert desk.versions() == before


def test_dry_run_stores_nothing(desk):
    """Shown, not stored."""
    assert "nothing was changed" in put(desk, FORM, "--dry-run")
    assert desk.names("automation") == []


def test_show_is_what_put_reads(desk):
    """Version and complaints are comments; nothing to change when it is put again."""
    put(desk)
    shown = desk.good("automation", "show", "info")
    assert shown.startswith("# version 1\n")
    assert tomllib.loads(shown)["rule"][0]["condition"][0]["value"] == ["invoice", "Rechnung"]
    assert put(desk, shown) == "nothing to change\n"
    plain = desk.json("automation", "show", "info")
    assert (plain["version"], plain["file"], plain["wrong"]) == (1, "", [])
    again = {key: value for key, value in plain.items() if key not in {"version", "file", "wrong"}}
    assert put(desk, json.dumps(again)) == "nothing to change\n"


def test_all_mistakes_are_printed_and_nothing_is_stored(desk):
    """Mistakes of the form, then names that the installation does not have."""
    text = FORM.replace('"contains"', '"contain"').replace('"move"', '"mov"')
    said = desk.bad("automation", "put", "-", data=text)
    assert (
        "-: rule 1, condition 1, operator: subject has no operator 'contain', did you mean 'contains'?"
        in said
    )
    assert "-: rule 1, action 1, kind: 'mov' is no action, did you mean 'move'?" in said
    text = FORM.replace('queue = "support"', 'queue = "suport"').replace("info@", "inf@")
    said = desk.bad("automation", "put", "-", data=text)
    assert "address: there is no address 'inf@example.org', did you mean 'info@example.org'?" in said
    assert "rule 2, action 1, queue: there is no queue 'suport', did you mean 'support'?" in said
    assert desk.names("automation") == []


def test_a_file_that_is_none_is_named(desk):
    """Neither TOML nor JSON, values of another type."""
    assert "-: is neither TOML nor JSON" in desk.bad("automation", "put", "-", data="{")
    assert "-: teams: must be a list of names" in desk.bad("automation", "put", "-", data='teams = "x"')


def test_a_script_changed_by_hand_is_not_written_over(desk):
    """Saving says so; --overwrite gives the change up, from-script --save keeps it."""
    put(desk)
    source = desk.good("rules", "show", "info")
    desk.good("rules", "put", "info", "-", data=source.replace("Accounting", "Money"))
    said = desk.bad("automation", "put", "-", data=FORM.replace("Accounting", "Books"))
    assert "the script 'info' was changed by hand since it was made" in said
    assert "was changed by hand" in desk.json("automation", "list")[0]["wrong"]
    assert 'fileinto "Money"' in desk.good("rules", "show", "info")
    assert desk.good("automation", "from-script", "info", "--save").startswith(
        "change automation info\n  rules:\n"
    )
    assert 'folder = "Money"' in desk.good("automation", "show", "info")
    desk.good("rules", "put", "info", "-", data="keep;")
    put(desk, FORM, "--overwrite")
    assert desk.good("rules", "show", "info") == source


def test_a_script_written_by_hand_is_never_touched(desk):
    """Not its name, not even with --overwrite; and reading it back names the line that no form makes."""
    desk.good("rules", "put", "info", "-", data="# mine\nkeep;\n")
    said = desk.bad("automation", "put", "-", "--overwrite", data=FORM)
    assert "the script 'info' was written by hand: give the automation another name" in said
    said = desk.bad("automation", "from-script", "info")
    assert "info: written by hand: line 2 is nothing that the form makes" in said
    assert desk.good("rules", "show", "info") == "# mine\nkeep;\n"
    assert put(desk, FORM, "--name", "sorting") == "add automation sorting\nadd script sorting\n"


def test_from_script_prints_the_form(desk):
    """As TOML, or JSON."""
    put(desk)
    assert (
        tomllib.loads(desk.good("automation", "from-script", "info"))["rule"][1]["name"] == "Everything else"
    )
    assert desk.json("automation", "from-script", "info")["description"] == "Sorts what comes to info."


def test_an_address_has_one_automation_and_no_other_script(desk):
    """The second one is refused by name, unless it rests; a script of the address's own is, too."""
    put(desk)
    said = desk.bad("automation", "put", "-", "--name", "second", data=FORM)
    assert "info@example.org has the automation 'info': add the rules there, or disable it" in said
    assert "add automation second" in put(desk, f"enabled = false\n{FORM}", "--name", "second")
    assert "has the automation 'info'" in desk.bad("automation", "enable", "second")
    other = FORM.replace("info@", "support@")
    said = desk.bad("automation", "put", "-", "--name", "third", data=other)
    assert "support@example.org has the script 'support' of its own" in said


def test_disable_and_enable(desk):
    """S2: a resting automation decides nothing, its rules stay."""
    put(desk)
    assert desk.good("automation", "disable", "info") == "change automation info\n  enabled: on -> off\n"
    assert decided(desk, "Your invoice") == "became  keep folder=INBOX"
    assert desk.json("automation", "list")[0]["enabled"] is False
    desk.good("automation", "enable", "info")
    assert decided(desk, "Your invoice") == "became  fileinto folder=Accounting"


def test_remove_takes_the_script_along(desk):
    """But not one that was changed by hand; what is not there is an error with a suggestion."""
    put(desk)
    assert desk.good("automation", "remove", "info") == "remove automation info\nremove script info\n"
    assert desk.names("rules") == ["support"]
    put(desk)
    desk.good("rules", "put", "info", "-", data="keep;")
    assert (
        "the script 'info' was changed by hand, and is left"
        in desk.run("automation", "remove", "info").stderr
    )
    assert desk.names("rules") == ["info", "support"]
    assert "there is no automation 'inf'" in desk.bad("automation", "remove", "inf")


def test_what_an_automation_needs_is_not_removed(desk):
    """Its address and its script, by their own commands."""
    put(desk)
    assert "is used by automation info" in desk.bad("address", "remove", "info@example.org")
    assert "is used by automation info" in desk.bad("rules", "remove", "info")


def test_only_the_creator_and_its_teams_may_change_it(desk):
    """W2: others see nothing of it, until a team is granted; the machine's administrator may all."""
    put(desk, FORM, "--as", "anna")
    assert desk.json("automation", "show", "info")["creator"] == "anna"
    assert desk.json("automation", "list", "--as", "bob") == []
    assert "agent bob may not change an automation" in desk.bad(
        "automation", "disable", "info", "--as", "bob"
    )
    assert "agent bob may not see and use" in desk.bad("automation", "show", "info", "--as", "bob")
    (desk.folder / "teams.toml").write_text('[[team]]\nname = "desk"\nmembers = ["bob"]\n')
    desk.good("apply", str(desk.folder / "teams.toml"))
    put(desk, f'teams = ["desk"]\n{FORM}', "--as", "anna")
    assert (
        desk.good("automation", "disable", "info", "--as", "bob")
        == "change automation info\n  enabled: on -> off\n"
    )
    desk.good("automation", "remove", "info")


def test_an_agent_makes_automations_where_it_works(desk):
    """Its own address, and those of its queues; whose automation it is can't be said for somebody else."""
    desk.good("ticketqueue", "add", "board")
    desk.good("address", "add", "board@example.org", "--queue", "board")
    desk.good("address", "add", "anna@example.org")
    board, own = FORM.replace("info@", "board@"), FORM.replace("info@", "anna@")
    said = desk.bad("automation", "put", "-", "--as", "anna", data=board)
    assert "for its own address and its queues only; board@example.org: its queue board" in said
    assert "add automation" in put(desk, own, "--as", "anna")
    text = f'creator = "bob"\n{FORM}'
    assert "can't make bob the creator" in desk.bad(
        "automation", "put", "-", "--name", "b", "--as", "anna", data=text
    )
    assert "there is no agent 'ana', did you mean 'anna'?" in desk.bad(
        "automation", "put", "-", "--as", "ana", data=FORM
    )


def test_two_writers(desk):
    """The version that was seen must still be the one that is there: exit 75, and nothing is changed."""
    put(desk, FORM, "--if-version", "0")
    put(desk, FORM.replace("Accounting", "B"), "--if-version", "1")
    said = desk.bad("automation", "put", "-", "--if-version", "1", code=75, data=FORM)
    assert "automation info has changed: you saw version 1, it is at version 2" in said
    assert 'folder = "B"' in desk.good("automation", "show", "info")


def test_check_names_what_is_wrong_now(desk):
    """A stored one whose names went away, and files; exit 1."""
    put(desk)
    assert desk.good("automation", "check") == "1 automation checked, no mistakes\n"
    desk.good("rules", "put", "info", "-", data="keep;")
    done = desk.run("automation", "check")
    assert done.exit_code == 1
    assert "info: the script 'info' was changed by hand since it was made\n" in done.stdout
    file = desk.folder / "one.toml"
    file.write_text(FORM.replace('queue = "support"', 'queue = "suport"'))
    done = desk.run("automation", "check", str(file))
    assert (
        f"{file}: rule 2, action 1, queue: there is no queue 'suport', did you mean 'support'?" in done.stdout
    )


def test_a_folder_that_is_missing_is_told_when_it_is_put(desk):
    """W4: for a target whose folders can be looked at."""
    desk.write({"targets": {"mailbox": {"kind": "maildir", "path": f"{desk.folder}/mail/{{local}}"}}})
    desk.good("address", "set", "info@example.org", "--target", "mailbox")
    done = desk.run("automation", "put", "-", data=FORM)
    assert "Accounting: there is no such folder yet; mail for it is kept" in done.stderr
    assert decided(desk, "Your invoice") == "became  keep folder=INBOX"
    (desk.folder / "mail" / "info" / ".Accounting" / "cur").mkdir(parents=True)
    assert decided(desk, "Your invoice") == "became  fileinto folder=Accounting"


def test_apply_reads_and_export_writes(desk):
    """The same text comes back, without the script that belongs to it; applied again nothing changes."""
    put(desk)
    folder = desk.folder / "out"
    desk.good("export", str(folder))
    assert [path.name for path in (folder / "rules").iterdir()] == ["support.sieve"]
    assert tomllib.loads((folder / "business.toml").read_text())["automation"][0]["rule"][1] == {
        "name": "Everything else", "action": [{"kind": "ticket", "queue": "support"}],
    }  # fmt: skip
    desk.good("apply", str(folder))
    assert desk.good("apply", str(folder)) == "0 changes\n"
    assert f"comes from {folder}" in desk.bad("automation", "disable", "info")
    assert desk.good("automation", "disable", "info", "--take-over").startswith(
        "change automation info\n  enabled: on -> off\n  file: "
    )


def test_apply_names_file_and_line(desk):
    """Deep inside an automation, too."""
    folder = desk.folder / "texts"
    folder.mkdir()
    text = FORM.replace("[[rule", "[[automation.rule").replace(
        'name = "info"', '[[automation]]\nname = "info"', 1
    )
    file = folder / "a.toml"
    file.write_text(text.replace('"contains"', '"contain"'))
    line = file.read_text().split("\n").index('operator = "contain"') + 1
    said = desk.bad("apply", str(folder), code=78)
    assert f"{file}:{line}: automation[1].rule[1].condition[1].operator: subject has no operator" in said
    file.write_text(text.replace('queue = "support"', 'queue = "suport"'))
    line = file.read_text().split("\n").index('queue = "suport"') + 1
    said = desk.bad("apply", str(folder), code=78)
    assert f"{file}:{line}: automation[1].rule[2].action[1].queue: there is no queue 'suport'" in said


def test_apply_writes_over_nothing_by_hand(desk):
    """A script of the same name in the database, or in the folder."""
    folder = desk.folder / "texts"
    folder.mkdir()
    text = FORM.replace("[[rule", "[[automation.rule").replace(
        'name = "info"', '[[automation]]\nname = "info"', 1
    )
    (folder / "a.toml").write_text(text)
    desk.good("rules", "put", "info", "-", data="keep;")
    assert "the script 'info' was written by hand" in desk.bad("apply", str(folder), code=78)
    desk.good("rules", "remove", "info")
    (folder / "info.sieve").write_text("keep;")
    assert "info.sieve is a script of the same name" in desk.bad("apply", str(folder), code=78)


def test_export_loses_no_change_by_hand(desk):
    """The automation as it is, the changed script beside it under another name."""
    put(desk)
    desk.good("rules", "put", "info", "-", data="discard;")
    folder = desk.folder / "out"
    done = desk.run("export", str(folder))
    assert "the script 'info' was changed by hand" in done.stderr
    assert (folder / "rules" / "info.sieve.changed").read_text() == "discard;"


def test_the_doctor_looks_at_automations(desk):
    """Fine, or what `check` says of it."""
    put(desk)

    def said() -> list[tuple[str, str]]:
        done = json.loads(desk.run("doctor", "--json").stdout)
        return [(one["level"], one["text"]) for one in done if one["check"] == "automations"]

    assert said() == [("ok", "1 automation, all as they were made")]
    desk.good("rules", "put", "info", "-", data="keep;")
    assert said() == [("warn", "info: the script 'info' was changed by hand since it was made")]
