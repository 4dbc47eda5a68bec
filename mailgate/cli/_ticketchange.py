"""`mailgate ticket set|assign|move|close|reopen|merge|split|link|unlink`: what becomes of a ticket."""

from typing import Any, Final

import click

from mailgate.cli._ticketdesk import TicketChange, changes, whole

# Two at once that join tickets with each other would wait for each other (PostgreSQL).
JOINING: Final = ("joining tickets",)


@click.command("set")
@changes
@click.option("--status", help="A status of the helpdesk; a closed one closes the session too.")
@click.option("--priority", help="A priority of the helpdesk.")
@click.option("--queue", help="The queue that it is moved to.")
@click.option("--agent", "to_agent", help="Who has it; '' for nobody.")
@click.option("--owner-group", "owner_group", help="The team that owns it; '' for none.")
@click.option("--subject", help="Its subject.")
@click.option("--workflow", help="The workflow that it is on; '' for none.")
@click.option("--category", "categories", multiple=True, help="A category; +NAME adds, -NAME takes away.")
@click.option("--tag", "tags", multiple=True, help="A tag; +NAME adds, -NAME takes away; '' takes all away.")
def set_(change: TicketChange, /, to_agent: str | None, **said: Any) -> None:
    r"""Set fields of a ticket; what is not said stays as it is.

    \b
    mailgate ticket set T-7 --status pending --priority high --tag +vip
    mailgate ticket set T-7 --queue sales --if-version 4
    """
    from mailgate.domain.desk.fields import Wish, set_fields, words_of  # noqa: PLC0415

    lists = {name: said.pop(name) for name in ("categories", "tags")}
    wishes: list[tuple[str, Wish]] = [(name, value) for name, value in said.items() if value is not None]
    if to_agent is not None:
        wishes.append(("agent", to_agent))
    wishes += [(name, one) for name, texts in lists.items() for one in words_of(texts)]
    if not wishes:
        raise click.UsageError("say what to set, such as --status open")
    change.make(set_fields, wishes)


@click.command()
@changes
@click.argument("to")
def assign(change: TicketChange, to: str) -> None:
    r"""Give a ticket to an agent: TO is a name, `auto` (whoever the queue's rules choose) or '' (nobody).

    With `auto` it says who has it; where nobody can take it now, it waits and is given out later.

    \b
    mailgate ticket assign T-7 anna
    mailgate ticket assign T-7 auto
    """
    from mailgate.domain.desk.fields import give  # noqa: PLC0415  --help must not pay for it

    change.make(give, to, locks=("assignment",) if to == "auto" else ())
    if to == "auto":
        _say_who(whole(change.call, change.number))


def _say_who(ticket: dict[str, Any]) -> None:
    """Say on standard error to whom a ticket was given, or that it waits (G15)."""
    if ticket["agent"]:
        click.echo(f"{ticket['number']} is {ticket['agent']}'s", err=True)
    elif ticket["closed_at"]:
        click.echo(f"{ticket['number']} is closed, so it is nobody's work", err=True)
    else:
        why = "the queue is closed, nobody is present, or all have enough"
        click.echo(f"{ticket['number']} waits, nobody can take it now: {why}", err=True)


@click.command()
@changes
@click.argument("queue")
def move(change: TicketChange, queue: str) -> None:
    r"""Move a ticket to another queue; it is answered from that queue's address then.

    \b
    mailgate ticket move T-7 sales
    """
    from mailgate.domain.desk.fields import set_fields  # noqa: PLC0415  --help must not pay for it

    change.make(set_fields, [("queue", queue)])


@click.command()
@changes
@click.option("--note", default="", help="A comment that says why.")
def close(change: TicketChange, note: str) -> None:
    r"""Close a ticket and its session. A mail of the customer opens it again.

    \b
    mailgate ticket close T-7 --note "the customer found it"
    """
    from mailgate.domain.desk.fields import close as plan  # noqa: PLC0415  --help must not pay for it

    change.make(plan, note)


@click.command()
@changes
def reopen(change: TicketChange) -> None:
    r"""Open a closed ticket again; its session too, or a new one where the time for that is over.

    \b
    mailgate ticket reopen T-7
    """
    from mailgate.domain.desk.fields import reopen as plan  # noqa: PLC0415  --help must not pay for it

    change.make(plan)


@click.command()
@changes
@click.argument("into")
def merge(change: TicketChange, into: str) -> None:
    r"""Merge a ticket into another one: it is closed, and all of it shows under INTO.

    Both numbers are understood from then on, also in the subjects of mails.

    \b
    mailgate ticket merge T-8 T-7
    """
    from mailgate.domain.desk.joining import merge as plan  # noqa: PLC0415  --help must not pay for it

    change.make(plan, into, locks=JOINING, shown=into)


@click.command()
@changes
@click.argument("entries", nargs=-1, required=True, type=click.IntRange(min=1), metavar="ENTRY...")
@click.option("--subject", default="", help="The new ticket's subject; the old one's where it is not said.")
@click.option("--queue", default="", help="The new ticket's queue; the old one's where it is not said.")
def split(change: TicketChange, entries: tuple[int, ...], subject: str, queue: str) -> None:
    r"""Take messages out of a ticket into a new one; answers to them join the new one.

    ENTRY is the number that `ticket show` prints in front of a message.

    \b
    mailgate ticket split T-7 31 34 --subject "The other printer"
    """
    from mailgate.domain.desk.joining import split as plan  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.effects import OpenTicket  # noqa: PLC0415

    opened: list[OpenTicket] = []

    def planned(ground: Any, _desk: Any) -> Any:
        found = plan(ground, change.number, entries, subject=subject, queue=queue, version=change.if_version)
        opened.extend(one for one in found if isinstance(one, OpenTicket))
        return found

    change.planned(planned, locks=JOINING)
    if not change.as_json:
        click.echo(f"{opened[-1].number} opened")


@click.command()
@changes
@click.argument("other")
@click.option("--kind", default="related", show_default=True, help="What NUMBER is to OTHER.")
def link(change: TicketChange, other: str, kind: str) -> None:
    r"""Link a ticket to another one: related, parent, child, duplicate, original, follow-up, followed-by.

    \b
    mailgate ticket link T-8 T-7 --kind child
    """
    from mailgate.domain.desk.joining import link as plan  # noqa: PLC0415  --help must not pay for it

    change.make(plan, other, kind, locks=JOINING)


@click.command()
@changes
@click.argument("other")
def unlink(change: TicketChange, other: str) -> None:
    r"""Take the links between two tickets away.

    \b
    mailgate ticket unlink T-8 T-7
    """
    from mailgate.domain.desk.joining import unlink as plan  # noqa: PLC0415  --help must not pay for it

    change.make(plan, other, locks=JOINING)


COMMANDS = (set_, assign, move, close, reopen, merge, split, link, unlink)
