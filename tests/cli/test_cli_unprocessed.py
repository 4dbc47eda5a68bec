"""`mailgate unprocessed`: mails that crashed their processing, shown, given out and processed again."""

import subprocess
import sys
import urllib.request

import peers
import pytest
from climails import ANNA, BOX, BUSINESS, PLAIN, SUPPORT, ask, crashed, mail, send

ODD = (
    b"From: Anna <anna@customer.example>\r\nSubject: odd\r\n\r\nNUL \0 and \xff\r\nbare \r and dots\r\n.\r\n"
)


@pytest.fixture
def kept(gateway):
    """Return a gateway, not running, with a mail that was kept raw."""
    one = gateway({}, BUSINESS, start=False)
    crashed(one, mail("help"))
    return one


def deliveries(gateway):
    """Return what each delivery has become, in order."""
    return ask(gateway, "SELECT id, status, summary FROM delivery ORDER BY id")


def test_the_list_says_what_waits_and_why(kept):
    """From, to, subject and the error."""
    head, line = kept.command("unprocessed", "list").stdout.splitlines()
    assert head.split() == ["ID", "RECEIVED", "FROM", "TO", "SUBJECT", "WHY"]
    assert line.split()[0] == "1"
    assert ANNA in line
    assert SUPPORT in line
    assert "ZeroDivisionError: in the rules" in line
    assert [one["status"] for one in kept.json("unprocessed", "list")] == ["unprocessed"]


def test_nothing_is_said_where_nothing_waits(gateway):
    """No table of nothing, and exit 0."""
    one = gateway(start=False)
    assert one.command("unprocessed", "list").stdout == "nothing is unprocessed\n"
    assert one.command("unprocessed", "retry", "--all").stdout == "nothing is unprocessed\n"


def test_one_is_shown_with_its_error(kept):
    """The story of the mail, and as JSON."""
    text = kept.command("unprocessed", "show", "1").stdout
    assert "became      kept raw, it could not be processed; folder=Unprocessed" in text
    assert "error       ZeroDivisionError: in the rules" in text
    assert kept.json("unprocessed", "show", "1")["error"].startswith("ZeroDivisionError")


@pytest.mark.parametrize("octets", [ODD, b"", b"x" * 300_000 + b"\r\n"], ids=["odd", "empty", "as a file"])
def test_the_raw_mail_is_given_out_octet_for_octet(gateway, tmp_path, octets):
    """What came in goes out, with NUL, bare CR and 8-bit, in a row or in a file of the blob folder."""
    one = gateway({"database": {"inline_max": "64 KiB"}}, BUSINESS, start=False)
    crashed(one, octets)
    file = tmp_path / "mail.eml"
    with file.open("wb") as out:
        command = [sys.executable, "-m", "mailgate", "--config", str(one.config), "unprocessed", "raw", "1"]
        subprocess.run(command, stdout=out, check=True)
    assert file.read_bytes() == octets


def test_the_running_gateway_processes_it_again(kept):
    """It becomes the ticket that it should have been; the answer goes out; the log has the line."""
    kept.start()
    assert kept.command("unprocessed", "retry", "1").stdout == "1: ticket=T-1\n"
    assert deliveries(kept) == [(1, "reprocessed", "folder=Unprocessed"), (2, "accepted", "ticket=T-1")]
    peers.wait_until(
        lambda: ask(kept, "SELECT attempts FROM outbox") == [(1,)], "the answer was tried at once", 30
    )
    assert "ticket=T-1" in kept.log()
    assert kept.command("unprocessed", "list").stdout == "nothing is unprocessed\n"


def test_the_counters_still_add_up(kept):
    """Accepted is decided and failed together, also after a mail was processed again."""
    kept.start()
    kept.command("unprocessed", "retry", "1")
    with urllib.request.urlopen(f"http://127.0.0.1:{kept.http_port}/metrics", timeout=30) as answer:
        lines = [line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line[:1] != "#"]
    total = {word: sum(float(n) for name, n in lines if name.startswith(f"mailgate_deliveries_{word}_total"))
             for word in ("accepted", "decided", "failed")}  # fmt: skip
    assert total["accepted"] == total["decided"] + total["failed"] == 1


