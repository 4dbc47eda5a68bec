"""Commands in one go, replies in their order, and connections that end between two mails (RFC 2920)."""

import asyncio

from targetkit import new_job
from test_targets_smtp import STORED, options, talk

from mailgate.domain.target import Failed, Retry
from mailgate.targets.smtp import SmtpOptions, SmtpTarget


class Slow(asyncio.Protocol):
    """A server that notes in which pieces commands come, and answers each piece at once."""

    def __init__(self, pieces: list[bytes], extensions: bytes) -> None:
        self.pieces, self.extensions = pieces, extensions
        self.content = False

    def connection_made(self, transport):
        self.transport = transport
        transport.write(b"220 slow\r\n")

    def data_received(self, data):
        self.pieces.append(data)
        if self.content:
            self.content = not data.endswith(b"\r\n.\r\n")
            self.transport.write(b"" if self.content else b"250 2.0.0 stored\r\n")
            return
        for line in data.splitlines():
            reply = {b"EHLO": b"250-slow\r\n250 " + self.extensions, b"DATA": b"354 go"}.get(
                line[:4], b"250 fine"
            )
            self.content = line[:4] == b"DATA"
            self.transport.write(reply + b"\r\n")


def in_pieces(extensions: bytes) -> list[bytes]:
    """Deliver two mails to such a server; returns what came in one piece each."""

    async def run():
        pieces: list[bytes] = []
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Slow(pieces, extensions), "127.0.0.1", 0)
        target = SmtpTarget(SmtpOptions("127.0.0.1", server.sockets[0].getsockname()[1], tls="none"))
        assert await target.deliver([new_job(1), new_job(2)]) == [STORED] * 2
        await target.close()
        server.close()
        return pieces

    return asyncio.run(run())


def test_the_envelope_goes_in_one_piece_where_that_is_offered():
    """RFC 2920: MAIL, RCPT and DATA together; without the offer one after the other."""
    envelope = b"MAIL FROM:<sender@example.org>\r\nRCPT TO:<ann@example.net>\r\nDATA\r\n"
    together = in_pieces(b"PIPELINING")
    assert together.count(envelope) == 2
    apart = in_pieces(b"HELP")
    assert [piece for piece in apart if piece == b"DATA\r\n"] == [b"DATA\r\n"] * 2


def test_replies_belong_to_their_commands(serve):
    """Of three mails the second is refused at RCPT, all pipelined; the others arrive on the same connection."""
    server = serve(replies={"RCPT": ["250 2.1.5 fine", "550 5.1.1 nobody"]})
    (outcomes,) = talk(server, [new_job(n) for n in range(3)])
    assert outcomes == [STORED, Failed("550 5.1.1 nobody"), STORED]
    assert outcomes[1].recipient
    assert server.connections == 1
    assert len(server.mails) == 2


def test_a_server_that_wants_a_mail_for_nobody_is_left(serve):
    """RFC 2920 3.1: it refuses the recipient and says 354 all the same; nothing is sent to it."""
    server = serve(replies={"RCPT": ["550 5.1.1 nobody"], "DATA": ["354 go"]})
    (first,), (second,) = talk(server, [new_job(1)], [new_job(2)])
    assert (first, second) == (Failed("550 5.1.1 nobody"), STORED)
    assert server.connections == 2
    assert len(server.mails) == 1


def test_a_kept_connection_that_is_closed_with_421_is_opened_again(serve):
    """The server's farewell between two mails says nothing about the second one."""

    async def run():
        server = serve()
        async with server:
            target = SmtpTarget(options(server))
            await target.deliver([new_job(1)])
            server.behaviour.replies["MAIL"] = ["421 4.4.2 idle too long"]
            outcomes = await target.deliver([new_job(2)])
            await target.close()
            return outcomes, server.connections

    assert asyncio.run(run()) == ([STORED], 2)


def test_a_connection_carries_no_more_than_it_may(serve):
    """With two mails per connection five take three connections."""
    server = serve()
    (outcomes,) = talk(server, [new_job(n) for n in range(5)], mails_per_connection=2)
    assert outcomes == [STORED] * 5
    assert server.connections == 3


def test_a_reply_that_makes_no_sense_is_a_reason_to_try_again(serve):
    """Nonsense, a line without an end, and a reply of endless lines."""
    for nonsense in ("what?", "250" + "-x" * 5000, "\r\n".join(["250-x" * 100] * 200)):
        server = serve(replies={"MAIL": [nonsense]})
        ((outcome,),) = talk(server, [new_job()])
        assert isinstance(outcome, Retry)
