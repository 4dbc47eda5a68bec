"""What people do to tickets, on a real database: fields, versions, answers, links, reminders, who takes part."""

from dataclasses import replace
from datetime import timedelta

import pytest
from deskkit import ANNA, BEN, POLICY, SUPPORT, house
from storekit import START

from mailgate.domain import service
from mailgate.domain.access import NotAllowed, actor_of
from mailgate.domain.desk import fields, joining, people, talk
from mailgate.domain.deskerror import DeskError, NotThere, Stale
from mailgate.domain.helpdesk import DeskPolicy, Status
from mailgate.jobs.followups import tell_due
from mailgate.store.transaction import millis


@pytest.fixture
def desk(store):
    with house(store) as one:
        yield one


def said(desk, number, *kinds):
    """Return the texts of a ticket's entries of these kinds."""
    return [one["text"].strip() for one in desk.ticket(number)["entries"] if one["kind"] in kinds]


def sent(desk):
    """Return (mail kind, recipient) of all outgoing rows."""
    return desk.ask("SELECT mail_kind, to_address FROM outbox ORDER BY id")


class TestFields:
    """T11: what a ticket has, and who changed it."""

    def test_each_field_is_set_with_its_entry(self, desk):
        """Old and new value, author and version; nothing is written for what is so already."""
        number = desk.mail()
        wishes = [("status", "pending"), ("priority", "high"), ("queue", "sales"), ("agent", "kim")]
        wishes += [("owner_group", "second"), ("subject", "Printer"), ("priority", "high")]
        desk.do(fields.set_fields, number, wishes)
        ticket = desk.ticket(number)
        assert [ticket[name] for name, _ in wishes] == [value for _, value in wishes]
        assert [row for row in desk.history(number) if row[0] == "priority"] == [
            ("priority", "normal", "high", "joe")
        ]
        assert ticket["version"] == len(desk.history(number)) == 6
        desk.do(fields.set_fields, number, wishes)
        assert desk.ticket(number)["version"] == 6

    def test_lists_are_added_to_and_taken_from(self, desk):
        """`+a` adds, `-a` takes away, plain words are all of it, and one empty word is none."""
        number = desk.mail()

        def tags(*texts):
            desk.do(fields.set_fields, number, [("tags", one) for one in fields.words_of(texts)])
            return desk.ticket(number)["tags"]

        assert tags("+a", "+b") == '["a","b"]'
        assert tags("-A", "+c") == '["b","c"]'
        assert tags("x") == '["x"]'
        assert tags("") == ""

    @pytest.mark.parametrize(
        ("wish", "message"),
        [
            (("status", "opne"), "there is no status 'opne', did you mean 'open'?"),
            (("priority", "higher"), "there is no priority 'higher', did you mean 'high'?"),
            (("queue", "suport"), "there is no queue 'suport', did you mean 'support'?"),
            (("agent", "jo"), "there is no agent 'jo', did you mean 'joe'?"),
            (("agent", "off"), "agent 'off' is disabled; tickets go to agents who are enabled"),
            (("owner_group", "first"), "there is no team 'first'"),
            (("colour", "red"), "a ticket has no field 'colour' to set"),
            (("subject", "two\nlines"), "a subject is one line of 1 to 500 printable characters"),
        ],
    )
    def test_what_makes_no_sense_is_refused_with_a_sentence(self, desk, wish, message):
        """Nothing is written, not even what was right in the same call."""
        number = desk.mail()
        with pytest.raises(DeskError, match="^" + message.replace("?", r"\?")):
            desk.do(fields.set_fields, number, [("priority", "low"), wish])
        assert desk.ticket(number)["version"] == 0
        assert desk.history(number) == []

    def test_a_closed_status_closes_the_session_and_says_when(self, desk):
        """T8: `closed_at` is set with a status of the closed kind, and gone when it is open again."""
        number = desk.mail()
        desk.do(fields.set_fields, number, [("status", "solved")])
        closed = desk.ticket(number)
        assert (closed["sessions"][0]["state"], closed["closed_at"]) == (
            "closed",
            int(START.timestamp() * 1000),
        )
        desk.do(fields.set_fields, number, [("status", "open")])
        opened = desk.ticket(number)
        assert (opened["sessions"][0]["state"], opened["closed_at"]) == ("reopened", 0)

    def test_a_rule_may_open_a_closed_ticket(self, desk):
        """Which says since when."""
        desk.wish = replace(desk.wish, status="solved")
        assert desk.ticket(desk.mail())["closed_at"] == int(START.timestamp() * 1000)

    def test_close_and_reopen_use_the_statuses_of_the_business(self, desk):
        """The kinds decide, not the words; a mail of the customer opens it with the first open status."""
        mine = (Status("new", "open"), Status("wait", "waiting"), Status("done", "closed"))
        desk.catalogue = replace(desk.catalogue, statuses={one.name: one for one in mine})
        number = desk.mail()
        assert desk.ticket(number)["status"] == "new"
        desk.do(fields.close, number, "was simple")
        assert (desk.ticket(number)["status"], said(desk, number, "comment")) == ("done", ["was simple"])
        desk.do(fields.reopen, number)
        assert desk.ticket(number)["status"] == "new"
        desk.do(fields.close, number)
        assert desk.mail("again", answers="<m1@x.example>") == number
        assert desk.ticket(number)["status"] == "new"
        with pytest.raises(DeskError, match="is new; only a closed one"):
            desk.do(fields.reopen, number)

    def test_reopening_after_the_window_begins_a_new_session(self, desk):
        """G12: the earlier session stays closed."""
        number = desk.mail()
        desk.do(fields.close, number)
        desk.clock.move(days=31)
        desk.do(fields.reopen, number)
        assert [one["state"] for one in desk.ticket(number)["sessions"]] == ["closed", "active"]

    def test_an_agent_reaches_its_own_queues_only(self, desk):
        """W2: asked inside the plan, by the table of rights."""
        number = desk.mail()
        kim = actor_of(desk.catalogue.agents["kim"], desk.catalogue)
        with pytest.raises(NotAllowed, match="agent kim may not answer, comment or change a ticket"):
            desk.do(fields.comment, number, "mine?", actor=kim)
        joe = actor_of(desk.catalogue.agents["joe"], desk.catalogue)
        desk.do(fields.give, number, "joe", actor=joe)
        assert desk.ticket(number)["agent"] == "joe"


