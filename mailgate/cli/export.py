"""`mailgate export`: write the business data of the database as text."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailgate.cli._options import Call, CommandError, clean, pass_call
from mailgate.cli._store import reading
from mailgate.cli._tables import plural

if TYPE_CHECKING:
    from mailgate.store.business import Business


@click.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@pass_call
def export(call: Call, folder: Path) -> None:
    r"""Write everything that the business has set into FOLDER, as `mailgate apply` reads it.

    FOLDER must be empty or new. Which file a thing came from is not written: what is applied from there is
    that folder's.

    \b
    mailgate export /tmp/helpdesk
    """
    from mailgate.cli._exportfiles import write_files  # noqa: PLC0415  --help must not pay for it
    from mailgate.config.export import business_toml  # noqa: PLC0415
    from mailgate.domain.helpdesk import policy  # noqa: PLC0415
    from mailgate.store.business import TABLES  # noqa: PLC0415
    from mailgate.store.business import export as read_all  # noqa: PLC0415
    from mailgate.store.templatefiles import template_files  # noqa: PLC0415

    if folder.exists() and any(folder.iterdir()):
        raise CommandError(f"{folder} is not empty")
    with reading(call) as (store, connection):
        business = read_all(connection)
        along = write_files(store.blobs, template_files(connection), folder)
    made = policy({one.name: one.value for one in business.settings})
    said = {one.name: getattr(made, one.name) for one in business.settings}
    rules = folder / "rules"
    rules.mkdir(parents=True, exist_ok=True)
    (folder / "business.toml").write_text(
        business_toml({kind: business.items(kind) for kind in TABLES}, said, along), "utf-8"
    )
    scripts = _scripts(business)
    for name, source in scripts.items():
        (rules / name).write_text(source, "utf-8")
    counts = {kind: len(business.items(kind)) for kind in TABLES} | {"script": len(scripts)}
    said_of = (plural(n, kind, TABLES[kind].among) for kind, n in counts.items() if n)
    click.echo(f"{folder}: {', '.join(said_of) or 'nothing is set'}")


def _scripts(business: "Business") -> dict[str, str]:
    """Return the scripts by file name; that of an automation goes with it, unless it was changed by hand."""
    from mailgate.rules.forms.script import origin_of  # noqa: PLC0415  --help must not pay for it

    made = {one.name for one in business.automations}
    found: dict[str, str] = {}
    for script in business.scripts:
        origin = origin_of(script.source) if script.name in made else None
        if script.name not in made:
            found[f"{script.name}.sieve"] = script.source
        elif origin is None or not origin.untouched:
            text = f"the script {script.name!r} was changed by hand: the automation is written as it is"
            click.echo(clean(f"{text}, the script beside it as {script.name}.sieve.changed"), err=True)
            found[f"{script.name}.sieve.changed"] = script.source
    return found


COMMAND = export
