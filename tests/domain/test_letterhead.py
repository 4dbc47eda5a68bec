"""One mail of a template, an agent's words and a signature: what stands where, and never twice (G16)."""

import pytest

from mailgate.domain.desk.talk import sent_copy
from mailgate.domain.deskerror import DeskError
from mailgate.domain.draft import Attachment
from mailgate.domain.effects import Deliver
from mailgate.domain.letterhead import NOTHING, PlainWriting, Wording, as_html, joined, signed
from mailgate.domain.routing import Queue

SIGNATURE = Wording(text="Sue Miller\nour shop (https://shop.example/)\n", html="<p>Sue Miller</p>\n")


def test_a_signature_stands_behind_its_line_in_both_parts():
    """RFC 3676 4.3: two dashes and a blank; a text alone gets an HTML part where the signature has one."""
    found = signed(Wording(text="Yes <now>.\n"), SIGNATURE)
    assert found.text == "Yes <now>.\n\n-- \nSue Miller\nour shop (https://shop.example/)\n"
    assert found.html == "<p>Yes &lt;now&gt;.</p>\n<div>-- <br>\n<p>Sue Miller</p>\n</div>\n"
    assert signed(Wording(text="Yes.\n"), Wording(text="Sue\n")) == Wording(text="Yes.\n\n-- \nSue\n")


@pytest.mark.parametrize(
    "text",
    [
        "Yes.\n\n-- \nSue Miller\nour shop (https://shop.example/)\n",
        "Yes.\n\nSue Miller\nour shop\n",
        "Yes.\n\n> > Sue Miller\n> > our shop <https://shop.example/>\n> thanks\n",
        "Yes.\n> -- \n> Sue   Miller\n>\n> our shop [https://shop.example/]\n",
    ],
)
def test_a_signature_that_is_there_is_not_added_again(text):
    """At the end or in what is quoted, however a mail program has written its links and blanks."""
    assert signed(Wording(text=text), SIGNATURE).text == text


@pytest.mark.parametrize("text", ["Sue Miller says yes.\n", "Sue Miller\n\nis not in today.\n", "\n"])
def test_part_of_a_signature_is_none(text):
    """A name alone is no signature."""
    assert signed(Wording(text=text), SIGNATURE).text.count("Sue Miller\nour shop") == 1


def test_no_signature_changes_nothing():
    """The very same text."""
    said = Wording(text="Yes.\n")
    assert signed(said, NOTHING) is said
    assert signed(said, Wording(text=" \n")) is said


def test_an_image_alone_is_a_signature_of_the_html_part():
    """The text part stays as it is; the image goes along once."""
    image = Attachment("logo.png", "image/png", blob="aa", size=3, cid="logo.png")
    picture = Wording(html='<img src="cid:logo.png">', files=(image,))
    found = signed(Wording(text="Yes.\n"), picture)
    assert (found.text, found.files) == ("Yes.\n", (image,))
    assert signed(found, picture) is found


def test_two_images_of_one_name_are_told_apart():
    """The template's logo and the signature's are different pictures; the same picture goes along once."""
    one = Attachment("logo.png", "image/png", blob="aa", size=3, cid="logo.png")
    other = Attachment("logo.png", "image/png", blob="bb", size=3, cid="logo.png")
    said = Wording(text="Yes.\n", html='<img src="cid:logo.png">', files=(one,))
    found = signed(said, Wording(text="Sue", html='<img src="cid:logo.png">', files=(other,)))
    assert [file.cid for file in found.files] == ["logo.png", "signature-logo.png"]
    assert '<img src="cid:signature-logo.png">' in found.html
    same = signed(said, Wording(text="Sue", html='<img src="cid:logo.png">', files=(one,)))
    assert same.files == (one,)


def test_a_template_stands_in_front_of_the_words():
    """An empty line is between them; either alone is as it is, and the template's subject stays."""
    template = Wording("Subject", "Dear Anna,\n", "<p>Dear Anna,</p>")
    assert joined(template, Wording(text="yes.\n")) == Wording(
        "Subject", "Dear Anna,\n\nyes.\n", "<p>Dear Anna,</p>\n<p>yes.</p>"
    )
    assert joined(template, Wording(text="\n")) == template
    assert joined(Wording("Subject"), Wording(text="yes.\n")) == Wording("Subject", "yes.\n")


def test_text_as_html_keeps_lines_and_is_no_markup():
    """Paragraphs at empty lines, breaks at the others."""
    assert as_html("a & b\n<i>c\n\nd\n") == "<p>a &amp; b<br>\n&lt;i&gt;c</p>\n<p>d</p>"


def test_without_templates_there_are_none():
    """What plans have that are handed nothing."""
    plain = PlainWriting()
    assert plain.markdown("*x*") == Wording(text="*x*")
    with pytest.raises(DeskError, match="there is no template 'x'"):
        plain.template(None, None, "x")  # type: ignore[arg-type]


def test_where_a_copy_goes():
    """T3: the folder is `Sent` unless it is said."""
    assert sent_copy(Queue("q")) is None
    assert sent_copy(Queue("q", sent_copy="box")) == Deliver("box", "Sent", ("\\Seen",), create=True)
    assert sent_copy(Queue("q", sent_copy="box/A/B")) == Deliver("box", "A/B", ("\\Seen",), create=True)
