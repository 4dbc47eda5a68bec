"""`mailgate rules test`, `fmt` and `lint`: the tools of the language, with this installation's names."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailgate.cli import _business
from mailgate.cli._options import Call, CommandError, clean, pass_call
from mailgate.cli._read import octets_of

if TYPE_CHECKING:
    from mailgate.cli._items import Present

SCRIPTS = click.argument("scripts", metavar="[NAME|FILE]...", nargs=-1)


def is_file(name: str) -> bool:
    """Whether an argument names a file (`-` is standard input) rather than a stored script."""
    return name == "-" or "/" in name or name.endswith((".sieve", ".svtest"))


def source_of(found: "Present", name: str) -> bytes:
    """Return the source of a file or a stored script; raises CommandError."""
    if is_file(name):
        return octets_of(Path(name))
    _business.named(found, "script", name)
    return found.catalogue.scripts[name].encode("utf-8")


def title_of(name: str) -> str:
    """Return what messages call a script: a stored one as if it were a file."""
    return name if is_file(name) else f"{name}.sieve"


@click.command("test")
@click.argument(
    "files", metavar="FILE|FOLDER...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option(
    "--script", "names", multiple=True, metavar="NAME",
    help="Where tests compile NAME.sieve, take the stored script even if such a file lies beside them.",
)  # fmt: skip
@click.option("-F", "expected", is_flag=True, help="The tests are expected to fail, each of them.")
@click.option("-j", "--jobs", type=click.IntRange(1, 64), default=os.cpu_count() or 1, help="Files at once.")
@click.option("--count", is_flag=True, help="Show how many tests there are per file.")
@pass_call
def test(
    call: Call, files: tuple[Path, ...], names: tuple[str, ...], jobs: int, *, expected: bool, count: bool
) -> None:
    r"""Run tests of rules (.svtest); exit 1 if one does not succeed.

    Queues, agents, templates and addresses are those of this installation; mails, contacts and tickets are
    what the tests say (test_contact, test_ticket), and nothing is written or sent. A script that is not
    beside the tests is the stored one of that name.

    \b
    mailgate rules test rules/tests
    mailgate rules test support.svtest --script support
    """
    from functools import partial  # noqa: PLC0415  --help must not pay for it

    from mailgate.cli._ruletests import setup_of  # noqa: PLC0415
    from sieve_like.commands.test import show  # noqa: PLC0415
    from sieve_like.testing.runner import files_of, run_files  # noqa: PLC0415

    found = _business.present(call)
    for name in names:
        _business.named(found, "script", name)
    paths = files_of(files)
    if not paths:
        raise CommandError(f"there is no .svtest file in {', '.join(map(str, files))}")
    make = partial(setup_of, call.config, frozenset(names))
    reports = run_files(paths, make, jobs)
    if not show(reports, many=len(paths) > 1, expected=expected, count=count):
        raise click.exceptions.Exit(1)


@click.command("fmt")
@SCRIPTS
@click.option(
    "-w", "--write", "how", flag_value="write", help="Write files and stored scripts anew, where they change."
)
@click.option(
    "--check", "how", flag_value="check", help="Only name what would change; exit 1 if something would."
)
@click.option(
    "--diff", "how", flag_value="diff", help="Only show what would change; exit 1 if something would."
)
@pass_call
def fmt(call: Call, scripts: tuple[str, ...], how: str | None) -> None:
    r"""Put scripts into one layout; comments and meaning stay. Without an option the outcome is printed.

    \b
    mailgate rules fmt support
    mailgate rules fmt --check rules/support.sieve
    """
    from sieve_like.errors import CompileErrors, render  # noqa: PLC0415  --help must not pay for it
    from sieve_like.fmt import FormatError, format_script  # noqa: PLC0415

    found = _business.present(call)
    wrong = changed = 0
    for name in scripts or tuple(found.catalogue.scripts):
        source = source_of(found, name)
        try:
            laid = format_script(source, name=title_of(name))
        except CompileErrors as errors:
            click.echo(render(title_of(name), errors.diagnostics), err=True)
            wrong += 1
        except FormatError as error:
            click.echo(clean(f"{name}: {error}; it is left as it is"), err=True)
            wrong += 1
        else:
            changed += source != laid
            _laid(call, name, source, laid, how)
    if wrong:
        raise CommandError(f"{wrong} scripts can't be read")
    if changed and how in ("check", "diff"):
        raise click.exceptions.Exit(1)


def _laid(call: Call, name: str, source: bytes, laid: bytes, how: str | None) -> None:
    """Do with one script what was asked for."""
    if how is None:
        click.echo(laid, nl=False)
    elif source == laid:
        return
    elif how == "check":
        click.echo(f"{title_of(name)}: would be changed")
    elif how == "diff":
        from difflib import unified_diff  # noqa: PLC0415

        before, after = source.decode("utf-8").splitlines(), laid.decode("utf-8").splitlines()
        for line in unified_diff(
            before, after, title_of(name), f"{title_of(name)} in the layout", lineterm=""
        ):
            click.echo(line)
    else:
        _write(call, name, laid)


def _write(call: Call, name: str, laid: bytes) -> None:
    from mailgate.store.business import Script  # noqa: PLC0415  --help must not pay for it
    from sieve_like.commands.files import write  # noqa: PLC0415

    if name == "-":
        click.echo(laid, nl=False)
    elif is_file(name):
        write(name, laid)
        click.echo(f"{name}: changed")
    else:
        script = Script(name, laid.decode("utf-8"))
        _business.put(call, lambda _found: script, _business.How())


@click.command("lint")
@SCRIPTS
@click.option(
    "--format", "form", type=click.Choice(["text", "gcc", "json"]), default="text", show_default=True,
    help="How findings look: for people, for editors, for programs.",
)  # fmt: skip
@pass_call
def lint(call: Call, scripts: tuple[str, ...], form: str) -> None:
    r"""Find what is valid in scripts and most likely wrong; exit 1 if something is found.

    Redirects to an address that runs the script itself are found as well. Without a name, all stored scripts.

    \b
    mailgate rules lint
    mailgate rules lint --format gcc rules/support.sieve
    """
    from mailgate.rules.scripts import CatalogueLibrary, CatalogueNames  # noqa: PLC0415  for --help
    from mailgate.vocabulary import language  # noqa: PLC0415
    from sieve_like.commands.lint import shown  # noqa: PLC0415
    from sieve_like.lint.linter import lint_script  # noqa: PLC0415

    found = _business.present(call)
    registry, names = language(), CatalogueNames(found.catalogue)
    library = CatalogueLibrary(found.catalogue)
    said = {
        title_of(name): lint_script(
            source_of(found, name),
            registry=registry,
            catalogue=names,
            library=library,
            own=_served_by(found, name),
        )
        for name in scripts or tuple(found.catalogue.scripts)
    }
    for line in shown(said, form):
        click.echo(line)
    count = sum(len(one.diagnostics) for one in said.values())
    if count:
        raise click.exceptions.Exit(1)
    if form == "text":
        click.echo(f"{len(said)} script{'s' if len(said) != 1 else ''} looked at, nothing found")


def _served_by(found: "Present", name: str) -> Sequence[str]:
    """Return the addresses whose mail comes to a script; a file counts as the stored script of its name."""
    own = Path(name).stem if is_file(name) else name
    return [route.address for route in found.business.addresses if route.script == own]


TOOLS: tuple[Any, ...] = (test, fmt, lint)
