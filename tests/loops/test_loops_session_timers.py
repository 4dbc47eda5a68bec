"""The timers of sessions in a whole gateway: the job runs by the clock that the simulation moves (G12)."""

import peers
from correspondents import mail, nobody
from houses import house
from looppost import Post
from loopworld import DAY

ANN, SUPPORT = "ann@b.example", "support@a.example"
# The last mail of a conversation closes it; the next one brings it to life again.
SCRIPT = """
require ["vnd.mailgate.ticket"];
ticket :queue "desk" :match_subject;
if header :contains "X-Done" "yes" { ticket_close; }
"""


def _states(gate) -> list[str]:
    return [row[0] for row in gate.ask("SELECT state FROM session ORDER BY id")]


def _post(day: float, *, done: bool = False) -> Post:
    more = "\nX-Done: yes" if done else ""
    return Post(
        day * DAY, ANN, SUPPORT, mail(f"From: {ANN}\nTo: {SUPPORT}\nSubject: printer\nX-Day: {day}{more}")
    )


def test_the_job_obeys_the_gateways_clock(world):
    """Reopened by mail, paused 30 simulated days later, closed after 60 more; and mail after that within its days."""
    gate = world.gate(house(support=SCRIPT))
    world.post(_post(0, done=True), _post(1))
    world.run(nobody, until=2 * DAY)
    assert _states(gate) == ["reopened"]
    world.clock.set(31 * DAY - 60)
    world.run(nobody, until=31 * DAY - 60)
    assert _states(gate) == ["reopened"]
    world.clock.set(31 * DAY + 60)
    peers.wait_until(lambda: _states(gate) == ["paused"], "the session is paused", 30)
    world.clock.set(92 * DAY)
    peers.wait_until(lambda: _states(gate) == ["closed"], "the session is closed", 30)
    moves = gate.ask(
        "SELECT old, new, author FROM entry WHERE field = 'session' AND author <> '' ORDER BY id"
    )
    assert [one for one in moves if one[2].startswith("timer")] == [
        ("reopened", "paused", "timer active_to_paused"),
        ("paused", "closed", "timer paused_to_closed"),
    ]
    assert gate.metric("mailgate_session_timer_moves_total", "timer") == {
        "active_to_paused": 1,
        "paused_to_closed": 1,
    }
