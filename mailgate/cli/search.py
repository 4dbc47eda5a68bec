"""`mailgate search`: the index of words that `mailgate ticket list WORDS` looks into."""

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import click

from mailgate.cli._options import Call, json_option, pass_call, print_json
from mailgate.cli._store import reading, writing

if TYPE_CHECKING:
    from mailgate.store.search import Batch
    from mailgate.store.transaction import Transaction


@click.group("search")
def search() -> None:
    """Look after the index of words; `mailgate ticket list WORDS` searches."""


@search.command("status")
@json_option
@pass_call
def status(call: Call, *, as_json: bool) -> None:
    r"""Show how far the index is: entries of histories that are in it, and that wait.

    \b
    mailgate search status
    """
    from mailgate.store.search import progress  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        done, newest = progress(connection)
    if as_json:
        print_json({"indexed_to": done, "newest": newest, "waiting": newest - done})
    else:
        waiting = f"{newest - done:,} wait" if newest > done else "nothing waits"
        click.echo(f"entries are in the index up to {done:,} of {newest:,}: {waiting}")


@search.command("rebuild")
@pass_call
def rebuild(call: Call) -> None:
    r"""Make the index anew from all histories: after a restore, or when something cannot be found.

    \b
    mailgate search rebuild

    The gateway may go on working; until it is done, not everything is found.
    """
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it
    from mailgate.store import search as index  # noqa: PLC0415

    with writing(call) as (store, writer):
        writer.submit(index.forget).result()
        with queries.reading(store) as connection:
            newest = index.progress(connection)[1]
        entries = 0
        with click.progressbar(length=newest, label="indexing", file=sys.stderr) as bar:
            while True:
                with queries.reading(store) as connection:
                    batch = index.pending(connection, int(time.time() * 1000), 5 * index.BATCH)
                entries += writer.submit(partial(_write, batch=batch)).result()
                bar.update(max(0, batch.mark - batch.before))
                if not batch.full:
                    break
        while writer.submit(index.tidy).result():
            pass
    click.echo(f"{entries:,} entries are in the index")


def _write(tx: "Transaction", batch: "Batch") -> int:
    from mailgate.store.search import write  # noqa: PLC0415  --help must not pay for it

    return write(tx, batch)


COMMAND = search
