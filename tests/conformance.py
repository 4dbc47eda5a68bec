"""Whether mails of ours are what the standards say, in the eyes of two parsers that are not ours.

`complaints(octets)` looks at the octets themselves, at what the standard library finds in them, and at what Perl's
MIME::Parser finds, and returns a line for everything that is wrong; none for a good mail. The kits of the tests hand
it every mail that leaves the gateway (`seen`), and the test that it left in fails (`tests/conftest.py`).
"""

import contextlib
import email
import email.policy
import hashlib
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import peers
from aiosmtpd.smtp import SMTP

SCRIPT = Path(__file__).with_name("second_parser.pl")
# RFC 5322 3.6: these stand in a mail once at most; RFC 2045 has the MIME ones, RFC 3834 5 the last.
ONCE = frozenset(
    {
        "date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references",
        "subject", "mime-version", "content-type", "content-transfer-encoding", "content-id",
        "content-disposition", "auto-submitted",
    }
)  # fmt: skip
NEEDED = ("date", "from", "to", "subject", "message-id", "mime-version", "content-type")
FIELD = re.compile(r"([!-9;-~]+):((?:[^\r]|\r\n[ \t])*)\r\n")
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
# RFC 5322 3.6.4.
MSG_ID = re.compile(rf"<{ATOM}(?:\.{ATOM})*@(?:{ATOM}(?:\.{ATOM})*|\[[!-Z^-~]*\])>")
DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d:\d\d [+-]\d{4}"
)
# RFC 2047 2.
WORD = re.compile(r"=\?[A-Za-z0-9-]+\?(?:[Qq]\?[!->@-~]*|[Bb]\?[A-Za-z0-9+/]*={0,2})\?=")
BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]{1,76}={0,2}")
QP_LINE = re.compile(rb"(?:[\t !-<>-~]|=[0-9A-F]{2})*=?")
COLUMNS, HARD_COLUMNS, ENCODED_COLUMNS = 78, 998, 76


def complaints(octets: bytes, *, smtputf8: bool = False, second: bool = True) -> list[str]:
    """Return everything that is wrong with a mail of ours; `smtputf8` allows UTF-8 in its header (RFC 6532)."""
    found = [*_lines(octets)]
    head = octets.partition(b"\r\n\r\n")[0]
    fields = FIELD.findall((head + b"\r\n").decode("utf-8", "replace"))
    found += _header(head, fields, smtputf8=smtputf8)
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    found += _values(mail, [name.lower() for name, _ in fields])
    for place, part in _walk(mail):
        found += [f"{place}: {line}" for line in _part(part)]
    if second and not peers.absent("mime-parser"):
        found += [f"MIME::Parser: {line}" for line in _compared(mail, fields, SECOND.ask(octets))]
    return found


def _lines(octets: bytes) -> Iterator[str]:
    """Say what is wrong with the lines of the whole (RFC 5322 2.1.1, 2.3; RFC 5321 2.3.8)."""
    if not octets.endswith(b"\r\n"):
        yield "it does not end with CRLF"
    if re.search(rb"\r(?!\n)|(?<!\r)\n", octets):
        yield "a bare CR or LF"
    if b"\0" in octets:
        yield "a NUL"
    longest = max(map(len, octets.split(b"\r\n")))
    if longest > HARD_COLUMNS:
        yield f"a line of {longest} octets"


def _header(head: bytes, fields: list[tuple[str, str]], *, smtputf8: bool) -> Iterator[str]:
    """Say what is wrong with the header's form."""
    if "".join(f"{n}:{v}\r\n" for n, v in fields).encode("utf-8", "replace") != head + b"\r\n":
        yield "the header is not made of fields"
    if not smtputf8 and not head.isascii():
        yield "the header is not ASCII"
    for line in head.split(b"\r\n"):
        if not line.strip():
            yield "a line of the header without text"
        # RFC 5322 2.1.1: what is longer could not be folded: it has no white space behind its first word.
        if len(line) > COLUMNS and b" " in line.partition(b": ")[2].strip() and b'"' not in line:
            yield f"a line that could be folded: {line!r}"
        for word in re.findall(rb"=\?\S*\?=", line):
            if WORD.fullmatch(word.decode("ascii", "replace")) is None or len(word) > 75 or len(line) > 76:
                yield f"no encoded word: {line!r}"
    names = [name.lower() for name, _ in fields]
    yield from (f"{name} stands there {names.count(name)} times" for name in ONCE if names.count(name) > 1)
    yield from (f"there is no {name}" for name in NEEDED if name not in names)


