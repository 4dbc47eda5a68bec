"""What is said about a script that is wrong: everything at once, with places, carets and suggestions."""

import pytest
from sieverun import compiled, complaints, warnings

from sieve_like.errors import CompileErrors

WRONG = """require ["fileinto", "nonsense"];
if header :conains "Subject" "x" {
	fileinto 5;
}
discrd;
keep :x;
"""


def errors_of(source):
    """Return the exception of a script that does not compile."""
    with pytest.raises(CompileErrors) as caught:
        compiled(source)
    return caught.value


def test_all_errors_come_at_once_in_the_order_of_the_source():
    """One pass finds the errors of all stages."""
    places = [(one.span.line, one.span.column) for one in errors_of(WRONG + "stop").diagnostics]
    assert places == [(1, 22), (2, 11), (3, 11), (5, 1), (6, 6), (7, 5)]


def test_the_text_is_what_clients_of_other_engines_expect():
    """`name: line N: error: message.` with the column, the line with carets below, and the number of errors."""
    assert str(errors_of("keep;\n\tdiscrd;\n")) == (
        "s: line 2: error: unknown command 'discrd' (did you mean 'discard'?). (column 2)\n"
        "    \tdiscrd;\n"
        "    \t^^^^^^\n"
        "s: error: found 1 error."
    )


def test_the_text_counts_errors():
    """The last line says how many errors there are."""
    assert str(errors_of(WRONG)).endswith("s: error: found 5 errors.")


def test_editors_get_a_place_they_can_jump_to():
    """The GCC form has file, line and column."""
    assert (
        errors_of("discrd;").diagnostics[0].gcc("a.sieve").startswith("a.sieve:1:1: error: unknown command")
    )


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("fileintoo;", "did you mean 'fileinto'?"),
        ('if haeder "a" "b" {}', "did you mean 'header'?"),
        ('if header :contans "a" "b" {}', "did you mean ':contains'?"),
        ('require "varables";', "did you mean 'variables'?"),
        ('if address :locapart "to" "b" {}', "did you mean ':localpart'?"),
        ('if header :comparator "i;ascii-casmap" "a" "b" {}', "did you mean 'i;ascii-casemap'?"),
        ('require "envelope"; if envelope "form" "a" {}', "did you mean 'from'?"),
        ('if address "recipent-to" "a" {}', "holds no addresses"),
        ('fileinto "a";', "the command 'fileinto' needs 'require \"fileinto\"'"),
        ('if envelope "to" "a" {}', "the test 'envelope' needs 'require \"envelope\"'"),
        ('redirect :copy "a@b.example";', "the tag ':copy' needs 'require \"copy\"'"),
        ("header;", "'header' is a test"),
        ("if keep {}", "'keep' is a command"),
        ("keep\nstop;", "';' is missing between 'keep' and 'stop'"),
        ("stop {}", "takes no block"),
        ("if true;", "needs a block"),
        ("keep true;", "the command 'keep' takes no test"),
        ("else {}", "'else' must come directly after 'if' or 'elsif'"),
        ("if true {} keep; elsif true {}", "'elsif' must come directly after"),
        ("if true {} else {} elsif true {}", "'elsif' must come directly after"),
        ("if {}", "needs exactly one test"),
        ("if (true) {}", "needs exactly one test"),
        ("if anyof true {}", "needs a list of tests in parentheses"),
        ("if allof() {}", "a list of tests needs at least one test"),
        ("if not (true) {}", "needs exactly one test"),
        ("if true false {}", "the test 'true' takes no test inside"),
        ('keep "x";', "the command 'keep' takes no argument"),
        ("redirect;", "needs a string (address)"),
        ('redirect "a@b.example" "c";', "takes 1 positional argument; this one is too many"),
        ('redirect ["a@b.example"];', "must be a string, not a string list"),
        ("if header 5 5 {}", "must be a string list, not a number"),
        ("if size 10K {}", "needs ':over' or ':under'"),
        ("if size :over :under 10K {}", "only one of ':over' and ':under'"),
        ('if size :over "10" {}', "must be a number, not a string"),
        ('if header "a" :is "b" {}', "must stand before the positional arguments"),
        ('if header :comparator ["a"] "a" "b" {}', "needs a string behind it"),
        ('require "vacation"; vacation :days "x";', "':days' must be a number"),
        ('require "vacation"; vacation :days;', "needs a number behind it"),
        ('require "vacation"; vacation :days 1 :days 2 "x";', "the tag ':days' is given twice"),
        ('require "variables"; set "${a}" "b";', "must not hold variables"),
        ('require "variables"; set "1" "b";', "the match variable '1' can't be set"),
        ('require "variables"; set "a-b" "b";', "can't be the name of a variable"),
        ("require [];", "a list needs at least one string"),
        ('require ["a" "b"];', "expected ',' or ']'"),
        ("keep;;", "a semicolon without a command"),
        ("keep; }", "'}' closes a block that was never opened"),
        ("if true { keep;", "the block that opens here is not closed"),
        ('redirect "a', "the string that opens here has no closing quote"),
        ("/* keep;", "not closed by '*/'"),
        ("redirect text:\nabc\n", "no closing line with a single dot"),
        ("keep; §", "unexpected character '§'"),
        ('"x";', "expected a command, found a string"),
        ("if true { " * 32 + "}" * 32, "nested deeper than 32"),
        ("if " + "not " * 40 + "true {}", "nested deeper than 32"),
        ("if " + "anyof(" * 40 + "true" + ")" * 40 + " {}", "nested deeper than 32"),
    ],
)  # fmt: skip
def test_messages_say_what_is_wrong(source, part):
    """Each mistake has a sentence that names it."""
    found = complaints(source)
    assert any(part in one for one in found), found


