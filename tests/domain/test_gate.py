"""Every row of the gate: what holds each automatic mail back, and what does not."""

from dataclasses import replace

import pytest
from domainworld import NOW, SUPPORT, answer, mail

from mailgate.domain.draft import Draft, MailKind
from mailgate.domain.effects import Forward, Send
from mailgate.domain.envelope import Source
from mailgate.domain.facts import Authentication, Facts, MailClass, Verdict
from mailgate.domain.gate import (
    ANSWER_ROWS,
    Gate,
    GatePolicy,
    GateVerdict,
    Outcome,
    Reason,
    check_forward,
    check_send,
    counters,
)  # fmt: skip

OWN = frozenset({SUPPORT, "info@example.org"})
POLICY = GatePolicy(own=OWN)
ANNA = "anna@customer.example"


def judged(world, send=None, one=None, policy=POLICY):
    """Return the verdict on an acknowledgement of an ordinary mail, or on what is given."""
    return check_send(send or answer(), one if one is not None else mail(), policy, world, NOW)


def held_back(verdict, row, reason):
    assert (verdict.outcome, verdict.row, verdict.reason) == (Outcome.SUPPRESS, row, reason)


def test_a_persons_mail_is_answered(world):
    """Nothing stands in the way of an acknowledgement of an ordinary mail."""
    assert judged(world) == GateVerdict(Outcome.SEND)


def test_a_vacation_answer_to_a_person_is_sent(world):
    """Nor of a vacation answer, where our address is in To."""
    assert judged(world, answer(vacation=True, period_s=7 * 86400)).outcome is Outcome.SEND


@pytest.mark.parametrize("sender", ["", "<>"])
def test_row_1_null_sender(world, sender):
    """RFC 3834 2: MAIL FROM <> is never answered."""
    held_back(judged(world, one=mail(sender=sender)), 1, Reason.NULL_SENDER)


def test_row_1_no_return_path(world):
    """A polled mail without a usable Return-Path has no sender to answer."""
    held_back(judged(world, one=mail(sender="", source=Source.IMAP)), 1, Reason.NULL_SENDER)


@pytest.mark.parametrize(
    "sender", [SUPPORT, "SUPPORT@Example.ORG", "support+t7.x@example.org", "Info+detail@example.org"]
)
def test_row_2_our_own_addresses(world, sender):
    """Mailboxes and aliases of ours, folded and without plus-tag, are never answered, as sender or as addressee."""
    held_back(judged(world, answer(sender), mail(sender=sender)), 2, Reason.OWN_ADDRESS)
    held_back(judged(world, answer(sender), mail()), 2, Reason.OWN_ADDRESS)


def test_row_2_the_recipient_itself(world):
    """An address that is known by a pattern only does not answer itself either."""
    one = mail(sender="Team@lists.example.org", to="team+x@lists.example.org")
    held_back(judged(world, answer("team@lists.example.org"), one), 2, Reason.OWN_ADDRESS)


def test_row_2_a_whole_domain_of_ours(world):
    """`@domain` in the list of our own addresses covers all of it."""
    policy = GatePolicy(own=frozenset({"@lists.example.org"}))
    held_back(judged(world, answer("any@lists.example.org"), mail(), policy), 2, Reason.OWN_ADDRESS)


@pytest.mark.parametrize("mail_class", [c for c in MailClass if c is not MailClass.PERSON])
def test_row_3_machines(world, mail_class):
    """Only a person's mail is answered; our own mail returned raises an alarm as well."""
    verdict = judged(world, one=mail(facts=Facts(mail_class=mail_class)))
    held_back(verdict, 3, Reason.NOT_A_PERSON)
    assert verdict.alarm is (mail_class is MailClass.OWN)


