"""A responder that strips every header and changes its address each time, in simulated days, at the default settings."""

from bound import assert_bound
from correspondents import any_domain, any_local_part, fixed, person, stripping
from houses import house
from looppost import Post
from loopworld import DAY, HOUR


def test_a_stripping_responder_at_default_settings(world):
    """Whatever answers us, with any headers stripped and any address used: the bound holds for days."""
    gate = world.gate(house())
    for day in range(2):
        for n in range(30):
            sender = (fixed, any_local_part, any_domain)[n % 3](n)
            at = day * DAY + n * HOUR / 4
            world.post(Post(at, sender, "support@a.example", person(sender, 100 * day + n)))
    world.run(stripping(any_local_part, delay=30), until=2 * DAY, most=700)
    left, kept = gate.left(), gate.kept()
    assert_bound(left, kept, gate.incoming())
    assert len(left) == len(world.relays["a"].mails) > 100
    assert {k.reason for k in kept} >= {"budget-domain"}
