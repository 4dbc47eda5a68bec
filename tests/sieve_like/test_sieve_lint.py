"""The linter: each code finds what it is for and nothing else, and comments take findings away."""

import io
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sieverun import REGISTRY

from sieve_like.cli import main
from sieve_like.fmt import format_script
from sieve_like.lint.codes import BY_CODE, CODES
from sieve_like.lint.linter import lint_script
from sieve_like.lint.page import page


def report(source, **options):
    """Return the whole report."""
    return lint_script(source, registry=REGISTRY, **options)


def codes(source, **options):
    """Return the codes of all findings of a script that compiles, in the order of the source."""
    said = report(source, **options)
    assert not [one for one in said.complaints if one.severity.value == "error"], said.complaints
    return [finding.code for finding, _ in said.findings]


def rules(*tests):
    """Return a script of rules that each discard and stop."""
    return "".join(f"if {test} {{ discard; stop; }}\n" for test in tests)


@pytest.mark.parametrize("one", CODES, ids=lambda one: one.code)
def test_each_code_has_an_example_that_has_it_alone(one):
    """The example of the page shows this finding and no other, at a place in the source."""
    said = report(one.example)
    assert [finding.code for finding, _ in said.findings] == [one.code]
    assert said.findings[0][0].span.line > 0


def test_codes_are_unique_and_in_order():
    """A code names one kind of finding."""
    names = [one.code for one in CODES]
    assert names == sorted(set(names))
    assert all(re.fullmatch(r"L\d{3}", name) for name in names)


# --- L00x: the course of a script --------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("keep; stop;", []),
        ('if exists "x" { stop; } else { keep; stop; }\nkeep;', ["L001"]),
        ('if exists "x" { stop; } elsif exists "y" { stop; }\nkeep;', []),
        ("if true { stop; }\nkeep;", ["L001"]),
        ('if exists "x" { stop; keep; discard; }\nkeep;', ["L001"]),
        ('require "foreverypart"; foreverypart { break; keep; }', ["L001"]),
    ],
)
def test_l001_code_that_never_runs(source, wanted):
    """The first command behind an end is named, once for each block."""
    assert codes(source) == wanted


@pytest.mark.parametrize(
    ("test", "wanted"),
    [
        ("true", []),
        ("false", []),
        ("not true", ["L002"]),
        ('anyof (true, exists "x")', ["L002"]),
        ('allof (true, exists "x")', ["L002"]),
        ('allof (exists "x", not exists "x")', ["L002"]),
        ('anyof (exists "x", not exists "x")', ["L002"]),
        ("allof (size :over 10K, size :under 5K)", ["L002"]),
        ("allof (size :over 5K, size :under 10K)", []),
        ('allof (header :is "subject" "a", header :is "subject" "b")', ["L002"]),
        ('allof (header :is "received" "a", header :is "received" "b")', []),
        ('anyof (exists "x", exists "y")', []),
    ],
)
def test_l002_constant_conditions(test, wanted):
    """Whatever the mail, the test is true or false; `true` and `false` alone are a switch."""
    assert codes(f"if {test} {{ discard; }}") == wanted


