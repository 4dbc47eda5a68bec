"""Mails that actions send, against a real engine: the same recipients, the same fields, the same text.

sieve-test (Pigeonhole) composes them with `-e` and prints them; ours come out of the simulated world of the test
language. What must differ (message id, date, name of the program, boundary) is left out. Two things differ for a
reason and are not compared: the header alone is text/rfc822-headers (RFC 6522 4), and an answer to mail that names
nobody comes from the recipient, where they make an address of the login name.
"""

import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import peers
import pytest

from sieve_like.message import Envelope, PlainMessage
from sieve_like.testing.bench import Bench
from sieve_like.testing.execution import execute
from sieve_like.testing.runner import standard
from sieve_like.testing.settings import both_names

SENDER, RECIPIENT, HOST = "alice@example.com", "bob@example.org", "mx.example.org"
OWN = {"message-id", "date", "x-sieve"}
MAIL = (
    'Return-Path: <alice@example.com>\nReceived: from a by b; Tue, 24 Nov 2026 10:00:00 +0000\n'
    'From: "Alice A." <alice@example.com>\nTo: Bob <bob@example.org>\nSubject: =?utf-8?q?Hallo_W=C3=B6rld?=\n'
    "Message-ID: <m1@example.com>\nReferences: <r0@example.com>\n <r1@example.com>\n"
    "Date: Tue, 24 Nov 2026 10:00:00 +0000\n\nBody text\nsecond\n"
)  # fmt: skip


def mail(*changes: tuple[str, str]) -> str:
    """Return the mail with lines replaced, each a pattern and what stands there instead."""
    text = MAIL
    for pattern, instead in changes:
        text, count = re.subn(pattern, instead, text, flags=re.MULTILINE)
        assert count, pattern
    return text


@dataclass(frozen=True)
class Case:
    """One script over one mail with settings; `parts` says that the body is a multipart whose parts are compared."""

    name: str
    script: str
    mail: str = MAIL
    settings: tuple[tuple[str, str], ...] = ()
    parts: bool = False


def vacation(name: str, script: str, text: str = MAIL, *settings: tuple[str, str]) -> Case:
    return Case(f"vacation {name}", f'require "vacation";\nvacation {script};\n', text, settings)


def notify(name: str, script: str, text: str = MAIL, *settings: tuple[str, str]) -> Case:
    return Case(f"notify {name}", f'require "enotify";\nnotify {script};\n', text, settings)


def subject(text: str) -> str:
    return mail((r"^Subject: .*$", f"Subject: {text}"))


ALIAS = mail((r"^To: .*$", "To: other@example.org, jan@example.org"))
SUBJECTLESS = mail((r"^Subject: .*\n", ""))
ROBOT = mail((r"^From: .*$", 'From: "Robot" <robot@example.net>'))
IGNORE = ("sieve_vacation_to_header_ignore_envelope", "yes")
BOSS = ("sieve_user_email", "boss@example.org")
PREFIX = ("sieve_redirect_envelope_from", "")

