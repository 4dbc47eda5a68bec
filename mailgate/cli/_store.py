"""What commands that look into the database or change it share: store, writer, a word to the gateway."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mailgate.cli._options import Call

if TYPE_CHECKING:
    from mailgate.store.connection import Connection
    from mailgate.store.db import Store
    from mailgate.store.writer import Writer


@contextmanager
def opened(call: Call, *, secrets: bool = True) -> "Iterator[Store]":
    """Open the store of the settings; raises SettingsError with what stands in the way."""
    from mailgate.places import store_options  # noqa: PLC0415
    from mailgate.store.db import open_store  # noqa: PLC0415  --help must not pay for it

    store = open_store(store_options(call.settings(resolve_secrets=secrets)))
    try:
        yield store
    finally:
        store.close()


@contextmanager
def reading(call: Call) -> "Iterator[tuple[Store, Connection]]":
    """Open the store and a connection that only reads."""
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it

    with opened(call) as store, queries.reading(store) as connection:
        yield store, connection


@contextmanager
def writing(call: Call) -> "Iterator[tuple[Store, Writer]]":
    """Open the store with a writer of our own: the database takes turns between us and the gateway."""
    from mailgate.store.writer import Writer  # noqa: PLC0415  --help must not pay for it

    # What goes wrong is said once, in a sentence, by the command; the log is the gateway's.
    logging.getLogger("mailgate").addHandler(logging.NullHandler())
    with opened(call) as store:
        writer = Writer(store)
        writer.start()
        try:
            yield store, writer
        finally:
            writer.stop()


def tell(call: Call, command: str) -> bool:
    """Let the running gateway know at once; returns whether it took it (at its start it sees it anyhow)."""
    from mailgate.control import ControlError, NotRunningError  # noqa: PLC0415

    try:
        answer = call.ask(command)
        error = str(answer.get("error", "")) if isinstance(answer, dict) else ""
    except NotRunningError:
        return False
    except ControlError as refused:
        error = str(refused)
    if error:
        import click  # noqa: PLC0415

        click.echo(f"the running gateway did not take it: {error}", err=True)
    return not error


def when(millis: int) -> str:
    """Return epoch milliseconds as people read them, in UTC."""
    return datetime.fromtimestamp(millis / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S") if millis else ""


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row fit for JSON: octets as hexadecimal."""
    return {key: value.hex() if isinstance(value, bytes) else value for key, value in row.items()}
