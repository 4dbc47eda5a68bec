"""`mailgate address`: which address or pattern has which script, queue and target."""

from typing import TYPE_CHECKING

import click

from mailgate.cli import _business
from mailgate.cli._options import Call, CommandError, json_option, pass_call

if TYPE_CHECKING:
    from mailgate.domain.routing import Catalogue, Route

HEADERS = ("address", "script", "queue", "target", "enabled")


@click.group("address")
def address() -> None:
    """Look at and change the addresses that the gateway takes mail for."""


@address.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    """Show all: exact addresses first, then patterns in the order in which they are tried."""
    found = _business.catalogue(call)
    routes = (*found.routes.values(), *found.patterns)
    _business.show_list(HEADERS, [_row(route) for route in routes], as_json=as_json)


@address.command()
@click.argument("name", metavar="ADDRESS")
@json_option
@pass_call
def show(call: Call, name: str, *, as_json: bool) -> None:
    """Show what serves mail to ADDRESS, by itself or by a pattern. Exit 1 if nothing does."""
    route = _business.catalogue(call).route(name)
    if route is None:
        raise CommandError(f"no address and no pattern takes mail for {name}: it is answered 550 5.1.1")
    _business.show_one(dict(zip(HEADERS, _row(route), strict=True)), as_json=as_json)


@address.command("set")
@click.argument("name", metavar="ADDRESS")
@click.option("--script", help="The script that decides; none: keep.")
@click.option("--queue", help="The ticket queue of this address.")
@click.option("--target", help="Where kept mail is delivered: a target of the settings, or `store`.")
@click.option("--enabled/--disabled", default=None, help="A disabled address answers 451.")
@_business.change_options
@pass_call
def set_(
    call: Call,
    name: str,
    script: str | None,
    queue: str | None,
    target: str | None,
    *,
    enabled: bool | None,
    dry_run: bool,
    take_over: bool,
) -> None:
    r"""Add or change an address or a pattern (@example.com, sales-*@example.com).

    What is not said stays as it is.

    \b
    mailgate address set support@example.com --script support --queue support
    """
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    from mailgate.cli._texts import OWN_STORE, address_complaint  # noqa: PLC0415
    from mailgate.domain.routing import Route  # noqa: PLC0415
    from mailgate.store.business import is_pattern  # noqa: PLC0415

    if not is_pattern(name) and (wrong := address_complaint(name)):
        raise CommandError(wrong)
    present = _business.catalogue(call)
    targets = {OWN_STORE, *call.settings().targets}
    for kind, value, known in (
        ("script", script, present.scripts), ("queue", queue, present.queues), ("target", target, targets),
    ):  # fmt: skip
        _business.require(kind, value or "", known)
    said = {"script": script, "queue": queue, "target": target, "enabled": enabled}
    route = replace(
        _present(call, name) or Route(name),
        **{k: v for k, v in said.items() if v is not None},  # type: ignore[arg-type]
    )
    _business.put(call, route, dry_run=dry_run, take_over=take_over)


def _present(call: Call, name: str) -> "Route | None":
    """Return the address or pattern of exactly this name, as it was written."""
    from mailgate.cli._store import reading  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.business import export, normal_address  # noqa: PLC0415

    with reading(call) as (_store, connection):
        found = {route.address: route for route in export(connection).addresses}
    return found.get(normal_address(name))


@address.command()
@click.argument("name", metavar="ADDRESS")
@_business.change_options
@pass_call
def remove(call: Call, name: str, *, dry_run: bool, take_over: bool) -> None:
    """Remove an address or a pattern: mail to it is refused from then on."""
    _business.remove(call, "address", name, (), dry_run=dry_run, take_over=take_over)


def _row(route: "Route") -> tuple[object, ...]:
    return (route.address, route.script, route.queue, route.target, route.enabled)


def users_of(found: "Catalogue", key: str, name: str) -> list[str]:
    """Return the addresses whose `key` (script, queue) is `name`."""
    routes = (*found.routes.values(), *found.patterns)
    return [f"address {route.address}" for route in routes if getattr(route, key) == name]


COMMAND = address
