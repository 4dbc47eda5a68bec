"""Names, companies and keys of contacts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.contact import NAME_LENGTH, PUBLIC_PROVIDERS, clean_name, company_name, contact_key


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("Anna Berg", "Anna Berg"),
        ("  Anna\t Berg\r\n", "Anna Berg"),
        ("'Anna Berg'", "Anna Berg"),
        ('"Berg, Anna"', "Berg, Anna"),
        ("Anna\u202eBerg", "AnnaBerg"),
        ("An\u200bna", "Anna"),
        ("Anna\x00Berg\x1b[31m", "AnnaBerg[31m"),
        ("Jose\u0301", "José"),
        ("anna@customer.example", ""),
        ("'anna@customer.example'", ""),
        ("boss@bank.example via x", ""),
        ("", ""),
        ("A" * 500, "A" * NAME_LENGTH),
    ],
)
def test_names_are_cleaned(given_name, shown):
    """A display name is one line without quotes or anything invisible; an address is no name."""
    assert clean_name(given_name) == shown


@given(st.text())
def test_any_name_becomes_one_clean_line(name):
    """Whatever a sender writes, no control or format character, and no line break, is left."""
    shown = clean_name(name)
    assert shown.isprintable()
    assert len(shown) <= NAME_LENGTH
    assert shown == " ".join(shown.split())


@pytest.mark.parametrize(
    ("address", "company"),
    [
        ("anna@Customer.example", "customer.example"),
        ("Anna@gmail.com", "anna@gmail.com"),
        ("otto@GMX.de", "otto@gmx.de"),
        ("root", "root"),
    ],
)
def test_a_company_is_named_by_the_address(address, company):
    """W5: the domain names the company; at a public provider only the address does."""
    assert company_name(address) == company


def test_providers_are_domains_in_lower_case():
    """The list is compared with folded domains."""
    assert all(one == one.lower() and "." in one and "@" not in one for one in PUBLIC_PROVIDERS)


def test_case_and_detail_make_no_other_person():
    """anna+shop@ and Anna@ are one person; another mailbox is not."""
    assert contact_key("Anna+shop@Customer.Example") == contact_key("anna@customer.example")
    assert contact_key("anna@customer.example") != contact_key("ann@customer.example")
    assert contact_key("anna-shop@x.example", "-") == "anna@x.example"
