"""Stored mails decided once more by the rules of now, or by another script, and compared with what was done.

The mails are dealt out in slices to processes that each open the database for themselves; what they find is
put together here. Nothing is written and nothing is sent.
"""

import gc
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from queue import Empty
from typing import Any, Final

from mailgate.business import Business
from mailgate.checks.gather import CheckPolicy, plain_facts
from mailgate.cli._options import CommandError
from mailgate.config.settings import Settings
from mailgate.domain.address import fold
from mailgate.domain.effects import Decision
from mailgate.domain.facts import Authentication, Verdict
from mailgate.domain.mail import Mail
from mailgate.domain.message.view import MessageView
from mailgate.domain.routing import Catalogue, Route
from mailgate.errors import MailError
from mailgate.places import load_keys, store_options
from mailgate.rules.compare import JOINED, OPENED, words_of, words_of_old
from mailgate.rules.decide import Decider
from mailgate.rules.scripts import ScriptBook, compile_book
from mailgate.store.blobs import open_buffer
from mailgate.store.connection import Connection
from mailgate.store.db import Store, open_store
from mailgate.store.past import BATCH, Done, done_between, first_since, ids, traces
from mailgate.store.pastreader import PastReader
from mailgate.store.transaction import Transaction, from_millis
from mailgate.vocabulary import actions, language, script_limits, told
from mailgate.wiring import check_policy, plan_policy
from sieve_like.program import Trace

# Deliveries that one process takes at a time: a second's work, so that all end at about the same time.
SLICE: Final = 8 * BATCH
# Below so many, starting another process costs more than it saves.
WORTH_A_PROCESS: Final = 4 * SLICE
# Examples that are kept of each group.
EXAMPLES: Final = 5
# The name of a script that is only tried.
TRIED: Final = "replayed"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be replayed; plain values, since it is handed to other processes.

    `source` is another script, "" for those of now; it stands in for the script `instead_of` wherever that is
    used, or for `address` alone.
    """

    settings: Settings
    since: datetime
    address: str = ""
    source: str = ""
    instead_of: str = ""
    limit: int = 0


@dataclass(slots=True)
class Group:
    """Mails whose decision changes in the same way: old and new words, how many, the first few."""

    count: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Found:
    """What a replay has found: mails, those whose address is gone or that can't be read, differences."""

    mails: int = 0
    unserved: int = 0
    failed: int = 0
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)

    @property
    def differing(self) -> int:
        """How many mails would now be treated differently."""
        return sum(group.count for group in self.groups.values())

    def add(self, other: "Found") -> None:
        """Take in what another process has found."""
        self.mails += other.mails
        self.unserved += other.unserved
        self.failed += other.failed
        for key, group in other.groups.items():
            mine = self.groups.setdefault(key, Group())
            mine.count += group.count
            mine.examples = sorted((*mine.examples, *group.examples), key=_delivery)[:EXAMPLES]

    def note(self, old: str, new: str, example: Callable[[], dict[str, Any]]) -> None:
        """Note one mail that would be treated differently."""
        group = self.groups.setdefault((old, new), Group())
        group.count += 1
        if len(group.examples) < EXAMPLES:
            group.examples.append(example())


def _delivery(example: dict[str, Any]) -> int:
    return int(example["delivery"])


