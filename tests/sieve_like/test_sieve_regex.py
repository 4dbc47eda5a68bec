"""Regular expressions: what the index may look for, and what POSIX writes differently from RE2."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sieverun import mail, run

from sieve_like.ext._pattern import PatternError, compile_pattern, required_text, translated
from sieve_like.message import PlainMessage

PIECES = ["a", "b", "c", "(", ")", "[", "a]", "|", "*", "+", "?", "{2}", "{0,1}", "{0}", ".", "^", "$", "\\d", "\\.",
          "\\b", "[^b]", "[ab]", " ", "k", "s", "\\<", "{,3}"]  # fmt: skip
PATTERNS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join)
VALUES = st.text("abck .1s\u212a", max_size=8)


@given(PATTERNS, VALUES)
@example(" +*", "x")
@example("a|b", "b")
@settings(max_examples=500)
def test_a_value_that_matches_holds_the_required_text(pattern, value):
    """Otherwise the index would leave out a rule that is true."""
    try:
        found = compile_pattern(pattern, case=False).search(value)
    except PatternError:
        return
    assert found is None or required_text(pattern) in value.lower()


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^invoice [0-9]+$", "invoice "),
        ("re: (a|b)order", "order"),
        ("\\[bug ([0-9]+)\\]", "[bug "),
        ("a|b", ""),
        ("(?i)abc", ""),
        ("\\x41bc", ""),
        ("ticket", "tic"),
    ],
)
def test_the_required_text_is_the_longest_one(pattern, text):
    """Nothing is certain behind flags and alternatives; k and s have a third form in Unicode."""
    assert required_text(pattern) == text


def test_many_rules_with_patterns_decide_as_each_alone():
    """The index runs no rule less and none more."""
    patterns = [f"number {n}($|[^0-9])" for n in range(30)] + [
        "^re:",
        "a|number",
        "(x)?[0-9]+",
        "NUMBER 1\u212a?",
    ]
    rules = [f'if header :regex "subject" "{p}" {{ fileinto :copy "{n}"; }}' for n, p in enumerate(patterns)]
    for subject in ("Number 7", "re: number 12 and number 29", "nothing", "Number 1", "\u212aa 3"):
        message = mail(f"Subject: {subject}")
        together = run('require "regex";' + "".join(rules), message)
        alone = [run('require "regex";' + rule, message).performed for rule in rules]
        assert [a.mailbox for a in together.performed] == [a.mailbox for one in alone for a in one]


@pytest.mark.parametrize(
    ("posix", "re2"),
    [
        ("a**", "a*"),
        ("a+?", "a*"),
        ("a)", "a\\)"),
        ("(a)", "(a)"),
        ("a{,3}", "a{0,3}"),
        ("\\<word\\>", "\\bword\\b"),
        ("\\y", "y"),
        ("[]a)]", "[]a)]"),
        ("[[:alpha:]{]", "[[:alpha:]{]"),
        ("\\.\\d", "\\.\\d"),
    ],
)
def test_posix_is_written_as_re2_has_it(posix, re2):
    """What POSIX allows and RE2 does not is rewritten."""
    assert translated(posix) == re2


@pytest.mark.parametrize(
    "pattern", ["(", "[", "*a", "a\\", "a{2,1}", "{1}", "a{", "(a)\\1", "[[:frop:]]", "a{1001}"]
)
def test_wrong_patterns_are_refused(pattern):
    """With a reason."""
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern, case=True)
    assert str(caught.value)


def test_a_pattern_made_of_variables_fails_at_its_test():
    """The place is that of the test, and the mail is kept."""
    result = run('require "regex";\nset "p" "(";\nif header :regex "subject" "${p}" { discard; }')
    assert "regular expression is wrong" in result.error.text
    assert result.error.line == 4
    assert result.implicit_keep


def test_a_value_that_is_no_unicode_is_matched_all_the_same():
    """Octets that no character set explains do not end the run."""
    message = PlainMessage(b"Subject: a\xe9\xff b\n\n")
    assert run('require "regex"; if header :regex "subject" "a.*b" { discard; }', message).error is None
