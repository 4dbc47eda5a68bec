"""`mailgate rules test`, `fmt` and `lint`."""

import json
import shutil
from pathlib import Path

import clidesk
import pytest

SUITE = Path(__file__).parent / "svtests"
FAILING = """require ["vnd.dovecot.testsuite", "vnd.mailgate.testsuite"];
test "right" {}
test "wrong" { test_fail "because"; }
"""


@pytest.fixture
def desk():
    """Set up an installation with one address, one queue, one script and one template, all from files."""
    with clidesk.desk() as one:
        yield one


def file(desk, source: str, name: str = "one.sieve") -> str:
    """Write a file; returns its name."""
    path = desk.folder / name
    path.write_text(source)
    return str(path)


def test_rules_are_tested_with_tickets_and_contacts(desk):
    """Every block of the suite succeeds; the script is the stored one."""
    said = desk.good("rules", "test", str(SUITE))
    assert said.endswith("PASS: 7 tests succeeded.\n"), said


def test_nothing_of_a_test_is_stored(desk):
    """The tickets of tests are in memory only."""
    desk.good("rules", "test", str(SUITE))
    assert desk.json("ticket", "list") == []


def test_a_script_beside_the_tests_comes_first(desk):
    """Unless the stored one is asked for by name."""
    folder = desk.folder / "suite"
    shutil.copytree(SUITE, folder)
    (folder / "support.sieve").write_text("keep;\n")
    assert "FAILED: no ticket first" in desk.run("rules", "test", str(folder)).stdout
    assert "PASS" in desk.good("rules", "test", str(folder), "--script", "support")
    said = desk.bad("rules", "test", str(folder), "--script", "suport")
    assert "there is no script 'suport', did you mean 'support'?" in said


def test_a_failure_has_its_reason_and_ends_with_1(desk):
    """A line per test, the reason with its line, the closing line."""
    done = desk.run("rules", "test", file(desk, FAILING, "a.svtest"))
    assert done.exit_code == 1
    assert " 1: Test 'right' SUCCEEDED\n 2: Test 'wrong' FAILED: because" in done.stdout
    assert done.stdout.endswith("FAIL: 1 of 2 tests failed.\n")


def test_several_files_at_once(desk):
    """In processes of their own, each with its heading, and one sum."""
    for n in range(3):
        file(desk, FAILING.replace('test_fail "because";', "stop;"), f"{n}.svtest")
    said = desk.good("rules", "test", str(desk.folder), "-j", "2", "--count")
    assert said.endswith("PASS: 6 tests succeeded.\n")


def test_names_are_those_of_the_installation(desk):
    """A queue that does not exist is a compile error in a test as well."""
    source = 'require ["vnd.dovecot.testsuite", "vnd.mailgate.ticket"];\nticket :queue "suport";\n'
    done = desk.run("rules", "test", file(desk, source, "a.svtest"))
    assert done.exit_code == 1
    assert "there is no queue 'suport' (did you mean 'support'?)" in done.stdout


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('if test_effect "tiket" "queue" "x" {}', "there is no effect 'tiket'"),
        (
            'if test_effect "ticket" "queu" "x" {}',
            "the effect 'ticket' has no field 'queu' (did you mean 'queue'?)",
        ),
        ('test_ticket "T-1";', "needs the tag ':contact'"),
        ('test_ticket :contact "a@b.example" :queue "suport" "T-1";', "there is no queue 'suport'"),
    ],
)
def test_mistakes_in_tests_are_compile_errors(desk, line, message):
    """Also in what only tests know."""
    source = f'require ["vnd.dovecot.testsuite", "vnd.mailgate.testsuite"];\n{line}\n'
    done = desk.run("rules", "test", file(desk, source, "a.svtest"))
    assert done.exit_code == 1
    assert message in done.stdout


def test_a_folder_without_tests_is_a_sentence(desk):
    """Whoever names it expects some."""
    assert "there is no .svtest file in" in desk.bad("rules", "test", str(desk.business))


# -- fmt -----------------------------------------------------------------------------------------------------


def test_fmt_prints_the_layout(desk):
    """Of a file or a stored script; comments stay."""
    path = file(desk, "# why\nif   true{keep;}\n")
    assert desk.good("rules", "fmt", path) == "# why\nif true {\n    keep;\n}\n"
    assert desk.good("rules", "fmt", "support").startswith('require ["vnd.mailgate.ticket"')


def test_fmt_checks_and_shows_the_difference(desk):
    """Exit status 1 says that something would change; a script in the layout is none of it."""
    path = file(desk, "if   true{keep;}\n")
    assert desk.run("rules", "fmt", "--check", path).stdout == f"{path}: would be changed\n"
    assert desk.run("rules", "fmt", "--check", path).exit_code == 1
    assert "+if true {" in desk.run("rules", "fmt", "--diff", path).stdout
    assert desk.good("rules", "fmt", "--check", file(desk, "keep;\n", "two.sieve")) == ""


def test_fmt_writes_files_and_stored_scripts(desk):
    """A stored script is a change like any other: one that a file owns is left to that file."""
    path = file(desk, "if   true{keep;}\n")
    assert desk.good("rules", "fmt", "-w", path) == f"{path}: changed\n"
    assert Path(path).read_text() == "if true {\n    keep;\n}\n"
    desk.good("rules", "put", "one", "-", data="if   true{keep;}")
    assert desk.good("rules", "fmt", "-w", "one").startswith("change script one\n  source:\n    @@")
    assert desk.good("rules", "show", "one") == "if true {\n    keep;\n}\n"


def test_fmt_leaves_what_it_cannot_read(desk):
    """The errors have their places; nothing is written."""
    path = file(desk, "if true {\n")
    assert "error" in desk.bad("rules", "fmt", "-w", path)
    assert Path(path).read_text() == "if true {\n"


# -- lint ----------------------------------------------------------------------------------------------------


def test_lint_finds_what_is_most_likely_wrong(desk):
    """Exit status 1; for programs as JSON, with codes."""
    path = file(desk, 'require "fileinto";\nstop;\nkeep;\n')
    done = desk.run("rules", "lint", path)
    assert done.exit_code == 1
    assert "never" in done.stdout
    found = json.loads(desk.run("rules", "lint", "--format", "json", path).stdout)
    assert {one["code"] for one in found} >= {"L001"}


def test_lint_knows_whose_mail_comes_to_a_script(desk):
    """A redirect to an address that runs this script is a loop."""
    path = file(desk, 'redirect "support@example.org";\n', "support.sieve")
    done = desk.run("rules", "lint", path)
    assert done.exit_code == 1
    assert "support@example.org" in done.stdout


def test_lint_of_all_stored_scripts(desk):
    """Nothing is found in what the installation has."""
    assert desk.good("rules", "lint") == "1 script looked at, nothing found\n"
