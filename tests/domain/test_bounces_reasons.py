"""What a status means for an address, and how a text makes a vague one exact."""

from pathlib import Path

import pytest

from mailgate.domain.bounces.reasons import MEANINGS, Failure, failure_of, refined, words_of
from mailgate.domain.bounces.report import BouncedReport, ReportKind

PAGE = Path(__file__).parents[2] / "docs" / "bounces.md"


def test_the_page_has_every_row_of_the_table():
    """docs/bounces.md can't disagree with the code."""
    text = PAGE.read_text("utf-8")
    for detail, meaning in MEANINGS.items():
        assert f"| `x.{detail}` | {meaning.failure.value or '–'} | {meaning.words} |" in text


@pytest.mark.parametrize(
    ("action", "status", "text", "failure"),
    [
        ("failed", "5.1.1", "", Failure.HARD),
        ("failed", "5.1.10", "", Failure.HARD),
        ("failed", "5.2.1", "", Failure.HARD),
        ("failed", "5.2.2", "", Failure.FULL),
        ("failed", "5.7.1", "", Failure.BLOCK),
        ("failed", "5.7.515", "", Failure.BLOCK),
        ("failed", "5.3.4", "", Failure.SOFT),
        ("failed", "4.1.1", "", Failure.SOFT),
        ("failed", "4.4.7", "", Failure.SOFT),
        ("failed", "5.0.0", "", Failure.HARD),
        ("failed", "5.0.0", "550 mailbox is full", Failure.FULL),
        ("failed", "5.0.0", "550 blocked by Spamhaus", Failure.BLOCK),
        ("failed", "5.0.0", "550 user unknown", Failure.HARD),
        ("failed", "5.7.1", "554 5.7.1 user unknown", Failure.HARD),
        ("failed", "5.7.1", "554 5.7.1 message too large for spam check", Failure.BLOCK),
        ("delayed", "4.4.1", "", Failure.DELAY),
        ("delivered", "2.0.0", "", Failure.NONE),
        ("relayed", "5.1.1", "", Failure.NONE),
        ("", "5.1.1", "", Failure.SOFT),
        ("failed", "", "", Failure.SOFT),
        ("failed", "", "user unknown", Failure.HARD),
    ],
)
def test_whose_fault_it_is(action, status, text, failure):
    """Only a bad address is hard; full, blocked and delayed are told apart; without "failed" nobody gave up."""
    assert failure_of(action, status, text) is failure


def test_an_exact_status_wins_over_the_text():
    """5.2.2 stays a full mailbox, whatever the other side writes beside it."""
    assert refined("5.2.2", "user unknown") == "5.2.2"
    assert words_of("failed", "5.2.2", "user unknown") == "the mailbox is full"


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (
            BouncedReport(ReportKind.DELIVERY, "x@y.example", "failed", "5.1.1"),
            "Not delivered to x@y.example: no such mailbox (5.1.1)",
        ),
        (
            BouncedReport(ReportKind.DELIVERY, "x@y.example", "delayed", "4.4.1"),
            "Not yet delivered to x@y.example: the host of the recipient does not answer (4.4.1)",
        ),
        (BouncedReport(ReportKind.DELIVERY, "x@y.example", "delivered", "2.0.0"), "Delivered to x@y.example"),
        (BouncedReport(ReportKind.DISPOSITION, "x@y.example", "displayed"), "Read by x@y.example"),
        (BouncedReport(ReportKind.DISPOSITION, "x@y.example", "deleted"), "Deleted unread by x@y.example"),
        (BouncedReport(ReportKind.FEEDBACK, "x@y.example", "abuse"), "Reported as spam by x@y.example"),
        (BouncedReport(ReportKind.FREE), "Not delivered to the recipient: no reason given"),
        (BouncedReport(ReportKind.FREE, code=550), "Not delivered to the recipient: no reason given (550)"),
    ],
)
def test_what_happened_in_one_sentence(report, sentence):
    """Whoever opens the ticket reads what happened, not a report."""
    assert report.sentence == sentence
