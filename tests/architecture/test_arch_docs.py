"""Documentation that names a file, a make target or a link names one that exists."""

import ast
import re

import architree
import click
import pytest

from mailgate.cli._main import cli

DOCS = sorted(
    [architree.ROOT / "README.md", architree.ROOT / "CHANGELOG.md", *(architree.ROOT / "docs").rglob("*.md")]
)
OURS = re.compile(r"`((?:mailgate|sieve_like|tests|bench|docs|conf|systemd|requirements)/[\w./-]*\w/?)`")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[\w-]*)?\)")
MAKE = re.compile(r"`make ([a-z-]+)")


def places(pattern: re.Pattern[str]):
    """Yield document, its line's place and what the pattern found."""
    for path in DOCS:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for found in pattern.findall(line):
                yield path, f"{architree.relative(path)}:{number}", found


def test_the_map_of_the_journey_names_real_files():
    """Every file that the package's own docstring names exists, and the journey has ten steps."""
    text = ast.get_docstring(architree.tree(architree.ROOT / "mailgate" / "__init__.py")) or ""
    named = re.findall(r"`([\w/]+(?:\.py|/))`", text)
    gone = [name for name in named if not (architree.ROOT / "mailgate" / name).exists()]
    assert not gone, architree.report(gone)
    assert len(re.findall(r"^\d+\. ", text, re.MULTILINE)) == 10


def test_named_files_exist():
    """A path of ours in backquotes exists."""
    offenders = [
        f"{place}: {name}" for _, place, name in places(OURS) if not (architree.ROOT / name).exists()
    ]
    assert not offenders, architree.report(offenders)


def test_the_journey_names_real_files():
    """Every file and folder that docs/flow.md names exists below mailgate/."""
    text = (architree.ROOT / "docs" / "flow.md").read_text(encoding="utf-8")
    named = [
        name
        for name in re.findall(r"`([\w/]+(?:\.py|/))`", text)
        if not name.startswith(("tests/", "mailgate/"))
    ]
    gone = sorted({name for name in named if not (architree.ROOT / "mailgate" / name).exists()})
    assert named
    assert not gone, architree.report(gone)


def test_links_lead_somewhere():
    """A relative link leads to a file."""
    offenders = [
        f"{place}: {name}" for path, place, name in places(LINK) if not (path.parent / name).exists()
    ]
    assert not offenders, architree.report(offenders)


def test_make_targets_exist():
    """Every `make …` that a document names is a target of the Makefile."""
    targets = set(
        re.findall(r"^([a-z-]+):", (architree.ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    offenders = [f"{place}: make {name}" for _, place, name in places(MAKE) if name not in targets]
    assert not offenders, architree.report(offenders)


def test_every_document_is_reachable():
    """From README every page of docs/ can be reached by links; decisions are reached by their folder."""
    seen, waiting = set(), [architree.ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path not in seen and path.suffix == ".md" and path.exists():
            seen.add(path)
            waiting += [
                (path.parent / name).resolve() for name in LINK.findall(path.read_text(encoding="utf-8"))
            ]
    pages = {path for path in DOCS if path.parent.name != "decisions"}
    lost = [architree.relative(path) for path in sorted(pages - seen) if path.name != "CHANGELOG.md"]
    assert not lost, architree.report(lost)


CALL = r"mailgate(?: --config \S+)? ([a-z]+(?:-[a-z]+)*)(?: ([a-z]+(?:-[a-z]+)*))?"
QUOTED, SHELL = re.compile("`" + CALL), re.compile(r"^(?:.* -- |\$ )?" + CALL)


def calls(path):
    """Yield line, command and subcommand of every call of the program: in backquotes, or in a block of code."""
    block = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        block ^= line.lstrip().startswith("```")
        for name, sub in (SHELL if block else QUOTED).findall(line):
            yield number, name, sub


def commands() -> dict[str, set[str]]:
    """Return every command of the command line with its subcommands."""
    context = click.Context(cli)
    found = {}
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        found[name] = set(command.list_commands(context)) if isinstance(command, click.Group) else set()
    return found


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_named_commands_exist(path):
    """Every `mailgate …` command line in a document is one that the program knows."""
    known = commands()
    offenders = [
        f"{architree.relative(path)}:{number} mailgate {name} {sub}".rstrip()
        for number, name, sub in calls(path)
        if name not in known or (sub and known[name] and sub not in known[name])
    ]
    assert not offenders, architree.report(offenders)
