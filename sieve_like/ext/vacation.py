"""Action vacation: answer the sender, at most once per period.

RFC 5230. Done: grammar with all tags, limits of :days, validity of :from and :addresses, one vacation per
run, none beside a refusal. Whether an answer is sent (lists, machines, answered already, not addressed to
us) and what it looks like is the host's matter.
"""

from functools import partial

from sieve_like.address import complain_about_address, parse_one
from sieve_like.declare import action_command
from sieve_like.interpreter import Step
from sieve_like.limits import Limits
from sieve_like.result import Vacation
from sieve_like.spec import Binding, Bound, CommandSpec, Compiling, Extension, Kind, Positional, Tag
from sieve_like.values import Args

DAY = 86400  # seconds

TAGS = (
    Tag("days", Kind.NUMBER),
    Tag("subject", Kind.STRING),
    Tag("from", Kind.STRING),
    Tag("addresses", Kind.STRINGS),
    Tag("mime"),
    Tag("handle", Kind.STRING),
)
POSITIONALS = (Positional("reason"),)


def _build(limits: Limits, args: Args) -> Vacation:
    """Return the action. Variables that hold no address are left out, as in other engines; no error."""
    days = args.number("days") if args.said("days") else limits.vacation_default_days
    subject = "".join(" " if c < " " or c == "\x7f" else c for c in args.text("subject"))
    return Vacation(
        args.text("reason"),
        seconds=DAY * min(max(days, limits.vacation_min_days), limits.vacation_max_days),
        subject=subject[: limits.vacation_subject],
        from_=args.text("from") if parse_one(args.text("from")) else "",
        addresses=tuple(one.address for one in map(parse_one, args.texts("addresses")) if one is not None),
        mime=args.flag("mime"),
        handle=args.text("handle"),
    )


def _vacation(bound: Bound, ctx: Compiling) -> Step:
    build = partial(_build, ctx.limits)
    return action_command("vacation", build, tags=TAGS, positionals=POSITIONALS).compile(bound, ctx)


def _check(bound: Bound, binding: Binding) -> None:
    """RFC 5230 4.1 to 4.3: days within limits, addresses that are addresses."""
    days, limits = bound.constant("days"), binding.limits
    if isinstance(days, int) and not limits.vacation_min_days <= days <= limits.vacation_max_days:
        bound_of = "at least" if days < limits.vacation_min_days else "at most"
        used = min(max(days, limits.vacation_min_days), limits.vacation_max_days)
        binding.warning(bound.spans["days"], f"':days {days}' becomes {used}: it is {bound_of} that")
    for name in ("from", "addresses"):
        value = bound.constant(name)
        for text in value if isinstance(value, tuple) else (value,):
            complaint = complain_about_address(text) if isinstance(text, str) else ""
            if complaint:
                binding.error(bound.spans[name], f"{complaint} (':{name}' of the command 'vacation')")
    reason = bound.constant("reason")
    if "mime" in bound.args and isinstance(reason, str) and not _has_header(reason):
        binding.warning(bound.spans["reason"], "with ':mime' the text must begin with its own header fields")


def _has_header(text: str) -> bool:
    """Whether a MIME entity begins with a header field (RFC 5230 4.3)."""
    name, colon, _ = text.lstrip("\r\n").split("\n", 1)[0].partition(":")
    return bool(colon) and name.lower().startswith(("content-", "mime-"))


EXTENSION = Extension(
    "vacation",
    "5230",
    commands=(CommandSpec("vacation", _vacation, TAGS, POSITIONALS, check=_check),),
    card=__doc__,
)