@pytest.mark.parametrize(
    ("first", "second", "shadowed"),
    [
        ('header :is "subject" "a"', 'header :is "Subject" "A"', True),
        ('header :is :comparator "i;octet" "subject" "a"', 'header :is :comparator "i;octet" "subject" "A"', False),
        ('header :contains "subject" ["a", "b"]', 'header :contains "subject" "xb"', True),
        ('header :contains "subject" "xb"', 'header :contains "subject" "b"', False),
        ('header :contains ["subject", "x"] "a"', 'header :is "subject" "cat"', True),
        ('header :contains "subject" "a"', 'header :contains ["subject", "x"] "a"', False),
        ('header :matches "subject" "a*"', 'header :is "subject" "abc"', True),
        ('header :matches "subject" "a*"', 'header :is "subject" "xbc"', False),
        ('header :contains "subject" "urgent"', 'header :matches "subject" "* urgent *"', True),
        ('header :contains "subject" "urgent now"', 'header :matches "subject" "*urgent*now*"', False),
        ('address :domain "from" "a.org"', 'address :domain "from" "a.org"', True),
        ('address :domain "from" "a.org"', 'address :localpart "from" "a.org"', False),
        ('exists "x"', 'exists ["x", "y"]', True),
        ('exists ["x", "y"]', 'exists "x"', False),
        ('exists "subject"', 'header :contains "subject" "a"', True),
        ("size :over 1K", "size :over 2K", True),
        ("size :over 2K", "size :over 1K", False),
        ("size :under 2K", "size :under 1K", True),
        ("true", 'exists "x"', True),
        ('exists "x"', 'allof (exists "y", exists "x")', True),
        ('allof (exists "x", exists "y")', 'exists "x"', False),
        ('anyof (exists "x", exists "y")', 'exists "y"', True),
        ('exists "x"', 'anyof (exists "x", exists "y")', False),
        ('anyof (exists "x", exists "y", exists "z")', 'anyof (exists "z", exists "x")', True),
        ('not exists "x"', 'not exists ["x"]', True),
        ('not exists ["x", "y"]', 'not exists "x"', True),
        ('not exists "x"', 'not exists ["x", "y"]', False),
        ('not header :is "subject" "a"', 'header :is "subject" "b"', True),
    ],
)  # fmt: skip
def test_l003_shadowed_rules(first, second, shadowed):
    """A rule that stops takes all mails of a narrower one behind it, and of no other."""
    source = rules(first, second)
    found = codes(source)
    assert ("L003" in found or "L001" in found) == shadowed, found
    branches = f"if {first} {{ discard; }} elsif {second} {{ keep; }}"
    assert ("L003" in codes(branches)) == shadowed


def test_l003_needs_a_rule_that_stops():
    """Without `stop` the mail goes on to the later rule; an edited mail is another mail."""
    assert codes('if exists "x" { discard; }\nif exists "x" { discard; stop; }') == []
    source = 'require "editheader"; if exists "x" { stop; }\naddheader "X" "y";\nif exists "x" { discard; }'
    assert codes(source) == []
    earlier = 'if exists "a" { discard; } elsif exists "x" { stop; }\nif exists "x" { stop; }'
    assert codes(earlier) == []  # a mail with both fields comes to the second rule


def test_l004_empty_blocks():
    """An empty branch before an `else` may be meant."""
    assert codes('if exists "x" { } else { discard; }') == []
    assert codes('if exists "x" { discard; } else { }') == ["L004"]


# --- L01x: capabilities ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capability", "use"),
    [
        ("fileinto", 'fileinto "A";'),
        ("copy", 'redirect :copy "a@example.org";'),
        ("relational", 'if header :value "lt" "x" "a" { keep; }'),
        ("subaddress", 'if address :detail "to" "a" { keep; }'),
        ("envelope", 'if envelope "to" "a@b.org" { keep; }'),
        ("variables", 'if string "a" "b" { keep; }'),
        ("encoded-character", 'redirect "a${hex:40}example.org";'),
        ("comparator-i;ascii-numeric", 'if header :comparator "i;ascii-numeric" "x" "1" { keep; }'),
        ("comparator-i;octet", "keep;"),
        ("imap4flags", 'keep :flags "\\\\Seen";'),
        ("date", 'if currentdate "year" "2026" { keep; }'),
        ("vacation-seconds", 'vacation :seconds 60 "a";'),
    ],
)
def test_l010_what_is_used_is_no_finding(capability, use):
    """By its command, test, tag, match type, part, comparator, or in strings; without the use it is one."""
    assert codes(f'require "{capability}"; {use}') == []
    if not capability.startswith("comparator-i;octet"):
        assert codes(f'require "{capability}"; keep;') == ["L010"]


