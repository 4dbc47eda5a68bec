"""The budgets: each limit at its edge, what is counted, and the pause of a rule that ran over."""

from dataclasses import fields, replace
from pathlib import Path

import pytest
from domainworld import NOW, SUPPORT, answer, mail

from mailgate.config.answers import Answers
from mailgate.domain.budgets import BUDGETS, INCOMING, Budgets, Going, Per, exceeded
from mailgate.domain.draft import Draft, MailKind
from mailgate.domain.effects import Forward, Send
from mailgate.domain.gate import Gate, GatePolicy, Outcome, Reason

POLICY = GatePolicy(own=frozenset({SUPPORT}))
GATE = Gate(POLICY)
NOTICE = Send(MailKind.NOTICE, Draft(SUPPORT, "agent@staff.example", "New", "T-7"), "", "notify:1")


def to(n, domain="customer.example", **values):
    return answer(f"a{n}@{domain}", rule=f"rule:{n}", **values)


def pass_through(world, sends, gate=GATE):
    """Ask the gate for each, count as the store does, return the verdicts."""
    verdicts = []
    for send in sends:
        verdict = gate.send(send, mail(sender=send.draft.to_address), world, NOW)
        counted = (
            gate.counters(send, None) if verdict.outcome is Outcome.SEND else gate.overruns(send, verdict)
        )
        world.bump(counted)
        verdicts.append(verdict)
    return verdicts


def sent(verdicts):
    return sum(v.outcome is Outcome.SEND for v in verdicts)


def test_ten_to_an_address_in_an_hour(world):
    """The eleventh is left out with its reason and an alarm."""
    verdicts = pass_through(world, [answer(rule=f"r:{n}") for n in range(11)])
    assert sent(verdicts) == 10
    assert (verdicts[-1].outcome, verdicts[-1].reason) == (Outcome.SUPPRESS, Reason.BUDGET_ADDRESS)
    assert (verdicts[-1].row, verdicts[-1].alarm) == (12, True)


@pytest.mark.parametrize(
    "variant", ["A1@Customer.Example", "a1+x@customer.example", "A1+y+z@CUSTOMER.example"]
)
def test_spelling_makes_no_other_address(world, variant):
    """Case and detail are removed before counting."""
    pass_through(world, [to(1)] * 10)
    assert pass_through(world, [answer(variant)])[0].reason is Reason.BUDGET_ADDRESS


def test_forty_to_an_address_in_a_day(world):
    """However they are spread, the forty-first of a day is left out; the next day it goes on."""
    total = 0
    for _ in range(23):
        total += sent(pass_through(world, [answer(rule=f"r:{n}") for n in range(3)]))
        world.pass_time(3600)
    assert total == 40
    world.pass_time(30 * 3600)
    assert sent(pass_through(world, [answer(rule="r:99")])) == 1


def test_a_hundred_to_a_domain_in_an_hour(world):
    """A sender that changes its local part with every mail runs into its domain's limit."""
    verdicts = pass_through(world, [to(n) for n in range(101)])
    assert sent(verdicts) == 100
    assert verdicts[-1].reason is Reason.BUDGET_DOMAIN


def test_ten_of_a_ticket_in_ten_minutes(world):
    """Whoever they go to; after ten minutes there is room again."""
    verdicts = pass_through(world, [to(n, f"d{n}.example", ticket_id=7) for n in range(11)])
    assert sent(verdicts) == 10
    assert verdicts[-1].reason is Reason.BUDGET_TICKET
    world.pass_time(11 * 60)
    assert sent(pass_through(world, [to(11, "d11.example", ticket_id=7)])) == 1


def test_tickets_do_not_share(world):
    """Mails without a ticket count for none, and two tickets have two limits."""
    sends = [to(n, f"d{n}.example", ticket_id=n % 2) for n in range(20)]
    assert sent(pass_through(world, sends)) == 20


def test_a_thousand_in_all_in_an_hour(world):
    """With every address and domain different, the whole is limited."""
    verdicts = pass_through(world, [to(n, f"d{n}.example") for n in range(1001)])
    assert sent(verdicts) == 1000
    assert verdicts[-1].reason is Reason.BUDGET_ALL


def test_five_thousand_in_all_in_a_day(world):
    """900 an hour stay below the hour's limit; the day's holds at 5,000."""
    total = 0
    for hour in range(8):
        total += sent(pass_through(world, [to(n, f"d{hour}-{n}.example") for n in range(900)]))
        world.pass_time(3700)
    assert total == 5000


