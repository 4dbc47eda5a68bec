"""reject and ereject: a refusal for this recipient alone, or the mail kept where people see it (RFC 5429)."""

import pytest
from actionworld import draft, found, kinds, mail, notes, only, plan_of

from mailgate.actions import reject
from mailgate.domain.effects import Deliver, Refuse, Send, Suppressed
from mailgate.domain.envelope import Source
from mailgate.domain.facts import Authentication, Facts, Verdict
from sieve_like.result import Reject

NO = Reject(reason="We do not\nread this.")


def test_over_lmtp_the_recipient_is_refused():
    """LMTP answers one by one, so a 550 5.7.1 tells this recipient's sender, on one line, and nothing else is done."""
    plan = plan_of()
    assert reject.plan(plan, NO) == "refused"
    assert plan.effects == [Refuse(550, "5.7.1", "We do not read this.")]
    assert plan.words == ["rejected"]


def test_a_long_or_empty_reason_becomes_a_reply_that_fits():
    """A reply line has its bound, and an empty reason gets words of ours."""
    long, empty = plan_of(), plan_of()
    reject.plan(long, Reject(reason="no " * 500))
    reject.plan(empty, Reject(reason=" \r\n "))
    assert len(only(long, Refuse).text) <= 200
    assert only(empty, Refuse).text == "refused by the recipient's rules"


def test_the_policy_keep_stores_instead():
    """With `rules.reject = "keep"` the mail lies in Rejected, its reason is in the trace, and nobody is told."""
    plan = plan_of(reject="keep")
    assert reject.plan(plan, NO) == "kept"
    assert plan.effects == [Deliver("maildir", "Rejected", create=True)]
    assert [note["kept"] for note in notes(plan, "reject")] == ["Rejected"]


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (Facts(), "kept"),
        (Facts(authentication=Authentication(spf=Verdict("fail"), dmarc=Verdict("fail"))), "kept"),
        (Facts(authentication=Authentication(spf=Verdict("pass"))), "refused"),
        (Facts(authentication=Authentication(dkim=(Verdict("fail"), Verdict("pass")))), "refused"),
        (Facts(authentication=Authentication(dmarc=Verdict("pass"))), "refused"),
    ],
)
def test_a_sender_who_may_be_forged_gets_no_bounce(facts, outcome):
    """With `reject_unverified = "keep"` only a sender whom SPF, DKIM or DMARC vouches for is refused."""
    assert reject.plan(plan_of(mail(facts=facts), reject_unverified="keep"), NO) == outcome


def test_where_one_reply_serves_all_the_sender_is_told_by_mail():
    """Over SMTP the mail is kept, and the sender gets the reason through the gate (RFC 5429 2.1.2)."""
    plan = plan_of(mail(source=Source.SMTP))
    assert reject.plan(plan, NO) == "kept"
    assert kinds(plan) == ["Deliver", "Send"]
    assert draft(plan).to_address == "anna@customer.example"
    assert "We do not\nread this." in draft(plan).text
    assert ("Auto-Submitted", "auto-replied (rejected)") in draft(plan).headers
    assert only(plan, Send).envelope_from == ""


def test_a_null_sender_is_told_nothing():
    """Nobody stands behind a null sender: the mail is kept, and why nothing was sent is stored."""
    plan = plan_of(mail(source=Source.SMTP, sender=""))
    reject.plan(plan, NO)
    assert not found(plan, Send)
    assert only(plan, Suppressed).reason == "null-sender"
