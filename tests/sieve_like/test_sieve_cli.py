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
    assert (
        "   2: envelope :is :all i;ascii-casemap ['bob@example.org'] with ['bob@example.org'] -> true" in out
    )
    assert "   2: fileinto B" in out


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
