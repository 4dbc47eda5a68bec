"""From script to decision: implicit keep, run-time errors, loops, and what the trace holds."""

import json

import pytest
from ruleworld import HOST, KEYS, World, decide, mail

from mailgate.domain.effects import Deliver, Forward, OpenTicket, Refuse, Send
from mailgate.domain.facts import Facts, MailClass
from mailgate.domain.ports import SentView
from mailgate.domain.token import message_id
from mailgate.rules.scripts import Compiled, ScriptBook

KEPT = (Deliver("maildir", "INBOX", (), create=True),)


def kinds(decision) -> list[str]:
    return [type(one).__name__ for one in decision.effects]


def test_an_address_without_a_script_keeps():
    """No script: the mail lies in INBOX of the address's target."""
    decision = decide()
    assert decision.effects == KEPT
    assert (decision.rule, decision.action, decision.summary) == ("", "keep", "folder=INBOX")
    assert decision.trace["implicit_keep"] is True


def test_a_script_that_says_nothing_keeps():
    """The implicit keep of RFC 5228 2.10.2."""
    decision = decide("if false { discard; }")
    assert decision.effects == KEPT
    assert decision.rule == "support"


def test_the_decisive_rule_is_named_by_its_line():
    """`rule` is script and line of what took the place of the implicit keep; `action` is its name."""
    decision = decide('if header :contains "subject" "printer" {\n  fileinto "Printers";\n}')
    assert (decision.rule, decision.action, decision.summary) == ("support:3", "fileinto", "folder=Printers")
    assert decision.trace["implicit_keep"] is False


def test_a_run_time_error_voids_everything_and_keeps():
    """RFC 5228 2.10.6: nothing that the script had planned happens, not even the ticket that it asked about."""
    body = 'ticket :outcome "did";\nfileinto "A";\n'
    body += "".join(f'fileinto "F{n}";\n' for n in range(40))
    decision = decide(body)
    assert decision.effects == KEPT
    assert decision.error.startswith("support:")
    assert decision.trace["error"] == decision.error
    assert decision.action == "keep"


def test_a_script_that_never_compiled_keeps_and_says_so():
    """An address must not wait for a rule author."""
    book = ScriptBook(1, {"support": Compiled(None, b"", "line 1: broken")})
    decision = decide("keep;", book=book)
    assert decision.effects == KEPT
    assert "no version that compiles" in decision.error


def test_actions_are_planned_in_the_scripts_order_and_once():
    """Our own actions are planned where the script asks for them, once; the standard ones after the run, in order."""
    decision = decide('ticket :outcome "did"; fileinto "A"; reply "Thanks"; redirect "a@example.net";')
    want = ["OpenContact", "OpenTicket", "AddEntry", "Send", "Deliver", "Forward"]
    assert kinds(decision) == want


def test_ticket_takes_the_place_of_keep_and_copy_leaves_it():
    """`ticket` cancels the implicit keep like fileinto; `:copy` keeps the mail in INBOX as well."""
    assert "Deliver" not in kinds(decide("ticket;"))
    assert "Deliver" in kinds(decide("ticket :copy;"))


def test_the_namespace_names_the_new_ticket_after_it_is_asked_for():
    """`${ticket.number}` is known to the script as soon as `ticket` has run with a question."""
    decision = decide(
        'ticket :outcome "did"; fileinto :copy "${did}-${ticket.number}";'.replace(" :copy", "")
    )
    assert any(isinstance(one, Deliver) and one.folder == "created-T-1" for one in decision.effects)


def test_a_refusal_is_the_whole_decision():
    """`reject` plans the refusal; its words go into the log."""
    decision = decide('reject "no";')
    assert decision.effects == (Refuse(550, "5.7.1", "no"),)
    assert (decision.action, decision.summary) == ("reject", "rejected")


@pytest.mark.parametrize(
    "facts",
    [Facts(received_count=101), Facts(returned=True, delivered_to=("support@example.org",))],
)
def test_a_mail_in_a_loop_is_kept_and_causes_nothing(facts):
    """More than 100 Received, or our own mark and this recipient: no script runs, no mail of any kind leaves."""
    decision = decide('redirect "a@example.net"; reply "x";', mail(facts=facts))
    assert decision.effects == KEPT
    assert decision.trace["notes"][0]["what"] == "loop"


def test_100_received_fields_are_no_loop_yet():
    """The bound itself is still processed."""
    decision = decide('redirect "a@example.net";', mail(facts=Facts(received_count=100)))
    assert [type(one) for one in decision.effects] == [Forward]


def test_a_notice_that_refers_to_our_mail_is_an_automatic_answer():
    """Only the database can say so: the class is settled here, and the mail opens no ticket."""
    world = World()
    world.add_ticket(7, "anna@customer.example")
    own = message_id(KEYS, 7, 107, "anna@customer.example", "x", HOST)
    world.ours[own] = SentView(1, 7, 107, "anna@customer.example")
    facts = Facts(mail_class=MailClass.NOTICE, class_reason="Auto-Submitted: auto-generated")
    tied = decide("ticket;", mail(in_reply_to=own, facts=facts), world)
    free = decide("ticket;", mail(facts=facts), World())
    assert (tied.trace["class"], kinds(tied)) == ("automatic", ["ClearFailing", "AddEntry"])
    assert (free.trace["class"], "OpenTicket" in kinds(free)) == ("notice", True)


def test_the_trace_says_what_was_compared_and_what_was_tried():
    """Steps have line, values and keys; the notes hold the look for the ticket."""
    decision = decide('if header :is "subject" "other" { stop; }\nticket;')
    text = json.dumps(decision.trace)
    step = next(s for s in decision.trace["steps"] if s["what"] == "test")
    assert (step["line"], step["result"], step["keys"]) == (2, False, ["other"])
    assert "Printer on fire" in text
    note = next(n for n in decision.trace["notes"] if n["what"] == "threading")
    assert note["how"] == "new"
    assert decision.trace["script"] == "support"


def test_the_trace_is_bounded_whatever_the_mail_holds():
    """A mail with thousands of references and a huge subject leaves a trace that a database can bear."""
    references = " ".join(f"<t{n}.s1.forged.{'a' * 20}@x>" for n in range(5000))
    one = mail(subject="x" * 60000, references=references)
    body = "".join(f'if header :contains "subject" "{n}" {{ stop; }}\n' for n in range(300)) + "ticket;"
    decision = decide(body, one)
    assert any(isinstance(e, OpenTicket) for e in decision.effects)
    assert len(json.dumps(decision.trace)) < 256 * 1024


def test_time_comes_from_outside():
    """The trace's time is the one handed in."""
    assert decide().trace["at"] == "2025-07-01T12:00:00+00:00"


def test_an_answer_carries_script_and_line():
    """The gate counts and pauses by rule: each answer names the place of its reply."""
    decision = decide('\n\nreply "Thanks";')
    send = next(one for one in decision.effects if isinstance(one, Send))
    assert send.rule == "support:4"
