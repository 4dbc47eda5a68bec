"""`mailgate apply`: write business data from text into the database."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailgate.cli._options import Call, json_option, pass_call, print_json
from mailgate.cli._store import tell, writing

if TYPE_CHECKING:
    from mailgate.config.settings import Settings
    from mailgate.config.texts import Texts
    from mailgate.domain.routing import Catalogue
    from mailgate.store.business import Business, Change
    from mailgate.store.connection import Connection


@click.command("apply")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@json_option
@pass_call
def apply(call: Call, path: Path, *, dry_run: bool, as_json: bool) -> None:
    r"""Make the database say what PATH says: a TOML file, or a folder with *.toml and *.sieve.

    \b
    mailgate apply conf/rules --dry-run
    mailgate apply conf/rules

    Each value that differs is shown, from what to what. Applying the same text again changes nothing. What
    PATH no longer names, and once came from it, goes; that is refused while tickets have it (a status, a
    priority, a queue, an agent), or something names it that stays. All mistakes are printed at once, and
    then nothing is changed (exit 78).
    """
    from mailgate.cli._differences import as_json as for_programs  # noqa: PLC0415  --help must not pay for it
    from mailgate.cli._differences import lines_of  # noqa: PLC0415
    from mailgate.cli._exportfiles import plan_files  # noqa: PLC0415
    from mailgate.cli._templatefiles import as_json as file_as_json  # noqa: PLC0415
    from mailgate.cli._templatefiles import line_of  # noqa: PLC0415
    from mailgate.config.texts import read_texts  # noqa: PLC0415
    from mailgate.domain.routing import CHANNEL_OFF  # noqa: PLC0415
    from mailgate.store import queries  # noqa: PLC0415
    from mailgate.store.business import apply_changes, load_catalogue  # noqa: PLC0415
    from mailgate.store.templatefiles import apply_files  # noqa: PLC0415

    settings = call.settings(resolve_secrets=True)
    texts = read_texts(path)
    with writing(call) as (store, writer):
        with queries.reading(store) as connection:
            business, changes = _planned(connection, texts, settings, str(path.resolve()))
            files = plan_files(connection, texts, None if dry_run else store.blobs)
        if (changes or files) and not dry_run:
            writer.submit(
                lambda tx: apply_changes(tx, changes, "apply") + apply_files(tx, files, "apply")
            ).result()
            with queries.reading(store) as connection:
                after = load_catalogue(connection)
    if as_json:
        print_json([*(for_programs(change) for change in changes), *map(file_as_json, files)])
    else:
        for change in changes:
            for line in lines_of(change):
                click.echo(line)
        for file in files:
            click.echo(line_of(file))
        count = len(changes) + len(files)
        click.echo(f"{count} change{'' if count == 1 else 's'}{' would be made' if dry_run else ''}")
    if (changes or files) and not dry_run:
        tell(call, "reload")
        if after.routes and not after.desk.channel:
            click.echo(f"the channel is {CHANNEL_OFF}", err=True)
        _say_hints(after, [queue.name for queue in business.queues])


def _planned(
    connection: "Connection", texts: "Texts", settings: "Settings", origin: str
) -> "tuple[Business, tuple[Change, ...]]":
    """Return what the texts say and what must change for it; SettingsError with all that is wrong."""
    from mailgate.cli import _dropped  # noqa: PLC0415  --help must not pay for it
    from mailgate.cli._texts import business_of, check  # noqa: PLC0415
    from mailgate.errors import SettingsError  # noqa: PLC0415
    from mailgate.store.business import export, load_catalogue, plan  # noqa: PLC0415
    from mailgate.vocabulary import listed_names  # noqa: PLC0415

    present = load_catalogue(connection, listed=listed_names(settings))
    changes = plan(connection, business_of(texts), origin)
    business = check(texts, settings, _dropped.staying(present, export(connection), changes))
    if wrong := list(_dropped.complaints(connection, present, business, changes, origin)):
        raise SettingsError(wrong)
    return business, changes


def _say_hints(after: "Catalogue", names: "Sequence[str]") -> None:
    """Print what the queues of the text lack to be of use (G13)."""
    from mailgate.domain.staff import hints  # noqa: PLC0415  --help must not pay for it

    addresses = (*after.routes.values(), *after.patterns)
    for name in names:
        for hint in hints(after.queues[name], after, addresses):
            click.echo(f"queue {name}: {hint}", err=True)


COMMAND = apply
