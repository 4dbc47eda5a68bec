"""The SMTP client: codes, kept connections, TLS and passwords, and what happens when the other side goes away."""

import asyncio
import contextlib

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from targetkit import TEXT, new_job, until

from mailgate.domain.envelope import Octets
from mailgate.domain.target import Failed, Retry, Sent
from mailgate.outbox.content import stored_content
from mailgate.targets.smtp import SmtpOptions, SmtpTarget

STORED = Sent("250 2.0.0 stored")


def options(server, **changes) -> SmtpOptions:
    return SmtpOptions(
        **{"host": "127.0.0.1", "port": server.port, "connections": 2, "tls": "none", **changes}
    )


def talk(server, *batches, **changes):
    """Deliver batches one after the other; returns the outcomes of each."""

    async def run():
        async with server:
            target = SmtpTarget(options(server, **changes))
            try:
                return [await target.deliver(batch) for batch in batches]
            finally:
                await target.close()

    return asyncio.run(run())


class Sink:
    """What a real server of the library makes of our mail."""

    def __init__(self) -> None:
        self.envelopes = []
        self.sessions = []

    async def handle_DATA(self, _server, session, envelope) -> str:  # noqa: N802  the library's name
        """Keep the mail."""
        self.envelopes.append(envelope)
        self.sessions.append(session)
        return "250 2.0.0 kept"


class AnyPort(Controller):
    """A controller that knows which port the system gave it."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextlib.contextmanager
def aiosmtpd_sink(**parts):
    """Run aiosmtpd in a thread."""
    sink = Sink()
    controller = AnyPort(sink, hostname="127.0.0.1", port=0, **parts)
    controller.start()
    try:
        sink.port = controller.port
        yield sink
    finally:
        controller.stop()


def send(sink, *jobs, **changes):
    """Deliver jobs to a sink that runs by itself."""

    async def run():
        target = SmtpTarget(options(sink, **changes))
        try:
            return await target.deliver(jobs)
        finally:
            await target.close()

    return asyncio.run(run())


def test_a_mail_arrives_as_it_was_made():
    """A real server gets envelope and octets exactly."""
    with aiosmtpd_sink() as sink:
        assert send(sink, new_job(envelope_from="")) == [Sent("250 2.0.0 kept")]
    (envelope,) = sink.envelopes
    assert envelope.mail_from in {"", "<>"}
    assert envelope.rcpt_tos == ["ann@example.net"]
    assert envelope.original_content == TEXT


def test_a_large_mail_arrives_whole():
    """Megabytes are sent in pieces, and every dot is where it was."""
    octets = b"Subject: x\r\n\r\n" + b".dot and more text\r\n" * 200_000
    with aiosmtpd_sink() as sink:
        assert send(sink, new_job(octets=octets)) == [Sent("250 2.0.0 kept")]
    assert sink.envelopes[0].original_content == octets


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r", b"\r\n.\r\n"]
)
def test_a_redirect_smuggles_no_second_mail(end):
    """Whatever ending stands in a mail that we pass on, a real server gets one mail, with pairs of CR and LF only."""
    inner = b"MAIL FROM:<evil@example.net>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\nSubject: smuggled\r\n"
    octets = b"Subject: x\r\n\r\ntext" + end + inner
    content = stored_content(b"X-Ours: 1\r\n", Octets(len(octets), b"", data=octets))
    with aiosmtpd_sink() as sink:
        assert send(sink, new_job(content=content), new_job(2)) == [Sent("250 2.0.0 kept")] * 2
    first, second = sink.envelopes
    assert inner in first.original_content
    assert (
        first.original_content.count(b"\r")
        == first.original_content.count(b"\n")
        == first.original_content.count(b"\r\n")
    )
    assert second.original_content == TEXT


def test_starttls_is_used_where_it_is_offered(certificate):
    """Opportunistic: the certificate is not checked, the mail is encrypted."""
    with aiosmtpd_sink(tls_context=certificate.server_context()) as sink:
        assert send(sink, new_job(), tls="opportunistic") == [Sent("250 2.0.0 kept")]
    assert sink.sessions[0].ssl is not None


def test_a_required_certificate_is_checked(certificate):
    """A server whose certificate nobody vouches for gets no mail."""
    with aiosmtpd_sink(tls_context=certificate.server_context()) as sink:
        (outcome,) = send(sink, new_job(), tls="required")
        assert isinstance(outcome, Retry)
        assert "certificate" in outcome.reply.lower()
        assert send(sink, new_job(), tls="required", ca_file=str(certificate.file)) == [
            Sent("250 2.0.0 kept")
        ]
    assert len(sink.envelopes) == 1


def test_required_tls_that_is_not_offered_sends_nothing(serve):
    """A server without STARTTLS, or a man in the middle who hides it, gets no mail."""
    server = serve()
    ((outcome,),) = talk(server, [new_job()], tls="required")
    assert isinstance(outcome, Retry)
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_opportunistic_tls_that_fails_falls_back(serve):
    """A server that offers STARTTLS and then can't still gets the mail."""
    server = serve(extensions=("STARTTLS",), replies={"STARTTLS": ["454 4.7.0 not available"]})
    assert talk(server, [new_job()], tls="opportunistic") == [[STORED]]


