"""All pairs of actions against a real engine: what is done, with which flags, and whether the keep stays."""

import re
import subprocess
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import peers
import pytest

from sieve_like.actions import DuplicateMark, Notify, Report
from sieve_like.compiler import compile_script
from sieve_like.host import DefaultHost
from sieve_like.message import Envelope, PlainMessage
from sieve_like.registry import Registry
from sieve_like.result import INBOX, Discard, FileInto, Keep, Redirect, Reject, Vacation

SENDER, RECIPIENT = "alice@example.com", "bob+tickets@example.org"
CONFIG = """mail_home = {home}
mail_location = maildir:{home}/mail
log_path = /dev/stderr
plugin {{
  sieve_extensions = +vnd.dovecot.report
}}
"""
MAIL = b"From: alice@example.com\nTo: bob@example.org\nSubject: Pairs\nMessage-ID: <1@example.com>\n\ntext\n"
REQUIRE = (
    'require ["fileinto", "copy", "reject", "vacation", "enotify", "imap4flags", "duplicate", "mailbox", '
    '"vnd.dovecot.report"];\n'
)
ACTIONS = {
    "keep": "keep;",
    "keep with flags": 'keep :flags "\\\\Seen $Kept";',
    "inbox": 'fileinto "INBOX";',
    "inbox, other case": 'fileinto "inbox";',
    "inbox with flags": 'fileinto :flags ["\\\\Flagged", "a b"] "INBOX";',
    "inbox copy": 'fileinto :copy "INBOX";',
    "folder": 'fileinto "X";',
    "folder with flags": 'fileinto :flags "\\\\Deleted" "X";',
    "folder copy": 'fileinto :copy "X";',
    "other folder": 'fileinto :create "Y";',
    "redirect": 'redirect "c@example.net";',
    "redirect, other case": 'redirect "c@EXAMPLE.net";',
    "redirect, other local part": 'redirect "C@example.net";',
    "redirect copy": 'redirect :copy "c@example.net";',
    "discard": "discard;",
    "reject": 'reject "no";',
    "vacation": 'vacation "away";',
    "notify": 'notify "mailto:d@example.net";',
    "notify two": 'notify "mailto:d@Example.net?cc=e@example.net";',
    "set flags": 'setflag "\\\\Seen $A";',
    "add flags": 'addflag ["\\\\seen", "$B"];',
    "remove flags": 'removeflag "$A";',
    "no flags": 'setflag "";',
    "duplicate": 'if duplicate :handle "h" { discard; }',
    "report": 'report "abuse" "spam" "abuse@example.net";',
}
# RFC 3894 3: only the action with :copy leaves the implicit keep alone, and RFC 5228 2.10.2: every other one
# cancels it. The real engine merges the two, and thereby keeps the mail that nothing asked it to keep.
COPIED = {
    ("inbox copy", "keep"), ("inbox copy", "keep with flags"), ("inbox copy", "inbox"),
    ("inbox copy", "inbox, other case"), ("inbox copy", "inbox with flags"),
    ("folder copy", "folder"), ("folder copy", "folder with flags"),
    ("redirect copy", "redirect"), ("redirect copy", "redirect, other case"),
}  # fmt: skip
# RFC 7352 3: a question asked twice in one run has the same answer both times. The real test tool has no
# database for ids and fails when it is to mark one twice.
UNASKED = {("duplicate", "duplicate")}
STORE = re.compile(r"store message in folder: (.*)")


@pytest.fixture(scope="module")
def folder():
    """Make a folder which the unprivileged user may read, with the engine's configuration."""
    with peers.short_folder("pairs-") as made:
        home = made / "home"
        home.mkdir()
        home.chmod(0o777)
        (made / "dc.conf").write_text(CONFIG.format(home=home))
        (made / "mail.eml").write_bytes(MAIL)
        yield made


