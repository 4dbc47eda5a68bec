"""Test address, and the address parts :all, :localpart, :domain.

RFC 5228 sections 2.7.4 and 5.1. Done: all of it. Addresses are read before words are decoded; comments,
display names and names of groups don't count, members of groups do. An invalid address has no parts; with
:all it is its raw text. Only fields that hold addresses may be named.
"""

from sieve_like.declare import spots
from sieve_like.errors import did_you_mean
from sieve_like.ext._facts import ALL, address_fact, chosen_part
from sieve_like.interpreter import Test
from sieve_like.matching import Source, match_guard, match_test, named_source, narrowed
from sieve_like.spec import (
    AddressPart,
    Binding,
    Bound,
    Compiling,
    Extension,
    Kind,
    Matching,
    Positional,
    Probe,
    TestSpec,
)

# The fields of RFC 5322, and those of other standards and of mailers that hold addresses.
FIELDS = frozenset(
    {
        "abuse-reports-to", "apparently-to", "bcc", "cc", "delivered-to", "disposition-notification-to",
        "envelope-to", "errors-to", "for-approval", "for-comment", "for-handling", "from",
        "mail-followup-to", "mail-reply-to", "original-recipient", "read-receipt-to",
        "registered-mail-reply-requested-by", "reply-to", "resent-bcc", "resent-cc", "resent-from",
        "resent-reply-to", "resent-sender", "resent-to", "return-path", "return-receipt-requested",
        "return-receipt-to", "sender", "to", "x-admin", "x-beenthere", "x-complaints-to",
        "x-confirm-reading-to", "x-envelope-to", "x-original-from", "x-original-to", "x-report-abuse-to",
    }
)  # fmt: skip


def _source(bound: Bound) -> Source:
    fields, part = narrowed(bound), chosen_part(bound)
    return named_source(bound.args["headers"], lambda name: address_fact(name, part, fields), bound)


def _address(bound: Bound, ctx: Compiling) -> Test:
    return match_test(bound, ctx, _source(bound))


def _guard(bound: Bound) -> tuple[Probe, ...] | None:
    return match_guard(bound, _source(bound))


def _check(bound: Bound, binding: Binding) -> None:
    """RFC 5228 5.1: only header fields that hold addresses make sense."""
    for name, span in spots(bound, "headers"):
        if name.lower() not in FIELDS:
            hint = did_you_mean(name, FIELDS)
            binding.error(span, f"the field '{name}' holds no addresses{hint}")


EXTENSION = Extension(
    "",
    "5228",
    address_parts=(
        ALL,
        AddressPart("localpart", lambda local, _domain, _whole: local),
        AddressPart("domain", lambda _local, domain, _whole: domain or None),
    ),
    tests=(
        TestSpec(
            "address",
            _address,
            positionals=(Positional("headers", Kind.STRINGS), Positional("keys", Kind.STRINGS)),
            matching=Matching.ADDRESS,
            check=_check,
            guard=_guard,
        ),
    ),
    card=__doc__,
)
