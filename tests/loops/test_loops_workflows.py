"""Workflows that mail on every incoming mail are bounded like every other rule (N4, docs/loops.md)."""

from bound import assert_bound
from correspondents import fixed, mail, person, stripping
from houses import house
from looppost import Post
from loopworld import DAY, HOUR, MINUTE

SUPPORT, ANN = "support@a.example", "ann@b.example"
SCRIPT = """
require ["vnd.mailgate.ticket"];
ticket :queue "desk";
"""
FLOWS = """
[[template]]
name = "thanks"
subject = "We have it"
text = "Thank you."
[[workflow]]
name = "always"
event = "incoming"
[[workflow.action]]
do = "mail"
to = ["contact", "robot@loop.example"]
template = "thanks"
[[workflow]]
name = "busy"
event = "changed"
[[workflow.action]]
do = "mail"
to = ["contact"]
template = "thanks"
[[workflow]]
name = "marks"
event = "incoming"
[[workflow.action]]
do = "set"
field = "priority"
value = "high"
"""


def answering_house() -> dict[str, str]:
    return {**house(support=SCRIPT), "flows.toml": FLOWS}


def test_a_workflow_and_a_stripping_responder(world):
    """Whoever answers its mails and its notices, tied to the ticket or not: the budgets hold."""
    gate = world.gate(answering_house())
    for n in range(20):
        world.post(Post(n * HOUR / 4, fixed(n), SUPPORT, person(fixed(n), n)))
    world.run(stripping(fixed, delay=30, keeps_token=True), until=DAY, most=500)
    left, kept = gate.left(), gate.kept()
    assert_bound(left, kept, gate.incoming())
    assert len(left) > 20
    assert {one.kind for one in left} >= {"answer", "notice"}
    assert any(one.rule.startswith("workflow ") and one.reason.startswith("budget-") for one in kept)


MACHINES = {
    "bounce": "From: MAILER-DAEMON@b.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b",
    "automatic": f"From: {ANN}\nAuto-Submitted: auto-replied",
    "list": f"From: {ANN}\nList-Id: <l.b.example>\nPrecedence: list",
}


def test_a_workflow_answers_no_machine(world):
    """A bounce, an automatic answer or a list's mail that opens or joins a ticket gets no mail of a workflow's."""
    gate = world.gate(answering_house())
    world.post(Post(0, ANN, SUPPORT, person(ANN, 1)))
    for n, (kind, head) in enumerate(MACHINES.items(), 1):
        sender = "" if kind == "bounce" else ANN
        text = mail(
            f"{head}\nTo: {SUPPORT}\nSubject: about it\nMessage-ID: <m{n}@b.example>\nIn-Reply-To: <p1@{ANN}>"
        )
        world.post(Post(n * MINUTE, sender, SUPPORT, text))
    answers = []

    def once(arrived, _at, _n):
        answers.append(arrived)
        return ()

    world.run(once, until=HOUR)
    left, kept = gate.left(), gate.kept()
    assert_bound(left, kept, gate.incoming())
    assert {one.mail_class for one in left if one.kind == "answer"} == {"person"}
