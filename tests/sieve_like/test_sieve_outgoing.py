"""Mails that actions send: whatever stands in the mail that caused them, they are well-formed and one mail each."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sieve_like.actions import Notify, NotifyMail, Report
from sieve_like.message import Envelope, PlainMessage
from sieve_like.outgoing.feedback import feedback_report
from sieve_like.outgoing.fields import Origin, encoded, field, mailbox, text_entity
from sieve_like.outgoing.forward import forwarded
from sieve_like.outgoing.notice import notice
from sieve_like.outgoing.refusal import refusal
from sieve_like.outgoing.reply import VacationPolicy, references, vacation_reply, why_silent
from sieve_like.result import Reject, Vacation
from sieve_like.settings import NO_SETTINGS, Settings
from sieve_like.words import decode_words

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ORIGIN = Origin(NOW, "<1@example.org>", "mx.example.org", "postmaster@example.org")
ENVELOPE = Envelope("anna@example.net", "bob@example.org", "bob@example.org")
TEXT = st.text(max_size=120) | st.text('äöü€𝔘 =?_ab\r\n\t\x00"\\(),<>@:;', max_size=120)
POLICY = VacationPolicy()


def reply(message: bytes, **said) -> bytes:
    """Return the answer to a mail."""
    action = Vacation(**{"reason": "away", **said})
    return vacation_reply(action, PlainMessage(message), ENVELOPE, POLICY, ORIGIN)


def head(octets: bytes) -> list[bytes]:
    """Return the lines of a header."""
    return octets.partition(b"\r\n\r\n")[0].split(b"\r\n")


@given(TEXT)
def test_encoded_texts_are_read_again(text):
    """Whatever a text holds, decoding gives it back, but for control characters and blanks around."""
    wanted = re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()
    assert " ".join(decode_words(encoded(text)).split()) == " ".join(wanted.split())


@given(TEXT)
def test_encoded_words_are_short_and_ascii(text):
    """RFC 2047 2: no encoded word has more than 75 characters."""
    made = encoded(text)
    assert made.isascii()
    assert all(len(word) <= 75 for word in made.split(" ") if word.startswith("=?utf-8?"))


@given(TEXT)
def test_fields_are_one_field(text):
    """No value begins a line that could be another field, and lines have at most 78 characters where words allow."""
    lines = field("X-Test", encoded(text)).decode().removesuffix("\r\n").split("\r\n")
    assert lines[0].startswith("X-Test:")
    assert all(line.startswith(" ") for line in lines[1:])
    assert all(len(line) <= 78 or " " not in line.strip() for line in lines)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("", "<a@example.org>"),
        ("Anna", "Anna <a@example.org>"),
        ("Anna B.", '"Anna B." <a@example.org>'),
        ('A "x" \\', '"A \\"x\\" \\\\" <a@example.org>'),
        ("A\r\nBcc: x@example.net", '"A Bcc: x@example.net" <a@example.org>'),
    ],
)
def test_mailboxes(name, written):
    """Display names are quoted where they must be, and have no line ends."""
    assert mailbox(name, "a@example.org") == written


def test_what_would_have_to_be_quoted_is_encoded():
    """A comma in a name beyond ASCII must not look like one between two addresses."""
    (one,) = PlainMessage(f"From: {mailbox('Bär, Anna', 'a@example.org')}\n\n".encode()).addresses("from")
    assert (one.name, one.address) == ("Bär, Anna", "a@example.org")


@pytest.mark.parametrize(
    ("fields", "in_reply_to", "thread"),
    [
        ("Message-ID: <m@x>", "<m@x>", "<m@x>"),
        ("Message-ID: <m@x>\nReferences: <a@x> <b@x>", "<m@x>", "<a@x> <b@x> <m@x>"),
        ("Message-ID: <m@x>\nIn-Reply-To: <a@x>", "<m@x>", "<a@x> <m@x>"),
        ("Message-ID: <m@x>\nIn-Reply-To: <a@x> <b@x>", "<m@x>", "<m@x>"),
        ("References: <a@x>", "", "<a@x>"),
        ("In-Reply-To: <a@x>", "", ""),
        ('Message-ID: <"q s"@x>', '<"q s"@x>', '<"q s"@x>'),
        ("Message-ID: none", "", ""),
    ],
)
def test_threads(fields, in_reply_to, thread):
    """RFC 5322 3.6.4: parents first; without References a single In-Reply-To stands for them."""
    assert references(PlainMessage(f"{fields}\n\n".encode())) == (in_reply_to, thread)


def test_a_display_name_beyond_ascii_is_encoded():
    """RFC 2047 5 (3): encoded words are never quoted."""
    assert re.fullmatch(r"=\?utf-8\?b\?[^?]*\?= <a@example\.org>", mailbox("Jürgen", "a@example.org"))


@given(TEXT)
def test_text_entities_hold_the_text(text):
    """A text comes out as it went in, line ends apart, whatever its length and characters."""
    entity = message_from_bytes(text_entity(text), policy=policy.default)
    wanted = text.encode("utf-8", "replace").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert entity.get_payload(decode=True).replace(b"\r\n", b"\n").rstrip(b"\n") == wanted.rstrip(b"\n")


def test_long_lines_are_quoted_printable():
    """RFC 5322 2.1.1: no line has more than 998 octets."""
    octets = text_entity("ä" * 2000)
    assert b"quoted-printable" in octets
    assert max(map(len, octets.split(b"\r\n"))) <= 78


@settings(max_examples=150)
@given(st.binary(max_size=400), TEXT, TEXT)
def test_answers_to_any_octets(octets, subject, reason):
    """An answer has each of its fields once, only CRLF, and no field that the mail or the script slipped in."""
    message = b"From: " + octets + b"\nSubject: " + octets + b"\nMessage-ID: " + octets + b"\n\nx"
    made = reply(message, subject=subject, reason=reason)
    names = [line.partition(b":")[0] for line in head(made) if not line.startswith((b" ", b"\t"))]
    assert len(names) == len(set(names))
    assert {b"From", b"To", b"Auto-Submitted", b"Precedence", b"Message-ID", b"Date"} <= set(names)
    assert b"\n" not in made.replace(b"\r\n", b"")
    assert head(made)[0] == b"X-Sieve: sieve_like"


@settings(max_examples=100)
@given(st.binary(max_size=400), TEXT)
def test_other_mails_to_any_octets(octets, text):
    """Refusals, notices, reports and forwarded mail never fail, and are addressed to whom they should be."""
    message = PlainMessage(octets)
    refused = refusal(Reject(text), message, ENVELOPE, ORIGIN)
    assert b"To: <anna@example.net>" in head(refused)
    told = Notify("mailto:x@example.org", "mailto", NotifyMail(("x@example.org",)), text=text)
    assert b"To: x@example.org" in head(notice(told, message, ENVELOPE, NO_SETTINGS, ORIGIN))
    report = Report("abuse", text, "abuse@example.org")
    assert b"To: <abuse@example.org>" in head(feedback_report(report, message, ENVELOPE, NO_SETTINGS, ORIGIN))
    assert forwarded(message, ENVELOPE, NO_SETTINGS, ORIGIN).startswith(b"X-Sieve: ")


@given(st.binary(max_size=300))
def test_a_forwarded_mail_keeps_its_octets(octets):
    """Pitfall 26: fields of ours stand before; but for Return-Path nothing is touched."""
    made = forwarded(PlainMessage(octets), ENVELOPE, NO_SETTINGS, ORIGIN)
    if b"return-path" not in octets.lower():
        assert made.endswith(octets)


@pytest.mark.parametrize(
    "fields",
    [b"Return-Path: <a@b>\r\n", b"return-path:\r\n <a@b>\r\n", b"Return-Path: <a@b>\nReturn-Path: <c@d>\n"],
)
def test_return_path_goes(fields):
    """RFC 5321 4.4: it is the final delivery's to add; a folded one goes whole."""
    octets = b"A: 1\r\n" + fields + b"B: 2\r\n\r\nReturn-Path: in the body\r\n"
    made = forwarded(PlainMessage(octets), ENVELOPE, NO_SETTINGS, ORIGIN)
    assert made.endswith(b"A: 1\r\nB: 2\r\n\r\nReturn-Path: in the body\r\n")


