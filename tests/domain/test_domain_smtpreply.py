"""What a server's words mean: sent, later, never, and whose fault it is (RFC 3463)."""

import pytest

from mailgate.domain.smtpreply import TABLE, Cause, Stage, cause, meaning, status_of
from mailgate.domain.target import Failed, Retry, Sent
from mailgate.metrics import TROUBLES

RCPT, MAIL, DATA, DONE = Stage.RCPT, Stage.MAIL, Stage.DATA, Stage.DONE


@pytest.mark.parametrize(
    ("stage", "reply", "kind"),
    [
        (DONE, "250 2.0.0 queued", Sent),
        (RCPT, "450 4.7.1 greylisted", Retry),
        (RCPT, "452 4.2.2 over quota", Retry),
        (RCPT, "550 5.1.1 no such user", Failed),
        (RCPT, "501 5.1.3 bad address syntax", Failed),
        (RCPT, "550 no such user", Failed),
        (RCPT, "552 too many recipients", Retry),
        (RCPT, "552 5.2.2 mailbox full", Retry),
        (DONE, "552 5.2.2 mailbox full", Retry),
        (DONE, "552 5.3.4 too big", Failed),
        (DONE, "554 5.7.1 spam", Failed),
        (RCPT, "554 5.7.1 relay access denied", Failed),
        (MAIL, "550 5.7.60 not permitted to send as this sender", Retry),
        (MAIL, "553 5.1.8 no such sender domain", Failed),
        (MAIL, "530 5.7.0 authentication required", Retry),
        (DATA, "503 5.5.1 what", Retry),
        (MAIL, "555 5.5.4 unsupported parameter", Retry),
        (DONE, "500 5.5.2 what", Failed),
    ],
)
def test_a_reply_means_what_the_table_says(stage, reply, kind):
    """Codes, enhanced codes and the command that was answered decide."""
    outcome = meaning(stage, int(reply[:3]), reply)
    assert isinstance(outcome, kind)
    assert outcome.reply == reply


@pytest.mark.parametrize("status", ["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
def test_nobody_is_there(status):
    """A refusal of RCPT that speaks of the address marks it; the same words elsewhere do not."""
    reply = f"550 {status} nobody"
    assert meaning(RCPT, 550, reply).recipient
    assert not meaning(DONE, 550, reply).recipient


@pytest.mark.parametrize("reply", ["550 5.7.1 policy", "550 no", "550 5.1.8 bad sender", "550 5.2.2x full"])
def test_other_refusals_mark_no_address(reply):
    """Policy, words without a code, and the sender's address say nothing about the recipient's."""
    assert not meaning(RCPT, 550, reply).recipient


def test_the_table_ends_with_a_row_that_always_holds():
    """Every reply means something."""
    assert TABLE[-1].when(None)


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("550 5.1.1 x", "5.1.1"),
        ("550 x 5.1.1", ""),
        ("550-5.1.10 x", "5.1.10"),
        ("550 5.1.1.1 x", ""),
        ("", ""),
    ],
)
def test_the_enhanced_code_stands_behind_the_code(reply, status):
    """RFC 2034 4: nowhere else."""
    assert status_of(reply) == status


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("450 4.7.1 greylisted", Cause.POLICY),
        ("550 5.1.1 no", Cause.ADDRESS),
        ("452 4.2.2 full", Cause.MAILBOX),
        ("451 4.3.0 later", Cause.SYSTEM),
        ("450 4.4.1 no way", Cause.NETWORK),
        ("500 5.5.1 what", Cause.PROTOCOL),
        ("554 5.6.1 no", Cause.CONTENT),
        ("550 no", Cause.UNSAID),
        ("450 4.9.9 x", Cause.UNSAID),
        ("connection lost", Cause.CONNECTION),
        ("timed out waiting for a reply", Cause.CONNECTION),
        ("local problem: disk", Cause.OURS),
    ],
)
def test_troubles_have_classes(reply, found):
    """Each counts under one word in the metrics."""
    assert cause(reply) is found


def test_nobody_there_is_trouble_with_the_connection():
    """Whatever was said of it."""
    assert cause("127.0.0.1:25: Error connecting", away=True) is Cause.CONNECTION


def test_every_class_is_a_label_of_the_metrics():
    """None is missing there, none is made up."""
    assert set(TROUBLES) == {one.value for one in Cause}
