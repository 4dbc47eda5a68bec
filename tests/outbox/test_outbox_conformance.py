"""Whatever goes into a mail, what comes out is one mail by the standards, in the eyes of two other parsers.

`make conformance` asks for 10,000 examples; the suite does with fewer.
"""

import email
import email.policy
import hashlib
import os
import re
from datetime import UTC, datetime

import conformance
import peers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailgate.domain.draft import Attachment, Draft
from mailgate.domain.envelope import Octets
from mailgate.outbox.compose import compose

EXAMPLES = int(os.environ.get("MAILGATE_EXAMPLES", "100"))
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OWN_ID = "<mg.1.abc@desk.example.org>"
NASTY = st.one_of(
    st.text(max_size=120),
    st.text(alphabet='\r\n\t \0:;,<>@"\\=?%*\'ü€😀\ud800\u2028\x85\u202eaB.-_', max_size=200),
    st.text(alphabet="abcdefgh     .,>-\n", max_size=600),
    st.sampled_from(
        [
            "x\r\nBcc: evil@example.net", "=?utf-8?q?a?=", "a\r\n\r\nbody", "\n.\r\n", "a" * 2000, " " * 300,
            "From here\nFrom there", "-- \nx", "word " * 50, "> " + "quoted " * 30, "--=_\n", ".", "\r\n.\r\n",
            "x" * 77 + " " + "y" * 90, " leading", "trailing \n", "=" * 80, "\u0430" * 90, "a\u0308" * 80,
        ]
    ),
)  # fmt: skip
KINDS = st.sampled_from(
    [
        "image/png",
        "application/pdf",
        "text/csv; charset=iso-8859-1",
        "text/plain",
        "x\r\nBcc: a@b",
        "message/rfc822",
        "",
    ]
)
FILES = st.lists(st.tuples(NASTY, KINDS, st.binary(max_size=400), st.booleans()), max_size=4)
HTML = st.one_of(
    st.just(""), NASTY, st.builds("<p>{}</p><img src='cid:0.png'><img src=\"cid:1.png\">".format, NASTY)
)
MAILS = st.fixed_dictionaries(
    {
        "subject": NASTY,
        "text": NASTY,
        "html": HTML,
        "from_name": NASTY,
        "to_name": NASTY,
        "message_id": st.one_of(st.just("<own@x.example>"), NASTY),
        "in_reply_to": NASTY,
        "references": st.lists(NASTY, max_size=3).map(tuple),
        "headers": st.lists(st.tuples(st.sampled_from(["X-One", "Cc", "Bcc", "Auto-Submitted", "Content-Type"]), NASTY),
                            max_size=3).map(tuple),
    }
)  # fmt: skip
BASE = ["Date", "From", "To", "Subject", "Message-ID"]
untimed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)


def built(values, files) -> bytes:
    """Compose a mail from wild values; half of its files are texts, the others lie in a store of memory."""
    store = {hashlib.sha256(octets).hexdigest(): octets for _, _, octets, _ in files}
    attachments = []
    for number, (name, kind, octets, inline) in enumerate(files):
        cid = f"{number}.png" if inline else ""
        if number % 2:
            attachments.append(Attachment(name, "text/plain", text=octets.decode("latin-1")))
        else:
            digest = hashlib.sha256(octets).hexdigest()
            attachments.append(Attachment(name, kind, blob=digest, size=len(octets), cid=cid))
    draft = Draft("support@example.org", "ann@example.net", attachments=tuple(attachments), **values)
    found = compose(
        draft, date=AT, message_id=OWN_ID, files=lambda n, size: Octets(size, bytes.fromhex(n), store[n])
    )
    assert b"".join(found.content().plain()) == found.octets
    assert found.content().size == len(found.octets)
    wire = b"".join(found.content().wire())
    assert wire.count(b"\r\n.\r\n") == 1
    assert wire.endswith(b"\r\n.\r\n")
    return found.octets


@pytest.mark.peer("mime-parser")
@untimed
@given(MAILS, FILES)
def test_any_mail_conforms(values, files):
    """Lines, header, dates, ids, addresses, MIME tree, encodings: nothing to complain of, and one envelope."""
    octets = built(values, files)
    wrong = [line for line in conformance.complaints(octets) if not expected(line)]
    assert wrong == []


def expected(line: str) -> bool:
    """Whether a wild value may cause it: HTML that names an image which is not there."""
    return "names images that are not there" in line


