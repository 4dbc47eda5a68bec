"""The layout of scripts: it is stable, keeps every comment, and never changes what a script means."""

import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sieve_like.cli import main
from sieve_like.errors import CompileErrors, Diagnostics
from sieve_like.fmt import FormatError, format_script, shape
from sieve_like.lexer import TOKENS
from sieve_like.limits import Limits
from sieve_like.parser import parse

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(
    path
    for folder in ("conf", "mailgate", "tests", "docs", "bench")
    for ending in ("*.sieve", "*.svtest")
    for path in (ROOT / folder).rglob(ending)
)


def laid(text):
    """Return a script in the layout."""
    return format_script(text.encode()).decode()


def tree(source):
    """Return the syntax tree without places, None if the script does not parse."""
    diagnostics = Diagnostics()
    nodes = parse(source, Limits(), diagnostics)
    return None if diagnostics.errors else shape(nodes)


def comments(text):
    """Return all comments of a script, without blanks at their ends."""
    found = TOKENS.finditer(text.replace("\r\n", "\n"))
    return [one[0].rstrip() for one in found if one.lastgroup in {"hash", "comment"}]


# --- how it looks ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("KEEP  ;", "keep;\n"),
        ("if   TRUE{stop;}", "if true {\n    stop;\n}\n"),
        ("if true {}\nelse {keep;}", "if true {\n} else {\n    keep;\n}\n"),
        ("if size :over 100k{keep;}", "if size :over 100K {\n    keep;\n}\n"),
        ('redirect\n  :copy\n  "a@b"\n;', 'redirect :copy "a@b";\n'),
        ("keep;stop;", "keep;\nstop;\n"),
        ("keep;\n\n\n\nstop;\n\n", "keep;\n\nstop;\n"),
        ('require["a","b"];', 'require ["a", "b"];\n'),
        ("if not anyof(true,false){keep;}", "if not anyof (true, false) {\n    keep;\n}\n"),
        ("", ""),
        ("\n\n", ""),
    ],
)
def test_blanks_and_lines(written, wanted):
    """One command a line, four blanks a level, one blank between words."""
    assert laid(written) == wanted


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("# a\n\n\n# b\nkeep; # c\n# d", "# a\n\n# b\nkeep;  # c\n# d\n"),
        ("if true { # a\n# b\nkeep;\n\n # c\n}", "if true {  # a\n    # b\n    keep;\n\n    # c\n}\n"),
        ("/* a */ keep /* b */; /* c */", "/* a */ keep /* b */ ; /* c */\n"),
        ("if true{keep;} # a\nelse{stop;}", "if true {\n    keep;\n}  # a\nelse {\n    stop;\n}\n"),
        ('require ["a", # x\n"b"];', 'require [\n    "a",  # x\n    "b"\n];\n'),
        ("/* a\n   b */\nkeep;", "/* a\n   b */\nkeep;\n"),
        ("if allof(true, # a\nfalse # b\n){}", "if allof (\n    true,  # a\n    false  # b\n) {\n}\n"),
    ],
)
def test_comments_stay_where_they_are(written, wanted):
    """Behind what they stand behind, above what they stand above."""
    assert laid(written) == wanted


def test_a_text_keeps_its_lines():
    """Nothing of a `text:` is touched, stuffed dots and blanks among it; what follows begins a line."""
    text = 'vacation :days 3 text: # why\n  Hello \n..dot\n\n.\n;\nif header "a" [text:\nx\n.\n, "b"] { keep; }\n'
    wanted = (
        "vacation :days 3 text: # why\n  Hello \n..dot\n\n.\n;\n"
        'if header "a" [\n    text:\nx\n.\n    , "b"\n] {\n    keep;\n}\n'
    )
    assert laid(text) == wanted


