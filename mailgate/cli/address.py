"""`mailgate address`: which address or pattern has which script, queue and target."""

from typing import TYPE_CHECKING, Any

import click

from mailgate.cli import _business
from mailgate.cli._options import Call, CommandError, json_option, pass_call

if TYPE_CHECKING:
    from mailgate.cli._items import Present
    from mailgate.domain.routing import Route

HEADERS = ("address", "script", "queue", "target", "enabled", "send_only", "file")


@click.group("address")
def address() -> None:
    """Look at and change the addresses that the gateway takes mail for."""


@address.command("list")
@click.option("--script", help="Only those with this script.")
@click.option("--queue", help="Only those of this ticket queue.")
@json_option
@pass_call
def list_(call: Call, script: str | None, queue: str | None, *, as_json: bool) -> None:
    r"""Show all: exact addresses first, then patterns in the order in which they are tried.

    \b
    mailgate address list --queue support
    """
    from mailgate.store.business import is_pattern  # noqa: PLC0415  --help must not pay for it

    found = _business.present(call)
    routes = sorted(
        found.business.addresses,
        key=lambda one: (1, "") if is_pattern(one.address) else (0, one.address),
    )
    rows = [
        _row(found, one)
        for one in routes
        if (script is None or one.script == script) and (queue is None or one.queue == queue)
    ]
    _business.show_list(HEADERS, rows, as_json=as_json)


@address.command()
@click.argument("name", metavar="ADDRESS")
@json_option
@pass_call
def show(call: Call, name: str, *, as_json: bool) -> None:
    r"""Show what serves mail to ADDRESS, by itself or by a pattern. Exit 1 if nothing does.

    \b
    mailgate address show anna+lists@example.com
    """
    found = _business.present(call)
    route = found.served(name)
    if route is None:
        raise CommandError(f"no address and no pattern takes mail for {name}: it is answered 550 5.1.1")
    values = dict(zip(("served_by", *HEADERS[1:]), _row(found, route), strict=True))
    _business.show_one({"address": name, **values}, as_json=as_json)


def _options(function: Any) -> Any:
    for option in (
        _business.change_options,
        click.option(
            "--send-only/--takes-mail",
            default=None,
            help="Whether mail only comes from it, as of `answer_from` of a queue: to it is answered 550.",
        ),
        click.option("--enabled/--disabled", default=None, help="A disabled address answers 451."),
        click.option("--target", help="Where kept mail is delivered: a target of the settings, or `store`."),
        click.option("--queue", help="The ticket queue of this address; '' for none."),
        click.option("--script", help="The script that decides; '' for none: all mail is kept."),
    ):
        function = option(function)
    return function


def _changed(route: "Route", said: dict[str, Any]) -> "Route":
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    return replace(route, **{key: value for key, value in said.items() if value is not None})


@address.command("add")
@click.argument("name", metavar="ADDRESS")
@_options
@pass_call
def add(call: Call, /, name: str, *, dry_run: bool, take_over: bool, **said: Any) -> None:
    r"""Add an address, or a pattern; a new pattern is tried after all others.

    \b
    mailgate address add support@example.com --script support --queue support
    mailgate address add 'sales-*@example.com' --queue sales
    mailgate address add @example.com --target archive
    mailgate address add noreply@example.com --send-only
    """
    from mailgate.domain.routing import Route  # noqa: PLC0415  --help must not pay for it

    _business.add(call, _changed(Route(name), said), _business.How(dry_run, take_over))


@address.command("set")
@click.argument("name", metavar="ADDRESS")
@_options
@pass_call
def set_(call: Call, /, name: str, *, dry_run: bool, take_over: bool, **said: Any) -> None:
    r"""Change an address or a pattern; what is not said stays as it is.

    \b
    mailgate address set support@example.com --script support
    mailgate address set old@example.com --disabled
    """

    def make(found: Any) -> Any:
        return _changed(_business.named(found, "address", name), said)  # type: ignore[arg-type]

    _business.put(call, make, _business.How(dry_run, take_over))


@address.command()
@click.argument("name", metavar="ADDRESS")
@_business.change_options
@pass_call
def remove(call: Call, name: str, *, dry_run: bool, take_over: bool) -> None:
    """Remove an address or a pattern: mail to it is refused from then on.

    `mailgate address set ADDRESS --disabled` answers 451 instead, so that the sender's server tries again.
    """
    _business.remove(call, "address", name, _business.How(dry_run, take_over))


def _row(found: "Present", route: "Route") -> tuple[object, ...]:
    origin = found.origins["address", route.address]
    return (
        route.address, route.script, route.queue, route.target, route.enabled, route.send_only, origin,
    )  # fmt: skip


COMMAND = address