@untimed
@given(MAILS, FILES)
def test_any_mail_has_exactly_its_fields(values, files):
    """No value adds a field, however it is written: ours in their order, those of the planner, those of MIME."""
    head = built(values, files).partition(b"\r\n\r\n")[0]
    names = re.findall(r"^([^ \t\r\n:]+):", head.decode("ascii"), re.MULTILINE)
    asked = [name for name, _ in values["headers"] if name in {"X-One", "Auto-Submitted"}]
    planner = [name for place, name in enumerate(asked) if name == "X-One" or name not in asked[:place]]
    # A Cc stands there where it holds an address.
    assert names.count("Cc") <= [name for name, _ in values["headers"]].count("Cc")
    names = [name for name in names if name != "Cc"]
    threads = [name for name in names if name in {"In-Reply-To", "References"}]
    mime = names[names.index("MIME-Version") :]
    assert names == [*BASE, *threads, *planner, *mime]
    assert mime in (
        ["MIME-Version", "Content-Type"],
        ["MIME-Version", "Content-Type", "Content-Transfer-Encoding"],
    )


@untimed
@given(MAILS, FILES)
def test_files_come_out_as_they_went_in(values, files):
    """The octets of every file that goes along, whatever the mail around it."""
    mail = email.message_from_bytes(built(values, files), policy=email.policy.default)
    kept = [p.get_payload(decode=True) for p in mail.walk() if p.get("content-transfer-encoding") == "base64"]
    named = {f"{n}.png" for n in range(2) if f"cid:{n}.png" in values["html"]}
    sent = [
        octets
        for number, (_, _, octets, inline) in enumerate(files)
        if number % 2 == 0 and (not inline or f"{number}.png" in named)
    ]
    assert sorted(kept) == sorted(sent)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ((b"Subject: Hello\r\n", b"Subject: Hello\r\nSubject: two\r\n"), "subject stands there 2 times"),
        ((b"\r\nhi\r\n", b"\r\nhi\nthere\r\n"), "a bare CR or LF"),
        ((b"hi\r\n", b"x" * 999 + b"\r\n"), "a line of 999 octets"),
        ((b"us-ascii", b"nonsense"), "no text in nonsense"),
        ((b"<mg.1.abc@desk.example.org>", b"<mg 1>"), "message-id"),
        ((b"Mon, 02 Mar", b"Fun, 02 Mar"), "date"),
        ((b"To: ann@example.net", b"To: ann@example.net, eve@example.net"), "to: "),
        ((b"Subject: Hello", b"Subject: H\xc3\xa9llo"), "the header is not ASCII"),
        ((b"Subject: Hello", b"Subject: " + b"word " * 20), "a line that could be folded"),
        ((b"Subject: Hello", b"Subject: =?utf-8?Q?a?b?="), "no encoded word"),
        ((b"MIME-Version: 1.0\r\n", b""), "there is no mime-version"),
        ((b"text/plain;", b"multipart/mixed;"), "defect"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(change, what):
    """The check itself: a mail that is broken in one place is complained of in words."""
    draft = Draft("support@example.org", "ann@example.net", "Hello", "hi\n")
    octets = compose(draft, date=AT, message_id=OWN_ID).octets
    assert conformance.complaints(octets) == []
    assert change[0] in octets
    wrong = conformance.complaints(octets.replace(*change, 1), second=False)
    assert any(what in line for line in wrong), wrong


def test_only_mails_of_ours_are_watched():
    """What is passed on is somebody else's, and so is what only answers us."""
    draft = Draft("support@example.org", "ann@example.net", "Hello", "hi\n")
    ours = compose(draft, date=AT, message_id=OWN_ID).octets.replace(b"MIME-Version: 1.0\r\n", b"")
    watch = conformance.Watch()
    watch.seen(b"X-Mailgate-Delivered: a@b.example\r\n" + ours)
    watch.seen(ours.replace(b"<mg.1.", b"<x.1."))
    assert watch.wrong() == []
    watch.seen(ours)
    assert any("there is no mime-version" in line for line in watch.wrong())
    assert watch.wrong() == []


@pytest.mark.peer("mime-parser")
def test_the_second_parser_is_asked():
    """What only the other parser minds is a complaint too."""
    draft = Draft("support@example.org", "ann@example.net", "Hello", "hi\n")
    octets = compose(draft, date=AT, message_id=OWN_ID).octets
    found = conformance.SECOND.ask(octets)
    assert (found["errors"], found["tree"]["type"]) == ([], "text/plain")
    assert found["fields"] == [*BASE, "MIME-Version", "Content-Type", "Content-Transfer-Encoding"]
    assert not peers.absent("mime-parser")
