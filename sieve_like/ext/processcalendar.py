"""Action processcalendar: hand invitations and answers in the mail to a calendar.

RFC 9671. Done: grammar with all tags, what excludes or needs what (:outcome and :reason need "variables",
:organizers needs "extlists"), outcome and reason as variables. The host answers what became of it; one
without a calendar says "no_action". The implicit keep stays. :invitesonly is that of older drafts.
"""

from dataclasses import dataclass, replace

from sieve_like.actions import ProcessCalendar
from sieve_like.address import complain_about_address
from sieve_like.declare import action_command
from sieve_like.ext.variables import complain_about_variable
from sieve_like.interpreter import Run
from sieve_like.result import Action
from sieve_like.spec import Binding, Bound, Extension, Kind, Tag
from sieve_like.values import Args

OUTCOMES = frozenset({"no_action", "added", "updated", "cancelled", "error"})  # RFC 9671 4.7
NEEDS = {"outcome": "variables", "reason": "variables", "organizers": "extlists"}


@dataclass(frozen=True, slots=True)
class CalendarQuestion:
    """What became of the calendar parts; the answer is a `CalendarAnswer`, anything else means no_action."""

    action: ProcessCalendar


@dataclass(frozen=True, slots=True)
class CalendarAnswer:
    """One word of OUTCOMES, and why in words for people."""

    outcome: str
    reason: str = ""


def _build(args: Args) -> ProcessCalendar:
    return ProcessCalendar(
        allow_public=args.flag("allowpublic"),
        addresses=args.texts("addresses"),
        updates_only=args.flag("updatesonly"),
        invites_only=args.flag("invitesonly"),
        calendar_id=args.text("calendarid"),
        delete_cancelled=args.flag("deletecancelled"),
        organizers=args.text("organizers"),
    )


def _settle(action: Action, run: Run) -> Action:
    """Ask the host what becomes of it."""
    assert isinstance(action, ProcessCalendar)
    answer = run.ask(CalendarQuestion(action), action.span)
    if not isinstance(answer, CalendarAnswer) or answer.outcome not in OUTCOMES:
        answer = CalendarAnswer("no_action", "there is no calendar")
    return replace(action, outcome=answer.outcome, reason=answer.reason)


def _tell(run: Run, action: Action, args: Args) -> None:
    """Set the variables that the script wants (RFC 9671 4.7 and 4.8)."""
    assert isinstance(action, ProcessCalendar)
    for name, value in (("outcome", action.outcome), ("reason", action.reason)):
        if args.said(name):
            run.set_variable(args.text(name), value, action.span)


def _check(bound: Bound, binding: Binding) -> None:
    for name, capability in NEEDS.items():
        if name in bound.args and capability not in binding.enabled:
            binding.error(
                bound.spans[name],
                f"the tag ':{name}' needs 'require \"{capability}\"' at the top of the script",
            )


EXTENSION = Extension(
    "processcalendar",
    "9671",
    commands=(
        action_command(
            "processcalendar",
            _build,
            tags=(
                Tag("allowpublic"),
                Tag("addresses", Kind.STRINGS, check=complain_about_address),
                Tag("updatesonly", group="which"),
                Tag("invitesonly", group="which"),
                Tag("calendarid", Kind.STRING, group="which"),
                Tag("deletecancelled"),
                Tag("organizers", Kind.STRING),
                Tag("outcome", Kind.STRING, constant=True, check=complain_about_variable),
                Tag("reason", Kind.STRING, constant=True, check=complain_about_variable),
            ),
            check=_check,
            settle=_settle,
            after=_tell,
        ),
    ),
    card=__doc__,
)
