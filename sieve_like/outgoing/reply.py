"""The answer of vacation: whether one is sent (RFC 5230 4.5 and 4.6, RFC 3834 2), from whom, and its octets.

`why_silent` says nothing about how often somebody is answered: that needs a memory, which the host has.
"""

import re
from dataclasses import dataclass
from typing import Final

from sieve_like.message import Envelope, Message
from sieve_like.outgoing.fields import (
    Origin,
    bare_address,
    crlf,
    encoded,
    frame,
    header,
    mailbox,
    message_ids,
    text_entity,
    written_mailbox,
)
from sieve_like.outgoing.settings import user_email
from sieve_like.result import Vacation
from sieve_like.settings import Settings

# RFC 2369 and 2919: whoever sends these is a list.
LIST_FIELDS: Final = (
    "list-id", "list-owner", "list-subscribe", "list-post", "list-unsubscribe", "list-help", "list-archive",
)  # fmt: skip
ADDRESSING: Final = ("to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc")  # RFC 5230 4.5
AUTHORS: Final = ("sender", "resent-from", "from")
BULK: Final = frozenset({"junk", "bulk", "list"})
SUPPRESSING: Final = frozenset({"all", "oof"})
MACHINES: Final = frozenset({"mailer-daemon", "listserv", "majordomo"})
MAX_SUBJECT: Final = 256  # characters, as in the established engines
DEFAULT_SUBJECT: Final = "Automated reply"  # for mail that has none
TEMPLATE: Final = "Auto: %{subject}"  # RFC 5230 4.2
PLACE: Final = re.compile(r"%\{subject\}|%\$")  # where a template takes the subject of the mail


@dataclass(frozen=True, slots=True)
class VacationPolicy:
    """What the settings say about answers; the defaults are those of the established engines."""

    user: str = ""
    use_original_recipient: bool = False
    check_recipient: bool = True
    send_from_recipient: bool = False
    ignore_envelope: bool = False
    default_subject: str = DEFAULT_SUBJECT
    template: str = TEMPLATE
    max_subject: int = MAX_SUBJECT

    @classmethod
    def of(cls, settings: Settings) -> "VacationPolicy":
        """Read the policy from settings."""
        prefix = "sieve_vacation_"
        unchecked = settings.flag(f"{prefix}dont_check_recipient")
        return cls(
            user_email(settings),
            settings.flag(f"{prefix}use_original_recipient"),
            settings.flag(f"{prefix}check_recipient", default=not unchecked) and not unchecked,
            settings.flag(f"{prefix}send_from_recipient"),
            settings.flag(f"{prefix}to_header_ignore_envelope"),
            settings.text(f"{prefix}default_subject") or DEFAULT_SUBJECT,
            settings.text(f"{prefix}default_subject_template") or TEMPLATE,
            settings.number(f"{prefix}max_subject_codepoints", MAX_SUBJECT),
        )


def own_addresses(action: Vacation, envelope: Envelope, policy: VacationPolicy) -> tuple[str, ...]:
    """Return the addresses that count as ours, the one we would rather write from first."""
    original = (envelope.to,) if policy.use_original_recipient else ()
    found = (envelope.recipient, *original, policy.user, *map(bare_address, action.addresses))
    return tuple(dict.fromkeys(one for one in found if one))


def why_silent(action: Vacation, message: Message, envelope: Envelope, policy: VacationPolicy) -> str:
    """Return why nobody may be answered, "" if somebody may."""
    sender = envelope.sender
    if sender in {"", "<>"}:
        return "the sender is the null address"
    if sender.lower() in map(str.lower, (*own_addresses(action, envelope, policy), envelope.to)):
        return "the sender is the user"
    return (
        _machine(sender)
        or _automatic(message)
        or ("" if not policy.check_recipient or addressed(action, message, envelope, policy) else _IMPLICIT)
    )


_IMPLICIT: Final = "no known address of the user stands in the mail"


def _machine(sender: str) -> str:
    """RFC 5230 4.6: senders behind which nobody reads."""
    local = sender.rpartition("@")[0].lower() or sender.lower()
    machine = local in MACHINES or local.startswith("owner-") or local.endswith("-request")
    return "the sender is a machine" if machine or "-request" in local else ""