CASES = (
    vacation("plain", '"I am away.\nBye"'),
    vacation("beyond ascii", '"Grüße"'),
    vacation("empty", '""'),
    vacation("subject", ':subject "Weg bis März — wir melden uns, sobald alle wieder da sind: spät im Jahr" "x"'),
    vacation("long ascii subject", f':subject "{"word " * 40}" "x"'),
    vacation("no subject", '"x"', SUBJECTLESS),
    vacation("default subject", '"x"', SUBJECTLESS, ("sieve_vacation_default_subject", "My default")),
    vacation("cut subject", ':subject "Weg bis März — wir melden uns" "x"', MAIL,
             ("sieve_vacation_max_subject_codepoints", "20")),
    vacation("from", ':from "Bob Müller <bob@example.org>" "x"'),
    vacation("bare from", ':from "bob@example.org" "x"'),
    vacation("mime", ':mime "Content-Type: text/html; charset=utf-8\nX-Own: 1\n\n<p>weg</p>"'),
    vacation("alias", ':addresses ["jan@example.org", "other@example.org"] "x"', ALIAS),
    vacation("not addressed", '"x"', ALIAS),
    vacation("unchecked", ':from "bob@example.org" "x"', ALIAS, ("sieve_vacation_dont_check_recipient", "yes")),
    vacation("other author", '"x"', ROBOT),
    vacation("other author, envelope ignored", '"x"', ROBOT, IGNORE),
    vacation("from the recipient", '"x"', MAIL, ("sieve_vacation_send_from_recipient", "yes")),
    vacation("user", '"x"', mail((r"^To: .*$", "To: boss@example.org")), BOSS),
    vacation("no thread", '"x"', mail((r"^Message-ID: .*\n", ""), (r"^References: .*\n .*\n", ""))),
    vacation("no message id", '"x"', mail((r"^Message-ID: .*\n", ""))),
    vacation("sender field", '"x"', mail((r"^From: .*$", "From: x@example.net\nSender: Al <alice@example.com>"))),
    vacation("odd name", '"x"', mail((r"^From: .*$", 'From: "Alice \\\\"A\\\\" (x), B" <alice@example.com>'))),
    vacation("encoded name", '"x"', mail((r"^From: .*$", "From: =?utf-8?q?M=C3=BCller?= <alice@example.com>"))),
    *(vacation(f"suppressed by {line}", '"x"', mail((r"^From:", f"{line}\nFrom:"))) for line in (
        "List-Id: <x.example>", "List-Post: <mailto:x@example.net>", "Auto-Submitted: auto-replied",
        "Auto-Submitted: no", "Precedence: junk", "Precedence: list", "Precedence: normal",
        "X-Auto-Response-Suppress: OOF", "X-Auto-Response-Suppress: DR, All", "X-Auto-Response-Suppress: DR",
    )),
    Case("redirect", 'redirect "frop@example.net";\n'),
    Case("redirect user", 'redirect "frop@example.net";\n', MAIL, (BOSS,)),
    Case("redirect sender", 'redirect "frop@example.net";\n', MAIL, ((PREFIX[0], "recipient"),)),
    Case("redirect address", 'redirect "frop@example.net";\n', MAIL, ((PREFIX[0], "<x@example.org>"),)),
    Case("redirect loop", 'redirect "frop@example.net";\n',
         mail((r"^From:", "X-Sieve-Redirected-From: bob@example.org\nFrom:"))),
    Case("redirect edited", 'require "editheader";\naddheader "X-A" "1";\nredirect "frop@example.net";\n'),
    Case("reject", 'require "reject";\nreject "Go away.\nPlease";\n', parts=True),
    Case("reject beyond ascii", 'require "reject";\nreject "Nein, schön";\n', parts=True),
    notify("plain", '"mailto:stephan@example.org"'),
    notify("subject and body", '"mailto:stephan@example.org?subject=uri%20sub&body=l1%0D%0Al2%20%C3%A4&x-h=a"'),
    notify("message", ':message "März ist da" "mailto:stephan@example.org?cc=x@example.com&subject=no&body=b"'),
    notify("from", ':from "Bob <bob@example.org>" :importance "1" "mailto:stephan@example.org"'),
    notify("low", ':importance "3" "mailto:stephan@example.org?to=b@example.org"'),
    notify("user", '"mailto:stephan@example.org"', MAIL, BOSS),
    notify("no subject", '"mailto:stephan@example.org"', SUBJECTLESS),
    notify("automatic", '"mailto:stephan@example.org"', mail((r"^From:", "Auto-Submitted: auto-generated\nFrom:"))),
    notify("envelope", '"mailto:stephan@example.org"', MAIL, ("sieve_notify_mailto_envelope_from", "recipient")),
    Case("report", 'require "vnd.dovecot.report";\nreport "abuse" "Spam." "abuse@example.net";\n', parts=True),
    Case("report headers", 'require "vnd.dovecot.report";\nreport :headers_only "abuse" "Spä" "a@example.net";\n',
         parts=True),
    Case("report from", 'require "vnd.dovecot.report";\nreport "abuse" "Spam." "abuse@example.net";\n', MAIL,
         (("sieve_report_from", "recipient"),), parts=True),
    *(vacation(f"subject {text[:20]!r}", '"x"', subject(text)) for text in (
        "a\\n b\\n\\tc", "Grüße an alle", "=?utf-8?q?a=C3=A4?=\\n =?utf-8?q?b=C3=B6?= c", "word " * 80, "wört " * 80,
        "100%$ %{subject}",
    )),
    *(vacation(f"author {text!r}", '"x"', mail((r"^From: .*$", text))) for text in (
        "From: z@example.net, Alice <alice@example.com>", "From: Alice <ALICE@Example.COM>",
        "From: z@example.net\\nResent-From: Al <alice@example.com>", "From: alice@example.com (Alice)",
        "From: G: alice@example.com;", 'From: "Älice" <alice@example.com>',
        "From: Al <alice@example.com>\\nReply-To: other@example.com",
    )),
    *(vacation(f"addressed by {text!r}", '"x"', mail((r"^To: .*$", text))) for text in (
        "To: z@example.net\\nCc: BOB@EXAMPLE.ORG", "Bcc: bob@example.org", "Resent-To: bob@example.org",
        "Resent-Bcc: bob@example.org", "To: G: bob@example.org;", "To: bob+x@example.org", 'To: "bob"@example.org',
        "To: broken, bob@example.org", 'To: "bob@example.org" <z@example.net>', "Apparently-To: bob@example.org",
    )),
    *(vacation(f"id {text!r}", '"x"', mail((r"^Message-ID: .*$", f"Message-ID: {text}"))) for text in (
        "<a@b> <c@d>", "\\n <a@b>", "<a@b> (c)",
    )),
    vacation("own address", ':addresses "Alice@Example.COM" "x"'),
    vacation("many references", '"x"', mail((r"^References: .*$", "References: " + "\\n ".join(
        f"<r{number}.{'a' * 40}@example.com>" for number in range(30))))),
    notify("recipients named twice", '"mailto:a@example.org?to=a@example.org%2Cb@example.org&cc=A@example.org"'),
    notify("empty subject", '"mailto:stephan@example.org?subject="'),
    notify("lines", '"mailto:stephan@example.org?body=a%0D%0Ab%0Ac"'),
    notify("bulk", '"mailto:stephan@example.org"', mail((r"^From:", "Precedence: bulk\nFrom:"))),
    notify("envelope of the original recipient", ':from "q@example.org" "mailto:stephan@example.org"', MAIL,
           ("sieve_notify_mailto_envelope_from", "orig_recipient")),
    Case("redirect postmaster", 'redirect "frop@example.net";\n', MAIL, ((PREFIX[0], "postmaster"),)),
    Case("redirect null", 'redirect "frop@example.net";\n', MAIL, ((PREFIX[0], "<>"),)),
    Case("redirect unknown word", 'redirect "frop@example.net";\n', MAIL, ((PREFIX[0], "bogus"),)),
    Case("redirect case", 'redirect "Frop@EXAMPLE.net";\n'),
    Case("reject empty", 'require "reject";\nreject "";\n', parts=True),
)  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """A mail that left: sender, recipients, octets; `recipients` is empty where none did."""

    sender: str = ""
    recipients: tuple[str, ...] = ()
    octets: bytes = b""


