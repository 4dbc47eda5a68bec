"""`mailgate rules`: the scripts in the database, checked and tried with this installation's names."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailgate.cli import _business
from mailgate.cli._options import Call, CommandError, clean, json_option, pass_call, print_json
from mailgate.cli._read import FILE, octets_of, text_of
from mailgate.cli._rulesreplay import replay
from mailgate.cli._rulestools import TOOLS

if TYPE_CHECKING:
    from mailgate.cli._items import Present
    from sieve_like.errors import Diagnostic

HEADERS = ("name", "lines", "used_by", "error", "file")


@click.group("rules")
def rules() -> None:
    """Look at, check, try and change rule scripts."""


@rules.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    """Show all scripts, who uses them, and what is wrong with them."""
    from mailgate.cli._items import complaints, users  # noqa: PLC0415  --help must not pay for it

    found = _business.present(call)
    rows = [
        (
            one.name,
            len(one.source.splitlines()),
            users("script", one.name, found.catalogue, found.business.addresses),
            next(complaints(one, found), ""),
            found.origins["script", one.name],
        )
        for one in found.business.scripts
    ]
    _business.show_list(HEADERS, rows, as_json=as_json)


@rules.command()
@click.argument("name")
@pass_call
def show(call: Call, name: str) -> None:
    """Print a script as it is stored, octet for octet."""
    from mailgate.store.business import Script  # noqa: PLC0415  --help must not pay for it

    item = _business.named(_business.present(call), "script", name)
    assert isinstance(item, Script)
    click.echo(item.source.encode("utf-8"), nl=False)


@rules.command()
@click.argument("scripts", metavar="[NAME|FILE]...", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "gcc", "json"]),
    default="text",
    show_default=True,
    help="How complaints look: for people, for editors, for programs.",
)
@pass_call
def check(call: Call, scripts: tuple[str, ...], form: str) -> None:
    r"""Compile scripts with the queues and templates of this installation; exit 1 if one is wrong.

    What contains a slash or ends in .sieve is a file, - is standard input, all else a stored script; without
    any, all stored scripts are checked.

    \b
    mailgate rules check
    mailgate rules check --format gcc rules/support.sieve
    """
    from sieve_like.reporting import refused, report  # noqa: PLC0415  --help must not pay for it

    found = _business.present(call)
    said = {_title(one): _complaints(found, one) for one in scripts or found.catalogue.scripts}
    for line in report(said, form):
        click.echo(line)
    wrong = sum(map(refused, said.values()))
    if wrong:
        raise CommandError(f"{wrong} of {len(said)} scripts do not compile")
    if form == "text":
        click.echo(f"{len(said)} script{'s' if len(said) != 1 else ''} checked, no mistakes")


def _is_file(name: str) -> bool:
    return name == "-" or "/" in name or name.endswith(".sieve")


def _title(name: str) -> str:
    return name if _is_file(name) else f"{name}.sieve"


def _complaints(found: "Present", name: str) -> "Sequence[Diagnostic]":
    from mailgate.rules.scripts import CatalogueLibrary, CatalogueNames  # noqa: PLC0415  --help must not pay for it
    from mailgate.vocabulary import language  # noqa: PLC0415
    from sieve_like.reporting import complaints, title  # noqa: PLC0415

    if _is_file(name):
        source: str | bytes = octets_of(Path(name))
    else:
        _business.named(found, "script", name)
        source = found.catalogue.scripts[name]
    names, library = CatalogueNames(found.catalogue), CatalogueLibrary(found.catalogue)
    return complaints(title(_title(name)), source, language(), names, library, found.told)


@rules.command("put")
@click.argument("name")
@click.argument("file", type=FILE)
@_business.change_options
@pass_call
def put(call: Call, name: str, file: Path, *, dry_run: bool, take_over: bool) -> None:
    r"""Store FILE as script NAME if it compiles; addresses that use it follow at once.

    \b
    mailgate rules put support rules/support.sieve
    """
    from mailgate.store.business import Script  # noqa: PLC0415  --help must not pay for it

    script = Script(name, text_of(file))
    _business.put(call, lambda _found: script, _business.How(dry_run, take_over))


@rules.command()
@click.argument("name")
@_business.change_options
@pass_call
def remove(call: Call, name: str, *, dry_run: bool, take_over: bool) -> None:
    """Remove a script that no address uses."""
    _business.remove(call, "script", name, _business.How(dry_run, take_over))


def _try_options(function: Any) -> Any:
    for option in (
        json_option,
        click.option(
            "--at",
            type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]),
            help="The clock of the run, in UTC; without it, now.",
        ),
        click.option("--script", type=FILE, help="File with a script instead of the stored one."),
        click.option(
            "--from", "sender", default="", metavar="ADDRESS", help="Envelope sender; none: the null sender."
        ),
        click.option(
            "--to", "recipient", required=True, metavar="ADDRESS", help="Envelope recipient: whose rules."
        ),
        click.argument("file", type=FILE),
    ):
        function = option(function)
    return function


@rules.command()
@_try_options
@pass_call
def run(call: Call, /, *, as_json: bool, **said: Any) -> None:
    r"""Show what would become of the mail in FILE; nothing is written and nothing is sent.

    \b
    mailgate rules run mail.eml --from anna@customer.example --to support@example.com
    mailgate rules run mail.eml --to support@example.com --script rules/support.sieve
    """
    _show(call, said, as_json=as_json, steps=False)


@rules.command()
@_try_options
@pass_call
def trace(call: Call, /, *, as_json: bool, **said: Any) -> None:
    """Do the same, and show every test, the values that it saw and its outcome."""
    _show(call, said, as_json=as_json, steps=True)


def _show(call: Call, said: dict[str, Any], *, as_json: bool, steps: bool) -> None:
    from mailgate.cli._decision import as_data, lines  # noqa: PLC0415  --help must not pay for it
    from mailgate.cli._trial import trial  # noqa: PLC0415

    source = text_of(said["script"]) if said["script"] is not None else None
    at = said["at"].replace(tzinfo=UTC) if said["at"] is not None else datetime.now(UTC)
    decision = trial(call, octets_of(said["file"]), said["recipient"], said["sender"], source, at)
    if as_json:
        print_json(as_data(decision, steps=steps))
    else:
        for line in lines(decision, steps=steps):
            click.echo(clean(line))


for tool in (replay, *TOOLS):
    rules.add_command(tool)

COMMAND = rules
