"""`mailgate ticket`: tickets in lists and one by one."""

import click

from mailgate.cli._options import Call, CommandError, json_option, pass_call, print_json, print_table
from mailgate.cli._store import reading, when
from mailgate.cli._tables import cut, json_row, limit_option, more, show


@click.group("ticket")
def ticket() -> None:
    """Look at tickets."""


@ticket.command("list")
@click.option("--queue", default="", help="Only tickets of this queue.")
@click.option("--status", default="", help="Only tickets with this status, such as open.")
@click.option(
    "--contact", default="", metavar="ADDRESS", help="Only tickets of the contact with this address."
)
@click.option("--agent", default="", help="Only tickets of this agent.")
@limit_option("tickets")
@json_option
@pass_call
def list_(
    call: Call, queue: str, status: str, contact: str, agent: str, limit: int, *, as_json: bool
) -> None:
    r"""Show the newest tickets; several filters must all hold. Times are UTC.

    \b
    mailgate ticket list --queue support --status open
    mailgate ticket list --contact anna@customer.example --json
    """
    from mailgate.store.listings import tickets  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        found = tickets(connection, queue=queue, status=status, contact=contact, agent=agent, limit=limit + 1)
    if as_json:
        print_json([json_row(row) for row in found[:limit]])
    elif not found:
        click.echo("no ticket")
    else:
        print_table(
            ("number", "queue", "status", "priority", "agent", "contact", "touched", "subject"),
            [
                (
                    row["number"], row["queue"], row["status"], row["priority"], row["agent"],
                    cut(row["contact"]), when(row["touched_at"]), cut(row["subject"]),
                )
                for row in found[:limit]
            ],
        )  # fmt: skip
    more(len(found), limit, "tickets")


@ticket.command("show")
@click.argument("number")
@json_option
@pass_call
def show_(call: Call, number: str, *, as_json: bool) -> None:
    """Show one ticket: contact, conversations, history, and what was sent. Exit 1 if there is none.

    `mailgate log NUMBER` shows why its mails became what they are.
    """
    from mailgate.cli._ticket import ticket_lines  # noqa: PLC0415  --help must not pay for it
    from mailgate.store import queries  # noqa: PLC0415
    from mailgate.store.listings import proper_number, ticket_number  # noqa: PLC0415

    with reading(call) as (_store, connection):
        found = queries.ticket(connection, proper_number(number))
        if found is None:
            raise CommandError(f"there is no ticket {number!r}; `mailgate ticket list` shows the newest")
        found["merged_number"] = ticket_number(connection, found["merged_into"])
    if as_json:
        print_json(json_row(found))
    else:
        show(ticket_lines(found))


COMMAND = ticket
