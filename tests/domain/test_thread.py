"""Which ticket a mail belongs to: every cell of the table of MAIL.md 5, and forgeries that must not join."""

from datetime import timedelta

import pytest
from domainworld import HOST, KEYS, NOW, SUPPORT, dmarc, mail

from mailgate.domain.facts import Facts
from mailgate.domain.thread import How, belongs
from mailgate.domain.ticket import match_key
from mailgate.domain.token import detail, message_id

ANNA, MALLORY = "anna@customer.example", "mallory@evil.example"
STORED = "<stored@customer.example>"
TOKEN = message_id(KEYS, 7, 107, ANNA, "u", HOST)
WRONG = TOKEN.replace("t7.", "t8.")


@pytest.fixture
def desk(world):
    """Ticket 7 is Anna's, with one stored mail; ticket 8 is Ben's."""
    world.add_ticket(7, ANNA)
    world.add_ticket(8, "ben@other.example")
    world.references[STORED] = [7]
    world.match_keys[world.contacts[ANNA].contact_id, "printer on fire"] = (7, NOW - timedelta(days=1))
    return world


def by(sender, facts=None, to=SUPPORT, **fields):
    fields = {"from": f"Somebody <{sender}>", "message_id": "<new@x.example>"} | fields
    return mail(sender=sender, to=to, facts=facts or Facts(), **fields)


def asked(desk, one, **options):
    return belongs(one, desk, KEYS, now=NOW, **options)


def outcome(found):
    return found.how, found.ticket.ticket_id if found.ticket else 0, found.row, found.unverified


SHOWS = {
    1: {"in_reply_to": TOKEN},
    2: {"references": f"<other@x.example> {STORED}"},
    3: {"subject": "Re: [#T-7] Printer"},
    4: {"subject": "AW: Printer on fire"},
}
JOIN, CLAIM, NEW = How.JOIN, How.CLAIM, How.NEW
MATRIX = [
    # what it shows, sender, DMARC, how, ticket, row, unverified
    (1, ANNA, "pass", (JOIN, 7, 1, False)),
    (1, ANNA, "none", (JOIN, 7, 1, False)),
    (1, ANNA, "fail", (JOIN, 7, 1, True)),
    (1, MALLORY, "pass", (JOIN, 7, 1, True)),
    (1, MALLORY, "fail", (JOIN, 7, 1, True)),
    (2, ANNA, "pass", (JOIN, 7, 2, False)),
    (2, ANNA, "none", (JOIN, 7, 2, False)),
    (2, ANNA, "fail", (CLAIM, 7, 2, False)),
    (2, MALLORY, "pass", (CLAIM, 7, 2, False)),
    (2, MALLORY, "fail", (CLAIM, 7, 2, False)),
    (3, ANNA, "pass", (JOIN, 7, 3, False)),
    (3, ANNA, "none", (JOIN, 7, 3, False)),
    (3, ANNA, "fail", (CLAIM, 7, 3, False)),
    (3, MALLORY, "pass", (CLAIM, 7, 3, False)),
    (3, MALLORY, "fail", (CLAIM, 7, 3, False)),
    (4, ANNA, "pass", (JOIN, 7, 4, False)),
    (4, ANNA, "none", (JOIN, 7, 4, False)),
    (4, ANNA, "fail", (NEW, 0, 0, False)),
    (4, MALLORY, "pass", (NEW, 0, 0, False)),
    (4, MALLORY, "fail", (NEW, 0, 0, False)),
]


@pytest.mark.parametrize(("row", "sender", "verdict", "expected"), MATRIX)
def test_the_forge_matrix(desk, row, sender, verdict, expected):
    """Every cell of MAIL.md 5: participant or anyone else, with DMARC passing, unknown or failing."""
    one = by(sender, dmarc(verdict), **SHOWS[row])
    key = match_key(one.view.subject) if row == 4 else ""
    assert outcome(asked(desk, one, match_key=key)) == expected


@pytest.mark.parametrize("row", [1, 2, 3])
def test_a_confirmed_cc_and_an_agent_are_participants(desk, row):
    """Who else takes part joins like the contact."""
    desk.participants.add((7, "carla@partner.example"))
    assert outcome(asked(desk, by("Carla@Partner.example", **SHOWS[row]))) == (JOIN, 7, row, False)


