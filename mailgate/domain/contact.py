"""Contacts out of mail addresses: a name fit to be shown, the company, the key to find them by (W5)."""

import unicodedata
from functools import lru_cache
from typing import Final

from mailgate.domain.address import fold, split, strip_detail

# Longer display names are advertising or an attack on the view.
NAME_LENGTH: Final = 100

# With these, the domain says nothing about who somebody works for.
_PROVIDERS: Final = """
gmail.com googlemail.com outlook.com outlook.de hotmail.com hotmail.de hotmail.co.uk hotmail.fr live.com
live.de msn.com yahoo.com yahoo.de yahoo.co.uk yahoo.fr yahoo.es yahoo.it ymail.com rocketmail.com
aol.com aol.de aim.com icloud.com me.com mac.com gmx.de gmx.net gmx.com gmx.at gmx.ch web.de email.de
t-online.de magenta.de freenet.de arcor.de posteo.de posteo.net mailbox.org mail.de tutanota.com
tutanota.de tuta.com tuta.io proton.me protonmail.com protonmail.ch pm.me fastmail.com fastmail.fm
hey.com zoho.com zohomail.com yandex.ru yandex.com mail.ru inbox.ru list.ru bk.ru rambler.ru mail.com
email.com vodafone.de kabelmail.de unitybox.de 1und1.de online.de ewetel.net bluewin.ch hispeed.ch
sunrise.ch aon.at chello.at orange.fr wanadoo.fr free.fr sfr.fr laposte.net libero.it virgilio.it
alice.it tin.it tiscali.it telenet.be skynet.be ziggo.nl kpnmail.nl xs4all.nl planet.nl home.nl
telia.com comhem.se wp.pl o2.pl onet.pl interia.pl seznam.cz centrum.cz abv.bg ukr.net i.ua qq.com
163.com 126.com sina.com naver.com daum.net hanmail.net rediffmail.com comcast.net verizon.net att.net
sbcglobal.net bellsouth.net cox.net charter.net btinternet.com sky.com virginmedia.com ntlworld.com
talktalk.net bigpond.com optusnet.com.au riseup.net disroot.org mailfence.com
"""
PUBLIC_PROVIDERS: Final = frozenset(_PROVIDERS.split())

_QUOTES: Final = "'\"`\u2018\u2019\u201c\u201d\u201e"


def clean_name(name: str) -> str:
    """Return a decoded display name on one line, without quotes and invisible characters; "" if none.

    A name that is an address says nothing beside the address, or something false.
    """
    # Control, format (zero width, direction) and private characters hide or turn round what is read.
    shown = name[: 4 * NAME_LENGTH]
    if not shown.isprintable():
        kept = (" " if c.isspace() else c for c in shown)
        shown = "".join(c for c in kept if c.isprintable())
    text = " ".join(unicodedata.normalize("NFC", shown).split()).strip(_QUOTES + " ,;")
    return "" if "@" in text else text[:NAME_LENGTH].rstrip()


def company_name(address: str) -> str:
    """Return the company's name: the address' domain; at a public mail provider the address itself (W5)."""
    local, domain = split(fold(address))
    if not domain:
        return local
    return fold(address) if domain in PUBLIC_PROVIDERS else domain


def fold_name(name: str) -> str:
    """Return a name as it is looked up: without case and accents, spaces as one."""
    if name.isascii():
        return " ".join(name.lower().split())
    parts = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c for c in parts if not unicodedata.combining(c)).split())


def company_key(name: str) -> str:
    """Return a company's name as it is compared: without case, spaces as one."""
    return " ".join(name.casefold().split())


def company_domain(address: str) -> str:
    """Return the domain that says who somebody works for, folded; "" at a public mail provider."""
    domain = split(fold(address))[1]
    return "" if domain in PUBLIC_PROVIDERS else domain


def lookup_keys(address: str, delimiter: str = "+") -> tuple[str, ...]:
    """Return the folded addresses to look a contact up by, best first: as it stands, then without its detail.

    Mail, rules and commands all ask for these, so that an address means the same contact everywhere:
    `anna+shop@` is Anna's unless it is known by itself, and both forms of a domain (IDNA) are one.
    """
    folded = fold(address)
    if delimiter not in folded:
        return (folded,)
    bare = strip_detail(folded, delimiter)
    return (folded,) if bare == folded else (folded, bare)


# The gate asks ten times about one address; 1,024 of them are more than one batch has.
@lru_cache(maxsize=1024)
def contact_key(address: str, delimiter: str = "+") -> str:
    """Return the address without case and detail: what tells whether two addresses are one person's."""
    return fold(strip_detail(address, delimiter))
