"""One change by a person or a job: the same road as a mail's, without a mail.

    form or command -> plan (pure) -> effects -> rows, history, events -> followers

Runs in the writer's thread, in a savepoint of its own, like `unit.py` does for a delivery.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from mailgate.domain.effects import Effect
from mailgate.domain.ports import DeskReader
from mailgate.store.application import Application
from mailgate.store.apply import apply_effects
from mailgate.store.follow import follow
from mailgate.store.read import UnitReader
from mailgate.store.transaction import Transaction, millis
from mailgate.store.unit import UnitRules

DeskPlan = Callable[[DeskReader, datetime], Iterable[Effect]]


def perform(tx: Transaction, plan: DeskPlan, rules: UnitRules, *, locks: Iterable[str] = ()) -> Application:
    """Plan within the transaction, apply, and follow what it leads to; returns what became of it.

    `locks` are words that two processes must not work on at once (PostgreSQL; SQLite has one writer anyway).
    Whatever is raised undoes all of it.
    """
    for word in (*rules.locks, *sorted(locks)):
        tx.lock(word)
    with tx.savepoint():
        reader = UnitReader(tx)
        app = Application(tx, None, reader, rules.gate, 0, 0)
        app.blobs, app.catalogue = rules.blobs, rules.catalogue
        app.relay_due = max(tx.now_ms, millis(rules.relay_rests_until()))
        app.undo_ms = rules.undo_ms
        apply_effects(plan(reader, tx.now), app)
        follow(app, rules.followers, rules.catalogue, apply_effects)
    return app