class TestVersions:
    """Two writers: nothing is overwritten silently."""

    def test_a_stale_change_is_refused_with_both_states(self, desk):
        """What was seen, what is there now, by whom and when; several changes of a field are one."""
        number = desk.mail()
        desk.do(fields.set_fields, number, [("priority", "high")], by="kim")
        desk.do(fields.set_fields, number, [("priority", "urgent"), ("status", "pending")], by="kim")
        desk.do(fields.comment, number, "hm", by="kim")
        with pytest.raises(Stale) as stale:
            desk.do(fields.set_fields, number, [("priority", "low")], version=0)
        assert (stale.value.seen, stale.value.current) == (0, 4)
        found = [(one.field, one.was, one.now, one.by) for one in stale.value.differences]
        assert found == [
            ("priority", "normal", "urgent", "kim"),
            ("status", "open", "pending", "kim"),
            ("comment", "", "", "kim"),
        ]
        assert "priority: normal -> urgent (by kim, 2026-03-02 09:00:00 UTC)" in str(stale.value)
        assert desk.ticket(number)["priority"] == "urgent"

    def test_only_what_came_after_the_version_is_told(self, desk):
        """The caller who saw version 1 is not told of the change that made it."""
        number = desk.mail()
        desk.do(fields.set_fields, number, [("priority", "high")])
        desk.do(fields.set_fields, number, [("status", "pending")])
        with pytest.raises(Stale) as stale:
            desk.do(fields.comment, number, "late", version=1)
        assert [one.field for one in stale.value.differences] == ["status"]

    def test_the_right_version_goes_through(self, desk):
        """And the next one is one higher; a session's move alone changes no version."""
        number = desk.mail()
        desk.do(fields.comment, number, "a", version=0)
        desk.do(fields.comment, number, "b", version=1)
        assert desk.ticket(number)["version"] == 2

    def test_a_mail_makes_the_version_grow(self, desk):
        """Whoever answers is to have seen what the customer wrote meanwhile."""
        number = desk.mail()
        desk.mail("more", answers="<m1@x.example>")
        with pytest.raises(Stale, match="incoming"):
            desk.do(talk.reply, number, talk.Words("done"), version=0, policy=True)


