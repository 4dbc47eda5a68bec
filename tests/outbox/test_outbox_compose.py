"""The composer: exactly the expected fields and one body, whatever Unicode goes in."""

import email
import email.policy
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.draft import Draft
from mailgate.outbox.compose import compose, default_message_id

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OWN_ID = "<mg.1.abc@desk.example.org>"
BASE = ["Date", "From", "To", "Subject", "Message-ID"]
BODY = ["MIME-Version", "Content-Type", "Content-Transfer-Encoding"]
# Text that breaks things more often than chance would.
NASTY = st.one_of(
    st.text(),
    st.text(alphabet='\r\n\t \0:;,<>@"\\=?ü€😀\ud800\u2028\x85aB.'),
    st.sampled_from(
        ["x\r\nBcc: evil@example.net", "=?utf-8?q?a?=", "a\r\n\r\nbody", "\n.\r\n", "a" * 2000, " " * 300]
    ),
)


def draft(**changes) -> Draft:
    values = {
        "from_address": "support@example.org",
        "to_address": "ann@example.net",
        "subject": "Hello",
        "text": "hi\n",
    }
    return Draft(**{**values, **changes})


def octets(**changes) -> bytes:
    return compose(draft(**changes), date=AT, message_id=OWN_ID).octets


def parsed(**changes):
    return email.message_from_bytes(octets(**changes), policy=email.policy.compat32)


def subject(mail) -> str:
    return str(make_header(decode_header(mail["Subject"].replace("\r\n", ""))))


def test_a_plain_draft_becomes_a_plain_mail():
    """The octets of a simple mail are exactly these."""
    assert octets(from_name="Help Desk") == (
        b"Date: Mon, 02 Mar 2026 09:00:00 +0000\r\n"
        b"From: Help Desk <support@example.org>\r\n"
        b"To: ann@example.net\r\n"
        b"Subject: Hello\r\n"
        b"Message-ID: <mg.1.abc@desk.example.org>\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=us-ascii\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"hi\r\n"
    )


def test_the_same_draft_has_the_same_octets():
    """Composing twice gives the same mail, so a second copy is recognised."""
    parts = {"text": "grüße\n", "html": "<p>grüße</p>", "headers": (("X-A", "b"),)}
    assert octets(**parts) == octets(**parts)


@given(NASTY, NASTY, NASTY, NASTY, NASTY, NASTY, st.lists(st.tuples(NASTY, NASTY), max_size=3))
def test_any_unicode_gives_the_expected_fields_and_one_body(
    title, name, address, own_id, text, value, headers
):
    """Nothing in any value adds a field, ends the header or adds an envelope: the fields are ours, in order."""
    made = octets(
        subject=title, from_name=name, from_address=address, to_name=name, to_address=address,
        message_id=own_id, text=text, headers=(("X-One", value), *headers),
    )  # fmt: skip
    head, _, body = made.partition(b"\r\n\r\n")
    names = re.findall(rb"^([^ \t\r\n:]+):", head, re.MULTILINE)
    assert [n.decode() for n in names[:6]] == [*BASE, "X-One"]
    assert [n.decode() for n in names[-3:]] == BODY
    extra = [n.decode() for n in names[6:-3]]
    allowed = ["".join(c for c in field if "!" <= c <= "~" and c != ":")[:78] for field, _ in headers]
    assert all(one in allowed for one in extra)
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", made)
    assert not re.search(rb"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]", made)
    assert all(len(line) <= 998 and (line.strip() or not line) for line in head.split(b"\r\n"))
    assert all(len(line) <= 78 for line in body.split(b"\r\n"))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300))
def test_a_subject_comes_out_as_it_went_in(text):
    """Encoding loses nothing: readers see the subject that was meant, its outer spaces aside."""
    assert subject(parsed(subject=text)) == text.strip()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=100))
def test_a_display_name_comes_out_as_it_went_in(name):
    """A name with quotes, commas or umlauts is still one name beside one address."""
    mail = parsed(from_name=name)
    found, address = parseaddr(mail["From"].replace("\r\n", ""))
    assert address == "support@example.org"
    assert str(make_header(decode_header(found))) == name.strip()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_body_comes_out_as_it_went_in(text):
    """Text survives 7bit and quoted-printable, its line ends aside (test_outbox_flowed.py has the third form)."""
    mail = parsed(text=text)
    if mail.get_param("format") == "flowed":
        return
    found = mail.get_payload(decode=True).decode(mail.get_content_charset())
    lines = re.sub("\r\n|\r|\n", "\n", text)
    assert found.replace("\r\n", "\n") == (lines if not lines or lines.endswith("\n") else lines + "\n")


