"""A new rule author's first hour: a rule with three mistakes, its messages, the repair, a test, and a replay.

Only what the author would type is called: `sieve-like` and `mailgate rules`.
"""

import json
import smtplib
from pathlib import Path

import pytest
from click.testing import CliRunner

import mailgate.demo.mails as demo
from mailgate.cli._main import cli
from sieve_like.cli import main

BUSINESS = Path(demo.__file__).parent / "business"

WRONG = """\
require ["fileinto", "variable"];

# rule:[Invoices by sender]
if header :contain "subject" ["invoice", "Rechnung"] {
    fileinto "Accounting"
    stop;
}
"""
VALID = """\
require ["fileinto", "variables"];

# rule:[Invoices by sender]
if header :contains "subject" ["invoice", "Rechnung"] {
    fileinto "Accounting";
    stop;
}
# rule:[More invoices]
if header :contains "subject" "your invoice" { fileinto "Accounting/More"; }
"""
GOOD = """\
require "fileinto";

# rule:[Invoices go to accounting]
if header :contains "subject" ["invoice", "Rechnung"] {
    fileinto "Accounting";
    stop;
}
"""
TEST = """\
require ["vnd.dovecot.testsuite", "fileinto"];

test_mailbox_create "Accounting";
test "An invoice goes to accounting" {
    test_set "message" text:
From: billing@example.net
To: support@demo.example
Subject: Your invoice 4711

Please pay.
.
;
    if not test_script_compile "rules.sieve" {
        test_fail "it does not compile";
    }
    if not allof (test_script_run, test_result_execute) {
        test_fail "it does not run";
    }
    if not test_message :folder "Accounting" 0 {
        test_fail "it lies elsewhere";
    }
}
"""


@pytest.fixture
def script(tmp_path):
    """Return the file that the author writes."""
    return tmp_path / "rules.sieve"


def test_three_mistakes_are_three_messages(script, capsys):
    """All of them at once, each at its place, with the word that was meant; the file for editors too."""
    script.write_text(WRONG)
    assert main(["check", str(script)]) == 1
    said = capsys.readouterr().out
    assert "rules: line 1: error: unknown capability 'variable' (did you mean 'variables'?)" in said
    assert "rules: line 4: error: unknown tag ':contain'" in said
    assert "(did you mean ':contains'?)" in said
    assert "rules: line 6: error: ';' is missing between 'fileinto' and 'stop'" in said
    assert said.count("error: ") == 4  # the three, and how many they are
    assert '    if header :contain "subject" ["invoice", "Rechnung"] {\n              ^^^^^^^^\n' in said
    assert main(["check", "--format", "gcc", str(script)]) == 1
    places = [line.split(": ")[0] for line in capsys.readouterr().out.splitlines()]
    assert [place.removeprefix(str(script)) for place in places] == [":1:22", ":4:11", ":6:5"]


def test_what_is_valid_and_wrong_is_found_next(script, capsys):
    """The script compiles; the linter finds the capability that nobody uses and the rule that never runs."""
    script.write_text(VALID)
    assert main(["check", str(script)]) == 0
    assert main(["lint", "--format", "gcc", str(script)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.rsplit("[", 1)[1] for line in lines] == ["L010]", "L003]"]
    assert main(["fmt", "--check", str(script)]) == 1
    assert main(["fmt", "--write", str(script)]) == 0
    assert main(["fmt", "--check", str(script)]) == 0
    script.write_text(GOOD)
    assert main(["lint", str(script)]) == 0


def test_the_rule_is_tried_on_a_mail(script, tmp_path, capsys):
    """`run` says what becomes of it, `trace` why."""
    script.write_text(GOOD)
    mail = tmp_path / "mail.eml"
    mail.write_bytes(next(one.octets for one in demo.demo_mails(1 << 20) if "nvoice" in one.title))
    assert main(["run", str(script), str(mail)]) == 0
    assert "line 5: fileinto mailbox='Accounting'" in capsys.readouterr().out
    assert main(["trace", str(script), str(mail)]) == 0
    assert "-> true" in capsys.readouterr().out


def test_the_rule_gets_a_test(script, tmp_path, capfd):
    """It succeeds, and fails when the rule is broken."""
    script.write_text(GOOD)
    (tmp_path / "rules.svtest").write_text(TEST)
    assert main(["test", str(tmp_path / "rules.svtest")]) == 0
    said = capfd.readouterr().out
    assert " 1: Test 'An invoice goes to accounting' SUCCEEDED" in said
    assert "PASS: 1 tests succeeded." in said
    script.write_text(GOOD.replace("Accounting", "Acounting"))
    assert main(["test", str(tmp_path / "rules.svtest")]) == 1
    assert "FAIL: 1 of 1 tests failed." in capfd.readouterr().out


def test_the_new_script_is_replayed_over_the_mails_of_the_demo(script, tmp_path, gateway):
    """The mails that the rule changes are named, before anything changes; nothing is written."""
    server = gateway(settings={"targets": {"maildir": {"kind": "maildir", "path": str(tmp_path / "mail")}}},
                     business=BUSINESS)  # fmt: skip
    sent = 0
    for one in demo.demo_mails(1 << 20):
        if len(one.octets) < 1 << 20 and demo.SUPPORT in one.recipients:
            with smtplib.LMTP("127.0.0.1", server.port, local_hostname="client.example") as client:
                client.sendmail(one.sender, [demo.SUPPORT], one.octets)
            sent += 1
    assert sent > 5
    stored = (BUSINESS / "rules" / "support.sieve").read_text()
    script.write_text(stored)

    def replay():
        arguments = ["rules", "replay", "--since", "7d", "--script", str(script)]
        arguments += ["--address", demo.SUPPORT, "--json"]
        return CliRunner().invoke(cli, ["--config", str(server.config), *arguments])

    same = replay()
    assert same.exit_code == 0, same.output
    script.write_text(stored.replace('fileinto "Accounting"', 'fileinto "Invoices"'))
    other = replay()
    assert other.exit_code == 1, other.output
    assert "Invoices" in json.dumps(json.loads(other.stdout))
