"""The command line: what it prints and the status it ends with."""

import io
import json
import subprocess
import sys

import pytest

from sieve_like.cli import main

MAIL = b"From: alice@example.com\nTo: bob@example.org\nSubject: Hello\n\ntext\n"


@pytest.fixture
def files(tmp_path):
    """Write a good script, a bad one, one with a warning, one that fails, and a mail."""
    (tmp_path / "good.sieve").write_text(
        'require ["fileinto", "envelope"];\nif envelope "to" "bob@example.org" { fileinto "B"; }\n'
    )
    (tmp_path / "bad.sieve").write_text("keep;\nfrob;\n")
    (tmp_path / "odd.sieve").write_text('if header "a b" "c" { keep; }\n')
    (tmp_path / "fails.sieve").write_text('require "variables";\nredirect "${x}";\n')
    (tmp_path / "mail.eml").write_bytes(MAIL)
    return tmp_path


def test_check_is_silent_about_a_good_script(files, capsys):
    """Nothing to say, status 0."""
    assert main(["check", str(files / "good.sieve")]) == 0
    assert capsys.readouterr().out == ""


def test_check_shows_errors(files, capsys):
    """Status 1 if any of the scripts is wrong."""
    assert main(["check", str(files / "good.sieve"), str(files / "bad.sieve")]) == 1
    assert "bad: line 2: error: unknown command 'frob'" in capsys.readouterr().out


def test_check_shows_warnings_with_status_0(files, capsys):
    """A warning does not fail the check."""
    assert main(["check", str(files / "odd.sieve")]) == 0
    assert "warning" in capsys.readouterr().out


def test_check_for_editors(files, capsys):
    """The GCC form names the file as it was given."""
    assert main(["check", "--format", "gcc", str(files / "bad.sieve")]) == 1
    assert capsys.readouterr().out.startswith(f"{files / 'bad.sieve'}:2:1: error: unknown command")


