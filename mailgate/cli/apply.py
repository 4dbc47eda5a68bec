"""`mailgate apply`: write business data from text into the database."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailgate.cli._options import Call, json_option, pass_call, print_json
from mailgate.cli._store import tell, writing

if TYPE_CHECKING:
    from mailgate.domain.routing import Catalogue


@click.command("apply")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@json_option
@pass_call
def apply(call: Call, path: Path, *, dry_run: bool, as_json: bool) -> None:
    """Make the database say what PATH says: a TOML file, or a folder with *.toml and *.sieve.

    Applying the same text again changes nothing. What PATH no longer names, and once came from it, goes.
    All mistakes are printed at once, and then nothing is changed (exit 78).
    """
    from mailgate.cli._texts import check  # noqa: PLC0415  --help must not pay for it
    from mailgate.config.texts import read_texts  # noqa: PLC0415
    from mailgate.domain.routing import CHANNEL_OFF  # noqa: PLC0415
    from mailgate.store import queries  # noqa: PLC0415
    from mailgate.store.business import apply_changes, load_catalogue, plan  # noqa: PLC0415
    from mailgate.wiring import listed_names  # noqa: PLC0415

    settings = call.settings(resolve_secrets=True)
    texts = read_texts(path)
    with writing(call) as (store, writer):
        with queries.reading(store) as connection:
            business = check(texts, settings, load_catalogue(connection, listed=listed_names(settings)))
            changes = plan(connection, business, str(path.resolve()))
        if changes and not dry_run:
            writer.submit(lambda tx: apply_changes(tx, changes, "apply")).result()
            with queries.reading(store) as connection:
                after = load_catalogue(connection)
    if as_json:
        print_json(
            [{"action": c.action, "kind": c.kind, "name": c.name, "fields": c.fields} for c in changes]
        )
    else:
        for change in changes:
            click.echo(f"{change.action} {change.kind} {change.name} {' '.join(change.fields)}".rstrip())
        click.echo(f"{len(changes)} changes{' would be made' if dry_run else ''}")
    if changes and not dry_run:
        tell(call, "reload")
        if after.routes and not after.desk.channel:
            click.echo(f"the channel is {CHANNEL_OFF}", err=True)
        _say_hints(after, [queue.name for queue in business.queues])


def _say_hints(after: "Catalogue", names: "Sequence[str]") -> None:
    """Print what the queues of the text lack to be of use (G13)."""
    from mailgate.domain.staff import hints  # noqa: PLC0415  --help must not pay for it

    addresses = (*after.routes.values(), *after.patterns)
    for name in names:
        for hint in hints(after.queues[name], after, addresses):
            click.echo(f"queue {name}: {hint}", err=True)


COMMAND = apply
