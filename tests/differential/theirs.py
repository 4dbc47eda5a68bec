"""The established engine: asks `sieve-test` (Pigeonhole) and reads what it prints."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from differential.cases import Case
from differential.outcome import Line, Outcome

NOBODY = 65534
DOES_NOT_COMPILE, FAILED = 89, 1
# Everything that both engines have and that is off unless it is asked for.
EXTRA = (
    "editheader", "vacation-seconds", "mboxmetadata", "servermetadata", "special-use", "spamtest", "spamtestplus", "virustest",
    "vnd.dovecot.environment", "vnd.dovecot.debug", "vnd.dovecot.report",
)  # fmt: skip
PLUGIN = {
    "sieve_spamtest_status_type": "score", "sieve_spamtest_status_header": "X-Spam-Score", "sieve_spamtest_max_value": "10",
    "sieve_virustest_status_type": "score", "sieve_virustest_status_header": "X-Virus", "sieve_virustest_max_value": "5",
    "sieve_vacation_max_period": "60d",
}  # fmt: skip
CONFIG = """\
mail_home = {home}
mail_location = maildir:{home}/mail
mail_attribute_dict = file:{home}/attributes
log_path = /dev/stderr
lda_mailbox_autocreate = yes
plugin {{
  sieve = file:{home}/scripts;active={home}/active.sieve
  sieve_global = file:{home}/global
  sieve_extensions = {extra}
{plugin}
}}
"""
SIDE = {"create mailbox if it does not exist": "create", "preserve implicit keep": "copy"}
# Where included scripts lie: the personal and the global ones are different scripts of the same text.
SCRIPTS = ("scripts", "global")
FLAGS = "add IMAP flags: "
SPECIAL = re.compile(r"use mailbox with special-use flag `(.*)' instead if accessible")


@dataclass(frozen=True)
class Oracle:
    """A folder that the unprivileged user owns; one process at a time may use it."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> "Oracle":
        """Write the configuration."""
        home = root / "home"
        for folder in SCRIPTS:
            (home / folder).mkdir(parents=True)
        extra = " ".join(f"+{name}" for name in EXTRA)
        plugin = "\n".join(f"  {name} = {value}" for name, value in PLUGIN.items())
        (root / "dc.conf").write_text(CONFIG.format(home=home, extra=extra, plugin=plugin))
        for path in (root, *root.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        return cls(root)

    def ask(self, case: Case) -> Outcome:
        """Run a case; "crashed" is an outcome as well. Raises RuntimeError where it can't be run at all."""
        (self.root / "script.sieve").write_text(case.script, newline="")
        (self.root / "mail.eml").write_bytes(case.mail)
        for folder in SCRIPTS:
            for name, text in case.files.items():
                (self.root / "home" / folder / f"{name}.sieve").write_text(text, newline="")
        done = self._run(case)
        said = " / ".join(
            line for line in done.stderr.decode("utf-8", "replace").splitlines() if "error" in line.lower()
        )
        if done.returncode == DOES_NOT_COMPILE and "failed" in said:
            return Outcome("refused", said=said)
        if done.returncode == FAILED:
            return Outcome("failed", keep=(), said=said)
        if done.returncode < 0:
            return Outcome("crashed")
        if done.returncode:
            raise RuntimeError(
                f"sieve-test ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')}"
            )
        return read_output(done.stdout.decode("utf-8", "replace"), said)

    def stored(self, case: Case, mailboxes: Iterable[str]) -> str:
        """Return the mail as the case leaves it in INBOX; `ask` came before. The mailboxes are made first."""
        box = self.root / "home" / "box"
        shutil.rmtree(box, ignore_errors=True)
        for name in mailboxes:
            for part in ("cur", "new", "tmp"):
                (box / f".{name}" / part).mkdir(parents=True, exist_ok=True)
        for path in (box, *box.rglob("*")):
            if path.exists():
                os.chown(path, NOBODY, NOBODY)
        self._run(case, "-e", "-l", f"maildir:{box}")
        found = [*(box / "new").glob("*"), *(box / "cur").glob("*")]
        return found[0].read_bytes().decode("utf-8", "replace").replace("\r\n", "\n") if found else ""

    def _run(self, case: Case, *more: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["sieve-test", "-C", "-c", "dc.conf", "-f", case.sender, "-a", case.original, "-r", case.recipient, *more,
             "script.sieve", "mail.eml"],
            cwd=self.root, user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(self.root / "home"), "TZ": "UTC", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip


def read_output(text: str, said: str = "") -> Outcome:
    """Read the list of actions and the implicit keep."""
    performed, _, implicit = text.partition("\nImplicit keep:\n")
    actions = tuple(map(read_action, blocks(performed)))
    kept = blocks(implicit)
    return Outcome("done", actions, read_action(kept[0])[2:] if kept else None, said)


def blocks(text: str) -> list[str]:
    """Return the actions of a list, each with the lines below it."""
    return re.split(r"^ \* ", text, flags=re.MULTILINE)[1:]


def read_action(block: str) -> Line:
    """Return an action as words: what it is, its main value, and what is said about it in order."""
    first, _, rest = block.partition("\n")
    effects = [SIDE.get(line, line) for line in re.findall(r"^        \+ (.*)$", rest, flags=re.MULTILINE)]
    effects = [
        flags(line.removeprefix(FLAGS).split()) if line.startswith(FLAGS) else line for line in effects
    ]
    effects = [SPECIAL.sub(r"specialuse \1", line) for line in effects]
    if match := re.match(r"store message in folder: (.*)", first):
        name = "INBOX" if match[1].upper() == "INBOX" else match[1]
        return ("store", name, *sorted(effects))
    if match := re.match(r"redirect message to: <(.*)>", first):
        return ("redirect", match[1], *sorted(effects))
    if match := re.match(r"reject message with reason: (.*)", first):
        return ("reject", match[1])
    if match := re.match(r"report incoming message as `(.*)' to: <(.*)>", first):
        return ("report", match[1], match[2])
    if match := re.match(r"track( last)? duplicate(?: with handle: (.*))?", first):
        return ("duplicate", match[2] or "", "last" if match[1] else "")
    if first.startswith("send vacation"):
        return ("vacation", *read_vacation(rest))
    if first.startswith("send notification"):
        return ("notify", *read_notification(rest))
    return (first.strip(),)


def flags(found: Iterable[str]) -> str:
    """Return flags as one word: those of the system, which have no order, then keywords, which have no case."""
    system = sorted(one.lower() for one in found if one.startswith("\\"))
    keywords: dict[str, str] = {}
    for one in found:
        if not one.startswith("\\"):
            keywords.setdefault(one.lower(), one)
    return " ".join(["flags", *system, *keywords.values()])


def read_vacation(rest: str) -> Line:
    """Return period, subject, sender, handle and text of an answer."""
    values = dict(re.findall(r"^    => (\w+) *: (.*)$", rest, flags=re.MULTILINE))
    text = rest.partition("START MESSAGE\n")[2].rpartition("\nEND MESSAGE")[0]
    if re.search(r"<(NO-)?MIME>\n\nSTART MESSAGE", rest):
        values["handle"] = ""  # what stands there is made of the other values (RFC 5230 4.2)
    return (
        *(values.get(name, "") for name in ("seconds", "subject", "from", "handle")),
        text.replace("\r\n", "\n"),
    )


def read_notification(rest: str) -> Line:
    """Return importance, sender, subject, recipients, further fields and body of a notification."""
    rest, _, body = rest.partition("    => body         : \n--\n")
    values = dict(re.findall(r"^    => (\w+) *: (.*)$", rest, flags=re.MULTILINE))
    fields = re.findall(r"^       \+ (.*)$", rest, flags=re.MULTILINE)
    body = body.rpartition("--")[0].removesuffix("\n").replace("\r\n", "\n")
    return (
        values.get("importance", ""),
        values.get("from", ""),
        values.get("subject", ""),
        " ".join(fields),
        body,
    )