@pytest.mark.parametrize("trace", [SUPPORT, "support+t7@example.org", "info@example.org"])
def test_row_4_delivered_before(world, trace):
    """Delivered-To or X-Mailgate-Delivered with this recipient, with or without detail, is a loop."""
    one = mail(to="Support+x@example.org", facts=Facts(delivered_to=(trace,)))
    if trace.startswith("support"):
        held_back(judged(world, one=one), 4, Reason.LOOP)
    else:
        assert judged(world, one=one).outcome is Outcome.SEND


@pytest.mark.parametrize(("count", "outcome"), [(25, Outcome.SEND), (26, Outcome.SUPPRESS)])
def test_row_4_received(world, count, outcome):
    """More than 25 Received fields are a loop; the number is a setting."""
    one = mail(facts=Facts(received_count=count))
    assert judged(world, one=one).outcome is outcome
    assert judged(world, one=one, policy=replace(POLICY, received_max=30)).outcome is Outcome.SEND


@pytest.mark.parametrize(
    ("values", "reply", "vacation"),
    [
        (("all",), False, False),
        (("autoreply",), False, False),
        (("dr", "rn", "nrn", "oof", "autoreply"), False, False),
        (("oof",), True, False),
        (("dr", "rn", "nrn"), True, True),
        (("dr",), True, True),
        (("none",), True, True),
    ],
)
def test_row_5_auto_response_suppress(world, values, reply, vacation):
    """All and AutoReply hold everything back, OOF vacation only, DR, RN and NRN nothing."""
    one = mail(facts=Facts(suppress=values))
    assert (judged(world, answer(), one).outcome is Outcome.SEND) is reply
    verdict = judged(world, answer(vacation=True, period_s=86400), one)
    assert (verdict.outcome is Outcome.SEND) is vacation
    if not vacation:
        held_back(verdict, 5, Reason.SUPPRESS_HEADER)


@pytest.mark.parametrize(
    "local",
    [
        "MAILER-DAEMON", "listserv", "majordomo", "printers-request", "owner-printers", "printers-owner", "bounce",
        "bounces+1-2", "noreply", "no-reply", "no_reply", "no.reply", "do-not-reply", "donotreply", "noreply-shop",
        "Postmaster", "root", "abuse", "root+x",
    ],
)  # fmt: skip
def test_row_6_role_addresses(world, local):
    """RFC 5230 4.6 and the names that machines write under."""
    sender = f"{local}@customer.example"
    held_back(judged(world, answer(sender), mail(sender=sender)), 6, Reason.ROLE_ADDRESS)


@pytest.mark.parametrize(
    "local", ["anna", "john.owner", "rooter", "request", "notreply", "abuser", "owner", "b.ounce"]
)
def test_row_6_people_with_such_names(world, local):
    """Somebody called Owner or Root-something is a person."""
    sender = f"{local}@customer.example"
    assert judged(world, answer(sender), mail(sender=sender)).outcome is Outcome.SEND


@pytest.mark.parametrize("facts", [Facts(spam=True), Facts(unparsable=True)])
def test_row_7_spam_and_unparsable(world, facts):
    """Neither spam nor what we could not read is answered."""
    held_back(judged(world, one=mail(facts=facts)), 7, Reason.UNTRUSTED_CONTENT)