def real(folder: Path, script: str) -> tuple[list[object], object]:
    """Return what the real engine does, and what its implicit keep stores."""
    (folder / "script.sieve").write_text(REQUIRE + script)
    done = subprocess.run(
        ["runuser", "-u", "nobody", "--", "env", f"HOME={folder / 'home'}", "sieve-test", "-C", "-c", "dc.conf",
         "-f", SENDER, "-a", RECIPIENT, "-r", RECIPIENT, "script.sieve", "mail.eml"],
        cwd=folder, capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    if done.returncode:
        return ["failed"], None
    performed, _, implicit = done.stdout.partition("Implicit keep:")
    kept = re.split(r"^ \* ", implicit, flags=re.MULTILINE)[1:]
    return [_read(block) for block in re.split(r"^ \* ", performed, flags=re.MULTILINE)[1:]], (
        _read(kept[0]) if kept else None
    )


def _read(block: str) -> object:
    """Read one action of sieve-test."""
    first = block.split("\n", 1)[0].strip()
    flags = re.search(r"add IMAP flags: (.*)", block)
    if found := STORE.match(first):
        return ("store", found[1], frozenset(flags[1].lower().split()) if flags else frozenset())
    if first.startswith("send notification"):
        return ("notify", *re.findall(r"\+ (?:To|Cc): (.*)", block))
    if first.startswith("redirect"):
        return ("redirect", first.partition("<")[2].rstrip(">"))
    return first.split()[0] if not first.startswith("send") else "vacation"


def ours(script: str) -> tuple[list[object], object]:
    """Return the same of our engine."""
    program = compile_script(REQUIRE + script, registry=Registry.standard())
    envelope = Envelope(SENDER, RECIPIENT, RECIPIENT)
    result = program.run(PlainMessage(MAIL), envelope, DefaultHost(), now=datetime(2026, 11, 24, tzinfo=UTC))
    if result.error is not None:
        return ["failed"], None
    kept = ("store", INBOX, _folded(result.keep_flags)) if result.implicit_keep else None
    return [_show(action) for action in result.performed], kept


def _folded(flags: tuple[str, ...]) -> frozenset[str]:
    return frozenset(flag.lower() for flag in flags)


def _show(action: object) -> object:
    """Return one of our actions in the same form."""
    match action:
        case Keep(flags=flags):
            return ("store", INBOX, _folded(flags))
        case FileInto(mailbox=mailbox, flags=flags):
            return ("store", mailbox, _folded(flags))
        case Redirect(address=address):
            return ("redirect", address)
        case Notify(mail=mail):
            return ("notify", *mail.recipients)
        case Discard() | Reject() | Vacation() | Report():
            return action.name
        case DuplicateMark():
            return "track"
        case _:
            raise AssertionError(action)


def settled(outcome: tuple[list[object], object]) -> tuple[list[object], object]:
    """Return it in one form: names of INBOX, domains, and the keep beside a delivery into INBOX."""
    actions, kept = outcome
    plain = [_plain(action) for action in actions]
    if any(isinstance(one, tuple) and one[:2] == ("store", INBOX) for one in plain):
        kept = None  # one delivery, not two
    return plain, kept


def _plain(action: object) -> object:
    match action:
        case ("store", mailbox, flags):
            return ("store", INBOX if mailbox.upper() == INBOX else mailbox, flags)
        case ("redirect", address):
            local, _, domain = address.partition("@")
            return ("redirect", f"{local}@{domain.lower()}")
        case _:
            return action


@pytest.mark.peer("pigeonhole", "sieve-test")
@pytest.mark.parametrize("first", ACTIONS)
def test_all_pairs_that_begin_with(first, folder):
    """Every second action has the same outcome as in the real engine, or the reason stands above."""
    differences = []
    for second, then in ACTIONS.items():
        if (first, second) in COPIED | UNASKED:
            continue
        script = f"{ACTIONS[first]}\n{then}\n"
        theirs, mine = settled(real(folder, script)), settled(ours(script))
        if theirs != mine:
            differences.append(f"{first} + {second}: they {theirs}, we {mine}")
    assert not differences, "\n".join(differences)


@pytest.mark.parametrize(("first", "second"), sorted(COPIED))
def test_a_copy_and_the_same_without_copy_cancel_the_keep(first, second):
    """The second action cancels the implicit keep, and the mail is delivered once."""
    actions, kept = ours(f"{ACTIONS[first]}\n{ACTIONS[second]}\n")
    assert (len(actions), kept) == (1, None)


def test_a_question_asked_twice_has_one_answer():
    """Asking for the same id again finds no duplicate, and it is remembered once."""
    assert ours(ACTIONS["duplicate"] * 2)[0] == ["track"]


def test_the_table_has_every_pair():
    """Every pair stands in one of the lists above."""
    pairs = set(product(ACTIONS, repeat=2))
    assert pairs >= COPIED | UNASKED
