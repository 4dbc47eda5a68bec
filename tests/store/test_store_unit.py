"""One delivery: exactly once, alone in its savepoint, and never lost whatever its processing does."""

from dataclasses import replace

import pytest
from storekit import TEXT, deciding, incoming, keep

from mailgate.domain.effects import Decision, Deliver, Drop, Refuse, SetAside
from mailgate.domain.facts import Facts, MailClass
from mailgate.domain.routing import Catalogue, Route
from mailgate.errors import Reply
from mailgate.store import queries
from mailgate.store.pack import unpack
from mailgate.store.unit import UnitRules, accept_each, dedupe_key, reply_for_all

REFUSE = Refuse(550, "5.7.1", "go away")


def crash(mail, route, catalogue, reader, now):
    raise ZeroDivisionError("poison\0in the text")


def crash_for(local: str, decide=keep):
    """Return a decider that crashes for one recipient only."""

    def run(mail, route, catalogue, reader, now):
        if mail.recipient.address.startswith(local):
            raise ZeroDivisionError(local)
        return decide(mail, route, catalogue, reader, now)

    return run


def refuse_for(local: str):
    """Return a decider that refuses one recipient only."""

    def run(mail, route, catalogue, reader, now):
        if mail.recipient.address.startswith(local):
            return Decision((REFUSE,), "t:2", "reject", "")
        return keep(mail, route, catalogue, reader, now)

    return run


def test_a_kept_mail_is_stored_with_everything(accept, ask):
    """One mail, one recipient: mail, octets, delivery, trace and key are there, and the reply names the mail."""
    (outcome,) = accept(incoming(queue_id="A3E94214951"))
    assert outcome.reply == Reply(250, "2.0.0", "accepted id=01TRACE folder=INBOX")
    assert (outcome.status, outcome.rule, outcome.action) == ("accepted", "test.sieve:1", "keep")
    assert ask("SELECT qid, msgid, subject, size, stored FROM message") == [
        ("A3E94214951", "<m1@example.net>", "help", len(TEXT), "inline")
    ]
    assert ask("SELECT octets FROM message_body") == [(TEXT,)]
    assert ask("SELECT recipient, status, folder, reply, code FROM delivery") == [
        ("support@example.org", "accepted", "INBOX", "accepted id=01TRACE folder=INBOX", 250)
    ]
    assert unpack(ask("SELECT packed FROM trace")[0][0]) == {"steps": ["kept"]}
    assert ask("SELECT key FROM seen") == [
        (dedupe_key("ann@example.net", "support@example.org", incoming().received.octets.sha256),)
    ]


def test_the_same_bytes_twice_get_the_stored_reply(accept, ask):
    """A second coming is one delivery; its reply names what the first became, and is marked as a duplicate."""
    decide = deciding(Deliver("store", "INBOX"), summary="ticket=T-7")
    (first,) = accept(incoming(), decide)
    (second,) = accept(incoming(trace_id="01OTHER", queue_id="Q2"), crash)
    assert first.reply.text == "accepted id=01TRACE ticket=T-7"
    assert second.reply == Reply(250, "2.0.0", "already accepted, ticket T-7")
    assert second.duplicate
    assert ask("SELECT count(*) FROM delivery") == [(1,)]
    assert ask("SELECT count(*) FROM message") == [(1,)]


def test_a_duplicate_without_a_summary_names_the_first_id(accept):
    """Where there is nothing to name, the id of the first coming is named."""
    accept(incoming(), deciding(Drop("rule")))
    (second,) = accept(incoming(trace_id="01OTHER"))
    assert second.reply.text == "already accepted, id=01TRACE"


def test_a_refusal_stays_a_refusal(accept, ask):
    """A 550 stays the same 550, whatever the rules say by now."""
    (first,) = accept(incoming(), deciding(REFUSE, Deliver("store", "INBOX")))
    (second,) = accept(incoming(), keep)
    assert first.reply == second.reply == Reply(550, "5.7.1", "go away")
    assert ask("SELECT status, folder FROM delivery") == [("refused", "")]


