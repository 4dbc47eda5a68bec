"""Stored mails processed once more: by the running gateway, or by this process where none is running.

Either way the delivery is looked at again inside the transaction, so two calls at once process it once.
"""

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from mailgate.business import Business
from mailgate.checks.gather import gather_facts
from mailgate.cli._options import Call, CommandError
from mailgate.cli._store import writing
from mailgate.control import NotRunningError, RefusedError
from mailgate.errors import MailError
from mailgate.pipeline import Pipeline
from mailgate.places import load_keys
from mailgate.store import queries
from mailgate.store.again import received_of
from mailgate.store.db import Store
from mailgate.wiring import check_policy

# A mail may wait for DNS, and for its turn with the database.
ANSWER_S = 120.0


def process_again(call: Call, ids: Sequence[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield for each delivery what became of it: `status`, `summary`, and in `error` why it stays."""
    for n, one in enumerate(ids):
        try:
            yield one, call.ask("reprocess", timeout=ANSWER_S, delivery=one)
        except NotRunningError:
            yield from _here(call, ids[n:])
            return
        except RefusedError as error:
            yield one, {"status": "failed", "summary": "", "error": str(error)}


def _here(call: Call, ids: Sequence[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Do what the gateway would do, with a pipeline of our own; nothing is sent before a gateway runs."""
    settings = call.settings(resolve_secrets=True)
    keys = load_keys(settings.keys_path)
    with writing(call) as (store, writer):
        business = Business(store, settings, keys, _nothing)
        if error := business.reload():
            raise CommandError(f"the rules cannot be read: {error}")
        pipeline = Pipeline(
            writer,
            store.blobs,
            partial(gather_facts, policy=check_policy(settings, keys, business.own)),
            lambda: business.rules,
            _nothing,
            _nothing,
        )
        for one in ids:
            yield one, _process(store, pipeline, one)


def _process(store: Store, pipeline: Pipeline, delivery_id: int) -> dict[str, Any]:
    try:
        with queries.reading(store) as connection:
            received = received_of(connection, store.blobs, delivery_id)
        outcome = asyncio.run(pipeline.again(delivery_id, received))
    except MailError as error:
        return {"status": "failed", "summary": "", "error": str(error)}
    return {"status": outcome.status, "summary": outcome.summary, "error": outcome.error}


def _nothing(*_told: object) -> None:
    """Take a report that nobody reads: the command prints what became of each mail."""
