"""Which template a name means: queue, language, and what stands for what is not there."""

from dataclasses import replace

import pytest
from textkit import QUEUE

from mailgate.domain.routing import Catalogue, Template
from mailgate.domain.templatenames import base_name, template_names
from mailgate.texts.choose import find_template

SHOP = replace(QUEUE, template_set="shop-")


def catalogue(*names: str, **languages: str) -> Catalogue:
    """Return a catalogue with these templates; `languages` are those that a template says itself."""
    return Catalogue(
        templates={name: Template(name, "", name, language=languages.get(name, "")) for name in names},
        queues={"support": QUEUE, "shop": replace(SHOP, name="shop")},
    )


@pytest.mark.parametrize(
    ("names", "language", "plain", "shop"),
    [
        (["got"], "de", "got", "got"),
        (["got", "got.de"], "de", "got.de", "got.de"),
        (["got", "got.de"], "fr", "got", "got"),
        (["got", "got.de"], "", "got", "got"),
        (["got", "shop-got"], "de", "got", "shop-got"),
        (["got.de", "shop-got"], "de", "got.de", "shop-got"),
        (["got.de", "shop-got.de", "shop-got"], "de", "got.de", "shop-got.de"),
        (["got.de", "got.en"], "fr", "got.en", "got.en"),
        (["got.de", "got.fr"], "it", "got.de", "got.de"),
        (["got", "got.en"], "fr", "got.en", "got.en"),
        (["got", "got.de", "got.de-at"], "de-AT", "got.de-at", "got.de-at"),
        (["got", "got.de"], "de_AT", "got.de", "got.de"),
        (["other"], "de", None, None),
        (["got.old"], "de", "got.old", "got.old"),
        (["got.received"], "de", None, None),
    ],
)
def test_the_table_of_names(names, language, plain, shop):
    """The queue's set first, in it the reader's language, then the queue's, then none, then any."""
    found = [find_template(catalogue(*names), queue, "got", language) for queue in (QUEUE, SHOP)]
    assert [one and one.name for one in found] == [plain, shop]


def test_a_template_may_say_its_language():
    """Then it stands where its name would with it."""
    both = catalogue("got", "got.en", got="de")
    assert find_template(both, QUEUE, "got", "de").name == "got"
    assert find_template(both, QUEUE, "got", "fr").name == "got.en"


def test_a_name_in_full_is_that_one():
    """Whoever says `got.de` means it, whatever the language."""
    assert find_template(catalogue("got", "got.de"), QUEUE, "got.de", "en").name == "got.de"


def test_no_queue_has_no_set():
    """A mail to an address without a queue."""
    assert find_template(catalogue("got", "shop-got"), None, "got").name == "got"


def test_what_may_be_said_of_a_catalogue():
    """With and without language and set."""
    assert set(template_names(catalogue("shop-got.de", "late"))) == {
        "shop-got.de",
        "shop-got",
        "got.de",
        "got",
        "late",
    }


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("got.de", "got"),
        ("got.de-at", "got"),
        ("got", "got"),
        ("v1.2", "v1.2"),
        (".de", ".de"),
        ("a.b.de", "a.b"),
    ],
)
def test_the_name_without_its_language(name, base):
    """What follows the last point, where it looks like a language."""
    assert base_name(name) == base
