"""Contacts as CSV and vCard: whatever programs write is read, what is wrong is told by line, nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.people.card import Card, Line, distinct, read_value
from mailgate.domain.people.csvfile import read_csv, write_csv
from mailgate.domain.people.texts import decode
from mailgate.domain.people.vcard import read_vcards, write_vcards

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn")), max_size=40)


def _clean(field, text):
    try:
        return read_value(field, text)
    except ValueError:
        return read_value(field, "")


ADDRESSES = st.lists(
    st.builds(
        lambda local, domain: f"{local}@{domain}.example",
        st.from_regex(r"[a-z][a-z0-9+._]{0,8}[a-z0-9]", fullmatch=True).filter(lambda one: ".." not in one),
        st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    )
    | st.just('"a b;c"@x.example'),
    min_size=1,
    max_size=4,
)
CARDS = st.builds(
    lambda addresses, name, company, kind, note, words, phone, vip: Card(
        distinct(addresses),
        name=_clean("name", name) or "N",
        company=_clean("company", company),
        type=kind,
        vip=vip,
        salutation=_clean("salutation", note),
        language="de" if vip else "",
        portal=not vip,
        phone=phone,
        categories=_clean("categories", ";".join(words)),
        note=_clean("note", note),
    ),
    ADDRESSES,
    WORDS,
    WORDS | st.sampled_from(["=SUM(A1)", "+1", "-x", "@x", "'=1", "'quoted'", "a;b,c\\"]),
    st.sampled_from(["", "person", "company", "partner"]),
    st.text(max_size=200).map(lambda text: text.replace("\r", "")),
    st.lists(WORDS, max_size=3),
    st.sampled_from(["", "+49 30 1234567", "030/1234"]),
    st.booleans(),
)


def cards(reading):
    """Return the cards that lines say, all good."""
    assert reading.wrong == ()
    return [Card(line.addresses).with_(line.said) for line in reading.lines]


def text_of(written):
    """Return what was written, as a file of it is read."""
    text, name = decode("".join(written).encode())
    assert name == "UTF-8"
    return text


@given(st.lists(CARDS, min_size=1, max_size=4))
def test_what_is_exported_is_imported_as_it_was(wanted):
    """As CSV, and as vCard of either version."""
    assert cards(read_csv(text_of(write_csv(wanted)))) == wanted
    for version in ("3.0", "4.0"):
        assert cards(read_vcards(text_of(write_vcards(wanted, version)))) == wanted


@given(st.lists(CARDS, min_size=1, max_size=3))
def test_no_cell_is_a_formula_and_no_line_too_long(wanted):
    """A table program runs nothing of it; a line of a vCard has 75 octets at most (RFC 6350 3.2)."""
    import csv
    import io

    table = csv.reader(io.StringIO("".join(write_csv(wanted))))
    assert not [cell for row in table for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    for line in "".join(write_vcards(wanted)).split("\r\n"):
        assert len(line.encode()) <= 75


@given(st.text())
def test_nothing_that_is_read_raises(text):
    """Whatever a file holds, it becomes lines and mistakes."""
    read_csv(text)
    read_csv(f"name;email\n{text}")
    read_vcards(text)
    read_vcards(f"BEGIN:VCARD\n{text}\nEND:VCARD")


@pytest.mark.parametrize(
    ("octets", "encoding"),
    [
        ("Jörg".encode(), "UTF-8"),
        ("\ufeffJörg".encode(), "UTF-8"),
        ("Jörg".encode("utf-16"), "UTF-16"),
        ("Jörg".encode("utf-16-le"), "UTF-16"),
        ("Jörg".encode("utf-16-be"), "UTF-16"),
        ("Jörg".encode("latin-1"), "Latin-1"),
    ],
)
def test_encodings_are_told_apart(octets, encoding):
    """By the byte order mark, by zeros, by what is valid."""
    assert decode(octets) == ("Jörg", encoding)


def test_line_ends_become_one():
    """Of every system."""
    assert decode(b"a\r\nb\rc\n")[0] == "a\nb\nc\n"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Name,E-Mail,Company,Phone", "Anna Berg,anna@x.example,X,030 1234567"),
        ("Vorname;Nachname;E-Mail-Adresse;Firma;Telefon", "Anna;Berg;anna@x.example;X;030 1234567"),
        ("Given Name\tFamily Name\tE-mail 1 - Value\tOrganization 1 - Name\tPhone 1 - Value",
         "Anna\tBerg\tanna@x.example\tX\t030 1234567"),
        ('"First Name","Last Name","E-mail Address","Company","Business Phone"',
         '"Anna","Berg","anna@x.example","X","030 1234567"'),
    ],
)  # fmt: skip
def test_columns_are_known_by_many_names(header, row):
    """English and German, as the usual programs write them, with comma, semicolon or tab."""
    said = {"name": "Anna Berg", "company": "X", "phone": "030 1234567"}
    assert read_csv(f"{header}\n{row}\n").lines == (Line(2, ("anna@x.example",), said),)


def test_what_was_not_read_is_said():
    """Unknown columns by name; the separator, since a wrong guess shows there."""
    reading = read_csv("email;Schuhgröße\na@x.example;42\n")
    assert reading.notes == ("the columns are separated by ';'", "not read: 'Schuhgröße'")


def test_several_addresses_stand_in_one_cell_or_in_several():
    """Each counts once, the first leads."""
    text = 'email,email2\n"a@x.example; b@x.example",A@X.example c@x.example\n'
    assert read_csv(text).lines[0].addresses == ("a@x.example", "b@x.example", "c@x.example")


def test_each_wrong_line_is_told_by_its_number_and_the_others_are_read():
    """Bad addresses, bad values, too many cells, an open quote; a record may hold line ends."""
    text = (
        "name,email,vip\n"
        "Anna,anna@x.example,yes\n"
        "Ben,nobody,perhaps\n"
        "\n"
        '"Carl\nthe second",carl@x.example,\n'
        "D,d@x.example,,4,5\n"
        '"E,e@x.example\n'
        "F,f@x.example,\n"
        'G,"g"@x.example,\n'
        "H,,\n"
    )
    reading = read_csv(text)
    assert [(line.number, line.addresses[0]) for line in reading.lines] == [
        (2, "anna@x.example"),
        (5, "carl@x.example"),
        (9, "f@x.example"),
    ]
    wrong = {one.number: one.text for one in reading.wrong}
    assert sorted(wrong) == [3, 7, 8, 10, 11]
    assert wrong[3] == "vip: 'perhaps' is neither yes nor no; 'nobody' is no mail address"
    assert wrong[7] == "has 5 cells, the first line names 3"
    assert wrong[8] == "a quote is not closed, or closed too early"
    assert wrong[11] == "has no mail address"


@pytest.mark.parametrize("text", ["", "\n\n", "name,phone\nAnna,1\n"])
def test_a_table_without_addresses_is_one_mistake(text):
    """Nothing can be taken from it, and it says why."""
    reading = read_csv(text)
    assert reading.lines == ()
    assert len(reading.wrong) == 1


OLD = """\
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg
FN;CHARSET=UTF-8;QUOTED-PRINTABLE:J=C3=B6rg =
M=C3=BCller
EMAIL;HOME;INTERNET:j@private.example
EMAIL;PREF;INTERNET:joerg@customer.example
TEL;WORK;VOICE:+49 30 1234567
END:VCARD
"""
NEW = """\
BEGIN:VCARD
VERSION:4.0
KIND:org
FN:Customer Ltd
item1.EMAIL;PREF=2:two@customer.example
item2.EMAIL;TYPE="work,home";PREF=1:mailto:one@customer.example
ORG:Customer\\; Ltd;Sales
TEL;VALUE=uri;PREF=1:tel:+49-30-1234567
TEL:+49 30 999
LANG;PREF=2:en
LANG;PREF=1:de
NOTE:first\\nsecond\\, and
  more