def test_l010_names_each_place():
    """The word of the list, not the list; what is required twice is needless as well."""
    said = report('require ["fileinto",\n  "copy"]; require "fileinto"; fileinto "A";')
    assert [(f.code, f.span.line, f.span.column) for f, _ in said.findings] == [
        ("L010", 2, 3),
        ("L010", 2, 20),
    ]


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ('if ihave "copy" { keep; }', []),
        ('if ihave ["copy", "nix"] { keep; }', ["L011"]),
        ('if ihave "variables" { keep; }', ["L011"]),
        ('require "variables"; if ihave "variables" { set "a" "b"; fileinto "${a}"; }', ["L011"]),
    ],
)
def test_l011_what_ihave_never_has(script, wanted):
    """An unknown name, and what can't be turned on halfway (pitfall 34)."""
    assert codes(f'require ["ihave", "fileinto"]; # lint: ignore L010\n{script}') == wanted


def test_l012_helps_where_a_script_does_not_compile():
    """The error says that the capability is unknown; the finding what to write."""
    said = report('require ["imapflags", "notify"]; keep;')
    assert [finding.code for finding, _ in said.findings] == ["L012", "L012"]
    assert "imap4flags" in said.findings[0][1].message
    assert said.complaints


# --- L02x: what is compared --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("test", "wanted"),
    [
        ('header :contains "subject" "*****SPAM*****"', []),
        ('header :contains "subject" "really?"', []),
        ('header :is "subject" ["a*", "b"]', ["L022"]),
        ('header :matches "subject" "a\\\\*"', []),
        ('header :matches "subject" ["a*", "b"]', ["L021"]),
        ('header :is "subject" " a"', ["L023"]),
        ('header :contains "subject" " a "', []),
        ('address :domain "from" "@a.org"', ["L023"]),
        ('address :localpart "from" "a@a.org"', ["L023"]),
        ('address "from" "Anna <a@a.org>"', ["L023"]),
        ('address "from" "a@a.org"', []),
        ('address :contains "from" "a.org"', []),
        ('address "from" ""', []),
        ('header "from" "a@a.org"', ["L024"]),
        ('header :contains "from" "a@a.org"', []),
        ('header "x-tag" "a@a.org"', []),
        ('header :is "subject" ["a", "A"]', ["L025"]),
        ('header :is ["subject", "Subject"] "a"', ["L025"]),
        ('header :is "subject" ["order", "reorder"]', []),
        ('header :contains "subject" ["order", "reorder"]', ["L025"]),
        ('header :matches "subject" ["*", "a*"]', ["L025"]),
    ],
)
def test_l02x_keys(test, wanted):
    """What most people get wrong once."""
    assert codes(f"if {test} {{ discard; }}") == wanted


@pytest.mark.parametrize(
    ("test", "wanted"),
    [
        ('header :count "ge" "received" "9"', ["L027"]),
        ('header :count "eq" "received" "9"', []),
        ('header :value "ge" "x-score" "5"', ["L027"]),
        ('header :value "ge" "x-name" "m"', []),
        ('header :value "ge" :comparator "i;ascii-numeric" "x-score" "5"', []),
        ('header :value "ge" :comparator "i;ascii-numeric" "x-score" "-5"', ["L027"]),
    ],
)
def test_l027_numbers(test, wanted):
    """Pitfalls 15 and 16: text is no number, and a number needs its comparator."""
    needed = ', "comparator-i;ascii-numeric"' if "numeric" in test else ""
    assert codes(f'require ["relational"{needed}];\nif {test} {{ discard; }}') == wanted


# --- L03x: actions -----------------------------------------------------------------------------

