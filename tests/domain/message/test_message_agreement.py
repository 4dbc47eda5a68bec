"""On benign mail the view says what the standard library's compat32 parser says."""

import email
import email.header
import email.message
import email.policy
import email.utils
import re
from datetime import datetime, timedelta, timezone
from email.mime.application import MIMEApplication
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailgate.domain.message.view import MessageView

# Mails of the interpreter's own tests on which the two differ on purpose, each with the reason.
DIFFERENT = {
    "msg_15.txt": "an inner multipart with the boundary of the outer one: noted as a conflict",
    "msg_36.txt": "message/external-body holds no mail",
    "msg_42.txt": "a multipart without a single part",
}
STATUS = "message/delivery-status"  # fields, which compat32 makes into mails


def library_mails() -> list:
    """Return the sample mails that came with this interpreter; many are shipped without."""
    try:
        import test.test_email as found
    except ImportError:
        return [pytest.param(None, marks=pytest.mark.skip(reason="this Python comes without its tests"))]
    paths = sorted(Path(found.__path__[0], "data").glob("msg_*.txt"))
    return [pytest.param(path, id=path.name) for path in paths if path.name not in DIFFERENT] or [
        pytest.param(None, marks=pytest.mark.skip(reason="this Python comes without its test data"))
    ]


def library_tree(message: email.message.Message) -> object:
    """Return a parsed mail as nested values, the way the library sees it."""
    kind = message.get_content_type()
    facts = (kind, message.get_filename() or "", (message.get_content_charset() or "").lower())
    if message.is_multipart() and kind != STATUS:
        return facts, [library_tree(part) for part in message.get_payload()]
    return facts, None if kind == STATUS or kind.startswith("multipart/") else message.get_payload(
        decode=True
    )


def our_tree(part) -> object:
    """Return the same, the way we see it."""
    facts = (part.content_type, part.filename, part.charset)
    if part.children:
        return facts, [our_tree(child) for child in part.children]
    return facts, None if part.content_type == STATUS or part.is_multipart else part.decoded()


def agree(octets: bytes) -> None:
    """Compare fields and parts."""
    library, seen = email.message_from_bytes(octets), MessageView.parse(octets)
    assert [field.name for field in seen.headers] == library.keys()
    for name in library:
        unfolded = [re.sub(r"\r?\n[ \t]", " ", value.strip()) for value in library.get_all(name)]
        assert [value.decode("ascii", "surrogateescape") for value in seen.header(name)] == unfolded
    assert our_tree(seen.root) == library_tree(library)


@pytest.mark.parametrize("path", library_mails())
def test_the_library_s_own_samples(path):
    """Every sample mail of the interpreter has the same fields and the same parts in both readers."""
    agree(path.read_bytes())


word = st.text(st.characters(whitelist_categories=("L", "N")), min_size=1, max_size=10)
phrase = st.lists(word, min_size=1, max_size=6).map(" ".join)
ascii_word = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12)
line = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30)
body_text = st.lists(line, max_size=8).map("\n".join)
moment = st.datetimes(datetime(1970, 1, 2), datetime(2099, 12, 31)).map(
    lambda time: time.replace(microsecond=0)
)
address = st.tuples(ascii_word, ascii_word).map(lambda two: f"{two[0]}@{two[1]}.example")


@st.composite
def leaf(draw) -> email.message.Message:
    """Draw a text, or a file with a name."""
    if draw(st.booleans()):
        return MIMEText(draw(body_text), draw(st.sampled_from(["plain", "html"])), "utf-8")
    part = MIMEApplication(draw(st.binary(max_size=200)))
    name = draw(phrase)
    part.add_header(
        "Content-Disposition", "attachment", filename=("utf-8", "", name) if not name.isascii() else name
    )
    return part


@st.composite
def branch(draw, children) -> email.message.Message:
    """Draw a multipart or an attached mail around drawn parts."""
    parts = draw(st.lists(children, min_size=1, max_size=4))
    if draw(st.integers(0, 4)) == 0:
        parts[0]["Subject"] = "inner"
        return MIMEMessage(parts[0])
    outer = MIMEMultipart(draw(st.sampled_from(["mixed", "alternative", "related"])))
    for part in parts:
        outer.attach(part)
    if draw(st.booleans()):
        outer.preamble, outer.epilogue = "before", "after\n"
    return outer


@st.composite
def benign_mail(draw) -> bytes:
    """Draw a mail as the library's generator writes it, with either line end."""
    message = draw(st.recursive(leaf(), branch, max_leaves=6))
    message["Subject"] = email.header.Header(draw(phrase), "utf-8", header_name="Subject")
    message["From"] = email.utils.formataddr((draw(phrase), draw(address)))
    pairs = draw(st.lists(st.tuples(phrase, address), min_size=1, max_size=5))
    message["To"] = ", ".join(email.utils.formataddr(pair) for pair in pairs)
    message["Message-ID"] = f"<{draw(ascii_word)}@x.example>"
    zone = timezone(timedelta(minutes=draw(st.integers(-1439, 1439))))
    message["Date"] = email.utils.format_datetime(draw(moment).replace(tzinfo=zone))
    for number, part in enumerate(message.walk()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_{number:03}_=")
    policy = email.policy.compat32.clone(linesep=draw(st.sampled_from(["\r\n", "\n"])))
    return message.as_bytes(policy=policy)


many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@many
@given(benign_mail())
def test_generated_mails_have_the_same_fields_and_parts(octets):
    """Headers, types, charsets, file names and decoded bodies are the same, however they nest."""
    agree(octets)


@many
@given(benign_mail())
def test_generated_mails_have_no_defects(octets):
    """What a careful program writes is nothing to complain about, once everything was read."""
    seen = MessageView.parse(octets)
    seen.prepare()
    for part in seen.root.walk():
        part.decoded_text()
    assert seen.defects == ()


@many
@given(benign_mail())
def test_generated_values_are_decoded_the_same(octets):
    """Subject, addresses with their names, and dates."""
    library, seen = email.message_from_bytes(octets), MessageView.parse(octets)
    assert (
        seen.subject == str(email.header.make_header(email.header.decode_header(library["Subject"]))).strip()
    )
    expected = [
        (str(email.header.make_header(email.header.decode_header(name))), found)
        for name, found in email.utils.getaddresses(library.get_all("To"))
    ]
    assert [(one.name, one.address) for one in seen.addresses("to")] == expected
    assert all(one.valid for one in seen.addresses("to"))
    assert seen.message_id == library["Message-ID"]
    assert seen.date == email.utils.parsedate_to_datetime(library["Date"])


@many
@given(body_text, st.sampled_from(["utf-8", "utf-16", "utf-32", "gb18030"]))
def test_generated_texts_are_decoded_the_same(text, charset):
    """A text comes back as it was written, whatever its charset."""
    octets = MIMEText(text, "plain", charset).as_bytes()
    found = MessageView.parse(octets).root.decoded_text()
    assert found.removeprefix("\ufeff") == text.removeprefix("\ufeff")
