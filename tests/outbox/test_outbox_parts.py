"""Files and images of a mail: where they stand in the MIME tree, their names, and octets that are never all in memory."""

import email
import email.policy
import hashlib
import re
import tracemalloc
from datetime import UTC, datetime

import pytest
from filekit import PDF, png

from mailgate.domain.draft import Attachment, Draft
from mailgate.domain.envelope import Octets
from mailgate.errors import HouseFault
from mailgate.outbox.compose import compose
from mailgate.outbox.content import ComposedContent, PiecedContent

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OWN_ID = "<mg.1.abc@desk.example.org>"
STORE: dict[str, bytes] = {}


def kept(name: str, kind: str, octets: bytes, cid: str = "") -> Attachment:
    """Return an attachment whose octets lie in the store of this test."""
    digest = hashlib.sha256(octets).hexdigest()
    STORE[digest] = octets
    return Attachment(name, kind, blob=digest, size=len(octets), cid=cid)


def find(name: str, size: int) -> Octets:
    return Octets(size, bytes.fromhex(name), data=STORE[name])


LOGO = kept("logo.png", "image/png", png(), cid="logo.png")
TERMS = kept("terms.pdf", "application/pdf", PDF)


def composed(*files: Attachment, **values):
    draft = Draft("support@example.org", "ann@example.net", "Hello", "hi\n", attachments=files, **values)
    return compose(draft, date=AT, message_id=OWN_ID, files=find)


def tree(part) -> object:
    """Return the types of a mail as nested lists."""
    if part.is_multipart():
        return [part.get_content_subtype(), *map(tree, part.get_payload())]
    return part.get_content_type()


def parsed(*files: Attachment, **values):
    return email.message_from_bytes(composed(*files, **values).octets, policy=email.policy.default)


def test_the_tree_is_mixed_alternative_related():
    """Text first, the HTML with its images, the files outside of both."""
    mail = parsed(LOGO, TERMS, html='<img src="cid:logo.png">')
    assert tree(mail) == [
        "mixed",
        ["alternative", "text/plain", ["related", "text/html", "image/png"]],
        "application/pdf",
    ]
    related = mail.get_payload(0).get_payload(1)
    assert related.get_param("type") == "text/html"


@pytest.mark.parametrize(
    ("files", "html", "expected"),
    [
        ((), "", "text/plain"),
        ((), "<p>", ["alternative", "text/plain", "text/html"]),
        ((TERMS,), "", ["mixed", "text/plain", "application/pdf"]),
        ((LOGO,), "<p>", ["alternative", "text/plain", "text/html"]),
        ((LOGO,), "", "text/plain"),
        ((LOGO,), "<img src=cid:logo.png>", ["alternative", "text/plain", ["related", "text/html", "image/png"]]),
    ],
)  # fmt: skip
def test_only_what_is_needed_is_a_multipart(files, html, expected):
    """An image that the HTML does not name stays away; nothing is wrapped for nothing."""
    assert tree(parsed(*files, html=html)) == expected


@pytest.mark.parametrize(
    "source",
    ['<img src="cid:Our logo.png">', "<img src='cid:Our%20logo.png'>", "<p style='background: url(cid:Our%20logo.png)'>"],
)  # fmt: skip
def test_images_are_named_as_pages_name_them(source):
    """In quotes of either kind, in a style, with percent signs; in the mail it is the part's Content-ID."""
    mail = parsed(kept("Our logo.png", "image/png", png(), cid="Our logo.png"), html=f"<p>{source}</p>")
    page, image = (part for part in mail.walk() if part.get_content_type() in {"text/html", "image/png"})
    (content_id,) = re.findall(r"cid:([^\"')]+)", page.get_content())
    assert image["Content-ID"] == f"<{content_id}>"
    assert content_id.endswith("@example.org")
    assert (image.get_content_disposition(), image.get_filename()) == ("inline", "Our logo.png")
    assert image.get_payload(decode=True) == png()


def test_the_same_image_under_two_names_is_one_part():
    """A Content-ID stands in a mail once."""
    twin = kept("twin.png", "image/png", png(), cid="twin.png")
    mail = parsed(LOGO, twin, html='<img src="cid:logo.png"><img src="cid:twin.png">')
    assert [part.get_content_type() for part in mail.walk()].count("image/png") == 1


def test_a_page_that_speaks_of_a_cid_is_left_alone():
    """Text between tags is no reference, and a name that is not there stays as it was."""
    page = '<p>write cid:logo.png</p><img src="cid:other.png">'
    assert parsed(LOGO, html=page).get_payload(1).get_content().strip() == page


