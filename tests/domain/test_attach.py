"""Files that go along with answers (G20): their names, what they are, how many and how large."""

import io
import string
import zipfile

import pytest
from filekit import SAMPLES, STRANGERS, office, ole
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.attach import (
    MOST,
    MOST_OCTETS,
    clean_file_name,
    ending_of,
    file_complaint,
    mime_type,
    whole_complaint,
)
from mailgate.domain.draft import Attachment
from mailgate.domain.filekind import ALLOWED, RAW, TIFF, charset_of, kind_of


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, (kind, _) in SAMPLES.items()])
def test_what_the_feature_lists_goes_along(name, kind):
    """Each of the types is known by its content, and goes along under its name."""
    content = SAMPLES[name][1]
    assert file_complaint(name, content, inline=False) == ""
    assert mime_type(name, content) == kind


@pytest.mark.parametrize("name", STRANGERS)
def test_what_it_does_not_list_is_refused_under_any_name(name):
    """Programs, archives, pages and other formats: whatever they are called, and the sentence says what they are."""
    what, content = STRANGERS[name]
    for called in (name, "logo.png", "list.csv", "notes.txt", "terms.pdf", "letter.docx"):
        assert file_complaint(called, content, inline=False).startswith(
            f"{called} is {what}; what may go along: "
        )


def test_every_allowed_kind_is_refused_under_every_other_name():
    """A name says what the content is, or the file stays here."""
    for name, (_, content) in SAMPLES.items():
        for other, (_, its) in SAMPLES.items():
            raw = kind_of(content) in {TIFF, RAW} and ending_of(other) in RAW.endings
            same = raw or kind_of(content) is kind_of(its)
            wrong = file_complaint(other, content, inline=False)
            assert (wrong == "") == same, (name, other, wrong)


@pytest.mark.parametrize(
    ("name", "sample", "said"),
    [
        ("scan.pdf", "logo.png", "scan.pdf is a PNG image, and its name says a PDF document"),
        ("logo.exe", "logo.png", "logo.exe is a PNG image, and a name of such a file ends in .png"),
        ("logo", "logo.png", "logo is a PNG image, and a name of such a file ends in .png"),
        ("photo.jpg\u202egnp.exe", "logo.png", "photo.jpggnp.exe is a PNG image, and a name of such a file ends in .png"),
    ],
)  # fmt: skip
def test_a_name_that_lies_is_told(name, sample, said):
    """With what the file is and what its name says."""
    assert file_complaint(name, SAMPLES[sample][1], inline=False) == said


def test_only_images_are_shown_in_a_text():
    """A PDF goes along as a file, not in the HTML."""
    assert file_complaint("logo.png", SAMPLES["logo.png"][1], inline=True) == ""
    said = file_complaint("terms.pdf", SAMPLES["terms.pdf"][1], inline=True)
    assert said == (
        "terms.pdf is a PDF document; only images can be shown in a text: images (JPG, PNG, GIF, TIF, RAW, WEBP)"
    )


def test_an_empty_file_and_a_name_of_nothing_are_refused():
    """There is nothing to send."""
    assert file_complaint("a.txt", b"", inline=False) == "a.txt is empty"
    assert file_complaint("/..", b"x", inline=False) == "'/..' is no name for a file"


@pytest.mark.parametrize(("inline", "word"), [(True, "images"), (False, "files")])
def test_ten_of_each_kind_go_along(inline, word):
    """The eleventh is one too many; those of the other kind don't count."""
    content = SAMPLES["logo.png"][1]

    def beside(n, cid):
        return [Attachment(f"{i}.png", "image/png", blob="00", size=1, cid=cid) for i in range(n)]

    cid = "x" if inline else ""
    assert file_complaint("a.png", content, beside(MOST - 1, cid), inline=inline) == ""
    assert file_complaint("a.png", content, beside(MOST, "" if inline else "x"), inline=inline) == ""
    said = file_complaint("a.png", content, beside(MOST, cid), inline=inline)
    assert said == f"a.png is one too many: at most 10 {word} go along"


def test_25_mib_of_each_kind_go_along():
    """All files together, to the octet."""
    content = SAMPLES["logo.png"][1]
    room = Attachment("big.pdf", "application/pdf", blob="00", size=MOST_OCTETS - len(content))
    assert file_complaint("a.png", content, [room], inline=False) == ""
    full = Attachment("big.pdf", "application/pdf", blob="00", size=MOST_OCTETS - len(content) + 1)
    assert file_complaint("a.png", content, [full], inline=False) == (
        f"a.png has {len(content):,} octets: at most 26,214,400 go along with the other files"
    )
    assert file_complaint("a.png", content, [full], inline=True) == ""