class TestRow8:
    """Our address must stand in the mail: for vacation always, for acknowledgements by setting."""

    VACATION = answer(vacation=True, period_s=86400)

    def blind(self, **fields):
        return mail(To="undisclosed-recipients:;", **fields)

    def test_vacation_needs_it(self, world):
        """A blind copy or list mail is not answered by vacation (RFC 5230 4.5)."""
        held_back(judged(world, self.VACATION, self.blind()), 8, Reason.NOT_ADDRESSED)

    def test_an_acknowledgement_needs_it_by_setting(self, world):
        """The setting decides about acknowledgements."""
        assert judged(world, answer(), self.blind()).outcome is Outcome.SEND
        strict = replace(POLICY, acknowledgement_needs_our_address=True)
        held_back(judged(world, answer(), self.blind(), strict), 8, Reason.NOT_ADDRESSED)
        assert judged(world, answer(), mail(), strict).outcome is Outcome.SEND

    @pytest.mark.parametrize("name", ["Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"])
    def test_every_field_that_may_hold_it(self, world, name):
        """To, Cc, Bcc and the Resent fields are looked at."""
        one = self.blind(**{name: f"Desk <{SUPPORT.upper()}>"})
        assert judged(world, self.VACATION, one).outcome is Outcome.SEND

    @pytest.mark.parametrize("name", ["Reply-To", "X-Original-To", "Delivered-To", "Apparently-To"])
    def test_other_fields_do_not_count(self, world, name):
        """What others may have added is no addressing."""
        held_back(judged(world, self.VACATION, self.blind(**{name: SUPPORT})), 8, Reason.NOT_ADDRESSED)

    def test_aliases_and_further_addresses_count(self, world):
        """An alias of ours, the address with detail, and what the script names (:addresses) are ours."""
        for address in ("info@example.org", "support+x@example.org"):
            assert judged(world, self.VACATION, self.blind(Cc=address)).outcome is Outcome.SEND
        send = replace(self.VACATION, addresses=("Old-Desk@example.net",))
        assert judged(world, send, self.blind(Cc="old-desk@example.net")).outcome is Outcome.SEND

    def test_a_display_name_does_not_count(self, world):
        """Our address as somebody's name addresses nobody."""
        one = self.blind(Cc=f'"{SUPPORT}" <x@customer.example>')
        held_back(judged(world, self.VACATION, one), 8, Reason.NOT_ADDRESSED)


def test_row_9_null_mx(world):
    """RFC 7505: a domain that takes no mail gets none."""
    held_back(judged(world, one=mail(facts=Facts(null_mx=True))), 9, Reason.NULL_MX)


def test_row_9_failing_address(world):
    """An address that came back for good lately gets none."""
    world.bad.add(ANNA)
    held_back(judged(world), 9, Reason.FAILING_ADDRESS)


@pytest.mark.parametrize(
    ("found", "sent"),
    [
        (Authentication(), False),
        (Authentication(spf=Verdict("fail"), dkim=(Verdict("fail"),)), False),
        (Authentication(spf=Verdict("softfail"), dkim=(Verdict("temperror"),)), False),
        (Authentication(spf=Verdict("pass")), True),
        (Authentication(spf=Verdict("fail"), dkim=(Verdict("fail"), Verdict("pass"))), True),
    ],
)
def test_row_10_verified_only(world, found, sent):
    """Where the policy says so, only senders whom SPF or DKIM confirms are answered; else it does not matter."""
    one = mail(facts=Facts(authentication=found))
    assert judged(world, one=one).outcome is Outcome.SEND
    verdict = judged(world, one=one, policy=replace(POLICY, verified_only=True))
    assert (verdict.outcome is Outcome.SEND) is sent
    if not sent:
        held_back(verdict, 10, Reason.UNVERIFIED)


