"""What rules are told about the installation: environment, folders, special uses, external lists, settings."""

from dataclasses import replace
from pathlib import Path

import pytest
from ruleworld import ACTIONS, NOW, POLICY, REGISTRY, SUPPORT, World, catalogue_of, mail

from mailgate.config.lists import ListFiles
from mailgate.config.rules import Rules
from mailgate.config.settings import Settings
from mailgate.config.targets import LmtpTarget, MaildirTarget, NullTarget
from mailgate.domain.effects import Deliver
from mailgate.domain.lists import ExternalList
from mailgate.domain.ports import ContactView
from mailgate.rules.decide import Decider
from mailgate.rules.scripts import ScriptBook, compile_book
from mailgate.vocabulary import told
from mailgate.wiring import has_folder, plan_policy
from sieve_like.settings import NO_SETTINGS

REQUIRE = (
    'require ["fileinto", "environment", "vnd.dovecot.environment", "variables", "mailbox", "special-use", '
    '"extlists", "spamtest", "subaddress"];\n'
)
PARTNERS = "Carl@Partner.example\n\n# all of them\n@friends.example  # since May\nfrop\n"


def folder(body, one=None, *, policy=POLICY, world=None, settings=NO_SETTINGS):
    """Return where a script files the mail."""
    catalogue = catalogue_of(support=REQUIRE + body)
    book = compile_book(catalogue, REGISTRY, ScriptBook(), told=settings)
    assert not book.errors(), book.errors()
    decider = Decider(policy, ACTIONS, lambda: book)
    decision = decider(one or mail(), catalogue.routes[SUPPORT], catalogue, world or World(), NOW)
    assert not decision.error, decision.error
    return next((e.folder for e in decision.effects if isinstance(e, Deliver)), "")


def yes(test, one=None, **options):
    """Whether a test holds."""
    return folder(f'if {test} {{ fileinto "yes"; }}', one, **options) == "yes"


def test_where_a_script_runs():
    """Name, host and domain are those of the installation, the client is the one that a server told us."""
    policy = replace(POLICY, hostname="mail.example.org", version="1.2.3")
    text = "${env.name} ${env.version} ${env.host} ${env.domain} ${env.location} ${env.phase}"
    assert (
        folder(f'fileinto "{text}";', policy=policy)
        == "mailgate 1.2.3 mail.example.org example.org MDA during"
    )
    one = mail()
    origin = replace(one.received.origin, client_name="mx.example.net", client_address="192.0.2.7")
    told_us = replace(one, received=replace(one.received, origin=origin))
    assert folder('fileinto "${env.remote_host} ${env.remote_ip}";', told_us) == "mx.example.net 192.0.2.7"
    assert not yes('environment :matches "remote-ip" "*"')


def test_the_mailbox_is_the_recipient():
    """`vnd.dovecot.username` is whom the mail is for."""
    assert folder('fileinto "${env.vnd.dovecot.username}";') == SUPPORT


def test_folders_of_the_target_are_asked_for_this_recipient():
    """`mailboxexists` is about the folder that fileinto would take."""
    asked = []
    policy = replace(POLICY, has_folder=lambda *what: asked.append(what) or what[2] == "Work")
    assert yes('mailboxexists "Work"', policy=policy)
    assert not yes('mailboxexists "Play"', policy=policy)
    assert asked[0] == ("maildir", SUPPORT, "Work")


def test_special_uses_are_those_of_the_settings():
    """The settings name the folder; where the target has none, there is no such use."""
    policy = replace(POLICY, special_use={"\\junk": "Spam"})
    assert yes('specialuse_exists "\\\\Junk"', policy=policy)
    assert yes('specialuse_exists "Spam" "\\\\Junk"', policy=policy)
    assert not yes('specialuse_exists "Work" "\\\\Junk"', policy=policy)
    assert not yes('specialuse_exists "\\\\Sent"', policy=policy)
    none = replace(policy, has_folder=lambda *_what: False)
    assert not yes('specialuse_exists "\\\\Junk"', policy=none)
    assert folder('fileinto :specialuse "\\\\Junk" "Other";', policy=policy) == "Spam"