class TestShareOfIncoming:
    """A busy house may answer a fifth of what comes in."""

    def prepared(self, world, answers, incoming):
        for _ in range(answers):
            world.bump([("answer.all", "")])
        for _ in range(incoming):
            world.bump([INCOMING])

    @pytest.mark.parametrize(
        ("answers", "incoming", "outcome"),
        [
            (1000, 5000, Outcome.SUPPRESS),
            (1000, 5005, Outcome.SEND),
            (1999, 10000, Outcome.SEND),
            (2000, 10000, Outcome.SUPPRESS),
        ],
    )
    def test_above_the_number_the_share_counts(self, world, answers, incoming, outcome):
        """The larger of 1,000 an hour and a fifth of the hour's incoming mail is the limit."""
        self.prepared(world, answers, incoming)
        assert GATE.send(to(1), mail(), world, NOW).outcome is outcome

    def test_the_share_can_be_switched_off(self, world):
        """With 0 the numbers alone count."""
        self.prepared(world, 1000, 10000)
        gate = Gate(replace(POLICY, budgets=Budgets(share_of_incoming=0)))
        assert gate.send(to(1), mail(), world, NOW).outcome is Outcome.SUPPRESS

    def test_no_other_budget_has_a_share(self, world):
        """Incoming mail opens no other limit, that on notices in all neither."""
        for _ in range(5000):
            world.bump([("notice.all", "")])
        for _ in range(40_000):
            world.bump([INCOMING])
        assert pass_through(world, [NOTICE])[0].outcome is Outcome.DIGEST
        self.prepared(world, 0, 10000)
        verdicts = pass_through(world, [answer(rule=f"r:{n}") for n in range(11)])
        assert sent(verdicts) == 10


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda b: b.limit)
def test_zero_lets_nothing_through(world, budget):
    """A limit of 0 is a closed tap, whatever comes in."""
    for _ in range(100):
        world.bump([INCOMING])
    going = Going(budget.kind, "x@y.example", 7)
    assert exceeded(going, Budgets(), world) is None
    assert exceeded(going, replace(Budgets(), **{budget.limit: 0}), world) == budget


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda b: b.limit)
def test_each_limit_is_read_from_its_field(world, budget):
    """Every row of the table has its own setting, and counts under its own scope."""
    going = Going(budget.kind, "x@y.example", 7)
    policy = replace(Budgets(), **{budget.limit: 1})
    world.bump([(budget.scope, going.key(budget.per))])
    found = exceeded(going, policy, world)
    assert found is not None
    assert found.limit == budget.limit


def test_an_address_of_which_nothing_was_counted_all_day_costs_one_question(world):
    """The hour is a part of the day: most mails go to somebody whom nothing was sent to today."""
    asked: list[tuple[str, int]] = []

    class Listening:
        def count(self, scope: str, key: str, window_s: int) -> int:
            asked.append((scope, window_s))
            return world.count(scope, key, window_s)

    going = Going(MailKind.ANSWER, "x@y.example", 7)
    for expected in (1, 3):  # where something was: the day, which says so, then hour and day
        assert exceeded(going, Budgets(), Listening()) is None
        assert [scope for scope, _ in asked].count("answer.address") == expected
        asked.clear()
        world.bump([("answer.address", "x@y.example")])


def test_every_limit_is_a_row_or_has_its_reason():
    """No limit stands in the settings without being asked."""
    elsewhere = {"ticket_window", "share_of_incoming", "pause_after", "pause_for", "redirects_per_mail"}
    assert {f.name for f in fields(Budgets)} == {b.limit for b in BUDGETS} | elsewhere


class TestNotices:
    """Over their budgets notices are gathered into a digest; nothing is lost, and no alarm is raised."""

    def judged(self, world, n, ticket=0, agent="agent"):
        draft = replace(NOTICE.draft, to_address=f"{agent}@staff.example")
        return pass_through(world, [replace(NOTICE, ticket_id=ticket, draft=draft)] * n)

    def gathered(self, verdict, reason):
        assert (verdict.outcome, verdict.reason, verdict.alarm) == (Outcome.DIGEST, reason, False)

    def test_sixty_to_an_agent_in_an_hour(self, world):
        """The sixty-first goes into the digest."""
        verdicts = self.judged(world, 61)
        assert sent(verdicts) == 60
        self.gathered(verdicts[-1], Reason.BUDGET_ADDRESS)

    def test_ten_about_a_ticket_in_ten_minutes(self, world):
        """So does the eleventh about one ticket, whoever it goes to."""
        verdicts = [v for n in range(11) for v in self.judged(world, 1, ticket=7, agent=f"agent{n}")]
        assert sent(verdicts) == 10
        self.gathered(verdicts[-1], Reason.BUDGET_TICKET)

    def test_five_thousand_in_all_in_an_hour(self, world):
        """So does what is above 5,000 in all."""
        for _ in range(5000):
            world.bump([("notice.all", "")])
        self.gathered(self.judged(world, 1)[0], Reason.BUDGET_ALL)

    def test_answers_and_notices_do_not_share(self, world):
        """An agent who is also written to as a customer has both budgets."""
        self.judged(world, 60)
        assert sent(pass_through(world, [answer("agent@staff.example")])) == 1