def test_a_login_works():
    """User and password are what the server gets."""
    seen = []

    def authenticator(_server, _session, _envelope, _mechanism, data):
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    with aiosmtpd_sink(
        authenticator=authenticator, auth_require_tls=False, auth_exclude_mechanism=["CRAM-MD5"]
    ) as sink:
        assert send(sink, new_job(), user="desk", password="secret") == [Sent("250 2.0.0 kept")]
    assert seen == [(b"desk", b"secret")]


def test_a_failing_login_is_a_reason_to_try_again():
    """A wrong password says nothing about the mail; the password is in no message."""
    with aiosmtpd_sink(
        authenticator=lambda *_: AuthResult(success=False, handled=False), auth_require_tls=False
    ) as sink:
        (outcome,) = send(sink, new_job(), user="desk", password="hunter2")
    assert isinstance(outcome, Retry)
    assert "hunter2" not in outcome.reply


def test_a_password_never_leaves_the_machine_without_tls():
    """Opportunistic means required as soon as there is a password for another machine."""
    assert SmtpOptions("mail.example.org", user="u", password="p").policy == "required"
    assert SmtpOptions("127.0.0.1", user="u", password="p").policy == "opportunistic"
    assert SmtpOptions("mail.example.org", tls="none", user="u", password="p").policy == "required"


def test_a_password_is_never_shown():
    """Options may be logged."""
    assert "hunter2" not in repr(SmtpOptions("h", user="u", password="hunter2"))


def test_tls_from_the_start_is_spoken_on_its_port():
    """Port 465 is always encrypted and checked."""
    assert SmtpOptions("mail.example.org", port=465, tls="none").policy == "required"
    assert SmtpOptions("mail.example.org", port=465).implicit


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("451 4.3.0 later", Retry("451 4.3.0 later")),
        ("550 5.1.1 never", Failed("550 5.1.1 never")),
        ("530 5.7.0 authentication required", Retry("530 5.7.0 authentication required")),
    ],
)
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_codes_become_outcomes(serve, verb, reply, outcome):
    """At each command 4xx is later and 5xx is never, but for what is about our own set-up."""
    server = serve(replies={verb: [reply]})
    assert talk(server, [new_job(1)], [new_job(2)]) == [[outcome], [STORED]]
    assert server.connections == 1
    assert "RSET" in server.commands


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [("452 4.3.1 full", Retry("452 4.3.1 full")), ("554 5.6.0 no", Failed("554 5.6.0 no"))],
)
def test_the_reply_to_the_data_counts(serve, reply, outcome):
    """The last word is the server's after the dot."""
    server = serve(done=[reply])
    assert talk(server, [new_job()]) == [[outcome]]