@pytest.mark.parametrize(
    ("row", "verdict", "expected"),
    [
        (1, "none", (JOIN, 7, 1, False)),
        (1, "fail", (JOIN, 7, 1, True)),
        (2, "pass", (JOIN, 7, 2, False)),
        (2, "fail", (CLAIM, 7, 2, False)),
        (3, "none", (JOIN, 7, 3, False)),
        (3, "fail", (CLAIM, 7, 3, False)),
    ],
)
def test_an_agent_of_the_queue_is_a_participant(desk, row, verdict, expected):
    """Whoever works on the ticket's queue counts like the contact, and is believed no more than that."""
    joe = "joe@staff.example"
    found = asked(
        desk,
        by(joe, dmarc(verdict), **SHOWS[row]),
        works_on=lambda who, one: (who, one.ticket_id) == (joe, 7),
    )
    assert outcome(found) == expected


def test_a_participant_of_another_ticket_is_anyone_else(desk):
    """Ben has a ticket of his own; that gives him nothing in Anna's."""
    assert outcome(asked(desk, by("ben@other.example", **SHOWS[3]))) == (CLAIM, 7, 3, False)


class TestTokens:
    """Row 1."""

    def test_the_plus_address_carries_one(self, desk):
        """support+<token>@ joins, whatever the headers say."""
        to = f"support+{detail(KEYS, 7, 107, ANNA)}@example.org"
        assert outcome(asked(desk, by(ANNA, to=to))) == (JOIN, 7, 1, False)
        assert outcome(asked(desk, by(MALLORY, to=to))) == (JOIN, 7, 1, True)

    @pytest.mark.parametrize("field", ["in_reply_to", "references"])
    @pytest.mark.parametrize("sender", [ANNA, MALLORY])
    def test_a_wrong_token_counts_as_none_and_is_counted(self, desk, field, sender):
        """Ticket 8 with ticket 7's MAC joins nothing, not even as a claim."""
        found = asked(desk, by(sender, **{field: WRONG}))
        assert outcome(found) == (NEW, 0, 0, False)
        assert found.wrong_tokens == 1
        assert found.tried[0]["result"] == "wrong"

    def test_a_wrong_plus_address_is_counted(self, desk):
        """So is one in the address."""
        to = f"support+{detail((b'other',), 7, 107, ANNA)}@example.org"
        found = asked(desk, by(ANNA, to=to))
        assert (found.how, found.wrong_tokens) == (NEW, 1)

    def test_a_wrong_token_does_not_spoil_what_else_is_shown(self, desk):
        """A participant's reply that also cites a broken token joins by its Message-ID."""
        found = asked(desk, by(ANNA, references=f"{WRONG} {STORED}"))
        assert outcome(found) == (JOIN, 7, 2, False)
        assert found.wrong_tokens == 1

    def test_the_nearest_mail_of_ours_decides(self, desk):
        """Of tokens of two tickets the one in In-Reply-To counts, then the newest in References."""
        other = message_id(KEYS, 8, 108, ANNA, "u", HOST)
        assert asked(desk, by(ANNA, in_reply_to=TOKEN, references=f"{TOKEN} {other}")).ticket.ticket_id == 7
        assert asked(desk, by(ANNA, references=f"{TOKEN} {other}")).ticket.ticket_id == 8

    def test_a_token_without_a_ticket_opens_one(self, desk):
        """An answer to our vacation mail is a mail like any other."""
        found = asked(desk, by(ANNA, in_reply_to=message_id(KEYS, 0, 0, ANNA, "u", HOST)))
        assert (found.how, found.wrong_tokens) == (NEW, 0)

    def test_a_token_of_a_ticket_that_is_gone(self, desk):
        """A right token of a deleted ticket opens a new one and says why."""
        found = asked(desk, by(ANNA, in_reply_to=message_id(KEYS, 99, 1, ANNA, "u", HOST)))
        assert found.how is NEW
        assert found.tried[0]["result"] == "no such ticket"

    def test_a_rotated_key_still_joins(self, desk):
        """Old keys stay valid as long as tickets do."""
        assert belongs(by(ANNA, **SHOWS[1]), desk, (b"new", *KEYS), now=NOW).how is JOIN
        assert belongs(by(ANNA, **SHOWS[1]), desk, (b"new",), now=NOW).how is NEW

    def test_thousands_of_wrong_tokens_are_bounded(self, desk):
        """What is read of References is capped, and so is the work."""
        ids = " ".join(message_id((b"x",), 7, 1, ANNA, str(n), HOST) for n in range(500))
        assert asked(desk, by(MALLORY, references=ids)).wrong_tokens <= 100