def test_check_as_json(files, capsys):
    """One list for all files."""
    assert main(["check", "--format", "json", str(files / "bad.sieve"), str(files / "odd.sieve")]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [(one["severity"], one["line"], one["column"]) for one in report] == [
        ("error", 2, 1),
        ("warning", 1, 11),
    ]


@pytest.mark.parametrize(
    "arguments", [["check", "{}/none"], ["run", "{}/none", "{}/mail.eml"], ["trace", "{}/good.sieve", "{}"]]
)
def test_a_file_that_cannot_be_read_is_one_line_and_status_2(files, capsys, arguments):
    """No traceback."""
    assert main([one.format(files) for one in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("sieve-like: ")
    assert error.count("\n") == 1


def test_run_shows_actions_and_keep(files, capsys):
    """What becomes of the mail, with the line that says so."""
    assert main(["run", str(files / "good.sieve"), str(files / "mail.eml")]) == 0
    assert capsys.readouterr().out == "line 2: fileinto mailbox='B'\n"
    assert main(["run", str(files / "good.sieve"), str(files / "mail.eml"), "--to", "x@example.org"]) == 0
    assert capsys.readouterr().out == "implicit keep\n"
    assert (
        main(
            [
                "run",
                str(files / "good.sieve"),
                str(files / "mail.eml"),
                "--to",
                "x@y.example",
                "--orig-to",
                "bob@example.org",
            ]
        )
        == 0
    )
    assert "fileinto" in capsys.readouterr().out


def test_the_null_sender_can_be_given(files, capsys):
    """An empty --from is the null sender, not the default."""
    (files / "null.sieve").write_text('require "envelope";\nif envelope "from" "" { discard; }\n')
    assert main(["run", str(files / "null.sieve"), str(files / "mail.eml"), "--from", ""]) == 0
    assert "discard" in capsys.readouterr().out


def test_run_as_json(files, capsys):
    """One object per mail."""
    assert main(["run", "--json", str(files / "good.sieve"), str(files / "mail.eml")]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["implicit_keep"], data["actions"][0]["mailbox"]) == (False, "B")


def test_run_of_a_script_that_fails(files, capsys):
    """Status 1, the error with its line, and the mail is kept."""
    assert main(["run", str(files / "fails.sieve"), str(files / "mail.eml")]) == 1
    assert (
        capsys.readouterr().out
        == "fails: line 2: error: '' is not a valid e-mail address. The mail is kept.\nimplicit keep\n"
    )


def test_run_of_a_script_that_does_not_compile(files, capsys):
    """Status 1, the complaints on standard error."""
    assert main(["run", str(files / "bad.sieve"), str(files / "mail.eml")]) == 1
    assert "unknown command" in capsys.readouterr().err


def test_trace_shows_every_step(files, capsys):
    """Tests with what they compared, then the outcome."""
    assert main(["trace", str(files / "good.sieve"), str(files / "mail.eml")]) == 0
    out = capsys.readouterr().out
    assert out == (
        '   2  if envelope "to" "bob@example.org" { fileinto "B"; }\n'
        "        envelope :is :all i;ascii-casemap ['bob@example.org'] with ['bob@example.org'] -> true\n"
        "        fileinto B\n"
        "line 2: fileinto mailbox='B'\n"
    )


def test_several_mails_are_named(files, capsys):
    """With more than one mail each outcome stands below its name."""
    mail = str(files / "mail.eml")
    assert main(["run", str(files / "good.sieve"), mail, mail]) == 0
    assert capsys.readouterr().out.count(f"{mail}:\n") == 2


def test_a_mail_from_standard_input(files, capsys, monkeypatch):
    """A dash reads it from there."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(MAIL)))
    assert main(["run", str(files / "good.sieve"), "-"]) == 0
    assert "fileinto" in capsys.readouterr().out


def test_wrong_options_end_with_status_2(files, capsys):
    """As every command line does."""
    with pytest.raises(SystemExit) as ended:
        main(["run", str(files / "good.sieve"), str(files / "mail.eml"), "--at", "yesterday"])
    assert ended.value.code == 2
    assert "--at" in capsys.readouterr().err


def test_it_runs_as_a_module(files):
    """`python -m sieve_like.cli` is the same command."""
    done = subprocess.run(
        [sys.executable, "-m", "sieve_like.cli", "check", str(files / "bad.sieve")],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1


def test_a_strict_check_fails_for_warnings(files, capsys):
    """For those who want none."""
    assert main(["check", "--strict", str(files / "odd.sieve")]) == 1
    assert main(["check", "--strict", str(files / "good.sieve")]) == 0


def test_a_folder_stands_for_its_scripts(files, capsys):
    """All of them, in the order of their names; one without scripts is a mistake."""
    assert main(["check", "--format", "gcc", str(files)]) == 1
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        str(files / "bad.sieve"), str(files / "odd.sieve"),
    ]  # fmt: skip
    (files / "empty").mkdir()
    assert main(["check", str(files / "empty")]) == 2


@pytest.mark.parametrize("octets", [b"\x00\x01\x02\xff" * 200, b"\x7fELF" + bytes(range(256)), b"(" * 10_000])
def test_a_file_that_is_no_script_is_refused_with_few_words(files, capsys, octets):
    """A binary file is status 1 and not a page of noise."""
    (files / "binary.sieve").write_bytes(octets)
    assert main(["check", "--format", "gcc", str(files / "binary.sieve")]) == 1
    assert 1 <= len(capsys.readouterr().out.splitlines()) <= 105


def test_included_scripts_lie_beside_the_script(files, capsys):
    """A personal one in `included/` or in the same folder, a global one in `included-global/`."""
    (files / "included").mkdir()
    (files / "included" / "a.sieve").write_text('require "fileinto"; fileinto "A";')
    (files / "main.sieve").write_text('require "include"; include "a"; include :optional "nobody";')
    assert main(["run", str(files / "main.sieve"), str(files / "mail.eml")]) == 0
    assert "mailbox='A'" in capsys.readouterr().out


def test_mailboxes_and_settings_of_the_installation_can_be_said(files, capsys):
    """What a script asks the world is answered from the command line."""
    (files / "ask.sieve").write_text(
        'require ["mailbox", "environment", "fileinto"];\nif mailboxexists "B" { fileinto "B"; }\n'
        'if environment "vnd.dovecot.config.x" "y" { fileinto "C"; }\n'
    )
    script, mail = str(files / "ask.sieve"), str(files / "mail.eml")
    assert main(["run", script, mail]) == 0
    assert capsys.readouterr().out == "implicit keep\n"
    assert main(["run", script, mail, "--mailbox", "B"]) == 0
    assert "mailbox='B'" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["run", script, mail, "--set", "nothing"])
    assert ended.value.code == 2


def test_extensions_are_listed(capsys):
    """One line each, as data, and as the page of the documentation."""
    assert main(["extensions"]) == 0
    assert any(line.split()[:2] == ["fileinto", "5228"] for line in capsys.readouterr().out.splitlines())
    assert main(["extensions", "--json"]) == 0
    data = {one["capability"]: one for one in json.loads(capsys.readouterr().out) if one["capability"]}
    assert data["vacation"]["commands"][0]["name"] == "vacation"
    assert main(["extensions", "--markdown"]) == 0
    assert "\n## fileinto\n" in capsys.readouterr().out


def test_standard_input_is_read_once(files, capsys):
    """It can't be the script and the mail."""
    assert main(["run", "-", "-"]) == 2
    assert "only once" in capsys.readouterr().err


def test_the_trace_shows_lines_of_included_scripts(files, capsys):
    """With the name of the script that they stand in."""
    (files / "included").mkdir()
    (files / "included" / "a.sieve").write_text("# first\ndiscard;\n")
    (files / "main.sieve").write_text('require "include";\ninclude "a";\n')
    assert main(["trace", str(files / "main.sieve"), str(files / "mail.eml")]) == 0
    assert " a:2  discard;\n        discard\n" in capsys.readouterr().out


def test_errors_of_included_scripts_have_their_name(files, capsys):
    """As text, for editors, and as data."""
    (files / "a.sieve").write_text("\n\nfrob;\n")
    (files / "main.sieve").write_text('require "include";\ninclude "a";\n')
    assert main(["check", "--format", "json", str(files / "main.sieve")]) == 1
    places = {(one.get("script"), one["line"]) for one in json.loads(capsys.readouterr().out)}
    assert places == {(None, 2), ("a", 3)}
