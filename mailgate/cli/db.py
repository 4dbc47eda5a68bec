"""`mailgate db`: migrations, state and backups of the database."""

from datetime import UTC, datetime
from pathlib import Path

import click

from mailgate.cli._options import Call, CommandError, json_option, pass_call, print_json, print_table
from mailgate.cli._store import opened


@click.group("db")
def db() -> None:
    """Create, upgrade, look at and back up the database."""


@db.command()
@pass_call
def upgrade(call: Call) -> None:
    """Create the folders and the database where there are none, and run what migrations are pending."""
    from mailgate.places import store_options  # noqa: PLC0415
    from mailgate.store.db import create_store  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.schema import upgrade as run_migrations  # noqa: PLC0415

    settings = call.settings(resolve_secrets=True)
    settings.state_path(".").mkdir(mode=0o750, parents=True, exist_ok=True)
    backend = create_store(store_options(settings))
    try:
        done = run_migrations(backend)
    finally:
        backend.close()
    click.echo("\n".join(f"applied {name}" for name in done) or "nothing to do")


@db.command()
@json_option
@pass_call
def status(call: Call, *, as_json: bool) -> None:
    """Show which migrations are applied and which are pending. Exit 1 while any is pending."""
    from mailgate.places import store_options  # noqa: PLC0415
    from mailgate.store.db import open_store  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.schema import status as migrations  # noqa: PLC0415

    store = open_store(store_options(call.settings(resolve_secrets=True)), check=False)
    try:
        found = migrations(store.backend)
    finally:
        store.close()
    rows = [(one.name, _state(one.applied, known=one.known), str(one.applied or "")) for one in found]
    if as_json:
        print_json([{"name": name, "state": state, "applied": at} for name, state, at in rows])
    else:
        print_table(("migration", "state", "applied"), rows)
    if any(state != "applied" for _name, state, _at in rows):
        raise CommandError("the database and this program do not fit; run `mailgate db upgrade`")


def _state(applied: object, *, known: bool) -> str:
    if not known:
        return "unknown to this program"
    return "applied" if applied else "pending"


@db.command()
@json_option
@pass_call
def check(call: Call, *, as_json: bool) -> None:
    r"""Look for damage, rows without their partner, contradictions, large mails without a file.

    Reads everything; the gateway may go on working. Exit 1 if anything is wrong.

    \b
    mailgate db check
    """
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.checkup import faults  # noqa: PLC0415

    with opened(call) as store, queries.reading(store) as connection:
        found = faults(connection, store.blobs, sqlite=store.backend.name == "sqlite")
    if as_json:
        print_json(found)
    for line in () if as_json else found:
        click.echo(line)
    if found:
        raise CommandError("stop mailgate, keep the file, and `mailgate db restore` the last backup")
    if not as_json:
        click.echo("all is whole: every row has its partner, every large mail its file")


FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@db.command()
@FOLDER
@pass_call
def backup(call: Call, folder: Path) -> None:
    """Write a consistent copy of database and large mails into FOLDER; the gateway may go on working."""
    from mailgate.store import backup as backups  # noqa: PLC0415  --help must not pay for it

    with opened(call) as store:
        made = backups.backup(store, folder, datetime.now(UTC))
    click.echo(f"{folder}: {made.messages} mails, {len(made.blobs)} of them as files")


@db.command()
@FOLDER
@pass_call
def restore(call: Call, folder: Path) -> None:
    """Put a backup in the place of the settings; the gateway is stopped and no database may be there."""
    from mailgate.places import store_options  # noqa: PLC0415
    from mailgate.store import backup as backups  # noqa: PLC0415  --help must not pay for it

    options = store_options(call.settings(resolve_secrets=True))
    backups.restore(folder, options.path, options.blobs)
    click.echo(f"restored from {folder}")


COMMAND = db