class Replay:
    """One process' part: the rules, made once, and a reader of the past."""

    def __init__(self, store: Store, connection: Connection, wish: Wish) -> None:
        settings = wish.settings
        keys = load_keys(settings.keys_path)
        self._store, self._connection, self._wish = store, connection, wish
        self._business = Business(store, settings, keys, lambda _error: None)
        if error := self._business.reload():
            raise CommandError(f"the rules cannot be read: {error}")
        self._catalogue, self._book = _rules(self._business, wish)
        self._policy: CheckPolicy = replace(
            check_policy(settings, keys, self._business.own), dkim=None, resolver=None
        )
        self._decide = Decider(plan_policy(settings, keys), actions(), lambda: self._book, Trace.OFF)
        tx = Transaction(store.backend, connection, store.hot, wish.since)
        self._reader = PastReader(tx)
        self._only = fold(wish.address)
        # What a mail leaves behind goes by reference counts; looking through the rest again finds nothing.
        gc.collect()
        gc.freeze()

    def asks(self, capability: str) -> bool:
        """Whether a script of these rules needs a capability."""
        programs = (one.program for one in self._book.scripts.values())
        return any(one is not None and capability in one.capabilities for one in programs)

    def slices(self) -> list[tuple[int, int]]:
        """Return the ids to look at, in slices."""
        first, (_, behind) = first_since(self._connection, self._wish.since), ids(self._connection)
        return [(start, min(start + SLICE, behind)) for start in range(first, behind, SLICE)]

    def run(self, first: int, behind: int, room: int) -> Iterator[Found]:
        """Yield what was found in each batch; at most `room` mails (0: any number)."""
        vouched = self.asks("vnd.mailgate.auth")
        left = room or behind
        for batch in done_between(self._connection, self._store.blobs, first, behind):
            found = Found()
            known = traces(self._connection, [one.delivery_id for one in batch]) if vouched else {}
            for done in batch:
                if left <= 0:
                    break
                left -= self._one(done, known.get(done.delivery_id, {}), found)
            yield found
            if left <= 0:
                return

    def _one(self, done: Done, trace: dict[str, Any], found: Found) -> int:
        """Decide one mail and compare; returns whether it counted."""
        recipient = done.received.envelope.recipients[0]
        route = self._catalogue.route(recipient.address)
        if self._only and fold(recipient.address) != self._only and _address(route) != self._only:
            return 0
        if self._wish.source and (route is None or route.script != TRIED):
            return 0
        found.mails += 1
        if route is None:
            found.unserved += 1
            return 1
        try:
            decision = self._decision(done, route, trace)
        except MailError:
            found.failed += 1  # its octets are gone, say
            return 1
        old, new = _old_words(done), words_of(decision)
        if old != new:
            found.note(old, new, lambda: _example(done, decision))
        return 1

    def _decision(self, done: Done, route: Route, trace: dict[str, Any]) -> Decision:
        view = MessageView.parse(open_buffer(done.received.octets))
        facts = plain_facts(done.received, view, self._policy)
        if vouched := trace.get("authentication"):
            facts = replace(facts, authentication=_authentication(vouched))
        self._reader.look_at(done)
        mail = Mail(done.received, view, facts, done.received.envelope.recipients[0])
        decision = self._decide(mail, route, self._catalogue, self._reader, from_millis(done.at_ms))
        self._reader.remember(decision.effects)
        return decision


def _address(route: Route | None) -> str:
    return fold(route.address) if route is not None else ""


def _authentication(plain: dict[str, Any]) -> Authentication:
    """Return who vouched for the sender, as the first run knew it: it may have asked the DNS."""
    return Authentication(
        spf=Verdict(*plain.get("spf", ())),
        dkim=tuple(Verdict(*one) for one in plain.get("dkim", ())),
        dmarc=Verdict(*plain.get("dmarc", ())),
        source=str(plain.get("source", "")),
        arc=Verdict(*plain.get("arc", ())),
    )


def _rules(business: Business, wish: Wish) -> tuple[Catalogue, ScriptBook]:
    """Return catalogue and scripts of the replay; raises CommandError where the new script has mistakes."""
    if not wish.source:
        return business.catalogue, business.scripts
    catalogue = business.catalogue
    routes = {key: _instead(route, wish) for key, route in catalogue.routes.items()}
    patterns = tuple(_instead(route, wish) for route in catalogue.patterns)
    if wish.address:
        route = catalogue.route(wish.address) or Route(fold(wish.address))
        routes[fold(wish.address)] = replace(route, script=TRIED)
    scripts = {**catalogue.scripts, TRIED: wish.source}
    changed = replace(catalogue, routes=routes, patterns=patterns, scripts=scripts)
    limits = script_limits(wish.settings)
    book = compile_book(changed, language(), ScriptBook(), limits, told(wish.settings))
    if TRIED in book.errors():
        raise CommandError(book.errors()[TRIED])
    return changed, book


