"""Facts of the mail which several tests read: decoded fields, and parts of addresses."""

from collections.abc import Callable, Iterable, Sequence

from sieve_like.address import parse_list
from sieve_like.interpreter import Run
from sieve_like.message import AddressLike
from sieve_like.spec import AddressPart, Bound, Fact, Fields
from sieve_like.words import decode_words

UNKNOWN = "\ufffd"  # what stands for an octet that is no text
# Takes name and value of a field, and returns what of it is compared.
Extraction = Callable[[Run, str, bytes], Sequence[str]]
# RFC 5322 2.2: printable characters but the colon.
NAME_CHARACTERS = frozenset(map(chr, range(33, 127))) - {":"}


def field_fact(name: str, fields: Fields | None = None, extract: Extraction | None = None) -> Fact:
    """Return the decoded values of a header field; an absent one has none.

    `fields` is what reads them where tags of the test say which ones are meant, `extract` what of each is
    compared where tags say that.
    """
    if fields is None:
        return Fact(f"text {name}", lambda run: run.message.text(name))
    if extract is not None:
        return Fact("", lambda run: [t for value in fields(run, name) for t in extract(run, name, value)])
    return Fact("", lambda run: [text_of(value) for value in fields(run, name)])


def text_of(value: bytes) -> str:
    """Return the value of one field, decoded (RFC 2047)."""
    return decode_words(value.decode("utf-8", "replace")).replace("\0", UNKNOWN)


ALL = AddressPart("all", lambda _local, _domain, whole: whole)


def chosen_part(bound: Bound) -> AddressPart:
    """Return the address part of a test; :count counts addresses, whatever parts they have (RFC 5231 4.2)."""
    match = bound.match
    assert match is not None
    assert match.part is not None
    return ALL if match.type.counts else match.part


def address_fact(name: str, part: AddressPart, fields: Fields | None = None) -> Fact:
    """Return one part of all addresses in a header field."""
    if fields is None:
        return Fact(f"address {part.name} {name}", lambda run: _addresses(run, name, part))
    return Fact("", lambda run: _addresses_in(fields(run, name), run, part))


def _addresses(run: Run, name: str, part: AddressPart) -> Sequence[str]:
    """Return the parts of the valid addresses of a field; without any, its text is the whole address.

    Where several fields have the name, an invalid address among valid ones is not told from one that is its
    field's only one: it keeps its raw text.
    """
    found = run.message.addresses(name)
    if len(found) == 1 and found[0].valid:
        return _parts(found, run, part)
    valid = [one for one in found if one.valid]
    if len(valid) == len(found) > 0:
        return _parts(found, run, part)
    texts = run.message.text(name)
    if len(texts) > 1 and found:
        return _parts(found, run, part)
    return _parts(valid, run, part) if valid else _whole(texts, part)


def _addresses_in(values: Sequence[bytes], run: Run, part: AddressPart) -> Sequence[str]:
    """Return the same for fields that were chosen by their place."""
    found: list[str] = []
    for value in values:
        valid = [one for one in parse_list(value.decode("utf-8", "replace")) if one.valid]
        found += _parts(valid, run, part) if valid else _whole([text_of(value)], part)
    return found


def _whole(texts: Iterable[str], part: AddressPart) -> list[str]:
    """Return what fields without addresses have: their text as a whole, an empty one "" in every part."""
    return [text for text in texts if part.name == "all" or not text]


def _parts(addresses: Iterable[AddressLike], run: Run, part: AddressPart) -> list[str]:
    values: list[str] = []
    part_of, whole = part.of(run.settings), part.name == ALL.name
    for one in addresses:
        if one.valid:
            value = part_of(one.local, one.domain, one.address if whole else "")
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