class TestReply:
    """T10, S8: an answer leaves by the gate, and its answer comes back to the ticket."""

    def test_the_answer_is_threaded_and_its_answer_joins(self, desk):
        """From the queue, to whoever wrote, with token, In-Reply-To and tag; the session is active."""
        number = desk.mail("My printer")
        desk.do(talk.reply, number, talk.Words("On its way"), policy=True)
        ((draft, envelope, kind, entry_id),) = desk.ask(
            "SELECT draft, envelope_from, mail_kind, entry_id FROM outbox"
        )
        import json

        mail = json.loads(bytes(draft))
        assert (mail["from_address"], mail["to_address"], envelope, kind) == (SUPPORT, ANNA, SUPPORT, "agent")
        assert mail["subject"] == f"RE: [#{number}] My printer"
        assert (mail["in_reply_to"], mail["references"]) == ("<m1@x.example>", ["<m1@x.example>"])
        ticket = desk.ticket(number)
        assert ticket["sessions"][0]["state"] == "active"
        assert [e["author"] for e in ticket["entries"] if e["id"] == entry_id] == ["joe"]
        assert desk.mail("a new subject", answers=mail["message_id"]) == number

    def test_confirmed_participants_get_copies(self, desk):
        """Whoever wrote by a link alone gets none until an agent confirms it."""
        number = desk.mail()
        desk.do(people.add_participant, number, BEN)
        desk.do(talk.reply, number, talk.Words("all"), policy=True)
        assert sent(desk) == [("agent", ANNA), ("agent", BEN)]
        desk.do(people.remove_participant, number, BEN)
        desk.do(talk.reply, number, talk.Words("one"), policy=True)
        assert sent(desk)[2:] == [("agent", ANNA)]

    def test_who_wrote_by_a_link_alone_is_to_be_confirmed(self, desk):
        """The token lets a stranger's mail join; copies and the right to be answered come with an agent's word."""
        number = desk.mail()
        desk.do(talk.reply, number, talk.Words("first"), policy=True)
        ((msgid,),) = desk.ask("SELECT msgid FROM outbox")
        assert desk.mail("forwarded to me", BEN, answers=msgid) == number
        (part,) = desk.ticket(number)["participants"]
        assert (part["address"], part["confirmed"]) == (BEN, 0)
        desk.do(talk.reply, number, talk.Words("second"), policy=True)
        assert sent(desk) == [("agent", ANNA)] * 2
        desk.do(people.confirm_participant, number, BEN)
        desk.do(talk.reply, number, talk.Words("third"), policy=True)
        assert sent(desk)[2:] == [("agent", ANNA), ("agent", BEN)]

    def test_a_reply_into_a_closed_ticket_opens_it(self, desk):
        """Unless a status is said; within the window the session is reopened (G12)."""
        number = desk.mail()
        desk.do(fields.close, number)
        desk.do(talk.reply, number, talk.Words("one more thing"), policy=True)
        ticket = desk.ticket(number)
        assert (ticket["status"], ticket["sessions"][0]["state"]) == ("open", "reopened")
        desk.do(talk.reply, number, talk.Words("bye", status="closed"), policy=True)
        ticket = desk.ticket(number)
        assert (ticket["status"], ticket["sessions"][0]["state"]) == ("closed", "closed")

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (talk.Words(" \n"), "the text is empty"),
            (talk.Words("x", to="nobody"), "'nobody' is no address"),
            (talk.Words("x", status="dnoe"), "there is no status 'dnoe'"),
        ],
    )
    def test_what_cannot_be_sent_is_refused(self, desk, words, message):
        """And leaves neither a mail nor an entry."""
        number = desk.mail()
        with pytest.raises(DeskError, match=message):
            desk.do(talk.reply, number, words, policy=True)
        assert sent(desk) == []
        assert said(desk, number, "answer") == []

    def test_subjects_are_locked_or_the_agents_own(self, desk):
        """G2: with the number in it, and not to be changed; G3: as the agent writes it."""
        number = desk.mail("My printer")
        words = talk.Words("x", subject="Your printer")
        with pytest.raises(DeskError, match="subjects are locked"):
            desk.do(talk.reply, number, words, policy=True)
        desk.catalogue = replace(desk.catalogue, desk=DeskPolicy(subjects="edit"))
        desk.do(talk.reply, number, words, policy=True)
        ((draft,),) = desk.ask("SELECT draft FROM outbox")
        assert b'"subject":"Your printer"' in bytes(draft)

    def test_a_comment_never_leaves(self, desk):
        """T10: agents alone see it."""
        number = desk.mail()
        desk.do(fields.comment, number, "between us")
        assert said(desk, number, "comment") == ["between us"]
        assert sent(desk) == []

    def test_a_ticket_may_begin_with_a_mail_of_ours(self, desk):
        """G8: an unknown address becomes a contact; switched off, the mail alone leaves."""
        mail = talk.FirstMail("sales", BEN, "Your order", "It is late", agent="kim")
        number = desk.do(talk.write_first, mail, policy=True).number
        ticket = desk.ticket(number)
        assert (ticket["queue"], ticket["agent"], ticket["sessions"][0]["state"]) == (
            "sales",
            "kim",
            "active",
        )
        assert ticket["contact"]["addresses"][0]["address"] == BEN
        assert sent(desk) == [("agent", BEN)]
        desk.catalogue = replace(desk.catalogue, desk=DeskPolicy(outgoing_tickets=False))
        assert desk.do(talk.write_first, mail, policy=True).number == ""
        assert sent(desk) == [("agent", BEN)] * 2


