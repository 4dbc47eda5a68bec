"""Action vacation: answer the sender, at most once per period.

RFC 5230. Done: grammar with all tags, limits of the period, validity of :from, one vacation per run, none
beside a refusal. An address of :addresses that is none is left out (a warning). Whether an answer is sent
(lists, machines, answered already, not addressed to us) and what it looks like is the host's matter.
"""

from collections.abc import Mapping
from dataclasses import replace

from sieve_like.address import complain_about_address, parse_one
from sieve_like.declare import action_command
from sieve_like.interpreter import Run
from sieve_like.limits import Limits
from sieve_like.outgoing.reply import shortened
from sieve_like.result import Action, Vacation
from sieve_like.settings import Settings
from sieve_like.spec import Binding, Bound, Extension, Kind, Positional, Tag
from sieve_like.values import Args

DAY = 86400  # seconds
UNSAID = -1  # a period that the script leaves to the installation

TAGS = (
    Tag("days", Kind.NUMBER, group="period"),
    Tag("subject", Kind.STRING),
    Tag("from", Kind.STRING),
    Tag("addresses", Kind.STRINGS),
    Tag("mime"),
    Tag("handle", Kind.STRING),
)
POSITIONALS = (Positional("reason"),)


def period(seconds: int, limits: Limits, settings: Settings) -> int:
    """Return the period that is used for one that the script wants (RFC 5230 4.1, RFC 6131 2)."""
    shortest = settings.seconds("sieve_vacation_min_period", limits.vacation_min_days * DAY)
    longest = settings.seconds("sieve_vacation_max_period", limits.vacation_max_days * DAY)
    if seconds == UNSAID:
        seconds = settings.seconds("sieve_vacation_default_period", limits.vacation_default_days * DAY)
    # 0 is no bound, as in other engines.
    return max(min(seconds, longest) if longest else seconds, shortest)


def _wanted(args: Mapping[str, object]) -> tuple[str, int]:
    """Return the tag that says the period, and the period in seconds."""
    for tag, unit in (("days", DAY), ("seconds", 1)):
        value = args.get(tag)
        if isinstance(value, int):
            return tag, value * unit
    return "", UNSAID


def _build(args: Args) -> Vacation:
    """Return the action. Variables that hold no address are left out, as in other engines; no error."""
    subject = "".join(" " if c < " " or c == "\x7f" else c for c in args.text("subject"))
    said = {tag: args.number(tag) for tag in ("days", "seconds") if args.said(tag)}
    return Vacation(
        args.text("reason"),
        seconds=_wanted(said)[1],
        subject=subject,
        from_=args.text("from") if parse_one(args.text("from")) else "",
        addresses=tuple(one.address for one in map(parse_one, args.texts("addresses")) if one is not None),
        mime=args.flag("mime"),
        handle=args.text("handle"),
    )


def _settle(action: Action, run: Run) -> Action:
    assert isinstance(action, Vacation)
    subject = shortened(action.subject, run.limits.vacation_subject)
    return replace(action, seconds=period(action.seconds, run.limits, run.settings), subject=subject)


def _check(bound: Bound, binding: Binding) -> None:
    """RFC 5230 4.1 to 4.3: the period within limits, a sender that is an address."""
    tag, wanted = _wanted({name: bound.constant(name) for name in ("days", "seconds")})
    used = period(wanted, binding.limits, binding.settings)
    if tag and used != wanted:
        bound_of, unit = "at least" if used > wanted else "at most", DAY if tag == "days" else 1
        binding.warning(
            bound.spans[tag], f"':{tag} {wanted // unit}' becomes {used // unit}: it is {bound_of} that"
        )
    for name, report in (("from", binding.error), ("addresses", binding.warning)):
        value = bound.constant(name)
        for text in value if isinstance(value, tuple) else (value,):
            complaint = complain_about_address(text) if isinstance(text, str) else ""
            if complaint:
                report(bound.spans[name], f"{complaint} (':{name}' of the command 'vacation')")
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
    commands=(
        action_command("vacation", _build, tags=TAGS, positionals=POSITIONALS, check=_check, settle=_settle),
    ),
    card=__doc__,
)
