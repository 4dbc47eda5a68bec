"""Each effect becomes the rows that it names."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from storekit import START, TEXT, OpenGate, Said, deciding, incoming

from mailgate.domain.draft import Draft, MailKind
from mailgate.domain.effects import (
    AddEntry,
    ChangeTicket,
    Decision,
    Deliver,
    EntryKind,
    Forward,
    MarkFailing,
    MoveSession,
    OpenContact,
    OpenTicket,
    Remember,
    Send,
    Suppressed,
)
from mailgate.store.unit import accept_each

DRAFT = Draft("support@example.org", "ann@example.net", "Re: help", "thanks", message_id="<t1@example.org>")


def open_ticket(reader, **changes) -> tuple:
    """Return the effects that open a contact, a ticket and its first entry."""
    contact, ticket, session = (reader.allocate(k) for k in ("contact", "ticket", "session"))
    values = {"queue": "support", "subject": "help", "match_key": "help", **changes}
    return (
        OpenContact(contact, "Ann@Example.net", "Ann", ("new",), company_name="example.net"),
        OpenTicket(ticket, f"T-{ticket}", session, contact_id=contact, **values),
        AddEntry(
            reader.allocate("entry"), ticket, session, EntryKind.INCOMING, "ann@example.net", "hello",
            with_message=True, message_id="<m1@example.net>",
        ),
    )  # fmt: skip


def ticketing(*more, **changes):
    """Return a decider that opens a ticket, then adds what `more` makes of (reader, ticket id, session id)."""

    def decide(mail, route, catalogue, reader, now):
        effects = open_ticket(reader, **changes)
        ticket = effects[1]
        extra = tuple(make(reader, ticket.ticket_id, ticket.session_id) for make in more)
        return Decision((*effects, *extra), "t:1", "ticket", f"ticket={ticket.number}")

    return decide


def send(reader=None, ticket_id=0, session_id=0, **changes) -> Send:
    entry = None
    if ticket_id:
        entry = AddEntry(
            reader.allocate("entry"), ticket_id, session_id, EntryKind.ANSWER, "t:1", "thanks",
            touches_session=False, message_id=DRAFT.message_id,
        )  # fmt: skip
    return Send(MailKind.ANSWER, DRAFT, "", "t:1", ticket_id=ticket_id, entry=entry, **changes)


def test_a_ticket_opens_with_all_that_belongs_to_it(accept, ask):
    """Contact, company, ticket, session, entry, reference and count stand there; the outcome names the number."""
    (outcome,) = accept(incoming(), ticketing())
    assert outcome.ticket == "T-1"
    assert ask("SELECT name, categories FROM contact") == [("Ann", '["new"]')]
    assert ask("SELECT folded, address FROM contact_address") == [("ann@example.net", "Ann@Example.net")]
    assert ask("SELECT name FROM company") == [("example.net",)]
    assert ask("SELECT number, queue, status, priority, contact_id, session_id FROM ticket") == [
        ("T-1", "support", "open", "normal", 1, 1)
    ]
    assert ask("SELECT ticket_id, state FROM session") == [(1, "unopened")]
    assert ask("SELECT kind, author, text, message_id FROM entry") == [
        ("incoming", "ann@example.net", "hello", 1)
    ]
    assert ask("SELECT msgid, ticket_id FROM message_ref") == [("<m1@example.net>", 1)]
    assert ask("SELECT queue, status, n FROM ticket_count") == [("support", "open", 1)]
    assert ask("SELECT ticket_id FROM delivery") == [(1,)]


def test_a_company_is_opened_once(accept, ask):
    """A second contact of the same company finds it again, whatever its case."""

    def of(company):
        return lambda mail, route, catalogue, reader, now: Decision(
            (
                OpenContact(
                    reader.allocate("contact"), f"{mail.received.octets.size}@x", "", company_name=company
                ),
            ),
            "",
            "",
            "",
        )

    accept(incoming(b"1\r\n\r\n"), of("Example"))
    accept(incoming(b"22\r\n\r\n"), of("EXAMPLE"))
    assert ask("SELECT company_id FROM contact") == [(1,), (1,)]


def test_follow_up_participants_and_lists_are_kept(accept, ask):
    """What a rule gives the new ticket (W6) is in its row."""
    at = datetime(2026, 4, 1, tzinfo=UTC)
    accept(
        incoming(),
        ticketing(
            follow_up_agent="bob",
            follow_up_at=at,
            tags=("a", "b"),
            participants=("Cc@Example.net",),
            claims=9,
        ),
    )
    assert ask("SELECT follow_up_agent, follow_up_at, tags, claims FROM ticket") == [
        ("bob", int(at.timestamp() * 1000), '["a","b"]', 9)
    ]
    assert ask("SELECT folded, confirmed FROM participant") == [("cc@example.net", 1)]


def test_a_change_keeps_the_old_value_in_the_history(accept, ask):
    """Status and queue move the counts; the entry says who, what, from, to."""
    accept(
        incoming(),
        ticketing(
            lambda r, t, s: ChangeTicket(t, "status", "closed", "bob"),
            lambda r, t, s: ChangeTicket(t, "queue", "sales", "bob"),
            lambda r, t, s: ChangeTicket(t, "tags", "x, y", "bob"),
        ),
    )
    assert ask("SELECT status, queue, tags FROM ticket") == [("closed", "sales", '["x","y"]')]
    assert ask("SELECT author, field, old, new FROM entry WHERE kind = 'change'") == [
        ("bob", "status", "open", "closed"),
        ("bob", "queue", "support", "sales"),
        ("bob", "tags", "", '["x","y"]'),
    ]
    assert ask("SELECT queue, status FROM ticket_count WHERE n > 0") == [("sales", "closed")]


def test_setting_what_is_already_so_is_no_change(accept, ask):
    """No entry is written for a value that stays."""
    accept(incoming(), ticketing(lambda r, t, s: ChangeTicket(t, "status", "open", "bob")))
    assert ask("SELECT count(*) FROM entry WHERE kind = 'change'") == [(0,)]


@pytest.mark.parametrize("field", ["id", "number", "nonsense", "created_at"])
def test_only_fields_of_the_list_can_be_set(accept, field):
    """A field that no rule may touch is a crash of the processing, not an open door."""
    assert accept(incoming(), ticketing(lambda r, t, s: ChangeTicket(t, field, "1", "")))[0].crashed


def test_a_session_moves_and_its_history_says_so(accept, ask):
    """State and reason change; the entry keeps both states (G7)."""
    accept(incoming(), ticketing(lambda r, t, s: MoveSession(s, "active", "agent wrote")))
    assert ask("SELECT state, reason FROM session") == [("active", "agent wrote")]
    assert ask("SELECT old, new FROM entry WHERE field = 'session'") == [("unopened", "active")]


def test_an_answer_is_queued_counted_and_remembered(accept, ask):
    """One outbox row with the whole draft, its entry tied to it, counters in both widths, the period kept."""
    (outcome,) = accept(
        incoming(), ticketing(lambda r, t, s: send(r, t, s, period_key="t:1 ann", period_s=3600))
    )
    assert outcome.outbox_rows == 1
    row = ask("SELECT kind, state, mail_kind, to_address, msgid, ticket_id, due, draft FROM outbox")[0]
    assert row[:6] == ("send", "waiting", "answer", "ann@example.net", "<t1@example.org>", 1)
    assert row[6] == int(START.timestamp() * 1000)
    assert msgspec.json.decode(row[7], type=Draft) == DRAFT
    assert ask("SELECT outbox_id, msgid FROM entry WHERE kind = 'answer'") == [(1, "<t1@example.org>")]
    assert ask("SELECT key, width, n FROM gate_count WHERE scope = 'answer-address'") == [
        ("ann@example.net", 60, 1),
        ("ann@example.net", 3600, 1),
    ]
    until = int((START + timedelta(hours=1)).timestamp() * 1000)
    assert ask("SELECT scope, key, until FROM remembered") == [("answered", "t:1 ann", until)]


def test_a_suppressed_answer_leaves_its_reason_only(accept, ask):
    """No outbox row, no entry, no counter, no memory; the reason is stored with the mail and reported."""
    gate = OpenGate(Said("suppress", "list"))
    (outcome,) = accept(
        incoming(), ticketing(lambda r, t, s: send(r, t, s, period_key="k", period_s=60)), gate=gate
    )
    assert outcome.suppressed == ("list",)
    assert ask("SELECT count(*) FROM outbox") == [(0,)]
    assert ask("SELECT count(*) FROM entry WHERE kind = 'answer'") == [(0,)]
    assert ask("SELECT count(*) FROM remembered") == [(0,)]
    assert ask("SELECT mail_kind, to_address, verdict, reason FROM suppression") == [
        ("answer", "ann@example.net", "suppress", "list")
    ]
    assert ask("SELECT scope, key FROM gate_count WHERE scope <> 'incoming'") == [("overrun", "t:1")] * 2


@pytest.mark.parametrize(("word", "state"), [("hold", "held"), ("digest", "digest")])
def test_held_and_gathered_mail_is_written_but_does_not_leave(accept, ask, word, state):
    """Over a budget that loses nothing: the row is there with its reason, the alarm is reported."""
    gate = OpenGate(Said(word, "budget", alarm=True))
    (outcome,) = accept(incoming(), deciding(Forward("boss@example.com", "ann@example.net")), gate=gate)
    assert (outcome.alarms, outcome.suppressed) == (("budget",), ("budget",))
    assert ask("SELECT kind, state, reason, to_address FROM outbox") == [
        ("redirect", state, "budget", "boss@example.com")
    ]


def test_redirects_tell_the_gate_how_many_there_were(accept):
    """The gate hears the number of redirects let through for this mail before."""
    seen = []

    class Counting(OpenGate):
        def forward(self, effect, mail, already, reader, now):
            seen.append(already)
            return self.verdict

    effects = [Forward(f"r{n}@example.com", "") for n in range(3)]
    accept(incoming(), deciding(*effects), gate=Counting())
    assert seen == [0, 1, 2]


def test_a_target_gets_an_outbox_row(accept, ask):
    """A delivery to another target is queued with folder and flags; our own store needs none."""
    accept(
        incoming(),
        deciding(Deliver("maildir", "INBOX.Sub", ("\\Seen",), create=True), Deliver("store", "INBOX")),
    )
    assert ask(
        "SELECT kind, state, target, folder, flags, make_folder, to_address, message_id FROM outbox"
    ) == [("deliver", "waiting", "maildir", "INBOX.Sub", "\\Seen", 1, "support@example.org", 1)]
    assert ask("SELECT folder FROM delivery") == [("INBOX",)]


def test_while_the_relay_rests_a_redirect_is_due_later_and_a_delivery_now(accept, ask):
    """What the relay cannot take anyhow wakes nobody; other targets are not concerned."""
    until = START + timedelta(minutes=1)
    effects = (Forward("else@example.net", "ann@example.net"), Deliver("maildir", "INBOX"))
    accept(incoming(), deciding(*effects), relay_rests_until=lambda: until)
    assert ask("SELECT kind, due - created_at FROM outbox ORDER BY id") == [
        ("redirect", 60_000),
        ("deliver", 0),
    ]


def test_remember_failing_and_suppressed_by_the_planner(accept, ask):
    """The small effects each have their row."""
    accept(
        incoming(),
        deciding(
            Remember("duplicate", "id1", START + timedelta(days=1)),
            MarkFailing("Gone@Example.net", "5.1.1"),
            MarkFailing("gone@example.net", "5.1.1"),
            Suppressed(MailKind.ANSWER, "x@example.net", "null-sender"),
        ),
    )
    assert ask("SELECT scope, key FROM remembered") == [("duplicate", "id1")]
    assert ask("SELECT folded, bounces, reason FROM failing_address") == [("gone@example.net", 2, "5.1.1")]
    assert ask("SELECT reason FROM suppression") == [("null-sender",)]


def test_effects_of_one_unit_are_seen_by_the_next_in_the_same_batch(store, clock, ask):
    """Two identical first mails from one sender at the same moment: the second finds the contact of the first."""
    from storekit import rules_for

    from mailgate.store.writer import Writer

    known = []

    def decide(mail, route, catalogue, reader, now):
        known.append(reader.contact("ANN@example.net") is not None)
        if known[-1]:
            return Decision((), "", "", "")
        return ticketing()(mail, route, catalogue, reader, now)

    writer = Writer(store, clock=clock)
    rules = rules_for(decide)
    for text in (b"1\r\n\r\n", b"2\r\n\r\n"):
        writer.submit(lambda tx, text=text: accept_each(tx, incoming(text), rules))
    writer.start()
    assert writer.stop(30)
    assert known == [False, True]
    assert ask("SELECT count(*) FROM contact") == [(1,)]


def test_an_unverified_sender_becomes_an_unconfirmed_participant(accept, ask):
    """Who joined by token from a new address is shown, and does not take part until confirmed."""

    def joined(r, t, s):
        return AddEntry(
            r.allocate("entry"), t, s, EntryKind.INCOMING, "new@example.com", "hi", unverified=True
        )

    accept(incoming(), ticketing(joined))
    assert ask("SELECT folded, role, confirmed FROM participant") == [("new@example.com", "unconfirmed", 0)]
    assert ask("SELECT unverified FROM entry ORDER BY id") == [(0,), (1,)]


def test_a_confirmed_participant_stays_confirmed(accept, ask):
    """Writing unverified once does not take a confirmed participant's place away."""

    def joined(r, t, s):
        return AddEntry(
            r.allocate("entry"), t, s, EntryKind.INCOMING, "cc@example.net", "hi", unverified=True
        )

    accept(incoming(), ticketing(joined, participants=("cc@example.net",)))
    assert ask("SELECT folded, confirmed FROM participant") == [("cc@example.net", 1)]


