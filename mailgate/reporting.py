"""What is told of each mail: one log line per recipient, and the counters (USERS.md 1 and 2).

Accepted is always the sum of decided and failed: `mail` counts both from the same list.
"""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime

from mailgate.domain.envelope import Received
from mailgate.domain.facts import Authentication, Verdict
from mailgate.domain.helpdesk import StatusKind, status_kind
from mailgate.domain.routing import Catalogue
from mailgate.maillog import MailLog
from mailgate.metrics import AGENT_MAIL, Metrics
from mailgate.outbox.worker import Report
from mailgate.store import outbox_rows, queries
from mailgate.store.assignment import waiting_counts
from mailgate.store.db import Store
from mailgate.store.service import alarm_counts
from mailgate.store.unit import FAILED, DeliveryOutcome

# How a row's state after one try is called in `mailgate_outbox_deliveries_total`.
RESULTS = {"sent": "sent", "waiting": "retry", "held": "held", "given_up": "given_up"}


class Reporter:
    """Writes the mail log and keeps the metrics."""

    def __init__(self, log: MailLog, metrics: Metrics, clock: Callable[[], datetime]) -> None:
        self._log, self._metrics, self._clock = log, metrics, clock

    def mail(self, received: Received, outcomes: list[DeliveryOutcome], msgid: str) -> None:
        """Tell of one mail that came in whole."""
        metrics, source = self._metrics, received.origin.source.value
        delay = (self._clock() - received.at).total_seconds()
        metrics.messages.inc(source, _result(outcomes))
        metrics.octets.inc(source, by=received.octets.size)
        metrics.processing.observe(delay)
        metrics.accepted.inc(by=len(outcomes))
        for outcome in outcomes:
            self._count(outcome)
            self._line(received, outcome, msgid, delay)

    def again(self, received: Received, outcome: DeliveryOutcome, msgid: str) -> None:
        """Tell of one stored mail that was processed once more; it was received and counted long ago."""
        self._metrics.accepted.inc()
        self._count(outcome)
        self._line(received, outcome, msgid, (self._clock() - received.at).total_seconds())

    def verified(self, known: Authentication) -> None:
        """Count what is known of who vouches for a mail."""
        for method, verdict in (("spf", known.spf), ("dmarc", known.dmarc), ("arc", known.arc)):
            if verdict != Verdict():
                self._metrics.verified.inc(method, verdict.result)
        for verdict in known.dkim:
            self._metrics.verified.inc("dkim", verdict.result)

    def _count(self, outcome: DeliveryOutcome) -> None:
        metrics = self._metrics
        if outcome.status == FAILED:
            metrics.failed.inc()
        else:
            metrics.decided.inc(outcome.status)
        if outcome.mail_class and outcome.mail_class != "person":
            metrics.machines.inc(outcome.mail_class)
        if outcome.duplicate:
            metrics.duplicates.inc()
        elif outcome.action.startswith(AGENT_MAIL):
            metrics.agent_mails.inc(outcome.action.removeprefix(AGENT_MAIL))
        elif outcome.action:
            metrics.actions.inc(outcome.action)
        if outcome.wrong_tokens:
            metrics.wrong_tokens.inc(by=outcome.wrong_tokens)
        if outcome.crashed:
            metrics.crashes.inc()
        elif outcome.error and outcome.status != FAILED:
            metrics.rule_errors.inc()
        for reason in outcome.suppressed:
            metrics.suppressed.inc(reason)
        for alarm in outcome.alarms:
            metrics.alarms.inc(alarm)

    def _line(self, received: Received, outcome: DeliveryOutcome, msgid: str, delay: float) -> None:
        more: dict[str, object] = {}
        if outcome.mail_class and outcome.mail_class != "person":
            more["class"] = outcome.mail_class
        if outcome.action.startswith(AGENT_MAIL):
            more["agent"] = outcome.summary.partition("agent=")[2]
        if outcome.suppressed:
            more["suppressed"] = ",".join(outcome.suppressed)
        if outcome.alarms:
            more["alarm"] = ",".join(outcome.alarms)
        if outcome.error:
            more["error"] = outcome.error
        self._log.delivery(
            qid=received.origin.queue_id,
            msgid=msgid,
            trace_id=received.trace_id,
            sender=received.envelope.sender,
            recipient=outcome.recipient,
            rule=outcome.rule,
            action=outcome.action,
            summary=outcome.summary.partition(" ")[0],
            delay=delay,
            dsn=outcome.reply.enhanced,
            status=_status(outcome),
            more=more,
        )

    def sent(self, report: Report) -> None:
        """Tell of one try to hand an outgoing mail to its target."""
        result = RESULTS.get(report.state, report.state)
        self._metrics.sent.inc(result)
        self._metrics.sent_by.inc(report.row.target or "relay", result)
        if report.cause:
            self._metrics.troubles.inc(report.cause)
        if report.alarm:
            self._metrics.alarms.inc(f"outbox_{report.state}")
        row = report.row
        tell = self._log.events.warning if report.alarm else self._log.events.info
        tell(
            "outgoing",
            outbox=row.id,
            id=row.trace_id,
            kind=row.kind,
            target=row.target or "relay",
            to=row.to_address,
            delay=round(report.delay_s, 3),
            status=report.state,
            reply=report.reply,
            **({"cause": report.cause} if report.cause else {}),
        )

    def depths(self, store: Store) -> dict[str, int]:
        """Return how many outgoing mails are in each state."""
        with closing(store.reader()) as connection:
            return outbox_rows.depths(connection)

    def fill_gauges(self, metrics: Metrics, store: Store, catalogue: Catalogue) -> None:
        """Read the gauges that the database knows; called at each scrape."""
        with closing(store.reader()) as connection:
            for state, count in outbox_rows.depths(connection).items():
                metrics.outbox_depth.set(count, state)
            oldest = outbox_rows.oldest(connection)
            metrics.unprocessed.set(queries.counts_by_status(connection)["unprocessed"])
            counts = queries.ticket_counts(connection)
            for alarm, count in alarm_counts(connection).items():
                metrics.tickets_alarmed.set(count, alarm)
            waiting = waiting_counts(connection, catalogue.queues)
        age = (self._clock() - oldest).total_seconds() if oldest is not None else 0.0
        metrics.outbox_age.set(max(age, 0.0))
        open_by_queue: dict[str, float] = {}
        for row in counts:
            if status_kind(catalogue.statuses, row["status"]) is not StatusKind.CLOSED:
                open_by_queue[row["queue"]] = open_by_queue.get(row["queue"], 0) + row["n"]
        metrics.tickets_open.replace(open_by_queue)
        metrics.tickets_waiting.replace(waiting)


def _result(outcomes: list[DeliveryOutcome]) -> str:
    """Return accepted if at least one recipient was, else deferred if one is to come again, else refused."""
    if any(o.reply.positive for o in outcomes):
        return "accepted"
    return "deferred" if any(o.status == FAILED for o in outcomes) else "refused"


def _status(outcome: DeliveryOutcome) -> str:
    """Return Postfix's word for it."""
    if outcome.status == FAILED:
        return "deferred"
    return "sent" if outcome.reply.positive else "bounced"
