"""Two scripts one after the other against a real engine: where the mail ends, with which flags, and what was sent.

sieve-test (Pigeonhole) stores into a Maildir; ours is the simulated world of the test language (`test_multiscript`).
"""

import re
import shutil
import subprocess
from datetime import UTC, datetime

import peers
import pytest

from sieve_like.message import Envelope, PlainMessage
from sieve_like.testing.bench import Bench
from sieve_like.testing.multiscript import run_sequence
from sieve_like.testing.runner import standard

SENDER, RECIPIENT = "alice@example.com", "bob@example.org"
MAIL = b"From: alice@example.com\r\nTo: bob@example.org\r\nMessage-ID: <1@example.com>\r\nSubject: Two\r\n\r\nx\r\n"
REQUIRE = (
    'require ["fileinto", "copy", "imap4flags", "vacation", "reject", "editheader", "variables", '
    '"enotify"];\n'
)
SCRIPTS = {
    "nothing": "",
    "keep": "keep;",
    "keep seen": 'keep :flags "\\\\Seen";',
    "inbox": 'fileinto "INBOX";',
    "copy inbox": 'fileinto :copy "INBOX";',
    "a": 'fileinto "A";',
    "b": 'fileinto "B";',
    "copy a": 'fileinto :copy "A";',
    "nowhere": 'fileinto "Nowhere";',
    "discard": "discard;",
    "redirect": 'redirect "x@example.net";',
    "copy redirect": 'redirect :copy "x@example.net";',
    "vacation": 'vacation "away";',
    "reject": 'reject "no";',
    "flag": 'addflag "\\\\Flagged";',
    "if flagged": 'if hasflag "\\\\Flagged" { fileinto "B"; }',
    "edit": 'addheader "X-First" "yes";',
    "if edited": 'if exists "X-First" { fileinto "B"; }',
    "stop": "stop; discard;",
    "error": 'vacation "a"; vacation "b";',
    "discard and keep": "discard; keep;",
    "set": 'set "v" "1";',
    "notify": 'notify "mailto:n@example.net";',
    "notify more": 'notify "mailto:n@example.net?cc=m@example.net";',
    "if set": 'if string "${v}" "1" { discard; }',
}
# The second script repeats an action of the first one: theirs takes both for one, so that the second does not cancel the
# implicit keep, and the mail is kept as well; RFC 5228 2.10.2: it does.
EXPLAINED = {
    ("copy a", "a"),
    ("copy inbox", "inbox"),
    ("copy redirect", "redirect"),
    ("discard and keep", "discard"),
}
PAIRS = [(one, two) for one in SCRIPTS for two in SCRIPTS if one != two and (one, two) not in EXPLAINED]


@pytest.fixture(scope="module")
def folder():
    """Make a folder in which the unprivileged user may write, with all scripts and the mail."""
    with peers.short_folder("sequences-") as path:
        path.chmod(0o777)
        (path / "home").mkdir()
        (path / "home").chmod(0o777)
        (path / "dc.conf").write_text(
            f"mail_home = {path}/home\nmail_location = maildir:{path}/home/mail\nlog_path = /dev/stderr\n"
            "plugin {\n  sieve_extensions = +editheader\n}\n"
        )
        (path / "mail.eml").write_bytes(MAIL)
        for name, text in SCRIPTS.items():
            (path / f"{name.replace(' ', '-')}.sieve").write_text(REQUIRE + text + "\n")
        yield path


def theirs(folder, first, second):
    """Return mailboxes with flags, and recipients of what was sent, of the real engine."""
    shutil.rmtree(folder / "home" / "mail", ignore_errors=True)
    for box in (".A", ".B"):
        for part in ("cur", "new", "tmp"):
            (folder / "home" / "mail" / box / part).mkdir(parents=True)
    for one in [folder / "home" / "mail", *(folder / "home" / "mail").rglob("*")]:
        one.chmod(0o777)
    names = [name.replace(" ", "-") + ".sieve" for name in (first, second)]
    done = subprocess.run(
        ["runuser", "-u", "nobody", "--", "env", f"HOME={folder}/home", "sieve-test", "-C", "-e", "-c", "dc.conf",
         "-f", SENDER, "-a", RECIPIENT, "-r", RECIPIENT, "-s", names[0], names[1], "mail.eml"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    stored = []
    for path in (folder / "home" / "mail").rglob("*,S=*"):
        box = path.parent.parent.name.removeprefix(".")
        letters = path.name.partition(":2,")[2]
        stored.append((box if box != "mail" else "INBOX", letters))
    return sorted(stored), sorted(re.findall(r"^RECIPIENT: (.*)$", done.stdout, re.MULTILINE))


class Folder:
    """The scripts by name."""

    def read(self, name):
        return (REQUIRE + SCRIPTS[name] + "\n").encode()

    def script(self, name, *, personal):
        return None


LETTERS = {"\\seen": "S", "\\flagged": "F"}


def ours(first, second):
    """Return the same of the simulated world."""
    bench = Bench(standard(), Folder(), ".", datetime(2026, 11, 24, tzinfo=UTC))
    bench.world.create("A")
    bench.world.create("B")
    run_sequence(
        bench, bench.start(PlainMessage(MAIL), Envelope(SENDER, RECIPIENT, RECIPIENT)), [first, second]
    )
    stored = [
        (name, "".join(LETTERS[flag.lower()] for flag in one.flags))
        for name, mails in bench.world.mailboxes.items()
        for one in mails
    ]
    return sorted(stored), sorted(one.recipient for one in bench.world.outbox)


@pytest.mark.peer("pigeonhole", "sieve-test")
@pytest.mark.parametrize("first", SCRIPTS)
def test_same_end_as_the_oracle(folder, first):
    """Each script before each other one: the mail ends in the same mailboxes, and the same is sent."""
    differences = []
    for one, second in PAIRS:
        if one == first:
            their, our = theirs(folder, one, second), ours(one, second)
            if their != our:
                differences.append(f"{one} + {second}: theirs {their}, ours {our}")
    assert not differences, "\n".join(differences)