class TestRow11:
    """Not again within the period."""

    def test_the_rules_own_period(self, world):
        """What the store remembers for this rule and sender holds the answer back until it ends."""
        send = answer(period_key="k", period_s=3600)
        assert judged(world, send).outcome is Outcome.SEND
        world.kept["answered", "k"] = NOW.replace(hour=13)
        held_back(judged(world, send), 11, Reason.ANSWERED_BEFORE)
        world.pass_time(3601)
        assert judged(world, send).outcome is Outcome.SEND

    def test_a_period_of_zero_answers_every_mail(self, world):
        """W3: the old autoresponder answered every mail; the budgets stay."""
        send = answer(period_key="k", period_s=0)
        world.kept["answered", "k"] = NOW.replace(hour=13)
        world.bump(counters(send, POLICY))
        assert judged(world, send).outcome is Outcome.SEND

    def test_vacation_has_a_shortest_period(self, world):
        """A rule that asks for an hour gets a day (RFC 5230 4.1), per rule and sender."""
        send = answer(vacation=True, period_s=3600)
        world.bump(counters(send, POLICY))
        world.pass_time(5 * 3600)
        held_back(judged(world, send), 11, Reason.ANSWERED_BEFORE)
        assert judged(world, replace(send, rule="other:1")).outcome is Outcome.SEND
        world.pass_time(21 * 3600)
        assert judged(world, send).outcome is Outcome.SEND

    def test_an_acknowledgement_has_one_by_setting(self, world):
        """The administrator may set a floor for acknowledgements, too."""
        policy = replace(POLICY, acknowledgement_minimum_s=3600)
        world.bump(counters(answer(), policy))
        held_back(judged(world, policy=policy), 11, Reason.ANSWERED_BEFORE)
        assert judged(world).outcome is Outcome.SEND


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "anna@",
        "a\r\nb@x.example",
        "a\x00@x.example",
        f"{'a' * 250}@x.example",
        "group: a@b, c@d;",
    ],
)
def test_row_13_no_mailbox(world, address):
    """Nothing is sent to what is no single mailbox: control characters, too long, a group, no domain."""
    for kind in MailKind:
        if kind is not MailKind.REDIRECT:
            held_back(judged(world, answer(address, kind=kind), mail(sender=ANNA)), 13, Reason.UNSENDABLE)


def test_all_rows_are_there():
    """The table has the twelve rows that one answer can meet; row 12 is the budgets."""
    assert {row.number for row in ANSWER_ROWS} == set(range(1, 14)) - {12}


def test_the_cheap_rows_come_first(world):
    """A machine's mail asks the database nothing."""

    class Silent:
        def __getattr__(self, name):
            raise AssertionError(name)

    for mail_class in set(MailClass) - {MailClass.PERSON}:
        verdict = check_send(answer(), mail(facts=Facts(mail_class=mail_class)), POLICY, Silent(), NOW)
        assert verdict.outcome is Outcome.SUPPRESS


def test_reasons_are_words_for_a_label():
    """The reasons are a closed list of short words; only "send" has none."""
    assert all(one.replace("-", "").isalpha() for one in Reason if one is not Reason.NONE)


class TestWithoutAMail:
    """What no mail has caused: the rows about the addressee stay."""

    def judged(self, world, send):
        return check_send(send, None, POLICY, world, NOW)

    def test_it_may_be_sent(self, world):
        """An answer at the end of a session, say."""
        assert self.judged(world, answer(vacation=True, period_s=86400)).outcome is Outcome.SEND

    @pytest.mark.parametrize(
        ("address", "row"), [(SUPPORT, 2), ("noreply@x.example", 6), ("gone@x.example", 9), ("no", 13)]
    )
    def test_the_addressee_is_looked_at(self, world, address, row):
        """Rows 2, 6, 9 and 13 need no mail."""
        world.bad.add("gone@x.example")
        assert self.judged(world, answer(address)).row == row


class TestNotices:
    """Notifications to agents and administrators."""

    NOTICE = Send(MailKind.NOTICE, Draft(SUPPORT, "agent@example.org", "New ticket", "T-7"), "", "notify:1")

    @pytest.mark.parametrize("mail_class", MailClass)
    def test_never_for_bounces_and_returned_mail(self, world, mail_class):
        """Two systems would keep each other busy; for everything else agents are told."""
        verdict = judged(world, self.NOTICE, mail(sender="", facts=Facts(mail_class=mail_class)))
        if mail_class in {MailClass.BOUNCE, MailClass.OWN}:
            held_back(verdict, 3, Reason.NOT_A_PERSON)
        else:
            assert verdict.outcome is Outcome.SEND

    def test_never_to_our_own_addresses(self, world):
        """A notice that comes in again would open a ticket, and so a notice."""
        notice = replace(self.NOTICE, draft=replace(self.NOTICE.draft, to_address=SUPPORT))
        held_back(judged(world, notice), 2, Reason.OWN_ADDRESS)


