"""All facts about one mail, once, before the rules run: the fourth step of the journey.

Without a policy that asks for DNS nothing here waits; with it, everything together ends at one deadline,
and what is not known by then is unknown. A null MX only matters where a person may be answered, so it is
looked up for persons' mail alone; who vouches for a mail is asked for every mail that somebody signed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from mailgate.checks.arc import SEAL, ArcCheck, Chain
from mailgate.checks.dkim import DkimCheck
from mailgate.checks.dmarc import DmarcCheck, author_domain
from mailgate.checks.dns import NoAnswer, Resolver
from mailgate.checks.loop import loop_facts
from mailgate.checks.upstream import upstream
from mailgate.domain.address import split
from mailgate.domain.classify import classify, field_names, returned_by_token
from mailgate.domain.envelope import Received, Source
from mailgate.domain.facts import Authentication, Facts, MailClass, Verdict
from mailgate.domain.message.view import MessageView

# What filters in front write; a forged one makes us silent, and nothing else.
_SPAM: Final = {
    "x-spam-flag": "yes",
    "x-spam": "yes",
    "x-spam-status": "yes",
    "x-virus-status": "infected",
    "x-amavis-alert": "infected",
}


@dataclass(frozen=True, slots=True)
class CheckPolicy:
    """What is checked, and with what.

    `own` returns our own addresses, folded; it is a function because they change while the gateway runs.
    `trusted_authserv_ids` are in lower case; `hops` and `strict` are explained in `upstream.py`. `dkim`,
    `dmarc`, `arc` and `resolver` are None where they are not wanted; `null_mx` needs the resolver.
    `observe` is told what is known of each mail of which anything is.
    """

    keys: tuple[bytes, ...]
    instance: str
    own: Callable[[], frozenset[str]] = frozenset
    delimiter: str = "+"
    trusted_authserv_ids: frozenset[str] = frozenset()
    hops: int = 1
    strict: bool = False
    deadline_s: float = 2.0
    dkim: DkimCheck | None = None
    dmarc: DmarcCheck | None = None
    arc: ArcCheck | None = None
    resolver: Resolver | None = None
    null_mx: bool = False
    observe: Callable[[Authentication], None] = lambda _known: None


async def gather_facts(received: Received, view: MessageView, policy: CheckPolicy) -> Facts:
    """Return all facts about a mail; never raises, and waits `policy.deadline_s` seconds at most."""
    facts = begin_facts(received, view, policy)
    return facts if isinstance(facts, Facts) else await facts


def begin_facts(received: Received, view: MessageView, policy: CheckPolicy) -> Facts | Awaitable[Facts]:
    """Do the same; what is returned is to be awaited only where the DNS must be asked."""
    facts = plain_facts(received, view, policy)
    ask_dkim = (
        policy.dkim is not None and not facts.authentication.dkim and view.header_exists("dkim-signature")
    )
    ask_mx = policy.null_mx and policy.resolver is not None and facts.mail_class is MailClass.PERSON
    ask_dmarc = policy.dmarc is not None and facts.authentication.dmarc == Verdict()
    ask_arc = policy.arc is not None and view.header_exists(SEAL)
    if not (ask_dkim or ask_mx or ask_dmarc or ask_arc):
        if facts.authentication.source:
            policy.observe(facts.authentication)
        return facts
    wanted = replace(
        policy,
        dkim=policy.dkim if ask_dkim else None,
        resolver=policy.resolver if ask_mx else None,
        dmarc=policy.dmarc if ask_dmarc else None,
        arc=policy.arc if ask_arc else None,
    )
    return _asked(facts, received, view, wanted)


async def _asked(facts: Facts, received: Received, view: MessageView, policy: CheckPolicy) -> Facts:
    """Ask for what the policy still names, all at once; only DMARC waits for DKIM."""
    ends = asyncio.get_running_loop().time() + policy.deadline_s
    authentication, null_mx, chain, _ = await asyncio.gather(
        _dkim(facts.authentication, view, policy),
        _null_mx(received.envelope.sender, policy),
        _chain(view, policy),
        _warm(view, policy),
    )
    authentication = await _dmarc(authentication, view, policy, ends)
    authentication = _passed_on(authentication, view, chain, policy)
    if authentication.source:
        policy.observe(authentication)
    return replace(facts, authentication=authentication, null_mx=null_mx)


async def _chain(view: MessageView, policy: CheckPolicy) -> Chain:
    return await policy.arc.look(view, policy.deadline_s) if policy.arc is not None else Chain()


async def _warm(view: MessageView, policy: CheckPolicy) -> None:
    if policy.dmarc is None:
        return
    try:
        async with asyncio.timeout(policy.deadline_s):
            await policy.dmarc.warm(view)
    except TimeoutError:
        return


async def _dmarc(
    known: Authentication, view: MessageView, policy: CheckPolicy, ends: float
) -> Authentication:
    """Add the verdict of DMARC to those that it stands on; `ends` is the deadline by the loop's clock."""
    if policy.dmarc is None:
        return known
    try:
        async with asyncio.timeout_at(ends):
            found = await policy.dmarc.verdict(view, known)
    except TimeoutError:
        found = Verdict("temperror", author_domain(view))
    return replace(known, dmarc=found, source=known.source or policy.instance)


