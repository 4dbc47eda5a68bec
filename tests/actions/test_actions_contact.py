"""contact_create and what else opens contacts: known or new, categories, and whose company it is (W5, S4)."""

import pytest
from actionworld import ANNA, found, known, mail, only, plan_of

from mailgate.actions import contact_create
from mailgate.actions._contacts import ensure_contact
from mailgate.actions.contact_create import ContactCreate
from mailgate.domain.effects import OpenContact
from mailgate.domain.facts import MailClass


def create(world, one=None, **wish):
    """Plan one contact_create; return plan and outcome."""
    plan = plan_of(one, world)
    return plan, contact_create.plan(plan, ContactCreate(**wish))


def test_an_unknown_author_becomes_a_contact(world):
    """Name and address come from the author, the categories from the rule."""
    plan, outcome = create(world, categories=("new", "web"))
    assert outcome == "created"
    one = only(plan, OpenContact)
    assert (one.address, one.name, one.categories) == (ANNA, "Anna Berg", ("new", "web"))


def test_a_known_author_stays_as_he_is(world):
    """A contact that exists is not touched (S4)."""
    known(world)
    plan, outcome = create(world, categories=("new",))
    assert outcome == "exists"
    assert plan.effects == []


def test_the_rest_of_the_run_knows_the_new_contact(world):
    """A second contact_create, and a ticket after it, find the contact that this run has planned."""
    plan, _ = create(world)
    assert contact_create.plan(plan, ContactCreate()) == "exists"
    assert ensure_contact(plan).contact_id == only(plan, OpenContact).contact_id


@pytest.mark.parametrize(
    ("address", "company"),
    [("bob@firm.example", "firm.example"), ("bob@gmail.com", "bob@gmail.com")],
)
def test_the_company_is_named_by_the_address(world, address, company):
    """W5: a domain names the company, but one of a public mail provider says nothing, so the address stands."""
    plan, _ = create(world, mail(**{"from": address}))
    assert only(plan, OpenContact).company_name == company


def test_the_rule_may_name_the_company(world):
    """`:company` beats the address."""
    assert only(create(world, company="Firm Ltd")[0], OpenContact).company_name == "Firm Ltd"


def test_a_name_that_is_an_address_is_no_name(world):
    """A display name with another address in it would show a false sender: the real address stands instead."""
    plan, _ = create(world, mail(**{"from": '"boss@bank.example" <eve@elsewhere.example>'}))
    assert only(plan, OpenContact).name == "eve@elsewhere.example"


def test_without_from_the_envelope_sender_is_the_author(world):
    """Where From says nothing usable, the envelope sender is who wrote."""
    plan, _ = create(world, mail(sender="bob@firm.example", **{"from": "nobody at all"}))
    assert only(plan, OpenContact).address == "bob@firm.example"


def test_who_has_no_address_is_no_contact_of_a_rule(world):
    """Without From and with a null sender `contact_create` makes nothing."""
    plan, outcome = create(world, mail(sender="", **{"from": ""}))
    assert outcome == "exists"
    assert plan.effects == []


def test_all_tickets_without_any_author_share_one_contact(world):
    """A ticket needs a contact: the first such mail opens one without address, later ones find it."""
    first = plan_of(mail(sender="", **{"from": ""}), world)
    opened = ensure_contact(first)
    assert (opened.address, opened.name) == ("", "unknown sender")
    known(world, "")
    second = plan_of(mail(sender="", **{"from": ""}), world)
    ensure_contact(second)
    assert not found(second, OpenContact)


@pytest.mark.parametrize("name", ["OWN", "BOUNCE", "AUTOMATIC"])
def test_machines_become_no_contacts(world, name):
    """A mail daemon, our own mail come back and a note of absence are nobody's first mail."""
    plan = plan_of(world=world, mail_class=MailClass[name])
    assert contact_create.plan(plan, ContactCreate()) == "machine"
    assert plan.effects == []


def test_what_the_rule_gave_names_the_rule(world):
    """Categories and company by their script and line; what the mail said needs no source (W5)."""
    plan, _ = create(world, categories=("new",), company="Firm Ltd")
    rule = f"rule {plan.route.script}:{ContactCreate().span.line}"
    assert only(plan, OpenContact).sources == (("categories", rule), ("company", rule))
    assert only(create(world)[0], OpenContact).sources == ()
