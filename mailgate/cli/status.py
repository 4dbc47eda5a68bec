"""`mailgate status`: what the running gateway says of itself."""

from typing import Any

import click

from mailgate.cli._options import Call, json_option, pass_call, print_json


@click.command("status")
@json_option
@pass_call
def status(call: Call, *, as_json: bool) -> None:
    """Show whether the gateway runs, what it listens on, and what waits. Exit 75 if none is running."""
    found: dict[str, Any] = call.ask("status")
    if as_json:
        print_json(found)
        return
    for key, value in found.items():
        click.echo(f"{key.replace('_', ' '):18} {_text(value)}")


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k}={v}" for k, v in value.items()) or "-"
    return str(value)


COMMAND = status
