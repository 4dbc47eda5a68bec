"""`mailgate ticket`: tickets in lists and one by one."""

from collections.abc import Iterator
from typing import Any

import click

from mailgate.cli._options import Call, CommandError, clean, json_option, pass_call, print_json, print_table
from mailgate.cli._store import plain, reading, when

# An entry's text in `show`: enough to know it by; `--json` has all of it.
SHOWN = 200


@click.group("ticket")
def ticket() -> None:
    """Look at tickets."""


@ticket.command("list")
@click.option("--queue", default="", help="Only tickets of this queue.")
@click.option("--status", default="", help="Only tickets with this status.")
@click.option("--before", default=0, metavar="ID", help="Only tickets below this id: the next page.")
@click.option("--limit", default=50, show_default=True, help="Show so many tickets at most.")
@json_option
@pass_call
def list_(call: Call, queue: str, status: str, before: int, limit: int, *, as_json: bool) -> None:
    """Show tickets, newest first."""
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        found = queries.list_tickets(connection, queue=queue, status=status, before_id=before, limit=limit)
    if as_json:
        print_json([plain(row) for row in found])
        return
    print_table(
        ("id", "number", "queue", "status", "priority", "agent", "touched", "subject"),
        [
            (
                row["id"], row["number"], row["queue"], row["status"], row["priority"], row["agent"],
                when(row["touched_at"]), row["subject"],
            )
            for row in found
        ],
    )  # fmt: skip


@ticket.command()
@click.argument("number")
@json_option
@pass_call
def show(call: Call, number: str, *, as_json: bool) -> None:
    """Show one ticket with its contact, sessions and history. Exit 1 if there is none with this number."""
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        found = queries.ticket(connection, number)
    if found is None:
        raise CommandError(f"there is no ticket {number!r}; `mailgate ticket list` shows the newest")
    if as_json:
        print_json(plain(found))
        return
    for line in _lines(found):
        click.echo(clean(line))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['number']}  {found['subject']}"
    for key in ("queue", "status", "priority", "agent", "categories"):
        if found[key]:
            yield f"  {key}: {found[key]}"
    contact = found["contact"]
    if contact is not None:
        addresses = ", ".join(one["address"] for one in contact["addresses"])
        company = f", {contact['company']}" if contact["company"] else ""
        yield f"  contact: {contact['name'] or addresses} <{addresses}>{company}"
    if found["claims"]:
        yield f"  claims to belong to {found['claims_number']}: not proven"
    for session in found["sessions"]:
        yield f"  session {session['id']}: {session['state']} since {when(session['last_at'])}"
    for entry in found["entries"]:
        yield f"  {when(entry['at'])} {entry['kind']} by {entry['author']}"
        if entry["field"]:
            yield f"    {entry['field']}: {entry['old']!r} -> {entry['new']!r}"
        text = " ".join(entry["text"].split())
        if text:
            yield f"    {text[:SHOWN]}{'…' if len(text) > SHOWN else ''}"
    for row in found["outbox"]:
        yield f"  sent to {row['to_address']}: {row['state']} {row['reason'] or row['last_reply']}".rstrip()


COMMAND = ticket