def _instead(route: Route, wish: Wish) -> Route:
    same = not wish.address and route.script == wish.instead_of
    return replace(route, script=TRIED) if same else route


def _old_words(done: Done) -> str:
    ticket = "" if not done.ticket_id else OPENED if done.opened else JOINED
    return words_of_old(
        done.status, failed=bool(done.error), ticket=ticket, places=done.places, left=done.sent
    )


def _example(done: Done, decision: Decision) -> dict[str, Any]:
    view = MessageView.parse(open_buffer(done.received.octets))
    return {
        "delivery": done.delivery_id,
        "at": done.received.at.isoformat(),
        "queue_id": done.received.origin.queue_id,
        "trace_id": done.received.trace_id,
        "ticket": done.ticket,
        "recipient": done.received.envelope.recipients[0].address,
        "subject": view.subject[:200],
        "old_rule": done.rule,
        "new_rule": decision.rule,
        "error": decision.error,
    }


def replay(wish: Wish, jobs: int, progress: Callable[[int, int], None]) -> tuple[Found, float]:
    """Replay; `progress` hears how many ids are done of how many. Returns what was found, and the seconds.

    Raises CommandError where the new script does not compile, SettingsError where the store can't be opened.
    """
    began = time.monotonic()
    store = open_store(store_options(wish.settings))
    try:
        with closing(store.reader()) as connection:
            mine = Replay(store, connection, wish)
            slices = mine.slices()
            total = slices[-1][1] - slices[0][0] if slices else 0
            # What one mail has remembered the next one is asked about; so they stay in one hand, in order.
            alone = jobs < 2 or wish.limit or total < WORTH_A_PROCESS or mine.asks("duplicate")  # noqa: PLR2004
            if alone:
                found = _here(mine, slices, wish.limit, progress, total)
    finally:
        store.close()
    if not alone:
        found = _elsewhere(wish, slices, jobs, progress, total)
    return found, time.monotonic() - began


def _here(
    mine: Replay, slices: list[tuple[int, int]], limit: int, progress: Callable[[int, int], None], total: int
) -> Found:
    found, seen = Found(), 0
    for first, behind in slices:
        left = limit - found.mails if limit else 0
        if limit and left <= 0:
            break
        for part in mine.run(first, behind, left):
            found.add(part)
            seen = min(seen + BATCH, total)
            progress(seen, total)
    return found


def _elsewhere(
    wish: Wish, slices: list[tuple[int, int]], jobs: int, progress: Callable[[int, int], None], total: int
) -> Found:
    """Deal the slices out to processes, and put together what they find."""
    # Nothing is open and no thread runs here, so the processes may start as copies of this one: at once.
    context = multiprocessing.get_context("fork")
    results: Any = context.Queue()
    workers = [
        context.Process(target=_work, args=(wish, slices[n::jobs], results), daemon=True)
        for n in range(min(jobs, len(slices)))
    ]
    for worker in workers:
        worker.start()
    found, seen, running = Found(), 0, len(workers)
    try:
        while running:
            part = _next(results, workers)
            if part is None:
                running -= 1
            elif isinstance(part, str):
                raise CommandError(part)
            else:
                found.add(part)
                seen = min(seen + BATCH, total)
                progress(seen, total)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
    return found


def _next(results: Any, workers: list[Any]) -> "Found | str | None":
    """Return the next word of a worker; a worker that died without one is an error, not a wait for ever."""
    while True:
        try:
            part: Found | str | None = results.get(timeout=1.0)
        except Empty:
            if any(worker.exitcode not in (None, 0) for worker in workers):
                return "a process of the replay has died"
            continue
        return part


def _work(wish: Wish, slices: list[tuple[int, int]], results: Any) -> None:
    """Do one process' part; None at the end, a text for an error."""
    try:
        store = open_store(store_options(wish.settings))
        try:
            with closing(store.reader()) as connection:
                mine = Replay(store, connection, wish)
                for first, behind in slices:
                    for part in mine.run(first, behind, 0):
                        results.put(part)
        finally:
            store.close()
        results.put(None)
    except Exception as error:  # noqa: BLE001  it is shown by the process that was asked
        results.put(f"{type(error).__name__}: {error}")