class TestRedirects:
    """Over their budgets redirects are held."""

    @pytest.mark.parametrize(
        ("counted", "n", "reason"),
        [
            (("redirect.domain", "partner.example"), 1000, Reason.BUDGET_DOMAIN),
            (("redirect.all", ""), 10000, Reason.BUDGET_ALL),
        ],
    )
    def test_held_at_the_edge(self, world, counted, n, reason):
        """1,000 to a domain and 10,000 in all an hour pass; the next is held with an alarm."""
        forward = Forward("x@partner.example", "anna@customer.example")
        for _ in range(n - 1):
            world.bump([counted])
        assert GATE.forward(forward, mail(), 0, world, NOW).outcome is Outcome.SEND
        world.bump([counted])
        verdict = GATE.forward(forward, mail(), 0, world, NOW)
        assert (verdict.outcome, verdict.reason, verdict.alarm) == (Outcome.HOLD, reason, True)


class TestPause:
    """A rule that ran over a budget three times in an hour rests."""

    def overrun(self, world, n, rule="loop:1", gate=GATE):
        """Fill one address' budget, and run over it n times with one rule."""
        pass_through(world, [answer("victim@x.example", rule=f"fill:{i}") for i in range(10)], gate)
        return pass_through(world, [answer("victim@x.example", rule=rule)] * n, gate)

    def test_the_third_overrun_pauses_the_rule(self, world):
        """Its answers to everybody are left out then, with a reason of their own and without more alarms."""
        assert not any(v.pauses for v in self.overrun(world, 2))
        assert self.overrun(world, 1)[-1].pauses
        verdict = pass_through(world, [answer("other@y.example", rule="loop:1")])[0]
        assert (verdict.outcome, verdict.reason, verdict.alarm) == (
            Outcome.SUPPRESS,
            Reason.RULE_PAUSED,
            False,
        )

    def test_other_rules_go_on(self, world):
        """A pause is the rule's, not the gate's."""
        self.overrun(world, 3)
        assert sent(pass_through(world, [answer("other@y.example", rule="fine:1")])) == 1

    def test_the_pause_ends(self, world):
        """After an hour the rule answers again."""
        self.overrun(world, 3)
        world.pass_time(3700)
        assert sent(pass_through(world, [answer("other@y.example", rule="loop:1")])) == 1

    def test_overruns_far_apart_do_not_pause(self, world):
        """Three in a day are no loop."""
        for _ in range(3):
            assert not self.overrun(world, 1)[-1].pauses
            world.pass_time(3700)

    def test_while_paused_nothing_is_counted(self, world):
        """Or the pause would never end."""
        self.overrun(world, 3)
        send = answer("other@y.example", rule="loop:1")
        verdict = GATE.send(send, mail(), world, NOW)
        assert GATE.overruns(send, verdict) == ()

    def test_a_longer_pause_by_setting(self, world):
        """How long, and after how many, are settings."""
        gate = Gate(replace(POLICY, budgets=Budgets(pause_after=1, pause_for=86400)))
        self.overrun(world, 1, gate=gate)
        world.pass_time(10 * 3600)
        assert (
            pass_through(world, [answer("o@y.example", rule="loop:1")], gate)[0].reason is Reason.RULE_PAUSED
        )

    def test_notices_pause_nothing(self, world):
        """A digest is no overrun."""
        verdicts = pass_through(world, [NOTICE] * 61)
        assert GATE.overruns(NOTICE, verdicts[-1]) == ()


def test_a_count_covers_its_window_and_more(world):
    """The oldest bucket counts whole: after 59 minutes the hour is never over."""
    pass_through(world, [answer(rule=f"r:{n}") for n in range(10)])
    world.pass_time(59 * 60)
    assert pass_through(world, [answer(rule="r:x")])[0].reason is Reason.BUDGET_ADDRESS


def test_the_keys_of_counters_hold_no_more_than_needed():
    """Per domain the domain, per ticket its id, in all nothing."""
    going = Going(MailKind.ANSWER, "Anna+x@Customer.Example", 7)
    assert [going.key(per) for per in (Per.ADDRESS, Per.DOMAIN, Per.TICKET, Per.ALL)] == [
        "anna@customer.example", "customer.example", "7", "",
    ]  # fmt: skip
    assert replace(going, ticket_id=0).key(Per.TICKET) is None


PAGE = Path(__file__).parents[2] / "docs" / "loops.md"


def test_the_page_names_every_limit_with_its_default():
    """docs/loops.md has a row per limit with the number that the code has."""
    text = PAGE.read_text(encoding="utf-8")
    limits = {b.limit for b in BUDGETS} | {"redirects_per_mail"}
    missing = [name for name in limits if f"| `{name}` | {getattr(Budgets(), name)} |" not in text]
    assert not missing


def test_the_page_names_every_reason():
    """What administrators see in log and metrics is explained there."""
    text = PAGE.read_text(encoding="utf-8")
    explained = {Reason.BUDGET_MAIL, Reason.NONE}  # the first is the row "redirects of one mail"
    assert not [one.value for one in set(Reason) - explained if f"`{one.value}`" not in text]


def test_the_settings_offer_every_limit_with_the_same_default():
    """[answers] and the gate agree about names and numbers."""
    offered = Answers()
    wrong = [
        name for name in Budgets.__dataclass_fields__ if getattr(offered, name) != getattr(Budgets(), name)
    ]
    assert not wrong
