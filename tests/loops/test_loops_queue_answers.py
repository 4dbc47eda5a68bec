"""Queues that answer by themselves (G18) are bounded like every rule, whatever answers them (docs/loops.md)."""

from bound import assert_bound
from correspondents import any_local_part, fixed, person, stripping
from houses import EVERY_MAIL
from looppost import Post
from loopworld import DAY, HOUR

SUPPORT = "support@a.example"
BUSINESS = {
    "house.toml": """
[[queue]]
name = "desk"
address = "support@a.example"
answer_from = "noreply@a.example"
answer_new = "thanks"
answer_closed = "thanks"
answer_paused = "thanks"
answer_inactive = "thanks"
[[address]]
address = "support@a.example"
queue = "desk"
script = "support"
[[address]]
address = "noreply@a.example"
send_only = true
[[template]]
name = "thanks"
text = "Thank you, we have your mail."
""",
    "support.sieve": 'require ["vnd.mailgate.ticket"];\nticket :queue "desk";\n',
}


def test_a_queue_and_a_responder_that_strips_everything(world):
    """Each answer comes back as a person's first mail from a new address: the budgets end it."""
    gate = world.gate(BUSINESS, EVERY_MAIL)
    for n in range(20):
        world.post(Post(n * HOUR / 4, fixed(n), SUPPORT, person(fixed(n), n)))
    world.run(stripping(any_local_part, delay=30), until=DAY, most=400)
    left, kept = gate.left(), gate.kept()
    assert_bound(left, kept, gate.incoming())
    assert len(left) > 20
    assert any(one.rule == "queue desk:answer_new" and one.reason.startswith("budget-") for one in kept)


def test_a_queue_answers_a_conversation_once(world):
    """A responder whose answers find the ticket by its token gets one answer for each mail that opened one."""
    gate = world.gate(BUSINESS, EVERY_MAIL)
    for n in range(3):
        world.post(Post(n * HOUR, fixed(n), SUPPORT, person(fixed(n), n)))
    world.run(stripping(fixed, delay=30, keeps_token=True), until=DAY, most=100)
    assert [one.kind for one in gate.left()] == ["answer"] * 3
