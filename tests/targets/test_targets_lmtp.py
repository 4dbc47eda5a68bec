"""The LMTP client: one reply per recipient, nothing lost on any kind of trouble."""

import asyncio

import pytest
from targetkit import TEXT, new_job, until

from mailgate.domain.target import Failed, Retry, Sent
from mailgate.targets.lmtp import LmtpOptions, LmtpTarget

STORED = Sent("250 2.0.0 stored")
STUFFED = b"Subject: test\r\n\r\n..dot\r\nbody\r\n.\r\n"


def options(server, **changes) -> LmtpOptions:
    return LmtpOptions(**{"address": f"tcp:127.0.0.1:{server.port}", "connections": 2, **changes})


def talk(server, *batches, **changes):
    """Deliver batches one after the other; returns the outcomes of each."""

    async def run():
        async with server:
            target = LmtpTarget(options(server, **changes))
            try:
                return [await target.deliver(batch) for batch in batches]
            finally:
                await target.close()

    return asyncio.run(run())


def test_a_mail_is_delivered_with_its_dots_doubled(serve):
    """The server gets exactly the octets, LHLO, one transaction, QUIT."""
    server = serve(lmtp=True)
    assert talk(server, [new_job()]) == [[STORED]]
    assert server.mails == [STUFFED]
    assert server.commands == [
        "LHLO localhost",
        f"MAIL FROM:<sender@example.org> SIZE={len(TEXT)} BODY=8BITMIME",
        "RCPT TO:<ann@example.net>",
        "DATA",
        "QUIT",
    ]


def test_each_recipient_has_its_own_outcome(serve):
    """One transaction; refused at RCPT, accepted, later and refused after the data: all in their places."""
    server = serve(
        lmtp=True,
        replies={"RCPT": ["250 ok", "550 5.1.1 unknown", "250 ok", "450 4.2.0 busy", "250 ok"]},
        done=["250 2.0.0 stored", "452 4.2.2 full", "552 5.2.2 over quota"],
    )
    jobs = [new_job(n, f"r{n}@example.net") for n in range(5)]
    assert talk(server, jobs) == [
        [
            STORED,
            Failed("550 5.1.1 unknown"),
            Retry("452 4.2.2 full"),
            Retry("450 4.2.0 busy"),
            Failed("552 5.2.2 over quota"),
        ]
    ]
    assert len(server.mails) == 1


def test_a_server_without_pipelining_is_asked_step_by_step(serve):
    """The dialogue is the same without that extension."""
    server = serve(lmtp=True, extensions=())
    assert talk(server, [new_job(1), new_job(2)]) == [[STORED, STORED]]
    assert server.commands[1] == "MAIL FROM:<sender@example.org>"


def test_a_connection_is_kept_for_the_next_mail(serve):
    """Two batches, one connection, one greeting."""
    server = serve(lmtp=True)
    talk(server, [new_job(1)], [new_job(2, octets=b"other\r\n")])
    assert server.connections == 1
    assert len(server.mails) == 2


def test_a_transaction_that_broke_off_is_reset(serve):
    """After refused recipients the next mail begins with RSET on the same connection."""
    server = serve(lmtp=True, replies={"RCPT": ["550 no"]})
    assert talk(server, [new_job(1)], [new_job(2)]) == [[Failed("550 no")], [STORED]]
    assert server.connections == 1
    assert "RSET" in server.commands


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [("451 4.3.0 later", Retry("451 4.3.0 later")), ("550 5.7.1 never", Failed("550 5.7.1 never"))],
)
@pytest.mark.parametrize("verb", ["MAIL", "DATA"])
def test_a_refused_sender_or_mail_counts_for_all(serve, verb, reply, outcome):
    """4xx is later, 5xx is never, for every recipient of the transaction."""
    server = serve(lmtp=True, replies={verb: [reply]})
    assert talk(server, [new_job(1), new_job(2)]) == [[outcome, outcome]]


def test_a_server_that_wants_data_for_nobody_is_left(serve):
    """A pipelined DATA that is answered with 354 although nobody was accepted ends the connection."""
    server = serve(lmtp=True, replies={"RCPT": ["550 no"], "DATA": ["354 go"]})
    assert talk(server, [new_job(1)], [new_job(2)]) == [[Failed("550 no")], [STORED]]
    assert server.connections == 2
    assert server.mails == [STUFFED]


@pytest.mark.parametrize("moment", ["greeting", "LHLO", "MAIL", "RCPT", "DATA", "content", "done"])
def test_a_connection_that_is_lost_is_a_reason_to_try_again(serve, moment):
    """Whenever the server hangs up, the mail waits; the next one is delivered."""
    server = serve(lmtp=True, drop=moment, drops=1)
    (first,), (second,) = talk(server, [new_job(1)], [new_job(2)])
    assert isinstance(first, Retry)
    assert second == STORED


def test_a_lost_connection_in_the_middle_of_a_large_mail_is_noticed(serve):
    """The server leaves while megabytes are on their way."""
    server = serve(lmtp=True, extensions=("PIPELINING",), drop="content")
    ((outcome,),) = talk(server, [new_job(octets=b"x" * 70 + b"\r\n" + b"line\r\n" * 1_000_000)])
    assert isinstance(outcome, Retry)


