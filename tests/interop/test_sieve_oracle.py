"""The language against a real engine: the same scripts and mails must lead to the same actions.

The scripts lie in tests/sieve_like/oracle; sieve-test (Pigeonhole) says what becomes of each mail.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import peers
import pytest

from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors
from sieve_like.host import DefaultHost
from sieve_like.message import Envelope, PlainMessage
from sieve_like.registry import Registry
from sieve_like.result import Discard, FileInto, Keep, Redirect, Reject, Vacation

FOLDER = Path(__file__).parents[1] / "sieve_like" / "oracle"
SCRIPTS = sorted(FOLDER.glob("*.sieve"))
MAILS = sorted(FOLDER.glob("*.eml"))
SENDER, RECIPIENT = "alice@example.com", "bob+tickets@example.org"
CONFIG = """mail_home = {home}
mail_location = maildir:{home}/mail
log_path = /dev/stderr
"""
DOES_NOT_COMPILE, FAILED = 89, 1


@dataclass(frozen=True)
class Outcome:
    """What an engine decides: "error" where the script does not compile, else its actions and the implicit keep."""

    actions: tuple[tuple[str, ...], ...] = ()
    implicit_keep: bool = True
    failed: bool = False
    refused: bool = False

    def settled(self) -> "Outcome":
        """Return it in one form: an implicit keep beside a delivery into INBOX is one delivery."""
        keep = self.implicit_keep and ("store", "INBOX") not in self.actions
        return Outcome(self.actions, keep, self.failed, self.refused)


@pytest.fixture(scope="module")
def oracle():
    """Make a folder which the unprivileged user may read, with the engine's configuration."""
    with peers.short_folder("oracle-") as folder:
        home = folder / "home"
        home.mkdir()
        home.chmod(0o777)
        (folder / "dc.conf").write_text(CONFIG.format(home=home))
        for mail in MAILS:
            shutil.copy(mail, folder)
        yield folder


def ask_oracle(folder: Path, script: Path, mail: Path) -> Outcome:
    """Run sieve-test, which refuses to be root, and read what it prints."""
    shutil.copy(script, folder / "script.sieve")
    done = subprocess.run(
        ["runuser", "-u", "nobody", "--", "env", f"HOME={folder / 'home'}", "sieve-test", "-C", "-c", "dc.conf",
         "-f", SENDER, "-a", RECIPIENT, "-r", RECIPIENT, "script.sieve", mail.name],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    output = done.stdout.decode("utf-8", "replace")
    if done.returncode == DOES_NOT_COMPILE:
        assert "error" in done.stderr.decode("utf-8", "replace")
        return Outcome(refused=True)
    assert done.returncode in {0, FAILED}, done.stderr.decode("utf-8", "replace")
    if done.returncode == FAILED:
        return Outcome(failed=True)
    performed, _, implicit = output.partition("Implicit keep:")
    return Outcome(read_actions(performed), " * store message" in implicit)


def read_actions(text: str) -> tuple[tuple[str, ...], ...]:
    """Read the list of actions that sieve-test prints."""
    found = []
    for block in re.split(r"^ \* ", text, flags=re.MULTILINE)[1:]:
        first = block.split("\n", 1)[0]
        if match := re.match(r"store message in folder: (.*)", first):
            found.append(("store", match[1]))
        elif match := re.match(r"redirect message to: <(.*)>", first):
            found.append(("redirect", match[1]))
        elif match := re.match(r"reject message with reason: (.*)", first):
            found.append(("reject", match[1]))
        elif first.startswith("send vacation"):
            values = dict(re.findall(r"^    => (\w+) *: (.*)$", block, flags=re.MULTILINE))
            found.append(("vacation", values["seconds"], values.get("subject", ""), values.get("from", "")))
        else:
            found.append((first.strip(),))
    return tuple(found)


def ask_ours(script: Path, mail: Path) -> Outcome:
    """Run our engine over the same two files."""
    try:
        program = compile_script(script.read_bytes(), name=script.stem, registry=Registry.standard())
    except CompileErrors:
        return Outcome(refused=True)
    message, envelope = PlainMessage(mail.read_bytes()), Envelope(SENDER, RECIPIENT, RECIPIENT)
    result = program.run(message, envelope, DefaultHost(), now=datetime(2026, 11, 24, tzinfo=UTC))
    if result.error is not None:
        assert result.implicit_keep
        return Outcome(failed=True)
    return Outcome(tuple(map(as_line, result.performed)), result.implicit_keep)


def as_line(action) -> tuple[str, ...]:
    """Return an action in the words of the oracle, which shows control characters as question marks."""
    match action:
        case Keep():
            return ("store", "INBOX")
        case FileInto(mailbox=mailbox):
            return ("store", re.sub(r"[\x00-\x1f]", "?", mailbox))
        case Redirect(address=address):
            return ("redirect", address)
        case Discard():
            return ("discard",)
        case Reject(reason=reason):
            return ("reject", re.sub(r"[\x00-\x1f]", "?", reason))
        case Vacation(seconds=seconds, subject=subject, from_=sender):
            return ("vacation", str(seconds), subject, sender)
    raise AssertionError(action)


@pytest.mark.peer("pigeonhole", "sieve-test")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_same_decision_as_the_oracle(oracle, script):
    """Every mail is treated as the established engine treats it; what that refuses to compile, we refuse too."""
    differences = []
    for mail in MAILS:
        theirs, ours = ask_oracle(oracle, script, mail).settled(), ask_ours(script, mail).settled()
        if theirs != ours:
            differences.append(f"{mail.stem}:\n  oracle {theirs}\n  ours   {ours}")
    assert not differences, "\n".join(differences)


def test_there_are_enough_scripts():
    """The comparison covers at least twenty-five scripts and several kinds of mail."""
    assert len(SCRIPTS) >= 25
    assert len(MAILS) >= 5
