"""`mailgate unprocessed`: mails that were kept raw, or set aside, until a person looks at them."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from mailgate.cli._options import Call, CommandError, json_option, pass_call, print_json, print_table
from mailgate.cli._store import reading, when, writing
from mailgate.cli._tables import cut, json_row, limit_option, more, plural, sender, show

if TYPE_CHECKING:
    from mailgate.store.connection import Connection

ID = click.argument("delivery_id", type=click.IntRange(min=1), metavar="ID")
IDS = click.argument("ids", nargs=-1, type=click.IntRange(min=1), metavar="[ID]...")


@click.group("unprocessed")
def unprocessed() -> None:
    """Look at mails that could not be processed. Their octets are kept; nothing of them is lost."""


@unprocessed.command("list")
@click.option(
    "--aside",
    "status",
    flag_value="aside",
    help="Show bounces and automatic mail that was set aside, instead.",
)
@click.option(
    "--unparsable",
    "status",
    flag_value="unparsable",
    help="Show mails that became what the rules said, though their structure cannot be told, instead.",
)
@limit_option("mails")
@json_option
@pass_call
def list_(call: Call, limit: int, status: str | None, *, as_json: bool) -> None:
    r"""Show them, newest first, with what went wrong. Times are UTC.

    \b
    mailgate unprocessed list
    mailgate unprocessed list --aside --json
    """
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it

    status = status or "unprocessed"
    with reading(call) as (_store, connection):
        found = queries.list_deliveries(connection, status=status, limit=limit + 1)
        odd = queries.counts_by_status(connection)["unparsable"]
    if as_json:
        print_json([json_row(row) for row in found[:limit]])
    elif not found:
        click.echo("nothing was set aside" if status == "aside" else f"nothing is {status}")
    else:
        print_table(
            ("id", "received", "from", "to", "subject", "why"),
            [
                (
                    row["id"], when(row["received_at"]), cut(sender(row["sender"])), cut(row["recipient"]),
                    cut(row["subject"]), cut(row["error"] or row["reason"]),
                )
                for row in found[:limit]
            ],
        )  # fmt: skip
    more(len(found), limit, "mails")
    if odd and status == "unprocessed":
        click.echo(
            f"{plural(odd, 'mail')} cannot be parsed: mailgate unprocessed list --unparsable", err=True
        )


@unprocessed.command("show")
@ID
@json_option
@pass_call
def show_(call: Call, delivery_id: int, *, as_json: bool) -> None:
    """Show all that is known of one; `mailgate unprocessed raw ID` shows the mail itself."""
    from mailgate.cli._story import story  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.listings import script_as_it_ran  # noqa: PLC0415

    with reading(call) as (_store, connection):
        found = _waiting(connection, delivery_id)
        source = script_as_it_ran(connection, found)
    if as_json:
        print_json(json_row(found))
    else:
        show(story([(found, source)]))


@unprocessed.command()
@ID
@pass_call
def raw(call: Call, delivery_id: int) -> None:
    r"""Write the mail to standard output, octet by octet as it came in.

    \b
    mailgate unprocessed raw 17 > mail.eml
    """
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.blobs import open_buffer  # noqa: PLC0415

    with reading(call) as (store, connection):
        found = _delivery(connection, delivery_id)
        octets = queries.octets(connection, store.blobs, found["message_id"])
        sys.stdout.buffer.write(open_buffer(octets))
        sys.stdout.buffer.flush()


@unprocessed.command()
@IDS
@click.option("--all", "every", is_flag=True, help="All that are unprocessed, the oldest first.")
@pass_call
def retry(call: Call, ids: Sequence[int], *, every: bool) -> None:
    r"""Process them again with the rules of now, each exactly once; what fails again stays, with its error.

    The running gateway does it, or this command itself where none is running. Exit 1 if any stays.

    \b
    mailgate unprocessed retry 17
    mailgate unprocessed retry --all
    """
    from mailgate.cli._again import process_again  # noqa: PLC0415  --help must not pay for it

    wanted = _chosen(call, ids, every=every)
    stay = 0
    for one, outcome in process_again(call, wanted):
        stay += bool(outcome["error"])
        click.echo(f"{one}: {outcome['error'] or outcome['summary'] or outcome['status']}")
    if stay:
        raise CommandError(f"{stay} of {len(wanted)} stay as they are")
    if not wanted:
        click.echo("nothing is unprocessed")


@unprocessed.command()
@IDS
@click.option("--all", "every", is_flag=True, help="All that are unprocessed.")
@pass_call
def delete(call: Call, ids: Sequence[int], *, every: bool) -> None:
    """Take them off the list: nothing becomes of them. The mails themselves stay in the store."""
    from mailgate.cli._who import who  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.listings import put_away  # noqa: PLC0415

    wanted = _chosen(call, ids, every=every)
    if wanted:
        with writing(call) as (_store, writer):
            writer.submit(lambda tx: put_away(tx, wanted, who())).result()
    click.echo(f"{plural(len(wanted), 'mail')} taken off the list")


def _chosen(call: Call, ids: Sequence[int], *, every: bool) -> list[int]:
    """Return the deliveries that are meant; raises CommandError for one that does not wait."""
    if bool(ids) == every:
        raise click.UsageError("say which mails: their ids, or --all")
    with reading(call) as (_store, connection):
        if every:
            return _every(connection)
        return [int(_waiting(connection, one)["id"]) for one in dict.fromkeys(ids)]


def _every(connection: "Connection") -> list[int]:
    """Return every unprocessed delivery, the oldest first, read page by page."""
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it

    found: list[int] = []
    before = 0
    while page := queries.list_deliveries(connection, status="unprocessed", before_id=before):
        found += [int(row["id"]) for row in page]
        before = found[-1]
    return sorted(found)


def _delivery(connection: "Connection", delivery_id: int) -> dict[str, Any]:
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it

    found = queries.delivery(connection, delivery_id)
    if found is None:
        raise CommandError(f"there is no mail {delivery_id}; `mailgate unprocessed list` shows them")
    return found


def _waiting(connection: "Connection", delivery_id: int) -> dict[str, Any]:
    from mailgate.store.again import WAITING  # noqa: PLC0415  --help must not pay for it

    found = _delivery(connection, delivery_id)
    if found["status"] not in WAITING:
        raise CommandError(
            f"{delivery_id} is not unprocessed, it is {found['status']};"
            f" `mailgate log {found['trace_id']}` tells its story"
        )
    return found


COMMAND = unprocessed
