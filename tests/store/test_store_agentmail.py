"""Agents answer customers by mail (T10, MAIL.md 4 and 5): notices, answers, commands, forgeries."""

from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from agentmailkit import FAILED, JOE, KIM, NOBODY, PASSED, AgentHouse, notifying, quoted
from deskkit import ANNA, BEN, CATALOGUE, POLICY, SUPPORT, house
from storekit import make_database, new_options

from mailgate.domain.facts import Authentication, MailClass, Verdict
from mailgate.domain.routing import Agent
from mailgate.domain.token import meant_for, message_id, read, seat
from mailgate.outbox.digests import write_digest
from mailgate.store.db import open_store


@pytest.fixture
def desk(tmp_path):
    """Give a helpdesk of its own, whose queue notifies."""
    options = new_options(tmp_path)
    make_database(options)
    store = open_store(options)
    with house(store) as base:
        yield AgentHouse(store, base.writer, base.clock)
    store.close()


def answer(desk, text, notice=None, **more):
    """Let Joe answer his newest notice, or another one, from a sender that is vouched for."""
    notice = notice or desk.sent(JOE)[-1]
    said = {"author": JOE, "to": (notice.reply_to,), "answers": notice.message_id, "proof": PASSED} | more
    return desk.take(f"{text}\n\n{quoted(notice)}", **said)


def session(desk, number):
    """Return the state of a ticket's session."""
    ((state,),) = desk.ask(
        "SELECT s.state FROM ticket t JOIN session s ON s.id = t.session_id WHERE t.number = ?", number
    )
    return state


def test_a_notice_is_meant_for_its_agent_alone(desk):
    """Its token and the address for answers are the agent's; it says what was written, and that it is a machine's."""
    number = desk.opened("The paper is stuck")
    (notice,) = desk.sent(JOE)
    token = read(POLICY.keys, notice.message_id)
    assert meant_for(POLICY.keys, token, seat(JOE))
    assert not meant_for(POLICY.keys, token, JOE)
    assert notice.reply_to.startswith("support+t1.s1.")
    assert len(notice.reply_to.partition("@")[0]) <= 64
    assert notice.subject == f"[#{number}] help"
    assert notice.text.startswith("##- ")
    assert "The paper is stuck" in notice.text
    assert ("Auto-Submitted", "auto-generated") in notice.headers
    assert desk.sent(ANNA) == []


def test_an_answer_leaves_in_the_queues_name(desk):
    """Without the agent's address, signature and the quoted notice; the history names the agent."""
    number = desk.opened()
    outcome = answer(desk, "Please switch it off and on.\n\nRegards\n-- \nJoe Miller, extension 12")
    assert (outcome.action, outcome.ticket) == ("agent_answer", number)
    (mail,) = desk.sent(ANNA)
    assert (mail.from_address, mail.subject) == (SUPPORT, f"RE: [#{number}] help")
    assert mail.text == "Please switch it off and on.\n\nRegards\n"
    (entry,) = desk.entries(number, "answer")
    assert (entry["author"], entry["text"].strip()) == ("joe", mail.text.strip())
    assert entry["message_id"]
    assert session(desk, number) == "active"


def test_an_address_that_would_be_too_long(desk):
    """A queue with a long name: the notice is answered to the queue itself, and known by its Message-ID."""
    long = "the-whole-customer-support-of-us@example.org"
    catalogue = notifying()
    queue = replace(catalogue.queues["support"], address=long)
    route = replace(catalogue.routes[SUPPORT], address=long)
    desk.use(replace(catalogue, queues={"support": queue}, routes={**catalogue.routes, long: route}))
    number = desk.opened()
    (notice,) = desk.sent(JOE)
    assert notice.reply_to == ""
    outcome = answer(desk, "hello", notice, to=(long,))
    assert (outcome.action, outcome.ticket) == ("agent_answer", number)


def test_a_customer_answers_that_answer(desk):
    """It joins the ticket, and the agent hears of it."""
    number = desk.opened()
    answer(desk, "Try again")
    outcome = desk.take("It works", answers=desk.sent(ANNA)[0].message_id)
    assert (outcome.action, outcome.ticket) == ("ticket", number)
    assert len(desk.sent(JOE)) == 2


def test_the_notices_of_a_team(desk):
    """`team` tells all who can be told, `agent` whoever has the ticket, `off` nobody."""
    agents = {**CATALOGUE.agents, "lea": Agent("lea", "lea@example.com", ("support",))}
    for notify, told in (("agent", {JOE}), ("team", {JOE, "lea@example.com"}), ("off", set())):
        catalogue = notifying(CATALOGUE, agents=agents)
        queue = replace(catalogue.queues["support"], notify=notify)
        desk.use(replace(catalogue, queues={"support": queue}))
        before = len(desk.sent())
        number = desk.opened()
        desk.writer.submit(
            lambda tx, number=number: tx.execute(
                "UPDATE ticket SET agent = 'joe' WHERE number = ?", (number,)
            )
        ).result(60)
        before = len(desk.sent())
        desk.take("more", Subject=f"[#{number}] help")
        assert {one.to_address for one in desk.sent()[before:]} == told, notify


