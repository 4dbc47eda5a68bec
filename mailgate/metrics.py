"""Every metric, named once: the table below makes the metrics and `docs/metrics.md`.

No label ever holds an address, a user, a message or a rule: the number of series must not grow with the mail.
Names follow Prometheus: base units, `_total`, `_seconds`, `_bytes`.
"""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

PREFIX: Final = "mailgate"

# From a tenth of a millisecond (one commit on a fast disk) to the 30 s within which a reply must be out.
SECONDS: Final = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
# Powers of two up to the largest batch that the writer takes.
BATCH: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)

KindName = Literal["counter", "gauge", "histogram", "info"]


@dataclass(frozen=True, slots=True)
class Spec:
    """One line of the table; `known` label values are shown as 0 from the start, so that rates work."""

    attribute: str
    kind: KindName
    name: str
    help: str
    labels: tuple[str, ...] = ()
    known: tuple[tuple[str, ...], ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def full_name(self) -> str:
        """The name as Prometheus sees it."""
        suffix = {"counter": "_total", "info": "_info"}.get(self.kind, "")
        return f"{PREFIX}_{self.name}{suffix}"


_SOURCES: Final = ("lmtp", "smtp", "inject")
_RESULTS: Final = ("accepted", "refused", "deferred")
_STATUS: Final = ("accepted", "refused", "aside", "discarded", "unprocessed", "unparsable", "duplicate")
_STATES: Final = ("waiting", "leased", "held", "given_up", "digest")
_OUTCOMES: Final = ("sent", "retry", "held", "given_up")
# Classes of trouble (`domain/smtpreply.Cause`).
TROUBLES: Final = (
    "address", "mailbox", "system", "network", "protocol", "content", "policy", "unsaid", "connection",
    "ours",
)  # fmt: skip
# What an agent's mail becomes (`domain/desk/bymail.Became`), without the word that they share.
AGENT_MAILS: Final = (
    "answer", "comment", "change", "mistake", "refused", "automatic", "copy", "aside",
)  # fmt: skip
AGENT_MAIL: Final = "agent_"
# What is no person's mail (`domain/facts.MailClass`).
_MACHINES: Final = ("own", "bounce", "automatic", "notice", "list")


def _each(*values: str) -> tuple[tuple[str, ...], ...]:
    return tuple((value,) for value in values)


METRICS: Final[tuple[Spec, ...]] = (
    Spec("build", "info", "build", "Version of mailgate and of Python."),
    Spec(
        "messages",
        "counter",
        "messages_received",
        "Mails received; accepted if at least one recipient was, else deferred if one is to come again.",
        ("source", "result"),
        tuple((s, r) for s in _SOURCES for r in _RESULTS),
    ),
    Spec(
        "octets",
        "counter",
        "message_bytes",
        "Bytes of the mails received.",
        ("source",),
        _each(*_SOURCES),
    ),
    Spec(
        "processing",
        "histogram",
        "message_processing_seconds",
        "Time from the end of a mail's data to its last reply.",
        buckets=SECONDS,
    ),
    Spec(
        "accepted",
        "counter",
        "deliveries_accepted",
        "Recipients of mails whose data came in whole; always the sum of decided and failed.",
    ),
    Spec(
        "decided",
        "counter",
        "deliveries_decided",
        "Recipients for whom a decision is on disk.",
        ("status",),
        _each(*_STATUS),
    ),
    Spec(
        "failed",
        "counter",
        "deliveries_failed",
        "Recipients told to come again (4xx) because nothing could be stored for them.",
    ),
    Spec(
        "machines",
        "counter",
        "machine_mails",
        "Deliveries of mails that no person wrote, by class (docs/bounces.md); own: our mail came back.",
        ("class",),
        _each(*_MACHINES),
    ),
    Spec(
        "crashes",
        "counter",
        "processing_crashes",
        "Deliveries whose processing failed by a fault of ours; each counts as a try of that mail.",
    ),
    Spec(
        "duplicates", "counter", "duplicates", "Deliveries known already and answered with the stored reply."
    ),
    Spec("actions", "counter", "rule_actions", "Actions decided by rules.", ("action",)),
    Spec("rule_errors", "counter", "rule_errors", "Runs of a script that ended in a run-time error."),
    Spec(
        "wrong_tokens",
        "counter",
        "wrong_tokens",
        "Reply tokens in mail whose signature was wrong.",
    ),
    Spec(
        "agent_mails",
        "counter",
        "agent_mails",
        "Agents' mails to tickets, by what they became (docs/agents-by-mail.md); refused: perhaps forged.",
        ("became",),
        _each(*AGENT_MAILS),
    ),
    Spec(
        "verified",
        "counter",
        "authentication_results",
        "What SPF, DKIM (each signature), DMARC and ARC said of mails, where somebody looked (docs/dkim.md).",
        ("method", "result"),
    ),
    Spec(
        "suppressed",
        "counter",
        "automatic_mail_suppressed",
        "Automatic mail that the gate did not let out.",
        ("reason",),
    ),
    Spec(
        "alarms",
        "counter",
        "alarms",
        "Events that a person should look at, such as a budget used up or a held redirect.",
        ("alarm",),
    ),
    Spec(
        "session_timers",
        "counter",
        "session_timer_moves",
        "Sessions that a timer has moved (docs/sessions.md).",
        ("timer",),
        _each("paused_to_closed", "resolved_to_closed", "active_to_paused"),
    ),
    Spec(
        "tickets_alarmed",
        "gauge",
        "tickets_alarmed",
        "Tickets whose service times have this alarm on.",
        ("alarm",),
        _each("reaction late", "execution due soon", "execution late"),
    ),
    Spec(
        "service_alarms",
        "counter",
        "service_alarms",
        "Alarms of service times that went on (docs/helpdesk.md).",
        ("alarm",),
        _each("reaction late", "execution due soon", "execution late"),
    ),
    Spec(
        "workflow_runs",
        "counter",
        "workflow_runs",
        "Runs of workflows on tickets, by mail and by the clock (docs/helpdesk.md).",
        ("workflow",),
    ),
    Spec(
        "assignments",
        "counter",
        "assignments",
        "Tickets given to an agent by the queue's own rules, at once or later.",
        ("queue",),
    ),
    Spec(
        "assignments_late",
        "counter",
        "assignments_late",
        "Tickets that had to wait for an agent and were then given out (docs/helpdesk.md).",
    ),
    Spec(
        "tickets_waiting",
        "gauge",
        "tickets_waiting",
        "Tickets that wait for an agent who can take them, in queues that share out their work.",
        ("queue",),
    ),
    Spec("tickets_open", "gauge", "tickets_open", "Open tickets.", ("queue",)),
    Spec("unprocessed", "gauge", "unprocessed", "Mails kept as unprocessed (mailgate unprocessed list)."),
    Spec("outbox_depth", "gauge", "outbox_depth", "Outgoing mails.", ("state",), _each(*_STATES)),
    Spec(
        "outbox_age",
        "gauge",
        "outbox_oldest_age_seconds",
        "Age of the oldest outgoing mail that waits; 0 if none does.",
    ),
    Spec(
        "sent",
        "counter",
        "outbox_deliveries",
        "Tries to hand an outgoing mail to its target.",
        ("result",),
        _each(*_OUTCOMES),
    ),
    Spec(
        "sent_by",
        "counter",
        "outbox_target_deliveries",
        "The same tries by target, as the settings name it; the relay is `relay`.",
        ("target", "result"),
    ),
    Spec(
        "troubles",
        "counter",
        "outbox_troubles",
        "Tries that failed, by the class of what was said (docs/outgoing.md).",
        ("cause",),
        _each(*TROUBLES),
    ),
    Spec("undone", "counter", "answers_undone", "Agents' answers taken back before they left."),
    Spec("batch_size", "histogram", "writer_batch_size", "Pieces of work in one commit.", buckets=BATCH),
    Spec("writer_waiting", "gauge", "writer_waiting", "Pieces of work that wait for the writer."),
    Spec("writer_faults", "counter", "writer_faults", "Commits that failed; all mail in them was deferred."),
    Spec(
        "query",
        "histogram",
        "db_query_seconds",
        "Time of one transaction of the writer (batch) or one reading (read).",
        ("operation",),
        _each("batch", "read"),
        SECONDS,
    ),
    Spec("connections", "gauge", "connections_open", "Open connections.", ("listener",)),
    Spec("disk_free", "gauge", "disk_free_bytes", "Bytes free on the disk of the spool."),
    Spec("loop_lag", "gauge", "event_loop_lag_seconds", "How late the event loop woke up last."),
    Spec("log_dropped", "gauge", "log_lines_dropped", "Log lines that could not be written since the start."),
    Spec(
        "reloads",
        "counter",
        "reloads",
        "Readings of addresses, queues, templates and scripts from the database.",
        ("result",),
        _each("done", "failed"),
    ),
    Spec("scrape_errors", "counter", "scrape_errors", "Scrapes in which the database could not be asked."),
)


class Tally:
    """A counter; the children of its labels are made once and then looked up."""

    __slots__ = ("_children", "_counter")

    def __init__(self, counter: Counter, spec: Spec) -> None:
        self._counter = counter
        self._children: dict[tuple[str, ...], Counter] = {} if spec.labels else {(): counter}
        for labels in spec.known:
            self.inc(*labels, by=0)

    def inc(self, *labels: str, by: float = 1) -> None:
        """Count one more, or `by` more."""
        child = self._children.get(labels)
        if child is None:
            child = self._children[labels] = self._counter.labels(*labels)
        child.inc(by)


class Level:
    """A gauge."""

    __slots__ = ("_gauge",)

    def __init__(self, gauge: Gauge, spec: Spec) -> None:
        self._gauge = gauge
        for labels in spec.known:
            self.set(0, *labels)

    def set(self, value: float, *labels: str) -> None:
        """Set the value of one series."""
        (self._gauge.labels(*labels) if labels else self._gauge).set(value)

    def replace(self, values: Mapping[str, float]) -> None:
        """Set all series of a gauge with one label; what is not named disappears."""
        self._gauge.clear()
        for label, value in values.items():
            self._gauge.labels(label).set(value)


class Timing:
    """A histogram."""

    __slots__ = ("_children", "_histogram")

    def __init__(self, histogram: Histogram, spec: Spec) -> None:
        self._histogram = histogram
        self._children: dict[tuple[str, ...], Histogram] = {} if spec.labels else {(): histogram}
        for labels in spec.known:
            self._children[labels] = histogram.labels(*labels)

    def observe(self, value: float, *labels: str) -> None:
        """Add one observation in base units."""
        child = self._children.get(labels)
        if child is None:
            child = self._children[labels] = self._histogram.labels(*labels)
        child.observe(value)


class Metrics:
    """All metrics of one gateway in a registry of its own; may be used from any thread."""

    messages: Tally
    octets: Tally
    processing: Timing
    accepted: Tally
    decided: Tally
    failed: Tally
    crashes: Tally
    duplicates: Tally
    actions: Tally
    rule_errors: Tally
    wrong_tokens: Tally
    agent_mails: Tally
    machines: Tally
    verified: Tally
    suppressed: Tally
    alarms: Tally
    session_timers: Tally
    service_alarms: Tally
    workflow_runs: Tally
    assignments: Tally
    tickets_alarmed: Level
    assignments_late: Tally
    tickets_waiting: Level
    tickets_open: Level
    unprocessed: Level
    outbox_depth: Level
    outbox_age: Level
    sent: Tally
    sent_by: Tally
    troubles: Tally
    undone: Tally
    batch_size: Timing
    writer_waiting: Level
    writer_faults: Tally
    query: Timing
    connections: Level
    disk_free: Level
    loop_lag: Level
    log_dropped: Level
    reloads: Tally
    scrape_errors: Tally

    def __init__(self, registry: CollectorRegistry, version: str) -> None:
        self.registry = registry
        self.on_scrape: Callable[[Metrics], None] | None = None
        for spec in METRICS:
            made = _make(spec, registry)
            if isinstance(made, Info):
                made.info({"version": version, "python": platform.python_version()})
            else:
                setattr(self, spec.attribute, made)

    def render(self) -> bytes:
        """Return the text that Prometheus reads; first `on_scrape` sets the gauges of the database.

        It may block on the database: call it from a thread. A database that can't be asked costs no more than
        its gauges.
        """
        if self.on_scrape is not None:
            try:
                self.on_scrape(self)
            except Exception:  # noqa: BLE001  the other metrics are needed most when something is broken
                self.scrape_errors.inc()
        return generate_latest(self.registry)


def _make(spec: Spec, registry: CollectorRegistry) -> Tally | Level | Timing | Info:
    name = f"{PREFIX}_{spec.name}"
    match spec.kind:
        case "counter":
            return Tally(Counter(name, spec.help, spec.labels, registry=registry), spec)
        case "gauge":
            return Level(Gauge(name, spec.help, spec.labels, registry=registry), spec)
        case "histogram":
            made = Histogram(name, spec.help, spec.labels, registry=registry, buckets=spec.buckets)
            return Timing(made, spec)
        case "info":
            return Info(name, spec.help, registry=registry)


PAGE_HEAD: Final = """\
# Metrics

`http.address` serves `/metrics` for Prometheus. No label holds an address, a user, a message or a rule.
Gauges that come from the database are read at each scrape. `mailgate_deliveries_accepted_total` is always the
sum of `mailgate_deliveries_decided_total` and `mailgate_deliveries_failed_total`: an alert on the difference
finds lost mail.

This page is made from the table in `mailgate/metrics.py`.

| metric | type | labels | meaning |
|---|---|---|---|
"""


def page(specs: Sequence[Spec] = METRICS) -> str:
    """Return docs/metrics.md."""
    rows = [f"| `{s.full_name}` | {s.kind} | {_labels(s)} | {s.help} |" for s in specs]
    return PAGE_HEAD + "\n".join(rows) + "\n"


def _labels(spec: Spec) -> str:
    return ", ".join(f"`{label}`" for label in spec.labels) or "-"
