"""What naive engines get wrong about strings, variables and numbers, each under its number of the list."""

import pytest
from sieverun import compiled, complaints, folders, holds, mail, run

SUBJECT = mail("Subject: one two three")


def test_pitfall_08_a_bare_lf_counts_as_crlf():
    """A line end inside a string is CR LF, however the script is stored."""
    assert folders('set "a" "x\ny"; set :length "n" "${a}"; fileinto "${n}";') == ["4"]
    assert folders('set "a" "x\r\ny"; set :length "n" "${a}"; fileinto "${n}";') == ["4"]


def test_pitfall_08_dots_are_unstuffed_in_text_blocks_only():
    """Two dots at the start of a line of a text block are one; a single dot stays; quoted strings keep both."""
    reason = run("reject text:\n..a\n.b\n...\n.\n;").performed[0].reason
    assert reason == ".a\r\n.b\r\n..\r\n"
    assert run('reject "\n..a";').performed[0].reason == "\r\n..a"


def test_pitfall_08_only_two_escapes_exist():
    r"""\" and \\ are escapes; before anything else the backslash is dropped."""
    assert folders(r'fileinto "a\"b\\c\n\d";') == [r"a\"b\cnd".replace('\\"', '"')]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${hex:40}", "@"), ("${hex:40 41\t42}", "@AB"), ("${HEX: 4a }", "J"), ("${hex:c3 a9}", "é"),
        ("${hex:c3}${hex:a9}", "é"), ("${unicode:e9}", "é"), ("${unicode:000041 42}", "AB"),
        ("${hex:zz}", "${hex:zz}"), ("${hex:414}", "${hex:414}"), ("${hex:}", "${hex:}"), ("${hex:40", "${hex:40"),
        ("${unicode:}", "${unicode:}"), ("${hex:41,42}", "${hex:41,42}"),
    ],
)  # fmt: skip
def test_pitfall_09_encoded_characters(text, value):
    """Well-formed ones are decoded, with several values and blanks; what is not well formed stays."""
    program = compiled(f'require ["encoded-character", "fileinto"]; fileinto "{text}";')
    action = program.run(SUBJECT, None, None, now=None).performed[0]
    assert action.mailbox == value


@pytest.mark.parametrize("point", ["d800", "dfff", "110000", "ffffffffffffffffffffffff"])
def test_pitfall_09_code_points_that_do_not_exist(point):
    """Surrogates, points beyond the last plane and huge numbers are errors."""
    assert complaints(f'require "encoded-character"; if header "a" "${{unicode:{point}}}" {{ keep; }}')