def test_nobody_is_told_of_machines(desk):
    """Neither bounces nor automatic answers nor mail of ours that came back."""
    desk.opened()
    answer(desk, "Hello")
    before, own_id = len(desk.sent()), desk.sent(ANNA)[0].message_id
    for one in (MailClass.BOUNCE, MailClass.AUTOMATIC, MailClass.OWN):
        desk.take("x", mail_class=one, answers=own_id)
    assert len(desk.sent()) == before


# -- who is believed

DKIM = Authentication(dkim=(Verdict("pass", "example.com"),), source="gate")
OTHER_DKIM = Authentication(dkim=(Verdict("pass", "evil.example"),), source="gate")
BAD_DKIM = Authentication(dkim=(Verdict("fail", "example.com"),), source="gate")
SPF = Authentication(spf=Verdict("pass", "example.com"), source="gate")


@pytest.mark.parametrize(
    ("proof", "action"),
    [
        (PASSED, "agent_answer"),
        (DKIM, "agent_answer"),
        (FAILED, "agent_refused"),
        (replace(DKIM, dmarc=Verdict("fail", "example.com")), "agent_refused"),
        (NOBODY, "agent_refused"),
        (OTHER_DKIM, "agent_refused"),
        (BAD_DKIM, "agent_refused"),
        (SPF, "agent_refused"),
        (Authentication(dmarc=Verdict("pass", "evil.example"), source="gate"), "agent_refused"),
    ],
)
def test_who_vouches_for_an_agent(desk, proof, action):
    """DMARC, or DKIM of the domain in From; nothing else lets a mail out in the queue's name."""
    number = desk.opened()
    assert answer(desk, "secret words", proof=proof).action == action
    assert len(desk.sent(ANNA)) == (action == "agent_answer")
    comments = desk.entries(number, "comment")
    assert [one["unverified"] for one in comments] == ([] if action == "agent_answer" else [1])
    if comments:
        told = desk.sent(JOE)[-1]
        assert "was not sent to the customer" in told.text
        assert "secret words" not in told.text


def test_a_forged_from_without_a_token(desk):
    """The rules decide; nothing leaves, whoever it says it is."""
    number = desk.opened()
    before = len(desk.sent())
    outcome = desk.take("Give me the money", author=JOE, proof=FAILED, Subject=f"[#{number}] help")
    assert outcome.action == "ticket"
    assert outcome.ticket != number
    assert desk.sent(ANNA) == []
    assert all("money" not in one.text for one in desk.sent()[before:] if one.to_address != JOE)


@pytest.mark.parametrize(
    ("author", "proof", "joins"),
    [(JOE, NOBODY, True), (JOE, PASSED, True), (JOE, FAILED, False), (KIM, PASSED, False)],
)
def test_an_agent_without_a_token_is_a_participant_of_its_queues(desk, author, proof, joins):
    """By the number in the subject: an agent of the queue joins, one of another queue claims; nothing leaves."""
    number = desk.opened()
    outcome = desk.take("note", author=author, proof=proof, Subject=f"Re: [#{number}] help")
    assert (outcome.action, outcome.ticket == number) == ("ticket", joins)
    assert desk.sent(ANNA) == []


def test_a_leaked_token_is_no_agents(desk):
    """Whoever answers a forwarded notice joins as a customer, not confirmed; nothing goes out in our name."""
    number = desk.opened()
    notice = desk.sent(JOE)[-1]
    outcome = desk.take("my side", author=BEN, to=(notice.reply_to,), answers=notice.message_id)
    assert (outcome.action, outcome.ticket) == ("ticket", number)
    assert [(one["author"], one["unverified"]) for one in desk.entries(number, "incoming")][1:] == [(BEN, 1)]
    assert desk.sent(ANNA) == desk.sent(BEN) == []


def test_another_agents_token(desk):
    """Kim answers with Joe's token: a comment that is not confirmed, and Kim is told at her own address."""
    number = desk.opened()
    notice = desk.sent(JOE)[-1]
    assert answer(desk, "hello", notice, author=KIM).action == "agent_refused"
    assert desk.sent(ANNA) == []
    (told,) = desk.sent(KIM)
    assert "another agent" in told.text
    assert desk.entries(number, "comment")[0]["author"] == KIM


