"""What an enhanced status code means (RFC 3463, RFC 7505, RFC 7372): whose fault, and in plain words.

One table, drawn in docs/bounces.md. Many houses say 5.0.0 or 5.5.0 and write the reason as text, so a general
code is made more exact by well-known phrases; an exact code always wins over the text.
"""

import re
from enum import StrEnum
from typing import Final, NamedTuple


class Failure(StrEnum):
    """What a report means for the address it is about."""

    HARD = "hard"  # the address or its domain is not there: counts against it
    FULL = "full"  # the mailbox takes nothing now
    BLOCK = "block"  # a policy, a filter, our own reputation: not the address' fault
    SOFT = "soft"  # this mail, this time
    DELAY = "delay"  # nothing failed yet
    NONE = ""  # arrived, or no report on a delivery


class Meaning(NamedTuple):
    """One row of the table."""

    failure: Failure
    words: str


# Class 5 and 4 have the same subject and detail (RFC 3463 3); a 4 that failed is never the address' fault.
MEANINGS: Final = {
    "1.0": Meaning(Failure.HARD, "the address is not accepted"),
    "1.1": Meaning(Failure.HARD, "no such mailbox"),
    "1.2": Meaning(Failure.HARD, "no such domain"),
    "1.3": Meaning(Failure.HARD, "the address is written wrongly"),
    "1.4": Meaning(Failure.HARD, "the address is ambiguous"),
    "1.5": Meaning(Failure.NONE, "the address is valid"),
    "1.6": Meaning(Failure.HARD, "the mailbox has moved"),
    "1.7": Meaning(Failure.BLOCK, "our sender address is not accepted"),
    "1.8": Meaning(Failure.BLOCK, "our sender's domain is not accepted"),
    "1.9": Meaning(Failure.SOFT, "passed on to a system that does not report"),
    "1.10": Meaning(Failure.HARD, "the domain takes no mail"),
    "2.0": Meaning(Failure.SOFT, "the mailbox has a problem"),
    "2.1": Meaning(Failure.HARD, "the mailbox is disabled"),
    "2.2": Meaning(Failure.FULL, "the mailbox is full"),
    "2.3": Meaning(Failure.SOFT, "the mail is too large for the mailbox"),
    "2.4": Meaning(Failure.SOFT, "the list could not be expanded"),
    "3.0": Meaning(Failure.SOFT, "the mail system of the recipient has a problem"),
    "3.1": Meaning(Failure.FULL, "the mail system of the recipient is full"),
    "3.2": Meaning(Failure.SOFT, "the mail system of the recipient takes no mail now"),
    "3.3": Meaning(Failure.SOFT, "the mail system of the recipient can't do what the mail asks for"),
    "3.4": Meaning(Failure.SOFT, "the mail is too large"),
    "3.5": Meaning(Failure.SOFT, "the mail system of the recipient is set up wrongly"),
    "4.0": Meaning(Failure.SOFT, "the network has a problem"),
    "4.1": Meaning(Failure.SOFT, "the host of the recipient does not answer"),
    "4.2": Meaning(Failure.SOFT, "the connection broke"),
    "4.3": Meaning(Failure.SOFT, "a directory server did not answer"),
    "4.4": Meaning(Failure.HARD, "no mail host for the domain"),
    "4.5": Meaning(Failure.SOFT, "the mail system is overloaded"),
    "4.6": Meaning(Failure.SOFT, "the mail went round in a loop"),
    "4.7": Meaning(Failure.SOFT, "it could not be delivered in time"),
    "5.0": Meaning(Failure.SOFT, "the mail servers did not understand each other"),
    "5.1": Meaning(Failure.SOFT, "the mail servers did not understand each other"),
    "5.2": Meaning(Failure.SOFT, "the mail servers did not understand each other"),
    "5.3": Meaning(Failure.SOFT, "too many recipients"),
    "5.4": Meaning(Failure.SOFT, "the mail servers did not understand each other"),
    "5.5": Meaning(Failure.SOFT, "the mail servers did not understand each other"),
    "5.6": Meaning(Failure.SOFT, "a login was refused"),
    "6.0": Meaning(Failure.SOFT, "the content is not accepted"),
    "6.1": Meaning(Failure.SOFT, "this kind of content is not accepted"),
    "6.2": Meaning(Failure.SOFT, "the content would have to be converted"),
    "6.3": Meaning(Failure.SOFT, "the content would have to be converted"),
    "6.7": Meaning(Failure.SOFT, "addresses beyond ASCII are not accepted"),
    "7.0": Meaning(Failure.BLOCK, "refused by a policy"),
    "7.1": Meaning(Failure.BLOCK, "refused by a policy"),
    "7.2": Meaning(Failure.BLOCK, "we may not write to this list"),
    "7.4": Meaning(Failure.BLOCK, "a security feature is missing"),
    "7.5": Meaning(Failure.BLOCK, "refused by a policy"),
    "7.7": Meaning(Failure.BLOCK, "the mail was changed on its way"),
    "7.8": Meaning(Failure.BLOCK, "a login was refused"),
    "7.20": Meaning(Failure.BLOCK, "no DKIM signature passed"),
    "7.23": Meaning(Failure.BLOCK, "the SPF check failed"),
    "7.24": Meaning(Failure.BLOCK, "the SPF check failed"),
    "7.25": Meaning(Failure.BLOCK, "our host has no matching name"),
    "7.26": Meaning(Failure.BLOCK, "neither SPF nor DKIM passed"),
    "7.27": Meaning(Failure.BLOCK, "our sender's domain takes no mail"),
    "7.28": Meaning(Failure.BLOCK, "we sent too much"),
}
_UNSAID: Final = Meaning(Failure.HARD, "refused for good")
_POLICY: Final = Meaning(Failure.BLOCK, "refused by a policy")
_SOME: Final = Meaning(Failure.SOFT, "the mail was not taken")
# A code with one of these details says no more than its first figure; the text may know better.
_VAGUE: Final = frozenset({"", "0.0", "5.0", "1.0", "2.0", "3.0", "4.0", "4.7", "6.0", "7.0", "7.1"})
# Of these the text only shows that it is an unknown address after all; a filter's words change nothing.
_POLICIES: Final = frozenset({"7.0", "7.1"})

