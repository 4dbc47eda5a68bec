"""Test envelope: the addresses of the SMTP dialogue.

RFC 5228 section 5.4. Done: "from", "to", and "auth" (who logged in), as other engines have it. "to" is the
recipient before aliases. The null sender is "" in every part; source routes are dropped. Extensions add the
parts of RFC 6009. Not done: several recipients in one run, since every recipient has a run of its own.
"""

from collections.abc import Sequence

from sieve_like.address import join_address, split_envelope
from sieve_like.declare import spots
from sieve_like.errors import did_you_mean
from sieve_like.ext._facts import ALL, chosen_part
from sieve_like.ext._parameters import PARAMETERS, parameter
from sieve_like.interpreter import Run, Test
from sieve_like.matching import Source, match_guard, match_test, named_source
from sieve_like.spec import (
    AddressPart,
    Binding,
    Bound,
    Compiling,
    Extension,
    Fact,
    Kind,
    Matching,
    Positional,
    Probe,
    TestSpec,
)


def _path(run: Run, name: str) -> str | None:
    """Return one address of the envelope, None for what it does not have."""
    match name:
        case "from":
            return run.envelope.sender
        case "to":
            return run.envelope.to
        case "auth":
            return run.envelope.auth or None
        case _:
            return None


def _values(run: Run, name: str, part: AddressPart) -> Sequence[str]:
    path = _path(run, name)
    if path is None:
        return ()
    if name == "auth":
        return (path,)  # a login name need not be an address
    if path in {"", "<>"}:
        return ("",)  # RFC 5228 5.4: the null reverse-path is the empty string in every part
    local, domain = split_envelope(path)
    whole = join_address(local, domain or "") if part.name == ALL.name else ""
    value = part.of(run.settings)(local, domain or "", whole)
    return () if value is None else (value,)


def _source(bound: Bound) -> Source:
    chosen = chosen_part(bound)
    zone = bound.args.get("zone")

    def fact(name: str) -> Fact:
        if name in PARAMETERS:
            return Fact("", lambda run: parameter(run, name, None if zone is None else str(zone.read(run))))
        return Fact(f"envelope {chosen.name} {name}", lambda run: _values(run, name, chosen))

    return named_source(bound.args["parts"], fact, bound)


def _envelope(bound: Bound, ctx: Compiling) -> Test:
    return match_test(bound, ctx, _source(bound))


def _guard(bound: Bound) -> tuple[Probe, ...] | None:
    return match_guard(bound, _source(bound))


def _check(bound: Bound, binding: Binding) -> None:
    known = binding.envelope_parts()
    for name, span in spots(bound, "parts"):
        if name.lower() not in known:
            hint = did_you_mean(name, known)
            binding.error(span, f"the envelope has no part '{name}'{hint}")
        elif bound.match is not None and bound.match.part_said and name.lower() in PARAMETERS:
            # RFC 6009 3 and 5: these are no addresses.
            binding.error(span, f"'{name}' of the envelope is no address and has no parts")


EXTENSION = Extension(
    "envelope",
    "5228",
    envelope_parts=("from", "to", "auth"),
    tests=(
        TestSpec(
            "envelope",
            _envelope,
            positionals=(Positional("parts", Kind.STRINGS), Positional("keys", Kind.STRINGS)),
            matching=Matching.ADDRESS,
            check=_check,
            guard=_guard,
        ),
    ),
    card=__doc__,
)
