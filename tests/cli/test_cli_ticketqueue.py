"""`mailgate ticketqueue`."""

import clidesk
import pytest


@pytest.fixture
def desk():
    """Set up an installation with one address, one queue, one script and one template, all from files."""
    with clidesk.desk() as one:
        yield one


def test_add_and_list(desk):
    """An added queue stands in the listing, used by nobody."""
    said = desk.good(
        "ticketqueue",
        "add",
        "sales",
        "--address",
        "sales@example.org",
        "--from-name",
        "Sales",
        "--language",
        "de",
    )
    assert said == "add queue sales\n"
    (row,) = [one for one in desk.json("ticketqueue", "list") if one["name"] == "sales"]
    assert row == {
        "name": "sales", "address": "sales@example.org", "from_name": "Sales", "language": "de", "enabled": True,
        "addresses": 0, "agents": 0, "assignment": "off", "tickets": 0,
        "hints": [
            "no address assigned", "no agents assigned",
            "its mail comes from sales@example.org, which is no address that mail is taken for",
        ],
        "file": "",
    }  # fmt: skip


def test_adding_twice_changes_nothing(desk):
    """The second time is no error."""
    desk.good("ticketqueue", "add", "sales")
    assert desk.good("ticketqueue", "add", "sales") == "nothing to change\n"


def test_set_changes_only_what_is_said(desk):
    """The address stays when the queue is switched off."""
    desk.good("ticketqueue", "add", "sales", "--address", "sales@example.org")
    desk.good("ticketqueue", "set", "sales", "--disabled")
    shown = desk.json("ticketqueue", "show", "sales")
    assert (shown["enabled"], shown["address"]) == (False, "sales@example.org")


def test_set_of_an_unknown_queue_suggests_one(desk):
    """A typing error does not make a new queue."""
    assert "did you mean 'support'?" in desk.bad("ticketqueue", "set", "suport", "--disabled")
    assert desk.names("ticketqueue") == ["support"]


@pytest.mark.parametrize("name", ["", "../x", ".hidden", "a\nb", "x" * 101])
def test_a_name_that_could_not_be_written_out_is_refused(desk, name):
    """Names stand in listings and become file names."""
    assert "can't name a queue" in desk.bad("ticketqueue", "add", name)


def test_a_wrong_address_is_refused(desk):
    """Answers could not be sent from it."""
    assert "is no mail address" in desk.bad("ticketqueue", "add", "sales", "--address", "a@b@c")


def test_a_queue_in_use_is_not_removed(desk):
    """The refusal names the addresses, and the scripts with their lines."""
    said = desk.bad("ticketqueue", "remove", "support", "--take-over")
    assert "is used by address support@example.org, script support:2; change that first" in said
    assert desk.names("ticketqueue") == ["support"]


def test_an_unused_queue_is_removed(desk):
    """And removing it once more is nothing to do."""
    desk.good("ticketqueue", "add", "sales")
    assert desk.good("ticketqueue", "remove", "sales") == "remove queue sales\n"
    assert desk.good("ticketqueue", "remove", "sales") == "nothing to change\n"


def test_show_says_who_uses_it(desk):
    """Addresses and scripts."""
    assert desk.json("ticketqueue", "show", "support")["used_by"] == [
        "address support@example.org",
        "script support:2",
    ]


def test_show_counts_the_tickets(gateway):
    """By status, as they are in the database."""
    one = gateway(business={"b.toml": clidesk.BUSINESS, "support.sieve": clidesk.SCRIPT})
    mail = b"From: a@customer.example\nSubject: one\n\nHelp\n"
    one.command("inject", "-", "--to", "support@example.org", "--from", "a@customer.example", data=mail)
    assert one.json("ticketqueue", "show", "support")["tickets"] == {"open": 1}
    assert one.json("ticketqueue", "list")[0]["tickets"] == 1