# Phrases of the big houses and of the programs, in the order in which they are looked for.
_PHRASES: Final = tuple(
    (detail, re.compile(pattern, re.IGNORECASE))
    for detail, pattern in (
        (
            "2.2",
            (
                r"over\W{0,3}quota|quota (?:has been )?exceed|exceed\w{0,3} (?:\w+ ){0,4}(?:quota|"
                r"storage)|mailbox (?:is |was )?full"
                r"|mailbox size limit|insufficient (?:disk|mailbox|system) ?(?:space|storage)|"
                r"not enough (?:storage|disk) space"
                r"|out of (?:storage|space)|user is over|account is full|inbox is full|storage limit|"
                r"mailbox exceeds"
                r"|postfach (?:ist )?voll|quota dépassé|boîte (?:aux lettres )?pleine|buzón lleno"
                r"|casella piena|caixa (?:de correio )?cheia|ящик переполнен|postvak is vol|容量|空间不足"
            ),
        ),
        (
            "1.2",
            (
                r"host (?:or domain name )?(?:unknown|not found)|no such (?:domain|host)|"
                r"domain (?:name )?(?:\S{1,80} )?(?:not found|does(?: not|n['\u2019]t) exist|unknown)|"
                r"unrouteable|unroutable|name service error|NXDOMAIN|couldn['\u2019]t find any host"
            ),
        ),
        (
            "1.1",
            (
                r"user\W{0,3}unknown|unknown\W{0,3}(?:user|recipient|local|address|mailbox|account)|"
                r"no such (?:user|mailbox|recipient|address|account|person)"
                r"|(?:user|mailbox|recipient|account|address|addressee|"
                r"alias)\b(?:\W{0,3}\S{1,80})? (?:is |was )?(?:not found|unknown|does(?: not|"
                r"n['\u2019]t) exist|not exist|not known|invalid|unavailable)"
                r"|(?:does(?: not|n['\u2019]t)|not|n['\u2019]t) (?:exist|have a[n]? \S+ account|listed in)|"
                r"invalid (?:recipient|mailbox|user|address)"
                r"|no mailbox here|not a (?:valid|known) (?:user|mailbox|recipient|address)|"
                r"address (?:rejected|not found)"
                r"|recipient (?:address )?rejected: (?:access denied|undeliver)|"
                r"RESOLVER\.ADR\.(?:Ex)?Rec\w{0,10}NotFound|couldn['\u2019]t be found|wasn['\u2019]t found"
                r"|account (?:has been |is )?(?:deleted|closed|terminated)|"
                r"unbekannt\w{0,2} (?:empfänger|benutzer)|existiert nicht|nicht gefunden"
                r"|n['\u2019]existe pas|destinataire inconnu|inconnu à cette adresse|no existe|"
                r"usuario desconocido|non esiste|utente sconosciuto|inexistente|não existe"
                r"|не существует|не найден|bestaat niet|onbekende|nie istnieje|nieznany użytkownik|"
                r"不存在|存在しません|없는"
            ),
        ),
        (
            "2.1",
            (
                r"(?:account|mailbox|user)\b.{0,60} (?:disabled|inactive|suspended|locked|deactivated|"
                r"expired|blocked for)|gesperrt\w{0,2} (?:postfach|konto)|no longer (?:active|valid|"
                r"in use|available|accept)"
            ),
        ),
        ("4.6", r"too many (?:hops|received)|mail loop|loops? back|hop count|routing loop|possible loop"),
        (
            "3.4",
            (
                r"(?:message|mail|size|it)\b.{0,40} (?:too (?:big|large)|exceeds? .{0,40}(?:size|limit|"
                r"maximum))|message size|size limit|zu groß"
            ),
        ),
        (
            "7.1",
            (
                r"spam|blacklist|blocklist|block list|black list|black listed|blocked|reputation|"
                r"\brbl\b|\bdnsbl\b|spamhaus|barracudacentral|virus|policy|"
                r"relay\w{0,3} (?:access )?(?:denied|not (?:permitted|allowed)|prohibited)|"
                r"unable to relay|not permitted to relay|access denied|not allowed|unauthenticated|"
                r"dmarc|\bspf\b|dkim|rejected (?:due|for|because|by)|administrative(?:ly)? prohibit|"
                r"content rejected|restrict"
            ),
        ),
        (
            "4.1",
            (
                r"timed? ?out|connection refused|no route to host|not answer|did(?: not|n['\u2019]t) respond|"
                r"unreachable|could not connect|couldn['\u2019]t (?:establish|connect)|network error"
            ),
        ),
        (
            "4.7",
            (
                r"retry (?:time|timeout)|expired|too long in the queue|in the queue too long|"
                r"delivery time|unable to deliver .{0,30} for \d+|giving up|gave up"
            ),
        ),
        ("3.2", r"greylist|graylist|try again later|temporar|service unavailable|not accepting"),
    )
)
# Much longer ones only repeat themselves, and the search stays short.
_LOOKED_AT: Final = 2000


