"""Which ticket an answer joins, by real LMTP and real commands: what it shows, from whom, how well proven (T10)."""

import itertools

import pytest
import threadkit
from threadkit import ANNA, AUTHSERV, CARLA, EVE, SALES, SUE, SUPPORT


@pytest.fixture(scope="module")
def desk():
    """Run one gateway for all cells: each opens a ticket of its own."""
    with threadkit.desk() as one:
        one.do("helpdesk", "set", "answers_to", "ticket")
        yield one


SHOWS = ("in-reply-to", "references", "plus-address", "their-id", "number", "subject")
SENDERS = {"contact": ANNA, "cc": CARLA, "agent": SUE, "stranger": EVE, "other-contact": "dan@other.example"}
# What the mail's header says of DMARC, and what that comes to.
VERDICTS = {
    "pass": ((AUTHSERV, "pass"),),
    "none": (),
    "fail": ((AUTHSERV, "fail"),),
    "fail-and-forged-pass": ((AUTHSERV, "fail"), ("mx.evil.example", "pass")),
    "fail-by-nobody": (("mx.evil.example", "fail"),),
}
COUNT = itertools.count(1)


def opened(desk, shows: str) -> tuple[str, str, str]:
    """Open a ticket of Anna's with Carla as Cc and an answer to it; return number, her mail's id, the subject."""
    to = SALES if shows == "subject" else SUPPORT
    subject = f"Printer {next(COUNT)}"
    own, number = desk.write(subject, to=to)
    desk.do("ticket", "participant", "add", number, CARLA)
    return number, own, subject


def answered(desk, number: str) -> tuple[str, str]:
    """Return the Message-ID of an agent's answer to Anna and where answers to it go; it is written if need be."""
    sql = (
        "SELECT msgid, json_extract(draft, '$.reply_to') AS answers FROM outbox JOIN ticket ON ticket.id = ticket_id"
        " WHERE number = ? AND to_address = ?"
    )
    rows = desk.ask(sql, number, ANNA)
    if not rows:
        desk.do("ticket", "reply", number, "Which one?", "--as", "sue")
        rows = desk.ask(sql, number, ANNA)
    return rows[0]["msgid"], rows[0]["answers"]


def follow_up(
    desk, shows: str, sender: str, verdict: str, about: tuple[str, str, str] = ()
) -> tuple[str, str, str]:
    """Write a follow-up to a ticket, a new one by default; return its number, that of the follow-up, and its id."""
    number, own, subject = about or opened(desk, shows)
    domain = SENDERS[sender].partition("@")[2]
    headers = [
        ("Authentication-Results", f"{server}; dmarc={result} header.from={domain}")
        for server, result in VERDICTS[verdict]
    ]
    to = SALES if shows == "subject" else SUPPORT
    title = {"number": f"Re: [#{number}] printer", "subject": f"AW: {subject}"}.get(shows, "Something else")
    if shows == "their-id":
        headers.append(("In-Reply-To", own))
    elif shows in {"in-reply-to", "references", "plus-address"}:
        ours, answers = answered(desk, number)
        if shows == "in-reply-to":
            headers.append(("In-Reply-To", ours))
        elif shows == "references":
            headers.append(("References", f"<x@y.example> {ours} <z@y.example>"))
        else:
            assert answers.startswith("support+t")
            to = answers
    mid, joined = desk.write(title, *headers, sender=SENDERS[sender], to=to)
    return number, joined, mid


def expected(shows: str, sender: str, verdict: str) -> str:
    """Return what the table says: joins, unverified (joins as such), comment (the same), claims, or new."""
    proven = not verdict.startswith("fail") or verdict == "fail-by-nobody"
    takes_part = sender in {"contact", "cc", "agent"}
    if shows in {"in-reply-to", "references", "plus-address"}:
        if sender == "agent":
            # In the ticket, but agents alone see it: the token was the customer's (`desk/bymail.py`).
            return "comment verified" if verdict == "pass" else "comment unverified"
        return "joins" if takes_part and proven else "unverified"
    if shows == "subject":
        return "joins" if sender == "contact" and proven else "new"
    return "joins" if takes_part and proven else "claims"


def outcome(desk, number: str, joined: str, mid: str) -> str:
    """Return what became of a follow-up."""
    ticket, _, agent = joined.partition(" agent=")
    sql = (
        "SELECT entry.kind, entry.unverified, ticket.claims FROM entry JOIN ticket ON ticket.id = entry.ticket_id"
        " JOIN message ON message.id = entry.message_id WHERE ticket.number = ? AND message.msgid = ?"
    )
    (row,) = desk.ask(sql, ticket, mid)
    if agent:
        return f"{row['kind']} {'unverified' if row['unverified'] else 'verified'}"
    if ticket == number:
        return "unverified" if row["unverified"] else "joins"
    return "claims" if row["claims"] else "new"


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("shows", SHOWS)
def test_t10_every_cell_of_the_table(desk, shows, verdict):
    """Whoever writes, whatever the mail shows and whoever vouches for it: the mail ends where the table says."""
    about = opened(desk, shows)
    wrong = []
    for sender in SENDERS:
        became = outcome(desk, *follow_up(desk, shows, sender, verdict, about))
        if became != expected(shows, sender, verdict):
            wrong.append(f"{sender}: {became}, not {expected(shows, sender, verdict)}")
    assert not wrong


def test_t10_who_joins_by_token_alone_gets_no_copies_until_confirmed(desk):
    """A stranger who answers our mail is in the ticket, shown as unconfirmed; the next answer is Anna's alone."""
    number, _, _ = follow_up(desk, "in-reply-to", "stranger", "none")
    (eve,) = [one for one in desk.ticket(number)["participants"] if one["address"] == EVE]
    assert (eve["role"], eve["confirmed"]) == ("unconfirmed", 0)
    desk.do("ticket", "reply", number, "Is it the blue one?", "--as", "sue")
    sql = "SELECT to_address FROM outbox JOIN ticket ON ticket.id = ticket_id WHERE number = ?"
    assert EVE not in {row["to_address"] for row in desk.ask(sql, number)}


def test_s9_a_claim_says_which_ticket_it_claims(desk):
    """It is a ticket of its own that names the other; one command merges it."""
    number, claimed, _ = follow_up(desk, "number", "stranger", "pass")
    assert f"to belong to {number}, which is not proven" in desk.do("ticket", "show", claimed)
    desk.do("ticket", "merge", claimed, number)
    assert len([one for one in desk.ticket(number)["entries"] if one["kind"] == "incoming"]) == 2


def test_t10_the_setting_says_where_answers_go(desk):
    """Without it Reply-To names no ticket; what it may be is said."""
    number, _, _ = opened(desk, "number")
    desk.do("helpdesk", "set", "answers_to", "queue")
    assert not answered(desk, number)[1]
    said = desk.do("helpdesk", "set", "answers_to", "me", fails=True)
    assert "'me' is nowhere for answers to go, write queue or ticket" in said
    desk.do("helpdesk", "set", "answers_to", "ticket")
