"""How much work agents have, for whoever shares it out (G15); every number is found by an index.

Whoever asks keeps other gateways away until the commit: two that choose at the same moment would give one
agent both tickets. One word for all queues, not one for each: agents work on several, and a batch of mails
that locks queues in its own order would meet another one that does the reverse.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final

from peewee import SQL, fn

from mailgate.domain.ports import Workload
from mailgate.store.models.access import Presence
from mailgate.store.models.business import Agent
from mailgate.store.models.tickets import Assignment, Session
from mailgate.store.statements import compile_query, literal, slot
from mailgate.store.transaction import Transaction

# What two gateways must not do at once.
LOCK: Final = "share out work"
ZERO: Final = SQL("0")
# The states are written as the index has them, or it is not used.
ACTIVE: Final = ("unopened", "active", "reopened")


@cache
def _workloads_sql(count: int, _dialect: str) -> str:
    """Return the statement for so many agents: one row each, every number of it found by an index."""
    agent = Agent.alias("a")
    active = Session.select(fn.COUNT(Session.id)).where(
        (Session.agent == agent.name)
        & (Session.agent != SQL("''"))
        & Session.state.in_([literal(state) for state in ACTIVE])
    )
    last, mine = Assignment.alias("b"), Assignment.agent == agent.name
    turn = (
        last.select(last.id)
        .where(last.agent == agent.name)
        .order_by(last.at.desc(), last.id.desc())
        .limit(SQL("1"))
    )
    today = Assignment.select(fn.COUNT(Assignment.id)).where(
        mine & (Assignment.at >= slot("since")) & (Assignment.queue == slot("queue"))
    )
    until = Presence.select(Presence.until).where(Presence.agent == agent.name)
    query = agent.select(agent.name, active, fn.COALESCE(turn, ZERO), today, fn.COALESCE(until, ZERO)).where(
        agent.name.in_([slot(f"agent{n}") for n in range(count)])
    )
    return compile_query(query, " ".join(("since", "queue", *(f"agent{n}" for n in range(count)))))


def workloads(tx: Transaction, agents: Sequence[str], queue: str, since: int) -> list[Workload]:
    """Return the work of these agents (`ports.Workload`); `since` is when the queue's day began, in ms."""
    if not agents:
        return []
    sql = _workloads_sql(len(agents), type(Agent._meta.database).__name__)  # noqa: SLF001  Peewee's own way
    rows = tx.execute(sql, (since, queue, *agents)).fetchall()
    return [
        Workload(name, active, turn, today, until > tx.now_ms) for name, active, turn, today, until in rows
    ]


def present_agents(tx: Transaction) -> frozenset[str]:
    """Return the agents who are present."""
    rows = tx.query(Presence.select(Presence.agent).where(Presence.until > tx.now_ms)).fetchall()
    return frozenset(row[0] for row in rows)
