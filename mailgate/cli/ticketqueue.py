"""`mailgate ticketqueue`: the queues that tickets lie in (`mailgate queue` is the outgoing mail's)."""

from typing import TYPE_CHECKING, Any

import click

from mailgate.cli import _business
from mailgate.cli._options import Call, json_option, pass_call

if TYPE_CHECKING:
    from mailgate.domain.routing import Queue

HEADERS = ("name", "address", "from_name", "language", "enabled", "addresses", "tickets", "file")
HOURS = ("hours", "timezone", "holidays")


@click.group("ticketqueue")
def ticketqueue() -> None:
    """Look at and change the queues of tickets.

    `mailgate queue` is another one: the outgoing mail.
    """


@ticketqueue.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    """Show all queues, how many addresses lead there, how many tickets lie there, and which file says so."""
    found, counts = _business.present(call), _tickets(call)
    rows = [
        (
            *(getattr(one, key) for key in HEADERS[:5]),
            sum(route.queue == name for route in found.business.addresses),
            sum(counts.get(name, {}).values()),
            found.origins["queue", name],
        )
        for name, one in found.all("queue").items()
    ]
    _business.show_list(HEADERS, rows, as_json=as_json)


def _tickets(call: Call) -> dict[str, dict[str, int]]:
    """Return how many tickets each queue has, by status."""
    from mailgate.cli._store import reading  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.queries import ticket_counts  # noqa: PLC0415

    counts: dict[str, dict[str, int]] = {}
    with reading(call) as (_store, connection):
        for row in ticket_counts(connection):
            if row["n"]:
                counts.setdefault(row["queue"], {})[row["status"]] = row["n"]
    return counts


@ticketqueue.command()
@click.argument("name")
@json_option
@pass_call
def show(call: Call, name: str, *, as_json: bool) -> None:
    """Show one queue: its settings, who uses it, and its tickets by status."""
    from mailgate.cli._items import users  # noqa: PLC0415  --help must not pay for it

    found = _business.present(call)
    item = _business.named(found, "queue", name)
    counts = _tickets(call).get(name, {})
    values: dict[str, Any] = {key: getattr(item, key) for key in HEADERS[:5]}
    values |= {key: getattr(item, key) for key in HOURS}
    values["used_by"] = users("queue", name, found.catalogue, found.business.addresses)
    values["tickets"] = counts if as_json else [f"{n} {status}" for status, n in counts.items()]
    values["file"] = found.origins["queue", name]
    _business.show_one(values, as_json=as_json)


def _options(function: Any) -> Any:
    for option in (
        _business.change_options,
        click.option("--enabled/--disabled", default=None, help="Whether it takes tickets."),
        click.option("--holiday", "holidays", multiple=True, help="A day off: 2026-12-24, or 12-25."),
        click.option("--timezone", help="The time zone of the hours, as `Europe/Berlin`."),
        click.option("--hours", help="Business hours, as `Mon-Fri 09:00-17:00`; empty is always."),
        click.option("--language", help="The language of its texts, as `de`."),
        click.option("--from-name", help="The name beside that address."),
        click.option("--address", help="The address that its answers are sent from."),
    ):
        function = option(function)
    return function


def _changed(queue: "Queue", said: dict[str, Any]) -> "Queue":
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    return replace(queue, **{key: value for key, value in said.items() if value not in (None, ())})


@ticketqueue.command("add")
@click.argument("name")
@_options
@pass_call
def add(call: Call, /, name: str, *, dry_run: bool, take_over: bool, **said: Any) -> None:
    r"""Add a queue.

    \b
    mailgate ticketqueue add support --address support@example.com --from-name "Example Support"
    """
    from mailgate.domain.routing import Queue  # noqa: PLC0415  --help must not pay for it

    _business.add(call, _changed(Queue(name), said), _business.How(dry_run, take_over))


@ticketqueue.command("set")
@click.argument("name")
@_options
@pass_call
def set_(call: Call, /, name: str, *, dry_run: bool, take_over: bool, **said: Any) -> None:
    r"""Change a queue; what is not said stays as it is.

    \b
    mailgate ticketqueue set support --language de
    """

    def make(found: Any) -> Any:
        return _changed(_business.named(found, "queue", name), said)  # type: ignore[arg-type]

    _business.put(call, make, _business.How(dry_run, take_over))


@ticketqueue.command()
@click.argument("name")
@_business.change_options
@pass_call
def remove(call: Call, name: str, *, dry_run: bool, take_over: bool) -> None:
    """Remove a queue that no address and no script names; its tickets stay.

    `mailgate ticketqueue set NAME --disabled` keeps it for them and lets no new ones in.
    """
    _business.remove(call, "queue", name, _business.How(dry_run, take_over))


COMMAND = ticketqueue
