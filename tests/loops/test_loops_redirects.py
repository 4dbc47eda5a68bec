"""Redirects and refusals under the gate: held rather than dropped, and no way around it."""

from bound import assert_bound, out
from correspondents import any_domain, fixed, mail, nobody, person, stripping
from houses import EVERY_MAIL, house
from looppost import Arrived, Post
from loopworld import DAY, HOUR, MINUTE
from scenarios import SPREAD, people

FORWARDS = {"a": 'redirect "spread@b.example";', "b": 'redirect "spread@a.example";'}
REFUSING = 'require ["reject"];\nreject "Nobody reads this.";\n'


def _to_the_other(arrived: Arrived, at: float, _n: int) -> list[Post]:
    """Carry a redirect to the gateway that it is addressed to."""
    name = arrived.to.partition("@")[2].partition(".")[0]
    return [Post(at + 5, arrived.sender, arrived.to, arrived.raw, name)]


def _without_headers(arrived: Arrived, at: float, n: int) -> list[Post]:
    (post,) = _to_the_other(arrived, at, n)
    raw = mail(f"From: {post.sender}\nTo: {post.to}\nSubject: {n}", f"{n}\n")
    return [Post(post.at, post.sender, post.to, raw, post.gate)]


def test_two_gateways_that_redirect_to_each_other_stop_at_the_second_visit(world):
    """Each marks what it redirects with the address that it came in for; the mail that comes back is held and shown."""
    for name, script in FORWARDS.items():
        world.gate(house(f"{name}.example", spread=script), name=name)
    world.post(*people(5, DAY, fixed, to=SPREAD))
    world.run(_to_the_other, until=5 * DAY)
    a, b = world.gates["a"], world.gates["b"]
    assert [one.state for one in a.left()] == ["sent", "held"] * 5
    assert [one.state for one in b.left()] == ["sent"] * 5
    assert [one.reason for one in a.kept()] == ["loop"] * 5
    assert a.metric("mailgate_alarms_total", "alarm") == {"loop": 5}


def test_redirects_that_lose_their_marks_are_held_above_the_budget(world):
    """With every header lost on the way it is a thousand an hour to one domain; the rest waits for a person."""
    for name, script in FORWARDS.items():
        world.gate(house(f"{name}.example", spread=script), name=name)
    world.post(*people(400, 0, any_domain, to=SPREAD))
    world.run(_without_headers, until=HOUR - 1)
    for gate in world.gates.values():
        left, kept = gate.left(), gate.kept()
        assert_bound(left, kept, gate.incoming())
    a = world.gates["a"]
    assert len(out(a.left())) == 1000
    held = [one for one in a.left() if one.state == "held"]
    assert len(held) == len(a.kept()) > 0
    # Nothing is dropped: what came in either left or is held.
    assert len(a.incoming()) == len(a.left())


def test_a_refusal_is_said_at_the_door_and_causes_no_mail(world):
    """By LMTP each recipient is refused for itself; whoever comes again and again gets a 550 each time, and no mail."""
    settings = {"rules": {"reject_unverified": "refuse"}}
    gate = world.gate(house(spread=REFUSING), settings)
    world.post(*people(50, MINUTE, fixed, to=SPREAD))
    world.run(stripping(fixed), until=HOUR)
    assert len(world.replies) == 50
    assert all(reply.startswith("550 5.7.1 ") for reply in world.replies)
    assert gate.left() == []


def test_a_refusal_for_one_of_several_is_a_mail_under_the_gate(world):
    """By SMTP one reply speaks for all, so the refusal is a mail: ten an hour to an address, like any other answer."""
    gate = world.gate(house(spread=REFUSING), EVERY_MAIL)
    for n in range(15):
        world.clock.set(n * MINUTE)
        world.mails.submit(gate.smtp_port, Post(0, fixed(n), SPREAD, person(fixed(n), n, SPREAD)))
    world.quiet()
    world.run(nobody, until=HOUR)
    left, kept = gate.left(), gate.kept()
    assert_bound(left, kept, gate.incoming())
    assert len(out(left)) == 10
    assert {one.reason for one in kept} == {"budget-address", "rule-paused"}
