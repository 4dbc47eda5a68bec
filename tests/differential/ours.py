"""Our engine, asked the same and answering in the same form."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache

from differential import theirs
from differential.cases import Case
from differential.outcome import Line, Outcome

from sieve_like.actions import DuplicateMark, Notify, NotifyMail, Report
from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors, Severity
from sieve_like.host import DefaultHost
from sieve_like.message import Envelope, PlainMessage
from sieve_like.registry import Registry
from sieve_like.result import Action, Discard, FileInto, Keep, Redirect, Reject, Result, Vacation
from sieve_like.settings import Settings

CONTROL = re.compile(r"[\x00-\x1f\x7f]")


# RFC 5183 4.1: what sieve-test says about itself.
ENVIRONMENT = {"phase": "post", "location": "MS"}


class World(DefaultHost):
    """What the oracle's folder has: INBOX and nothing else."""

    def environment(self, name: str) -> str | None:
        """Return what sieve-test answers where engines may differ."""
        return ENVIRONMENT.get(name)

    def mailbox_exists(self, name: str) -> bool:
        """Only INBOX is there."""
        return name.upper() == "INBOX"


class Scripts:
    """The scripts of a case that others include."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def script(self, name: str, *, personal: bool) -> bytes | None:
        """Return the source of a script; the personal and the global ones lie in one place."""
        del personal
        return self._files[name].encode() if name in self._files else None


@cache
def registry() -> Registry:
    """Return the whole language."""
    return Registry.standard()


def ask(case: Case, *, stored: bool = False) -> Outcome:
    """Compile and run a case; `stored` asks for the mail that ends in INBOX as well."""
    try:
        program = compile_script(
            case.script.encode(),
            name="script",
            registry=registry(),
            settings=Settings(theirs.PLUGIN),
            library=Scripts(case.files),
        )
    except CompileErrors as errors:
        said = [one.message for one in errors.diagnostics if one.severity is Severity.ERROR]
        return Outcome("refused", said=" / ".join(said))
    envelope = Envelope(case.sender, case.recipient, case.original)
    message = PlainMessage(case.mail)
    result = program.run(message, envelope, World(), now=datetime.now(UTC))
    if result.error is not None:
        assert result.implicit_keep
        assert not result.performed
        return Outcome("failed", keep=(), said=result.error.text)
    keep = flags(result.keep_flags) if result.implicit_keep else None
    mail = in_inbox(result, message) if stored else ""
    return Outcome("done", tuple(map(as_line, result.performed)), keep, mail=mail)


def in_inbox(result: Result, message: PlainMessage) -> str:
    """Return the mail that a result stores in INBOX, "" where it stores none there."""
    kept = [one for one in result.performed if as_line(one)[:2] == ("store", "INBOX")]
    if not kept and not result.implicit_keep:
        return ""
    edited = kept[0].message if kept else result.message
    octets = bytes((edited or message).octets)
    return octets.decode("utf-8", "replace").replace("\r\n", "\n")


def flags(found: tuple[str, ...]) -> Line:
    """Return flags as one word."""
    return (theirs.flags(found),) if found else ()


def as_line(action: Action) -> Line:
    """Return an action in the words of the oracle, which shows control characters as question marks."""
    copy = ("copy",) if action.copy else ()
    match action:
        case Keep():
            return ("store", "INBOX", *sorted((*flags(action.flags), *copy)))
        case FileInto(mailbox=mailbox, create=create, special_use=special):
            more = (*(["create"] if create else []), *([f"specialuse {special}"] if special else []))
            name = "INBOX" if mailbox.upper() == "INBOX" else CONTROL.sub("?", mailbox)
            return ("store", name, *sorted((*flags(action.flags), *copy, *more)))
        case Redirect(address=address):
            local, _, domain = address.rpartition("@")
            return ("redirect", f"{local}@{domain.lower()}", *copy)
        case Discard():
            return ("discard",)
        case Reject(reason=reason):
            return ("reject", CONTROL.sub("?", reason))
        case Vacation(seconds=seconds, subject=subject, from_=sender, handle=handle, reason=reason):
            return ("vacation", str(seconds), subject, sender, handle, reason.replace("\r\n", "\n"))
        case _:
            return extended(action)


def extended(action: Action) -> Line:
    """Return an action of another extension."""
    match action:
        case DuplicateMark(handle=handle, last=last):
            return ("duplicate", handle, "last" if last else "")
        case Report(feedback=feedback, address=address):
            return ("report", feedback, address)
        case Notify(mail=NotifyMail() as mail):
            return ("notify", *notification(action, mail))
    raise AssertionError(action)


def notification(action: Notify, mail: NotifyMail) -> Line:
    """Return importance, sender, subject, recipients, further fields and body of a notification."""
    fields = [f"To: {one}" for one in mail.to] + [f"Cc: {one}" for one in mail.cc]
    fields += [f"{name}: {value}" for name, value in mail.headers]
    subject = action.text if action.text is not None else mail.subject
    body = (mail.body or "").replace("\r\n", "\n")
    return (str(action.importance), action.from_, subject or "", " ".join(fields), body)
