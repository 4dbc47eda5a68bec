"""What a running script is told: about contacts, tickets and names, with what this run has planned already."""

import pytest
from ruleworld import World, decide, mail

from mailgate.domain.effects import Deliver, OpenContact
from mailgate.domain.ports import ContactView

ANNA = "anna@customer.example"


def folder(body: str, one=None, world=None) -> str:
    """Return where the script files the mail: INBOX if it says nothing."""
    decision = decide(body, one, world)
    return next((e.folder for e in decision.effects if isinstance(e, Deliver)), "")


def world_with(**columns) -> World:
    world = World()
    world.contacts[ANNA] = ContactView(1, "Anna", ANNA, **columns)
    return world


def yes(test: str, world=None, one=None) -> bool:
    """Whether a test holds."""
    return folder(f'if {test} {{ fileinto "yes"; }}', one, world) == "yes"


def test_contact_known_is_about_the_author():
    """`contact :known` asks the database for the From address, not for the envelope."""
    assert yes("contact :known", world_with())
    assert not yes("contact :known", World())
    assert yes("contact :known", world_with(), mail(sender="bounce-17@lists.example"))


def test_a_contact_of_this_run_is_known():
    """After contact_create the author is known to the rest of the script, and is made once."""
    decision = decide('contact_create; if contact :known { fileinto "yes"; }')
    assert [e.folder for e in decision.effects if isinstance(e, Deliver)] == ["yes"]
    assert len([e for e in decision.effects if isinstance(e, OpenContact)]) == 1


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ("contact :vip", True),
        ('contact :type "RESELLER"', True),
        ('contact :type "customer"', False),
        ('contact :category ["none", "Gold"]', True),
        ('contact :category "silver"', False),
        ('contact :company "berg*"', True),
        ('contact :company "Firm*"', False),
        ('contact :vip :type "customer"', False),
    ],
)
def test_questions_about_a_contact(test, holds):
    """Type, category and company compare without case; several questions must all hold."""
    world = world_with(vip=True, type="reseller", categories=("gold",), company="Berg AG")
    assert yes(test, world) is holds
    assert not yes(test, World())


def test_an_outcome_is_a_word_and_never_an_error():
    """`:outcome` says what will happen; the script decides by it."""
    body = (
        'ticket :outcome "did"; if string "${did}" "joined" { fileinto "joined"; } else { fileinto "new"; }'
    )
    world = World()
    world.add_ticket(7, ANNA)
    world.references["<first@x>"].append(7)
    assert folder(body) == "new"
    assert folder(body, mail(in_reply_to="<first@x>"), world) == "joined"


def test_variables_of_contact_queue_and_time():
    """`${contact.…}`, `${queue.…}` and `${now.…}` are answered; an unknown author is empty."""
    body = 'fileinto "${contact.name}/${queue.name}/${now.year}";'
    assert folder(body, None, world_with()) == "Anna/support/2025"
    assert folder(body) == "/support/2025"
