"""The real gate over the real store: budgets are counted and asked in the transaction that writes the row."""

import pytest
from storekit import deciding, incoming

from mailgate.domain.budgets import Budgets
from mailgate.domain.draft import Draft, MailKind
from mailgate.domain.effects import Forward, Send
from mailgate.domain.gate import Gate, GatePolicy, Reason

POLICY = GatePolicy()


def answer(n: int = 0, rule: str = "support:1", **changes) -> Send:
    draft = Draft(
        "support@example.org", "ann@example.net", "Re: help", "thanks", message_id=f"<a{n}@example.org>"
    )
    return Send(MailKind.ANSWER, draft, "", rule, **changes)


@pytest.fixture
def send(accept):
    """Deliver a new mail that wants this effect and return its outcome."""
    numbers = iter(range(1000))

    def run(effect, policy=POLICY):
        octets = b"From: ann@example.net\r\nSubject: %d\r\n\r\n" % next(numbers)
        return accept(incoming(octets), deciding(effect), gate=Gate(policy))[0]

    return run


def test_the_budget_per_address_holds_across_transactions(send, clock):
    """Ten in an hour to one address, not an eleventh; an hour and a bucket later there is room again."""
    outcomes = [send(answer(n, rule=f"r:{n}")) for n in range(11)]
    assert [o.outbox_rows for o in outcomes] == [1] * 10 + [0]
    assert outcomes[10].suppressed == (Reason.BUDGET_ADDRESS,)
    assert outcomes[10].alarms == (Reason.BUDGET_ADDRESS,)
    clock.move(minutes=62)
    assert send(answer(12)).outbox_rows == 1


def test_a_batch_cannot_outrun_the_budget(store, clock, ask):
    """Twenty mails of one batch, decided one after the other in one transaction: still ten answers."""
    from storekit import rules_for

    from mailgate.store.unit import accept_each
    from mailgate.store.writer import Writer

    writer = Writer(store, clock=clock)
    for n in range(20):
        rules = rules_for(deciding(answer(n)), gate=Gate(POLICY))
        mail = incoming(b"From: ann@example.net\r\nSubject: %d\r\n\r\n" % n)
        writer.submit(lambda tx, mail=mail, rules=rules: accept_each(tx, mail, rules))
    writer.start()
    assert writer.stop(60)
    assert ask("SELECT count(*) FROM outbox") == [(10,)]
    assert ask("SELECT count(*) FROM suppression") == [(10,)]


def test_a_rule_that_overruns_three_times_is_paused(send):
    """The third overrun pauses the rule: then not even an address with room gets its answer."""
    policy = GatePolicy(budgets=Budgets(per_address_hour=0))
    overruns = [send(answer(n), policy) for n in range(3)]
    assert {o.suppressed for o in overruns} == {(Reason.BUDGET_ADDRESS,)}
    assert send(answer(4), GatePolicy()).suppressed == (Reason.RULE_PAUSED,)
    assert send(answer(5, rule="other:1"), GatePolicy()).outbox_rows == 1


def test_an_answered_sender_is_not_answered_again_within_the_period(send, clock):
    """Row 11: what the unit remembers is what the gate asks for."""
    period = {"period_key": "support:1|ann@example.net", "period_s": 3600}
    assert send(answer(1, **period)).outbox_rows == 1
    assert send(answer(2, **period)).suppressed == (Reason.ANSWERED_BEFORE,)
    clock.move(hours=1, seconds=1)
    assert send(answer(3, **period)).outbox_rows == 1


def test_redirects_over_their_budget_are_held(accept, ask):
    """Four per mail go, the fifth is held with an alarm; nothing is dropped."""
    effects = [Forward(f"r{n}@example.com", "ann@example.net") for n in range(5)]
    (outcome,) = accept(incoming(), deciding(*effects), gate=Gate(POLICY))
    assert outcome.alarms == (Reason.BUDGET_MAIL,)
    assert ask("SELECT state, reason FROM outbox ORDER BY id") == [("waiting", "")] * 4 + [
        ("held", "budget-mail")
    ]


def test_notices_over_their_budget_wait_for_the_digest(send, ask):
    """Sixty an hour to one agent, the next waits to be gathered."""
    draft = Draft("mailgate@example.org", "bob@example.org", "new", "text")
    policy = GatePolicy(budgets=Budgets(notices_per_address_hour=2))
    for _ in range(3):
        send(Send(MailKind.NOTICE, draft, "", "r:1"), policy)
    assert ask("SELECT state FROM outbox ORDER BY id") == [("waiting",), ("waiting",), ("digest",)]
