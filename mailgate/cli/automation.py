"""`mailgate automation`: rules without code, one automation for one address (W1, W2, S3, T5)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mailgate.cli import _business
from mailgate.cli._as import as_option
from mailgate.cli._options import Call, CommandError, clean, json_option, pass_call, print_json
from mailgate.cli._read import FILE, text_of
from mailgate.cli._rulesreplay import replayed, since_of

if TYPE_CHECKING:
    from datetime import datetime

    from mailgate.cli._items import Present
    from mailgate.domain.helpdesk import Automation

HEADERS: Final = ("name", "address", "rules", "enabled", "creator", "teams", "wrong", "file")


@click.group("automation")
def automation() -> None:
    """Look at and change automations: rules that are filled in, and become a script."""


@automation.command("list")
@as_option
@json_option
@pass_call
def list_(call: Call, agent: str, *, as_json: bool) -> None:
    r"""Show the automations, whose they are, and what is wrong with them.

    \b
    mailgate automation list
    mailgate automation list --as anna
    """
    from mailgate.cli._as import acting  # noqa: PLC0415  --help must not pay for it
    from mailgate.cli._automations import wrong_now  # noqa: PLC0415
    from mailgate.domain.access import What, may  # noqa: PLC0415

    found = _business.present(call)
    actor = acting(found.catalogue, agent)
    rows = [
        (
            *(one.name, one.address, _count(one), one.enabled, one.creator, one.teams),
            "; ".join(wrong_now(found, one)),
            found.origins["automation", one.name],
        )
        for one in found.business.automations
        if may(actor, What.USE_AUTOMATION, one)
    ]
    _business.show_list(HEADERS, rows, as_json=as_json)


def _count(one: "Automation") -> int:
    import json  # noqa: PLC0415  --help must not pay for it

    return len(json.loads(one.rules)) if one.rules else 0


@automation.command()
@click.argument("name")
@as_option
@json_option
@pass_call
def show(call: Call, name: str, agent: str, *, as_json: bool) -> None:
    r"""Show an automation as `put` reads it, with its version and whose it is.

    \b
    mailgate automation show support > support.toml
    """
    from mailgate.cli._automations import form_in, named, version_of, wrong_now  # noqa: PLC0415  for --help
    from mailgate.cli._store import reading  # noqa: PLC0415
    from mailgate.config.export import automation_toml, automation_values  # noqa: PLC0415

    found = _business.present(call)
    one = named(found, name)
    _require_use(found, one, agent)
    form_in(one)
    with reading(call) as (_store, connection):
        version = version_of(connection, name)
    values, file = automation_values(one), found.origins["automation", name]
    if as_json:
        print_json({**values, "version": version, "file": file, "wrong": wrong_now(found, one)})
        return
    click.echo(f"# version {version}" + (clean(f", from {file}") if file else ""))
    for line in wrong_now(found, one):
        click.echo(clean(f"# wrong: {line}"))
    click.echo(automation_toml(values), nl=False)


def _require_use(found: "Present", one: "Automation", agent: str) -> None:
    from mailgate.cli._as import check as allowed  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.access import What  # noqa: PLC0415

    allowed(found.catalogue, agent, What.USE_AUTOMATION, one)


@automation.command()
@click.argument("name")
@as_option
@pass_call
def script(call: Call, name: str, agent: str) -> None:
    r"""Print the script that an automation becomes.

    \b
    mailgate automation script support
    """
    from mailgate.cli._automations import form_in, named  # noqa: PLC0415  --help must not pay for it
    from mailgate.rules.forms.script import script_of  # noqa: PLC0415

    found = _business.present(call)
    one = named(found, name)
    _require_use(found, one, agent)
    click.echo(script_of(form_in(one), name).encode("utf-8"), nl=False)


def _saving_options(function: Any) -> Any:
    for option in (
        _business.how_options,
        click.option(
            "--overwrite", is_flag=True, help="Give up what somebody changed in the script by hand."
        ),
        click.option(
            "--if-version",
            type=click.IntRange(min=0),
            metavar="N",
            help="Only while it is still at this version (`show` names it; 0: there is none); else exit 75.",
        ),
    ):
        function = option(function)
    return function


def _saving(said: dict[str, Any]) -> Any:
    from mailgate.cli._automations import Saving  # noqa: PLC0415  --help must not pay for it

    return Saving(said["if_version"], said["overwrite"])


@automation.command()
@click.argument("file", type=FILE)
@click.option("--name", default="", help="The automation's name, instead of the one in the file.")
@_saving_options
@pass_call
def put(call: Call, /, file: Path, name: str, how: _business.How, **said: Any) -> None:
    r"""Store the automation in FILE (TOML or JSON); it takes effect at once.

    All mistakes are printed, and then nothing is changed. A script that was changed by hand is not written
    over.

    \b
    mailgate automation put support.toml
    mailgate automation put support.toml --as anna --if-version 3
    """
    from mailgate.cli._automations import from_file, save  # noqa: PLC0415  --help must not pay for it

    made = from_file(text_of(file), str(file), name)
    save(call, lambda _found: made, _saving(said), how)
    for folder in _missing_folders(call, made[0].name) if not how.dry_run else ():
        click.echo(clean(f"{folder}: there is no such folder yet; mail for it is kept"), err=True)


def _missing_folders(call: Call, name: str) -> list[str]:
    """Return the folders that an automation moves mail to and that are not there now (W4)."""
    from mailgate.cli._automations import form_in, named  # noqa: PLC0415  --help must not pay for it
    from mailgate.rules.forms.automation import route_of  # noqa: PLC0415
    from mailgate.rules.forms.model import Move  # noqa: PLC0415
    from mailgate.wiring import has_folder  # noqa: PLC0415

    found = _business.present(call)
    one = named(found, name)
    route = route_of(one.address, found.catalogue)
    if route is None:
        return []
    actions = (action for rule in form_in(one).rules for action in rule.actions)
    wanted = dict.fromkeys(a.folder for a in actions if isinstance(a, Move) and not a.create)
    return [folder for folder in wanted if not has_folder(call.settings(), route.target, one.address, folder)]


@automation.command()
@click.argument("names", metavar="[NAME|FILE]...", nargs=-1)
@pass_call
def check(call: Call, names: tuple[str, ...]) -> None:
    r"""Look at automations with the names of this installation; exit 1 if something is wrong.

    What contains a slash or ends in .toml or .json is a file, - is standard input; without any, all are
    checked.

    \b
    mailgate automation check
    mailgate automation check support.toml
    """
    from mailgate.cli._automations import from_file, named, wrong_now, wrong_with  # noqa: PLC0415  for --help

    found, wrong = _business.present(call), 0
    for name in names or tuple(found.catalogue.automations):
        if name == "-" or "/" in name or name.endswith((".toml", ".json")):
            made, form = from_file(text_of(Path(name)), name, "")
            said = [str(one) for one in wrong_with(made, form, found)]
        else:
            said = wrong_now(found, named(found, name))
            for folder in _missing_folders(call, name):
                click.echo(clean(f"{name}: there is no folder {folder} now; mail for it is kept"), err=True)
        wrong += bool(said)
        for line in said:
            click.echo(clean(f"{name}: {line}"))
    count = len(names or found.catalogue.automations)
    if wrong:
        raise CommandError(f"{wrong} of {count} automations have mistakes")
    click.echo(f"{count} automation{'s' if count != 1 else ''} checked, no mistakes")


def _switch(call: Call, name: str, how: _business.How, said: dict[str, Any], *, on: bool) -> None:
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    from mailgate.cli._automations import form_in, named, save  # noqa: PLC0415

    def make(found: "Present") -> Any:
        one = named(found, name)
        return replace(one, enabled=on), form_in(one)

    save(call, make, _saving(said), how)


@automation.command()
@click.argument("name")
@_saving_options
@pass_call
def enable(call: Call, /, name: str, how: _business.How, **said: Any) -> None:
    r"""Let an automation serve its address again, at once.

    \b
    mailgate automation enable support
    """
    _switch(call, name, how, said, on=True)


@automation.command()
@click.argument("name")
@_saving_options
@pass_call
def disable(call: Call, /, name: str, how: _business.How, **said: Any) -> None:
    r"""Let an automation rest: mail to its address is kept, and no rule is looked at.

    \b
    mailgate automation disable support
    """
    _switch(call, name, how, said, on=False)


@automation.command()
@click.argument("name")
@_business.how_options
@pass_call
def remove(call: Call, name: str, how: _business.How) -> None:
    r"""Remove an automation and its script; a script that was changed by hand is left.

    \b
    mailgate automation remove support
    """
    from mailgate.cli._automations import remove as take_away  # noqa: PLC0415  --help must not pay for it

    if take_away(call, name, how):
        click.echo(clean(f"the script {name!r} was changed by hand, and is left"), err=True)


@automation.command("from-script")
@click.argument("name")
@click.option("--save", "keep", is_flag=True, help="Store the form: changes by hand become the automation's.")
@_business.how_options
@json_option
@pass_call
def from_script(call: Call, name: str, how: _business.How, *, keep: bool, as_json: bool) -> None:
    r"""Read the script NAME back into the form that makes it.

    What no form makes is named by its line, and nothing is changed.

    \b
    mailgate automation from-script support
    mailgate automation from-script support --save
    """
    from mailgate.cli._automations import Saving, named, save  # noqa: PLC0415  --help must not pay for it
    from mailgate.config.export import automation_toml  # noqa: PLC0415
    from mailgate.rules.forms.automation import with_form  # noqa: PLC0415
    from mailgate.rules.forms.back import HandWrittenError, form_of  # noqa: PLC0415
    from mailgate.rules.forms.read import plain  # noqa: PLC0415

    found = _business.present(call)
    _business.named(found, "script", name)
    if name in found.catalogue.automations:
        _require_use(found, found.catalogue.automations[name], how.who)
    try:
        form = form_of(found.catalogue.scripts[name])
    except HandWrittenError as error:
        raise CommandError(f"{name}: {error}") from None
    if not keep:
        if as_json:
            print_json(plain(form))
        else:
            click.echo(automation_toml(plain(form)), nl=False)
        return
    save(call, lambda now: (with_form(named(now, name), form), form), Saving(overwrite=True), how)


@automation.command()
@click.argument("name")
@click.option(
    "--since", default="7d", show_default=True, callback=since_of, metavar="TIME",
    help="From when on: 7d, 12h, or a date (UTC).",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(1), help="Stop after so many mails.")
@as_option
@json_option
@pass_call
def run(call: Call, /, name: str, agent: str, *, as_json: bool, since: "datetime", limit: int | None) -> None:
    r"""Run an automation now on the stored mail of its address, and show what would become of it.

    Nothing is written and nothing is sent; a disabled automation can be tried so. Exit 1: something would
    change.

    \b
    mailgate automation run support --since 30d
    """
    from mailgate.cli._automations import form_in, named  # noqa: PLC0415  --help must not pay for it
    from mailgate.rules.forms.script import script_of  # noqa: PLC0415

    found = _business.present(call)
    one = named(found, name)
    _require_use(found, one, agent)
    replayed(call, since, one.address, script_of(form_in(one), name), limit or 0, as_json=as_json)


COMMAND = automation