def test_large_traces_are_compressed_and_come_back(accept, ask):
    """A long trace takes little space and is read back whole."""
    from mailgate.store.pack import unpack

    trace = {"steps": [{"test": "header", "value": "x" * 40} for _ in range(100)]}
    accept(incoming(TEXT), deciding(Deliver("store", "INBOX"), trace=trace))
    packed = ask("SELECT packed FROM trace")[0][0]
    assert unpack(packed) == trace
    assert len(packed) < 500


def test_what_the_hot_statements_write_the_models_read(accept, store):
    """Rows written by compiled text come back through the models, each value under its own name."""
    from mailgate.store.models.mail import Delivery, Message
    from mailgate.store.models.outgoing import Outbox
    from mailgate.store.models.tickets import Entry, Ticket

    accept(incoming(), ticketing(send, agent="bob", workflow="w", priority="high"))
    store.connection()
    message, delivery, ticket = Message.get(), Delivery.get(), Ticket.get()
    answer = Entry.get(Entry.kind == "answer")
    outbox = Outbox.get()
    assert (message.helo, message.peer, message.listener, message.source) == ("mx", "unix", "lmtp", "lmtp")
    assert (delivery.rule, delivery.action, delivery.summary) == ("t:1", "ticket", "ticket=T-1")
    assert (ticket.agent, ticket.workflow, ticket.priority, ticket.match_key) == ("bob", "w", "high", "help")
    assert (answer.outbox_id, answer.author, answer.text) == (outbox.id, "t:1", "thanks")
    assert (outbox.session_id, outbox.entry_id, outbox.rule) == (ticket.session_id, answer.id, "t:1")
    assert (outbox.attempts, outbox.lease_until, outbox.owner, outbox.last_reply) == (0, 0, "", "")
