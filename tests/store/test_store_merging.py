"""P1: merging and splitting keep every message exactly once, and every old number understood."""

import itertools
import json
from datetime import timedelta

import pytest
from deskkit import ANNA, BEN, house
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storekit import START

from mailgate.domain.desk import fields, joining, people, talk
from mailgate.domain.deskerror import DeskError


@pytest.fixture
def desk(store):
    with house(store) as one:
        yield one


def messages(desk, number):
    """Return the ids of the messages that show under a ticket."""
    return [one["id"] for one in desk.ticket(number)["entries"] if one["kind"] != "change"]


def resolved(desk, number):
    """Return the number that stands for a number now."""
    ticket = desk.ticket(number)
    if not ticket["merged_into"]:
        return number
    return resolved(desk, desk.ask("SELECT number FROM ticket WHERE id = ?", ticket["merged_into"])[0][0])


def parted(desk, number):
    """Return a ticket and all that were split off from it, and from those, as they stand now."""
    found, waiting = set(), [resolved(desk, number)]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            links = desk.ticket(one)["links"]
            waiting += [resolved(desk, x["number"]) for x in links if x["kind"] == "split-into"]
    return found


class TestMerge:
    """One ticket becomes part of another."""

    def test_all_of_it_shows_under_the_other(self, desk):
        """Messages, participants and reminders; it is closed, and says where it went."""
        one, two = desk.mail("a"), desk.mail("b", BEN)
        desk.do(people.add_participant, one, "cc@customer.example")
        desk.do(people.add_follow_up, one, START + timedelta(days=1), "joe")
        desk.do(joining.merge, one, two)
        target, old = desk.ticket(two), desk.ticket(one)
        assert messages(desk, two) == [1, 2]
        assert {x["address"]: x["role"] for x in target["participants"]} == {
            ANNA: "author",
            "cc@customer.example": "cc",
        }
        assert [x["agent"] for x in target["follow_ups"]] == ["joe"]
        assert target["follow_up_agent"] == "joe"
        assert (old["status"], old["sessions"][0]["state"]) == ("closed", "closed")
        assert ("merged into", "", two, "joe") in desk.history(one)
        assert ("merged", "", one, "joe") in desk.history(two)

    def test_mail_to_the_old_number_and_the_old_conversation_joins_the_other(self, desk):
        """From whoever took part in the old one, by number and by references."""
        one, two = desk.mail("a"), desk.mail("b", BEN)
        desk.do(joining.merge, one, two)
        assert desk.mail(f"Re: [#{one}] a") == two
        assert desk.mail("again", answers="<m1@x.example>") == two
        assert desk.mail("what is it", "stranger@elsewhere.example", answers="<m1@x.example>") not in (
            one,
            two,
        )

    def test_a_token_of_the_old_one_joins_the_other(self, desk):
        """What our answer's Message-ID proves goes on to be true."""
        one, two = desk.mail("a"), desk.mail("b", BEN)
        desk.do(talk.reply, one, talk.Words("hm"), policy=True)
        ((draft,),) = desk.ask("SELECT draft FROM outbox")
        desk.do(joining.merge, one, two)
        assert desk.mail("re", answers=json.loads(bytes(draft))["message_id"]) == two

    def test_what_makes_no_sense_is_refused(self, desk):
        """Into itself, one that was merged, into one that was merged: with the number that counts."""
        one, two, three = desk.mail("a"), desk.mail("b"), desk.mail("c")
        with pytest.raises(DeskError, match="into itself"):
            desk.do(joining.merge, one, one)
        desk.do(joining.merge, one, two)
        for wrong in ((one, three), (three, one)):
            with pytest.raises(DeskError, match=f"ticket {one} was merged into {two}; change that one"):
                desk.do(joining.merge, *wrong)
        with pytest.raises(DeskError, match=f"ticket {one} was merged"):
            desk.do(fields.comment, one, "x")

    def test_a_long_chain_is_one_step(self, desk):
        """However often tickets are merged, each number points straight at what stands for it."""
        numbers = [desk.mail(f"subject {n}") for n in range(20)]
        for old, new in itertools.pairwise(numbers):
            desk.do(joining.merge, old, new)
        assert len(messages(desk, numbers[-1])) == 20
        assert desk.mail(f"[#{numbers[0]}] x") == numbers[-1]
        assert desk.ask("SELECT COUNT(DISTINCT merged_into) FROM ticket") == [(2,)]