def test_who_is_disabled_or_has_no_right(desk):
    """A notice is an invitation only as long as its agent may answer."""
    number = desk.opened()
    notice = desk.sent(JOE)[-1]
    for agent, why in (
        (Agent("joe", JOE, ("support",), enabled=False), "disabled"),
        (Agent("joe", JOE, ("sales",)), "no right"),
    ):
        desk.use(notifying(CATALOGUE, agents={"joe": agent}, teams={}))
        assert answer(desk, why, notice).action == "agent_refused"
        assert why in desk.sent(JOE)[-1].text
    assert desk.sent(ANNA) == []
    assert len(desk.entries(number, "comment")) == 2


@pytest.mark.parametrize("mail_class", [MailClass.AUTOMATIC, MailClass.NOTICE, MailClass.LIST])
def test_an_agents_machine_answers_nobody(desk, mail_class):
    """A vacation answer to a notice is an entry that moves nothing; nobody is told."""
    number = desk.opened()
    before = len(desk.sent())
    assert answer(desk, "I am away", mail_class=mail_class).action == "agent_automatic"
    assert len(desk.sent()) == before
    assert [one["kind"] for one in desk.entries(number)][-1] == "automatic"
    assert session(desk, number) == "unopened"


def test_mail_of_ours_that_came_back_is_no_answer(desk):
    """With our own loop mark it is returned mail, whatever it says."""
    desk.opened()
    assert answer(desk, "words", mail_class=MailClass.OWN).action == "ticket"
    assert desk.sent(ANNA) == []


def test_an_answer_to_a_digest_is_for_no_customer(desk):
    """It names no ticket: set aside, and the agent is told which address to write to."""
    desk.opened()
    desk.opened("another matter", author=BEN)
    desk.writer.submit(lambda tx: tx.execute("UPDATE outbox SET state = 'digest'", ())).result(60)
    desk.writer.submit(lambda tx: write_digest(tx, JOE, "gate.example.org", lambda *_: ())).result(60)
    digest = desk.sent(JOE)[-1]
    assert (digest.subject, digest.reply_to) == ("2 notifications", "")
    assert digest.text.count("to answer the customer, write to support+t") == 2
    outcome = desk.take("thanks", author=JOE, answers=digest.message_id, proof=PASSED)
    assert outcome.action == "agent_aside"
    assert "names no ticket" not in desk.sent(JOE)[-1].text
    assert "nothing was sent" in desk.sent(JOE)[-1].text
    address = next(word for word in digest.text.split() if word.startswith("support+t1."))
    text = f"to Anna\n\n{quoted(digest)}"
    assert desk.take(text, author=JOE, to=(address,), proof=PASSED).action == "agent_answer"
    assert [one.text for one in desk.sent(ANNA)] == ["to Anna\n"]
    assert desk.sent(BEN) == []


def test_one_answer_for_two_of_our_addresses(desk):
    """An answer to all reaches the plus-address and the queue's own; the customer gets one mail."""
    desk.opened()
    notice = desk.sent(JOE)[-1]
    assert answer(desk, "once", notice, to=(notice.reply_to, SUPPORT)).action == "agent_copy"
    assert len(desk.sent(ANNA)) == 1


def test_a_forged_copy_does_not_keep_the_real_one_out(desk):
    """Somebody who knows the Message-ID is first; the agent's own mail is answered all the same, once."""
    desk.opened()
    same = {"Message_ID": "<same@staff.example>"}
    assert answer(desk, "forged", desk.sent(JOE)[0], proof=NOBODY, **same).action == "agent_refused"
    assert answer(desk, "real", desk.sent(JOE)[0], **same).action == "agent_answer"
    assert answer(desk, "real again", desk.sent(JOE)[0], **same).action == "agent_copy"
    assert [one.text for one in desk.sent(ANNA)] == ["real\n"]


def test_another_mail_of_ours_invites_no_answer(desk):
    """What answers an alarm or a reminder is a comment: nobody meant it for the customer."""
    number = desk.opened()
    plain = read(POLICY.keys, desk.sent(JOE)[0].message_id)
    own_id = message_id(POLICY.keys, plain.ticket_id, plain.session_id, JOE, "alarm", "gate.example.org")
    outcome = desk.take("On my way", author=JOE, answers=own_id, proof=PASSED)
    assert outcome.action == "agent_comment"
    assert desk.sent(ANNA) == []
    assert desk.entries(number, "comment")[0]["text"].strip() == "On my way"
    assert "Nothing was sent" in desk.sent(JOE)[-1].text


def test_an_agent_who_is_the_customer_writes_as_one(desk):
    """Kim asks support, is answered, and answers that: the rules decide as about every customer."""
    number = desk.opened(author=KIM)
    answer(desk, "We look into it")
    mail = desk.sent(KIM)[-1]
    outcome = desk.take("Thank you", author=KIM, answers=mail.message_id, proof=PASSED)
    assert (outcome.action, outcome.ticket) == ("ticket", number)


