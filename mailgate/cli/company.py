"""`mailgate company`: the companies that contacts belong to."""

from typing import TYPE_CHECKING

import click

from mailgate.cli import _people
from mailgate.cli._as import as_option
from mailgate.cli._desk import version_option
from mailgate.cli._options import Call, CommandError, clean, json_option, pass_call, print_json, print_table
from mailgate.cli._store import reading, when
from mailgate.cli._tables import cut, fields, json_row, limit_option, more, plural

if TYPE_CHECKING:
    from mailgate.store.companies import Moved
    from mailgate.store.transaction import Transaction


@click.group("company")
def company() -> None:
    """Look at and change companies; a new sender's company is named by the domain of the address."""


@company.command("list")
@click.argument("term", default="")
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="ID", help="Go on behind this id.")
@limit_option("companies")
@as_option
@json_option
@pass_call
def list_(call: Call, term: str, after: int, limit: int, agent: str, *, as_json: bool) -> None:
    r"""Show companies; TERM is the beginning of a name.

    \b
    mailgate company list cust
    mailgate company list --after 50 --json
    """
    from mailgate.store.companies import companies  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        _people.seen_by(connection, agent)
        found = companies(connection, term, after, limit + 1)
    if as_json:
        print_json([json_row(row) for row in found[:limit]])
    elif not found:
        click.echo("no company")
    else:
        print_table(
            ("id", "name", "domain", "contacts"),
            [(row["id"], cut(row["name"]), cut(row["domain"]), row["contacts"]) for row in found[:limit]],
        )
    if len(found) > limit and not term:
        click.echo(f"there are more companies; `--after {found[limit - 1]['id']}` shows them", err=True)
    else:
        more(len(found), limit, "companies")


@company.command("show")
@click.argument("named", metavar="COMPANY")
@as_option
@json_option
@pass_call
def show_(call: Call, named: str, agent: str, *, as_json: bool) -> None:
    r"""Show one company, by its name, its domain or its id, with its contacts and changes.

    \b
    mailgate company show customer.example
    """
    from mailgate.domain.deskerror import DeskError  # noqa: PLC0415  --help must not pay for it
    from mailgate.store import companies, contacts  # noqa: PLC0415

    with reading(call) as (_store, connection):
        _people.seen_by(connection, agent)
        try:
            found = companies.company(connection, named)
        except DeskError as wrong:
            raise CommandError(str(wrong)) from None
        wanted = contacts.Wanted(company=found["name"])
        people = contacts.contacts(connection, wanted, _people.NEWEST + 1)
        history = companies.history(connection, found["id"], _people.NEWEST)
    if as_json:
        people_rows = [_people.as_json(one) for one in people]
        print_json({**json_row(found), "contacts": people_rows, "history": _people.history_json(history)})
        return
    click.echo(clean(f"company {found['id']}: {found['name']}, version {found['version']}"))
    shown = (("domain", found["domain"]), ("note", found["note"]), ("known since", when(found["created_at"])))
    _people.say(fields(shown))
    for one in people[: _people.NEWEST]:
        click.echo(
            clean(f"  contact     {one.contact_id}  {one.card.name} <{', '.join(one.card.addresses)}>")
        )
    if len(people) > _people.NEWEST:
        click.echo(clean(f"  `mailgate contact list --company {found['name']!r}` shows the others"))
    _people.say(_people.history_lines(history))


@company.command("set")
@click.argument("named", metavar="COMPANY")
@click.option("--name", help="The name to be shown.")
@click.option("--domain", help="The domain whose senders belong to it.")
@click.option("--note", help="A text for those who answer.")
@version_option
@as_option
@pass_call
def set_(
    call: Call, named: str, name: str | None, domain: str | None, note: str | None, if_version: int | None,
    agent: str,
) -> None:  # fmt: skip
    r"""Change a company; what is not said stays as it is.

    A company that was named by its domain keeps it: new senders from there still join it.

    \b
    mailgate company set customer.example --name "Customer Ltd"
    """
    from mailgate.store import companies  # noqa: PLC0415  --help must not pay for it

    said = {"name": name, "domain": domain, "note": note}
    wanted = {key: _checked(key, value) for key, value in said.items() if value is not None}
    present, changes = _people.written(
        call, lambda tx, who: companies.change(tx, named, wanted, who, if_version=if_version), agent
    )
    click.echo(f"company {present['id']} changed" if changes else "nothing to change")
    for key, value in changes.items():
        click.echo(clean(f"  {key}: {present[key] or 'nothing'} -> {value or 'nothing'}"))


def _checked(key: str, value: str) -> str:
    """Return a value as it is kept; UsageError where it makes no sense."""
    from mailgate.domain.address import split  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.contact import company_domain  # noqa: PLC0415
    from mailgate.domain.people.card import address_complaint, read_value  # noqa: PLC0415

    if key != "domain":
        text = str(read_value("note" if key == "note" else "company", value))
        if key == "name" and not text:
            raise click.UsageError("--name: a company needs a name")
        return text
    if not value:
        return ""
    address = f"x@{split(value)[1] or value}"
    if address_complaint(address):
        raise click.UsageError(f"--domain: {value!r} is no domain")
    found = company_domain(address)
    if not found:
        raise click.UsageError(f"--domain: {value!r} is a public mail provider, and nobody's own")
    return found


@company.command()
@click.argument("keep")
@click.argument("other")
@click.option("--dry-run", is_flag=True, help="Show what would happen, and change nothing.")
@version_option
@as_option
@pass_call
def merge(call: Call, keep: str, other: str, dry_run: bool, if_version: int | None, agent: str) -> None:  # noqa: FBT001  click's
    r"""Make two companies one: KEEP gets the contacts of OTHER and their tickets; OTHER is no more.

    \b
    mailgate company merge "Customer Ltd" customer.example
    """
    from mailgate.store import companies  # noqa: PLC0415  --help must not pay for it

    def work(tx: "Transaction", who: str) -> "Moved":
        return companies.merge(tx, keep, other, who, if_version=if_version, dry=dry_run)

    people, tickets, rest = 0, 0, True
    while rest:
        done = _people.written(call, work, agent, "MERGE_CONTACT")
        people, tickets, rest = people + done.contacts, tickets + done.tickets, done.more
    moved = f"{plural(people, 'contact')} and {plural(tickets, 'ticket')}"
    if dry_run:
        click.echo(f"{plural(people, 'contact')} would belong to {clean(keep)}")
        click.echo("nothing was changed (--dry-run)")
    else:
        click.echo(f"{moved} belong to {clean(keep)} now")


COMMAND = company
