"""Names, companies and keys of contacts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.contact import (
    NAME_LENGTH,
    PUBLIC_PROVIDERS,
    clean_name,
    company_domain,
    company_key,
    company_name,
    contact_key,
    fold_name,
    lookup_keys,
)


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


@pytest.mark.parametrize(
    ("address", "keys"),
    [
        ("Anna@Customer.example", ("anna@customer.example",)),
        ("anna+shop@customer.example", ("anna+shop@customer.example", "anna@customer.example")),
        ("+49301@customer.example", ("+49301@customer.example",)),
        ("anna@Müller.example", ("anna@xn--mller-kva.example",)),
        ("anna@XN--MLLER-KVA.example", ("anna@xn--mller-kva.example",)),
        ("jo\u0308rg@x.example", ("jörg@x.example",)),
        ("", ("",)),
    ],
)
def test_a_contact_is_looked_up_by_case_detail_and_domain(address, keys):
    """As the address stands first, then without its +detail; both forms of a domain are one (IDNA)."""
    assert lookup_keys(address) == keys


@given(st.emails())
def test_the_keys_of_an_address_are_its_own_first(address):
    """The first is what it is kept by; the last is what the gate knows a person by."""
    keys = lookup_keys(address)
    assert keys[0] == lookup_keys(keys[0])[0]
    assert keys[-1] == contact_key(address)


def test_a_domain_says_who_somebody_works_for():
    """Unless everybody may have an address there."""
    assert company_domain("Anna@Customer.example") == "customer.example"
    assert company_domain("anna@gmail.com") == ""
    assert company_domain("nobody") == ""


def test_names_are_looked_up_without_case_and_accents():
    """So "muller" finds Müller, and spaces do not matter."""
    assert fold_name(" Jörg  MÜLLER ") == "jorg muller"
    assert fold_name("Ann") == "ann"
    assert company_key(" Customer  LTD") == "customer ltd"