@pytest.mark.parametrize(
    "name",
    ["terms.pdf", "Our terms.pdf", "Übersicht.pdf", "契約書.pdf", "x" * 100 + ".pdf", "ü" * 70 + ".pdf", "it's 100%.pdf"],
)  # fmt: skip
def test_names_of_files_come_out_as_they_went_in(name):
    """By RFC 2231 where ASCII does not do; a plain name stands beside it for readers that don't know it."""
    mail = parsed(kept(name, "application/pdf", PDF))
    part = mail.get_payload(1)
    assert part.get_filename() == name
    assert part["content-disposition"].defects == ()
    plain = part["content-type"].params["name"]
    assert plain.isascii()
    assert plain.endswith(".pdf")


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\r\nBcc: x@y.pdf", "aBcc_ x@y.pdf"),
        ("\u202e", "file"),
        ("", "file"),
    ],
)
def test_names_of_files_are_data_only(name, clean):
    """No path, no line end, no hidden letter gets into a mail, whoever named the file."""
    mail = parsed(kept(name, "application/pdf", PDF))
    assert mail.get_payload(1).get_filename() == clean
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    "kind", ["message/rfc822", "multipart/mixed", "text/html", "x\r\nBcc: a@b.example", ""]
)
def test_what_can_not_be_said_is_octets(kind):
    """A type that base64 must not be laid over, or that is none, goes out as octets to be saved."""
    part = parsed(kept("a.bin", kind, b"abc")).get_payload(1)
    assert part.get_content_type() == "application/octet-stream"
    assert part.get_payload(decode=True) == b"abc"


def test_the_same_draft_has_the_same_octets():
    """Boundaries and Content-IDs are made of what is in the mail."""
    one = composed(LOGO, TERMS, html='<img src="cid:logo.png">').octets
    assert one == composed(LOGO, TERMS, html='<img src="cid:logo.png">').octets
    other = composed(
        LOGO, kept("terms.pdf", "application/pdf", PDF + b"\n"), html='<img src="cid:logo.png">'
    ).octets
    assert re.findall(rb'boundary="([^"]+)"', one)[0] != re.findall(rb'boundary="([^"]+)"', other)[0]


def test_a_file_that_is_gone_is_said_when_the_mail_is_composed(store):
    """The worker tries again later; nothing goes out without its file."""
    draft = Draft("support@example.org", "ann@example.net", "Hello", "hi\n", attachments=(TERMS,))
    with pytest.raises(HouseFault, match="cannot be read"):
        compose(draft, date=AT, message_id=OWN_ID, files=store.blobs.file)


def test_small_mails_are_in_memory_and_large_files_are_read_in_pieces(store):
    """25 MiB cost a few hundred KiB of memory, and their size is known before they are read."""
    octets = b"\0" * (25 * 1024 * 1024)
    digest = hashlib.sha256(octets)
    store.blobs.keep(Octets(len(octets), digest.digest(), data=octets))
    large = Attachment("a.bin", "application/pdf", blob=digest.hexdigest(), size=len(octets))
    del octets
    draft = Draft("support@example.org", "ann@example.net", "Hello", "hi\n", attachments=(large,))
    content = compose(draft, date=AT, message_id=OWN_ID, files=store.blobs.file).content()
    assert isinstance(content, PiecedContent)
    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in content.wire())
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == content.size + len(b".\r\n")
    assert peak < 2 * 1024 * 1024
    assert isinstance(composed().content(), ComposedContent)


def test_a_file_that_goes_while_it_is_sent_is_a_fault_of_the_house(store):
    """The target says later, and the mail is not sent without its file."""
    store.blobs.keep(Octets(len(PDF), bytes.fromhex(TERMS.blob), data=PDF))
    draft = Draft("support@example.org", "ann@example.net", "Hello", "hi\n", attachments=(TERMS,))
    content = compose(draft, date=AT, message_id=OWN_ID, files=store.blobs.file).content()
    store.blobs.path(bytes.fromhex(TERMS.blob)).unlink()
    with pytest.raises(HouseFault):
        list(content.wire())


def test_contents_of_the_same_files_are_equal():
    """Mails to several recipients can share a transaction."""
    assert composed(TERMS).content() == composed(TERMS).content()
    assert composed(TERMS).content() != composed(kept("terms.pdf", "application/pdf", PDF + b" ")).content()
