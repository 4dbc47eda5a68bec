"""Bouncers of every sort, in simulated days: what comes back is never the beginning of something."""

from collections import Counter

from bound import assert_bound, out
from correspondents import SUPPORT, any_domain, bouncing, complaining, fixed, nobody, person
from houses import EVERY_MAIL, house
from looppost import Post
from loopworld import DAY, HOUR, MINUTE
from scenarios import people


def test_a_bouncer_gets_nothing_back(world):
    """A delivery report with the null sender is tied to its ticket and never answered, for ten days."""
    gate = world.gate(house(), EVERY_MAIL)
    world.post(*people(10, DAY, any_domain))
    world.run(bouncing(""), until=10 * DAY)
    left, kept = gate.left(), gate.kept()
    assert_bound(left, kept, gate.incoming())
    assert len(out(left)) == 10
    assert [one.reason for one in kept] == ["null-sender"] * 10
    assert gate.ask("SELECT kind, COUNT(*) FROM entry GROUP BY kind ORDER BY kind") == [
        ("answer", 10), ("bounce", 10), ("incoming", 10),
    ]  # fmt: skip


def test_a_bouncer_with_a_sender_gets_nothing_back_either(world):
    """A report is a report, whoever its envelope names: the class is what keeps the answer back."""
    gate = world.gate(house(), EVERY_MAIL)
    world.post(*people(10, DAY, any_domain))
    world.run(bouncing("robot@bounces.example"), until=10 * DAY)
    left, kept = gate.left(), gate.kept()
    assert_bound(left, kept, gate.incoming())
    assert len(out(left)) == 10
    assert [one.reason for one in kept] == ["not-a-person"] * 10


def test_an_address_that_bounces_twice_is_left_alone(world):
    """After the second hard bounce nobody writes there any more for sixty days, and then somebody may try again."""
    gate = world.gate(house(), EVERY_MAIL)
    world.post(*people(63, DAY, fixed))
    world.run(bouncing(""), until=63 * DAY)
    left, kept = gate.left(), gate.kept()
    assert_bound(left, kept, gate.incoming())
    assert [one.at // DAY for one in out(left)] == [0, 1, 62]
    # The reports came with the null sender, and what is between from an address that is known to fail.
    assert Counter(one.reason for one in kept) == {"failing-address": 60, "null-sender": 3}


def test_a_bouncer_without_any_sign_meets_the_budgets(world):
    """A text that says "undeliverable" proves nothing, so it counts as a person's mail: ten an hour, forty a day."""
    gate = world.gate(house(), EVERY_MAIL)
    world.post(*people(12, 4 * HOUR, fixed))
    world.run(complaining("robot@loop.example"), until=2 * DAY)
    left, kept = gate.left(), gate.kept()
    assert_bound(left, kept, gate.incoming())
    assert 60 <= len(out(left)) <= 80
    assert "budget-address" in {one.reason for one in kept}


def test_a_daemon_without_any_sign_gets_nothing(world):
    """The names that machines write under are never answered, null sender or not."""
    gate = world.gate(house(), EVERY_MAIL)
    world.post(*people(2, DAY, any_domain))
    world.run(complaining("no-reply@x.example"), until=2 * DAY)
    assert len(out(gate.left())) == 2
    assert [one.reason for one in gate.kept()] == ["role-address"] * 2


def test_a_relay_that_refuses_is_no_loop(world):
    """An answer that the relay refuses for good is given up: no mail about it, and no second try."""
    gate = world.gate(house(), EVERY_MAIL)
    world.relays["a"].refused.add("robot@loop.example")
    world.post(Post(0, "robot@loop.example", SUPPORT, person("robot@loop.example", 1)))
    world.run(nobody, until=MINUTE)
    assert [(one.kind, one.state) for one in gate.left()] == [("answer", "given_up")]
    assert world.relays["a"].mails == []