def _passed_on(known: Authentication, view: MessageView, chain: Chain, policy: CheckPolicy) -> Authentication:
    """Add the chain of those who passed the mail on, and what the first of them found if all are trusted.

    RFC 8617 7.2.1: a list breaks signatures, so DMARC fails behind it; the list itself saw it pass.
    """
    if policy.arc is None or chain.verdict == Verdict():
        return known
    dmarc = known.dmarc
    result, properties = chain.found("dmarc", policy.arc.trusted)
    domain = properties.get("header.from", "").lower()
    if dmarc.result != "pass" and result == "pass" and domain and domain == author_domain(view):
        dmarc = Verdict("pass", domain)
    return replace(known, arc=chain.verdict, dmarc=dmarc, source=known.source or policy.instance)


def plain_facts(received: Received, view: MessageView, policy: CheckPolicy) -> Facts:
    """Return everything that the octets and the envelope tell."""
    polled = received.origin.source is Source.IMAP
    names = field_names(view)
    loop = loop_facts(view, names, policy.keys, policy.instance, polled=polled)
    sender: str | None = received.envelope.sender
    if polled and not sender and "return-path" not in names:
        sender = None  # no envelope is known; that is no null sender
    own_token = "auto-submitted" in names and returned_by_token(
        view, received.envelope.sender, policy.keys, policy.own(), policy.delimiter
    )
    mail_class, reason = classify(
        view, sender, own_mark=loop.returned, own_token=own_token, tie=False, names=names
    )
    return Facts(
        mail_class=mail_class,
        class_reason=reason,
        authentication=upstream(view, policy.trusted_authserv_ids, hops=policy.hops, strict=policy.strict),
        received_count=loop.received_count,
        returned=loop.returned,
        suppress=loop.suppress,
        delivered_to=loop.delivered_to,
        spam=bool(names & _SPAM.keys()) and _is_spam(view),
        unparsable=view.unparsable,
    )


def _is_spam(view: MessageView) -> bool:
    return any(
        value.strip().lower().startswith(word) for name, word in _SPAM.items() for value in view.text(name)
    )


async def _dkim(known: Authentication, view: MessageView, policy: CheckPolicy) -> Authentication:
    """Add our own verdicts to what a trusted server found; `source` names that server, or us."""
    if policy.dkim is None:
        return known
    found = await policy.dkim.verify(view, policy.deadline_s)
    return replace(known, dkim=found, source=known.source or policy.instance)


async def _null_mx(sender: str, policy: CheckPolicy) -> bool:
    domain = split(sender)[1]
    if policy.resolver is None or not domain or domain.startswith("["):
        return False
    try:
        async with asyncio.timeout(policy.deadline_s):
            return await policy.resolver.null_mx(domain)
    except (NoAnswer, TimeoutError):
        return False