@pytest.mark.parametrize("moment", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "content", "done"])
def test_a_connection_that_is_lost_is_a_reason_to_try_again(serve, moment):
    """Whenever the server hangs up, the mail waits; the next one is sent."""
    server = serve(drop=moment, drops=1)
    (first,), (second,) = talk(server, [new_job(1)], [new_job(2)])
    if moment != "EHLO":  # the library then tries HELO on its own
        assert isinstance(first, Retry)
    assert second == STORED


def test_a_lost_connection_in_the_middle_of_a_large_mail_is_noticed(serve):
    """The server leaves while megabytes are on their way."""
    server = serve(extensions=(), drop="content")
    ((outcome,),) = talk(server, [new_job(octets=b"line\r\n" * 1_000_000)])
    assert isinstance(outcome, Retry)


@pytest.mark.parametrize("moment", ["greeting", "MAIL", "done"])
def test_a_server_that_says_nothing_is_left_after_the_time_out(serve, moment):
    """A stalled server keeps a mail no longer than the settings allow."""
    server = serve(stall=moment)
    ((outcome,),) = talk(server, [new_job()], timeout_s=0.05, done_s=0.05, connect_s=0.05)
    assert isinstance(outcome, Retry)
    assert "imed out" in outcome.reply


def test_a_connection_is_kept_and_used_again(serve):
    """Many mails, one connection, one greeting."""
    server = serve()
    outcomes = talk(server, [new_job(n) for n in range(5)], [new_job(9)])
    assert outcomes == [[STORED] * 5, [STORED]]
    assert server.connections == 1
    assert server.commands.count("QUIT") == 1


def test_a_kept_connection_that_was_closed_is_opened_again_at_once(serve):
    """A server that hung up between two mails says nothing about the second one."""

    async def run():
        server = serve()
        async with server:
            target = SmtpTarget(options(server))
            await target.deliver([new_job(1)])
            server.behaviour.drop, server.behaviour.drops = "MAIL", 1
            outcomes = await target.deliver([new_job(2)])
            await target.close()
            return outcomes

    assert asyncio.run(run()) == [STORED]


def test_idle_connections_say_good_bye(serve):
    """What is not needed any more is left with QUIT, not only at the end."""

    async def run():
        server = serve()
        async with server:
            target = SmtpTarget(options(server))
            target._hops.IDLE_S = 0.01
            await target.deliver([new_job(1)])
            await until(lambda: "QUIT" in server.commands)
            outcomes = await target.deliver([new_job(2)])
            await target.close()
            return outcomes, server.connections

    assert asyncio.run(run()) == ([STORED], 2)


def test_a_greeting_that_refuses_is_a_reason_to_try_again(serve):
    """554 at the door is the relay's state, not the mail's fault."""
    server = serve(replies={"greeting": ["554 5.3.2 no service"]})
    ((outcome,),) = talk(server, [new_job()])
    assert isinstance(outcome, Retry)


def test_a_mail_that_is_too_big_is_not_sent(serve):
    """The server's SIZE is believed (RFC 1870)."""
    server = serve(extensions=("SIZE 10",))
    ((outcome,),) = talk(server, [new_job()])
    assert isinstance(outcome, Failed)
    assert server.mails == []


def test_an_injected_command_reaches_nobody(serve):
    """An address with CRLF is refused before the connection sees it."""
    server = serve()
    ((bad, good),) = talk(server, [new_job(1, "a@b>\r\nRCPT TO:<evil@example.net"), new_job(2)])
    assert isinstance(bad, Failed)
    assert good == STORED
    assert sum(command.startswith("RCPT") for command in server.commands) == 1


def test_a_refusal_in_the_middle_of_the_data_is_heard(serve):
    """A server may answer before the end; that reply is not taken for nothing."""
    server = serve(extensions=(), early="552 5.3.4 enough")
    ((outcome,), (second,)) = talk(server, [new_job(octets=b"x\r\n" * 1_000_000)], [new_job(2)])
    assert outcome == Failed("552 5.3.4 enough")
    assert second == STORED