def test_the_key_lasts_fourteen_days(accept, clock):
    """Within 14 days it is a duplicate, afterwards a new mail."""
    accept(incoming())
    clock.move(days=13, hours=23)
    assert accept(incoming())[0].duplicate
    clock.move(hours=2)
    (third,) = accept(incoming())
    assert not third.duplicate
    assert third.reply.text.startswith("accepted id=")


@pytest.mark.parametrize(
    "changes",
    [{"sender": "other@example.net"}, {"sender": ""}],
)
def test_another_sender_is_another_mail(accept, changes):
    """The key is over the sender too."""
    accept(incoming())
    assert not accept(incoming(**changes))[0].duplicate


def test_recipient_as_given_and_octets_make_the_key():
    """Every part counts, and parts cannot be shifted into each other."""
    keys = {
        dedupe_key("a", "b", b"1" * 32),
        dedupe_key("a", "B", b"1" * 32),
        dedupe_key("a", "b", b"2" * 32),
        dedupe_key("ab", "", b"1" * 32),
        dedupe_key("", "ab", b"1" * 32),
    }
    assert len(keys) == 5


def test_one_reply_per_recipient_in_order_duplicates_included(accept, ask):
    """Three RCPTs, one of them twice: three outcomes in order, two deliveries, one mail."""
    outcomes = accept(incoming(TEXT, "b@example.org", "a@example.org", "b@example.org"))
    assert [o.recipient for o in outcomes] == ["b@example.org", "a@example.org", "b@example.org"]
    assert [o.duplicate for o in outcomes] == [False, False, True]
    assert ask("SELECT recipient FROM delivery ORDER BY id") == [("b@example.org",), ("a@example.org",)]
    assert ask("SELECT count(*) FROM message") == [(1,)]


def test_a_crash_for_one_recipient_leaves_the_others(accept, ask):
    """451 for the one, 250 for the others; the mail's own rows are written by the first that holds."""
    outcomes = accept(incoming(TEXT, "x@example.org", "a@example.org"), crash_for("x"))
    assert [o.reply.code for o in outcomes] == [451, 250]
    assert outcomes[0].crashed
    assert outcomes[0].reply.enhanced == "4.3.0"
    assert "ZeroDivisionError" not in outcomes[0].reply.text
    assert ask("SELECT count(*) FROM message_body") == [(1,)]


def test_what_a_crashed_unit_wrote_is_gone(accept, ask):
    """Rows written before the crash are rolled back with it."""

    def late(mail, route, catalogue, reader, now):
        reader._tx.execute("INSERT INTO audit (at, who, action, subject, detail) VALUES (1, '', '', '', '')")
        raise ValueError

    accept(incoming(), late)
    assert ask("SELECT count(*) FROM audit") == [(0,)]
    assert ask("SELECT count(*) FROM message") == [(0,)]


def test_the_third_crash_is_stored_raw(accept, ask):
    """Twice 451, then 250: kept as it came, undecided, with the error, and visible as unprocessed."""
    codes = [accept(incoming(), crash)[0].reply.code for _ in range(3)]
    assert codes == [451, 451, 250]
    assert ask("SELECT status, folder, reason FROM delivery") == [
        ("unprocessed", "Unprocessed", "its processing crashed repeatedly")
    ]
    assert "ZeroDivisionError" in ask("SELECT error FROM delivery")[0][0]
    assert ask("SELECT octets FROM message_body") == [(TEXT,)]


def test_the_mail_after_the_third_crash_is_a_duplicate(accept):
    """A fourth coming gets the stored reply and does not crash again."""
    for _ in range(3):
        accept(incoming(), crash)
    (fourth,) = accept(incoming(), crash)
    assert fourth.reply.text == "already accepted, folder=Unprocessed"


def test_the_number_of_tries_is_a_setting(accept):
    """With one try the first crash is stored raw."""
    assert accept(incoming(), crash, tries=1)[0].status == "unprocessed"


