"""One filled database and what is measured on it; a process of its own, since a process serves one database.

Reads the name of a measure per line on standard input and answers with a JSON list of milliseconds. `desk.py`
starts one of these for each size and asks them in turns.
"""

import hashlib
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mailgate.config.settings import load
from mailgate.domain.effects import (
    AddEntry,
    Decision,
    EntryKind,
    OpenContact,
    OpenTicket,
    ShareOut,
)
from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.domain.facts import Facts
from mailgate.domain.message.view import MessageView
from mailgate.domain.query import parse
from mailgate.domain.routing import Route
from mailgate.domain.ticket import match_key
from mailgate.jobs.sessions import run_timers
from mailgate.places import load_keys, store_options
from mailgate.store import business, queries
from mailgate.store.db import open_store
from mailgate.store.deskunit import perform
from mailgate.store.ticketlist import find
from mailgate.store.unit import Incoming, accept_each
from mailgate.store.writer import Writer
from mailgate.wiring import desk_rules

DAY = 86_400_000
# How often a measure is taken per round.
TIMES = 30
# Sessions that the timers move in one run, tickets that are given out, mails of one batch of the writer.
DUE = 50
GIVEN = 20
BATCH = 50
LISTS = {
    "list": "",
    "list open": "status:open",
    "list queue open": "queue:support status:open",
    "list mine": "agent:agent07 status:open,waiting",
    "list unassigned": "agent:none status:open",
    "list contact": "contact:{contact}",
    "list by creation": "sort:created queue:support",
    "list by due": "status:open sort:due",
    "list by priority": "status:open sort:priority",
    "search word": "rechnung",
    # Words that fill a page at every size: a short page is no measure for a full one.
    "search two words": "grüßen drucker",
    "search phrase": '"wann können wir"',
    "search number": "{number}",
    "search filtered": "rechnung status:open",
}