ACTIONS = 'require ["reject", "fileinto", "vacation", "copy", "envelope"];  # lint: ignore L010\n'


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ('fileinto "inbox";', ["L030"]),
        ('fileinto :copy "INBOX";', []),
        ('if exists "x" { vacation "a"; stop; } vacation "b";', []),
        ('if exists "x" { vacation "a"; } else { vacation "b"; }', []),
        ('if exists "x" { vacation "a"; } if not exists "x" { vacation "b"; }', []),
        ('if header :is "subject" "a" { vacation "a"; } elsif true { keep; } vacation "b";', ["L032"]),
        ('reject "a"; stop;', []),
        ('if exists "x" { reject "a"; } if exists "y" { keep; }', ["L033"]),
        ('reject "a"; reject "b";', ["L033"]),
        ('vacation "a"; reject "b";', ["L033"]),
        ('reject "a"; discard;', []),
        ('if exists "x" { discard; stop; } keep;', []),
        ('if exists "x" { discard; } fileinto "A";', ["L035"]),
        ('discard; fileinto :copy "A";', []),
        ('if envelope "to" "a@b.org" { redirect "A@B.org"; }', ["L031"]),
        ('if not envelope "to" "a@b.org" { redirect "a@b.org"; }', []),
        ('if envelope "from" "a@b.org" { redirect "a@b.org"; }', []),
        ('if address "to" ["c@b.org", "a@b.org"] { redirect "a@b.org"; }', ["L031"]),
        ('if exists "x" { redirect "a@b.org"; redirect "b@b.org"; } redirect "c@b.org"; redirect "d@b.org";', []),
    ],
)  # fmt: skip
def test_l03x_actions_that_meet(source, wanted):
    """Pitfalls 1, 2 and 4: on every way through the script, and on none that can't be."""
    assert codes(ACTIONS + source) == wanted


def test_l031_own_addresses():
    """Whoever calls may say which addresses the script is for."""
    assert codes('redirect "anna@example.org";', own=["Anna@Example.org"]) == ["L031"]
    assert codes('redirect "anna@example.org";') == []


# --- L04x: variables ---------------------------------------------------------------------------

VARIABLES = 'require ["variables", "fileinto"];  # lint: ignore\n'


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ('set "a" "b"; fileinto "${A}";', []),
        ('set "folder" "b"; fileinto "${foldr}";', ["L041", "L040"]),
        ('fileinto "a $ {b}";', []),
        ('if header :matches "subject" "*" { fileinto "${1}"; }', []),
        ('if header :contains "subject" "a" { fileinto "${1}"; }', ["L042"]),
    ],
)
def test_l04x_variables(source, wanted):
    """Names have no case; match variables need a match before them."""
    assert codes(VARIABLES + source) == wanted


def test_l040_suggests_a_name():
    """The nearest one that is set."""
    said = report(VARIABLES + 'set "folder" "b"; fileinto "${foldr}";')
    assert any("did you mean 'folder'?" in shown.message for _, shown in said.findings)


# --- comments that ignore ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ('if header :contains "a" "" { keep; } # lint: ignore L020', []),
        ('if header :contains "a" "" { keep; } # lint: ignore L021', ["L020"]),
        ('if header :contains "a" "" { keep; } # lint: ignore', []),
        ('# lint: ignore L021, L020\n\n# other\nif header :contains "a" "" { keep; }', []),
        ('# lint: ignore L020\nkeep;\nif header :contains "a" "" { keep; }', ["L020"]),
        ('if header :contains "a" "" { keep; }\n# LINT: ignore-file l020', []),
        ('if header :contains "a"\n"" # lint: ignore L020\n { keep; }', []),
        ('if header :contains "# lint: ignore-file" "" { keep; }', ["L020"]),
        ('/* # lint: ignore-file */ if header :contains "a" "" { keep; }', ["L020"]),
    ],
)
def test_comments_take_findings_away(source, wanted):
    """For their line, for the code below, or for the file; only hash comments do."""
    assert codes(source) == wanted


