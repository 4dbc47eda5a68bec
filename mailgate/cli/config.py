"""`mailgate config`: check, show, print and explain the settings."""

import click

from mailgate.cli._options import BAD_SETTINGS, Call, CommandError, json_option, pass_call, print_json


@click.group("config")
def config() -> None:
    """Check, show and explain the settings."""


@config.command()
@pass_call
def check(call: Call) -> None:
    """Check settings, secrets, files and folders as the service will; exit 78 if anything is wrong.

    Warnings are printed and do not change the exit code.
    """
    from mailgate.config.inspect import Finding, look_around  # noqa: PLC0415  --help must not pay for it

    findings: list[Finding] = look_around(call.settings(resolve_secrets=True))
    errors = [f for f in findings if f.fatal]
    for finding in findings:
        click.echo(f"{call.config}: {finding}", err=True)
    if errors:
        raise CommandError(f"{len(errors)} of these must be put right first", BAD_SETTINGS)
    click.echo(f"{call.config}: the settings are fine")


@config.command()
@click.option("-n", "--non-defaults", is_flag=True, help="Only what differs from the defaults.")
@json_option
@pass_call
def show(call: Call, *, non_defaults: bool, as_json: bool) -> None:
    """Print the settings in effect; secrets appear as the place they lie in."""
    from mailgate.config import render  # noqa: PLC0415  --help must not pay for it

    settings = call.settings()
    if as_json:
        print_json(render.changed(settings) if non_defaults else render.plain(settings))
    else:
        click.echo(render.show(settings, changed_only=non_defaults), nl=False)


@config.command()
@click.option("--markdown", is_flag=True, help="Print the manual's page of all settings instead.")
def example(*, markdown: bool) -> None:
    """Print a mailgate.toml with every setting, its meaning and its default."""
    from mailgate.config import manual  # noqa: PLC0415  --help must not pay for it

    click.echo(manual.page() if markdown else manual.example(), nl=False)


@config.command()
@click.argument("key")
def explain(key: str) -> None:
    """Say what a setting means, such as limits.message_size."""
    from mailgate.config import manual  # noqa: PLC0415  --help must not pay for it

    try:
        click.echo(manual.explain(key))
    except KeyError as error:
        raise CommandError(str(error.args[0])) from None


COMMAND = config
