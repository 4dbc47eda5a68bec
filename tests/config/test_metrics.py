"""The metrics as Prometheus sees them."""

import re

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from mailgate.metrics import METRICS, Metrics


@pytest.fixture
def metrics():
    return Metrics(CollectorRegistry(), "1.2.3")


def sample(metrics, name, **labels):
    return metrics.registry.get_sample_value(name, labels)


def test_text_can_be_parsed_and_holds_every_metric(metrics):
    """The page is valid exposition text; each line of the table is there."""
    families = {f.name for f in text_string_to_metric_families(metrics.render().decode())}
    expected = {spec.full_name.removesuffix("_total") for spec in METRICS}
    assert expected <= families


def test_names_follow_the_rules(metrics):
    """Prefix, snake case; durations in seconds, sizes in bytes."""
    for spec in METRICS:
        assert re.fullmatch(r"mailgate_[a-z_]+", spec.full_name)
        assert spec.help.endswith(".")
        assert not re.search(r"_(ms|milliseconds|kb|mb|minutes)", spec.full_name)


def test_no_label_grows_with_the_mail():
    """Only labels with a closed or configured set of values exist."""
    allowed = {
        "source",
        "result",
        "status",
        "action",
        "reason",
        "alarm",
        "queue",
        "state",
        "operation",
        "listener",
        "timer",
        "workflow",
        "became",
        "target",
        "cause",
        "class",
        "method",
    }
    assert {label for spec in METRICS for label in spec.labels} <= allowed


def test_known_labels_are_zero_from_the_start(metrics):
    """A rate over the first event works only if the series was there before."""
    assert sample(metrics, "mailgate_messages_received_total", source="lmtp", result="accepted") == 0


def test_counting_and_timing(metrics):
    """Tallies add up, levels are set, timings fall into buckets."""
    metrics.messages.inc("lmtp", "accepted")
    metrics.messages.inc("lmtp", "accepted", by=2)
    metrics.accepted.inc(by=3)
    metrics.outbox_depth.set(7, "waiting")
    metrics.query.observe(0.002, "batch")
    assert sample(metrics, "mailgate_messages_received_total", source="lmtp", result="accepted") == 3
    assert sample(metrics, "mailgate_deliveries_accepted_total") == 3
    assert sample(metrics, "mailgate_outbox_depth", state="waiting") == 7
    assert sample(metrics, "mailgate_db_query_seconds_bucket", operation="batch", le="0.003") == 1
    assert sample(metrics, "mailgate_db_query_seconds_bucket", operation="batch", le="0.001") == 0


def test_gauges_of_the_database_are_read_at_the_scrape(metrics):
    """The callback fills them; a queue that is gone disappears."""
    metrics.on_scrape = lambda m: m.tickets_open.replace({"support": 4, "orders": 1})
    assert b'mailgate_tickets_open{queue="orders"} 1.0' in metrics.render()
    metrics.on_scrape = lambda m: m.tickets_open.replace({"support": 5})
    assert b"orders" not in metrics.render()


def test_broken_database_costs_its_gauges_only(metrics):
    """When the database can't be asked the rest is still served, and that is counted."""

    def broken(_metrics):
        raise OSError("gone")

    metrics.on_scrape = broken
    assert b"mailgate_scrape_errors_total 1.0" in metrics.render()


def test_two_gateways_do_not_share_a_registry():
    """There is no global registry: a second set of metrics starts at zero."""
    first, second = Metrics(CollectorRegistry(), "1"), Metrics(CollectorRegistry(), "1")
    first.duplicates.inc()
    assert sample(second, "mailgate_duplicates_total") == 0


def test_version_is_shown(metrics):
    """build_info carries the version as a label."""
    assert b"mailgate_build_info{python=" in metrics.render()
    assert b'version="1.2.3"' in metrics.render()
