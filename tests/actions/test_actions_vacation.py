"""vacation: an answer per sender, handle and period, to the envelope sender (RFC 5230)."""

from actionworld import ANNA, SUPPORT, found, known, mail, only, plan_of

from mailgate.actions import vacation
from mailgate.domain.effects import Send, Suppressed
from sieve_like.result import Vacation

AWAY = Vacation(reason="Back on Monday.", seconds=7 * 86400)


def send(action=AWAY, **options) -> Send:
    """Return what this vacation wants to send."""
    plan = plan_of(**options)
    assert vacation.plan(plan, action) == "planned"
    return only(plan, Send)


def test_the_answer_says_that_it_is_automatic():
    """Subject, sender and headers are those of RFC 5230 5; the gate is told that it is a vacation."""
    one = send()
    assert (one.draft.to_address, one.draft.text) == (ANNA, "Back on Monday.")
    assert one.draft.subject == "Auto: Printer on fire"
    assert ("Auto-Submitted", "auto-replied (vacation)") in one.draft.headers
    assert (one.vacation, one.envelope_from) == (True, "")


def test_the_period_counts_per_sender_and_handle():
    """The same vacation has one key per sender, without case and detail; another reason has another one."""
    key = send().period_key
    assert send(one=mail(sender="Anna+x@customer.example")).period_key == key
    assert send(one=mail(sender="bob@customer.example")).period_key != key
    assert send(Vacation(reason="Back on Tuesday.", seconds=7 * 86400)).period_key != key
    assert send().period_s == 7 * 86400


def test_a_handle_ties_different_texts_together():
    """With `:handle` the key is the same whatever the text is (RFC 5230 4.2)."""
    first, second = (
        Vacation(reason="a", seconds=7 * 86400, handle="leave"),
        Vacation(reason="b", seconds=7 * 86400, handle="leave"),
    )
    assert send(first).period_key == send(second).period_key


def test_subject_sender_and_own_addresses_are_taken_over():
    """`:subject`, `:from` and `:addresses` go into the answer and to the gate."""
    action = Vacation(
        reason="x", seconds=86400, subject="Away", from_="me@example.org", addresses=("me@example.org",)
    )  # fmt: skip
    one = send(action)
    assert (one.draft.subject, one.draft.from_address) == ("Away", "me@example.org")
    assert one.addresses == ("me@example.org",)


def test_without_a_sender_address_the_queue_answers():
    """Without `:from` the answer comes from the queue's address, with its name."""
    one = send()
    assert (one.draft.from_address, one.draft.from_name) == (SUPPORT, "Example Support")


def test_a_mime_reason_is_the_whole_mail():
    """With `:mime` the reason is a MIME entity and no plain text (RFC 5230 4.7)."""
    one = send(Vacation(reason="Content-Type: text/plain\r\n\r\nAway\r\n", seconds=7 * 86400, mime=True))
    assert one.draft.text == ""
    assert one.draft.mime.startswith("Content-Type: text/plain")


def test_a_strangers_subject_comes_without_links(world):
    """The default subject repeats what a stranger wrote, but nothing that can be clicked; a contact's stays."""
    lure = mail(subject="Win at https://evil.example/x now")
    assert send(one=lure, world=world).draft.subject == "Auto: Win at … now"
    known(world)
    assert send(one=lure, world=world).draft.subject == "Auto: Win at https://evil.example/x now"


def test_a_null_sender_is_not_answered():
    """There is nobody to answer: no draft is planned, and the reason is stored."""
    plan = plan_of(mail(sender=""))
    assert vacation.plan(plan, AWAY) == "no-sender"
    assert not found(plan, Send)
    assert only(plan, Suppressed).reason == "null-sender"
