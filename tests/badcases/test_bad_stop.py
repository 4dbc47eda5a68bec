"""SIGTERM under load: what is begun is finished, the others shall come again, the exit status is 0."""

import contextlib
import hashlib
import os
import signal
import threading

import peers
from badkit import Lmtp, bad, good

SESSIONS = 12
RECIPIENTS = ("keep@bad.example", "help@bad.example")


class Sender(threading.Thread):
    """Sends mails until the gateway says 421 or is gone; keeps what was acknowledged."""

    def __init__(self, where, number: int) -> None:
        super().__init__()
        self.where, self.number = where, number
        self.acknowledged: list[tuple[str, bytes]] = []
        self.last = ""

    def run(self) -> None:
        """Send one mail after the other, every third one large."""
        with contextlib.suppress(OSError):
            session = Lmtp(self.where)
            with contextlib.closing(session):
                for count in range(10_000):
                    octets = good(f"load{self.number}.{count}") + b"line\r\n" * (
                        9000 if count % 3 == 2 else 10
                    )
                    said = session.send(octets, RECIPIENTS)
                    self.acknowledged += [
                        (recipient, octets)
                        for recipient, reply in zip(RECIPIENTS, said.end, strict=False)
                        if reply.startswith("250")
                    ]
                    self.last = (said.end or [said.data or said.mail])[-1] or session.line()
                    if not self.last.startswith("250"):
                        return


def test_sigterm_under_load_ends_with_0_and_all_acknowledged_is_stored():
    """Twelve sessions send what they can: every 250 is in the files, nobody got a 5xx, exit status 0."""
    with bad({"database": {"inline_max": "16 KiB"}}) as house:
        senders = [Sender(house.gateway.socket, number) for number in range(SESSIONS)]
        for sender in senders:
            sender.start()
        peers.wait_until(lambda: sum(len(s.acknowledged) for s in senders) > 20 * SESSIONS, "there is load")
        process = house.gateway.process
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        for sender in senders:
            sender.join(timeout=60)
        assert [s.last for s in senders if s.last[:1] == "5"] == []
        sql = "SELECT d.recipient, m.sha256 FROM delivery d JOIN message m ON m.id = d.message_id"
        stored = {(recipient, bytes(digest)) for recipient, digest in house.rows(sql)}
        lost = [
            recipient
            for sender in senders
            for recipient, octets in sender.acknowledged
            if (recipient, hashlib.sha256(octets).digest()) not in stored
        ]
        assert lost == []
        assert house.rows("PRAGMA integrity_check") == [("ok",)]
        assert house.log_has("event=stopped")
        house.gateway.start()
        assert house.is_well()


def test_sigterm_tells_the_idle_to_come_again():
    """A session without a mail under way hears 421 4.3.2 at once (RFC 5321 3.8)."""
    with bad() as house, house.session() as session:
        assert session.send(good("before")).codes == ["250 2.0.0"]
        os.kill(house.gateway.process.pid, signal.SIGTERM)
        assert session.line().startswith("421 4.3.2")
        assert house.gateway.process.wait(timeout=60) == 0
        house.gateway.start()
        assert house.is_well()
