"""The examples of the documentation compile, have nothing for the linter, and do what the text says."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailgate.vocabulary import language
from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors, render
from sieve_like.fmt import format_script
from sieve_like.limits import Limits
from sieve_like.lint.linter import lint_script
from sieve_like.testing.runner import run_file, standard

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(sieve|svtest)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """One block of code: what it is, the name of its file ("" without one), its text, its page and line."""

    kind: str
    name: str
    text: str
    page: str
    line: int

    def __str__(self):
        """Return what a failed test is called."""
        return f"{self.page}:{self.line}"


def examples():
    """Return all blocks of all pages."""
    found = []
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start()) + 1
            found.append(Example(block[1], block[2] or "", block[3], path.name, line))
    return found


EXAMPLES = examples()
SHIPPED = sorted(
    [
        *(DOCS.parent / "conf" / "rules").glob("*.sieve"),
        *(DOCS.parent / "mailgate" / "demo").rglob("*.sieve"),
    ]
)
SCRIPTS = [one for one in EXAMPLES if one.kind == "sieve"]


class Named:
    """The examples that have a name, for those that include them."""

    def script(self, name, *, personal):
        """Return the source of a named example."""
        sources = {one.name: one.text.encode() for one in SCRIPTS if one.name}
        return sources.get(f"{name}.sieve") if personal else None


def test_there_are_examples():
    """The pages for rule authors have many."""
    assert len([one for one in SCRIPTS if one.page == "rules.md"]) >= 12
    assert [one.name for one in EXAMPLES if one.kind == "svtest"] == ["first.svtest"]


@pytest.mark.parametrize("one", SCRIPTS, ids=str)
def test_an_example_compiles(one):
    """Without a warning. The page of the linter shows one script of a draft that nobody takes any more."""
    if "imapflags" in one.text:
        with pytest.raises(CompileErrors):
            compile_script(one.text.encode(), registry=language())
        return
    program = compile_script(one.text.encode(), registry=language(), library=Named())
    assert not program.warnings, render(str(one), program.warnings)


@pytest.mark.parametrize("one", [one for one in EXAMPLES if one.page == "rules.md"], ids=str)
def test_an_example_of_the_tutorial_is_tidy(one):
    """It is in the layout and has nothing for the linter: people copy it."""
    assert format_script(one.text.encode()).decode() == one.text
    if one.kind == "sieve":
        report = lint_script(one.text.encode(), registry=language(), library=Named())
        assert not report.diagnostics, render(str(one), report.diagnostics)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_script_that_we_ship_is_tidy(path):
    """It is in the layout and has nothing for the linter."""
    source = path.read_bytes()
    assert format_script(source) == source
    report = lint_script(source, registry=language())
    assert not report.diagnostics, render(path.name, report.diagnostics)


def test_the_test_of_the_tutorial_succeeds(tmp_path):
    """With the rule of the page beside it, and the output that the page shows."""
    for one in EXAMPLES:
        if one.name:
            (tmp_path / one.name).write_text(one.text)
    report = run_file(tmp_path / "first.svtest", standard())
    assert (report.failures, report.total) == (0, 2), report
    page = (DOCS / "rules.md").read_text()
    for line in report.output:
        assert line in page
    (tmp_path / "first.sieve").write_text("keep;\n")
    assert run_file(tmp_path / "first.svtest", standard()).failures


def test_the_limits_of_the_page_are_those_of_the_language():
    """The numbers of the table are the ones that hold."""
    rows = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", (DOCS / "rules.md").read_text(), re.MULTILINE))
    limits = Limits()
    assert rows["blocks in blocks, tests in tests"] == str(limits.nesting)
    assert rows["arguments of a command"] == str(limits.arguments)
    assert (
        rows["identifier / name of a variable"] == f"{limits.identifier} / {limits.variable_name} characters"
    )
    assert rows["match variables"] == f"`${{0}}` to `${{{limits.match_values - 1}}}`"
    assert rows["variables"] == str(limits.variables)
    assert rows["actions / redirects"] == f"{limits.actions} / {limits.redirects}"
    assert rows["script, one string"] == "1 MiB"
    assert limits.script_size == limits.string_size == 1 << 20
    assert rows["value of a variable"] == f"{limits.variable_size >> 10} KiB"
    days = f"{limits.vacation_min_days} to {limits.vacation_max_days}, default {limits.vacation_default_days}"
    assert rows["vacation `:days`"] == days
    assert rows["vacation `:subject`"] == f"{limits.vacation_subject} characters"
    assert rows["steps of a run"].startswith(f"{limits.steps:,} ")
    assert rows["included scripts / in each other"] == f"{limits.includes} / {limits.include_depth}"
