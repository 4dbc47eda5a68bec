"""`mailgate ticketqueue`: the queues that tickets lie in (`mailgate queue` is the outgoing mail's)."""

import click

from mailgate.cli import _business
from mailgate.cli._options import Call, CommandError, json_option, pass_call
from mailgate.cli.address import users_of

HEADERS = ("name", "address", "from_name", "language", "enabled")


@click.group("ticketqueue")
def ticketqueue() -> None:
    """Look at and change the queues of tickets."""


@ticketqueue.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    """Show all queues."""
    rows = [tuple(getattr(q, key) for key in HEADERS) for q in _business.catalogue(call).queues.values()]
    _business.show_list(HEADERS, rows, as_json=as_json)


@ticketqueue.command("set")
@click.argument("name")
@click.option("--address", help="What answers of this queue are sent from.")
@click.option("--from-name", help="The name beside it.")
@click.option("--language", help="The language of its templates, as `de`.")
@click.option("--enabled/--disabled", default=None)
@_business.change_options
@pass_call
def set_(
    call: Call,
    name: str,
    address: str | None,
    from_name: str | None,
    language: str | None,
    *,
    enabled: bool | None,
    dry_run: bool,
    take_over: bool,
) -> None:
    """Add or change a queue; what is not said stays as it is."""
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    from mailgate.cli._texts import address_complaint  # noqa: PLC0415
    from mailgate.domain.routing import Queue  # noqa: PLC0415

    if address and (wrong := address_complaint(address)):
        raise CommandError(wrong)
    said = {"address": address, "from_name": from_name, "language": language, "enabled": enabled}
    queue = _business.catalogue(call).queues.get(name) or Queue(name)
    changed = replace(queue, **{k: v for k, v in said.items() if v is not None})  # type: ignore[arg-type]
    _business.put(call, changed, dry_run=dry_run, take_over=take_over)


@ticketqueue.command()
@click.argument("name")
@_business.change_options
@pass_call
def remove(call: Call, name: str, *, dry_run: bool, take_over: bool) -> None:
    """Remove a queue that no address uses; its tickets stay."""
    users = users_of(_business.catalogue(call), "queue", name)
    _business.remove(call, "queue", name, users, dry_run=dry_run, take_over=take_over)


COMMAND = ticketqueue
