"""The suite: tests of the language written in the language, run through the command."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sieve_like.cli import main
from sieve_like.testing.runner import Report, files_of, run_file, standard

FOLDER = Path(__file__).parent / "suite"
FAILURES = Path(__file__).parent / "failures"
BLOCK = re.compile(r'^\s*test\s+"', re.MULTILINE)


def write(folder: Path, text: str) -> Path:
    """Write a test file that requires the test language."""
    path = folder / "one.svtest"
    path.write_text('require ["vnd.dovecot.testsuite", "variables"];\n' + text)
    return path


def report(folder: Path, text: str) -> Report:
    """Run a test file with this text."""
    return run_file(write(folder, text), standard())


def test_the_whole_suite_succeeds(capsys):
    """Every block of every file succeeds, and as many ran as a plain count finds."""
    status = main(["test", "-j", "2", str(FOLDER)])
    output = capsys.readouterr().out
    failed = [line for line in output.splitlines() if "FAILED" in line or "error:" in line]
    assert not failed, "\n".join(failed)
    assert status == 0, output[-2000:]
    # Behind a `stop` nothing runs: a file may hold at most one such block.
    blocks = sum(len(BLOCK.findall(path.read_text())) for path in files_of([FOLDER]))
    ran = int(re.findall(r"PASS: (\d+) tests succeeded", output)[-1])
    assert ran >= blocks - len(files_of([FOLDER])), (ran, blocks)


def test_expected_failures(capsys):
    """With -F it is a success when every block fails, and each file closes with how many did."""
    assert main(["test", "-F", "-j", "1", str(FAILURES)]) == 0, capsys.readouterr().out
    assert main(["test", "-j", "1", str(FAILURES)]) == 1
    assert "tests failed." in capsys.readouterr().out


def test_lines_of_output(tmp_path, capsys):
    """A line per test, numbered from 1, with the reason of a failure, and a closing line."""
    path = write(tmp_path, 'test "good" { }\ntest "bad" { set "a" "x"; test_fail "since ${a}"; }\n')
    assert main(["test", str(path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        " 1: Test 'good' SUCCEEDED",
        " 2: Test 'bad' FAILED: since x (line 3)",
        "FAIL: 1 of 2 tests failed.",
    ]


def test_success_is_said_and_is_status_0(tmp_path, capsys):
    """All tests succeeded: status 0."""
    assert main(["test", str(write(tmp_path, 'test "good" { }\n'))]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "PASS: 1 tests succeeded."


def test_a_file_that_does_not_compile_fails_with_its_errors(tmp_path, capsys):
    """The errors are shown; its sound blocks are run still, but the file has failed."""
    path = write(tmp_path, 'test "one" { nonsense; }\ntest "two" { }\n')
    assert main(["test", str(path)]) == 1
    output = capsys.readouterr().out
    assert "line 2: error: unknown command 'nonsense'" in output
    assert " 1: Test 'one' FAILED: does not compile: line 2: unknown command 'nonsense'" in output
    assert " 2: Test 'two' SUCCEEDED" in output
    assert output.splitlines()[-1] == "FAIL: 1 of 2 tests failed."


def test_unknown_capabilities_fail_the_file_but_not_its_other_blocks(tmp_path):
    """A block that needs nothing of it succeeds; the file has failed in any case."""
    done = report(tmp_path, 'require ["fileinto", "nonsense"];\ntest "fine" { fileinto "X"; }\n')
    assert [one.failed for one in done.outcomes] == [False]
    assert (done.failures, done.broken) == (1, True)
    assert "nonsense" in done.output[0]


def test_a_file_that_can_not_be_parsed_at_all(tmp_path):
    """All its blocks have failed."""
    done = report(tmp_path, 'test "one" { if true { }\ntest "two" { }\n')
    assert done.broken
    assert done.failures >= 1


def test_a_file_that_is_not_there(tmp_path, capsys):
    """Status 2, and which file it was."""
    assert main(["test", str(tmp_path / "gone.svtest")]) == 2
    assert "gone.svtest" in capsys.readouterr().err


def test_a_folder_without_tests(tmp_path, capsys):
    """Status 2: nothing to run is a mistake of the call."""
    assert main(["test", str(tmp_path)]) == 2
    assert "no tests" in capsys.readouterr().err


def test_users_can_not_require_the_test_language():
    """vnd.dovecot.testsuite is no extension of the language: only the runner adds it."""
    from sieve_like.registry import Registry

    assert "vnd.dovecot.testsuite" not in Registry.standard().capabilities


@pytest.mark.parametrize(
    "line",
    [
        'test_set "nothing" "x";',
        'test_set "envelope.nobody" "x";',
        'set "o" "message"; test_set "${o}" "x";',
        'if true { test "nested" { } }',
        'test "outer" { test "inner" { } }',
        "test_message 0;",
        'test_message :smtp :folder "INBOX" 0;',
        'set "tst.path" "x";',
        'test "no block";',
    ],
)
def test_wrong_test_language(tmp_path, line):
    """Each of these is an error of the compiler: the file does not run."""
    assert report(tmp_path, line).broken


def test_a_fault_of_ours_fails_one_block_only(tmp_path, monkeypatch):
    """An exception that nobody expects fails the block it happens in; the next one runs."""
    from sieve_like.testing.world import World

    def broken(self, name):
        raise RuntimeError(name)

    monkeypatch.setattr(World, "create", broken)
    done = report(tmp_path, 'test "broken" { test_mailbox_create "X"; }\ntest "fine" { }\n')
    assert [one.failed for one in done.outcomes] == [True, False]
    assert "internal error: RuntimeError: X" in done.outcomes[0].reason


def test_a_fault_of_ours_fails_one_file_only(tmp_path, capsys, monkeypatch):
    """Outside of all blocks it fails the file, and the next file runs."""
    from sieve_like.testing.bench import Bench

    def broken(self, base, capability):
        raise RuntimeError(capability)

    monkeypatch.setattr(Bench, "reload", broken)
    write(tmp_path, 'test_config_reload;\ntest "lost" { }\n')
    (tmp_path / "two.svtest").write_text('require "vnd.dovecot.testsuite";\ntest "fine" { }\n')
    assert main(["test", "-j", "1", str(tmp_path)]) == 1
    output = capsys.readouterr().out
    assert "internal error: RuntimeError" in output
    assert "Test 'fine' SUCCEEDED" in output


def test_the_error_log_is_shown_on_request(tmp_path, capsys):
    """-E shows behind each test what was logged."""
    path = write(tmp_path, 'test "one" { if test_script_compile "gone.sieve" { } }\n')
    assert main(["test", "-E", str(path)]) == 0
    assert "    | script 'gone.sieve' not found" in capsys.readouterr().out


def test_included_scripts_come_from_the_folder(tmp_path):
    """Personal scripts are read from `included`, global ones from `included-global`."""
    for folder, name in (("included", "mine"), ("included-global", "all")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.sieve").write_text("discard;\n")
    text = 'require "include";\ntest "both" { include "mine"; include :global "all"; }\n'
    assert not report(tmp_path, text).failures


def test_the_clock(tmp_path):
    """test_clock of vnd.mailgate.testsuite sets the time of what follows."""
    text = """require ["vnd.mailgate.testsuite", "date"];
