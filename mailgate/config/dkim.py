"""[[dkim]]: the keys that sign outgoing mail, a table for each domain and selector (RFC 6376)."""

from collections.abc import Iterator
from typing import Annotated

from mailgate.config import syntax
from mailgate.config.secret import Secret, SecretError
from mailgate.config.section import Section, note


class DkimKey(Section, frozen=True, kw_only=True):
    """A key that signs outgoing mail (DKIM): `mailgate dkim genkey` makes one and prints these lines."""

    domain: Annotated[
        str,
        note(
            "The domain of the From address that it signs for, and its subdomains unless they have keys of "
            "their own; beyond ASCII in its xn-- form.",
            check=syntax.dkim_domain,
            examples=["example.org"],
        ),
    ]
    selector: Annotated[
        str,
        note(
            "The name under which DNS has the public key: SELECTOR._domainkey.DOMAIN.",
            check=syntax.selector,
            examples=["s1"],
        ),
    ]
    key: Annotated[
        Secret,
        note(
            "The private key: RSA or ed25519 in PEM.",
            examples=["${credential:dkim-s1}"],
        ),
    ]
    active: Annotated[
        bool,
        note(
            "Whether mail is signed with it; off while its record spreads in DNS, or after it was replaced."
        ),
    ] = True

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Say what is wrong with the key, where it was read."""
        if not self.key.known:
            return
        # Most installations and most commands read no key; the library takes its time to load.
        from mailgate.domain.dkimkey import DkimKeyError, read_key  # noqa: PLC0415

        try:
            read_key(self.key.reveal())
        except (DkimKeyError, SecretError) as error:
            yield "key", str(error)


def repeated(keys: tuple[DkimKey, ...]) -> Iterator[tuple[int, str]]:
    """Yield (place, message) of tables that name the same record as one before."""
    seen: set[tuple[str, str]] = set()
    for place, one in enumerate(keys):
        name = one.domain.lower(), one.selector.lower()
        if name in seen:
            yield place, f"{one.selector}._domainkey.{one.domain} stands in another table already"
        seen.add(name)