def test_the_boundary_is_of_this_mail():
    """A mail that holds the boundary of another report can't break ours."""
    first = refusal(Reject("no"), PlainMessage(b"Subject: x\r\n\r\nx"), ENVELOPE, ORIGIN)
    other = Origin(NOW, "<2@example.org>", "mx.example.org", "postmaster@example.org")
    second = refusal(Reject(first.decode()), PlainMessage(first), ENVELOPE, other)
    assert len(PlainMessage(second).root.children) == 3


@pytest.mark.parametrize("name", ["list-id", "list-owner", "list-post", "list-help", "list-subscribe"])
def test_lists_are_not_answered(name):
    """Pitfall 23: each field of a list is enough."""
    message = PlainMessage(f"To: bob@example.org\n{name}: x\n\n".encode())
    assert why_silent(Vacation("x"), message, ENVELOPE, POLICY) == "the mail comes from a list"


@pytest.mark.parametrize(
    ("values", "policy"),
    [
        ({"sieve_vacation_check_recipient": "no"}, VacationPolicy(check_recipient=False)),
        ({"sieve_vacation_dont_check_recipient": "yes"}, VacationPolicy(check_recipient=False)),
        ({"sieve_vacation_use_original_recipient": "yes"}, VacationPolicy(use_original_recipient=True)),
        ({"sieve_vacation_default_subject": "x"}, VacationPolicy(default_subject="x")),
        ({"sieve_vacation_max_subject_codepoints": "0"}, VacationPolicy(max_subject=0)),
        ({"sieve_user_email": "<a@example.org>"}, VacationPolicy(user="a@example.org")),
        ({}, VacationPolicy()),
    ],
)
def test_policies(values, policy):
    """Each setting is read under its name, in both generations."""
    assert VacationPolicy.of(Settings(values)) == policy
