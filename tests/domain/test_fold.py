"""One folding for what is looked for and what is looked in: pairs that find each other, and pairs that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.fold import TEXT_LENGTH, fold_text, fold_words

SAME = (
    ("Rechnung", "RECHNUNGEN"), ("Müller", "Mueller"), ("Müller", "Muller"), ("Straße", "STRASSE"),
    ("Straßen", "Strasse"), ("Haus", "Häuser"), ("Haus", "Hauses"), ("Buch", "Bücher"), ("Tag", "Tagen"),
    ("Ort", "Orte"), ("Kunde", "Kunden"), ("Preis", "Preises"), ("Vertrag", "Verträge"), ("Uhr", "Uhren"),
    ("Passwort", "Passwörter"), ("Artikel", "Artikeln"), ("Fehler", "Fehlern"), ("geändert", "geaendert"),
    ("geöffnet", "geoeffnet"), ("zurück", "zurueck"), ("Überweisung", "Ueberweisungen"), ("Menü", "Menue"),
    ("invoice", "Invoices"), ("box", "boxes"), ("delivery", "deliveries"), ("address", "addresses"),
    ("printer", "printers"), ("café", "Cafe"), ("Århus", "aarhus"[1:]), ("Smørrebrød", "smorrebrod"),
    ("Łódź", "lodz"), ("ﬁle", "file"), ("Ａ１", "a1"), ("naïve", "NAIVE"), ("ÆRØ", "aero"[:1] + "ro"),
    ("e\u0301te\u0301", "été"), ("Adresse", "Adressen"), ("queue", "queues"), ("ПРИВЕТ", "привет"),
)  # fmt: skip
APART = (
    ("neu", "neun"), ("order", "Orden"), ("offer", "offen"), ("Vater", "VAT"), ("fuel", "full"), ("poet", "pot"),
    ("does", "dos"), ("guest", "gust"), ("Quelle", "Qulle"), ("A1", "A1s"), ("Rechnung", "Rechner"),
    ("Gas", "Ga"), ("value", "val"), ("Mahnung", "Manung"), ("Duell", "dull"),
)  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_these_find_each_other(one, other):
    """Case, accents, umlauts in all their spellings, endings of German and English."""
    assert fold_words(one) == fold_words(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_these_do_not(one, other):
    """Endings fall only where enough of the word stays, and not every ue is an umlaut."""
    assert fold_words(one) != fold_words(other)


def test_a_text_becomes_words_in_order():
    """Whatever is no letter and no digit parts words; numbers stay as they are."""
    assert fold_words("Re: [#T-7] anna@x.example, 4711/22") == [
        "re",
        "t",
        "7",
        "anna",
        "x",
        "exampl",
        "4711",
        "22",
    ]


def test_scripts_without_spaces_are_read_character_by_character():
    """A word of them is a phrase, so that it is found inside of a sentence."""
    assert fold_words("請求書が届く ok") == ["請", "求", "書", "が", "届", "く", "ok"]


def test_only_so_much_of_a_text_counts():
    """The rest of a very long mail is not looked in."""
    assert len(fold_words("ab " * TEXT_LENGTH)) == TEXT_LENGTH // 3 + 1


@given(st.text())
def test_any_text_can_be_folded_and_what_comes_out_is_plain(text):
    """Words hold letters and digits only, so they can be quoted for any database, and hold no spaces."""
    for word in fold_words(text):
        assert word
        assert all(c.isalnum() or c == "_" for c in word) or not word.isascii()
        assert not set(word) & set("\"' \0\\():&|!*")
    assert fold_text(text).split(" ") == fold_words(text) or not fold_words(text)


@given(st.text())
def test_case_never_matters(text):
    """A text and the same in capitals fold the same, where Unicode can fold it back."""
    if text.upper().casefold() == text.casefold():
        assert fold_words(text.upper()) == fold_words(text)
