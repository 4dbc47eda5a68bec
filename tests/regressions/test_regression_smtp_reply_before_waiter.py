"""A reply that came before anybody waited for it was dropped, and the mail hung until its time-out (uvloop)."""

import asyncio
from datetime import UTC, datetime

import peers
import pytest
from aiosmtpd.controller import Controller

from mailgate.domain.target import Job, Sent
from mailgate.outbox.content import ComposedContent
from mailgate.targets.smtp import SmtpOptions, SmtpTarget

uvloop = pytest.importorskip("uvloop")


class Sink:
    """Takes every mail."""

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd's name
        return "250 2.0.0 taken"


def job(number: int) -> Job:
    return Job(
        outbox_id=number, kind="send", content=ComposedContent(b"Subject: x\r\n\r\nx\r\n"), envelope_from="",
        to_address="anna@example.net", name=f"<{number}@example.org>", at=datetime.now(UTC),
    )  # fmt: skip


def test_quick_replies_are_never_missed():
    """A server in another thread answers at once; of 300 mails in parallel none waits for a time-out."""
    port = peers.free_port()
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()

    async def deliver() -> list[object]:
        target = SmtpTarget(SmtpOptions("127.0.0.1", port, tls="none", done_s=20.0))
        try:
            found = await asyncio.gather(*(target.deliver([job(n)]) for n in range(300)))
        finally:
            await target.close()
        return [one for some in found for one in some]

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            outcomes = runner.run(deliver())
    finally:
        controller.stop()
    assert len(outcomes) == 300
    assert all(isinstance(one, Sent) for one in outcomes)