def _automatic(message: Message) -> str:
    """RFC 3834 2, RFC 5230 4.6: what comes from a list or a program is not answered."""
    if any(message.header(name) for name in LIST_FIELDS):
        return "the mail comes from a list"
    for value in message.text("auto-submitted"):
        if value.split(";")[0].strip().lower() != "no":
            return "the mail was sent automatically"
    if any(value.strip().lower() in BULK for value in message.text("precedence")):
        return "the mail is bulk"
    for value in message.text("x-auto-response-suppress"):
        if SUPPRESSING & {word.strip().lower() for word in value.split(",")}:
            return "the sender wants no automatic answer"
    return ""


def addressed(action: Vacation, message: Message, envelope: Envelope, policy: VacationPolicy) -> str:
    """Return the first of our addresses that the mail is addressed to, "" where none is (RFC 5230 4.5)."""
    found = {one.address.lower() for name in ADDRESSING for one in message.addresses(name) if one.valid}
    ours = own_addresses(action, envelope, policy)
    return next((address for address in ours if address.lower() in found), "")


def reply_from(action: Vacation, message: Message, envelope: Envelope, policy: VacationPolicy) -> str:
    """Return our address in the answer, where the script names none."""
    return addressed(action, message, envelope, policy) or policy.user or envelope.recipient


def reply_sender(action: Vacation, message: Message, envelope: Envelope, policy: VacationPolicy) -> str:
    """Return the envelope sender: null (RFC 3834 3.3), unless the settings want ours."""
    return reply_from(action, message, envelope, policy) if policy.send_from_recipient else ""


def _correspondent(message: Message, envelope: Envelope, policy: VacationPolicy) -> str:
    """Return who is answered: the envelope sender, with the display name where the mail has one for it."""
    for name in AUTHORS:
        for one in message.addresses(name):
            if one.valid and (policy.ignore_envelope or one.address.lower() == envelope.sender.lower()):
                return mailbox(one.name, one.address)
    return mailbox("", envelope.sender)


def reply_subject(action: Vacation, message: Message, policy: VacationPolicy) -> str:
    """Return the subject (RFC 5230 4.2): the script's, or one made of the mail's; a longer one is cut."""
    own = next(iter(message.text("subject")), "")
    made = PLACE.sub(lambda _place: own, policy.template) if own else policy.default_subject
    return shortened(action.subject or made, policy.max_subject)


def shortened(subject: str, longest: int) -> str:
    """Return a subject with at most so many characters (0 is no limit); a cut one ends with an ellipsis."""
    return subject if not longest or len(subject) <= longest else f"{subject[: longest - 1]}…"


def references(message: Message) -> tuple[str, str]:
    """Return In-Reply-To and References of an answer (RFC 5322 3.6.4), "" for what there is none."""
    ids = message_ids(" ".join(message.text("message-id")[:1]))[:1]
    before = message_ids(" ".join(message.text("references")))
    if not before and ids:
        parents = message_ids(" ".join(message.text("in-reply-to")))
        before = parents if len(parents) == 1 else []
    return " ".join(ids), " ".join((*before, *ids))


def vacation_reply(
    action: Vacation, message: Message, envelope: Envelope, policy: VacationPolicy, origin: Origin
) -> bytes:
    """Return the octets of the answer (RFC 5230 5)."""
    sender = written_mailbox(action.from_) if action.from_ else ""
    in_reply_to, thread = references(message)
    fields = [
        *frame(origin),
        ("From", sender or mailbox("", reply_from(action, message, envelope, policy))),
        ("To", _correspondent(message, envelope, policy)),
        ("Subject", encoded(reply_subject(action, message, policy))),
        ("In-Reply-To", in_reply_to),
        ("References", thread),
        ("Auto-Submitted", "auto-replied (vacation)"),
        ("Precedence", "bulk"),
        ("X-Auto-Response-Suppress", "All"),
        ("MIME-Version", "1.0"),
    ]
    body = crlf(action.reason.encode("utf-8", "replace")) if action.mime else text_entity(action.reason)
    return header(fields) + body