class Bench:
    """An opened database with a reader, a writer and the rules of its desk."""

    def __init__(self, config: Path, tickets: int) -> None:
        self.tickets = tickets
        settings = load(config, resolve_secrets=False)
        self.store = open_store(store_options(settings))
        self.writer = Writer(self.store)
        self.writer.start()
        self.connection = self.store.reader()
        self.catalogue = business.load_catalogue(self.connection)
        queues = {
            name: replace(one, assignment="fewest", assign_absent=True)
            for name, one in self.catalogue.queues.items()
        }
        sharing = replace(self.catalogue, queues=queues)
        keys = load_keys(settings.keys_path)
        self.rules = desk_rules(settings, keys, sharing, self.store.blobs)
        self.chance = random.Random(7)
        self.mails = 0

    def measure(self, name: str) -> list[float]:
        """Return the milliseconds of each time that something was done."""
        match name:
            case "ticket by number":
                return [self._timed(self._ticket) for _ in range(TIMES)]
            case "assignment":
                return self._assignment()
            case "timers":
                return [self._timers() for _ in range(TIMES // 10)]
            case "timers, nothing due":
                return [
                    self._timed(lambda: run_timers(self.writer, lambda: self.rules)) for _ in range(TIMES)
                ]
            case "intake":
                return [self._intake() for _ in range(TIMES // 3)]
            case _:
                return [self._list(LISTS[name]) for _ in range(TIMES)]

    @staticmethod
    def _timed(work: Callable[[], object]) -> float:
        begun = time.perf_counter()
        work()
        return (time.perf_counter() - begun) * 1000

    def _ticket(self) -> None:
        number = f"T-{self.chance.randrange(1, self.tickets + 1)}"
        assert queries.ticket(self.connection, number) is not None

    def _list(self, text: str) -> float:
        sql = (
            "SELECT a.address FROM ticket t JOIN contact_address a ON a.contact_id = t.contact_id"
            f" WHERE t.id = {self.chance.randrange(1, self.tickets + 1)}"
        )
        contact = self.connection.execute(sql).fetchone()[0] if "{contact}" in text else ""
        number = 1_000_000 + self.chance.randrange(1, self.tickets + 1)
        text = text.replace("{contact}", contact).replace("{number}", str(number))
        now = datetime.now(UTC)
        begun = time.perf_counter()
        page = find(self.connection, parse(text), self.catalogue, now)
        took = time.perf_counter() - begun
        assert page.rows, text
        return took * 1000

    def _assignment(self) -> list[float]:
        """Give out tickets that nobody has, in one transaction that is taken back: each round finds them."""
        sql = "SELECT id FROM ticket WHERE status = 'open' AND agent = '' ORDER BY id DESC LIMIT ?"
        tickets = [row[0] for row in self.connection.execute(sql, (GIVEN,)).fetchall()]
        took: list[float] = []

        def work(tx) -> None:
            for ticket in tickets:
                plan = [ShareOut(ticket, "bench")]
                took.append(self._timed(lambda plan=plan: perform(tx, lambda _r, _now: plan, self.rules)))
            ids = ",".join(map(str, tickets))
            given = f"SELECT count(*) FROM ticket WHERE agent <> '' AND id IN ({ids})"
            assert tx.one(given)[0] == len(tickets)
            raise TakenBack

        try:
            self.writer.submit(work).result()
        except TakenBack:
            return took
        raise AssertionError

    def _timers(self) -> float:
        """Let some sessions be due, run the timers' job, which moves them, and make them resolved again."""
        run_timers(self.writer, lambda: self.rules)  # what became due since the last time
        now = int(time.time() * 1000)
        timed = "state IN ('active', 'reopened', 'paused', 'resolved')"
        sql = f"SELECT id FROM session WHERE state = 'resolved' AND {timed} ORDER BY last_at DESC LIMIT ?"
        ids = ",".join(str(row[0]) for row in self.connection.execute(sql, (DUE,)).fetchall())
        sql = f"UPDATE session SET state = 'resolved', last_at = ? WHERE id IN ({ids})"
        self.writer.submit(lambda tx: tx.execute(sql, (now - 31 * DAY,))).result()
        begun = time.perf_counter()
        moved = run_timers(self.writer, lambda: self.rules)
        took = time.perf_counter() - begun
        self.writer.submit(lambda tx: tx.execute(sql, (now - DAY,))).result()
        assert sum(moved.values()) >= DUE, moved
        return took * 1000

    def _intake(self) -> float:
        """Write mails of new contacts, each of which opens a ticket, as one batch; return ms per mail."""
        rules = replace(self.rules, decide=open_ticket, followers=(), locks=())
        jobs = [mail for mail, _ in zip(self._mails(), range(BATCH), strict=False)]

        def work(tx) -> None:
            for one in jobs:
                (outcome,) = accept_each(tx, one, rules)
                assert outcome.reply.code == 250

        begun = time.perf_counter()
        self.writer.submit(work).result()
        return (time.perf_counter() - begun) * 1000 / BATCH

    def _mails(self) -> Iterator[Incoming]:
        while True:
            self.mails += 1
            name = f"{time.time_ns():x}.{self.mails}"
            sender = f"new{name}@customer.example"
            octets = (
                f"From: New <{sender}>\r\nTo: support@desk.example.org\r\nSubject: printer {name}\r\n"
                f"Message-ID: <{random.getrandbits(64):x}@customer.example>\r\n\r\n{'It broke. ' * 70}\r\n"
            ).encode()
            data = Octets(len(octets), hashlib.sha256(octets).digest(), data=octets)
            to = Envelope(sender, (Recipient("support@desk.example.org"),))
            received = Received(
                data, to, Origin(Source.LMTP, "lmtp", "unix", "mx", name), datetime.now(UTC), name
            )
            yield Incoming(received, MessageView.parse(octets), Facts())


class TakenBack(Exception):  # noqa: N818
    """The transaction is not to be kept."""


def open_ticket(mail, _route: Route, _catalogue, reader, _now) -> Decision:
    """Decide as a ticket rule does: who is it, is it an answer, is the subject known; then open a ticket."""
    sender, view = mail.received.envelope.sender, mail.view
    assert reader.contact(sender) is None
    assert not reader.tickets_by_message_ids([view.message_id])
    contact, ticket, session = (reader.allocate(kind) for kind in ("contact", "ticket", "session"))
    key = match_key("printer")
    effects = (
        OpenContact(contact, sender, "New", company_name="customer.example"),
        OpenTicket(ticket, f"T-{ticket}", session, "support", "printer", contact, match_key=key),
        AddEntry(
            reader.allocate("entry"), ticket, session, EntryKind.INCOMING, sender, view.main_text(2000),
            with_message=True, message_id=view.message_id,
        ),
    )  # fmt: skip
    return Decision(effects, "bench:1", "ticket", f"ticket=T-{ticket}")


def main() -> None:
    """Answer what is asked until standard input ends."""
    bench = Bench(Path(sys.argv[1]), int(sys.argv[2]))
    for line in sys.stdin:
        json.dump(bench.measure(line.strip()), sys.stdout)
        sys.stdout.write("\n")
        sys.stdout.flush()
    bench.connection.close()
    bench.writer.stop(60)


if __name__ == "__main__":
    main()