def test_long_lines_are_broken():
    """Lists of strings are filled, lists of tests have a line each, arguments go on in the next line."""
    words = ", ".join(f'"subject number {n}"' for n in range(8))
    text = laid(f'if allof (header :contains "subject" [{words}], not exists "x") {{ keep; }}')
    assert text == (
        "if allof (\n"
        '    header :contains "subject" [\n'
        '        "subject number 0", "subject number 1", "subject number 2", "subject number 3",\n'
        '        "subject number 4", "subject number 5", "subject number 6", "subject number 7"\n'
        "    ],\n"
        '    not exists "x"\n'
        ") {\n    keep;\n}\n"
    )
    long = laid(f'vacation :days 7 :subject "{"s" * 50}" :from "{"f" * 30}" "text";')
    assert long == f'vacation :days 7 :subject "{"s" * 50}"\n    :from "{"f" * 30}" "text";\n'


def test_line_ends_stay_those_of_the_file():
    """A script with CRLF keeps CRLF; a byte order mark goes."""
    assert format_script(b"\xef\xbb\xbfkeep;\r\n stop;\r\n") == b"keep;\r\nstop;\r\n"
    assert format_script(b"keep;\n stop;\r\n") == b"keep;\nstop;\n"


def test_a_script_with_errors_is_refused():
    """It can't be laid out, since it has no tree; the errors say where."""
    with pytest.raises(CompileErrors) as refused:
        format_script(b"keep\n\n")
    assert refused.value.diagnostics[0].span.line == 1
    with pytest.raises(FormatError):
        format_script(b"# caf\xe9\nkeep;")


def test_words_need_not_be_known():
    """A script of another engine, with commands that nobody knows here, is laid out all the same."""
    assert laid('frobnicate :a 1 "b" {x;}') == 'frobnicate :a 1 "b" {\n    x;\n}\n'


# --- properties --------------------------------------------------------------------------------

BETWEEN = st.lists(
    st.sampled_from([" ", "  ", "\n", "\n\n", "\t", "\r\n", " # c\n", "/* d */", "/* e\n f */", "\n# g\n", " #\n"]),
    min_size=1, max_size=3,
).map("".join)  # fmt: skip
STRINGS = st.one_of(
    st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=40).map(
        lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    ),
    st.sampled_from(['"a\n  b"', '"${x}"', '"# no comment"', "text:\nx\n..y\n.\n", "text: # z\n.\n", '"\\q"']),
)  # fmt: skip


def joined(pieces, between):
    """Put pieces together with what stands between them."""
    return "".join(f"{piece}{between}" for piece in pieces)


@st.composite
def arguments(draw):
    """Return the words of some arguments."""
    words = []
    for kind in draw(st.lists(st.sampled_from("tnsl"), max_size=4)):
        match kind:
            case "t":
                words.append(draw(st.sampled_from([":is", ":Contains", ":x"])))
            case "n":
                words.append(draw(st.sampled_from(["0", "12k", "3M"])))
            case "s":
                words.append(draw(STRINGS))
            case _:
                items = draw(st.lists(STRINGS, min_size=1, max_size=6))
                words += ["[", *[word for item in items for word in (item, ",")][:-1], "]"]
    return words


@st.composite
def conditions(draw, depth):
    """Return the words of a test."""
    words = [draw(st.sampled_from(["true", "Header", "exists"])), *draw(arguments())]
    if depth and draw(st.booleans()):
        inside = draw(st.lists(conditions(depth - 1), min_size=1, max_size=3))
        return ["anyof", "(", *[word for one in inside for word in (*one, ",")][:-1], ")"]
    return ["not", *draw(conditions(depth - 1))] if depth and draw(st.booleans()) else words


@st.composite
def commands(draw, depth=2):
    """Return the words of a command."""
    if depth and draw(st.booleans()):
        block = [word for one in draw(st.lists(commands(depth - 1), max_size=3)) for word in one]
        words = ["if", *draw(conditions(2)), "{", *block, "}"]
        return [*words, "else", "{", *block, "}"] if draw(st.booleans()) else words
    return [draw(st.sampled_from(["keep", "Stop", "x_1"])), *draw(arguments()), ";"]


@st.composite
def sources(draw):
    """Return a script that parses, with blanks and comments at any place where they are allowed."""
    words = [word for one in draw(st.lists(commands(), max_size=4)) for word in one]
    return draw(BETWEEN) + "".join(word + draw(BETWEEN) for word in words)


