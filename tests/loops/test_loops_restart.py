"""What the gate counted and why it kept mail back is in the database: no restart forgets it, and every view agrees."""

import signal
from collections import Counter

import pytest
from bound import assert_bound, out
from correspondents import any_domain, any_local_part, fixed, mail, nobody, person, stripping
from houses import EVERY_MAIL, house
from looppost import Post
from loopworld import HOUR, MINUTE
from scenarios import SCENARIOS, people


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_forgets_no_count(world, sign):
    """Ten answers an hour to an address, however often the gateway is restarted or killed within it."""
    gate = world.gate(house(), EVERY_MAIL)
    for n in range(20):
        world.post(Post(n * MINUTE, fixed(n), "support@a.example", person(fixed(n), n)))
        if n in {4, 8, 12}:
            world.run(nobody, until=n * MINUTE)
            gate.stop(sign)
            gate.start()
    world.run(nobody, until=HOUR)
    left, kept = gate.left(), gate.kept()
    assert_bound(left, kept, gate.incoming())
    assert len(out(left)) == 10
    assert len(kept) == 10


def test_a_pause_outlives_a_restart(world):
    """A rule that rests goes on resting, and speaks again when its hour is over."""
    gate = world.gate(house(), EVERY_MAIL)
    world.post(*people(13, MINUTE, fixed))
    world.run(nobody, until=13 * MINUTE)
    gate.kill()
    gate.start()
    world.post(*people(2, 90 * MINUTE, any_domain, start=14 * MINUTE))
    world.run(nobody, until=2 * HOUR)
    assert [one.reason for one in gate.kept()] == ["budget-address"] * 3 + ["rule-paused"]
    assert [one.at for one in out(gate.left())][10:] == [104 * MINUTE]


# One mail for each reason that the mail alone gives.
SILENCED = {
    "own-address": ("support@a.example", ""),
    "not-a-person": ("x@x.example", "List-Id: <x>"),
    "loop": ("x@x.example", "Delivered-To: support@a.example"),
    "suppress-header": ("x@x.example", "X-Auto-Response-Suppress: All"),
    "role-address": ("root@x.example", ""),
    "spam-or-unparsable": ("x@x.example", "X-Spam-Flag: YES"),
}


def test_every_reason_is_stored_counted_and_shown(world):
    """The database, /metrics and `mailgate log` say the same of each mail that was not answered."""
    gate = world.gate(house(), EVERY_MAIL)
    for n, (reason, (sender, field)) in enumerate(SILENCED.items()):
        head = f"From: {sender}\nTo: support@a.example\nSubject: {reason}\nMessage-ID: <{reason}@x>"
        world.post(Post(n, sender, "support@a.example", mail(f"{head}\n{field}")))
    world.run(nobody, until=MINUTE)
    stored = [one.reason for one in gate.kept()]
    assert stored == list(SILENCED)
    assert gate.metric("mailgate_automatic_mail_suppressed_total", "reason") == Counter(stored)
    for reason in SILENCED:
        assert reason in gate.command("log", f"<{reason}@x>").stdout.replace("Subject: " + reason, "")
        assert f"suppressed={reason}" in gate.log()


def test_alarms_are_counted_until_the_rule_rests(world):
    """Three alarms say that a rule has run over its budget; while it rests there are no more of them."""
    gate = world.gate(house(), EVERY_MAIL)
    world.post(*SCENARIOS["pause_after"].seeds())
    world.run(nobody, until=HOUR)
    assert gate.metric("mailgate_alarms_total", "alarm") == {"budget-address": 3}
    assert gate.metric("mailgate_automatic_mail_suppressed_total", "reason") == {
        "budget-address": 3,
        "rule-paused": 7,
    }


def test_one_loop_does_not_silence_other_rules(world):
    """The rule that met the loop rests; the vacation of the same house still answers people."""
    gate = world.gate(house(), EVERY_MAIL)
    world.post(*people(130, 1, any_local_part))
    world.post(*people(3, 1, any_domain, to="away@a.example", start=200))
    world.run(stripping(any_local_part, delay=HOUR), until=10 * MINUTE)
    assert [one.to for one in out(gate.left())][100:] == [any_domain(n) for n in range(3)]