def test_files_of_a_template_and_of_an_agent_are_counted_together():
    """One answer has ten files at most, whoever put them there; images are counted by themselves."""
    six = [Attachment(f"{i}.png", "image/png", blob="00", size=1) for i in range(6)]
    shown = [Attachment(f"{i}.png", "image/png", blob="00", size=1, cid=f"{i}.png") for i in range(10)]
    assert whole_complaint([*six, *six[:4], *shown]) == ""
    assert whole_complaint([*six, *six[:5], *shown]) == "4.png is one too many: at most 10 files go along"


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("terms.pdf", "terms.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\terms.pdf", "terms.pdf"),
        ("a\uff0fb.pdf", "b.pdf"),
        ("ｔｅｒｍｓ．ｐｄｆ", "terms.pdf"),
        ("\u200b.htaccess", "htaccess"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\r\nBcc: x@y.pdf", "aBcc_ x@y.pdf"),
        (" . a  b .", "a b"),
        ("U\u0308bersicht.pdf", "Übersicht.pdf"),
        ("CON<>:|?*.txt", "CON______.txt"),
        ("..", ""),
        ("\ud800", ""),
        ("ü" * 200 + ".pdf", "ü" * 73 + ".pdf"),
        ("x" * 200, "x" * 150),
    ],
)  # fmt: skip
def test_names_are_data_only(name, clean):
    """No path, no hidden letters, no line ends, at most 150 octets; the ending stays."""
    assert clean_file_name(name) == clean


@given(st.text())
def test_any_name_is_cleaned_for_good(name):
    """Whatever comes in, once is enough, and nothing dangerous is left."""
    clean = clean_file_name(name)
    assert clean == clean_file_name(clean)
    assert len(clean.encode()) <= 150
    assert not set(clean) & set('/\\\r\n\0"<>:|?*')
    assert not clean.startswith(".")
    assert clean.isprintable()


def test_texts_say_their_charset():
    """ASCII, UTF-8 and UTF-16 are told from each other; where it can't be told, a text is octets."""
    assert charset_of(b"a,b\n") == "us-ascii"
    assert charset_of("ü,b\n".encode() * 100_000) == "utf-8"
    assert charset_of(b"a" * 100_000 + b"\xfc") == ""
    assert mime_type("a.csv", b"\xfc;b\n") == "application/octet-stream"
    assert mime_type("a.txt", "\ufeffü".encode("utf-16-le")) == "text/plain; charset=utf-16"


def test_office_documents_are_told_by_what_is_inside():
    """A Word document renamed to a workbook, macros, an archive of other things, a document with a password."""
    assert "its name says an Excel workbook" in file_complaint(
        "a.xlsx", office("word/document.xml"), inline=False
    )
    macros = file_complaint("a.docx", office("word/document.xml", "word/vbaProject.bin"), inline=False)
    assert macros.startswith("a.docx is an Office document with macros")
    assert file_complaint("a.docx", office("evil.exe"), inline=False).startswith("a.docx is a ZIP archive")
    locked = file_complaint("a.docx", ole("EncryptedPackage"), inline=False)
    assert locked.startswith("a.docx is an encrypted Office document")


def test_each_kind_has_a_sample():
    """The table of this test and that of the code know the same endings."""
    known = {ending_of(name) for name in SAMPLES}
    assert all(known & set(kind.endings) for kind in ALLOWED)


@given(st.binary(max_size=600))
def test_any_octets_are_of_some_kind(octets):
    """Nothing in a file raises anything."""
    assert kind_of(octets).name
    assert isinstance(charset_of(octets), str)


def test_a_text_has_no_octets_that_texts_lack():
    """One NUL far behind makes it unknown: a program may begin like a text."""
    text = string.ascii_letters.encode() * 3000
    assert kind_of(text).name == "plain text"
    assert kind_of(text + b"\0").name == "of no known kind"


def test_an_archive_that_only_speaks_of_word_is_an_archive():
    """What stands far before the directory is content, not the names of members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", b"word/document" + b"x" * (1024 * 1024))
    assert kind_of(file.getvalue()).name == "a ZIP archive"
