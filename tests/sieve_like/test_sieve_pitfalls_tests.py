"""What naive engines get wrong about tests and matching, each under its number of the list."""

import pytest
from sieverun import complaints, folders, holds, mail

from sieve_like.message import Envelope

NUMERIC = ':comparator "i;ascii-numeric"'
EMPTY = mail("Subject:", "X-Priority: 5 (low)", "X-Word: abc")


@pytest.mark.parametrize(
    "test", ['header :is "subject" ""', 'header :contains "subject" ""', 'header :matches "subject" "*"']
)
def test_pitfall_14_an_empty_field_matches_empty_keys(test):
    """A field that is there but empty has the value ""."""
    assert holds(test, EMPTY)


@pytest.mark.parametrize(
    "test",
    [
        'header :is "x-no" ""',
        'header :contains "x-no" ""',
        'header :matches "x-no" "*"',
        'header :value "ne" "x-no" "a"',
    ],
)
def test_pitfall_14_an_absent_field_matches_nothing(test):
    """A field that is not there has no value at all."""
    assert not holds(test, EMPTY)


def test_pitfall_14_an_absent_field_counts_zero():
    """:count sees the number of fields, also none."""
    assert holds(f'header :count "eq" {NUMERIC} "x-no" "0"', EMPTY)


def test_pitfall_15_texts_without_a_number_are_infinite():
    """5 is less than abc, and two words are equal."""
    assert holds(f'header :value "lt" {NUMERIC} "x-priority" "abc"', EMPTY)
    assert holds(f'header :value "eq" {NUMERIC} "x-word" "xyz"', EMPTY)
    assert holds(f'header :is {NUMERIC} "x-word" "xyz"', EMPTY)
    assert not holds(f'header :value "gt" {NUMERIC} "x-priority" "abc"', EMPTY)


def test_pitfall_15_leading_zeros_do_not_count():
    """005 is 5, and 10 is more than 9."""
    assert holds(f'header :is {NUMERIC} "x-priority" "0005"', EMPTY)
    assert holds(f'header :value "lt" {NUMERIC} "x-priority" "10"', EMPTY)
    assert holds(f'string :value "gt" {NUMERIC} "{"9" * 5000}" "{"8" * 5000}"', EMPTY)


def test_pitfall_15_casemap_folds_ascii_only():
    """A is a, but É is not é."""
    assert holds('header "subject" "ABC é"', mail("Subject: abc é"))
    assert not holds('header "subject" "abc É"', mail("Subject: abc é"))


def test_pitfall_15_octet_folds_nothing():
    """With i;octet the case matters."""
    assert not holds('header :comparator "i;octet" "subject" "HELLO WORLD"')
    assert holds('header :comparator "i;octet" "subject" "Hello World"')


def test_pitfall_16_count_adds_up_all_listed_fields():
    """Two To addresses and one Cc are three, two fields are two."""
    message = mail("To: a@x.example, b@x.example", "Cc: c@x.example", "X-A: 1", "X-A: 2")
    assert holds(f'address :count "eq" {NUMERIC} ["to", "cc"] "3"', message)
    assert holds(f'header :count "eq" {NUMERIC} ["to", "cc"] "2"', message)
    assert holds(f'header :count "eq" {NUMERIC} ["x-a", "to"] "3"', message)


def test_pitfall_16_value_needs_one_true_pair():
    """One pair of value and key is enough."""
    message = mail("X-A: 1", "X-A: 9")
    assert holds(f'header :value "gt" {NUMERIC} "x-a" ["20", "5"]', message)
    assert not holds(f'header :value "gt" {NUMERIC} "x-a" ["20", "9"]', message)


def test_pitfall_16_count_of_strings_leaves_out_empty_ones():
    """An empty string counts nothing (RFC 5229 5)."""
    assert holds(f'string :count "eq" {NUMERIC} ["a", "", "${{none}}"] "1"')


def test_pitfall_17_values_are_unfolded_trimmed_and_decoded():
    """Encoded words are decoded; a fold between words leaves one blank."""
    message = mail("Subject:   =?utf-8?q?T=C3=A4st?=\n =?utf-8?q?_eins?= zwei\n\tdrei  ")
    assert holds('header :is "subject" "Täst eins zwei drei"', message)


@pytest.mark.parametrize("word", ["=?utf-8?q?=ff?=", "=?nonsense?q?x?=", "=?utf-8?b?!!?=", "=?utf-8?x?y?="])
def test_pitfall_17_invalid_encoded_words_stay(word):
    """What can't be decoded is compared as it is written."""
    assert holds(f'header :is "subject" "a {word} b"', mail(f"Subject: a {word} b"))


def test_pitfall_18_addresses_are_read_before_words_are_decoded():
    """An encoded display name that holds an address is no address."""
    message = mail("From: =?utf-8?q?boss=40bank=2Eexample?= <thief@x.example>")
    assert holds('address :is "from" "thief@x.example"', message)
    assert not holds('address :contains "from" "boss"', message)


def test_pitfall_18_comments_and_groups():
    """Comments, display names and names of groups don't count, members of a group do."""
    message = mail('To: Team: a@x.example, "b, c" <b@x.example> (hi (there));, (x@y.example) d@x.example')
    assert folders('if address :matches "to" "*" { fileinto "${1}"; }', message) == ["a@x.example"]
    for local in "abd":
        assert holds(f'address :localpart "to" "{local}"', message)
    assert not holds('address :contains "to" ["team", "hi", "y.example"]', message)