class TestForgedAuthors:
    """Who a mail is from is what From says, all of it."""

    def test_the_envelope_alone_makes_no_participant(self, desk):
        """Mallory with Anna's envelope sender is Mallory."""
        one = mail(sender=ANNA, **{"from": MALLORY}, **SHOWS[2])
        assert asked(desk, one).how is CLAIM

    def test_two_authors_must_both_take_part(self, desk):
        """A second author, in the same field or in another, spoils it: one of them is what a reader would see."""
        both = f"{ANNA}, {MALLORY}"
        assert asked(desk, by(ANNA, **{"from": both}, **SHOWS[2])).how is CLAIM
        twice = mail(
            f"From: {ANNA}\nFrom: {MALLORY}\nTo: {SUPPORT}\nReferences: {STORED}\nMessage-ID: <n@x>",
            sender=ANNA,
        )
        assert asked(desk, twice).how is CLAIM

    @pytest.mark.parametrize(
        "author", ["anna@customer.example <mallory@evil.example>", '"anna@customer.example" <mallory@evil.example>',
                   "=?utf-8?q?anna=40customer=2Eexample?= <mallory@evil.example>", "anna@customer.example\u200b", "anna@ｃustomer.example"]
    )  # fmt: skip
    def test_a_display_name_is_no_address(self, desk, author):
        """Anna's address as a name, encoded or not, or with something invisible, is not Anna."""
        assert asked(desk, by(MALLORY, **{"from": author}, **SHOWS[3])).how is CLAIM

    @pytest.mark.parametrize(
        ("contact", "author"),
        [
            ("anna@strasse.example", "anna@straße.example"),
            ("weiss@customer.example", "weiß@customer.example"),
        ],
    )
    def test_letters_that_compare_alike_are_not_the_same(self, desk, contact, author):
        """A sharp s folds to two, but it may be somebody else's domain, for which DMARC passes."""
        desk.participants.add((7, contact))
        assert asked(desk, by(contact, **SHOWS[3])).how is JOIN
        assert asked(desk, by(author, **{"from": author}, **SHOWS[3])).how is CLAIM

    def test_an_internationalised_address_takes_part(self, desk):
        """An honest umlaut domain joins, in either of its spellings and any case."""
        desk.participants.add((7, "jörg@xn--mller-kva.example"))
        for author in ("jörg@müller.example", "JÖRG@MÜLLER.example"):
            assert asked(desk, by(author, **{"from": author}, **SHOWS[3])).how is JOIN

    def test_without_from_the_envelope_speaks(self, desk):
        """A mail without From is its envelope sender's; with neither it is nobody's."""
        bare = f"To: {SUPPORT}\nReferences: {STORED}\nMessage-ID: <n@x>"
        assert asked(desk, mail(bare, sender=ANNA)).how is JOIN
        assert asked(desk, mail(bare, sender="")).how is CLAIM


class TestMessageIds:
    """Row 2."""

    def test_a_second_copy_joins(self, desk):
        """The same Message-ID from a participant again, by another path, is the same conversation."""
        assert outcome(asked(desk, by(ANNA, message_id=STORED))) == (JOIN, 7, 2, False)

    def test_a_strangers_copy_is_a_claim(self, desk):
        """Who uses a stored Message-ID as his own joins nothing."""
        assert outcome(asked(desk, by(MALLORY, message_id=STORED))) == (CLAIM, 7, 2, False)

    def test_a_copy_to_another_queue_is_a_matter_of_its_own(self, desk):
        """One mail to support@ and sales@ concerns both queues."""
        assert asked(desk, by(ANNA, message_id=STORED), queue="sales").how is NEW
        assert asked(desk, by(ANNA, message_id=STORED), queue="support").how is JOIN

    def test_of_several_tickets_the_participants_own_counts(self, desk):
        """A Message-ID that stands in two tickets joins the one where the author takes part."""
        desk.references["<shared@x>"] = [8, 7]
        assert asked(desk, by(ANNA, references="<shared@x>")).ticket.ticket_id == 7

    def test_unknown_ids_show_nothing(self, desk):
        """References to mails that we never saw open a new ticket."""
        assert asked(desk, by(ANNA, references="<never@seen>")).how is NEW


