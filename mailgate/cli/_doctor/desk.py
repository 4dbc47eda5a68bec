"""Checks of the business data and of what waits: addresses, scripts, templates, outbox, unprocessed."""

import time
from collections.abc import Iterator
from typing import Final

from mailgate.cli._doctor.finding import Finding, Patient, counted
from mailgate.cli._items import complaints, of_template
from mailgate.domain.helpdesk import Team
from mailgate.domain.routing import Agent, channel_state
from mailgate.domain.staff import NO_ADDRESS, NO_AGENTS, NO_SCRIPT, hints
from mailgate.rules.scripts import CatalogueNames
from mailgate.store import queries
from mailgate.store.outbox_rows import depths, oldest
from mailgate.vocabulary import language
from sieve_like.errors import Diagnostics, Severity
from sieve_like.lexer import Lexer, TokenKind
from sieve_like.limits import Limits
from sieve_like.reporting import complaints as script_complaints

ADVICE: Final = {
    NO_ADDRESS: "`mailgate address add ADDRESS --queue NAME`",
    NO_AGENTS: "`mailgate agent set NAME --queue QUEUE`, or `mailgate ticketqueue set QUEUE --team TEAM`",
    NO_SCRIPT: "`mailgate address set ADDRESS --script NAME`, with a script that says `ticket;`",
}
# S10: where a sender address of a queue is no address that takes mail.
RECEIVE: Final = "`mailgate address add ADDRESS --queue QUEUE`, or with --send-only if nobody should answer"
# A mail that waits an hour for the relay is no hiccup any more.
OLD_S: Final = 3600


def channel(patient: Patient) -> Iterator[Finding]:
    """Check that mail is taken at all (G1)."""
    state = channel_state(patient.present.catalogue)
    if patient.present.catalogue.desk.channel:
        yield Finding("channel", "ok", state)
    else:
        text = "off, so every address answers 451 and its mail waits at the sender's"
        yield Finding("channel", "fail", text, "`mailgate helpdesk set channel on`")


def addresses(patient: Patient) -> Iterator[Finding]:
    """Check that every address has a script, a queue and a target that there are."""
    present = patient.present
    routes = present.business.addresses
    if not routes:
        yield Finding("addresses", "fail", "there are none, so no mail is taken", "`mailgate address add`")
        return
    wrong = [f"{one.address}: {text}" for one in routes for text in complaints(one, present)]
    for text in wrong:
        yield Finding("addresses", "fail", text, "`mailgate address set`, or mend the file and apply it")
    for one in routes:
        queue = present.catalogue.queues.get(one.queue)
        if one.enabled and queue is not None and not queue.enabled:
            text = f"{one.address} leads to the queue {queue.name}, which is off: it answers 451"
            advice = f"`mailgate ticketqueue set {queue.name} --enabled`, or another queue"
            yield Finding("addresses", "warn", text, advice)
    off = sum(not one.enabled for one in routes)
    if off:
        text = f"{counted(off, 'address')} disabled: their mail waits at the sender's"
        yield Finding("addresses", "warn", text, "`mailgate address list` shows which")
    if not wrong:
        yield Finding("addresses", "ok", f"{len(routes)} addresses and patterns, all served")


def queues(patient: Patient) -> Iterator[Finding]:
    """Check that every queue has an address that leads there, agents, and a mistake in nothing (G13)."""
    present = patient.present
    lacking = 0
    for name, queue in present.catalogue.queues.items():
        for wrong in complaints(queue, present):
            yield Finding(
                "queues", "fail", f"{name}: {wrong}", "`mailgate ticketqueue set`, or mend the file"
            )
        for hint in hints(queue, present.catalogue, present.business.addresses):
            lacking += 1
            yield Finding("queues", "warn", f"{name}: {hint}", ADVICE.get(hint, RECEIVE))
    people: list[Agent | Team] = [*present.catalogue.agents.values(), *present.catalogue.teams.values()]
    for one in people:
        for wrong in complaints(one, present):
            yield Finding(
                "queues", "fail", f"{one.name}: {wrong}", "`mailgate agent set`, `mailgate team set`"
            )
    if not lacking:
        yield Finding("queues", "ok", f"{counted(len(present.catalogue.queues), 'queue')} with all they need")


def scripts(patient: Patient) -> Iterator[Finding]:
    """Check that every script compiles, and answers from addresses that take mail (S10)."""
    found, registry = patient.present.catalogue, language()
    fine = 0
    for name, source in found.scripts.items():
        diagnostics = script_complaints(name, source, registry, CatalogueNames(found))
        for one in diagnostics:
            bad = one.severity is Severity.ERROR
            advice = "`mailgate rules check` shows all of it; until then its last good version runs"
            text = f"{name}:{one.span.line}: {one.message}"
            yield Finding("rules", "fail" if bad else "warn", text, advice if bad else "look at it")
        for line, sender in _senders(source):
            if found.route(sender) is None and not found.sends_only(sender):
                text = f"{name}:{line}: answers come from {sender}, where no mail is taken"
                yield Finding("rules", "warn", text, RECEIVE)
        fine += not diagnostics
    if fine or not found.scripts:
        yield Finding("rules", "ok", f"{counted(fine, 'script')} without mistakes")


def _senders(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, address) of each sender that a script names for its mails as a constant (S10)."""
    before = None
    for token in Lexer(source, Limits(), Diagnostics()).tokens():
        constant = token.kind is TokenKind.STRING and "@" in token.text and "${" not in token.text
        if constant and before is not None and before.kind is TokenKind.TAG and before.text == "from":
            yield token.span.line, token.text.rpartition("<")[2].rstrip("> ")
        before = token


def templates(patient: Patient) -> Iterator[Finding]:
    """Check that every template can be rendered."""
    found = patient.present.business.templates
    wrong = [text for one in found for text in of_template(one)]
    for text in wrong:
        yield Finding("templates", "fail", text, "`mailgate template put`, or mend the file and apply it")
    if not wrong:
        yield Finding("templates", "ok", f"{counted(len(found), 'template')} without mistakes")


def outbox(patient: Patient) -> Iterator[Finding]:
    """Check that outgoing mail leaves."""
    with queries.reading(patient.store) as connection:
        counts, first = depths(connection), oldest(connection)
    words = ", ".join(f"{n} {state}" for state, n in counts.items() if n) or "empty"
    age = time.time() - first.timestamp() if first is not None else 0
    if age > OLD_S:
        words += f", the oldest since {age / 3600:.1f} hours"
    if counts.get("held") or counts.get("given_up") or age > OLD_S:
        yield Finding("outbox", "warn", words, "`mailgate queue list` says why")
    else:
        yield Finding("outbox", "ok", words)


def unprocessed(patient: Patient) -> Iterator[Finding]:
    """Check that no mail waits for a person because it could not be processed."""
    with queries.reading(patient.store) as connection:
        number = queries.counts_by_status(connection)["unprocessed"]
    if number:
        text = f"{counted(number, 'mail')} that could not be processed"
        yield Finding("unprocessed", "warn", text, "`mailgate unprocessed list`")
    else:
        yield Finding("unprocessed", "ok", "none")
