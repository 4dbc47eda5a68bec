"""`mailgate reload`: read addresses, queues, templates and scripts from the database again."""

import click

from mailgate.cli._options import Call, CommandError, pass_call


@click.command("reload")
@pass_call
def reload(call: Call) -> None:
    """Let the running gateway read the business data again; a script with errors keeps its last version."""
    found = call.ask("reload")
    for name, text in found["script_errors"].items():
        click.echo(f"{name}: {text}", err=True)
    if found["error"]:
        raise CommandError(f"not reloaded: {found['error']}")
    click.echo("reloaded")


COMMAND = reload