CATEGORIES:big\\, old,new
END:VCARD
"""


def test_cards_of_old_programs_are_read():
    """Version 2.1 with quoted-printable and parameters without names."""
    (line,) = read_vcards(OLD).lines
    assert line.addresses == ("joerg@customer.example", "j@private.example")
    assert line.said == {"name": "Jörg Müller", "phone": "+49 30 1234567"}


def test_cards_of_the_standard_are_read():
    """Groups, preferences, escapes, folded lines, kinds (RFC 6350)."""
    (line,) = read_vcards(NEW).lines
    assert line.addresses == ("one@customer.example", "two@customer.example")
    assert line.said == {
        "name": "Customer Ltd",
        "company": "Customer; Ltd",
        "phone": "+49-30-1234567",
        "language": "de",
        "note": "first\nsecond, and more",
        "categories": ("big", "old", "new"),
        "type": "company",
    }


def test_each_wrong_card_is_told_by_its_line_and_the_others_are_read():
    """No end, no address, no property, a version that nobody knows."""
    good = "BEGIN:VCARD\nFN:A\nEMAIL:a@x.example\nEND:VCARD\n"
    text = (
        f"{good}BEGIN:VCARD\nFN:B\n{good}BEGIN:VCARD\nVERSION:9\nno property\nLANG:!\nEND:VCARD\nrest\n"
        "BEGIN:VCARD\n"
    )
    reading = read_vcards(text)
    assert [line.number for line in reading.lines] == [1, 7]
    assert sorted((one.number, one.text) for one in reading.wrong) == [
        (5, "the card has no END:VCARD before line 7"),
        (11, "has no mail address"),
        (12, "vCard 9 is not known, 3.0 and 4.0 are"),
        (13, "'no property' is no property: NAME:value"),
        (14, "LANG: '!' is no language, write it as 'de' or 'pt-BR'"),
        (16, "'rest' stands outside of a card"),
        (17, "the card has no END:VCARD"),
    ]
