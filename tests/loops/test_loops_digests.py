"""Notices above a budget are gathered and come later in one mail, which keeps within the budget itself."""

import signal
from collections import Counter

import peers
from bound import assert_bound
from correspondents import any_domain, mail, nobody
from houses import EVERY_MAIL, house
from looppost import Post
from loopworld import DAY, HOUR, LoopGate, World
from scenarios import SCENARIOS, SPREAD, people


def _look_for_digests(world: World, gate: LoopGate) -> None:
    """Let the gateway look for digests, and wait until it has looked; a mail behind it in the queue shows that."""
    before = len(gate.incoming())
    gate.process.send_signal(signal.SIGUSR1)
    world.quiet()
    raw = mail(f"From: x@x.example\nTo: away@a.example\nSubject: {before}\nPrecedence: bulk")
    world.mails.hand_in(gate.port, [Post(0, "x@x.example", "away@a.example", raw)])
    world.quiet()


def test_notices_above_the_budget_come_in_one_digest(world):
    """Sixty notices in an hour, and the other ten in one mail when the hour is over: nothing is lost, nothing is doubled."""
    gate = world.gate(house(spread=SCENARIOS["notices_per_address_hour"].spread), EVERY_MAIL)
    world.post(*people(70, 10, any_domain, to=SPREAD))
    world.run(nobody, until=HOUR / 2)
    _look_for_digests(world, gate)
    assert len(world.relays["a"].mails) == 60
    world.run(nobody, until=2 * HOUR)
    gate.process.send_signal(signal.SIGUSR1)
    peers.wait_until(lambda: len(world.relays["a"].mails) == 61, "the digest leaves")
    world.quiet()
    assert b"Subject: 10 notifications" in world.relays["a"].mails[-1].raw
    assert_bound(gate.left(), gate.kept(), gate.incoming())
    assert Counter(one.state for one in gate.left()) == {"sent": 61, "gathered": 10}


def test_no_notice_goes_out_about_a_bounce(world):
    """Notices about bounces are how two systems keep each other busy, so there are none."""
    gate = world.gate(house(spread=SCENARIOS["notices_per_address_hour"].spread))
    for n in range(3):
        head = f"From: MAILER-DAEMON@x.example\nTo: {SPREAD}\nSubject: Undelivered mail {n}"
        world.post(Post(n * DAY, "", SPREAD, mail(head)))
    world.run(nobody, until=3 * DAY)
    assert gate.left() == []
    assert [one.reason for one in gate.kept()] == ["not-a-person"] * 3
