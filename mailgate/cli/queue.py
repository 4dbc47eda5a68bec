"""`mailgate queue`: what waits to be sent, as mail admins know it from Postfix."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from mailgate.cli._options import Call, CommandError, json_option, pass_call, print_json, print_table
from mailgate.cli._store import plain, reading, tell, when, writing

if TYPE_CHECKING:
    from mailgate.store.transaction import Transaction

STATES = ("waiting", "leased", "held", "given_up", "digest", "sent")
IDS = click.argument("ids", nargs=-1, required=True, type=click.IntRange(min=1), metavar="ID...")
TIMES = frozenset({"due", "created_at", "finished_at", "lease_until"})
# Who did it, in the audit.
WHO = "command line"


@click.group("queue")
def queue() -> None:
    """Look at outgoing mail, and hold, release, flush or delete it (ticket queues: `ticketqueue`)."""


@queue.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only rows in this state.")
@click.option("--after", default=0, metavar="ID", help="Only rows above this id: the next page.")
@click.option("--limit", default=50, show_default=True, help="Show so many rows at most.")
@json_option
@pass_call
def list_(call: Call, state: str | None, after: int, limit: int, *, as_json: bool) -> None:
    """Show what is not sent yet: state, next try, reason and the other side's last words."""
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        found = queries.list_outbox(connection, state=state or "", after_id=after, limit=limit)
    if as_json:
        print_json([plain(row) for row in found])
        return
    print_table(
        ("id", "state", "kind", "to", "target", "tries", "next", "why"),
        [
            (
                row["id"], row["state"], row["kind"], row["to_address"], row["target"] or "relay",
                row["attempts"], when(row["due"]) if row["state"] == "waiting" else "",
                row["reason"] or row["last_reply"],
            )
            for row in found
        ],
    )  # fmt: skip


@queue.command()
@click.argument("row_id", type=click.IntRange(min=1), metavar="ID")
@json_option
@pass_call
def show(call: Call, row_id: int, *, as_json: bool) -> None:
    """Show one row with all that is known of it."""
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        found = queries.outbox_row(connection, row_id)
    if found is None:
        raise CommandError(f"there is no row {row_id} in the outbox")
    if as_json:
        print_json(plain(found))
        return
    for name, value in plain(found).items():
        if value not in ("", 0, None):
            click.echo(f"{name}: {when(value) if name in TIMES else value}")


@queue.command()
@click.argument("ids", nargs=-1, type=click.IntRange(min=1), metavar="[ID]...")
@pass_call
def flush(call: Call, ids: Sequence[int]) -> None:
    """Try waiting rows now: those named, or all."""
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it

    _change(call, lambda tx: outbox_rows.flush(tx, list(ids) or None, WHO), "due now", ids)


@queue.command()
@IDS
@pass_call
def hold(call: Call, ids: Sequence[int]) -> None:
    """Keep waiting rows from being sent, until `release`."""
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it

    _change(call, lambda tx: outbox_rows.hold(tx, ids, WHO), "held", ids)


@queue.command()
@IDS
@pass_call
def release(call: Call, ids: Sequence[int]) -> None:
    """Let held or given up rows be sent now; their tries begin again."""
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it

    _change(call, lambda tx: outbox_rows.release(tx, ids, WHO), "released", ids)


@queue.command()
@IDS
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_call
def delete(call: Call, ids: Sequence[int], *, yes: bool) -> None:
    """Remove rows that are not under way; received mails and tickets stay."""
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it

    if not yes:
        click.confirm(f"delete {len(ids)} rows for good?", abort=True)
    _change(call, lambda tx: outbox_rows.delete(tx, ids, WHO), "deleted", ids)


def _change(call: Call, work: "Callable[[Transaction], int]", word: str, ids: Sequence[Any]) -> None:
    with writing(call) as (_store, writer):
        count = writer.submit(work).result()
    click.echo(f"{count} rows {word}")
    tell(call, "wake")
    if ids and count < len(ids):
        raise CommandError(
            f"{len(ids) - count} of the rows are not there, or in a state that this does not fit"
        )


COMMAND = queue