def test_without_a_gateway_the_command_does_it(kept):
    """The rules of the database decide; what is to be sent waits for the gateway."""
    assert kept.command("unprocessed", "retry", "--all").stdout == "1: ticket=T-1\n"
    assert deliveries(kept) == [(1, "reprocessed", "folder=Unprocessed"), (2, "accepted", "ticket=T-1")]
    assert ask(kept, "SELECT state, attempts FROM outbox") == [("waiting", 0)]


def test_the_same_mail_from_postfix_is_recognised_afterwards(kept):
    """Its key now names what it has become, so that nothing is done twice."""
    kept.start()
    kept.command("unprocessed", "retry", "1")
    (reply,) = send(kept, mail("help"), SUPPORT)
    assert reply.startswith("250 2.0.0 already accepted")
    assert reply.endswith("T-1")


@pytest.mark.parametrize("up", [True, False], ids=["gateway", "own process"])
def test_two_at_the_same_time_process_it_once(kept, up):
    """One makes the ticket, the other is told that it no longer waits."""
    if up:
        kept.start()
    command = [sys.executable, "-m", "mailgate", "--config", str(kept.config), "unprocessed", "retry", "1"]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [one.communicate(timeout=60) for one in both]
    assert sorted(one.returncode for one in both) == [0, 1], said
    assert sum("ticket=T-1" in out for out, _err in said) == 1
    assert ask(kept, "SELECT count(*) FROM ticket") == [(1,)]
    assert ask(kept, "SELECT count(*) FROM outbox") == [(1,)]


def test_what_the_rules_refuse_now_stays(gateway):
    """It was answered 250; exit 1 and the reason."""
    one = gateway({"rules": {"reject_unverified": "refuse"}}, BUSINESS, start=False)
    crashed(one, mail("help"), BOX)
    one.apply({**BUSINESS, "box.sieve": 'require "reject"; reject "no";'})
    done = one.command("unprocessed", "retry", "1", check=False)
    assert done.returncode == 1
    assert done.stdout == "1: the rules refuse it\n"
    assert done.stderr == "Error: 1 of 1 stay as they are\n"
    assert deliveries(one) == [(1, "unprocessed", "folder=Unprocessed")]


def test_deleting_takes_it_off_the_list_and_keeps_the_mail(kept):
    """Nothing becomes of it; its octets can still be given out; the audit names who did it."""
    assert kept.command("unprocessed", "delete", "1").stdout == "1 mail taken off the list\n"
    assert kept.command("unprocessed", "list").stdout == "nothing is unprocessed\n"
    assert kept.command("unprocessed", "raw", "1").stdout.startswith("From: Anna")
    ((who, subject),) = ask(kept, "SELECT who, subject FROM audit WHERE action = 'unprocessed delete'")
    assert (who.startswith("command line ("), subject) == (True, "1")
    assert deliveries(kept) == [(1, "discarded", "folder=Unprocessed")]


def test_what_was_set_aside_has_its_own_list(gateway):
    """A bounce of a mail that we never sent is set aside; it can be processed again as well."""
    one = gateway({}, BUSINESS)
    bounce = (
        b"From: MAILER-DAEMON@elsewhere.example\r\nTo: support@gate.example.org\r\nSubject: Undelivered\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\n\r\nfailed\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        b"Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    )
    send(one, bounce, SUPPORT, sender="")
    assert [row["status"] for row in one.json("unprocessed", "list", "--aside")] == ["aside"]
    assert one.command("unprocessed", "list").stdout == "nothing is unprocessed\n"
    assert "<>" in one.command("unprocessed", "list", "--aside").stdout


@pytest.mark.parametrize("command", ["show", "retry", "delete"])
def test_what_does_not_wait_is_left_alone(gateway, command):
    """A mail that has become something is named with its state: exit 1."""
    one = gateway({}, BUSINESS)
    send(one, mail("help"), PLAIN)
    done = one.command("unprocessed", command, "1", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: 1 is not unprocessed, it is accepted;")
    done = one.command("unprocessed", command, "9", check=False)
    assert done.stderr == "Error: there is no mail 9; `mailgate unprocessed list` shows them\n"


def test_which_mails_must_be_said(gateway):
    """Nothing is processed or deleted by accident: exit 2."""
    one = gateway(start=False)
    for arguments in (("retry",), ("delete",), ("retry", "1", "--all")):
        done = one.command("unprocessed", *arguments, check=False)
        assert done.returncode == 2
        assert "say which mails: their ids, or --all" in done.stderr