def test_contacts_are_a_list():
    """`:addrbook:default` (RFC 6134 2.4) holds all contacts, whoever wrote their address in whatever case."""
    world = World()
    world.contacts["anna@customer.example"] = ContactView(1, "Anna", "anna@customer.example")
    assert yes('address :list "from" ":addrbook:default"', world=world)
    assert not yes('address :list "from" ":addrbook:default"')
    assert not yes('address :list "to" ":addrbook:default"', world=world)
    assert yes('valid_ext_list ":addrbook:default"')


@pytest.mark.parametrize(
    ("value", "entry"),
    [
        ("carl@partner.example", "Carl@Partner.example"),
        ("eva@FRIENDS.example", "@friends.example"),
        ("eva@sub.friends.example", None),
        ("Frop", "frop"),
        ("all of them", None),
        ("", None),
    ],
)
def test_entries_of_a_list(value, entry):
    """Addresses compare as everywhere, a domain stands for all in it, words have no case, comments don't count."""
    assert ExternalList.parse(PARTNERS).find(value) == entry


def test_members_are_the_addresses():
    """Redirect :list writes to people, not to domains and words."""
    assert ExternalList.parse(PARTNERS).members == ("Carl@Partner.example",)


def test_list_files_are_read_again_when_they_change(tmp_path):
    """A list is what its file says now; a file that is gone is no list."""
    file = tmp_path / "partners"
    file.write_text("anna@customer.example\n")
    policy = replace(POLICY, lists=ListFiles({"partners": str(file)}).find)
    assert yes('address :list "from" "partners"', policy=policy)
    assert yes('address :list "from" ":partners"', policy=policy)
    file.write_text("somebody.else@customer.example\n")
    assert not yes('address :list "from" "partners"', policy=policy)
    file.unlink()
    assert not yes('valid_ext_list "partners"', policy=policy)
    assert not yes('valid_ext_list "unknown"', policy=policy)


def test_settings_reach_the_extensions():
    """[rules] extensions and recipient_delimiter are what the tests of the language are told."""
    rules = Rules(
        recipient_delimiter="-",
        extensions={
            "sieve_spamtest_status_header": "X-Score",
            "sieve_spamtest_max_value": "10",
            "sieve_env_x": "y",
        },
    )
    settings = told(Settings(rules=rules))
    assert yes('spamtest "5"', mail("From: a@example.net\nX-Score: 5\n"), settings=settings)
    assert yes('address :detail "to" "urgent"', mail("To: help-urgent@example.org\n"), settings=settings)
    assert yes('environment "vnd.dovecot.config.x" "y"', settings=settings)


def test_settings_reach_the_policy(tmp_path):
    """Folders, lists and the version of the program are wired from the settings."""
    (tmp_path / "list").write_text("frop\n")
    rules = Rules(special_use={"junk": "Spam"}, lists={"words": str(tmp_path / "list")})
    policy = plan_policy(Settings(rules=rules), (b"k" * 32,))
    assert policy.special_use == {"\\junk": "Spam"}
    assert policy.lists("words").find("FROP") == "frop"
    assert policy.version


def test_what_targets_can_file(tmp_path):
    """A Maildir is looked into, our own store has every folder, a server by LMTP what it is told of."""
    (Path(tmp_path) / "bob" / ".Work.Done" / "cur").mkdir(parents=True)
    targets = {
        "home": MaildirTarget(path=f"{tmp_path}/{{local}}"),
        "dovecot": LmtpTarget(address="unix:/run/lmtp"),
        "detail": LmtpTarget(address="unix:/run/lmtp", folder_as_detail=True),
        "nothing": NullTarget(),
    }
    settings = Settings(targets=targets)
    expected = {
        ("store", "Any"): True,
        ("home", "Work.Done"): True,
        ("home", "Work"): False,
        ("home", "INBOX"): True,
        ("home", "../bob"): False,
        ("dovecot", "Work"): False,
        ("detail", "Work"): True,
        ("nothing", "Work"): False,
        ("gone", "Work"): False,
    }
    found = {
        (name, place): has_folder(settings, name, "bob+x@example.org", place) for name, place in expected
    }
    assert found == expected
