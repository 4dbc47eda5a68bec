"""`mailgate helpdesk`: switches and times, with their defaults, where they came from and what is wrong with one."""

from dataclasses import fields

import clidesk
import pytest

from mailgate.config.texts import HelpdeskText, meaning
from mailgate.domain.helpdesk import DeskPolicy, setting_names


@pytest.fixture
def desk():
    """Set up an installation that nobody has switched on."""
    with clidesk.desk(channel=False) as one:
        yield one


def value(desk, name: str) -> tuple[str, str, str]:
    """Return a setting's value, default and file."""
    (row,) = desk.json("helpdesk", "show", name)
    return row["value"], row["default"], row["file"]


def test_a_setting_is_set_and_unset(desk):
    """The same twice is nothing to change; unset, it has its default."""
    assert value(desk, "channel") == ("off", "off", "")
    assert desk.good("helpdesk", "set", "channel", "true") == "add setting channel\n"
    assert desk.good("helpdesk", "set", "channel", "on") == "nothing to change\n"
    assert value(desk, "channel") == ("on", "off", "")
    assert desk.good("helpdesk", "unset", "channel") == "remove setting channel\n"
    assert value(desk, "channel") == ("off", "off", "")


def test_mistakes_are_named(desk):
    """No such setting, no switch, no number; each with what it should be, and nothing is stored."""
    said = desk.bad("helpdesk", "set", "reopen_day", "3")
    assert "there is no setting 'reopen_day', did you mean 'reopen_days'?" in said
    assert "did you mean 'channel'?" in desk.bad("helpdesk", "show", "chanel")
    assert "did you mean 'channel'?" in desk.bad("helpdesk", "unset", "chanel")
    assert "'maybe' is no switch, write on or off" in desk.bad("helpdesk", "set", "reopen", "maybe")
    for wrong in ("0", "1001", "-1", "1.5", "many"):
        assert "is no whole number from 1 to 1,000" in desk.bad("helpdesk", "set", "--", "reopen_days", wrong)
    assert all(row["value"] == row["default"] for row in desk.json("helpdesk", "show"))


def test_what_a_file_says_is_changed_there(desk):
    """As with all business data: by hand only with --take-over."""
    (desk.business / "desk.toml").write_text("[helpdesk]\nchannel = true\nreopen_days = 14\n")
    desk.good("apply", str(desk.business))
    assert value(desk, "reopen_days")[:2] == ("14", "30")
    assert "comes from" in desk.bad("helpdesk", "set", "reopen_days", "15")
    desk.good("helpdesk", "set", "reopen_days", "15", "--take-over")
    assert value(desk, "reopen_days") == ("15", "30", "")


def test_a_dry_run_changes_nothing(desk):
    """It is shown only."""
    assert "nothing was changed (--dry-run)" in desk.good("helpdesk", "set", "reopen", "off", "--dry-run")
    assert value(desk, "reopen")[0] == "on"


def test_who_applies_texts_hears_that_no_mail_is_taken(desk):
    """G1: with the command that lets mail in; once it is on, nothing is said."""
    with (desk.business / "business.toml").open("a") as file:
        file.write('\n[[address]]\naddress = "more@example.org"\n')
    said = desk.run("apply", str(desk.business)).stderr
    assert "the channel is off: every address answers 451; `mailgate helpdesk set channel on`" in said
    desk.good("helpdesk", "set", "channel", "on")
    (desk.business / "business.toml").write_text(clidesk.BUSINESS)
    assert "channel" not in desk.run("apply", str(desk.business)).stderr


def test_rules_are_tried_before_the_channel_is_on(desk):
    """G1: the switch is about taking mail, not about trying rules."""
    mail = "From: anna@customer.example\r\nSubject: help\r\n\r\nHi\r\n"
    said = desk.good(
        "rules", "run", "-", "--from", "anna@customer.example", "--to", "support@example.org", data=mail
    )
    assert "open ticket T-1" in said


def test_every_setting_is_explained_and_can_be_applied():
    """The policy and the text for `apply` name the same settings with the same defaults, each with its meaning."""
    text, policy = HelpdeskText(), DeskPolicy()
    assert set(text.__struct_fields__) == set(setting_names())
    for one in fields(DeskPolicy):
        assert getattr(text, one.name) == getattr(policy, one.name)
        assert meaning(one.name).endswith(".")


def test_subjects_are_locked_or_free(desk):
    """G2 and G3 exclude each other: it is one setting with two words."""
    assert value(desk, "subjects")[0] == "number"
    desk.good("helpdesk", "set", "subjects", "edit")
    assert value(desk, "subjects")[0] == "edit"
    said = desk.bad("helpdesk", "set", "subjects", "both")
    assert "'both' is no way to treat subjects, write number or edit" in said
