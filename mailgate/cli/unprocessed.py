"""`mailgate unprocessed`: mails that were kept raw, or set aside, until a person looks at them."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from mailgate.cli._options import Call, CommandError, json_option, pass_call, print_json, print_table
from mailgate.cli._store import plain, reading, tell, when, writing

if TYPE_CHECKING:
    from mailgate.business import Business
    from mailgate.store.connection import Connection
    from mailgate.store.db import Store
    from mailgate.store.unit import DeliveryOutcome, Incoming

ID = click.argument("delivery_id", type=click.IntRange(min=1), metavar="ID")


@click.group("unprocessed")
def unprocessed() -> None:
    """Look at mails that could not be processed; their octets are kept, nothing of them is lost."""


@unprocessed.command("list")
@click.option("--aside", is_flag=True, help="Bounces and automatic answers that were set aside, instead.")
@click.option("--before", default=0, metavar="ID", help="Only mails below this id: the next page.")
@click.option("--limit", default=50, show_default=True, help="Show so many mails at most.")
@json_option
@pass_call
def list_(call: Call, before: int, limit: int, *, aside: bool, as_json: bool) -> None:
    """Show them, newest first."""
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it

    status = "aside" if aside else "unprocessed"
    with reading(call) as (_store, connection):
        found = queries.list_deliveries(connection, status=status, before_id=before, limit=limit)
    if as_json:
        print_json([plain(row) for row in found])
        return
    print_table(
        ("id", "received", "from", "to", "subject", "why"),
        [
            (
                row["id"], when(row["received_at"]), row["sender"], row["recipient"], row["subject"],
                row["error"] or row["reason"],
            )
            for row in found
        ],
    )  # fmt: skip


@unprocessed.command()
@ID
@json_option
@pass_call
def show(call: Call, delivery_id: int, *, as_json: bool) -> None:
    """Show all that is known of one."""
    with reading(call) as (_store, connection):
        found = _delivery(connection, delivery_id)
    if as_json:
        print_json(plain(found))
        return
    for name, value in plain(found).items():
        if value not in ("", 0, None, []):
            click.echo(f"{name}: {value}")


@unprocessed.command()
@ID
@pass_call
def raw(call: Call, delivery_id: int) -> None:
    """Write the mail as it came in, octet by octet, to standard output."""
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.blobs import open_buffer  # noqa: PLC0415

    with reading(call) as (store, connection):
        found = _delivery(connection, delivery_id)
        octets = queries.octets(connection, store.blobs, found["message_id"])
        sys.stdout.buffer.write(open_buffer(octets)[:])


@unprocessed.command()
@click.argument("ids", nargs=-1, type=click.IntRange(min=1), metavar="[ID]...")
@pass_call
def retry(call: Call, ids: Sequence[int]) -> None:
    """Process them again with the rules of now: those named, or all that are unprocessed.

    What fails again stays where it is. Exit 1 if any did.
    """
    from mailgate.business import Business  # noqa: PLC0415  --help must not pay for it
    from mailgate.store import again, queries  # noqa: PLC0415
    from mailgate.wiring import load_keys  # noqa: PLC0415

    settings = call.settings(resolve_secrets=True)
    failed = 0
    with writing(call) as (store, writer):
        business = Business(store, settings, load_keys(settings.keys_path), lambda _error: None)
        if error := business.reload():
            raise CommandError(f"the rules cannot be read: {error}")
        with queries.reading(store) as connection:
            wanted = list(ids) or _all(connection)
            incoming = {one: _incoming(call, store, connection, one, business) for one in wanted}
        for one, mail in incoming.items():
            outcome: DeliveryOutcome = writer.submit(
                lambda tx, one=one, mail=mail: again.reprocess(tx, one, mail, business.rules)  # type: ignore[misc]
            ).result()
            failed += bool(outcome.error)
            click.echo(f"{one}: {outcome.error or outcome.summary}")
    if not wanted:
        click.echo("nothing is unprocessed")
    tell(call, "wake")
    if failed:
        raise CommandError(f"{failed} of {len(wanted)} stay unprocessed")


def _all(connection: "Connection") -> list[int]:
    """Return every unprocessed delivery, the oldest first, page by page."""
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it

    found: list[int] = []
    before = 0
    while page := queries.list_deliveries(connection, status="unprocessed", before_id=before):
        found += [row["id"] for row in page]
        before = found[-1]
    return sorted(found)


def _incoming(
    call: Call, store: "Store", connection: "Connection", delivery_id: int, business: "Business"
) -> "Incoming":
    """Return the stored mail as the pipeline would hand it over, its facts gathered anew."""
    import asyncio  # noqa: PLC0415  --help must not pay for it

    from mailgate.checks.gather import gather_facts  # noqa: PLC0415
    from mailgate.domain.message.view import MessageView  # noqa: PLC0415
    from mailgate.store.again import received_of  # noqa: PLC0415
    from mailgate.store.blobs import open_buffer  # noqa: PLC0415
    from mailgate.store.unit import Incoming  # noqa: PLC0415
    from mailgate.wiring import check_policy, load_keys  # noqa: PLC0415

    settings = call.settings(resolve_secrets=True)
    _delivery(connection, delivery_id)
    received = received_of(connection, store.blobs, delivery_id)
    view = MessageView.parse(open_buffer(received.octets))
    policy = check_policy(settings, load_keys(settings.keys_path), business.own)
    return Incoming(received, view, asyncio.run(gather_facts(received, view, policy)))


def _delivery(connection: "Connection", delivery_id: int) -> dict[str, Any]:
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it

    found = queries.delivery(connection, delivery_id)
    if found is None or found["status"] not in {"unprocessed", "aside"}:
        raise CommandError(f"{delivery_id} is not unprocessed; `mailgate unprocessed list` shows what is")
    return found


COMMAND = unprocessed
