"""Parts of the test runner on their own: names of settings, envelope paths, what is left of a broken file."""

import pytest

from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors
from sieve_like.limits import Limits
from sieve_like.message import PlainMessage
from sieve_like.testing.runner import standard
from sieve_like.testing.salvage import without_errors
from sieve_like.testing.settings import SUITE_LIMITS, both_names, limits_of, of_extension
from sieve_like.testing.suite import derived, path


@pytest.mark.parametrize(
    ("said", "also", "value"),
    [
        ("sieve_variables_max_value_size", "sieve_variables_max_variable_size", "5k"),
        ("sieve_variables_max_variable_size", "sieve_variables_max_value_size", "5k"),
        ("sieve_spamtest_max_value", "sieve_spamtest_score_max_value", "10"),
        ("sieve_spamtest_text_value/5", "sieve_spamtest_text_value5", "bad"),
        ("sieve_virustest_text_value3", "sieve_virustest_text_value/3", "maybe"),
        ("sieve_environment/domain", "sieve_env_domain", "x"),
        ("sieve_env_domain", "sieve_environment/domain", "x"),
    ],
)
def test_both_generations_of_names(said, also, value):
    """A setting is found by its name in either generation."""
    found = both_names({said: value})
    assert (found[said], found[also]) == (value, value)


def test_a_negated_name():
    """One generation asks whether to check, the other whether not to."""
    assert (
        both_names({"sieve_vacation_dont_check_recipient": "yes"})["sieve_vacation_check_recipient"] == "no"
    )
    assert (
        both_names({"sieve_vacation_check_recipient": "yes"})["sieve_vacation_dont_check_recipient"] == "no"
    )


def test_fields_that_must_not_be_edited():
    """The newer generation has a group of settings per field, the older one lists."""
    found = both_names(
        {
            "sieve_editheader_header/x-a/forbid_add": "yes",
            "sieve_editheader_header/x-b/name": "X-Bee",
            "sieve_editheader_header/x-b/forbid_add": "yes",
            "sieve_editheader_header/x-b/forbid_delete": "no",
        }
    )
    assert found["sieve_editheader_forbid_add"] == "x-a X-Bee"
    assert "sieve_editheader_forbid_delete" not in found


@pytest.mark.parametrize(
    ("name", "value", "field", "limit"),
    [
        ("sieve_max_actions", "3", "actions", 3),
        ("sieve_max_actions", "0", "actions", 2**63),
        ("sieve_max_redirects", "0", "redirects", 0),
        ("sieve_max_script_size", "4k", "script_size", 4096),
        ("sieve_variables_max_variable_size", "8k", "variable_size", 8192),
        ("sieve_include_max_includes", "2", "includes", 2),
        ("sieve_include_max_nesting_depth", "3", "include_depth", 3),
        ("sieve_editheader_max_header_size", "1024", "header_size", 1024),
        ("sieve_notify_max_notifications", "2", "notifications", 2),
        ("sieve_vacation_max_subject_codepoints", "20", "vacation_subject", 20),
        ("sieve_max_cpu_time", "2s", "steps", 2_000_000),
    ],
)
def test_settings_that_are_limits(name, value, field, limit):
    """Each of these settings sets one limit; all others stay."""
    limits = limits_of(both_names({name: value}))
    assert getattr(limits, field) == limit
    others = {one for one in Limits.__dataclass_fields__ if one != field}
    assert {one: getattr(limits, one) for one in others} == {
        one: getattr(SUITE_LIMITS, one) for one in others
    }


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("recipient_delimiter", "subaddress"),
        ("sieve_vacation_min_period", "vacation"),
        ("sieve_vacation_min_period", "vacation-seconds"),
        ("sieve_notify_mailto_envelope_from", "enotify"),
        ("sieve_spamtest_max_value", "spamtestplus"),
        ("sieve_max_actions", None),
        ("sieve_redirect_envelope_from", None),
        ("sieve_user_email", None),
    ],
)
def test_who_reloads_a_setting(name, owner):
    """A setting belongs to the core or to an extension, and no other reload makes it effective."""
    assert of_extension(name, owner)
    assert not of_extension(name, "body")
    assert of_extension(name, None) is (owner is None)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("<a@example.org>", "a@example.org"),
        ("a@example.org", "a@example.org"),
        (" <a@example.org> ", "a@example.org"),
        ("<@r.example,@s.example:a@example.org>", "@r.example,@s.example:a@example.org"),
        ('"a b"@example.org', '"a b"@example.org'),
        ("<>", ""),
        ("", ""),
        ("a b@example.org", None),
        ("a@b@c", None),
        ("a", None),
    ],
)
def test_envelope_paths(text, address):
    """Brackets are optional, the null path is empty, what is no path is None; a route stays for the engine to drop."""
    assert path(text, local_part=False) == address


def test_a_bare_local_part_where_it_is_allowed():
    """Recipients of the own host have no domain."""
    assert path("bob", local_part=True) == "bob"


def test_a_message_gives_the_envelope():
    """Return-Path before Sender before From, Envelope-To before To."""
    mail = PlainMessage(
        b"Sender: s@example.org\nFrom: f@example.org\nTo: X <t@example.org>, u@example.org\n\n"
    )
    envelope = derived(mail, "anna")
    assert (envelope.sender, envelope.recipient, envelope.to) == ("s@example.org",) + ("t@example.org",) * 2
    assert envelope.auth == "anna"


def rest(source: str) -> str:
    """Return what is left of a broken test file, "" where nothing can be left."""
    registry = standard().registry
    with pytest.raises(CompileErrors) as caught:
        compile_script(source, registry=registry)
    made = without_errors(source.encode(), caught.value, Limits(), registry.capabilities)
    return made.decode() if made is not None else ""


REQUIRE = 'require "vnd.dovecot.testsuite";\n'


def test_wrong_blocks_fail_and_lines_keep_their_numbers():
    """The block says why it does not compile; all that follows stays on its line."""
    made = rest(REQUIRE + 'test "a" {\n  nonsense;\n}\ntest "b" { }\n')
    assert made.splitlines()[1].startswith('test "a" { test_fail "does not compile: line 3: unknown command')
    assert made.splitlines()[4] == 'test "b" { }'
    assert compile_script(made, registry=standard().registry)


def test_unknown_capabilities_are_taken_out():
    """The known ones of the list stay."""
    made = rest('require ["vnd.dovecot.testsuite", "nonsense", "fileinto"];\ntest "a" { fileinto "X"; }\n')
    assert made.splitlines()[0] == 'require ["vnd.dovecot.testsuite", "fileinto"];'


def test_quotes_and_variables_in_names_and_reasons():
    """What is quoted in the source is quoted again; a reason holds no variables."""
    made = rest(REQUIRE + 'require "variables";\ntest "a \\"b\\" \\\\" { header :is "${nonsense.x}" "y"; }\n')
    assert 'test "a \\"b\\" \\\\" { test_fail' in made
    assert "${" not in made
    assert compile_script(made, registry=standard().registry)


def test_other_wrong_commands_are_left_out():
    """A wrong command outside of all blocks is no reason not to run them."""
    made = rest(REQUIRE + 'keep "x";\ntest "a" { }\n')
    assert made.splitlines() == [REQUIRE.strip(), "", 'test "a" { }']
