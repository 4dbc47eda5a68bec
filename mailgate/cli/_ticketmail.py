"""`mailgate ticket mail`: a mail of a ticket as it came in, its whole text or its octets."""

import sys
from typing import Any

import click

from mailgate.cli._options import Call, CommandError, print_json
from mailgate.cli._store import reading
from mailgate.domain.message.view import PREPARED_TEXT, MessageView
from mailgate.store import queries
from mailgate.store.blobs import open_buffer


def show_mail(call: Call, ticket: dict[str, Any], entry_id: int, *, raw: bool, as_json: bool) -> None:
    """Print the mail of an entry; `ticket` is what `queries.ticket` says of it."""
    entry = next((one for one in ticket["entries"] if one["id"] == entry_id), None)
    if entry is None or not entry["message_id"]:
        known = [str(one["id"]) for one in ticket["entries"] if one["message_id"]]
        said = f"mails that came in: {', '.join(known)}" if known else "no mail came in there"
        raise CommandError(f"{ticket['number']} has no mail {entry_id}; {said}")
    with reading(call) as (store, connection):
        octets = open_buffer(queries.octets(connection, store.blobs, entry["message_id"]))
        if raw:
            sys.stdout.buffer.write(octets)
            sys.stdout.buffer.flush()
            return
        text = MessageView.parse(octets).main_text(PREPARED_TEXT)
    if as_json:
        shown = {"id": entry_id, "ticket": entry["ticket"], "author": entry["author"], "at": entry["at"]}
        print_json({**shown, "trimmed": bool(entry["trimmed"]), "shown": entry["text"], "text": text})
    else:
        click.echo(text)