# --- robustness --------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "if",
                "elsif",
                "else",
                "not",
                "allof",
                "(",
                "anyof",
                "true",
                ",",
                "false",
                "exists",
                '"x"',
                "header",
                ":is",
                ":contains",
                '""',
                ")",
                "{",
                "}",
                ";",
                "stop",
                "keep",
                "discard",
                "redirect",
                '"a@b.org"',
                "size",
                ":over",
                "1",
                "[",
                "]",
                "#",
                '"${1}"',
                "require",
                '"variables"',
                "set",
                '"a"',
            ]
        ),
        max_size=30,
    )
)
def test_any_words_are_linted(words):
    """Whatever stands there: a report, never an exception."""
    report(" ".join(words))


@pytest.mark.parametrize(
    "source",
    [
        "keep;" * 39_000,
        'if exists "x" {stop;}' * 13_000,
        'if exists "x" {keep;}' + "elsif size :over 1 {keep;}" * 12_000,
        "if anyof (" + ", ".join(f'exists "x{n}"' for n in range(20_000)) + ") { keep; }",
        'if header :contains "a" [' + ", ".join(f'"{n}"' for n in range(50_000)) + "] { keep; }",
        'redirect "a@b.org";' * 20_000,
    ],
    ids=["keep", "rules", "branches", "tests", "keys", "redirects"],
)
def test_long_scripts_end(source):
    """Comparisons are bounded; what is left out is not said, and nothing hangs."""
    report(source)
    format_script(source.encode())


def test_a_thousand_rules_are_compared_with_each_other():
    """As many as people have: none shadows another, and the last one is found out."""
    source = 'require "fileinto";\n' + "".join(
        f'if header :contains "subject" "word number {n}." {{ fileinto "F{n}"; stop; }}\n'
        for n in range(1000)
    )
    assert codes(source) == []
    assert codes(source + 'if header :is "subject" "a word number 7." { keep; }') == ["L003"]


# --- the command -------------------------------------------------------------------------------


@pytest.fixture
def script(tmp_path):
    """Write a script with one finding."""
    path = tmp_path / "rules.sieve"
    path.write_text('if header :contains "subject" "" {\n    discard;\n}\n')
    return path


def test_text_shows_the_place(script, capsys):
    """A warning with its code and carets; status 1."""
    assert main(["lint", str(script)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("rules: line 1: warning: ':contains \"\"' holds for whatever the field says")
    assert "[L020]" in out
    assert "\n                                  ^^\n" in out


def test_gcc_and_json(script, capsys):
    """For editors with the code in brackets, for programs with the code by itself."""
    assert main(["lint", "--format", "gcc", str(script)]) == 1
    assert capsys.readouterr().out.startswith(f"{script}:1:31: warning: ")
    assert main(["lint", "--format", "json", str(script)]) == 1
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["code"], one["line"], one["severity"]) == ("L020", 1, "warning")
    assert "[" not in one["message"]


def test_a_clean_script_is_silent(tmp_path, capsys, monkeypatch):
    """Status 0, also from standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"keep;")))
    assert main(["lint", "-"]) == 0
    assert capsys.readouterr().out == ""


def test_a_script_that_does_not_compile_shows_its_errors(tmp_path, capsys):
    """Lint begins where check ends."""
    (tmp_path / "bad.sieve").write_text("frob;\n")
    assert main(["lint", str(tmp_path)]) == 1
    assert "unknown command 'frob'" in capsys.readouterr().out


def test_the_address_option(tmp_path, capsys):
    """It may be repeated."""
    (tmp_path / "s.sieve").write_text('redirect "a@b.org";\n')
    assert main(["lint", "--address", "x@b.org", "--address", "a@b.org", str(tmp_path)]) == 1
    assert "[L031]" in capsys.readouterr().out


def test_explain(capsys):
    """One code, all of them, or none of that name."""
    assert main(["lint", "--explain", "l020"]) == 0
    assert BY_CODE["L020"].why in capsys.readouterr().out
    assert main(["lint", "--explain", "all"]) == 0
    assert capsys.readouterr().out == page()
    assert main(["lint", "--explain", "L999"]) == 2
    assert main(["lint"]) == 2
