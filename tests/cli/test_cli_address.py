"""`mailgate address`."""

import contextlib
import smtplib
import sqlite3
import subprocess
import sys

import clidesk
import pytest


@pytest.fixture
def desk():
    """Set up an installation with one address, one queue, one script and one template, all from files."""
    with clidesk.desk() as one:
        yield one


def test_add_and_list(desk):
    """An added address stands in the listing with what it was given, and with no file."""
    assert (
        desk.good("address", "add", "Sales@Example.ORG", "--queue", "support")
        == "add address sales@example.org\n"
    )
    (row,) = [one for one in desk.json("address", "list") if one["address"] == "sales@example.org"]
    assert row == {
        "address": "sales@example.org", "script": "", "queue": "support", "target": "store", "enabled": True,
        "send_only": False, "file": "",
    }  # fmt: skip


def test_list_says_which_file_an_address_comes_from(desk):
    """What `apply` wrote names its folder."""
    assert desk.json("address", "list")[0]["file"] == str(desk.business)


def test_adding_the_same_again_changes_nothing(desk):
    """The second time is no error, writes no audit line and moves no version."""
    desk.good("address", "add", "a@example.org", "--queue", "support")
    before = desk.versions()
    assert desk.good("address", "add", "A@example.org", "--queue", "support") == "nothing to change\n"
    assert desk.versions() == before


def test_adding_something_else_of_that_name_is_refused(desk):
    """Add never changes what is there."""
    desk.good("address", "add", "a@example.org", "--queue", "support")
    assert "is there already; `mailgate address set` changes it" in desk.bad(
        "address", "add", "a@example.org"
    )


def test_set_changes_only_what_is_said(desk):
    """The queue stays when the script is set."""
    desk.good("address", "add", "a@example.org", "--queue", "support")
    assert (
        desk.good("address", "set", "a@example.org", "--script", "support")
        == "change address a@example.org\n  script: nothing -> support\n"
    )
    shown = desk.json("address", "show", "a@example.org")
    assert (shown["script"], shown["queue"]) == ("support", "support")


def test_set_of_an_unknown_address_suggests_one(desk):
    """A typing error does not make a new address."""
    assert "did you mean 'support@example.org'?" in desk.bad(
        "address", "set", "suport@example.org", "--disabled"
    )
    assert desk.names("address", "address") == ["support@example.org"]


def test_all_mistakes_at_once(desk):
    """Script, queue, target and the address itself are all complained about in one go."""
    text = desk.bad("address", "add", "a b@x", "--script", "suport", "--queue", "suport", "--target", "stor")
    assert text.splitlines() == [
        "Error: 'a b@x' is no mail address",
        "there is no script 'suport', did you mean 'support'?",
        "there is no queue 'suport', did you mean 'support'?",
        "there is no target 'stor', did you mean 'store'?",
    ]


@pytest.mark.parametrize("pattern", ["a@b@*", "@", "sales *@example.org", "x\n*@example.org"])
def test_a_pattern_that_can_match_nothing_is_refused(desk, pattern):
    """A pattern has one @ at most, no blank and no control character."""
    desk.bad("address", "add", pattern)
    assert desk.names("address", "address") == ["support@example.org"]


def test_dry_run_changes_nothing(desk):
    """The change is shown, and the database stays as it is."""
    before = desk.versions()
    said = desk.good("address", "add", "a@example.org", "--dry-run")
    assert said == "add address a@example.org\nnothing was changed (--dry-run)\n"
    assert (desk.versions(), desk.names("address", "address")) == (before, ["support@example.org"])


def test_a_files_address_is_changed_only_by_taking_it_over(desk):
    """Refused with the file's name; with --take-over done, and then it belongs to no file."""
    assert f"comes from {desk.business}" in desk.bad("address", "set", "support@example.org", "--script", "")
    desk.good("address", "set", "support@example.org", "--script", "", "--take-over")
    (row,) = desk.json("address", "list")
    assert (row["script"], row["file"]) == ("", "")