class TestLinks:
    """T10: typed links, seen from both sides."""

    def test_each_side_sees_its_own_word(self, desk):
        """Child here is parent there; unlinking takes both away."""
        one, two = desk.mail("a"), desk.mail("b")
        desk.do(joining.link, one, two, "child")
        assert [(x["kind"], x["number"]) for x in desk.ticket(one)["links"]] == [("child", two)]
        assert [(x["kind"], x["number"]) for x in desk.ticket(two)["links"]] == [("parent", one)]
        assert desk.history(two) == [("link", "", f"parent of {one}", "joe")]
        desk.do(joining.link, one, two, "child")
        assert len(desk.history(two)) == 1
        desk.do(joining.unlink, two, one)
        assert desk.ticket(one)["links"] == desk.ticket(two)["links"] == []

    def test_circles_and_oneself_are_refused(self, desk):
        """A parent's parent cannot be its child."""
        one, two, three = desk.mail("a"), desk.mail("b"), desk.mail("c")
        desk.do(joining.link, one, two, "parent")
        desk.do(joining.link, two, three, "parent")
        with pytest.raises(DeskError, match=f"{three} can't be parent of {one}"):
            desk.do(joining.link, three, one, "parent")
        with pytest.raises(DeskError, match="to itself"):
            desk.do(joining.link, one, one)
        with pytest.raises(DeskError, match="no kind of link 'brother'"):
            desk.do(joining.link, one, three, "brother")
        with pytest.raises(NotThere, match="are not linked"):
            desk.do(joining.unlink, one, three)