# -- commands


def fields(desk, number, *names):
    """Return fields of a ticket."""
    found = desk.ticket(number)
    return tuple(found[name] for name in names)


def test_a_comment_leaves_nobody(desk):
    """#comment: the text is a comment of the agent, and nothing is sent."""
    number = desk.opened()
    assert answer(desk, "#comment\nHe never pays").action == "agent_comment"
    assert desk.sent(ANNA) == []
    (entry,) = desk.entries(number, "comment")
    assert (entry["text"], entry["author"], entry["unverified"]) == ("He never pays", "joe", 0)


def test_commands_with_an_answer(desk):
    """The block is cut off, the rest is sent, and the ticket is as ordered."""
    number = desk.opened()
    text = "#status pending\n#assign me\n#priority high\n#tag printer urgent\n\nWe wait for a part."
    assert answer(desk, text).action == "agent_answer"
    assert [one.text for one in desk.sent(ANNA)] == ["We wait for a part.\n"]
    found = fields(desk, number, "status", "agent", "priority", "tags")
    assert found == ("pending", "joe", "high", '["printer","urgent"]')


@pytest.mark.parametrize(
    ("orders", "field", "value"),
    [
        ("#close", "status", "closed"),
        ("#Status: solved", "status", "solved"),
        ("#assign me", "agent", "joe"),
        ("#move sales", "queue", "sales"),
        ("#owner second", "owner_group", "second"),
        ("\n\n#priority urgent\n\n", "priority", "urgent"),
    ],
)
def test_commands_alone(desk, orders, field, value):
    """Without a text nothing is sent."""
    number = desk.opened()
    assert answer(desk, orders).action == "agent_change"
    assert fields(desk, number, field) == (value,)
    assert desk.sent(ANNA) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("#statsu pending", "did you mean 'status'?"),
        ("#status pendign", "did you mean 'pending'?"),
        ("#assign jo", "did you mean 'joe'?"),
        ("#status", "needs STATUS"),
        ("#close it", "takes nothing"),
        ("#status open\n#close", "said in a line above"),
    ],
)
def test_a_mistake_changes_and_sends_nothing(desk, line, said):
    """The mail is a comment, and the notice has the line, what is wrong, and what was meant."""
    number = desk.opened()
    before = fields(desk, number, "status", "agent", "priority")
    assert answer(desk, f"#priority high\n{line}\n\nDear Anna").action == "agent_mistake"
    assert fields(desk, number, "status", "agent", "priority") == before
    assert desk.sent(ANNA) == []
    told = desk.sent(JOE)[-1]
    assert said in told.text
    assert line.split("\n")[-1] in told.text
    assert "Dear Anna" in desk.entries(number, "comment")[0]["text"]
    # That notice can be answered as the first one can.
    assert answer(desk, "Dear Anna", told).action == "agent_answer"


def test_a_file_that_may_not_go_along_stops_the_answer(desk):
    """It is named in the notice; the mail stays at the ticket with all that came with it."""
    number = desk.opened()
    notice = desk.sent(JOE)[-1]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = JOE, notice.reply_to, f"Re: {notice.subject}"
    mail["Message-ID"], mail["In-Reply-To"] = "<file@staff.example>", notice.message_id
    mail.set_content(f"Run this.\n\n{quoted(notice)}")
    mail.add_attachment(b"MZ\x90\x00", "application", "octet-stream", filename="run.exe")
    outcome = desk.take(
        "", octets=mail.as_bytes(policy=SMTP), author=JOE, to=(notice.reply_to,), proof=PASSED
    )
    assert outcome.action == "agent_mistake"
    assert desk.sent(ANNA) == []
    assert "run.exe" in desk.sent(JOE)[-1].text
    assert desk.entries(number, "comment")[0]["message_id"]


def test_an_empty_answer_is_a_mistake(desk):
    """Whoever writes below the line has said nothing to the customer, and is told so."""
    desk.opened()
    notice = desk.sent(JOE)[-1]
    outcome = desk.take(
        f"{quoted(notice)}\n\nwritten below", author=JOE, answers=notice.message_id, proof=PASSED
    )
    assert outcome.action == "agent_mistake"
    assert desk.sent(ANNA) == []
    assert "no text stands above the line" in desk.sent(JOE)[-1].text


def test_a_hash_further_down_is_text(desk):
    """Only the block in front counts; a number is no command."""
    desk.opened()
    answer(desk, "#1 is broken\n#close")
    assert desk.sent(ANNA)[0].text == "#1 is broken\n#close\n"
