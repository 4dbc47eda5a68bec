"""DMARC looked up here (RFC 9989), for installations whose border does not do it.

It stands on what is known of DKIM and SPF already, asks the DNS for the policies along the author's domain,
and says nothing for sure where the DNS does not answer in time.
"""

import asyncio
from typing import Final

from mailgate.checks.dns import NoAnswer, Resolver
from mailgate.domain.address import fold, split
from mailgate.domain.dmarc import (
    Record,
    Records,
    judge,
    organisation,
    parse_record,
    policy_of,
    vouching,
    walk,
)
from mailgate.domain.facts import Authentication, Verdict
from mailgate.domain.message.view import MessageView

# Of the signatures that vouch for a mail so many are looked at; each costs a walk through the DNS.
MOST_DOMAINS: Final = 5
# RFC 1035 2.3.4.
LONGEST_LABEL: Final = 63


def author_domain(view: MessageView) -> str:
    """Return the domain that a mail says it is from, "" where it names none or several.

    RFC 9989 5.3.1: more than one author domain, or more than one From field, is no mail to judge.
    """
    if len(view.header("from")) != 1:
        return ""
    domains = {split(fold(one.address))[1] if one.valid else "" for one in view.addresses("from")}
    domain = domains.pop() if len(domains) == 1 else ""
    fits = domain.isascii() and not domain.startswith("[")
    return domain if fits and all(len(label) <= LONGEST_LABEL for label in domain.split(".")) else ""


class DmarcCheck:
    """Finds policies with one resolver; used from one event loop. `strict` is explained in `judge`."""

    def __init__(self, resolver: Resolver, *, strict: bool = False) -> None:
        self._resolver = resolver
        self._strict = strict

    async def warm(self, view: MessageView) -> None:
        """Ask for the author's policies while signatures are being looked at; the answers are kept."""
        domain = author_domain(view)
        if domain:
            await asyncio.gather(*(self._record(name) for name in walk(domain)), return_exceptions=True)

    async def verdict(self, view: MessageView, known: Authentication) -> Verdict:
        """Return the verdict (RFC 8601 2.7.4 and `neutral`); cancelled by the caller at the deadline."""
        author = author_domain(view)
        if not author:
            return Verdict("permerror")
        try:
            records = await self._records(author)
            record = policy_of(author, records)
            if record is None:
                return Verdict("none", author)
            own = await self._relatives(organisation(author, records), author, known)
        except NoAnswer:
            return Verdict("temperror", author)
        return judge(author, record, known, own, strict=self._strict)

    async def _relatives(self, top: str, author: str, known: Authentication) -> list[str]:
        """Return those of the vouching domains that belong to the organisation of the author."""
        near = [one for one in vouching(known) if one != author and (one == top or one.endswith(f".{top}"))]
        near = near[:MOST_DOMAINS]
        walks = await asyncio.gather(*(self._records(one) for one in near))
        return [one for one, records in zip(near, walks, strict=True) if organisation(one, records) == top]

    async def _records(self, domain: str) -> Records:
        """Return the records along a domain's walk; raises NoAnswer."""
        names = walk(domain)
        found = await asyncio.gather(*(self._record(name) for name in names))
        return dict(zip(names, found, strict=True))

    async def _record(self, domain: str) -> Record | None:
        return parse_record(await self._resolver.texts(f"_dmarc.{domain}"))