def _values(mail: EmailMessage, names: list[str]) -> Iterator[str]:
    """Say what is wrong with dates, ids and addresses (RFC 5322 3.3, 3.4, 3.6.4)."""
    for name in {"from", "to", "cc", "reply-to", "sender"} & set(names):
        value = mail[name]
        if value.defects or not value.addresses or (name in {"from", "to"} and len(value.addresses) > 1):
            yield f"{name}: {value!r} {value.defects}"
    raw = {name.lower(): str(value) for name, value in email.message_from_string(str_head(mail)).items()}
    if DATE.fullmatch(raw.get("date", "")) is None or parsedate_to_datetime(raw["date"]).tzinfo is None:
        yield f"date: {raw.get('date')!r}"
    if MSG_ID.fullmatch(raw.get("message-id", "").strip()) is None:
        yield f"message-id: {raw.get('message-id')!r}"
    for name in {"in-reply-to", "references"} & set(names):
        if re.fullmatch(r"\s*<[^<>\s]+>(?:\s+<[^<>\s]+>)*", raw[name]) is None:
            yield f"{name}: {raw[name]!r}"
    if raw.get("mime-version", "").strip() != "1.0":
        yield f"mime-version: {raw.get('mime-version')!r}"


def str_head(mail: EmailMessage) -> str:
    """Return the header's fields, unfolded, as they stand in the mail."""
    return "".join(
        f"{name}: {re.sub(chr(13) + '?' + chr(10), '', value)}\n" for name, value in mail.raw_items()
    )


def _walk(part: EmailMessage, place: str = "") -> Iterator[tuple[str, EmailMessage]]:
    """Yield all parts with their places in the tree: `1`, `1.2`."""
    yield f"part {place or 'whole'} ({part.get_content_type()})", part
    if part.is_multipart():
        for number, one in enumerate(part.get_payload(), 1):
            yield from _walk(one, f"{place}.{number}".lstrip("."))


def _part(part: EmailMessage) -> Iterator[str]:
    """Say what is wrong with one part: its fields, its encoding, its place (RFC 2045, 2046, 2183, 2387)."""
    yield from (f"defect {defect!r}" for defect in part.defects)
    for name in ("content-type", "content-transfer-encoding", "content-disposition"):
        if name in part and part[name].defects:
            yield f"{name}: {part[name].defects}"
    names = [name.lower() for name in part.keys()]  # noqa: SIM118  a mail is no dict
    yield from (f"{n} stands there {names.count(n)} times" for n in ONCE if names.count(n) > 1)
    if part.get_content_maintype() == "multipart":
        yield from _container(part)
    else:
        yield from _leaf(part, str(part.get("content-transfer-encoding", "7bit")).lower())


def _container(part: EmailMessage) -> Iterator[str]:
    if str(part.get("content-transfer-encoding", "7bit")).lower() not in {"7bit", "8bit"}:
        yield "a multipart that is encoded"
    inside = [one for one in part.get_payload() if isinstance(one, EmailMessage)]
    kinds = [one.get_content_type() for one in inside]
    match part.get_content_subtype():
        case "alternative" if kinds[:1] != ["text/plain"] or len(kinds) < 2:
            yield f"the plainest is not first: {kinds}"
        case "related":
            yield from _related(part, inside)
        case "mixed" if len(kinds) < 2:
            yield f"nothing to be mixed: {kinds}"


def _related(part: EmailMessage, inside: list[EmailMessage]) -> Iterator[str]:
    """Say what is wrong with a page and its images (RFC 2387 3.1, RFC 2392)."""
    root, images = inside[0], inside[1:]
    if part.get_param("type") != root.get_content_type():
        yield f"type={part.get_param('type')} and a root that is {root.get_content_type()}"
    page, ids = root.get_content(), [str(one["content-id"] or "") for one in images]
    if len(set(ids)) < len(ids):
        yield f"content ids are not unique: {ids}"
    for one in ids:
        if MSG_ID.fullmatch(one) is None or f"cid:{one[1:-1]}" not in page:
            yield f"content-id {one!r} is none, or the page does not name it"
    if set(re.findall(r"cid:([^\"'\s>)]+)", page)) - {one[1:-1] for one in ids}:
        yield "the page names images that are not there"


def _leaf(part: EmailMessage, encoding: str) -> Iterator[str]:
    payload = part.get_payload()
    raw = payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""
    lines = raw.replace(b"\r\n", b"\n").split(b"\n")
    match encoding:
        case "base64":
            whole = lines[:-1] if lines[-1] == b"" else lines
            bad = [line for line in whole if len(line) > ENCODED_COLUMNS or not BASE64_LINE.fullmatch(line)]
            if bad or any(len(line) != ENCODED_COLUMNS for line in whole[:-1]):
                yield f"base64 with lines that are none: {bad[:1]}"
        case "quoted-printable":
            bad = [line for line in lines if len(line) > ENCODED_COLUMNS or QP_LINE.fullmatch(line) is None]
            bad += [line for line in lines if line.endswith((b" ", b"\t"))]
            if bad:
                yield f"quoted-printable with lines that are none: {bad[0]!r}"
        case "7bit" if not raw.isascii() or max(map(len, lines)) > HARD_COLUMNS:
            yield "7bit that is not"
    if part.get_param("format") == "flowed" and max(map(len, lines)) > COLUMNS:
        yield "flowed lines that are too long (RFC 3676 4.2)"
    if part.get_content_maintype() == "text":
        with contextlib.suppress(UnicodeDecodeError, LookupError):
            part.get_payload(decode=True).decode(part.get_content_charset("us-ascii"))
            return
        yield f"no text in {part.get_content_charset()}"


