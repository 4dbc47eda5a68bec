"""Rules with mistakes: that do not compile, at the start or at a reload, or fail while they run."""

import contextlib
import sqlite3

from badkit import Bad, bad, good

BROKEN = 'require "fileinto";\nfileinto "Elsewhere" if true;\n'
LAST = "SELECT action, folder, error FROM delivery ORDER BY id DESC LIMIT 1"


def put_script(house: Bad, name: str, source: str) -> None:
    """Write a script past all checks, as an older or newer program might have left it."""
    with contextlib.closing(sqlite3.connect(house.database)) as connection, connection:
        connection.execute(
            "UPDATE script SET source = ?, version = version + 1 WHERE name = ?", (source, name)
        )
        connection.execute("UPDATE catalogue_version SET version = version + 1")


def test_a_script_with_an_error_at_the_start_leaves_the_plain_keep():
    """The gateway starts; mail for the script's address is kept, mail for others goes by their rules."""
    with bad(start=False) as house:
        put_script(house, "keep", BROKEN)
        house.gateway.start()
        assert house.log_has("event=script_error", "script=keep", "line 2")
        assert house.metric("mailgate_alarms_total", alarm="script_error") == 1
        assert "keep" in house.gateway.json("status")["script_errors"]
        assert house.send(good("kept")).codes == ["250 2.0.0"]
        assert house.rows(LAST)[0][:2] == ("keep", "INBOX")
        assert "has no version that compiles" in house.rows(LAST)[0][2]
        assert "ticket=T-1" in house.send(good("other"), "help@bad.example").end[0]
        assert house.is_well()


def test_a_script_with_an_error_at_a_reload_leaves_the_old_one_active():
    """The old version goes on; the error is logged, counted and shown until the script is right again."""
    with bad() as house:
        put_script(house, "keep", BROKEN)
        assert house.gateway.command("reload", check=False).returncode != 70
        assert house.log_has("event=script_error", "script=keep", "line 2")
        assert house.metric("mailgate_alarms_total", alarm="script_error") >= 1
        assert house.send(good("old rules")).codes == ["250 2.0.0"]
        assert house.rows(LAST) == [("fileinto", "Kept", "")]
        put_script(house, "keep", 'require "fileinto";\nfileinto "New";\n')
        house.gateway.command("reload")
        assert house.send(good("new rules")).codes == ["250 2.0.0"]
        assert house.rows(LAST) == [("fileinto", "New", "")]
        assert house.gateway.json("status")["script_errors"] == {}
        assert house.is_well()


def test_apply_refuses_a_script_with_an_error():
    """Whoever writes rules hears of it before anything changes: exit 78, with file and line."""
    with bad() as house:
        folder = house.gateway.folder / "wrong"
        folder.mkdir()
        (folder / "keep.sieve").write_text(BROKEN)
        done = house.gateway.command("apply", str(folder), check=False)
        assert done.returncode == 78
        assert "keep.sieve:2" in done.stderr
        assert house.send(good("unchanged")).codes == ["250 2.0.0"]
        assert house.rows(LAST) == [("fileinto", "Kept", "")]


def test_a_run_time_error_voids_the_run_and_keeps_the_mail():
    """Neither the fileinto before the error nor the redirect happens; the mail is in the inbox."""
    with bad() as house:
        said = house.send(good("no address"), "fail@bad.example", "keep@bad.example")
        assert said.codes == ["250 2.0.0"] * 2
        rows = house.rows("SELECT recipient, action, folder, error <> '' FROM delivery ORDER BY id")
        assert rows == [("fail@bad.example", "keep", "INBOX", 1), ("keep@bad.example", "fileinto", "Kept", 0)]
        assert house.rows("SELECT count(*) FROM outbox") == [(0,)]
        assert house.log_has("to=<fail@bad.example>", "error=", "fail:5", "not a valid e-mail address")
        assert house.metric("mailgate_rule_errors_total") == 1
        assert house.metric("mailgate_processing_crashes_total") == 0
        assert house.is_well()
