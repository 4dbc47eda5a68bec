"""`mailgate helpdesk`: the switches and times that hold for the whole helpdesk (G1, G8, G12)."""

from typing import TYPE_CHECKING, Any, Final

import click

from mailgate.cli import _business, _staff
from mailgate.cli._options import Call, CommandError, json_option, pass_call

if TYPE_CHECKING:
    from mailgate.cli._items import Present

HEADERS: Final = ("name", "value", "default", "file", "meaning")


@click.group("helpdesk")
def helpdesk() -> None:
    """Look at and change the switches and times of the helpdesk."""


@helpdesk.command()
@click.argument("name", default="")
@json_option
@pass_call
def show(call: Call, name: str, *, as_json: bool) -> None:
    r"""Show all settings or one: its value, its default, which file says so, and what it means.

    \b
    mailgate helpdesk show channel
    """
    found = _business.present(call)
    if name:
        _require(name)
    rows = [row for row in _rows(found) if name in {"", row[0]}]
    _business.show_list(HEADERS, rows, as_json=as_json)


def _rows(found: "Present") -> list[tuple[Any, ...]]:
    from mailgate.config.texts import meaning  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.helpdesk import DeskPolicy, setting_names, setting_text  # noqa: PLC0415

    desk, default = found.catalogue.desk, DeskPolicy()
    return [
        (
            name,
            setting_text(getattr(desk, name)),
            setting_text(getattr(default, name)),
            found.origins.get(("setting", name), ""),
            meaning(name),
        )
        for name in setting_names()
    ]


def _require(name: str) -> None:
    from mailgate.cli._items import near  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.helpdesk import setting_names  # noqa: PLC0415

    if name not in setting_names():
        raise CommandError(f"there is no setting {name!r}{near(name, setting_names())}")


@helpdesk.command("set")
@click.argument("name")
@click.argument("value")
@_business.how_options
@pass_call
def set_(call: Call, name: str, value: str, *, how: _business.How) -> None:
    r"""Change a setting; the running gateway knows at once.

    \b
    mailgate helpdesk set channel on
    mailgate helpdesk set paused_to_closed_days 90
    """
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.helpdesk import (  # noqa: PLC0415
        DeskSetting,
        policy,
        setting_complaint,
        setting_text,
    )

    _staff.require(call, how.who, What.SET_INSTALLATION)
    if not setting_complaint(name, value):
        # As a file would say it: `true` is `on`.
        value = setting_text(getattr(policy({name: value}), name))
    _business.put(call, lambda _found: DeskSetting(name, value), how)


@helpdesk.command()
@click.argument("name")
@_business.how_options
@pass_call
def unset(call: Call, name: str, *, how: _business.How) -> None:
    r"""Let a setting have its default again.

    \b
    mailgate helpdesk unset reopen_days
    """
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it

    _staff.require(call, how.who, What.SET_INSTALLATION)
    _require(name)
    _business.remove(call, "setting", name, how)


COMMAND = helpdesk
