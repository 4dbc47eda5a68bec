"""What may be said about a contact, who may change it, and what duplicates have in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.people.card import (
    FIELDS,
    NOTE_LENGTH,
    Card,
    address_complaint,
    decide,
    distinct,
    duplicate_keys,
    is_machine,
    name_key,
    phone_key,
    read_value,
)

ANNA = Card(("anna@customer.example",), name="Anna Berg", phone="+49 30 1234567", categories=("old",))


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("name", "  Anna\n Berg ", "Anna Berg"),
        ("type", "partner", "partner"),
        ("type", "Großkunde", "Großkunde"),
        ("vip", "Ja", True),
        ("vip", "x", True),
        ("vip", "", False),
        ("portal", "nein", False),
        ("language", "pt_BR", "pt-BR"),
        ("phone", "tel:+49-30-1234567", "+49-30-1234567"),
        ("categories", "a, b;A | c,", ("a", "b", "c")),
        ("note", "one\r\ntwo\t\x07three ", "one\ntwo three"),
        ("salutation", "", ""),
    ],
)
def test_values_are_read_as_people_write_them(field, text, value):
    """Spaces, synonyms and separators do not matter."""
    assert read_value(field, text) == value


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("type", "very important", "no single word"),
        ("vip", "perhaps", "neither yes nor no"),
        ("language", "german!", "no language"),
        ("phone", "ask her", "no phone number"),
        ("name", "x" * 101, "has 101 characters"),
        ("note", "x" * (NOTE_LENGTH + 1), "are the most"),
        ("categories", "x" * 101, "too long"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(field, text, said):
    """Each mistake has its sentence."""
    with pytest.raises(ValueError, match=said):
        read_value(field, text)


@given(st.sampled_from(FIELDS), st.text())
def test_whatever_is_read_is_read_again_as_itself(field, text):
    """A value that was accepted stays as it is when it is read once more, and is a clean text."""
    try:
        value = read_value(field, text)
    except ValueError:
        return
    if isinstance(value, str):
        assert read_value(field, value) == value
        assert value.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("source", "machine"),
    [("", True), ("mail", True), ("rule support:12", True), ("import a.csv:7", True), ("anna", False),
     ("command line (root)", False)],
)  # fmt: skip
def test_mails_rules_and_files_are_machines(source, machine):
    """Everybody else is a person, whose word counts more."""
    assert is_machine(source) is machine


def test_a_person_changes_everything():
    """Also what another person has set, and to nothing."""
    done = decide(ANNA, {"phone": "ben"}, {"phone": "", "name": "Anna B."}, "anna")
    assert (done.changes, done.kept) == ({"phone": "", "name": "Anna B."}, ())


def test_a_file_never_changes_what_a_person_has_set():
    """It says which fields it left; what a mail or another file has set it may change."""
    said = {"phone": "+49 30 999", "name": "Anna B."}
    done = decide(ANNA, {"phone": "ben", "name": "import a.csv:7"}, said, "import b.csv:3")
    assert (done.changes, done.kept) == ({"name": "Anna B."}, ("phone",))
    told = decide(ANNA, {"phone": "ben"}, said, "import b.csv:3", overwrite=True)
    assert (told.changes, told.kept) == (said, ())


def test_a_file_takes_nothing_away():
    """An empty cell says nothing, and categories are added to."""
    done = decide(ANNA, {}, {"phone": "", "categories": ("New", "OLD")}, "import b.csv:3")
    assert done.changes == {"categories": ("old", "New")}


def test_the_same_again_is_no_change():
    """Whoever says it, and whoever has said it before."""
    for source in ("anna", "import a.csv:1"):
        assert decide(ANNA, {"name": "ben"}, {"name": "Anna Berg"}, source).changes == {}
        assert decide(ANNA, {"name": "ben"}, {"name": "Anna Berg"}, source).kept == ()


def test_addresses_are_checked_and_each_counts_once():
    """Case and the form of the domain make no second address; the first spelling stays."""
    assert distinct(("Anna@X.example", "b@x.example", "anna@x.EXAMPLE")) == ("Anna@X.example", "b@x.example")
    assert distinct(("a@müller.example", "a@xn--mller-kva.example")) == ("a@müller.example",)
    assert address_complaint("nobody") == "'nobody' is no mail address"
    assert address_complaint("") == "has no mail address"
    assert address_complaint("jörg@müller.example") == ""


def test_what_two_cards_of_one_person_have_in_common():
    """Name in any order at one company, and the end of the phone number; a shared provider says nothing."""
    assert name_key("Berg, Anna") == name_key("anna BERG")
    assert phone_key("+49 (30) 123-4567") == phone_key("0049301234567")
    assert phone_key("030 1234567") == phone_key("+49 30 1234567") == "301234567"
    assert phone_key("4711") == ""
    assert duplicate_keys(ANNA, "") == (
        ("name and company", "anna berg@customer.example"),
        ("phone", "301234567"),
    )
    assert duplicate_keys(Card(("anna@gmail.com",), name="Anna Berg"), "") == ()
    assert duplicate_keys(Card(("a@x.example",), name="a@x.example"), "x.example") == ()
