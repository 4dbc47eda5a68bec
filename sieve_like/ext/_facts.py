"""Facts of the mail which several tests read: decoded fields, and parts of addresses."""

from collections.abc import Iterable, Sequence

from sieve_like.interpreter import Run
from sieve_like.message import AddressLike
from sieve_like.spec import AddressPart, Fact

# RFC 5322 2.2: printable characters but the colon.
NAME_CHARACTERS = frozenset(map(chr, range(33, 127))) - {":"}


def field_fact(name: str) -> Fact:
    """Return the decoded values of a header field; an absent one has none."""
    return Fact(f"text {name}", lambda run: run.message.text(name))


def address_fact(name: str, part: AddressPart) -> Fact:
    """Return one part of all addresses in a header field."""
    return Fact(f"address {part.name} {name}", lambda run: _addresses(run, name, part))


def _addresses(run: Run, name: str, part: AddressPart) -> Sequence[str]:
    """Invalid addresses have no parts.

    As a whole they are their raw text, and so is a field without addresses.
    """
    found = run.message.addresses(name)
    if found:
        return _parts(found, part)
    texts = run.message.text(name)
    return [text for text in texts if part.part("", "", text) is not None] if part.name == "all" else []


def _parts(addresses: Iterable[AddressLike], part: AddressPart) -> list[str]:
    values: list[str] = []
    for one in addresses:
        if one.valid:
            value = part.part(one.local, one.domain, one.address)
        else:
            value = one.raw if part.name == "all" else None
        if value is not None:
            values.append(value)
    return values


def complain_about_field(value: str | int) -> str:
    """Return what is wrong with the name of a header field, "" if nothing is (RFC 5228 2.4.2.2)."""
    name = str(value)
    if name and NAME_CHARACTERS.issuperset(name):
        return ""
    return f"'{name}' can't be the name of a header field"