class TestNumbers:
    """Row 3."""

    def test_a_queue_may_have_its_own_pattern(self, desk):
        """What the pattern writes is read; so is a number from before it was the pattern."""
        desk.tickets[7] = type(desk.tickets[7])(
            7, "Case 7", "x", "open", "normal", "support", "", 1, 107, "active"
        )
        one = by(ANNA, subject="Re: [#Case 7] x")
        assert asked(desk, one, pattern="Case {n}").how is JOIN
        assert asked(desk, one).how is JOIN
        assert asked(desk, by(ANNA, subject="Re: [#7] x")).how is JOIN
        assert asked(desk, by(ANNA, subject="Re: [#Case 8] x")).how is NEW

    def test_a_number_that_does_not_exist(self, desk):
        """It opens a ticket, and the trace says what was tried."""
        found = asked(desk, by(ANNA, subject="[#T-99] x"))
        assert found.how is NEW
        assert found.tried == ({"row": 3, "what": "number", "value": "T-99", "result": "no such ticket"},)


class TestSubjects:
    """Row 4 (S5)."""

    def test_only_where_the_rule_asks(self, desk):
        """Without a key the same subject shows nothing."""
        assert asked(desk, by(ANNA, **SHOWS[4])).how is NEW

    def test_only_within_the_window(self, desk):
        """The ticket must have been touched within it."""
        one = by(ANNA, **SHOWS[4])
        assert asked(desk, one, match_key="printer on fire", window=timedelta(hours=1)).how is NEW
        assert asked(desk, one, match_key="printer on fire", window=timedelta(days=2)).how is JOIN

    def test_a_key_from_a_regular_expression(self, desk):
        """The key may be anything that the rule took out of the subject."""
        desk.match_keys[desk.contacts[ANNA].contact_id, "ord-5"] = (7, NOW)
        assert asked(desk, by(ANNA, subject="whatever"), match_key="ord-5").how is JOIN


class TestTickets:
    """States of the ticket."""

    @pytest.mark.parametrize("row", [1, 2, 3])
    def test_a_closed_ticket_is_joined(self, desk, row):
        """Whoever asked reopens it."""
        desk.add_ticket(7, ANNA, status="closed")
        found = asked(desk, by(ANNA, **SHOWS[row]))
        assert (found.how, found.ticket.status) == (JOIN, "closed")

    @pytest.mark.parametrize("row", [1, 2, 3])
    def test_a_merged_ticket_stands_for_the_other(self, desk, row):
        """What belonged to 7 belongs to 8 after the merge, for those who take part in 8."""
        desk.add_ticket(7, ANNA, merged_into=8)
        assert asked(desk, by("ben@other.example", **SHOWS[row])).ticket.ticket_id == 8
        assert asked(desk, by("ben@other.example", **SHOWS[row])).how is JOIN


def test_of_several_claims_the_first_is_kept(desk):
    """Mallory names two tickets and cites a third one's mail: the claim is the first that was looked at."""
    desk.references["<bens@x>"] = [8]
    found = asked(desk, by(MALLORY, references="<bens@x>", subject="[#T-7] x"))
    assert outcome(found) == (CLAIM, 8, 2, False)


def test_two_authors_have_no_common_subject(desk):
    """Row 4 is about one contact."""
    one = by(ANNA, **{"from": f"{ANNA}, {MALLORY}"}, **SHOWS[4])
    assert asked(desk, one, match_key="printer on fire").how is NEW


def test_a_join_further_down_beats_a_claim(desk):
    """Anna cites a mail of Ben's ticket and names her own: she joins hers, and the trace keeps the rest."""
    desk.references["<bens@x>"] = [8]
    found = asked(desk, by(ANNA, references="<bens@x>", subject="[#T-7] x"))
    assert outcome(found) == (JOIN, 7, 3, False)
    assert found.tried[0]["result"] == "claims: not a participant"


def test_a_mail_that_shows_nothing_opens_a_ticket(desk):
    """An ordinary first mail; nothing was tried."""
    found = asked(desk, by(ANNA))
    assert (found.how, found.ticket, found.tried, found.wrong_tokens) == (NEW, None, (), 0)


def test_the_trace_says_why(desk):
    """Each look is kept with row, value, result and ticket."""
    found = asked(desk, by(ANNA, dmarc("fail"), **SHOWS[2]))
    assert found.tried[-1] == {
        "row": 2, "what": "message-id", "value": STORED, "ticket": "T-7",
        "result": "claims: participant, but DMARC fails",
    }  # fmt: skip
