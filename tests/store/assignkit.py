"""An office in a database: agents, queues, mails that open tickets, and who got them."""

import sys
from dataclasses import replace
from datetime import UTC, datetime

from storekit import incoming, rules_for

from mailgate import wiring
from mailgate.domain import assignment
from mailgate.domain.effects import ChangeTicket, Decision, MoveSession, OpenTicket
from mailgate.domain.helpdesk import Team
from mailgate.domain.routing import Agent, Queue, Route
from mailgate.store import business, queries
from mailgate.store.business import Business
from mailgate.store.deskunit import perform
from mailgate.store.models.access import Presence
from mailgate.store.options import StoreOptions
from mailgate.store.unit import accept_each

FAR = 1 << 45
QUEUES = ("support", "sales")
AGENTS = ("anna", "bert", "cora")


def opening(*more, **changes):
    """Return a decider that opens a ticket without a contact: all writers would make the same one."""

    def decide(mail, route, catalogue, reader, now):
        ticket, session = reader.allocate("ticket"), reader.allocate("session")
        values = {"queue": "support", **changes}
        opened = OpenTicket(ticket, f"T-{ticket}", session, subject="help", contact_id=0, **values)
        extra = tuple(make(reader, ticket, session) for make in more)
        return Decision((opened, *extra), "t:1", "ticket", f"ticket=T-{ticket}")

    return decide


def office(*, agents=AGENTS, **policy) -> Business:
    """Return a business with queues that share out their work among these agents, and one that does not."""
    return Business(
        queues=(*(Queue(name, **{"assignment": "fewest", **policy}) for name in QUEUES), Queue("orders")),
        agents=tuple(Agent(name, queues=QUEUES) for name in agents),
        teams=(Team("all", agents),),
    )


def set_up(writer, store, wanted: Business, *, present=AGENTS):
    """Write the business and who is there; return the rules with assignment as the only follower."""
    with queries.reading(store) as connection:
        changes = business.plan(connection, wanted, "f")

    def work(tx):
        business.apply_changes(tx, changes, "root")
        tx.query(Presence.delete())
        for name in present:
            tx.query(Presence.insert(agent=name, since=0, until=FAR))

    writer.submit(work).result(60)
    return rules_of(store)


def rules_of(store, decide=None):
    with queries.reading(store) as connection:
        catalogue = business.load_catalogue(connection)
    catalogue = replace(catalogue, patterns=(Route("*@example.org"),))
    rules = rules_for(decide or opening())
    followers = (assignment.follower(catalogue),)
    return replace(rules, catalogue=catalogue, followers=followers, locks=wiring.locks(catalogue))


def mail(writer, rules, number: int, decide=None) -> str:
    """Deliver one mail that opens a ticket; return its number."""
    return mailed(writer, replace(rules, decide=decide or rules.decide), number).result(60)[0].ticket


def mailed(writer, rules, number: int, who: str = "0"):
    """Hand over one mail that opens a ticket; return the future of its outcome."""
    octets = f"From: ann{who}@example.net\r\nX-No: {number}\r\n\r\nhelp\r\n".encode()
    one = incoming(octets, sender=f"ann{number}.{who}@example.net")
    return writer.submit(lambda tx: accept_each(tx, one, rules))


def move(writer, rules, session: int, state: str) -> None:
    """Move a session to a state."""
    effects = (MoveSession(session, state, "test"),)
    writer.submit(lambda tx: perform(tx, lambda reader, now: effects, rules)).result(60)


def change(writer, rules, ticket: int, field: str, value: str) -> None:
    """Set a field of a ticket by hand."""
    effects = (ChangeTicket(ticket, field, value, "eva"),)
    writer.submit(lambda tx: perform(tx, lambda reader, now: effects, rules)).result(60)


def replayed(given, limit: int, names) -> list[str]:
    """Return whom one gateway alone would have given each of these (agent, queue) to, one after the other."""
    loads, turns, had = dict.fromkeys(names, 0), dict.fromkeys(names, 0), {}
    chosen = []
    for turn, (agent, queue) in enumerate(given, 1):
        free = [n for n in names if not limit or had.get((n, queue), 0) < limit]
        fewest = [n for n in free if loads[n] == min(loads[m] for m in free)]
        chosen.append(min(fewest, key=lambda n: turns[n]) if fewest else "")
        loads[agent] += 1
        turns[agent] = turn
        had[agent, queue] = had.get((agent, queue), 0) + 1
    return chosen


def main(url: str, folder: str, who: str, count: str) -> None:
    """Be another gateway: open so many tickets, one transaction each."""
    from pathlib import Path

    from mailgate.store.db import open_store
    from mailgate.store.writer import Writer

    store = open_store(
        StoreOptions(url, Path(folder) / "blobs", Path(folder) / "incoming", reserve=0, busy_timeout_s=30)
    )
    writer = Writer(store, clock=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    writer.start()
    both = [rules_of(store, opening(queue=queue)) for queue in QUEUES]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    # All at once, so that batches have several; each writer begins with the other queue.
    futures = [mailed(writer, both[(number + int(who)) % 2], number, who) for number in range(int(count))]
    for future in futures:
        (outcome,) = future.result(60)
        assert outcome.reply.code == 250, outcome
    assert writer.stop(60)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