def test_pitfall_09_an_encoded_dollar_starts_a_variable():
    """Encoded characters come before variables (RFC 5229 3)."""
    assert folders('set "x" "y"; fileinto "${hex:24}{x}";') == ["y"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${COMPANY}", "ACME"), ("${unset}|", "|"), ("${BAD${Company}", "${BADACME"), ("${com pany}", "${com pany}"),
        ("${}", "${}"), ("$${company}", "$ACME"), ("${company", "${company"), ("${twice}", "${company}"),
        ("${a.}", "${a.}"), ("${0002}", "two"), ("${2}", "two"), ("${31}|", "|"),
    ],
)  # fmt: skip
def test_pitfall_10_variables_expand_once(text, value):
    """Names have no case, unknown ones are empty, malformed references stay, results are not expanded again."""
    script = f"""
        set "company" "ACME"; set "dollar" "$"; set "twice" "${{dollar}}{{company}}";
        if header :matches "subject" "* * *" {{ fileinto "{text}"; }}"""
    assert folders(script, SUBJECT) == [value]


@pytest.mark.parametrize("reference", ["${a.b}", "${99}", "${33}", "${99999999999999999999}"])
def test_pitfall_11_unknown_namespaces_and_indexes_are_errors(reference):
    """RFC 5229 wants them to be errors when the script is compiled."""
    assert len(complaints(f'require ["variables", "fileinto"]; fileinto "{reference}";')) == 1


def test_pitfall_11_setting_in_an_unknown_namespace_is_an_error():
    """There is nothing to set."""
    assert "unknown namespace 'a'" in complaints('require "variables"; set "a.b" "c";')[0]


def test_pitfall_12_modifiers_apply_by_precedence():
    """The order in the script does not matter: case, first letter, quoting, length."""
    assert folders('set :length :quotewildcard :upperfirst :lower "a" "a*ÉB"; fileinto "${a}";') == ["5"]
    assert folders('set :upperfirst :lower "a" "HELLO"; fileinto "${a}";') == ["Hello"]
    assert folders('set :lowerfirst :upper "a" "hello"; fileinto "${a}";') == ["hELLO"]


def test_pitfall_12_equal_precedence_is_an_error():
    """:upper and :lower can't both be applied."""
    assert (
        "only one of ':upper' and ':lower'"
        in complaints('require "variables"; set :upper :lower "a" "b";')[0]
    )


def test_pitfall_12_length_counts_characters():
    """Three characters of Unicode are three, not nine octets."""
    assert folders('set :length "a" "€ü漢"; fileinto "${a}";') == ["3"]


def test_pitfall_12_quotewildcard_makes_text_literal():
    """A quoted star matches a star only."""
    script = 'set :quotewildcard "a" "*"; if string :matches "x" "${a}" { fileinto "x"; } if string :matches "*" "${a}" { fileinto "star"; }'
    assert folders(script) == ["star"]


def test_pitfall_13_captures_are_the_shortest():
    """The first star takes as little as lets the rest match; a question mark is one character of Unicode."""
    script = 'if header :matches "subject" "*-*?" { fileinto "${1}|${2}|${3}|${0}"; }'
    assert folders(script, mail("Subject: a-b-c€")) == ["a|b-c|€|a-b-c€"]


def test_pitfall_13_an_escaped_star_is_a_star():
    r"""`\\*` in the script is `\*` in the pattern: the character itself."""
    assert holds(r'header :matches "subject" "a\\*b"', mail("Subject: a*b"))
    assert not holds(r'header :matches "subject" "a\\*b"', mail("Subject: axb"))


def test_pitfall_13_only_a_successful_match_sets_the_variables():
    """After a match that fails, the old values are still there."""
    script = """if header :matches "subject" "* *" { set "x" "y"; }
        if header :matches "subject" "*#*" { stop; }
        fileinto "${1}";"""
    assert folders(script, SUBJECT) == ["one"]


def test_pitfall_13_tests_are_evaluated_no_further_than_needed():
    """Anyof stops at the first true test, allof at the first false one: later tests set no match variables."""
    script = """if anyof (header :matches "subject" "one*", header :matches "subject" "*three") { fileinto "a${1}"; }
        if allof (false, header :matches "subject" "*") { stop; }
        fileinto "b${1}";"""
    assert folders(script, SUBJECT) == ["a two three", "b two three"]


def test_pitfall_13_captures_keep_the_case_of_the_mail():
    """Matching folds the case, the variables have the text as it is written."""
    assert folders('if header :matches "subject" "hello *" { fileinto "${1}"; }') == ["World"]


def test_pitfall_42_numbers_are_unsigned_and_have_64_bits():
    """The largest number is fine, one more is an error, also by its unit."""
    assert complaints("if size :over 18446744073709551615 { keep; }") == []
    assert complaints("if size :over 18446744073709551616 { keep; }")
    assert complaints("if size :over 18446744073709551615K { keep; }")
    assert complaints("if size :over 18014398509481983K { keep; }") == []
    assert complaints(f"if size :over {'9' * 5000} {{ keep; }}")


def test_pitfall_42_identifiers_are_bounded():
    """A name of 32 characters may be unknown, one of 33 is too long."""
    assert complaints(f"{'a' * 32};") == [f"unknown command '{'a' * 32}'"]
    assert "at most 32 characters" in complaints(f"{'a' * 33};")[0]


@pytest.mark.parametrize("octet", [b"\0", b"\r"])
def test_pitfall_42_nul_and_bare_cr_are_refused(octet):
    """Both are errors in a text; a carriage return alone is a blank elsewhere, a NUL is nothing anywhere."""
    assert complaints(b'if header "a" "x' + octet + b'y" { keep; }')
    assert complaints(b"redirect text:\nx" + octet + b"y\n.\n;")
    assert bool(complaints(b"keep; # " + octet + b" comment\n")) == (octet == b"\0")
    assert bool(complaints(b"keep;" + octet + b"stop;")) == (octet == b"\0")


def test_pitfall_42_a_comment_may_end_the_file():
    """No line end is needed behind the last comment."""
    assert complaints("keep; # the end") == []


def test_variable_values_are_cut_at_a_character():
    """A value of more than 4 KiB is cut, never inside a character."""
    assert folders(f'set "a" "{"€" * 2000}"; set :length "n" "${{a}}"; fileinto "${{n}}";') == [
        str(4096 // 3)
    ]


def test_the_number_of_variables_is_bounded():
    """The 256th variable ends the run."""
    script = "".join(f'set "v{n}" "x";' for n in range(255))
    assert run(script + 'set "v0" "y";').error is None
    assert run(script + 'set "w" "y";').error.text == "more than 255 variables"


def test_a_string_with_variables_is_bounded():
    """Many references to a long value can't fill the memory."""
    script = f'set "a" "{"x" * 4000}"; set "b" "{"${a}" * 400}";'
    assert "a string has more than" in run(script).error.text
