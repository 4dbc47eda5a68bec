"""Findings about what a test compares with what."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sieve_like.errors import Span
from sieve_like.glob import compile_glob
from sieve_like.lint.script import Finding, Script
from sieve_like.spec import Bound

# A wildcard beside a letter or digit; stars in a row are a mark that filters write, as in "*****SPAM*****".
WILDCARD: Final = re.compile(r"(?<![*\\])[*](?![*])|(?<=\w)\?(?=\w)|\?\*|\*\?")
# What makes a regular expression more than a text.
SPECIAL: Final = re.compile(r"[\\.^$*+?()\[\]{}|]")
ADDRESS: Final = re.compile(r"[^\s@<>,]+@[^\s@<>,]+\.[^\s@<>,]+\Z")
ADDRESS_FIELDS: Final = frozenset(
    {"from", "to", "cc", "bcc", "sender", "reply-to", "resent-from", "resent-to", "resent-cc", "delivered-to"}
)
NUMERIC: Final = "i;ascii-numeric"
ADDRESSED: Final = frozenset({"address", "envelope"})


def findings(script: Script) -> Iterator[Finding]:
    """Yield all findings of this kind."""
    for test in script.tests():
        if test.match is None:
            continue
        keys = script.spots(test, "keys")
        yield from _single_keys(test, keys)
        yield from _numbers(test, keys)
        yield from _needless(test, keys)
        if test.name == "header":
            yield from _whole_field(test, keys)
        if test.name in ADDRESSED:
            yield from _parts(test, keys)
        yield from _twice(script.spots(test, "headers"))


def _single_keys(test: Bound, keys: Sequence[tuple[str, Span]]) -> Iterator[Finding]:
    assert test.match is not None
    how = test.match.type.name
    for key, span in keys:
        match how:
            case "contains" if not key:
                yield Finding(
                    "L020", span, "':contains \"\"' holds for whatever the field says: write 'exists'"
                )
            case "is" | "contains" if WILDCARD.search(key):
                yield Finding("L022", span, f"wildcards mean nothing to ':{how}': write ':matches'")
            case "matches" if _plain(key):
                yield Finding("L021", span, "no wildcard for ':matches': write ':is', ':contains' or add '*'")
            case "regex" if key and not SPECIAL.search(key):
                yield Finding("L026", span, "a pattern without anything special: write ':contains'")
            case "is" if test.name == "header" and key != key.strip(" \t\r\n"):
                yield Finding("L023", span, "this never matches: a field's value has no blanks at its ends")
            case _:
                pass


def _plain(pattern: str) -> bool:
    """Whether a pattern has no wildcard and no escape."""
    return not set(pattern) & set("*?\\")


def _numbers(test: Bound, keys: Sequence[tuple[str, Span]]) -> Iterator[Finding]:
    match = test.match
    assert match is not None
    if match.type.name not in {"count", "value"}:
        return
    numeric = match.comparator.name == NUMERIC
    for key, span in keys:
        digits = key[:1].isdigit() and key.isascii()
        if digits and not numeric and match.relation not in {"eq", "ne"}:
            yield Finding("L027", span, f"numbers are compared as text: add ':comparator \"{NUMERIC}\"'")
        elif numeric and not digits:
            yield Finding("L027", span, "a text that begins with no digit is greater than every number")


def _needless(test: Bound, keys: Sequence[tuple[str, Span]]) -> Iterator[Finding]:
    """Find keys that another key of the list makes needless."""
    assert test.match is not None
    how, fold = test.match.type.name, test.match.comparator.fold
    if how in {"count", "value", "list"}:
        return
    folded = [fold(key) for key, _ in keys]
    seen: set[str] = set()
    # Among the keys of :contains only short ones can stand inside others; whole lists are not compared.
    short = sorted({key for key in folded if key}, key=len)[:50] if how == "contains" else []
    for (key, span), text in zip(keys, folded, strict=True):
        inside = next((one for one in short if one != text and one in text), None)
        if text in seen:
            yield Finding("L025", span, f"{key!r} stands in this list already")
        elif inside is not None:
            yield Finding("L025", span, f"{key!r} is found by {inside!r} of the same list already")
        elif how == "matches" and len(folded) > 1 and "*" in folded and text != "*":
            yield Finding("L025", span, f"{key!r} is matched by '*' of the same list already")
        seen.add(text)


def _twice(names: Sequence[tuple[str, Span]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for name, span in names:
        if name.lower() in seen:
            yield Finding("L025", span, f"the field {name!r} stands in this list already")
        seen.add(name.lower())


def _whole_field(test: Bound, keys: Sequence[tuple[str, Span]]) -> Iterator[Finding]:
    assert test.match is not None
    names = test.constant("headers")
    if test.match.type.name != "is" or not isinstance(names, tuple):
        return
    if not names or not {name.lower() for name in names} <= ADDRESS_FIELDS or "mime" in test.args:
        return
    for key, span in keys:
        if ADDRESS.match(key):
            yield Finding("L024", span, "the whole field is compared, with the name: write 'address :is'")


def _parts(test: Bound, keys: Sequence[tuple[str, Span]]) -> Iterator[Finding]:
    """Find texts that the part of the address which is compared never has."""
    assert test.match is not None
    how, part = test.match.type.name, test.match.part.name if test.match.part is not None else "all"
    for key, span in keys:
        complaint = ""
        if how not in {"is", "contains", "matches"} or not key:
            continue
        if set(key) & {"<", ">"} and '"' not in key:
            complaint = "an address is compared without name and angle brackets"
        elif part in {"domain", "localpart", "user", "detail"} and "@" in key and '"' not in key:
            complaint = f"':{part}' has no '@'"
        elif part == "all" and test.name == "address" and _lacks_at(how, key):
            complaint = "an address has an '@': for a part of it write ':domain' or ':localpart'"
        if complaint:
            yield Finding("L023", span, f"this never matches: {complaint}")


def _lacks_at(how: str, key: str) -> bool:
    """Whether a whole address can't match for want of an @."""
    if how == "is":
        return "@" not in key
    return how == "matches" and _plain(key) and "@" not in compile_glob(key).literal()
