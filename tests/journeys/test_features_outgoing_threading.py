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
    """Let an agent answer; return the Message-ID and where answers go."""
    desk.do("ticket", "reply", number, "Which one?", "--as", "sue")
    (row,) = desk.ask(
        "SELECT msgid, json_extract(draft, '$.reply_to') AS answers FROM outbox JOIN ticket ON ticket.id = ticket_id"
        " WHERE number = ? AND to_address = ?", number, ANNA,
    )  # fmt: skip
    return row["msgid"], row["answers"]


def follow_up(desk, shows: str, sender: str, verdict: str) -> tuple[str, str, str]:
    """Open a ticket and write a follow-up; return its number, the one that the follow-up is in, and its id."""
    number, own, subject = opened(desk, shows)
    headers = [
        ("Authentication-Results", f"{server}; dmarc={result} header.from=x.example")
        for server, result in VERDICTS[verdict]
    ]
    to = SALES if shows == "subject" else SUPPORT
    about = {"number": f"Re: [#{number}] printer", "subject": f"AW: {subject}"}.get(shows, "Something else")
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
    mid, joined = desk.write(about, *headers, sender=SENDERS[sender], to=to)
    return number, joined, mid


def expected(shows: str, sender: str, verdict: str) -> str:
    """Return what the table says: joins, unverified (joins as such), claims, or new."""
    proven = not verdict.startswith("fail") or verdict == "fail-by-nobody"
    takes_part = sender in {"contact", "cc", "agent"}
    if shows in {"in-reply-to", "references", "plus-address"}:
        return "joins" if takes_part and proven else "unverified"
    if shows == "subject":
        return "joins" if sender == "contact" and proven else "new"
    return "joins" if takes_part and proven else "claims"


def outcome(desk, number: str, joined: str, mid: str) -> str:
    """Return what became of a follow-up."""
    if joined == number:
        (entry,) = [one for one in desk.ticket(number)["entries"] if one["msgid"] == mid]
        return "unverified" if entry["unverified"] else "joins"
    found = desk.ticket(joined)
    assert len(found["entries"]) == 1
    return "claims" if found["claims"] else "new"


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("shows", SHOWS)
def test_t10_every_cell_of_the_table(desk, shows, verdict):
    """Whoever writes, whatever the mail shows and whoever vouches for it: the mail ends where the table says."""
    wrong = []
    for sender in SENDERS:
        number, joined, mid = follow_up(desk, shows, sender, verdict)
        became, wanted = outcome(desk, number, joined, mid), expected(shows, sender, verdict)
        if became != wanted:
            wrong.append(f"{sender}: {became}, not {wanted}")
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
    assert f"claims       to belong to {number}, which is not proven" in desk.do("ticket", "show", claimed)
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
