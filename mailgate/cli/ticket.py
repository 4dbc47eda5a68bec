"""`mailgate ticket`: tickets in lists and one by one; what changes them stands in `_ticket*.py`."""

from typing import Any

import click

from mailgate.cli._as import as_option
from mailgate.cli._options import Call, CommandError, json_option, pass_call, print_json, print_table
from mailgate.cli._store import when
from mailgate.cli._tables import cut, json_row, limit_option, show
from mailgate.cli._ticketchange import COMMANDS as CHANGES
from mailgate.cli._ticketdesk import catalogue, ticket_url, whole
from mailgate.cli._ticketlist import USUAL, QueryCommand, show_counts, show_list
from mailgate.cli._tickettalk import COMMANDS as TALK


@click.group("ticket")
def ticket() -> None:
    """Look at tickets, answer them, and change them."""


@ticket.command("list", cls=QueryCommand)
@click.argument("query", nargs=-1)
@click.option("--queue", default="", help="The same as queue:NAME.")
@click.option("--status", default="", help="The same as status:NAME; open, waiting and closed are kinds.")
@click.option("--contact", default="", metavar="ADDRESS", help="The same as contact:ADDRESS.")
@click.option("--agent", default="", help="The same as agent:NAME.")
@click.option(
    "--sort", default="", type=click.Choice(["", "touched", "created", "due", "priority"]), help="The order."
)
@click.option("--columns", default=USUAL, show_default=True, help="What to show, separated by commas.")
@click.option("--after", default="", metavar="CURSOR", help="Go on where the page before ended.")
@click.option("--paged", is_flag=True, help="With --json: an object of tickets and the next page's cursor.")
@click.option("--counts", is_flag=True, help="Instead: how many tickets each queue has in each status.")
@click.option("--as", "viewer", default="", metavar="AGENT", help="Only what this agent may see.")
@limit_option("tickets")
@json_option
@pass_call
def list_(
    call: Call,
    /,
    query: tuple[str, ...],
    limit: int,
    after: str,
    columns: str,
    viewer: str,
    *,
    paged: bool,
    counts: bool,
    as_json: bool,
    **shorthands: str,
) -> None:
    r"""Show tickets, newest touched first. QUERY is filters that must all hold, and words to look for.

    \b
    mailgate ticket list status:open queue:support late:reaction
    mailgate ticket list -status:closed agent:none created:>7d sort:priority
    mailgate ticket list contact:anna@customer.example '"order 4711"' invoice
    mailgate ticket list --queue support --status open --json

    Filters: status queue agent priority tag category contact company group number created touched due late
    has session. Several values: status:open,waiting. Times are UTC. docs/helpdesk.md has the whole language.
    """
    if counts:
        show_counts(call, viewer, as_json=as_json)
        return
    show_list(
        *(call, query, shorthands),
        limit=limit,
        after=after,
        columns=columns,
        viewer=viewer,
        as_json=as_json,
        paged=paged,
    )


@ticket.command("show")
@click.argument("number")
@as_option
@json_option
@pass_call
def show_(call: Call, number: str, agent: str, *, as_json: bool) -> None:
    r"""Show one ticket: contact, conversations, history, links, reminders, and what was sent.

    Exit 1 if there is none. `mailgate log NUMBER` shows why its mails became what they are.

    \b
    mailgate ticket show T-7
    """
    from mailgate.cli._ticket import ticket_lines  # noqa: PLC0415  --help must not pay for it

    found = _seen(call, number, agent)
    if as_json:
        print_json(json_row(found))
    else:
        show(ticket_lines(found))


@ticket.command()
@click.argument("number")
@as_option
@json_option
@pass_call
def history(call: Call, number: str, agent: str, *, as_json: bool) -> None:
    r"""Show what was changed: when, by whom, what, from what to what, and by which rule. Times are UTC.

    Where others were merged into it the column TICKET says at which of them it was.

    \b
    mailgate ticket history T-7
    """
    from mailgate.cli._ticket import history_rows  # noqa: PLC0415  --help must not pay for it

    found = _seen(call, number, agent)
    rows = history_rows(found)
    if as_json:
        print_json([json_row(row) for row in rows])
        return
    # Only where others were merged into it, or it was split off, are there lines that were written elsewhere.
    several = any(row["ticket"] != found["number"] for row in rows)
    print_table(
        ("when", *(("ticket",) if several else ()), "who", "what", "from", "to", "rule"),
        [
            (
                when(row["at"]),
                *((row["ticket"],) if several else ()),
                *(row["by"], row["what"], cut(row["old"]), cut(row["new"]), row["rule"]),
            )
            for row in rows
        ],
    )


@ticket.command("link-url")
@click.argument("number")
@as_option
@pass_call
def link_url(call: Call, number: str, agent: str) -> None:
    r"""Print the address of a ticket that can be copied into a mail or a chat (setting link_url).

    \b
    mailgate ticket link-url T-7
    """
    found = _seen(call, number, agent)
    url = ticket_url(call, found)
    if not url:
        text = "nobody has said where the desk is; `mailgate helpdesk set link_url https://desk.example.org/t/{number}`"
        raise CommandError(text)
    click.echo(url)


@ticket.command()
@click.argument("number")
@click.argument("entry_id", type=click.IntRange(min=1), metavar="ENTRY")
@click.option("--raw", is_flag=True, help="The mail itself, octet by octet as it came in.")
@as_option
@json_option
@pass_call
def mail(call: Call, number: str, entry_id: int, agent: str, *, raw: bool, as_json: bool) -> None:
    r"""Show the whole text of a mail that came in: the history has only what is new in an answer.

    ENTRY is its number in `mailgate ticket show`. Exit 1 if the ticket has no such mail.

    \b
    mailgate ticket mail T-7 31
    mailgate ticket mail T-7 31 --raw > mail.eml
    """
    from mailgate.cli._ticketmail import show_mail  # noqa: PLC0415  --help must not pay for it

    show_mail(call, _seen(call, number, agent), entry_id, raw=raw, as_json=as_json)


def _seen(call: Call, number: str, agent: str) -> "dict[str, Any]":
    """Return all that is known of a ticket, if that may be seen (W2)."""
    found = whole(call, number)
    if agent:
        from mailgate.cli._as import check  # noqa: PLC0415  --help must not pay for it
        from mailgate.domain.access import TicketThing, What  # noqa: PLC0415

        seen = TicketThing(found["queue"], found["agent"], found["owner_group"])
        check(catalogue(call), agent, What.SEE_TICKET, seen)
    return found


for one in (*CHANGES, *TALK):
    ticket.add_command(one)

COMMAND = ticket
