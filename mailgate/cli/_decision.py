"""What the rules decided about a mail, for people and as plain data."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from mailgate.domain.effects import (
    AddEntry,
    CallHook,
    ChangeTicket,
    ClearFailing,
    Decision,
    Deliver,
    Drop,
    Effect,
    Forward,
    LinkTickets,
    MarkFailing,
    MoveSession,
    OpenContact,
    OpenSession,
    OpenTicket,
    Pipe,
    Refuse,
    Remember,
    Send,
    SetAside,
    ShareOut,
    Suppressed,
)
from sieve_like.reporting import step_line


def as_data(decision: Decision, *, steps: bool) -> dict[str, Any]:
    """Return a decision as plain data; with the trace if `steps`."""
    plain: dict[str, Any] = {
        "rule": decision.rule,
        "action": decision.action,
        "summary": decision.summary,
        "error": decision.error,
        "class": decision.trace.get("class", ""),
        "effects": [{"effect": type(one).__name__, **asdict(one)} for one in decision.effects],
    }
    return {**plain, "trace": decision.trace} if steps else plain


def lines(decision: Decision, *, steps: bool) -> Iterator[str]:
    """Yield a decision line by line; with every step of the script if `steps`."""
    trace: Any = decision.trace
    why = trace.get("class_reason", "") or "nothing speaks against a person"
    yield f"class   {trace.get('class', '')} ({why})"
    if steps:
        for step in trace.get("steps", ()):
            yield f"  {step_line(step)}"
    for note in trace.get("notes", ()):
        details = ", ".join(f"{key}={value}" for key, value in note.items() if key != "what")
        yield f"note    {note.get('what', '')}: {details}"
    yield f"rule    {decision.rule or 'none'}"
    yield f"became  {decision.action} {decision.summary}".rstrip()
    if decision.error:
        yield f"error   {decision.error}"
    for effect in decision.effects:
        yield f"  {effect_line(effect)}"


def effect_line(effect: Effect) -> str:  # noqa: PLR0911  a closed list, one line each
    """Return what would change, as one line."""
    match effect:
        case Deliver():
            flags = f" {' '.join(effect.flags)}" if effect.flags else ""
            return f"store it in {effect.folder} of {effect.target}{flags}"
        case Forward():
            return f"redirect it to {effect.to_address}, if the gate lets it through"
        case Send():
            draft = effect.draft
            return f"send {draft.to_address} {draft.subject!r}, if the gate lets it through"
        case OpenContact():
            return f"open a contact for {effect.address}"
        case OpenTicket():
            claims = ", which claims to belong to another" if effect.claims else ""
            return f"open ticket {effect.number} {effect.subject!r} in queue {effect.queue or '-'}{claims}"
        case AddEntry():
            return f"add to the ticket's history: {effect.kind.value} by {effect.author}"
        case ChangeTicket():
            return f"set the ticket's {effect.field} to {effect.value!r}"
        case Pipe():
            return f"hand it to the program {effect.program}"
        case CallHook():
            return f"tell the webhook {effect.target}"
        case ShareOut():
            return "give the ticket to whoever is next"
        case LinkTickets():
            return f"link ticket {effect.number} to {effect.other_number}"
        case _:
            return _other_line(effect)


def _other_line(effect: Effect) -> str:
    """Return the rest; what only people and jobs change is no decision about a mail."""
    match effect:
        case MoveSession():
            return f"move the ticket's session to {effect.state}: {effect.reason}"
        case OpenSession():
            return f"start the ticket's next session: {effect.reason}"
        case Remember():
            return f"remember {effect.scope} {effect.key} until {effect.until:%Y-%m-%d %H:%M}"
        case SetAside():
            return f"keep it in {effect.folder}: {effect.reason}"
        case MarkFailing():
            what = "count a soft bounce of" if effect.soft else "count a hard bounce of"
            return f"{what} {effect.address}: {effect.reason}"
        case ClearFailing():
            return f"forget what came back from {effect.address}"
        case Suppressed():
            return f"send nothing to {effect.to_address}: {effect.reason}"
        case Refuse():
            return f"refuse it: {effect.code} {effect.enhanced} {effect.text}"
        case Drop():
            return f"discard it: {effect.reason}"
        case _:
            return f"change the ticket: {type(effect).__name__}"
