"""`mailgate contact failing`: the addresses whose mail came back, and how to give one another chance."""

import time
from typing import Any

import click

from mailgate.cli import _people
from mailgate.cli._as import as_option
from mailgate.cli._options import Call, CommandError, clean, json_option, pass_call, print_json, print_table
from mailgate.cli._store import reading, when
from mailgate.cli._tables import json_row, limit_option, more


@click.group("failing")
def failing() -> None:
    """Look at the addresses whose mail came back; no automatic mail goes to one that is failing."""


@failing.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that are not failing yet.")
@limit_option("addresses")
@as_option
@json_option
@pass_call
def list_(call: Call, limit: int, agent: str, *, every: bool, as_json: bool) -> None:
    r"""Show failing addresses, the newest first: how often, since when, the last status code.

    `answers.failing_after` hard bounces make an address failing for `answers.failing_for`; soft ones (a full
    mailbox, a bad day) are counted and never do.

    \b
    mailgate contact failing list
    mailgate contact failing list --all --json
    """
    from mailgate.store import failing as store  # noqa: PLC0415  --help must not pay for it

    answers = call.settings().answers
    with reading(call) as (_store, connection):
        _people.seen_by(connection, agent)
        found = store.failing(
            connection,
            limit + 1,
            after=answers.failing_after,
            within_ms=int(answers.failing_for) * 1000,
            now_ms=time.time_ns() // 1_000_000,
            every=every,
        )
    if as_json:
        print_json([json_row(row) for row in found[:limit]])
    elif not found:
        click.echo("no address is failing" if not every else "nothing came back")
    else:
        _print(found[:limit])
    more(len(found), limit, "addresses")


def _print(found: list[dict[str, Any]]) -> None:
    print_table(
        ("address", "failing", "hard", "soft", "first", "last", "status"),
        [
            (
                clean(row["address"]), "yes" if row["failing"] else "no", row["bounces"], row["soft"],
                when(row["first_at"]), when(row["last_at"]), row["reason"],
            )
            for row in found
        ],
    )  # fmt: skip


@failing.command("clear")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@as_option
@pass_call
def clear(call: Call, addresses: tuple[str, ...], agent: str) -> None:
    r"""Forget what came back from an address, so that automatic mail goes to it again.

    \b
    mailgate contact failing clear bob@example.net
    """
    from mailgate.store import failing as store  # noqa: PLC0415  --help must not pay for it

    done = _people.written(
        call, lambda tx, who: [(one, store.clear(tx, one, who)) for one in addresses], agent
    )
    for address, known in done:
        if known:
            click.echo(clean(f"{address}: what came back is forgotten"))
    missing = [address for address, known in done if not known]
    if missing:
        raise CommandError(
            f"nothing came back from {', '.join(missing)}; "
            "`mailgate contact failing list --all` shows what did"
        )
