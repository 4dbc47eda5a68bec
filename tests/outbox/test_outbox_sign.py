"""Signatures of our own mail: good for dkimpy and for OpenDKIM, and no more so when an octet has changed."""

import email
import random
import re
import tracemalloc
from datetime import UTC, datetime
from hashlib import sha256

import dkimkit
import opendkimkit
import pytest
from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st
from outboxkit import Plain

from mailgate.domain.draft import Attachment, Draft
from mailgate.outbox.compose import Composed, compose
from mailgate.outbox.sign import OVERSIGNED, Signer, SigningKey, body_hash
from mailgate.store.details import Details, encode

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MAILS = 200
SUBJECTS = [
    "",
    "Hello",
    "Grüße aus Köln",
    "発送のお知らせ " * 12,
    "a " * 200,
    "x" * 400,
    "\u202etxt.exe",
    "tab\there",
]
TEXTS = [
    "", "\n", "hi\n", "no line end", " \n \n\t\n", "trailing blanks  \t\n\n\n\n", ".\n..\n.dot\n", "From me\n>From you\n",
    "Ünïcode ✓\n" * 50, "l" * 3000 + "\n", "-- \nsignature\n", "\r\nmixed\rline\nends\r\n", "a  b\t\tc \n" * 400,
]  # fmt: skip
ENTITY = 'Content-Type: multipart/mixed; boundary="b"\n\npreamble \n--b\nContent-Type: text/plain\n\nx  \n--b--\n\n\n'


def drafts(count: int) -> list[Draft]:
    """Return mails of every kind: texts, HTML, files, ready entities, long threads, any language."""
    chance = random.Random(6376)
    made = []
    for number in range(count):
        text = chance.choice(TEXTS)
        made.append(
            Draft(
                from_address=chance.choice(
                    ["support@example.org", "Support@Example.ORG", "a@desk.example.org"]
                ),
                to_address="ann@example.net",
                subject=chance.choice(SUBJECTS),
                text=text,
                from_name=chance.choice(["", "Support, Inc.", "Hilfe für Kunden"]),
                to_name=chance.choice(["", "Änn"]),
                html=chance.choice(["", f"<p>{text}</p>\n", "<b>ü</b>" * 300]),
                message_id=f"<m.{number}@example.org>",
                in_reply_to=chance.choice(["", "<one@example.net>"]),
                references=tuple(f"<r{n}@example.net>" for n in range(chance.choice([0, 1, 30]))),
                reply_to=chance.choice(["", "support+t1.x@example.org"]),
                headers=chance.choice([(), (("Auto-Submitted", "auto-replied"), ("Precedence", "bulk"))]),
                mime=chance.choice(["", "", "", ENTITY]),
                attachments=chance.choice([(), (Attachment("ü.txt", "text/plain", text="é " * 90),)]),
            )
        )
    return made


def composed(one: Draft) -> Composed:
    return compose(one, date=AT, message_id="<own@example.org>")


def signed(one: Draft, *kinds) -> bytes:
    return Signer(dkimkit.signing(*kinds)).signed(composed(one), one.from_address, AT).octets


def plain(**changes) -> Draft:
    values = {
        "from_address": "support@example.org",
        "to_address": "ann@example.net",
        "subject": "Hi",
        "text": "one\n",
    }
    return Draft(**{**values, **changes})


@pytest.fixture(scope="module")
def opendkim(tmp_path_factory) -> opendkimkit.OpenDkim:
    return opendkimkit.OpenDkim(dkimkit.records("rsa", "ed25519"), tmp_path_factory.mktemp("opendkim"))


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_two_hundred_varied_mails_verify_with_dkimpy(kind):
    """Whatever the builder makes, the library that incoming mail is checked with takes it."""
    known = dkimkit.records(kind)
    failed = [one for one in drafts(MAILS) if not dkimkit.passes(signed(one, kind), known)]
    assert not failed


@pytest.mark.peer("opendkim")
@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_two_hundred_varied_mails_verify_with_opendkim(opendkim, kind):
    """And so does a verifier of other people, in another language."""
    said = {opendkim.verify(signed(one, kind)) for one in drafts(MAILS)}
    assert said == {"Success"}


