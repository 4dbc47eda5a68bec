"""How much may leave automatically: the budgets of MAIL.md 3 as data, and what is counted for them.

They are counted in the database, in the transaction that writes the outbox row, over sliding windows; a
limit kept in memory, or only per address, is what loops have broken elsewhere. `domain/gate.py` asks here
last, when everything that costs less has let the mail through. `docs/loops.md` states the bound that
follows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mailgate.domain.address import split
from mailgate.domain.contact import contact_key
from mailgate.domain.draft import MailKind
from mailgate.domain.ports import Reader

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86400

# (scope, key) of the count of mails that came in; the store counts it, once per mail.
INCOMING: Final = ("incoming", "")
# Scope of the count of answers that a rule had to leave out, and of its pauses.
OVERRUN: Final = "overrun"
PAUSED: Final = "paused"


class Per(StrEnum):
    """What a budget is counted for."""

    ADDRESS = "address"
    DOMAIN = "domain"
    TICKET = "ticket"
    MAIL = "mail"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Budgets:
    """The limits, in mails, and their windows, in seconds.

    A limit of 0 lets nothing through; None is no limit, which no setting offers: it is there for the proof
    that every single limit is needed.
    """

    per_address_hour: int | None = 10
    per_address_day: int | None = 40
    per_domain_hour: int | None = 100
    per_ticket: int | None = 10
    ticket_window: int = 10 * MINUTE
    all_hour: int | None = 1000
    all_day: int | None = 5000
    # Where more comes in, this share of it may be answered; 0 keeps the two limits above as they are.
    share_of_incoming: float = 0.2
    # A rule that runs over a budget so often in an hour has met a loop: it rests.
    pause_after: int | None = 3
    pause_for: int = HOUR
    notices_per_address_hour: int | None = 60
    notices_per_ticket: int | None = 10
    notices_hour: int | None = 5000
    redirects_per_mail: int | None = 4
    redirects_per_domain_hour: int | None = 1000
    redirects_hour: int | None = 10_000


@dataclass(frozen=True, slots=True)
class Budget:
    """One row of the table: at most `limit` (a field of Budgets) mails of a kind per something in a window.

    `window_s` 0 is the ticket window of the settings.
    """

    kind: MailKind
    per: Per
    window_s: int
    limit: str

    @property
    def scope(self) -> str:
        """What it is counted under."""
        return f"{self.kind.value}.{self.per.value}"


# The narrow ones first: the reason that is stored then says who it was.
BUDGETS: Final = (
    Budget(MailKind.ANSWER, Per.ADDRESS, HOUR, "per_address_hour"),
    Budget(MailKind.ANSWER, Per.ADDRESS, DAY, "per_address_day"),
    Budget(MailKind.ANSWER, Per.TICKET, 0, "per_ticket"),
    Budget(MailKind.ANSWER, Per.DOMAIN, HOUR, "per_domain_hour"),
    Budget(MailKind.ANSWER, Per.ALL, HOUR, "all_hour"),
    Budget(MailKind.ANSWER, Per.ALL, DAY, "all_day"),
    Budget(MailKind.NOTICE, Per.ADDRESS, HOUR, "notices_per_address_hour"),
    Budget(MailKind.NOTICE, Per.TICKET, 0, "notices_per_ticket"),
    Budget(MailKind.NOTICE, Per.ALL, HOUR, "notices_hour"),
    Budget(MailKind.REDIRECT, Per.DOMAIN, HOUR, "redirects_per_domain_hour"),
    Budget(MailKind.REDIRECT, Per.ALL, HOUR, "redirects_hour"),
)
# Redirects of one mail are counted by whoever carries it out: the mail is in hand, so nothing need be kept.
_BY_KIND: Final = {kind: tuple((one, one.scope) for one in BUDGETS if one.kind is kind) for kind in MailKind}
_SCOPES: Final = {
    kind: tuple(dict.fromkeys((one.per, scope) for one, scope in rows)) for kind, rows in _BY_KIND.items()
}
# What is counted over several windows, with the longest of them.
_LONGEST: Final = {
    scope: max(other.window_s for other in BUDGETS if other.scope == scope)
    for scope in (one.scope for one in BUDGETS)
    if sum(other.scope == scope for other in BUDGETS) > 1
}


@dataclass(frozen=True, slots=True)
class Going:
    """What the budgets need to know of a mail that wants to leave."""

    kind: MailKind
    to_address: str
    ticket_id: int = 0
    delimiter: str = "+"

    def key(self, per: Per) -> str | None:
        """Return what it is counted under; None where it counts for nothing (no ticket).

        Case and detail are removed: `x+1@` and `x+2@` are one mailbox. A domain is not shortened to the one
        that somebody registered, which nobody can tell from its name; the limit on all stands behind it.
        """
        match per:
            case Per.ADDRESS:
                return contact_key(self.to_address, self.delimiter)
            case Per.DOMAIN:
                return split(contact_key(self.to_address, self.delimiter))[1]
            case Per.TICKET:
                return str(self.ticket_id) if self.ticket_id else None
            case _:
                return ""


def exceeded(going: Going, budgets: Budgets, reader: Reader) -> Budget | None:
    """Return the first budget that has no room for this mail, or None."""
    # Of most addresses nothing was counted all day: then the hour need not be asked about as well.
    quiet: set[str] = set()
    for budget, scope in _BY_KIND[going.kind]:
        limit: int | None = getattr(budgets, budget.limit)
        key = going.key(budget.per)
        if limit is None or key is None:
            continue
        window = budget.window_s or budgets.ticket_window
        longest = _LONGEST.get(scope, window)
        if scope not in quiet and window < longest and not reader.count(scope, key, longest):
            quiet.add(scope)
        used = 0 if scope in quiet else reader.count(scope, key, window)
        if used >= limit and not _shared(budget, budgets, used, window, reader):
            return budget
    return None


def _shared(budget: Budget, budgets: Budgets, used: int, window: int, reader: Reader) -> bool:
    """Whether answers in all, over their number, are still within their share of incoming mail."""
    if budget.kind is not MailKind.ANSWER or budget.per is not Per.ALL:
        return False
    limit: int | None = getattr(budgets, budget.limit)
    # 0 is a closed tap: no amount of incoming mail opens it.
    return bool(limit) and used < int(reader.count(*INCOMING, window) * budgets.share_of_incoming)


def counted(going: Going) -> Iterator[tuple[str, str]]:
    """Yield every (scope, key) that one mail let through counts for."""
    for per, scope in _SCOPES[going.kind]:
        key = going.key(per)
        if key is not None:
            yield scope, key
