"""A target's own pace: so many mails in any minute, the rest waits without being begun."""

import asyncio

from outboxkit import Plain, until

from mailgate.outbox import lane as lanes
from mailgate.outbox.lane import Lane


def test_a_minute_has_room_for_so_many(monkeypatch):
    """Three at once, the next three when the first are a minute old; a minute here is a moment."""
    monkeypatch.setattr(lanes, "MINUTE_S", 0.2)
    begun: list[float] = []

    async def run():
        async def carry(_target, rows):
            begun.extend([asyncio.get_running_loop().time()] * len(rows))
            return False

        one = Lane(Plain(parallel=2, batch=2), 100, 1.0, carry, lambda _s: None, per_minute=3)
        one.add(range(8))
        await until(lambda: len(begun) == 8)

    asyncio.run(run())
    for earlier, later in zip(begun, begun[3:], strict=False):
        assert later - earlier >= 0.19


def test_a_limited_lane_counts_its_wait():
    """What would wait for minutes had better wait in the database."""

    async def run():
        async def carry(_target, rows):
            return False

        one = Lane(Plain(), 5, 1.0, carry, lambda _s: None, per_minute=2)
        one.add(range(10))
        await asyncio.sleep(0)
        behind, full, rest = one.behind_s, one.full, one.shut()
        await asyncio.gather(*one.running)
        return behind, full, len(rest)

    assert asyncio.run(run()) == (240.0, True, 8)


def test_a_worker_keeps_to_the_limit_of_a_target(outbox):
    """Of five rows two leave; the rest goes back, untried."""
    for _ in range(5):
        outbox.add_deliver()
    box = Plain()
    outbox.work(lambda: len(box.jobs) == 2, {"box": box}, per_minute={"box": 2}, lane_room=1)
    states = sorted(outbox.states().values())
    assert states == ["sent", "sent", "waiting", "waiting", "waiting"]
    assert outbox.ask("SELECT MAX(attempts) FROM outbox WHERE state = 'waiting'") == [(0,)]
