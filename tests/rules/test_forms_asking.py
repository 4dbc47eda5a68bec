"""The tests that forms brought into the language: the folder, and the contact's type and language (S3, T5)."""

from dataclasses import replace

import pytest
from ruleworld import World, decide, mail

from mailgate.domain.effects import Deliver
from mailgate.domain.envelope import Origin, Source
from mailgate.domain.ports import ContactView


def holds(test: str, one=None, world=None) -> bool:
    """Whether a test is true for a mail."""
    body = f'require "vnd.mailgate.account"; if {test} {{ fileinto "yes"; }}'
    decision = decide(body, one, world)
    assert not decision.error
    return [e.folder for e in decision.effects if isinstance(e, Deliver)] == ["yes"]


def lying_in(folder: str):
    """Return a mail that was fetched from a folder; "" for one that was delivered."""
    one = mail()
    return replace(one, received=replace(one.received, origin=Origin(Source.IMAP, "box", folder=folder)))


@pytest.mark.parametrize(
    ("folder", "names", "so"),
    [
        ("", '"INBOX"', True),
        ("", '"Requests"', False),
        ("Requests", '["INBOX", "Requests"]', True),
        ("requests", '"Requests"', False),
        ("inbox", '"Inbox"', True),
    ],
)
def test_folder_is_where_the_mail_lay(folder, names, so):
    """What is delivered lies in INBOX, the one name without case."""
    assert holds(f"folder {names}", lying_in(folder)) is so


@pytest.mark.parametrize(
    ("test", "so"),
    [
        ('contact :type "Partner"', True),
        ('contact :type ["customer", "partner"]', True),
        ('contact :type ["customer", "press"]', False),
        ('contact :language "DE"', True),
        ('contact :language ["en", "fr"]', False),
        ('contact :known :language "de" :type "partner"', True),
        ('contact :vip :language "de"', False),
    ],
)
def test_contact_asks_for_types_and_languages(test, so):
    """Any of several is enough, all tags of one test must hold, letters have no case."""
    world = World()
    world.contacts["anna@customer.example"] = ContactView(
        1, "Anna", "anna@customer.example", "partner", language="de"
    )
    assert holds(test, world=world) is so


def test_an_unknown_sender_speaks_no_language():
    """Not even the empty one."""
    assert not holds('contact :language ""')