def test_one_mistake_is_one_message():
    """A word without its require is said once, however often it is used; an unknown command too."""
    assert len(complaints('fileinto "a"; fileinto "b"; if true { fileinto "c"; }')) == 1
    assert len(complaints("frob; frob; if true { frob; }")) == 1


def test_what_follows_a_mistake_is_still_checked():
    """A missing semicolon or a broken list does not hide the next error."""
    assert len(complaints('keep\nstop;\nfrob;\nif header ["a" "b"] "c" { frab; }\nfrib')) == 6


def test_a_flood_of_errors_is_bounded():
    """A file that is no script does not yield a message per octet, nor one with a mistake in every line."""
    assert len(errors_of("; " * 100_000).diagnostics) == 1
    assert len(errors_of('redirect "x";\n' * 2000).diagnostics) == 1000


def test_a_script_that_is_too_large_is_refused():
    """More than a mebibyte is not even read."""
    assert "larger than 1048576 octets" in complaints("#" * 1048577)[0]


def test_more_than_32_arguments_are_refused():
    """Nobody writes that many by hand."""
    assert "more than 32 arguments" in complaints("redirect " + '"a" ' * 33 + ";")[0]


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ('if header "a b" "c" { keep; }', "can't be the name of a header field"),
        (b"# caf\xe9\nkeep;", "the script is not valid UTF-8"),
        ('require "vacation"; vacation :mime "no header";', "must begin with its own header fields"),
    ],
)
def test_warnings_leave_the_script_usable(source, part):
    """What is strange but runs elsewhere runs here too, with a warning."""
    assert part in warnings(source)[0]


class Shop:
    """A catalogue with two queues."""

    def known(self, kind, name):
        return kind != "queue" or name in {"sales", "support"}

    def names(self, kind):
        return ["sales", "support"] if kind == "queue" else []


def test_names_of_the_installation_are_checked_where_they_are_constant():
    """A queue that does not exist is an error with a suggestion; one in a variable is not looked at."""
    from test_sieve_extension import TICKETS

    from sieve_like.registry import Registry

    registry = Registry.standard().with_extensions(TICKETS)
    head = 'require ["vnd.test.tickets", "variables"]; '
    assert complaints(head + 'ticket :queue "suport";', registry=registry, catalogue=Shop()) == [
        "there is no queue 'suport' (did you mean 'support'?)"
    ]
    assert complaints(head + 'ticket :queue "sales";', registry=registry, catalogue=Shop()) == []
    assert complaints(head + 'ticket :queue "${q}";', registry=registry, catalogue=Shop()) == []


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ('set :uper "a" "b";', "did you mean ':upper'"),
        ('set :quoteregx "a" "b";', "did you mean ':quoteregex'"),
        ('set :lenght "a" "b";', "did you mean ':length'"),
        ('if header :contain "a" "b" {}', "did you mean ':contains'"),
    ],
)
def test_tags_and_modifiers_get_a_suggestion(source, hint):
    """Those of other extensions as well."""
    assert hint in complaints(f'require ["variables", "regex"]; {source}')[0]


def test_only_the_first_error_of_a_command_counts():
    """The others are said, but established engines don't get to them; a parse error stops them altogether."""
    errors = errors_of("if header 1 2 { frop; }")
    assert len([one for one in errors.diagnostics if one.counted]) == 2
    assert len(errors.logged()) == 3
    errors = errors_of('frop; if header ["a" "b"] "c" { }')
    assert errors.logged() == ["expected ',' or ']' in the list, found a string", "parse failed"]
    assert len(errors.diagnostics) == 2