@settings(max_examples=200, deadline=None)
@given(sources(), st.sampled_from([20, 100]))
def test_any_script_keeps_its_meaning_and_comments(source, width):
    """Trees are equal but for places, comments are the same in the same order, a second time changes nothing."""
    octets = source.encode()
    once = format_script(octets, width=width)
    assert tree(once) == tree(octets) is not None
    assert comments(once.decode()) == comments(source)
    assert format_script(once, width=width) == once


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60), st.text(alphabet='ab;{}()[],:"\\#/*.\n 0k', max_size=60).map(str.encode)
    )
)
def test_any_octets_are_laid_out_or_refused(octets):
    """Whatever the file holds: a layout, or one of the two errors."""
    with suppress(CompileErrors, FormatError):
        assert tree(format_script(octets)) == tree(octets)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_script_of_the_repository(path):
    """The layout is stable and leaves every syntax tree equal but for places; a wrong script is refused."""
    source = path.read_bytes()
    if tree(source) is None:
        with pytest.raises((CompileErrors, FormatError)):
            format_script(source)
        return
    try:
        once = format_script(source)
    except FormatError as refused:
        assert "UTF-8" in str(refused)  # noqa: PT017 - the only reason that a file itself can give
        return
    assert tree(once) == tree(source)
    assert comments(once.decode()) == comments(source.decode().removeprefix("\ufeff"))
    assert format_script(once) == once


# --- the command -------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    """Write a script in the layout, one that is not, and one with an error."""
    (tmp_path / "tidy.sieve").write_text("keep;\n")
    (tmp_path / "messy.sieve").write_text("  keep ;\n")
    (tmp_path / "wrong.sieve").write_text("keep\n")
    return tmp_path


def test_it_prints(files, capfdbinary):
    """Without an option the files stay."""
    assert main(["fmt", str(files / "messy.sieve")]) == 0
    assert capfdbinary.readouterr().out == b"keep;\n"
    assert (files / "messy.sieve").read_text() == "  keep ;\n"


def test_it_writes(files, capsys):
    """Only what changes, and the rights of a file stay."""
    messy, tidy = files / "messy.sieve", files / "tidy.sieve"
    messy.chmod(0o640)
    before = tidy.stat().st_mtime_ns
    assert main(["fmt", "-w", str(messy), str(tidy)]) == 0
    assert capsys.readouterr().out == f"{messy}: changed\n"
    assert (messy.read_text(), messy.stat().st_mode & 0o777) == ("keep;\n", 0o640)
    assert tidy.stat().st_mtime_ns == before
    assert sorted(path.name for path in files.iterdir()) == ["messy.sieve", "tidy.sieve", "wrong.sieve"]


def test_it_checks(files, capsys):
    """Status 1 and the names of what would change; nothing is written."""
    assert main(["fmt", "--check", str(files / "tidy.sieve")]) == 0
    assert main(["fmt", "--check", str(files / "tidy.sieve"), str(files / "messy.sieve")]) == 1
    assert capsys.readouterr().out == f"{files / 'messy.sieve'}: would be changed\n"
    assert (files / "messy.sieve").read_text() == "  keep ;\n"


def test_it_shows_the_difference(files, capsys):
    """As patches are written."""
    assert main(["fmt", "--diff", str(files / "messy.sieve")]) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == ["-  keep ;", "+keep;"]


def test_errors_are_shown_and_the_other_files_done(files, capsys):
    """A wrong script stays untouched, status 1; a folder stands for its scripts."""
    assert main(["fmt", "--write", str(files)]) == 1
    said = capsys.readouterr()
    assert "wrong: line 1: error: expected ';'" in said.err
    assert (files / "wrong.sieve").read_text() == "keep\n"
    assert (files / "messy.sieve").read_text() == "keep;\n"


def test_standard_input_and_missing_files(files, monkeypatch, capfdbinary):
    """A dash reads and prints, also with --write; a file or folder without scripts is status 2."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b" stop ;")))
    assert main(["fmt", "--write", "-"]) == 0
    assert capfdbinary.readouterr().out == b"stop;\n"
    assert main(["fmt", str(files / "none.sieve")]) == 2
    (files / "empty").mkdir()
    assert main(["fmt", str(files / "empty")]) == 2
