"""Whatever happens to sessions in whatever order: mails, answers, people, switches, the clock, the timers (G12).

A small model is moved along with the real store. It knows the table of moves and counts days by itself.
"""

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sessionkit import SessionDesk
from storekit import Clock, make_database, new_options

from mailgate.domain.session import MOVES, PAIRS, Event, NoSuchMove, State
from mailgate.store.db import open_store
from mailgate.store.transaction import from_millis, millis
from mailgate.store.writer import Writer

DAY = 86_400_000
BY_PEOPLE = (Event.OPEN, Event.PAUSE, Event.RESOLVE, Event.CLOSE)
TIMERS = (
    ("paused", "closed", "paused_to_closed"), ("resolved", "closed", "resolved_to_closed"),
    ("active", "paused", "active_to_paused"), ("reopened", "paused", "active_to_paused"),
)  # fmt: skip


@cache
def empty_database() -> Path:
    """Return a folder with an empty database, made once."""
    folder = Path(tempfile.mkdtemp(prefix="mg-sessions-"))
    make_database(new_options(folder))
    return folder


@dataclass
class Expected:
    """One session as it must be: its ticket, state, and when something last happened in it."""

    ticket: int
    state: str
    last_ms: int


class Sessions(RuleBasedStateMachine):
    """The rules are what may happen; the invariants are what must hold after each."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="mg-session-")))
        shutil.copytree(empty_database(), folder, dirs_exist_ok=True)
        store = open_store(new_options(folder))
        store.close()
        writer = Writer(store, clock=(clock := Clock()))
        writer.start()
        self.stack.callback(store.close)
        self.stack.callback(writer.stop, 30)
        self.desk = SessionDesk(store, writer, clock)
        self.sessions: dict[int, Expected] = {}
        self.current: dict[int, int] = {}
        self.first_mail: dict[int, int] = {}
        self.moves: list[tuple[int, str, str]] = []

    def teardown(self) -> None:
        """End what was started."""
        self.stack.close()

    @property
    def now(self) -> int:
        """The time in ms."""
        return millis(self.desk.clock.now)

    # -- the model

    def _go(self, session_id: int, new: str) -> None:
        one = self.sessions[session_id]
        if one.state != new:
            self.moves.append((session_id, one.state, new))
            one.state, one.last_ms = new, self.now

    def _begin(self, ticket: int) -> int:
        number = len(self.sessions) + 1
        self.sessions[number] = Expected(ticket, "unopened", self.now)
        self.current[ticket] = number
        return number

    def _activity(self, ticket: int, event: Event) -> None:
        number = self.current[ticket]
        one, desk = self.sessions[number], self.desk.desk
        rested = self.now - one.last_ms >= desk.reopen_days * DAY
        if one.state == "closed" and (rested or not desk.reopen):
            number = self._begin(ticket)
            self.moves.append((number, "", "unopened"))
        self._go(number, MOVES[State(self.sessions[number].state), event].value)
        self.sessions[number].last_ms = self.now

    def _pick(self, data: st.DataObject, among: dict[int, object]) -> int:
        return data.draw(st.sampled_from(sorted(among)))

    # -- what may happen

    @initialize()
    def there_is_a_ticket(self) -> None:
        """Begin with one."""
        self.a_customer_writes()

    @rule()
    def a_customer_writes(self) -> None:
        """Open a ticket with its first session."""
        mail = self.desk.mail()
        ticket = len(self.current) + 1
        self.first_mail[ticket] = mail
        self._begin(ticket)

    @rule(data=st.data())
    def a_customer_answers(self, data: st.DataObject) -> None:
        """Let a mail join some ticket."""
        ticket = self._pick(data, self.current)
        self.desk.mail(answers=self.first_mail[ticket])
        self._activity(ticket, Event.INCOMING)

    @rule(data=st.data(), agent=st.sampled_from(["anna", "ben"]))
    def an_agent_answers(self, data: st.DataObject, agent: str) -> None:
        """Let an answer leave."""
        ticket = self._pick(data, self.current)
        self.desk.answer(ticket, agent)
        self._activity(ticket, Event.OUTGOING)

    @rule(data=st.data(), event=st.sampled_from(BY_PEOPLE))
    def an_agent_does_something(self, data: st.DataObject, event: Event) -> None:
        """Also what cannot happen: then it is refused."""
        number = self._pick(data, self.sessions)
        after = MOVES.get((State(self.sessions[number].state), event))
        try:
            self.desk.event(number, event)
        except NoSuchMove:
            assert after is None
        else:
            assert after is not None
            self._go(number, after.value)

    @rule(days=st.sampled_from([0.5, 1, 29, 30, 31, 60, 100, 1001]))
    def time_passes(self, days: float) -> None:
        """Also in jumps."""
        self.desk.clock.move(days=days)

    @rule(days=st.sampled_from([0.5, 30, 400]))
    def the_clock_is_set_back(self, days: float) -> None:
        """As an administrator or a time server may do."""
        self.desk.clock.move(days=-days)

    @rule(data=st.data(), beside_ms=st.sampled_from([-1, 0, 1]), by_agent=st.booleans())
    def mail_comes_when_reopening_ends(self, data: st.DataObject, beside_ms: int, by_agent: bool) -> None:
        """Let it be the very moment, or a millisecond beside it; what is not closed is closed before."""
        ticket = self._pick(data, self.current)
        number = self.current[ticket]
        if self.sessions[number].state != "closed":
            self.desk.event(number, Event.CLOSE)
            self._go(number, "closed")
        last_ms = self.sessions[number].last_ms
        self.desk.clock.now = from_millis(last_ms + self.desk.desk.reopen_days * DAY + beside_ms)
        if by_agent:
            self.desk.answer(ticket)
        else:
            self.desk.mail(answers=self.first_mail[ticket])
        self._activity(ticket, Event.OUTGOING if by_agent else Event.INCOMING)

    @rule(data=st.data(), timer=st.sampled_from(TIMERS), beside_ms=st.sampled_from([-1, 0, 1]))
    def timers_run_when_one_is_due(
        self, data: st.DataObject, timer: tuple[str, str, str], beside_ms: int
    ) -> None:
        """Let it be the very moment at which some session is due, or a millisecond beside it."""
        waiting = {n: one for n, one in self.sessions.items() if one.state == timer[0]}
        if waiting:
            one = self.sessions[self._pick(data, waiting)]
            days = getattr(self.desk.desk, f"{timer[2]}_days")
            self.desk.clock.now = from_millis(one.last_ms + days * DAY + beside_ms)
            self.the_timers_run(100)

    @rule(name=st.sampled_from([one[2] for one in TIMERS] + ["reopen"]), on=st.booleans())
    def a_switch_is_set(self, name: str, on: bool) -> None:
        """One of the timers, or reopening."""
        self.desk.set(**{name: on})

    @rule(name=st.sampled_from([one[2] for one in TIMERS] + ["reopen"]), days=st.sampled_from([1, 30, 1000]))
    def days_are_set(self, name: str, days: int) -> None:
        """From the least to the most."""
        self.desk.set(**{f"{name}_days": days})

    @precondition(lambda self: self.sessions)
    @rule(batch=st.sampled_from([1, 3, 100]))
    def the_timers_run(self, batch: int) -> None:
        """Each session that is due moves by one step, and running again moves nothing."""
        due = {
            number: after
            for number, one in self.sessions.items()
            for state, after, name in TIMERS
            if one.state == state
            and getattr(self.desk.desk, name)
            and self.now - one.last_ms >= getattr(self.desk.desk, f"{name}_days") * DAY
        }
        assert sum(self.desk.timers(batch).values()) == len(due)
        assert self.desk.timers(batch) == {}
        for number, after in due.items():
            self._go(number, after)

    # -- what must hold

    @invariant()
    def the_database_is_as_the_model(self) -> None:
        """State, ticket and last activity of each session, and which one is current."""
        rows = self.desk.ask("SELECT id, ticket_id, state, last_at, closed_at FROM session ORDER BY id")
        assert {row[0]: tuple(row[1:4]) for row in rows} == {
            number: (one.ticket, one.state, one.last_ms) for number, one in self.sessions.items()
        }
        assert all(bool(row[4]) == (row[2] == "closed") for row in rows)
        assert dict(self.desk.ask("SELECT id, session_id FROM ticket")) == self.current

    @invariant()
    def the_history_explains_every_move(self) -> None:
        """Each move has one entry, in order within its session, by the table, with its reason; nothing else has."""
        found: dict[int, list[tuple[str, str]]] = {}
        for number, old, new, author, text in self.desk.moves():
            assert text
            assert (old, new) in PAIRS or (old, new) == ("", "unopened")
            # A person, a timer, or the rule that took the customer's mail: nobody is none of them.
            assert author in {"anna", "ben", "support:1"} or author.removeprefix("timer ") in {
                t[2] for t in TIMERS
            }
            found.setdefault(number, []).append((old, new))
        expected: dict[int, list[tuple[str, str]]] = {}
        for number, old, new in self.moves:
            expected.setdefault(number, []).append((old, new))
        assert found == expected


TestSessions = Sessions.TestCase
TestSessions.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