@pytest.mark.peer("opendkim")
def test_a_changed_octet_fails_everywhere(opendkim):
    """One octet of any line of the body or of any over-signed field, and neither verifier takes the mail."""
    raw = signed(
        plain(text="first\nsecond\n", reply_to="x@example.org", in_reply_to="<i@example.net>"), "rsa"
    )
    end = raw.index(b"\r\n\r\n")
    places = [found.end() for found in re.finditer(rb"(?m)^[a-z]", raw[end:])]
    changed = [raw[: end + at - 1] + b"#" + raw[end + at :] for at in places]
    for field in re.finditer(rb"(?mi)^(%s):" % "|".join(OVERSIGNED).encode(), raw[:end]):
        at = field.end() + 2
        changed.append(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
    assert len(changed) >= 2 + 9
    known = dkimkit.records("rsa")
    assert not [one for one in changed if dkimkit.passes(one, known)]
    assert {opendkim.verify(one) for one in changed} == {"Bad signature"}


@pytest.mark.peer("opendkim")
@pytest.mark.parametrize("name", OVERSIGNED)
def test_no_over_signed_field_can_be_added(opendkim, name):
    """A second one, or a first where there was none, breaks the signature: above or below."""
    raw = signed(plain(), "rsa")
    for more in (
        f"{name}: x\r\n".encode() + raw,
        raw.replace(b"\r\n\r\n", f"\r\n{name}: x\r\n\r\n".encode(), 1),
    ):
        assert not dkimkit.passes(more, dkimkit.records("rsa"))
        # Two authors are an error of their own to it.
        assert opendkim.verify(more) in {"Bad signature", "Syntax error"}


@pytest.mark.peer("opendkim")
def test_what_relays_may_do_breaks_nothing(opendkim):
    """Trace fields on top, folding and blanks changed: that is what the relaxed form is for."""
    raw = signed(plain(subject="two words", text="a b\nend\n"), "rsa")
    passed_on = b"Received: by relay.example\r\n" + raw.replace(
        b"Subject: two words", b"SUBJECT:\ttwo\r\n  words "
    )
    passed_on = passed_on.replace(b"a b\r\n", b"a  b \t\r\n") + b"\r\n"
    assert dkimkit.passes(passed_on, dkimkit.records("rsa"))
    assert opendkim.verify(passed_on) == "Success"


def test_each_active_key_of_the_domain_signs():
    """One signature for each selector, so that receivers take the one they understand."""
    raw = signed(plain(), "rsa", "ed25519")
    known = dkimkit.records("rsa", "ed25519")
    assert [dkimkit.passes(raw, known, place) for place in (0, 1, 2)] == [True, True, False]


def test_the_same_mail_has_the_same_octets_on_every_try():
    """The time in the signature is that of the row, and neither kind of key draws lots."""
    assert signed(plain(), "rsa", "ed25519") == signed(plain(), "rsa", "ed25519")
    assert f"t={int(AT.timestamp())};".encode() in signed(plain(), "rsa")


@pytest.mark.parametrize(
    ("address", "selectors"),
    [
        ("a@example.org", "rsa"),
        ("a@EXAMPLE.org", "rsa"),
        ("a@deep.down.example.org", "rsa"),
        ("a@own.example.org", "own"),
        ("a@x.own.example.org", "own"),
        ("a@bücher.example", "idn"),
        ("a@example.net", ""),
        ("a@notexample.org", ""),
        ("a@org", ""),
        ("", ""),
        ("no address", ""),
    ],
)
def test_the_keys_of_the_nearest_domain_sign(address, selectors):
    """A domain's own keys, else those of the domain above it; strangers' mail is not signed."""
    key = dkimkit.key("ed25519")
    names = [("example.org", "rsa"), ("own.example.org", "own"), ("xn--bcher-kva.example", "idn")]
    signer = Signer(SigningKey(domain, selector, key) for domain, selector in names)
    assert " ".join(one.selector for one in signer.keys_for(address)) == selectors


def test_without_a_key_the_mail_is_as_it_was():
    """No field is added, and nothing is computed."""
    mail = composed(plain())
    assert Signer().signed(mail, "support@example.org", AT) is mail


def test_the_field_has_short_lines_and_one_of_each_tag():
    """78 columns; no l=, which would let anybody append."""
    field, _, _ = signed(plain(references=tuple(f"<r{n}@x.example>" for n in range(20))), "rsa").partition(
        b"\r\nDate:"
    )
    assert max(map(len, field.split(b"\r\n"))) <= 78
    value = email.message_from_bytes(field)["DKIM-Signature"]
    tags = [tag.partition("=")[0].strip() for tag in value.split(";")]
    assert tags == ["v", "a", "c", "d", "s", "t", "h", "bh", "b"]


PIECES = st.lists(
    st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"\r\n\r\n", b" \r\n", b"xy z", b".", b""]), max_size=14
)


@given(PIECES)
def test_the_body_in_pieces_has_the_hash_of_the_whole(pieces):
    """Wherever it is cut; a last line without an end has one on the wire, and so in the hash."""
    whole = b"".join(pieces)
    if whole and not whole.endswith(b"\r\n"):
        whole += b"\r\n"
    assert body_hash(pieces) == sha256(Relaxed.canonicalize_body(whole)).digest()


def test_a_large_body_is_not_held_in_memory():
    """40 MiB in pieces, with the empty lines of a whole piece among them, take a few pieces' memory."""
    piece = b"=20some base64 or so, seventy-six characters in a line as they all have" * 10
    lines = (piece + b"\r\n") * 90

    def pieces():
        for number in range(640):
            yield b"\r\n" * 30000 if number % 64 == 63 else lines

    tracemalloc.start()
    try:
        body_hash(pieces())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024 * 1024


def test_a_line_end_that_is_cut_in_two_is_one():
    """Pieces may end between CR and LF."""
    assert body_hash([b"a \r", b"\n", b"\r", b"\nb\r\n\r", b"\n"]) == body_hash([b"a \r\n\r\nb\r\n\r\n"])


def test_the_worker_signs_what_is_ours_and_its_copies(outbox):
    """A mail of ours and its copy for the Sent folder are the same signed octets; a redirect stays as it is."""
    sent, box = Plain(), Plain()
    own = outbox.add_send(trace_id="01R")
    outbox.add_deliver(draft=encode(Details(copy_of=own)), trace_id="01R")
    outbox.add_redirect()
    signer = Signer(dkimkit.signing("rsa"))
    outbox.work(outbox.settled(), {"box": box}, sent, signer=signer)
    mails = {job.kind: b"".join(job.content.plain()) for job in (*sent.jobs, *box.jobs)}
    assert dkimkit.passes(mails["send"], dkimkit.records("rsa"))
    assert mails["deliver"] == mails["send"]
    assert b"DKIM-Signature" not in mails["redirect"]
