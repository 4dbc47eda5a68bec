"""`mailgate contact`: the people and companies that write to us; by hand, from files, and two made one."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mailgate.cli import _people
from mailgate.cli._as import as_option
from mailgate.cli._contactfiles import export_, import_
from mailgate.cli._desk import version_option
from mailgate.cli._failing import failing
from mailgate.cli._options import Call, clean, json_option, pass_call, print_json
from mailgate.cli._store import reading
from mailgate.cli._tables import json_row, limit_option, more, plural

if TYPE_CHECKING:
    from mailgate.domain.people.card import Value
    from mailgate.store.contact_changes import Changed, Merged
    from mailgate.store.contacts import Known
    from mailgate.store.transaction import Transaction

F = TypeVar("F", bound=Callable[..., Any])


@click.group("contact")
def contact() -> None:
    """Look at and change the contacts: who writes to us, and what is known of them."""


@contact.command("list")
@click.argument("term", default="")
@_people.filter_options
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="ID", help="Go on behind this id.")
@limit_option("contacts")
@as_option
@json_option
@pass_call
def list_(
    call: Call, /, term: str, *, after: int, limit: int, agent: str, as_json: bool, **filters: Any
) -> None:
    r"""Show contacts; TERM is the beginning of a name or of an address. Several filters must all hold.

    \b
    mailgate contact list ann
    mailgate contact list anna@customer
    mailgate contact list --vip --company customer.example --json
    """
    from mailgate.store.contacts import Wanted, contacts  # noqa: PLC0415  --help must not pay for it

    if term and after:
        raise click.UsageError("--after goes through all contacts; with a TERM write more of it instead")
    kind = filters.pop("kind_")
    with reading(call) as (_store, connection):
        _people.seen_by(connection, agent)
        found = contacts(connection, Wanted(term, after=after, type=kind, **filters), limit + 1)
    if as_json:
        print_json([_people.as_json(one) for one in found[:limit]])
    elif not found:
        click.echo("no contact")
    else:
        _people.print_contacts(found[:limit])
    if len(found) > limit and not term:
        click.echo(f"there are more contacts; `--after {found[limit - 1].contact_id}` shows them", err=True)
    else:
        more(len(found), limit, "contacts")


@contact.command("show")
@click.argument("named", metavar="CONTACT")
@click.option("--history", "all_history", is_flag=True, help="Show all changes, not only the newest.")
@as_option
@json_option
@pass_call
def show_(call: Call, named: str, *, all_history: bool, agent: str, as_json: bool) -> None:
    r"""Show one contact, by its id or any of its addresses: values, where they came from, tickets, changes.

    With --as AGENT only the tickets that this agent may see.

    \b
    mailgate contact show anna@customer.example
    mailgate contact show 17 --json
    """
    from mailgate.store.contacts import history, merged_ids, tickets_of  # noqa: PLC0415  as above

    with reading(call) as (_store, connection):
        seen = _people.seen_by(connection, agent)
        one = _people.known(connection, named)
        merged = merged_ids(connection, one.contact_id)
        tickets = tickets_of(connection, one.contact_id, _people.NEWEST, seen)
        changes = history(connection, one.contact_id, 10_000 if all_history else _people.NEWEST)
    if as_json:
        more_of_it = {"merged": merged, "tickets": [json_row(row) for row in tickets]}
        print_json({**_people.as_json(one), **more_of_it, "history": _people.history_json(changes)})
        return
    _people.say(_people.contact_lines(one, merged, tickets))
    _people.say(_people.history_lines(changes))


def value_options(function: F) -> F:
    """Add an option for each value that a person sets."""
    for option in (
        click.option("--note", help="A text for those who answer."),
        click.option(
            "--category", "categories", multiple=True, help="A category; these replace those before."
        ),
        click.option("--phone", help="A phone number."),
        click.option("--portal/--no-portal", default=None, help="Whether the customer portal is open."),
        click.option("--language", help="The language to write in, such as de or pt-BR."),
        click.option("--salutation", help="How a letter begins: 'Dear Ms Berg'."),
        click.option("--vip/--no-vip", default=None, help="Whether it is a VIP."),
        click.option("--type", help="What it is, one word: person, company, partner …"),
        click.option("--company", help="The company's name; a new one is made."),
        click.option("--name", help="The name to be shown."),
    ):
        function = option(function)
    return function


def _said(options: dict[str, Any]) -> "dict[str, Value]":
    """Return the values that were said, checked; raises UsageError with all that is wrong."""
    from mailgate.domain.people.card import read_value  # noqa: PLC0415  --help must not pay for it

    said: dict[str, Value] = {}
    wrong: list[str] = []
    for name, value in options.items():
        if value is None or value == ():
            continue
        try:
            text = ";".join(value) if isinstance(value, tuple) else value
            said[name] = value if isinstance(value, bool) else read_value(name, text)
        except ValueError as error:
            wrong.append(f"--{name}: {error}")
    if wrong:
        raise click.UsageError("\n".join(wrong))
    return said


def _addresses(*addresses: str) -> None:
    from mailgate.domain.people.card import address_complaint  # noqa: PLC0415  --help must not pay for it

    wrong = [text for one in addresses if (text := address_complaint(one))]
    if wrong:
        raise click.UsageError("\n".join(wrong))


def _tell(done: "Changed") -> None:
    """Say what changed, from what to what."""
    from mailgate.domain.people.stale import told  # noqa: PLC0415  --help must not pay for it

    if not done.after:
        click.echo("nothing to change")
        return
    click.echo(f"contact {done.contact_id} {'added' if done.created else 'changed'}")
    for name, now in done.after.items():
        was = told(done.before.get(name))
        click.echo(clean(f"  {name}: {was or 'nothing'} -> {told(now) or 'nothing'}"))


@contact.command("add")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@value_options
@as_option
@pass_call
def add(call: Call, /, addresses: tuple[str, ...], *, agent: str, **values: Any) -> None:
    r"""Add a contact with one address or more; the first is the one that we write to.

    Without --company it joins the company that the address' domain belongs to, if there is one.

    \b
    mailgate contact add anna@customer.example --name "Anna Berg" --type person --vip
    """
    from mailgate.store import contact_changes  # noqa: PLC0415  --help must not pay for it

    said = _said(values)
    _addresses(*addresses)
    done = _people.written(
        call,
        lambda tx, who: contact_changes.create(tx, addresses, said, contact_changes.By(who)),
        agent,
    )
    _tell(done)


@contact.command("set")
@click.argument("named", metavar="CONTACT")
@value_options
@click.option("--add-address", "added", multiple=True, metavar="ADDRESS", help="A further address.")
@click.option("--remove-address", "removed", multiple=True, metavar="ADDRESS", help="An address to forget.")
@click.option("--first-address", "first", default="", metavar="ADDRESS", help="The address to write to.")
@click.option("--add-category", multiple=True, metavar="WORD", help="One category more.")
@click.option("--remove-category", multiple=True, metavar="WORD", help="One category less.")
@version_option
@as_option
@pass_call
def set_(
    call: Call, /, named: str, *, added: tuple[str, ...], removed: tuple[str, ...], first: str,
    add_category: tuple[str, ...], remove_category: tuple[str, ...], if_version: int | None, agent: str,
    **values: Any,
) -> None:  # fmt: skip
    r"""Change a contact; what is not said stays as it is, and "" takes a value away.

    What is set here no mail and no import changes any more, unless it is told to.

    \b
    mailgate contact set anna@customer.example --salutation "Dear Ms Berg" --language de
    mailgate contact set 17 --add-address anna@private.example --if-version 3
    """
    from mailgate.domain.people.card import joined, read_value  # noqa: PLC0415  --help must not pay for it
    from mailgate.store import contact_changes as changes  # noqa: PLC0415

    said = _said(values)
    _addresses(*added, *((first,) if first else ()))

    def work(tx: "Transaction", who: str) -> "Changed":
        one = _people.known(tx, named)
        wanted = dict(said)
        if add_category or remove_category:
            less = {word.casefold() for word in remove_category}
            now = joined(one.card.categories, read_value("categories", ";".join(add_category)))
            wanted["categories"] = tuple(word for word in now if word.casefold() not in less)
        addresses = changes.Addresses(added, removed, first)
        by = changes.By(who)
        return changes.change(tx, one.contact_id, wanted, by, addresses=addresses, if_version=if_version)

    _tell(_people.written(call, work, agent))


@contact.command()
@click.argument("keep")
@click.argument("other")
@click.option("--dry-run", is_flag=True, help="Show what would happen, and change nothing.")
@version_option
@as_option
@pass_call
def merge(call: Call, keep: str, other: str, *, dry_run: bool, if_version: int | None, agent: str) -> None:
    r"""Make two contacts one: KEEP gets the addresses, tickets and categories of OTHER, and what it lacks.

    OTHER is still found by its old id. If it is interrupted, say it again: what is left follows.

    \b
    mailgate contact merge anna@customer.example anna@private.example --dry-run
    mailgate contact merge 17 42
    """
    from mailgate.store import contact_changes as changes  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        kept_id, other_id = (_people.contact_id(connection, one) for one in (keep, other))

    def work(tx: "Transaction", who: str, version: int | None) -> "Merged":
        by = changes.By(who)
        return changes.merge(tx, kept_id, other_id, by, if_version=version, dry=dry_run)

    done = _people.written(call, lambda tx, who: work(tx, who, if_version), agent, "MERGE_CONTACT")
    moved, rest = done.tickets, done
    while rest.more:
        rest = _people.written(call, lambda tx, who: work(tx, who, None), agent, "MERGE_CONTACT")
        moved += rest.tickets
    click.echo(f"contact {done.other_id} {'would become' if dry_run else 'is now'} contact {done.keep_id}")
    for address in done.addresses:
        click.echo(clean(f"  address {address}"))
    if done.fields:
        click.echo(f"  gained {', '.join(done.fields)}")
    click.echo(f"  {plural(moved, 'ticket')}")
    if dry_run:
        click.echo("nothing was changed (--dry-run)")


@contact.command()
@click.argument("named", metavar="CONTACT")
@version_option
@as_option
@pass_call
def remove(call: Call, named: str, if_version: int | None, agent: str) -> None:
    r"""Forget a contact that no ticket is of, with all its addresses.

    \b
    mailgate contact remove test@customer.example
    """
    from mailgate.store import contact_changes as changes  # noqa: PLC0415  --help must not pay for it

    def work(tx: "Transaction", who: str) -> "Known":
        one = _people.contact_id(tx, named)
        return changes.remove(tx, one, changes.By(who), if_version=if_version)

    gone = _people.written(call, work, agent, "MERGE_CONTACT")
    click.echo(clean(f"contact {gone.contact_id} ({gone.card.name}) removed"))


@contact.command()
@limit_option("groups")
@as_option
@json_option
@pass_call
def duplicates(call: Call, limit: int, agent: str, *, as_json: bool) -> None:
    r"""Show contacts that are likely one: same name and company, same phone, same address but for a +detail.

    \b
    mailgate contact duplicates --limit 20
    """
    from mailgate.store import contacts  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        _people.seen_by(connection, agent)
        found = contacts.duplicates(connection, limit + 1)
    if as_json:
        groups = [
            {"why": one.why, "contacts": [_people.as_json(each) for each in one.contacts]}
            for one in found[:limit]
        ]
        print_json(groups)
    for group in () if as_json else found[:limit]:
        ids = [str(one.contact_id) for one in group.contacts]
        click.echo(f"same {group.why}: mailgate contact merge {ids[0]} {ids[1]}")
        for one in group.contacts:
            addresses = ", ".join(one.card.addresses)
            click.echo(
                clean(f"  {one.contact_id:<6} {one.card.name} <{addresses}> {one.card.phone}".rstrip())
            )
    if not found and not as_json:
        click.echo("no duplicates")
    more(len(found), limit, "groups")


contact.add_command(import_)
contact.add_command(export_)
contact.add_command(failing)

COMMAND = contact
