"""What reports say about a mail of ours: real forms of Postfix, Exchange, Exim, qmail and others."""

import pytest
from domainworld import octets
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.classify import bounce_of
from mailgate.domain.message.view import MessageView

OURS = "<t7.s1.abc@mail.example.org>"


def reported(headers, body=""):
    return bounce_of(MessageView.parse(octets(headers, body)))


def report(
    kind, fields, original=f"Message-ID: {OURS}\nSubject: RE: Printer\n", original_type="message/rfc822"
):
    headers = (
        "From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail\n"
        f"Content-Type: multipart/report; report-type={kind}; boundary=b"
    )
    body = (
        f"--b\n\nSorry.\n--b\nContent-Type: message/{kind}\n\n{fields}\n--b\nContent-Type: {original_type}\n\n"
        f"{original}\n\nText\n--b--\n"
    )
    return reported(headers, body)


POSTFIX = """Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: A3E94
Arrival-Date: Tue,  1 Jul 2025 12:00:00 +0000 (UTC)

Final-Recipient: rfc822; bob@example.net
Original-Recipient: rfc822;Bob@example.net
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.1.1 <bob@example.net>: Recipient address
    rejected: User unknown"""


def test_a_postfix_report():
    """Recipient, status, action, folded diagnostic and the Message-ID of our mail are found."""
    found = report("delivery-status", POSTFIX)
    assert found.recipient == "bob@example.net"
    assert found.status == "5.1.1"
    assert found.action == "failed"
    assert found.diagnostic.endswith("rejected: User unknown")
    assert found.original_message_id == OURS
    assert found.permanent


def test_headers_alone_are_enough():
    """RFC 6522 4: a report may return the header only."""
    assert report("delivery-status", POSTFIX, original_type="text/rfc822-headers").original_message_id == OURS


@pytest.mark.parametrize(
    ("fields", "status", "permanent"),
    [
        ("Final-Recipient: rfc822; b@x\nAction: delayed\nStatus: 4.4.1", "4.4.1", False),
        ("Final-Recipient: rfc822; b@x\nAction: failed\nStatus: 4.4.7", "4.4.7", False),
        ("Final-Recipient: rfc822; b@x\nAction: delivered\nStatus: 2.0.0", "2.0.0", False),
        ("Final-Recipient: rfc822; b@x\nAction: Failed\nStatus: 5.2.2 (mailbox full)", "5.2.2", True),
        (
            "Final-Recipient: rfc822; b@x\nAction: failed\nDiagnostic-Code: smtp; 550 no such user",
            "5.0.0",
            True,
        ),
        ("Final-Recipient: rfc822; b@x\nAction: failed", "5.0.0", True),
        ("Final-Recipient: rfc822; b@x\nAction: relayed\nStatus: 5.1.1", "5.1.1", False),
        ("Final-Recipient: rfc822; b@x\nAction: failed\nDiagnostic-Code: smtp; 452 full", "4.0.0", False),
    ],
)
def test_only_a_failure_with_a_5_status_is_permanent(fields, status, permanent):
    """Delays and successes mark no address; without a status the reply code or the action tells."""
    found = report("delivery-status", f"Reporting-MTA: dns; x\n\n{fields}")
    assert found.status == status
    assert found.permanent is permanent


def test_of_several_recipients_the_one_that_failed_counts():
    """A report on three recipients names the failed one."""
    fields = (
        "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@x\nAction: delivered\nStatus: 2.0.0\n\n"
        "Final-Recipient: rfc822; b@x\nAction: failed\nStatus: 5.1.1"
    )
    assert report("delivery-status", fields).recipient == "b@x"


def test_an_internationalised_report():
    """RFC 6533: the global kinds are read like the others."""
    body = (
        "--b\n\nx\n--b\nContent-Type: message/global-delivery-status\n\nReporting-MTA: dns; x\n\n"
        "Final-Recipient: utf-8; jörg@x.example\nAction: failed\nStatus: 5.1.1\n--b--\n"
    )
    found = reported("Content-Type: multipart/report; report-type=global-delivery-status; boundary=b", body)
    assert found.recipient == "jörg@x.example"
    assert found.permanent


def test_a_read_receipt():
    """RFC 8098: the disposition and the id of our mail; it marks no address."""
    fields = (
        f"Reporting-UA: x; y\nFinal-Recipient: rfc822;anna@customer.example\nOriginal-Message-ID: {OURS}\n"
        "Disposition: manual-action/MDN-sent-manually; displayed"
    )
    found = report("disposition-notification", fields, original="")
    assert (found.kind, found.action) == ("disposition", "displayed")
    assert found.original_message_id == OURS
    assert not found.permanent


def test_a_feedback_report():
    """RFC 5965: somebody pressed "spam" on a mail of ours."""
    found = report("feedback-report", "Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: <bob@example.net>")
    assert (found.kind, found.action, found.recipient) == ("feedback", "abuse", "bob@example.net")
    assert found.original_message_id == OURS


QMAIL = f"""Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.

<bob@example.net>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 no mailbox

--- Below this line is a copy of the message.

Return-Path: <>
Message-ID: {OURS}
Subject: RE: Printer
"""


def test_a_qmail_bounce():
    """Plain text by tradition: recipient, status and id stand in it."""
    found = reported("From: MAILER-DAEMON@mx.example.net\nSubject: failure notice", QMAIL)
    assert (found.recipient, found.status, found.original_message_id) == ("bob@example.net", "5.1.1", OURS)
    assert found.permanent


def test_an_exim_bounce():
    """X-Failed-Recipients names whom it is about; Exim sends it for final failures only."""
    found = reported("X-Failed-Recipients: bob@example.net", "This message was created automatically.\n")
    assert (found.recipient, found.status) == ("bob@example.net", "5.0.0")
    assert found.permanent


@pytest.mark.parametrize("text", ["Your mail is delayed.", "Call 550-1234 or 5.1.1.7 today", ""])
def test_a_text_that_says_nothing_gives_nothing(text):
    """Where neither recipient, status nor id is found there is no report."""
    assert reported("From: MAILER-DAEMON@x.example", text) is None


@given(
    st.binary(max_size=400),
    st.sampled_from(["delivery-status", "disposition-notification", "feedback-report"]),
)
def test_hostile_reports_never_raise(octets_, kind):
    """Whatever a report holds, there is an answer or none."""
    head = f"Content-Type: multipart/report; report-type={kind}; boundary=b\r\n\r\n--b\r\nContent-Type: message/{kind}\r\n\r\n"
    bounce_of(MessageView.parse(head.encode() + octets_ + b"\r\n--b--\r\n"))


def test_endless_folding_costs_little():
    """A field of 20,000 continuation lines is read in linear time (the suite's guard would catch a hang)."""
    fields = "Reporting-MTA: dns; x\n\nAction: failed\nDiagnostic-Code: x\n" + " y\n" * 20000
    assert len(report("delivery-status", fields).diagnostic) <= 500
