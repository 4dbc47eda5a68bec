"""The routing table: an address has the script of the automation that belongs to it (W1)."""

import pytest

from mailgate.domain.helpdesk import Automation
from mailgate.domain.routing import Route
from mailgate.store import business, queries
from mailgate.store.business import Business, Script

ADDRESSES = (Route("Info@Example.org"), Route("@example.com"), Route("own@example.org", "own"))


@pytest.fixture
def script_of(writer, store):
    """Return what writes automations and tells the script of an address."""

    def run(address: str, *automations: Automation) -> str:
        wanted = Business(ADDRESSES, scripts=(Script("own", "keep;"),), automations=automations)
        with queries.reading(store) as connection:
            changes = business.plan(connection, wanted, "f")
        writer.submit(lambda tx: business.apply_changes(tx, changes, "root")).result(30)
        with queries.reading(store) as connection:
            return business.load_catalogue(connection).route(address).script

    return run


@pytest.mark.parametrize(
    ("address", "automation", "script"),
    [
        ("info@example.org", Automation("a", "INFO@example.org"), "a"),
        ("info+tag@example.org", Automation("a", "info@example.org"), "a"),
        ("x@example.com", Automation("a", "@Example.com"), "a"),
        ("info@example.org", Automation("a", "info@example.org", enabled=False), ""),
        ("info@example.org", Automation("a", "other@example.org"), ""),
        ("own@example.org", Automation("a", "own@example.org"), "own"),
    ],
)
def test_an_address_has_the_script_of_its_automation(script_of, address, automation, script):
    """By its folded address or as a pattern, while it is enabled; a script of the address's own goes first."""
    assert script_of(address, automation) == script


def test_without_the_automation_the_address_has_none(script_of):
    """Nothing of it is kept in the address."""
    assert script_of("info@example.org", Automation("a", "info@example.org")) == "a"
    assert script_of("info@example.org") == ""
