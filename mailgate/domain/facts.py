"""Facts about a mail, established before the rules run and the same for every recipient."""

from dataclasses import dataclass, field
from enum import StrEnum


class MailClass(StrEnum):
    """What a mail is (MAIL.md 3); only `PERSON` is ever answered automatically."""

    OWN = "own"
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"
    NOTICE = "notice"
    LIST = "list"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One authentication result: `result` is pass, fail, none, temperror …; `domain` is what it speaks of."""

    result: str = "none"
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Authentication:
    """Who vouches for the sender; only from our own check or from an Authentication-Results we trust.

    `arc` is about the chain of those who passed the mail on (RFC 8617), its domain is the newest sealer's.
    """

    spf: Verdict = Verdict()
    dkim: tuple[Verdict, ...] = ()
    dmarc: Verdict = Verdict()
    source: str = ""
    arc: Verdict = Verdict()


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts. `class_reason` names the header or envelope fact that decided the class."""

    mail_class: MailClass = MailClass.PERSON
    class_reason: str = ""
    authentication: Authentication = field(default_factory=Authentication)
    received_count: int = 0
    returned: bool = False  # our own loop mark, valid
    null_mx: bool = False
    suppress: tuple[str, ...] = ()  # X-Auto-Response-Suppress values, lower case
    delivered_to: tuple[str, ...] = ()  # Delivered-To and X-Mailgate-Delivered values, folded
    spam: bool = False
    unparsable: bool = False
