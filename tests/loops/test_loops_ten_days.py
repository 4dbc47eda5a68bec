"""Ten simulated days of a whole help desk that answers by itself and tells its agents, against whoever answers it.

Each correspondent is one of those that have brought help desks down: he strips all headers, writes from another address each
time, returns everything, or answers with a subject of his own. The bound of docs/loops.md holds in every window; who keeps the
headers that say what he is gets nothing at all.
"""

import pytest
from bound import assert_bound, out
from correspondents import SUPPORT, any_domain, bouncing, complaining, fixed, mail, message_id, stripping
from houses import EVERY_MAIL
from loopworld import DAY, HOUR, MINUTE, Post, World
from scenarios import people

DAYS = 10
HOUSE = {
    "house.toml": """
[[queue]]
name = "desk"
address = "support@a.example"
answer_new = "received"
answer_closed = "again"
answer_paused = "again"
answer_inactive = "again"
answer_inactive_days = 1
notify = "team"
[[agent]]
name = "anna"
address = "anna@a-staff.example"
queues = ["desk"]
[[address]]
address = "support@a.example"
queue = "desk"
script = "support"
[[template]]
name = "received"
text = "We have your mail: @{ticket_id}."
[[template]]
name = "again"
text = "We look at it again: @{ticket_id}."
""",
    "rules/support.sieve": 'require ["vnd.mailgate.ticket"];\nticket :queue "desk";\n',
}


def keeping(subject: str):
    """Answer every mail as an absent person's program does: it says what it is, and has a subject of its own."""

    def answer(arrived, at, n):
        if not arrived.to.startswith("robot"):
            return ()
        head = (
            f"From: {arrived.to}\nTo: {SUPPORT}\nSubject: {subject} {n}\nAuto-Submitted: auto-replied\n"
            f"In-Reply-To: {message_id(arrived.raw)}\nMessage-ID: <k{n}@loop.example>"
        )
        return [Post(at + 5, arrived.to, SUPPORT, mail(head), arrived.gate)]

    return answer


def only_customers(correspondent):
    """Let the correspondent answer what goes to customers; our own people answer nothing here."""

    def answer(arrived, at, n):
        return () if arrived.to.endswith("@a-staff.example") else correspondent(arrived, at, n)

    return answer


HOSTILE = {
    "strips all headers": (fixed, 3 * HOUR, stripping(fixed, delay=MINUTE)),
    "another address each time": (any_domain, DAY, stripping(lambda n: any_domain(n + 1000), delay=3 * HOUR)),
    "a bounce of its own form": (fixed, 6 * HOUR, complaining("robot@loop.example")),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_ten_days_with_somebody_who_hides_what_he_is_stay_within_the_bound(world: World, name):
    """A person's mail starts it again every few hours; every window of ten days is looked at."""
    address, every, correspondent = HOSTILE[name]
    gate = world.gate(HOUSE, EVERY_MAIL)
    world.post(*people(DAYS * DAY // every, every, address))
    world.run(only_customers(correspondent), until=DAYS * DAY)
    left = gate.left()
    assert_bound(left, gate.kept(), gate.incoming())
    answers = [one for one in out(left) if one.kind == "answer"]
    assert answers
    assert {one.to.rpartition("@")[2] for one in out(left) if one.kind == "notice"} == {"a-staff.example"}


@pytest.mark.parametrize(
    "correspondent", [bouncing(""), bouncing("MAILER-DAEMON@loop.example"), keeping("Away until Monday")]
)
def test_ten_days_with_a_machine_that_says_so_end_with_one_answer_a_mail(world: World, correspondent):
    """Each mail of a person gets its one answer, and nothing comes of what a machine sends back."""
    gate = world.gate(HOUSE, EVERY_MAIL)
    world.post(*people(DAYS * 4, 6 * HOUR, fixed, start=MINUTE))
    world.run(only_customers(correspondent), until=DAYS * DAY)
    left = gate.left()
    assert_bound(left, gate.kept(), gate.incoming())
    answers = [one for one in out(left) if one.kind == "answer"]
    assert {one.mail_class for one in answers} == {"person"}
    assert len({one.delivery for one in answers}) == len(answers)