class TestSplit:
    """Messages become a ticket of their own."""

    def test_answers_to_them_join_the_new_one(self, desk):
        """By reference and by the token of a mail of ours; answers to the rest join the old one."""
        number = desk.mail("a")
        desk.mail("another thing", answers="<m1@x.example>")
        desk.do(talk.reply, number, talk.Words("about the other"), policy=True)
        ((draft,),) = desk.ask("SELECT draft FROM outbox")
        _first, second, answer = messages(desk, number)
        new = desk.do(joining.split, number, (second, answer), subject="The other").number
        assert messages(desk, new) == [second, answer]
        assert messages(desk, number) == [1]
        assert desk.mail("x", answers="<m2@x.example>") == new
        assert desk.mail("y", answers=json.loads(bytes(draft))["message_id"]) == new
        assert desk.mail("z", answers="<m1@x.example>") == number
        assert [(x["kind"], x["number"]) for x in desk.ticket(new)["links"]] == [("split-from", number)]

    def test_its_contact_is_who_wrote_the_first(self, desk):
        """Queue, agent and words are the old one's unless said."""
        one, two = desk.mail("a"), desk.mail("b", BEN)
        desk.do(fields.set_fields, two, [("agent", "joe"), ("tags", fields.ListChange(("x",)))])
        desk.do(joining.merge, one, two)
        new = desk.ticket(desk.do(joining.split, two, (1,)).number)
        assert new["contact"]["addresses"][0]["address"] == ANNA
        assert (new["agent"], new["tags"], new["subject"]) == ("joe", '["x"]', "b")

    @pytest.mark.parametrize(
        ("entries", "message"), [((), "none is no such"), ((99,), "99 is no such"), ((3,), "is a change")]
    )
    def test_what_makes_no_sense_is_refused(self, desk, entries, message):
        """No entry, one of another ticket, a change."""
        number, _other = desk.mail("a"), desk.mail("b")
        desk.do(fields.set_fields, number, [("priority", "high")])
        with pytest.raises(DeskError, match=message):
            desk.do(joining.split, number, entries)
        with pytest.raises(DeskError, match="2 is no such"):
            desk.do(joining.split, number, (2,))


STEPS = st.lists(
    st.tuples(st.sampled_from(("merge", "split")), st.integers(0, 50), st.integers(0, 50), st.integers(1, 3)),
    max_size=12,
)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_every_message_is_there_once_and_reachable_by_every_old_number(desk, steps):
    """After any merges and splits; "reachable" is: at the ticket that stands for the number, or split from it."""
    numbers = [desk.mail(f"subject {n}", author) for n, author in enumerate((ANNA, BEN, ANNA, BEN))]
    under = {number: set(messages(desk, number)) for number in numbers}
    every = set().union(*under.values())
    for step, first, second, count in steps:
        live = sorted({resolved(desk, one) for one in numbers})
        one, two = live[first % len(live)], live[second % len(live)]
        if step == "merge" and one != two:
            desk.do(joining.merge, one, two)
        elif step == "split" and (there := messages(desk, one)):
            taken = tuple(there[(second + n) % len(there)] for n in range(count))
            new = desk.do(joining.split, one, taken).number
            numbers.append(new)
            under[new] = set()
        for number in numbers:
            under[number] |= set(messages(desk, resolved(desk, number)))
    live = sorted({resolved(desk, one) for one in numbers})
    shown = [entry for number in live for entry in messages(desk, number)]
    assert sorted(shown) == sorted(every)
    for number, ever in under.items():
        reached = {entry for one in parted(desk, number) for entry in messages(desk, one)}
        assert ever <= reached, number