def test_an_agents_answer_passes(world):
    """What a person writes is no automatic mail: neither class nor budgets matter."""
    send = answer("noreply@x.example", kind=MailKind.AGENT)
    for _ in range(100):
        world.bump(counters(send, POLICY))
    assert judged(world, send, mail(facts=Facts(mail_class=MailClass.LIST))).outcome is Outcome.SEND


def test_a_mailing_reaches_an_address_once(world):
    """N6: one mail per mailing and address, none to failing addresses."""
    send = answer(kind=MailKind.MASS, rule="mailing:5")
    assert judged(world, send).outcome is Outcome.SEND
    world.bump(counters(send, POLICY))
    held_back(judged(world, send), 11, Reason.ANSWERED_BEFORE)
    assert judged(world, replace(send, rule="mailing:6")).outcome is Outcome.SEND
    world.bad.add(ANNA)
    held_back(judged(world, replace(send, rule="mailing:6")), 9, Reason.FAILING_ADDRESS)


class TestForwards:
    """Redirects: what may not go now is held, never dropped."""

    def judged(self, world, to="x@partner.example", one=None, already=0):
        return check_forward(Forward(to, ANNA), one or mail(), already, POLICY, world, NOW)

    def held(self, verdict, reason):
        assert (verdict.outcome, verdict.reason, verdict.alarm) == (Outcome.HOLD, reason, True)

    def test_it_passes(self, world):
        """An ordinary redirect, of a bounce too, is sent."""
        assert self.judged(world) == GateVerdict(Outcome.SEND)
        bounce = mail(sender="", facts=Facts(mail_class=MailClass.BOUNCE))
        assert self.judged(world, one=bounce).outcome is Outcome.SEND

    def test_four_per_mail(self, world):
        """The fifth redirect of one mail is held with an alarm."""
        assert self.judged(world, already=3).outcome is Outcome.SEND
        self.held(self.judged(world, already=4), Reason.BUDGET_MAIL)

    @pytest.mark.parametrize(
        "facts",
        [
            Facts(received_count=101),
            Facts(delivered_to=(SUPPORT,)),
            Facts(delivered_to=("support+x@example.org",)),
        ],
    )
    def test_a_mail_in_a_loop(self, world, facts):
        """RFC 5321 6.3, and what was redirected for this recipient once before."""
        self.held(self.judged(world, one=mail(facts=facts)), Reason.LOOP)

    def test_a_long_way_is_no_loop(self, world):
        """A hundred Received fields may still be a mail on its way."""
        assert self.judged(world, one=mail(facts=Facts(received_count=100))).outcome is Outcome.SEND

    def test_to_itself(self, world):
        """A redirect to the very recipient would come straight back."""
        self.held(self.judged(world, to="SUPPORT@example.org"), Reason.LOOP)

    def test_our_mark_alone_is_no_loop(self, world):
        """A mail that one of our mailboxes redirected to another may be redirected on."""
        assert self.judged(world, one=mail(facts=Facts(returned=True))).outcome is Outcome.SEND

    def test_to_no_mailbox(self, world):
        """What can't be sent to is held for somebody to look at."""
        self.held(self.judged(world, to="nobody"), Reason.UNSENDABLE)


class TestGate:
    """The gate bound to its policy, as the store uses it."""

    def test_it_answers_like_the_functions(self, world):
        """One object with the four questions of the store."""
        gate = Gate(POLICY)
        send, forward = answer(ticket_id=7), Forward("x@partner.example", ANNA)
        assert gate.send(send, mail(), world, NOW) == judged(world, send)
        assert gate.forward(forward, mail(), 0, world, NOW).outcome is Outcome.SEND
        assert gate.counters(send, mail()) == (
            ("answer.address", ANNA), ("answer.ticket", "7"), ("answer.domain", "customer.example"), ("answer.all", ""),
        )  # fmt: skip
        assert gate.counters(forward, mail()) == (
            ("redirect.domain", "partner.example"),
            ("redirect.all", ""),
        )
        assert gate.overruns(send, gate.send(send, mail(), world, NOW)) == ()
