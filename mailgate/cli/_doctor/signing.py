"""Checks of DKIM: whether DNS has the keys that sign our mail, and whose mail goes out unsigned."""

import asyncio
from collections.abc import Iterator
from typing import Final

from mailgate.checks.dns import Dns
from mailgate.checks.published import OwnKey, look
from mailgate.cli._doctor.finding import ASK_S, Finding, Patient
from mailgate.config.secret import SecretError
from mailgate.domain.address import split
from mailgate.domain.dkimkey import DkimKeyError, read_key
from mailgate.store.business import is_pattern

MAKE: Final = "`mailgate dkim genkey DOMAIN` (docs/dkim.md)"


def signing(patient: Patient) -> Iterator[Finding]:
    """Check that each key of the settings is in DNS, and that each of our domains has one."""
    parts = patient.settings.dkim
    if not parts:
        # A relay that signs is as good; whether it does is not seen from here.
        yield Finding("dkim", "ok", "mail is not signed here: there is no [[dkim]] in the settings")
        return
    keys = []
    for part in parts:
        try:
            key = read_key(part.key.reveal())
        except (SecretError, DkimKeyError) as error:
            text = f"{part.selector}._domainkey.{part.domain} is not looked at: {error}"
            yield Finding("dkim", "warn", text, "run this as the service's user")
            continue
        keys.append(OwnKey(part.domain, part.selector, part.active, key))
    resolver = Dns(nameservers=patient.settings.checks.nameservers, lifetime_s=ASK_S)
    for one in asyncio.run(look(keys, resolver)):
        level = "warn" if one.level == "unknown" else one.level
        yield Finding("dkim", level, f"{one.name}: {one.text}", one.advice)
    yield from _unsigned(patient)


def _unsigned(patient: Patient) -> Iterator[Finding]:
    """Name the domains of our addresses whose mail no active key signs."""
    signed = {part.domain.lower() for part in patient.settings.dkim if part.active}
    domains = {split(route.address)[1].lower() for route in patient.present.business.addresses}
    for domain in sorted(one for one in domains if one and not is_pattern(one)):
        above = {domain.split(".", n)[-1] for n in range(domain.count(".") + 1)}
        if not above & signed:
            text = f"mail of {domain} goes out unsigned: no active key is of it or a domain above"
            yield Finding("dkim", "warn", text, MAKE)
