"""`mailgate log`: the whole story of a mail, from the door to every mail that it caused."""

import click

from mailgate.cli._options import Call, CommandError, json_option, pass_call, print_json
from mailgate.cli._store import reading
from mailgate.cli._tables import json_row, limit_option, more, show


@click.command("log")
@click.argument("term", metavar="QUEUEID|MSGID|TICKET|ID")
@limit_option("deliveries")
@json_option
@pass_call
def log(call: Call, term: str, limit: int, *, as_json: bool) -> None:
    r"""Show what became of a mail and why: each test with its values, each action, reply, and what was sent.

    The mail is named by Postfix's queue id, a Message-ID (with or without brackets, also that of an answer of
    ours), a ticket's number, or the id that our reply gave (250 2.0.0 accepted id=...). Times are UTC. Exit 1
    if nothing has that name.

    \b
    mailgate log A3E94214951
    mailgate log '<4711@customer.example>' --json
    mailgate log T-7
    """
    from mailgate.cli._story import story  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.listings import find_stories, script_as_it_ran  # noqa: PLC0415

    with reading(call) as (_store, connection):
        found = find_stories(connection, term, limit)
        if not found:
            raise CommandError(
                f"no mail here has the queue id, Message-ID, ticket or id {term!r};"
                " if Postfix still has it, `mailq` shows it"
            )
        shown = found[:limit]
        if as_json:
            print_json([json_row(row) for row in shown])
        else:
            show(story((row, script_as_it_ran(connection, row)) for row in shown))
    more(len(found), limit, "deliveries")


COMMAND = log
