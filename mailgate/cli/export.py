"""`mailgate export`: write the business data of the database as text."""

from pathlib import Path

import click

from mailgate.cli._options import Call, CommandError, pass_call
from mailgate.cli._store import reading


@click.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@pass_call
def export(call: Call, folder: Path) -> None:
    """Write everything that the business has set into FOLDER, as `mailgate apply` reads it."""
    from mailgate.config.export import business_toml  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.helpdesk import policy  # noqa: PLC0415
    from mailgate.store.business import TABLES  # noqa: PLC0415
    from mailgate.store.business import export as read_all  # noqa: PLC0415

    with reading(call) as (_store, connection):
        business = read_all(connection)
    if folder.exists() and any(folder.iterdir()):
        raise CommandError(f"{folder} is not empty")
    made = policy({one.name: one.value for one in business.settings})
    said = {one.name: getattr(made, one.name) for one in business.settings}
    rules = folder / "rules"
    rules.mkdir(parents=True, exist_ok=True)
    (folder / "business.toml").write_text(
        business_toml({kind: business.items(kind) for kind in TABLES}, said), "utf-8"
    )
    for script in business.scripts:
        (rules / f"{script.name}.sieve").write_text(script.source, "utf-8")
    click.echo(f"{folder}: {len(business.addresses)} addresses, {len(business.scripts)} scripts")


COMMAND = export
