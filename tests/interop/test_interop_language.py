"""What a script does to a mail arrives: the real gateway, a real program, and Dovecot reading the Maildir."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import peers
import pytest
from gatewayrun import gateway as run_gateway

sys.path.append(str(Path(__file__).parents[1] / "cli"))
sys.path.append(str(Path(__file__).parents[1] / "targets"))
from climails import mail, send

BOX = "ann@example.net"
SCRIPT = """require ["fileinto", "mailbox", "imap4flags", "editheader", "copy", "special-use", "duplicate",
    "vnd.dovecot.pipe", "foreverypart", "mime", "replace", "vacation", "fcc", "variables"];
if duplicate { discard; stop; }
if header :contains "Subject" "replace" {
    foreverypart { if header :mime :type "Content-Type" "text" { replace "cleaned"; break; } }
    keep; stop;
}
if header :contains "Subject" "program" { pipe "copy" ["x y"]; stop; }
if header :contains "Subject" "junk" { fileinto :specialuse "\\\\Junk" :create "INBOX"; stop; }
if header :contains "Subject" "away" { vacation :fcc "Sent" :flags "\\\\Seen" "I am away."; }
if header :contains "Subject" "fail" { addheader "X-Lost" "1"; set "a" "no address"; redirect "${a}"; }
addheader "X-Sorted" "yes";
addflag ["\\\\Flagged", "$Work"];
fileinto :create :flags "${flags}\\\\Seen $Work" "Kunden.Größe";
"""


@pytest.fixture
def house(tmp_path, dovecot_lmtp):
    """Run a gateway that delivers into the Maildirs of a Dovecot, and knows one program."""
    server = dovecot_lmtp()
    out = tmp_path / "out"
    program = tmp_path / "copy"
    program.write_text(f'#!/bin/sh\n(echo "$@ $SENDER"; cat) > {out}.tmp && mv {out}.tmp {out}\n')
    program.chmod(0o755)
    home = server.home("ann")
    settings = {
        "targets": {
            "box": {"kind": "maildir", "path": str(home / "Maildir"), "create_folders": False},
            "copy": {"kind": "pipe", "command": [str(program)]},
        },
        "rules": {"special_use": {"junk": "Spam"}},
    }
    business = {
        "business.toml": f'[[address]]\naddress = "{BOX}"\nscript = "sort"\ntarget = "box"\n',
        "sort.sieve": SCRIPT,
    }
    with run_gateway(settings, business) as gateway:
        yield gateway, server, home, out


def fetch(server, home, fields: str) -> list[list[str]]:
    """Return these fields of all mails, as Dovecot reads them."""
    for path in (home, *home.rglob("*")):
        shutil.chown(path, "mail", "mail")
    done = subprocess.run(
        ["doveadm", "-c", server.folder / "dovecot.conf", "-f", "tab", "fetch", "-u", "ann", fields,
         "mailbox", "*", "all"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [line.split("\t") for line in done.stdout.splitlines()[1:]]


def mails(home) -> list[Path]:
    """Return the files of all folders."""
    return [path for part in ("new", "cur") for path in home.rglob(f"{part}/*")]


@pytest.mark.peer("dovecot")
def test_flags_folders_and_edits_arrive(house):
    """A folder is made by the rule, with flags and keywords; the added field stands in front; what came stays."""
    gateway, server, home, _out = house
    octets = mail("hello")
    assert send(gateway, octets, BOX)[0].startswith("250 ")
    peers.wait_until(lambda: len(mails(home)) == 1, "the mail is delivered", 30)
    ((mailbox, flags, field),) = fetch(server, home, "mailbox flags hdr.x-sorted")
    assert (mailbox, field) == ("Kunden.Größe", "yes")
    assert set(flags.split()) >= {"\\Seen", "$Work"}
    assert mails(home)[0].read_bytes().count(b"X-Sorted") == 1
    shown = gateway.json("unprocessed", "list")
    assert shown == []


@pytest.mark.peer("dovecot")
def test_each_action_does_what_it_says(house):
    """Special use, replaced part, program, copy of an answer, duplicate, and the original after an error."""
    gateway, server, home, out = house
    for n, subject in enumerate(("junk", "replace", "program", "fail", "junk")):
        send(
            gateway,
            mail(
                subject,
                msgid=f"<{min(n, 4) % 4}@customer.example>",
                more=f"X-N: {n}\r\nContent-Type: text/plain\r\n",
            ),
            BOX,
        )
    peers.wait_until(lambda: len(mails(home)) == 3 and out.exists(), "all is delivered", 30)
    rows = dict(fetch(server, home, "hdr.subject mailbox"))
    assert rows == {"junk": "Spam", "replace": "INBOX", "fail": "INBOX"}
    (replaced,) = [one.read_bytes() for one in mails(home) if b"Subject: replace" in one.read_bytes()]
    assert b"cleaned" in replaced
    assert b"Hello" not in replaced
    (failed,) = [one.read_bytes() for one in mails(home) if b"Subject: fail" in one.read_bytes()]
    assert b"X-Lost" not in failed
    assert out.read_bytes().startswith(b"x y anna@customer.example\n")
    assert b"Subject: program" in out.read_bytes()
    states = [row["state"] for row in json.loads(gateway.command("queue", "list", "--json").stdout)]
    assert states == [], states


@pytest.mark.peer("dovecot")
def test_a_replay_of_what_arrived_changes_nothing(house):
    """All of it is decided again as it was: flags, folders, programs, errors, duplicates."""
    gateway, _server, home, _out = house
    for n, subject in enumerate(("hello", "junk", "replace", "program", "fail", "away", "hello")):
        send(
            gateway,
            mail(subject, msgid=f"<{n % 6}@customer.example>", more=f"X-N: {n}\r\nTo: {BOX}\r\n"),
            BOX,
        )
    peers.wait_until(lambda: len(mails(home)) >= 5, "all is delivered", 30)
    found = json.loads(gateway.command("rules", "replay", "--json").stdout)
    assert (found["mails"], found["different"]) == (7, 0)