def test_a_kept_connection_that_was_closed_is_opened_again_at_once(serve):
    """A server that hung up between two mails says nothing about the second one."""

    async def run():
        server = serve(lmtp=True)
        async with server:
            target = LmtpTarget(options(server))
            first = await target.deliver([new_job(1)])
            # The server ends its side of every connection, as after an idle time.
            server.behaviour.drop, server.behaviour.drops = "MAIL", 1
            second = await target.deliver([new_job(2)])
            await target.close()
            return first, second, server.connections

    assert asyncio.run(run()) == ([STORED], [STORED], 2)


def test_nobody_there_is_a_reason_to_try_again(serve):
    """A refused connection makes the whole batch wait, and is tried once only."""

    async def run():
        async with serve() as server:
            port = server.port
        target = LmtpTarget(LmtpOptions(f"tcp:127.0.0.1:{port}"))
        jobs = [new_job(n, octets=b"%d\r\n" % n) for n in range(3)]
        outcomes = await target.deliver(jobs)
        await target.close()
        return outcomes

    outcomes = asyncio.run(run())
    assert len(outcomes) == 3
    assert all(isinstance(outcome, Retry) and "cannot connect" in outcome.reply for outcome in outcomes)


@pytest.mark.parametrize(
    "greeting", ["421 4.3.2 closing", "554 no service here", "nonsense", "220" + "x" * 20_000]
)
def test_a_greeting_that_is_none_is_a_reason_to_try_again(serve, greeting):
    """Whatever a server says instead of 220, the mail waits."""
    server = serve(lmtp=True, replies={"greeting": [greeting]})
    ((outcome,),) = talk(server, [new_job()])
    assert isinstance(outcome, Retry)


@pytest.mark.parametrize("moment", ["greeting", "MAIL", "done"])
def test_a_server_that_says_nothing_is_left_after_the_time_out(serve, moment):
    """A stalled server keeps a mail no longer than the settings allow."""
    server = serve(lmtp=True, stall=moment)
    ((outcome,),) = talk(server, [new_job()], timeout_s=0.05, done_s=0.05)
    assert outcome == Retry("timed out waiting for a reply")


def test_a_server_that_is_down_is_asked_once_per_batch(serve):
    """The rest of the batch waits without a connection of its own for each mail."""
    server = serve(lmtp=True, drop="greeting")
    (outcomes,) = talk(server, [new_job(n, octets=b"%d\r\n" % n) for n in range(5)])
    assert [type(outcome) for outcome in outcomes] == [Retry] * 5
    assert server.connections == 1


def test_the_end_of_the_session_is_heard(serve):
    """After 421 the connection is not used again."""
    server = serve(lmtp=True, done=["421 4.3.2 shutting down"])
    assert talk(server, [new_job(1)], [new_job(2)]) == [[Retry("421 4.3.2 shutting down")], [STORED]]
    assert server.connections == 2


def test_a_folder_may_become_the_detail_of_the_address(serve):
    """For servers that file by it; without the option the address stays as it is."""
    server = serve(lmtp=True)
    jobs = [new_job(1, "ann+old@example.net", folder="Lists"), new_job(2, folder="INBOX")]
    talk(server, jobs, folder_as_detail=True)
    assert [c for c in server.commands if c.startswith("RCPT")] == [
        "RCPT TO:<ann+Lists@example.net>",
        "RCPT TO:<ann@example.net>",
    ]


def test_the_null_sender_stays_null(serve):
    """A bounce that is delivered is still a bounce."""
    server = serve(lmtp=True, extensions=())
    talk(server, [new_job(envelope_from="")])
    assert "MAIL FROM:<>" in server.commands


def test_an_address_that_would_break_the_dialogue_is_refused_alone(serve):
    """The other recipients of the mail get it."""
    server = serve(lmtp=True)
    ((bad, good),) = talk(server, [new_job(1, "a@b\r\nQUIT"), new_job(2)])
    assert isinstance(bad, Failed)
    assert good == STORED


def test_connections_are_bounded(serve):
    """Ten batches at once share the two connections of the settings."""

    async def run():
        server = serve(lmtp=True, stall="done")
        async with server:
            target = LmtpTarget(options(server))
            batches = [asyncio.create_task(target.deliver([new_job(n)])) for n in range(10)]
            await until(lambda: len(server.mails) >= 2)
            server.behaviour.stall = ""
            server.release()
            outcomes = await asyncio.gather(*batches)
            await target.close()
            return outcomes, server.most

    outcomes, most = asyncio.run(run())
    assert outcomes == [[STORED]] * 10
    assert most == 2


def test_a_unix_socket_is_an_address_too(serve, tmp_path):
    """unix:/path reaches the same server."""

    async def run():
        server = serve(lmtp=True)
        async with server:
            listener = await asyncio.start_unix_server(server._serve, tmp_path / "s")
            target = LmtpTarget(LmtpOptions(f"unix:{tmp_path / 's'}"))
            outcomes = await target.deliver([new_job()])
            await target.close()
            listener.close()
            return outcomes

    assert asyncio.run(run()) == [STORED]