def test_header_lines_have_at_most_78_columns_where_words_allow_it():
    """A long subject is folded at its spaces."""
    head = octets(subject="word " * 60).partition(b"\r\n\r\n")[0]
    assert max(len(line) for line in head.split(b"\r\n")) <= 78
    assert subject(parsed(subject="word " * 60)) == ("word " * 60).strip()


def test_encoded_words_keep_their_limits():
    """An encoded word has at most 75 characters, its line 76, and it never ends inside a character."""
    head = octets(subject="Grüße €😀 " * 40).partition(b"\r\n\r\n")[0].decode()
    for line in re.search(r"Subject:(.*?)\r\nMessage", head, re.DOTALL)[0].split("\r\n")[:-1]:
        assert len(line) <= 76
        word = re.search(r"=\?\S+\?=", line)[0]
        assert len(word) <= 75
        str(make_header(decode_header(word)))


def test_text_that_looks_like_an_encoded_word_stays_literal():
    """A subject that somebody wrote with =?utf-8? is shown with these very letters."""
    tricky = "=?utf-8?q?admin=40corp.com?="
    assert subject(parsed(subject=tricky)) == tricky


def test_a_line_break_in_a_value_becomes_a_space():
    """A subject with CRLF stays one field."""
    mail = parsed(subject="a\r\nBcc: evil@example.net")
    assert mail["Subject"] == "a Bcc: evil@example.net"
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    "address",
    ['a>,<b"@example.net', "a, b@example.net", "x <y>@example.net", "a@b.example>, c.example", "a@b\r\nX: y"],
)
def test_an_address_stays_one_address(address):
    """What would be two mailboxes is quoted or cleaned into one."""
    mail = email.message_from_bytes(octets(from_address=address), policy=email.policy.default)
    assert len(mail["From"].addresses) == 1


def test_a_domain_beyond_ascii_goes_out_as_a_labels():
    """A domain with umlauts needs no SMTPUTF8."""
    made = compose(draft(to_address="ann@bücher.example"), date=AT, message_id=OWN_ID)
    assert b"To: ann@xn--bcher-kva.example\r\n" in made.octets
    assert not made.smtputf8


def test_a_local_part_beyond_ascii_is_flagged():
    """Such a mail needs SMTPUTF8, and says so."""
    made = compose(draft(to_address="jürgen@example.net"), date=AT, message_id=OWN_ID)
    assert "To: jürgen@example.net\r\n".encode() in made.octets
    assert made.smtputf8


def test_threading_fields_name_valid_ids_only():
    """In-Reply-To and References hold message ids and nothing else."""
    mail = parsed(in_reply_to="<a@b> junk", references=("<one@x>", "no id", "<two words@x>", "<three@x>"))
    assert mail["In-Reply-To"] == "<a@b>"
    assert mail["References"].split() == ["<one@x>", "<three@x>"]


def test_references_are_cut_to_twenty_with_the_first_kept():
    """Of 50 references the first and the last 19 stay."""
    ids = tuple(f"<{n}@x>" for n in range(50))
    found = parsed(references=ids)["References"].split()
    assert found == [ids[0], *ids[-19:]]


def test_an_invalid_message_id_is_replaced():
    """The mail has the id that was handed in where the draft's can't be written."""
    for wrong in ("no id", "<0>", "<a b@x>", "<a@x> <b@x>", "<a..b@x>", "<a@x>\r\n"):
        assert parsed(message_id=wrong)["Message-ID"] == OWN_ID
    assert parsed(message_id="<own@x>")["Message-ID"] == "<own@x>"


def test_the_default_message_id_is_the_same_on_every_try():
    """It is made of the row and the mail that caused it, nothing else."""
    assert default_message_id(7, "01X", "h.example") == default_message_id(7, "01X", "h.example")
    assert default_message_id(7, "01X", "h.example") != default_message_id(8, "01X", "h.example")


def test_extra_fields_are_written_but_never_twice():
    """Fields of the planner stand in the mail; those that the composer writes itself are not repeated."""
    extra = (
        ("Auto-Submitted", "auto-replied (vacation)"),
        ("Subject", "other"),
        ("Content-Type", "x/y"),
        ("", "z"),
    )
    mail = parsed(headers=extra)
    assert mail["Auto-Submitted"] == "auto-replied (vacation)"
    assert mail.get_all("Subject") == ["Hello"]
    assert mail.get_all("Content-Type") == ["text/plain; charset=us-ascii"]