@pytest.mark.parametrize("error", [OSError(28, "no space"), OSError(5, "i/o"), MemoryError()])
def test_faults_of_the_house_are_not_counted(accept, ask, error):
    """Disk and memory are not the mail's fault: later, as often as need be, never raw."""

    def fail(mail, route, catalogue, reader, now):
        raise error

    replies = [accept(incoming(), fail)[0].reply for _ in range(5)]
    expected = 452 if getattr(error, "errno", 0) == 28 else 451
    assert {r.code for r in replies} == {expected}
    assert ask("SELECT count(*) FROM attempt") == [(0,)]


def test_a_value_that_no_column_takes_is_the_mails_own_fault(accept, ask):
    """A number too large for the database is counted as a crash, not as a fault of the house."""

    def large(mail, route, catalogue, reader, now):
        reader._tx.execute(
            "INSERT INTO audit (at, who, action, subject, detail) VALUES (?, '', '', '', '')", (2**70,)
        )

    assert accept(incoming(), large)[0].crashed
    assert ask("SELECT tries FROM attempt") == [(1,)]


def test_text_that_no_database_takes_is_cleaned(accept, ask):
    """Lone surrogates and NUL in what the rules say do not stop the mail."""
    decide = deciding(Deliver("store", "in\ud800box\0"), summary="folder=\udcff")
    assert accept(incoming(), decide)[0].status == "accepted"
    assert ask("SELECT folder FROM delivery") == [("in?box\ufffd",)]


def test_a_route_that_vanished_is_tried_later_and_not_counted(writer, ask):
    """Accepted at RCPT, gone since: the client asks again and hears the present answer there."""
    rules = UnitRules(keep, Catalogue(), None)
    (outcome,) = writer.submit(lambda tx: accept_each(tx, incoming(), rules)).result(30)
    assert outcome.reply.code == 451
    assert ask("SELECT count(*) FROM attempt") == [(0,)]


def test_a_route_switched_off_is_tried_later(writer):
    """A known address whose channel is off answers 451 (G1)."""
    catalogue = Catalogue(routes={"support@example.org": Route("support@example.org", enabled=False)})
    rules = UnitRules(keep, catalogue, None)
    assert writer.submit(lambda tx: accept_each(tx, incoming(), rules)).result(30)[0].reply.code == 451


def test_set_aside_and_discard_are_kept_and_shown(accept, ask):
    """Neither is lost: the octets stay, with status, folder and reason."""
    accept(incoming(TEXT, "a@example.org"), deciding(SetAside("Aside", "a bounce of nothing")))
    accept(incoming(TEXT, "b@example.org"), deciding(Drop("newsletter")))
    assert ask("SELECT status, folder, reason FROM delivery ORDER BY id") == [
        ("aside", "Aside", "a bounce of nothing"),
        ("discarded", "", "newsletter"),
    ]
    assert ask("SELECT count(*) FROM message_body") == [(2,)]


def test_two_folders_are_two_places(accept, ask):
    """The first place stands in the delivery, the others beside it."""
    accept(incoming(), deciding(Deliver("store", "INBOX"), Deliver("store", "Copy", ("\\Seen", "x"))))
    assert ask("SELECT folder, flags FROM delivery") == [("INBOX", "")]
    assert ask("SELECT folder, flags FROM filing") == [("Copy", "\\Seen x")]


def test_the_settled_class_is_kept(accept, ask):
    """The class that the decision settled counts, not the one guessed before."""
    accept(incoming(), deciding(Drop("x"), trace={"class": "bounce", "class_reason": "report"}))
    assert ask("SELECT mail_class, class_reason FROM delivery") == [("bounce", "report")]


