"""A template tried: the answer that it becomes, in a new ticket, for one mail; nothing is written or sent."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from mailgate.cli import _business
from mailgate.cli._options import Call, CommandError
from mailgate.cli._trial import trial
from mailgate.domain.draft import Draft
from mailgate.domain.effects import Send

if TYPE_CHECKING:
    from mailgate.domain.effects import Decision

SENDER: Final = "anna@customer.example"
MAIL: Final = (
    "From: Anna Example <{sender}>\r\nTo: {recipient}\r\nSubject: My printer is on fire\r\n"
    "Message-ID: <sample@customer.example>\r\nDate: {date}\r\n\r\nWhat shall I do?\r\n"
)
SCRIPT: Final = (
    'require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];\n'
    'ticket :never_follow_up;\nreply :seconds 0 :template "{name}";\n'
)


def rendered(call: Call, name: str, mail: bytes | None, sender: str, recipient: str) -> Draft:
    """Return the answer; raises CommandError where the template fails.

    Without a mail one is made up; without a recipient the first exact address stands for it.
    """
    sender, recipient = sender or SENDER, recipient or _first_address(call)
    at = datetime.now(UTC)
    if mail is None:
        date = at.strftime("%a, %d %b %Y %H:%M:%S +0000")
        mail = MAIL.format(sender=sender, recipient=recipient, date=date).encode("utf-8")
    script = SCRIPT.format(name=name.replace("\\", "\\\\").replace('"', '\\"'))
    decision = trial(call, mail, recipient, sender, script, at)
    draft = next((one.draft for one in decision.effects if isinstance(one, Send)), None)
    if draft is None:
        raise CommandError(f"template {name!r}: {_why(decision)}")
    return draft


def _first_address(call: Call) -> str:
    routes = _business.present(call).catalogue.routes
    return next(iter(routes), f"postmaster@{call.settings().instance.effective_hostname()}")


def _why(decision: "Decision") -> str:
    notes: Any = decision.trace.get("notes", ())
    for note in notes:
        if note.get("what") == "answer":
            return f"{note['refused']}: {note.get('error', '')}".rstrip(": ")
    return decision.error or f"such a mail gets no answer, it is {decision.trace.get('class', '')}"