@pytest.fixture(scope="module")
def folder():
    """Make a folder which the unprivileged user may read and write."""
    with peers.short_folder("composed-") as path:
        (path / "home").mkdir()
        (path / "home").chmod(0o777)
        yield path


def theirs(folder: Path, case: Case) -> Sent:
    """Run the real engine with execution and read what it prints."""
    lines = "".join(f'  {name} = "{value}"\n' for name, value in case.settings)
    (folder / "dc.conf").write_text(
        f"mail_home = {folder}/home\nmail_location = maildir:{folder}/home/mail\nlog_path = /dev/stderr\n"
        f"hostname = {HOST}\nplugin {{\n  sieve_extensions = +editheader +vnd.dovecot.report\n"
        f"  sieve_vacation_min_period = 0\n{lines}}}\n"
    )
    (folder / "script.sieve").write_text(case.script)
    (folder / "mail.eml").write_bytes(case.mail.replace("\n", "\r\n").encode())
    done = subprocess.run(
        ["runuser", "-u", "nobody", "--", "env", f"HOME={folder}/home", "sieve-test", "-C", "-e", "-c", "dc.conf",
         "-f", SENDER, "-a", RECIPIENT, "-r", RECIPIENT, "script.sieve", "mail.eml"],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    senders = re.findall(rb"sending message from <(.*)>", done.stderr)
    octets, _, rest = done.stdout.partition(b"\nRECIPIENT:")
    recipients = re.findall(rb"^ ?([^\s<>]+@[^\s<>]+)$", rest.replace(b"RECIPIENT: ", b""), re.MULTILINE)
    if not senders:
        return Sent()
    return Sent(senders[0].decode(), tuple(one.decode() for one in recipients), octets.strip(b"\n"))


class NoFiles:
    """There is nothing beside the script."""

    def read(self, name):
        return None

    def script(self, name, *, personal):
        return None


def ours(case: Case) -> Sent:
    """Carry out the same script in the simulated world."""
    bench = Bench(standard(), NoFiles(), ".", datetime(2026, 11, 24, 10, 0, tzinfo=UTC))
    bench.settings = both_names({**dict(case.settings), "hostname": HOST})
    message = PlainMessage(case.mail.replace("\n", "\r\n").encode())
    base = bench.start(message, Envelope(SENDER, RECIPIENT, RECIPIENT))
    assert bench.run(base, bench.compile(case.script.encode(), "script")), bench.errors
    assert execute(bench, base), bench.errors
    box = bench.world.outbox
    return Sent(box[0].sender, tuple(one.recipient for one in box), box[0].octets) if box else Sent()


FIELDS = ("from", "to", "cc", "subject", "in-reply-to", "references", "auto-submitted", "precedence",
          "x-auto-response-suppress", "mime-version", "x-priority", "importance", "x-sieve-redirected-from",
          "return-path", "received", "x-h", "x-own", "x-a", "user-agent", "message-id")  # fmt: skip


def fields(message: PlainMessage, redirected: bool) -> dict[str, list[str]]:
    """Return the fields that are compared, decoded and with single blanks; an address field as its addresses."""
    found = {}
    for name in FIELDS:
        if name in OWN and not redirected:
            continue
        if name in {"from", "to", "cc"}:
            found[name] = [(one.name, one.address) for one in message.addresses(name)]
        else:
            found[name] = [" ".join(value.split()) for value in message.text(name)]
    return found


def parts(message: PlainMessage) -> list[tuple[str, list[str]]]:
    """Return type and lines of each part of a report; what names the program is left out."""
    return [
        (
            one.content_type.replace("message/rfc822", "mail").replace("text/rfc822-headers", "mail"),
            [
                line.rstrip().replace("rfc822; ", "rfc822;")
                for line in bytes(message.octets)[one.body_start : one.end].decode().splitlines()
                if line.strip() and not line.startswith(("Reporting-UA:", "User-Agent:"))
            ],
        )
        for one in message.root.children
    ]


@pytest.mark.peer("pigeonhole", "sieve-test")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_same_mail_as_the_oracle(folder, case):
    """Sender, recipients, fields and text are those of the established engine."""
    their, our = theirs(folder, case), ours(case)
    assert (our.sender, our.recipients) == (their.sender, their.recipients)
    if not their.recipients:
        return
    redirected = case.name.startswith("redirect")
    first, second = PlainMessage(our.octets), PlainMessage(their.octets)
    assert fields(first, redirected) == fields(second, redirected)
    assert first.root.content_type == second.root.content_type
    if case.parts:
        assert parts(first) == parts(second)
    else:
        assert first.root.decoded_text().split() == second.root.decoded_text().split()


def test_there_are_enough_cases():
    """Each kind of mail is compared, answers that must not be sent among them."""
    kinds = {case.name.split()[0] for case in CASES}
    assert kinds == {"vacation", "redirect", "reject", "notify", "report"}
    assert len(CASES) >= 50