def test_all_or_nothing_for_one_answer(accept, ask):
    """SMTP: one recipient crashes, so nothing of the others is stored, and the one reply is 451."""
    outcomes = accept(incoming(TEXT, "a@example.org", "x@example.org"), crash_for("x"), all_at_once=True)
    assert reply_for_all(outcomes).code == 451
    assert {o.reply.code for o in outcomes} == {451}
    assert ask("SELECT count(*) FROM delivery") == [(0,)]
    assert ask("SELECT tries FROM attempt") == [(1,)]


def test_all_at_once_ends_after_the_third_crash(accept, ask):
    """The crashing recipient is stored raw at the third try, and then all are accepted."""
    codes = []
    for _ in range(3):
        outcomes = accept(incoming(TEXT, "a@example.org", "x@example.org"), crash_for("x"), all_at_once=True)
        codes.append(reply_for_all(outcomes).code)
    assert codes == [451, 451, 250]
    assert ask("SELECT recipient, status FROM delivery ORDER BY id") == [
        ("a@example.org", "accepted"),
        ("x@example.org", "unprocessed"),
    ]


def test_one_answer_for_different_fates_is_yes(accept):
    """Refused for one, kept for another: the mail is accepted; refused for all: refused."""
    mixed = accept(incoming(TEXT, "r@example.org", "a@example.org"), refuse_for("r"), all_at_once=True)
    assert reply_for_all(mixed).code == 250
    alone = accept(incoming(b"b\r\n\r\n", "r@example.org"), refuse_for("r"), all_at_once=True)
    assert reply_for_all(alone).code == 550


def test_all_at_once_twice_is_once(accept, ask):
    """The keys hold for this way too."""
    accept(incoming(TEXT, "a@example.org", "b@example.org"), all_at_once=True)
    outcomes = accept(incoming(TEXT, "a@example.org", "b@example.org"), all_at_once=True)
    assert [o.duplicate for o in outcomes] == [True, True]
    assert ask("SELECT count(*) FROM delivery") == [(2,)]


def test_incoming_mail_is_counted_once_per_mail(accept, ask):
    """The budget "a fifth of incoming mail" counts mails, not recipients, duplicates or refusals."""
    accept(incoming(TEXT, "a@example.org", "b@example.org"))
    accept(incoming(TEXT, "a@example.org"))
    accept(incoming(b"c\r\n\r\n"), deciding(REFUSE))
    accept(incoming(b"d\r\n\r\n"))
    assert ask("SELECT width, n FROM gate_count WHERE scope = 'incoming' ORDER BY width") == [
        (60, 2),
        (3600, 2),
    ]


def test_nothing_is_orphaned(accept, store):
    """After deliveries of all kinds every row has its partner."""
    from mailgate.store import checkup

    accept(incoming(TEXT, "x@example.org", "a@example.org", "r@example.org"), crash_for("x", refuse_for("r")))
    for _ in range(3):
        accept(incoming(b"z\r\n\r\n"), crash)
    connection = store.reader()
    assert checkup.orphans(connection) == []
    assert checkup.damage(connection) == []
    connection.close()


def test_a_mail_that_cannot_be_parsed_becomes_what_the_rules_say_and_is_listed(accept, store):
    """It is kept or ticketed like any other, and a person finds it."""
    (outcome,) = accept(replace(incoming(), facts=Facts(unparsable=True)))
    assert (outcome.reply.code, outcome.status) == (250, "unparsable")
    with queries.reading(store) as connection:
        (row,) = queries.list_deliveries(connection, status="unparsable")
        assert (row["folder"], row["reason"]) == ("INBOX", "its structure cannot be told")
        assert queries.counts_by_status(connection) == {"unprocessed": 0, "aside": 0, "unparsable": 1}


def test_a_mail_of_ours_that_comes_back_raises_an_alarm(accept):
    """Whatever the rules made of it; other mail raises none."""
    (own,) = accept(replace(incoming(b"own\r\n\r\n"), facts=Facts(mail_class=MailClass.OWN)))
    (other,) = accept(incoming(b"other\r\n\r\n"))
    assert (own.alarms, other.alarms) == (("own-mail-returned",), ())