def test_saying_what_a_file_says_needs_no_take_over(desk):
    """Where nothing would change, nothing is refused."""
    assert desk.good("address", "set", "support@example.org", "--queue", "support") == "nothing to change\n"


def test_remove(desk):
    """A removed address is gone from the listing; once more is nothing to do."""
    desk.good("address", "add", "a@example.org")
    assert desk.good("address", "remove", "A@example.org") == "remove address a@example.org\n"
    assert desk.names("address", "address") == ["support@example.org"]
    assert desk.good("address", "remove", "a@example.org") == "nothing to change\n"


def test_removing_what_a_file_says_needs_take_over(desk):
    """Else the file and the database would drift apart unseen."""
    assert "or say --take-over" in desk.bad("address", "remove", "support@example.org")
    assert desk.names("address", "address") == ["support@example.org"]


def test_patterns_are_listed_as_written_and_last(desk):
    """`@domain` is not shown as the glob that it is matched by."""
    for one in ("@example.net", "[x]*@example.net", "z@example.net"):
        desk.good("address", "add", one)
    listed = desk.names("address", "address")
    assert listed == ["support@example.org", "z@example.net", "@example.net", "[x]*@example.net"]


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("support@example.org", "support@example.org"),
        ("SUPPORT+urgent@example.org", "support@example.org"),
        ("anybody@example.net", "@example.net"),
        ("sales-7@example.com", "sales-*@example.com"),
    ],
)
def test_show_says_what_serves_an_address(desk, asked, served):
    """By itself, without its detail, or by a pattern as it was written."""
    desk.good("address", "add", "@example.net")
    desk.good("address", "add", "sales-*@example.com")
    assert desk.json("address", "show", asked)["served_by"] == served


def test_show_of_an_address_that_nothing_serves(desk):
    """Exit 1, with the reply that its mail gets."""
    assert "550 5.1.1" in desk.bad("address", "show", "nobody@example.com")


def test_list_can_be_narrowed(desk):
    """By script and by queue."""
    desk.good("address", "add", "a@example.org")
    assert [one["address"] for one in desk.json("address", "list", "--script", "")] == ["a@example.org"]
    assert [one["address"] for one in desk.json("address", "list", "--queue", "support")] == [
        "support@example.org"
    ]


def test_the_audit_names_who_and_what(desk):
    """Each change is one line."""
    _, before = desk.versions()
    desk.good("address", "add", "a@example.org")
    desk.good("address", "set", "a@example.org", "--disabled")
    desk.good("address", "remove", "a@example.org")
    assert desk.versions()[1] == before + 3


def test_changes_at_the_same_moment_are_all_made(desk):
    """Whoever was slower plans again: no change is lost, and no two patterns share a place."""
    patterns = [f"p{n}-*@example.net" for n in range(6)]
    line = [sys.executable, "-m", "mailgate", "--config", str(desk.config), "address", "add"]
    jobs = [subprocess.Popen([*line, one], stdout=subprocess.DEVNULL) for one in patterns]
    assert [job.wait(timeout=120) for job in jobs] == [0] * len(jobs)
    with contextlib.closing(sqlite3.connect(desk.folder / "state" / "mailgate.sqlite")) as connection:
        places = dict(connection.execute("SELECT address, position FROM address").fetchall())
    assert places.keys() == {"support@example.org", *patterns}
    assert len(set(places.values())) == len(places)


def test_the_running_gateway_knows_at_once(gateway):
    """After `address add` returns, RCPT is taken; after `remove`, refused."""
    one = gateway(business={"b.toml": clidesk.BUSINESS, "support.sieve": clidesk.SCRIPT})

    def rcpt() -> int:
        with smtplib.LMTP("127.0.0.1", one.port, "test", timeout=30) as client:
            client.ehlo()
            client.mail("")
            return client.rcpt("new@example.org")[0]

    assert rcpt() == 550
    one.command("address", "add", "new@example.org", "--queue", "support")
    assert rcpt() == 250
    one.command("address", "remove", "new@example.org")
    assert rcpt() == 550