class TestFollowUps:
    """W6: a dated reminder for a named agent, told once."""

    def due(self, desk):
        """Run the job once."""
        return tell_due(desk.writer, lambda: desk.rules, POLICY, batch=2)

    def test_it_is_told_once_when_it_is_due(self, desk):
        """By mail to the agent, in the history, as an event; whatever the number of runs and pages."""
        number = desk.mail()
        told = []
        desk.followers = (lambda event, *_rest: told.append((event.kind.value, event.new)) or (),)
        for hour in (1, 2, 3):
            desk.do(people.add_follow_up, number, START + timedelta(hours=hour), "joe", f"ask {hour}")
        told.clear()
        assert (desk.ticket(number)["follow_up_agent"], self.due(desk)) == ("joe", 0)
        desk.clock.move(hours=4)
        assert (self.due(desk), self.due(desk)) == (3, 0)
        assert sent(desk) == [("notice", "joe@example.com")] * 3
        assert told == [("follow_up", "joe")] * 3
        assert [row[2] for row in desk.history(number)][-3:] == ["due"] * 3

    def test_done_before_it_is_due_is_never_told(self, desk):
        """The ticket's own columns show the next one, and none when all are done."""
        number = desk.mail()
        for hour in (1, 2):
            desk.do(people.add_follow_up, number, START + timedelta(hours=hour), "joe")
        first, second = (one["id"] for one in desk.ticket(number)["follow_ups"])
        desk.do(people.end_follow_up, first)
        assert desk.ticket(number)["follow_up_at"] == int((START + timedelta(hours=2)).timestamp() * 1000)
        desk.do(people.end_follow_up, second)
        assert desk.ticket(number)["follow_up_at"] == 0
        desk.clock.move(days=1)
        assert self.due(desk) == 0

    def test_a_rule_opens_a_ticket_with_one(self, desk):
        """W6: the rule's agent and days become a row that the job finds."""
        desk.wish = replace(desk.wish, follow_up_agent="kim", follow_up_days=3)
        number = desk.mail()
        assert [one["agent"] for one in desk.ticket(number)["follow_ups"]] == ["kim"]
        desk.clock.move(days=3)
        assert self.due(desk) == 1
        assert sent(desk) == [("notice", "kim@example.com")]

    @pytest.mark.parametrize(
        ("hours", "agent", "message"),
        [
            (-1, "joe", "has passed"),
            (1, "", "say which agent"),
            (1, "jo", "no agent 'jo', did you mean 'joe'"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, desk, hours, agent, message):
        """A time that has passed, nobody to remind, somebody unknown."""
        number = desk.mail()
        with pytest.raises(DeskError, match=message):
            desk.do(people.add_follow_up, number, START + timedelta(hours=hours), agent)


def test_a_rule_stands_in_the_history(desk):
    """By which rule a mail came in; a person's changes name none."""
    number = desk.mail()
    desk.do(fields.comment, number, "x")
    assert [(e["kind"], e["rule"]) for e in desk.ticket(number)["entries"]] == [
        ("incoming", "support:1"),
        ("comment", ""),
    ]


def test_numbers_outlive_their_pattern(desk):
    """New tickets get the new form; the old ones are found by their number, and by the bare count."""
    old = desk.mail("first")
    desk.catalogue = replace(desk.catalogue, desk=DeskPolicy(number_pattern="HD-{n}"))
    new = desk.mail("second", BEN)
    assert (old, new) == ("T-1", "HD-2")
    assert desk.mail("Re: [#T-1] first") == old
    assert desk.mail("Re: [#1] first") == old
    assert desk.mail("Re: [#hd-2] second", BEN) == new
    desk.do(fields.comment, "t-1", "found")
    desk.do(fields.comment, "2", "found by its count")
    assert said(desk, new, "comment") == ["found by its count"]


def test_an_answer_that_opens_a_ticket_again_is_its_first_answer(desk):
    """T9: the reopened ticket waits for an answer anew, and has it in that moment."""
    desk.followers = (service.follower(desk.catalogue, POLICY),)
    number = desk.mail()
    desk.do(talk.reply, number, talk.Words("One."), policy=True)
    desk.do(fields.close, number)
    desk.clock.move(hours=1)
    desk.do(talk.reply, number, talk.Words("Two."), policy=True)
    ticket = desk.ticket(number)
    assert (ticket["status"], ticket["reacted_at"]) == ("open", millis(START + timedelta(hours=1)))


def test_tickets_that_people_open_have_the_customers_company(desk):
    """W5: split off, or begun by a mail of ours, to somebody whom we know."""
    number = desk.mail()
    desk.mail(f"[#{number}] more")
    entries = [one["id"] for one in desk.ticket(number)["entries"] if one["kind"] == "incoming"]
    desk.do(joining.split, number, entries[:1])
    desk.do(talk.write_first, talk.FirstMail("support", ANNA, "News", "Hello"), policy=True)
    desk.do(talk.write_first, talk.FirstMail("support", BEN, "News", "Hello"), policy=True)
    companies = desk.ask("SELECT name FROM ticket t JOIN company c ON c.id = t.company_id ORDER BY t.id")
    assert companies == [
        ("customer.example",),
        ("customer.example",),
        ("customer.example",),
        ("other.example",),
    ]


def test_each_move_of_a_session_says_who(desk):
    """The rule that took the mail, or the agent who answered; also where a session is followed by a new one."""
    number = desk.mail()
    desk.do(fields.close, number)
    desk.mail(f"[#{number}] again")
    for by in ("mail", "agent"):
        desk.do(fields.close, number)
        desk.clock.move(days=31)
        if by == "mail":
            desk.mail(f"[#{number}] much later")
        else:
            desk.do(talk.reply, number, talk.Words("Still there?"), policy=True)
    moves = [row[1:] for row in desk.history(number) if row[0] == "session"]
    assert moves == [
        ("unopened", "closed", "joe"),
        ("closed", "reopened", "support:1"),
        ("reopened", "closed", "joe"),
        ("", "unopened", "support:1"),
        ("unopened", "closed", "joe"),
        ("", "unopened", "joe"),
        ("unopened", "active", "joe"),
    ]