def test_pitfall_18_only_fields_with_addresses_may_be_named():
    """The subject holds no addresses."""
    assert "holds no addresses" in complaints('if address "subject" "x" { keep; }')[0]
    assert complaints('if address ["Resent-From", "x-original-to", "REPLY-TO"] "x" { keep; }') == []


def test_pitfall_19_invalid_addresses():
    """They have no local part and no domain; as a whole they are their text."""
    message = mail("From: nobody", "To: bad@@x.example")
    assert holds('address :all "from" "nobody"', message)
    assert holds('address :all "to" "bad@@x.example"', message)
    assert not holds('address :matches :localpart ["from", "to"] "*"', message)
    assert not holds('address :matches :domain ["from", "to"] "*"', message)


def test_pitfall_19_an_empty_field_matches_empty():
    """An address field without anything is "" as a whole, and in every part; an absent one is nothing."""
    message = mail("Cc:")
    assert holds('address :all :is "cc" ""', message)
    assert holds('address :localpart :is "cc" ""', message)
    assert not holds('address :localpart :is "to" ""', message)
    assert not holds('address :all :is "to" ""', message)


def test_pitfall_20_quoted_local_parts_are_normalised():
    """The local part has no quotes, the whole address has them where they are needed."""
    message = mail('From: "S[r]us"@x.example', 'To: "plain"@x.example')
    assert holds('address :localpart "from" "S[r]us"', message)
    assert holds(r'address :all "from" "\"S[r]us\"@x.example"', message)
    assert holds('address :all "to" "plain@x.example"', message)


def test_pitfall_20_source_routes_are_dropped_in_the_envelope():
    """<@a,@b:u@c.example> is u@c.example."""
    envelope = Envelope("@a.example,@b.example:u@c.example", "bob@example.org")
    assert holds('envelope :is "from" "u@c.example"', None, envelope)
    assert holds('envelope :is :domain "from" "c.example"', None, envelope)


def test_pitfall_21_envelope_to_is_the_recipient_before_aliases():
    """The address that the sender used, not the one that it was rewritten to."""
    envelope = Envelope("a@x.example", "final@example.org", "alias@example.org")
    assert holds('envelope :is "to" "alias@example.org"', None, envelope)
    assert not holds('envelope :is "to" "final@example.org"', None, envelope)


@pytest.mark.parametrize("part", [":all", ":localpart", ":domain"])
def test_pitfall_21_the_null_sender_is_empty_in_every_part(part):
    """RFC 5228 5.4: <> matches the empty string whatever part is asked for."""
    assert holds(f'envelope {part} :is "from" ""', None, Envelope("", "b@example.org"))


def test_pitfall_22_without_a_delimiter_there_is_no_detail():
    """:detail matches nothing then, not even a star; :user is the whole local part."""
    envelope = Envelope("alice@example.com", "bob+a+b@example.org")
    assert holds('envelope :detail "to" "a+b"', None, envelope)
    assert holds('envelope :user "to" "bob"', None, envelope)
    assert not holds('envelope :detail :matches "from" "*"', None, envelope)
    assert holds('envelope :user "from" "alice"', None, envelope)


@pytest.mark.parametrize(
    "test",
    [
        'header :value "a" "b"', 'header :count :comparator "i;octet" "gt" "a" "1"', 'header :value "more" "a" "b"',
        'header :is :contains "a" "b"', 'header :is :is "a" "b"',
        'header :comparator "i;octet" :comparator "i;octet" "a" "b"', 'header :value "${x}" "a" "b"',
    ],
)  # fmt: skip
def test_pitfall_37_match_types_and_comparators(test):
    """A relation is a constant right behind its tag; match type and comparator are given once."""
    assert complaints(f'require ["relational", "variables"]; if {test} {{ keep; }}')


def test_pitfall_40_require():
    """Unknown capabilities are errors, requiring twice is fine, and it stands at the top only."""
    assert complaints('require "fileinto"; require ["fileinto", "envelope"];') == []
    assert "unknown capability 'fileintoo' (did you mean 'fileinto'?)" in complaints('require "fileintoo";')
    assert "at the top" in complaints('keep; require "fileinto";')[0]
    assert "at the top" in complaints('if true { require "fileinto"; }')[0]


def test_pitfall_40_builtin_comparators_may_be_required():
    """i;octet and i;ascii-casemap are always there; i;ascii-numeric is not."""
    assert complaints('require ["comparator-i;octet", "comparator-i;ascii-casemap"];') == []
    assert complaints('if header :comparator "i;octet" "a" "b" { keep; }') == []
    assert 'require "comparator-i;ascii-numeric"' in complaints(f'if header {NUMERIC} "a" "b" {{ keep; }}')[0]


def test_numbers_have_no_substrings():
    """i;ascii-numeric can't be used with :contains or :matches (RFC 4790 9.1)."""
    for match in (":contains", ":matches"):
        assert complaints(
            f'require "comparator-i;ascii-numeric"; if header {match} {NUMERIC} "a" "1" {{ keep; }}'
        )
