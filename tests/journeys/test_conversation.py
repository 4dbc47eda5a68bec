"""A conversation of thirty mails: two customers with two programs, two agents, one ticket."""

import sys
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import threadkit
from threadkit import ANNA, CARLA, SUPPORT

sys.path.append(str(Path(__file__).parents[1] / "replies"))
from replyforms import gmail, outlook_classic
from replywords import DE, EN

ROUNDS = 15  # each a customer's mail and an agent's answer to all


def composed(who: str, number: int, ours: EmailMessage) -> tuple[EmailMessage, str, str]:
    """Return a customer's answer as the program sends it, whom it goes to, and what is new in it."""
    new = f"This is what I say in mail {number}.\n\nIt has two lines."
    maker, words = (outlook_classic, DE) if who == ANNA else (gmail, EN)
    form = next(iter(maker(replace(words, new=new))))
    answer = message_from_bytes(form.mail(ours.get_content()), policy=policy.default)
    for name in ("From", "To", "Subject"):
        del answer[name]
    about = str(ours["Subject"])
    prefix = "AW: " if who == ANNA else "Re: "
    answer["From"], answer["To"] = f"Somebody <{who}>", str(ours["Reply-To"] or ours["From"])
    answer["Subject"] = prefix + about.removeprefix("RE: ") if who == ANNA else about
    answer["Message-ID"] = f"<round{number}@{who.partition('@')[2]}>"
    return answer, ours["Reply-To"].addresses[0].addr_spec if ours["Reply-To"] else SUPPORT, new


def shown_by(answer: EmailMessage, ours: EmailMessage, number: int) -> None:
    """Give an answer what tells its ticket; programs and gateways on the way leave some of it out."""
    references = f"{ours['References'] or ''} {ours['Message-ID']}".strip()
    match number % 5:
        case 0:  # an old telephone: the subject is all that is left
            pass
        case 1:
            answer["In-Reply-To"], answer["References"] = ours["Message-ID"], references
            answer["Thread-Topic"], answer["Thread-Index"] = "Printer", "AQHb6hKj4Yxk3m2W1kq0m0m0m0m0mQ=="
        case 2:  # only the first and the last
            answer["References"] = f"{references.split()[0]} {ours['Message-ID']}"
        case 3:
            answer["In-Reply-To"] = ours["Message-ID"]
        case 4:  # a gateway that writes all ids anew, and a subject that somebody changed
            answer["In-Reply-To"] = "<rewritten@gateway.example>"
            del answer["Subject"]
            answer["Subject"] = "Our printer, again"


def test_thirty_mails_of_two_programs_and_two_agents_stay_one_ticket():
    """Each mail joins, its entry shows what is new, each answer threads; no id is lost from front or end."""
    with threadkit.desk() as desk:
        desk.do("helpdesk", "set", "answers_to", "ticket")
        first, number = desk.write("AW: Printer", sender=ANNA)
        desk.do("ticket", "participant", "add", number, CARLA)
        said, latest = ["Hello"], first
        for turn in range(1, ROUNDS + 1):
            agent = "sue" if turn % 2 else "max"
            desk.do("ticket", "reply", number, f"Dear customer,\n\nthis is answer {turn}.", "--as", agent)
            who = ANNA if turn % 2 else CARLA
            ours = desk.relay.last_to(who, turn)
            check_ours(ours, number, first, latest)
            if turn == ROUNDS:
                break
            answer, to, new = composed(who, turn, ours)
            shown_by(answer, ours, turn)
            to = SUPPORT if turn % 5 == 0 else to
            assert desk.send(answer, who, to) == number, f"mail {turn}"
            said.append(new)
            latest = answer["Message-ID"]
        check_ticket(desk, number, said)


def check_ours(ours: EmailMessage, number: str, first: str, latest: str) -> None:
    """Check an answer of ours: it is to the newest mail, with the first and the last ids, one RE: and one tag."""
    assert ours["Subject"] == f"RE: [#{number}] Printer"
    assert ours["In-Reply-To"] == latest
    references = str(ours["References"]).split()
    assert len(references) <= 20
    assert (references[0], references[-1]) == (first, latest)
    assert len(set(references)) == len(references)


def check_ticket(desk: threadkit.Desk, number: str, said: list[str]) -> None:
    """Check that there is one ticket with one session, that entries show what was new, and the rest is there."""
    assert [row["number"] for row in desk.ask("SELECT number FROM ticket")] == [number]
    found = desk.ticket(number)
    assert len(found["sessions"]) == 1
    entries = [one for one in found["entries"] if one["kind"] == "incoming"]
    assert [" ".join(one["text"].split()) for one in entries] == [" ".join(one.split()) for one in said]
    assert not any(one["unverified"] for one in entries)
    assert [one["trimmed"] for one in entries] == [0] + [1] * (ROUNDS - 1)
    authors = [one["author"] for one in found["entries"] if one["kind"] == "answer"]
    assert authors == ["sue", "max"] * 7 + ["sue"]
    whole = desk.do("ticket", "mail", number, str(entries[-1]["id"]))
    assert said[-1].split("\n", maxsplit=1)[0] in whole
    assert "this is answer 14." in whole
    raw = desk.do("ticket", "mail", number, str(entries[-1]["id"]), "--raw")
    assert f"Message-ID: {entries[-1]['msgid']}" in raw
    shown = desk.do("ticket", "show", number)
    assert f"mailgate ticket mail {number} {entries[-1]['id']} shows all of it" in shown
    said_no = desk.do("ticket", "mail", number, "999", fails=True)
    assert f"{number} has no mail 999; mails that came in: {entries[0]['id']}, " in said_no
