"""`mailgate bench`: a database full of made-up tickets, to see how lists, searches and the intake grow."""

import sys
import time

import click

from mailgate.cli._options import Call, CommandError, pass_call
from mailgate.cli._store import opened, writing

# What the last line tells.
COUNTED = {"ticket": "tickets", "contact": "contacts", "entry": "entries", "message": "mails"}


@click.group("bench")
def bench() -> None:
    """Fill a database with made-up tickets, for measuring."""


@bench.command("fill")
@click.option(
    "--tickets", type=click.IntRange(1, 10_000_000), required=True, help="How many tickets to make."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same tickets.")
@click.option("--yes", is_flag=True, help="Also into a database that has tickets already.")
@pass_call
def fill_(call: Call, /, tickets: int, seed: int, *, yes: bool) -> None:
    r"""Write made-up tickets: queues, agents, contacts, companies, mails, histories, all of it indexed.

    \b
    mailgate --config /tmp/trial/mailgate.toml bench fill --tickets 100000

    A thousand tickets a day come in, and most are closed within days. Not for a database in use: the gateway
    must be stopped meanwhile, and what was written can't be told from real tickets afterwards.
    """
    from mailgate.store import fill, queries  # noqa: PLC0415  --help must not pay for it

    begun = time.monotonic()
    with writing(call) as (store, writer), queries.reading(store) as connection:
        there = fill.tickets_there(connection)
        if there and not yes:
            raise CommandError(f"the database has tickets (up to {there:,}); --yes adds to them")
        writer.submit(lambda tx: fill.set_up(tx, connection)).result()
    with opened(call) as store, click.progressbar(length=tickets, label="tickets", file=sys.stderr) as bar:
        rows = fill.fill(store, tickets, seed, int(time.time() * 1000), bar.update)
    seconds = time.monotonic() - begun
    parts = ", ".join(f"{rows[name]:,} {text}" for name, text in COUNTED.items())
    click.echo(f"{parts} in {seconds:.0f} s")


COMMAND = bench