def detail_of(status: str) -> str:
    """Return subject and detail of a status: `1.1` of `5.1.1`; "" where there is none."""
    return status.partition(".")[2]


def by_words(text: str) -> str:
    """Return the detail that well-known phrases mean (`1.1`), "" where none is found."""
    head = text[:_LOOKED_AT]
    return next((detail for detail, pattern in _PHRASES if pattern.search(head)), "")


def refined(status: str, text: str) -> str:
    """Return a status made more exact by a text, `5.0.0` and `user unknown` being `5.1.1`."""
    detail = detail_of(status)
    if detail not in _VAGUE:
        return status
    found = by_words(text)
    if not found or (detail in _POLICIES and found not in {"1.1", "2.1", "2.2"}):
        return status
    if found == "1.1" and status.startswith("4."):
        return status  # an address that is not known for now may be there tomorrow
    return f"{status[:1] or '5'}.{found}"


def meaning(status: str) -> Meaning:
    """Return what a status means; one that no standard knows means what its subject does."""
    detail = detail_of(status)
    known = MEANINGS.get(detail)
    if known is not None:
        return known
    match detail.partition(".")[0]:
        case "7":
            return _POLICY
        case "1":
            return MEANINGS["1.0"]
        case "2" | "3" | "4" | "5" | "6":
            return _SOME
        case _:
            return _UNSAID


def failure_of(action: str, status: str, text: str = "") -> Failure:
    """Return what a report on a delivery means for the address."""
    if action == "delayed":
        return Failure.DELAY
    if action in {"delivered", "relayed", "expanded"}:
        return Failure.NONE
    exact = refined(status, text)
    found = meaning(exact).failure if exact else Failure.SOFT
    if exact.startswith("2."):
        return Failure.NONE
    if exact.startswith("5.") or found is not Failure.HARD:
        # Without "failed" nobody has given up for good.
        return found if action == "failed" or found is not Failure.HARD else Failure.SOFT
    return Failure.SOFT


def words_of(action: str, status: str, text: str = "") -> str:
    """Return the reason in plain words, "" where neither status nor text says one."""
    exact = refined(status, text)
    if not exact or exact.startswith("2."):
        return ""
    if detail_of(exact) == "0.0":
        return (
            "refused for good" if action == "failed" and exact.startswith("5.") else "the mail was not taken"
        )
    return meaning(exact).words