test_clock "2026-11-22T10:00:00Z";
test "then" { if not currentdate :zone "+0000" "date" "2026-11-22" { test_fail "no"; } }
"""
    assert not report(tmp_path, text).failures


def test_a_file_that_can_not_be_read_does_not_hide_the_others(tmp_path, capsys):
    """The files behind it are run still; the status is 2."""
    (tmp_path / "a.svtest").symlink_to(tmp_path / "gone")
    (tmp_path / "b.svtest").write_text('require "vnd.dovecot.testsuite";\ntest "fine" { }\n')
    assert main(["test", "-j", "1", str(tmp_path)]) == 2
    printed = capsys.readouterr()
    assert "Test 'fine' SUCCEEDED" in printed.out
    assert printed.out.splitlines()[-1] == "FAIL: 1 of 2 tests failed."
    assert "a.svtest: No such file" in printed.err


@pytest.mark.parametrize("text", ["", "keep;\n", "# nothing\n"])
def test_a_script_that_is_no_test_fails(tmp_path, capsys, text):
    """A file that does not require the test language tests nothing: that is not a success."""
    path = tmp_path / "plain.svtest"
    path.write_text(text)
    assert main(["test", str(path)]) == 1
    assert "no test file" in capsys.readouterr().out


def test_what_scripts_write_is_shown_on_request(tmp_path, capsys):
    """-D (as -E) shows the lines of debug_log behind the test that wrote them, and only there."""
    path = write(
        tmp_path,
        'require "vnd.dovecot.debug";\ntest "one" { debug_log "here"; }\ntest "two" { }\n',
    )
    assert main(["test", "-D", str(path)]) == 0
    assert capsys.readouterr().out.count("    | debug: here\n") == 1


def test_fewer_extensions(tmp_path, capsys):
    """-x leaves only the named extensions, or takes some away; a name that nothing has is a wrong call."""
    path = write(tmp_path, 'test "one" { if not test_script_compile "x.sieve" { test_fail "no"; } }\n')
    (tmp_path / "x.sieve").write_text('require "fileinto";\n')
    assert main(["test", "-x", "variables fileinto", str(path)]) == 0
    assert main(["test", "-x", "variables", str(path)]) == 1
    assert main(["test", "-x-fileinto", str(path)]) == 1
    assert main(["test", "-x", "+fileinto", str(path)]) == 0
    assert main(["test", "-x", "nonsense", str(path)]) == 2
    assert "no extension nonsense" in capsys.readouterr().err


def test_a_line_per_test_whatever_it_is_called(tmp_path, capsys):
    """Line ends in a name or a reason are blanks in the output."""
    path = write(tmp_path, 'test "two\nlines" { test_fail text:\nfirst\nsecond\n.\n; }\n')
    assert main(["test", str(path)]) == 1
    assert capsys.readouterr().out.splitlines()[0] == " 1: Test 'two lines' FAILED: first second (line 3)"


def test_a_terminal_without_the_characters(tmp_path):
    """Where the encoding of the output lacks a character, its code is shown; the tests go on."""
    path = write(tmp_path, 'test "grün" { }\n')
    done = subprocess.run(
        [sys.executable, "-m", "sieve_like.cli", "test", str(path)],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert b"Test 'gr\\xfcn' SUCCEEDED" in done.stdout