def _compared(mail: EmailMessage, fields: list[tuple[str, str]], other: dict[str, Any]) -> Iterator[str]:
    """Say where the two parsers see different mails."""
    yield from other["errors"]
    if "tree" not in other:
        return
    if [name for name, _ in fields] != other["fields"]:
        yield f"fields {other['fields']}"
    yield from _same(mail, other["tree"], "whole")


def _same(part: EmailMessage, other: dict[str, Any], place: str) -> Iterator[str]:
    inside = (
        [one for one in part.get_payload() if isinstance(one, EmailMessage)] if part.is_multipart() else []
    )
    name = part.get_filename()
    if part.get_content_type() != other["type"] or len(inside) != len(other["parts"]):
        yield f"{place}: {other['type']} of {len(other['parts'])} parts"
        return
    if (name or "") != (other["name"] or ""):
        yield f"{place}: named {other['name']!r}, not {name!r}"
    if not inside:
        octets = part.get_payload(decode=True)
        if part.get_content_maintype() == "text":
            octets = octets.replace(b"\r\n", b"\n")
        if hashlib.sha256(octets).hexdigest() != other["digest"]:
            yield f"{place}: other octets"
    for number, (one, its) in enumerate(zip(inside, other["parts"], strict=True), 1):
        yield from _same(one, its, f"{place}.{number}")


class SecondParser:
    """A process of Perl that parses mails; started when the first is asked about."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def ask(self, octets: bytes) -> dict[str, Any]:
        """Return what it finds in a mail: `errors`, names of `fields`, and the `tree`."""
        with self._lock:
            if self._process is None:
                pipe = subprocess.PIPE
                self._process = subprocess.Popen(["perl", str(SCRIPT)], stdin=pipe, stdout=pipe)
            process = self._process
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{len(octets)}\n".encode() + octets)
            process.stdin.flush()
            found: dict[str, Any] = json.loads(process.stdout.readline())
            return found

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.communicate()


SECOND = SecondParser()


# What a mail server puts in front of a mail that it takes or stores (RFC 5321 4.4).
TRACE = re.compile(rb"(?i)(?:return-path|delivered-to|received|x-original-to):[^\n]*\n(?:[ \t][^\n]*\n)*")


def as_sent(stored: bytes) -> bytes:
    """Return a mail from a mailbox as it was sent: line ends of the wire, without what servers put in front."""
    octets = stored
    while (found := TRACE.match(octets)) is not None:
        octets = octets[found.end() :]
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


# What the composer's ids look like (`domain/token.message_id`, `outbox/compose.default_message_id`).
OURS = re.compile(rb"(?im)^message-id: <(?:t\d+\.s\d+\.|mg\.\d+\.)")
PASSED_ON = re.compile(rb"(?im)^x-mailgate-delivered:")
# Of one test's mails so many are looked at one by one, and of the others each tenth: a loop's are all alike.
ONE_BY_ONE = 200


class Watch:
    """Collects the mails of ours that the tests' own mail servers are given."""

    def __init__(self) -> None:
        self._mails: list[tuple[bytes, bool]] = []
        self._count = 0

    def seen(self, octets: bytes, *, smtputf8: bool = False) -> None:
        """Keep a mail that left the gateway until the test is over, if it is one that we have built."""
        head = octets.partition(b"\r\n\r\n")[0]
        if OURS.search(head) is None or PASSED_ON.search(head) is not None:
            return
        self._count += 1
        if self._count <= ONE_BY_ONE or self._count % 10 == 0:
            self._mails.append((octets, smtputf8))

    def wrong(self) -> list[str]:
        """Return what is wrong with the mails since the last call, each with the mail's header."""
        mails, self._mails, self._count = self._mails, [], 0
        return [
            f"{line} in:\n{octets[:2000].decode('utf-8', 'replace')}"
            for octets, smtputf8 in mails
            for line in complaints(octets, smtputf8=smtputf8)
        ]


WATCH = Watch()


def watch_sinks() -> None:
    """Have every mail server that a test makes with aiosmtpd show what it is given."""
    plain = SMTP._call_handler_hook  # the one place that calls all handlers

    async def call(server: SMTP, command: str, *arguments: Any) -> Any:
        if command == "DATA" and type(server).__module__.startswith("aiosmtpd"):
            envelope = server.envelope
            WATCH.seen(envelope.original_content or b"", smtputf8=envelope.smtp_utf8)
        return await plain(server, command, *arguments)

    SMTP._call_handler_hook = call  # type: ignore[method-assign]
