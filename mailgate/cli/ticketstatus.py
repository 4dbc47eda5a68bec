"""`mailgate ticketstatus`: the statuses that tickets may have, and what each means."""

from typing import TYPE_CHECKING

import click

from mailgate.cli import _business, _staff, _ticketwords
from mailgate.cli._options import Call, CommandError, json_option, pass_call
from mailgate.cli._store import reading

if TYPE_CHECKING:
    from mailgate.cli._items import Present
    from mailgate.domain.helpdesk import Status

HEADERS = ("name", "kind", "tickets", "file")
KINDS = ("open", "waiting", "closed")


@click.group("ticketstatus")
def ticketstatus() -> None:
    """Look at and change the statuses of tickets."""


@ticketstatus.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    r"""Show all statuses in their order, what each means, and how many tickets have it.

    \b
    mailgate ticketstatus list
    """
    from mailgate.store.inuse import in_use  # noqa: PLC0415  --help must not pay for it

    found = _business.present(call)
    with reading(call) as (_store, connection):
        rows = [
            (name, one.kind, in_use(connection, "status", name), found.origins.get(("status", name), ""))
            for name, one in _ticketwords.in_force(found, "status").items()
        ]
    _business.show_list(HEADERS, rows, as_json=as_json)


@ticketstatus.command("add")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), default="open", help="What it means.")
@_business.how_options
@pass_call
def add(call: Call, name: str, *, kind: str, how: _business.How) -> None:
    r"""Add a status behind the others; while one waits, the time of execution stands still.

    \b
    mailgate ticketstatus add parts_ordered --kind waiting
    """
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.helpdesk import Status  # noqa: PLC0415

    _staff.require(call, how.who, What.SET_INSTALLATION)

    def make(found: "Present") -> "Status":
        there = _ticketwords.in_force(found, "status")
        if name in there and there[name].kind != kind:
            raise CommandError(
                f"the status {name!r} is there already; `mailgate ticketstatus set` changes it"
            )
        return there[name] if name in there else Status(name, kind)

    _ticketwords.put(call, "status", make, how)


@ticketstatus.command("set")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What it means from now on.")
@_ticketwords.replace_option
@_business.how_options
@pass_call
def set_(call: Call, name: str, *, kind: str, instead: str, how: _business.How) -> None:
    r"""Change what a status means; refused while tickets have it, whose times would all be others.

    \b
    mailgate ticketstatus set pending --kind open --replace-with parts_ordered
    """
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    from mailgate.domain.access import What  # noqa: PLC0415

    _staff.require(call, how.who, What.SET_INSTALLATION)
    found = _business.present(call)
    if _ticketwords.named(found, "status", name).kind != kind:
        _business.require_ours(found, "status", name, how)
        _ticketwords.free(call, "status", name, instead, how)
    _ticketwords.put(
        call, "status", lambda present: replace(_ticketwords.named(present, "status", name), kind=kind), how
    )


@ticketstatus.command()
@click.argument("name")
@_ticketwords.replace_option
@_business.how_options
@pass_call
def remove(call: Call, name: str, *, instead: str, how: _business.How) -> None:
    r"""Remove a status that nothing names; refused while tickets have it.

    \b
    mailgate ticketstatus remove solved --replace-with closed
    """
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it

    _staff.require(call, how.who, What.SET_INSTALLATION)
    _ticketwords.remove(call, "status", name, instead, how)


COMMAND = ticketstatus
