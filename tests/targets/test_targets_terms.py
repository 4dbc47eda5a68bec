"""What a redirect asks about reports and time goes along where the relay offers it (RFC 3461, RFC 2852)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from targetkit import Behaviour, Server, new_job

from mailgate.domain.target import DeliveryTerms, Failed, Sent
from mailgate.targets._hop import NotTaken, terms_of_mail, terms_of_recipient
from mailgate.targets.smtp import SmtpOptions, SmtpTarget

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OFFERED = {"dsn": "", "deliverby": ""}


def by(seconds: int, mode: str = "", *, trace: bool = False) -> DeliveryTerms:
    return DeliveryTerms(by_until=NOW + timedelta(seconds=seconds), by_mode=mode, by_trace=trace)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (DeliveryTerms(), []),
        (DeliveryTerms(ret="full"), [b"RET=FULL"]),
        (by(120), [b"BY=120;R"]),
        (by(120, "notify"), [b"BY=120;N"]),
        (by(120, "return", trace=True), [b"BY=120;RT"]),
        (by(-5, "notify"), [b"BY=-5;N"]),
    ],
)
def test_mail_says_what_was_asked(terms, words):
    """The time is what is left of it; without a mode the mail is returned then (RFC 6009 4)."""
    assert terms_of_mail(OFFERED, terms, NOW) == words


def test_a_time_that_is_over_sends_nothing():
    """A mail that was to be returned by now does not go out."""
    with pytest.raises(NotTaken, match="is over"):
        terms_of_mail(OFFERED, by(-5, "return"), NOW)


def test_nothing_is_said_to_a_server_that_offers_nothing():
    """A parameter that a server does not know would cost the mail (RFC 5321 4.1.1.11)."""
    terms = DeliveryTerms("NEVER", "HDRS", NOW, "return")
    assert terms_of_mail({}, terms, NOW) == []
    assert terms_of_recipient({}, terms) == []
    assert terms_of_recipient(OFFERED, terms) == [b"NOTIFY=NEVER"]


def send(job, *extensions: str):
    """Send one job to a server with these extensions; returns the outcome and the commands it saw."""

    async def run():
        async with Server(Behaviour(extensions=extensions)) as server:
            target = SmtpTarget(SmtpOptions("127.0.0.1", server.port, tls="none"))
            try:
                return (await target.deliver([job]))[0], server.commands
            finally:
                await target.close()

    return asyncio.run(run())


def test_the_relay_hears_it():
    """MAIL carries RET and BY, RCPT carries NOTIFY."""
    until = datetime.now(UTC) + timedelta(hours=1)
    terms = DeliveryTerms("success,failure", "hdrs", until, "notify")
    outcome, commands = send(new_job(kind="redirect", terms=terms), "DSN", "DELIVERBY")
    assert isinstance(outcome, Sent)
    mail = next(line for line in commands if line.startswith("MAIL"))
    assert " RET=HDRS BY=3" in mail
    assert mail.endswith(";N")
    assert "RCPT TO:<ann@example.net> NOTIFY=SUCCESS,FAILURE" in commands


def test_too_late_is_for_a_person():
    """The row is held, nothing was said to the relay."""
    terms = DeliveryTerms(by_until=datetime.now(UTC) - timedelta(hours=1), by_mode="return")
    outcome, commands = send(new_job(kind="redirect", terms=terms), "DSN", "DELIVERBY")
    assert isinstance(outcome, Failed)
    assert not any(line.startswith("MAIL") for line in commands)