def test_html_makes_an_alternative_with_the_text_first():
    """multipart/alternative holds text/plain, then text/html."""
    mail = parsed(text="grüße\n", html="<p>grüße</p>")
    assert mail.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in mail.get_payload()]
    assert kinds == ["text/plain", "text/html"]
    assert mail.get_payload(1).get_payload(decode=True).decode() == "<p>grüße</p>\r\n"


def test_a_body_with_long_lines_is_encoded():
    """ASCII that does not fit 78 columns is quoted-printable."""
    mail = parsed(text="x" * 500)
    assert mail["Content-Transfer-Encoding"] == "quoted-printable"
    assert mail.get_payload(decode=True) == b"x" * 500 + b"\r\n"


def test_a_line_that_mailboxes_would_change_is_encoded():
    """A line that starts with From stays as it is on every system."""
    made = octets(text="hello\nFrom here on\n")
    assert b"quoted-printable" in made


def test_no_line_of_a_body_starts_as_mailboxes_part_mails():
    """Neither a line of the text nor a piece of a long one begins with From and a space, and nothing is lost."""
    text = "From here\n" + "x" * 74 + " From there From me\nFrom From From\n"
    made = octets(text=text)
    assert b"\r\nFrom " not in made.partition(b"\r\n\r\n")[2]
    assert parsed(text=text).get_payload(decode=True).decode() == text.replace("\n", "\r\n")


def test_what_stands_once_is_written_once():
    """Of two fields Auto-Submitted the first counts; Bcc is for nobody to see; a Cc holds addresses only."""
    extra = (
        ("Auto-Submitted", "auto-replied"),
        ("Auto-Submitted", "no"),
        ("Bcc", "eve@example.net"),
        ("Cc", 'junk, bob@example.net, "Sue, S" <sue@example.net>, ü@example.net'),
        ("cc", "eve@example.net"),
    )
    mail = parsed(headers=extra)
    assert mail.get_all("Auto-Submitted") == ["auto-replied"]
    assert mail["Bcc"] is None
    assert mail.get_all("Cc") == ['bob@example.net, "Sue, S" <sue@example.net>']


def test_a_mime_entity_replaces_text_and_html():
    """A vacation with :mime gives type and body; its other fields do not get into the mail."""
    entity = (
        "Content-Type: text/html; charset=utf-8\r\nBcc: evil@example.net\r\nSubject: x\r\n\r\n<p>grüße</p>"
    )
    mail = parsed(mime=entity, text="not this")
    assert mail.get_content_type() == "text/html"
    assert mail["Bcc"] is None
    assert mail.get_all("Subject") == ["Hello"]
    assert mail.get_payload(decode=True).decode() == "<p>grüße</p>\r\n"


def test_a_multipart_entity_keeps_its_parts():
    """A rule may write a whole multipart."""
    entity = (
        "Content-Type: multipart/alternative;\r\n boundary=b1\r\n\r\n--b1\r\nContent-Type: text/plain\r\n\r\none\r\n"
        "--b1\r\nContent-Type: text/html\r\n\r\n<p>two</p>\r\n--b1--\r\n"
    )
    mail = parsed(mime=entity)
    assert [part.get_payload().strip() for part in mail.get_payload()] == ["one", "<p>two</p>"]


def test_lines_that_nobody_takes_are_broken():
    """A container with a line of more than 998 octets is broken up, as Postfix would."""
    body = octets(mime="Content-Type: multipart/mixed; boundary=b\r\n\r\n" + "ä" * 2000).partition(
        b"\r\n\r\n"
    )[2]
    assert max(map(len, body.split(b"\r\n"))) <= 998
    assert body.replace(b"\r\n ", b"") == "ä".encode() * 2000 + b"\r\n"


def test_an_entity_without_a_header_is_text():
    """Text where an entity was meant becomes the body, nothing of it a field."""
    mail = parsed(mime="just some text\nSubject: no\n")
    assert mail.get_content_type() == "text/plain"
    assert mail.get_payload(decode=True) == b"just some text\r\nSubject: no\r\n"


@given(NASTY, NASTY)
def test_any_entity_leaves_the_other_fields_alone(one, two):
    """Whatever a rule writes as an entity, only Content-* fields come of it, and lines stay within bounds."""
    made = octets(mime=f"Content-Type: text/plain\r\n{one}\r\n{two}")
    head, _, body = made.partition(b"\r\n\r\n")
    names = [n.decode() for n in re.findall(rb"^([^ \t\r\n:]+):", head, re.MULTILINE)]
    assert names[:6] == [*BASE, "MIME-Version"]
    assert all(name.lower().startswith("content-") for name in names[6:])
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", made)
    assert all(len(line) <= 998 for line in body.split(b"\r\n"))
