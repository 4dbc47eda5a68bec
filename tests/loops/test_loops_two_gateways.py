"""Two gateways in two processes, each with rules that answer every mail, exchange mail for thirty simulated days."""

from itertools import pairwise

import pytest
from bound import assert_bound, out
from correspondents import mail, message_id, nobody, person
from houses import EVERY_MAIL, house
from looppost import Arrived, Post
from loopworld import DAY, HOUR, World
from peers import free_port

DAYS = 30
DESKS = {"a": "support@a.example", "b": "support@b.example"}
OTHER = {"a": "b", "b": "a"}


def pair(world: World, *, direct: bool) -> None:
    """Start both; `direct` makes each one's relay the other's SMTP door, else it is ours."""
    doors = {name: free_port() for name in DESKS}
    for name in DESKS:
        world.gate(
            house(f"{name}.example"),
            EVERY_MAIL,
            name=name,
            relay_port=doors[OTHER[name]] if direct else 0,
            smtp_port=doors[name],
        )


def provoke(world: World, place: str, times: int, every: float, at_once: int = 1) -> None:
    """Let mails come in that look as if the other gateway's people had written them, some at once and then again."""
    for n in range(times * at_once):
        for name, other in OTHER.items():
            to, sender = f"{place}@{name}.example", f"{place}@{other}.example"
            world.post(Post(n // at_once * every, sender, to, person(sender, n, to), name))


def keeping(arrived: Arrived, at: float, _n: int) -> list[Post]:
    """Pass a mail on to the other gateway with all its headers, but with an envelope sender in place of the null one."""
    other = OTHER[arrived.gate]
    sender = arrived.to.replace(f"@{other}.", f"@{arrived.gate}.")
    return [Post(at + 30, sender, arrived.to, arrived.raw, other)]


def forgetting(arrived: Arrived, at: float, n: int) -> list[Post]:
    """Pass a mail on without any header that says what it is, as some old gateways do."""
    (post,) = keeping(arrived, at, n)
    raw = mail(f"From: {post.sender}\nTo: {post.to}\nSubject: again {n}", f"{n}\n")
    return [Post(post.at, post.sender, post.to, raw, post.gate)]


@pytest.mark.slow
def test_two_gateways_with_nothing_in_between_fall_silent_at_once(world):
    """Each answers what looks like a person's mail once, and the other one's answer never, on any of thirty days."""
    pair(world, direct=True)
    provoke(world, "support", DAYS, DAY)
    world.run(nobody, until=DAYS * DAY)
    for gate in world.gates.values():
        left, kept = gate.left(), gate.kept()
        assert_bound(left, kept, gate.incoming())
        assert [one.state for one in left] == ["sent"] * DAYS
        # The other one's answers came with the null sender, and so they caused none.
        assert [one.reason for one in kept] == ["null-sender"] * DAYS
        assert len(gate.incoming()) == 2 * DAYS
        assert {one.mail_class for one in left} == {"person"}
        classes = gate.ask("SELECT mail_class, COUNT(*) FROM delivery GROUP BY mail_class ORDER BY 1")
        assert classes == [("automatic", DAYS), ("person", DAYS)]


@pytest.mark.slow
def test_headers_alone_keep_two_gateways_apart(world):
    """Where the null sender is lost on the way, Auto-Submitted still says enough: nothing goes to a machine."""
    pair(world, direct=False)
    provoke(world, "support", DAYS, DAY)
    world.run(keeping, until=DAYS * DAY)
    for gate in world.gates.values():
        left, kept = gate.left(), gate.kept()
        assert_bound(left, kept, gate.incoming())
        assert len(out(left)) == DAYS
        assert [one.reason for one in kept] == ["not-a-person"] * DAYS


@pytest.mark.slow
def test_two_gateways_with_every_header_lost_stay_within_the_bound(world):
    """Each takes the other's answers for people's mail: ten an hour and forty a day each way, for thirty days."""
    pair(world, direct=False)
    provoke(world, "support", DAYS * 5, DAY / 5, at_once=6)
    world.run(forgetting, until=DAYS * DAY)
    for gate in world.gates.values():
        left, kept = gate.left(), gate.kept()
        assert_bound(left, kept, gate.incoming())
        # Nearly all that a sliding day allows is used: the bound is what stops them, nothing else.
        assert DAYS * 30 < len(out(left)) <= DAYS * 40
        assert {one.reason for one in kept} == {"budget-address", "rule-paused"}


@pytest.mark.slow
def test_two_people_on_vacation_write_once_a_day(world):
    """Vacation answers each sender once in its period, whatever comes back and however often."""
    pair(world, direct=False)
    provoke(world, "away", DAYS * 4, DAY / 4)
    world.run(forgetting, until=DAYS * DAY)
    for gate in world.gates.values():
        left, kept = gate.left(), gate.kept()
        assert_bound(left, kept, gate.incoming())
        assert DAYS - 2 <= len(out(left)) <= DAYS
        assert {one.reason for one in kept} == {"answered-before"}
        assert all(b.at - a.at >= DAY for a, b in pairwise(left))


def test_no_message_id_is_used_twice(world):
    """A second copy of an answer can be told from a second answer, on both sides."""
    pair(world, direct=False)
    provoke(world, "support", 4, HOUR)
    world.run(forgetting, until=2 * HOUR, most=60)
    ids = [message_id(one.raw) for relay in world.relays.values() for one in relay.mails]
    assert len(ids) == len(set(ids)) > 20
