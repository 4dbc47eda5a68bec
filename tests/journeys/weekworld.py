"""The week itself: a real gateway on a clock that is moved, real LMTP, real commands, and the model beside it.

    step: the clock goes on -> what is due happens -> mails come in -> agents work -> what is to leave has left

Everything that happens is drawn from one seed, and looks at the model alone for what can be done; so a run is the same
each time, and nothing that the gateway has in its tables decides what is expected of it.
"""

import contextlib
import email
import random
import smtplib
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import peers
import pytest
from click.testing import CliRunner

from mailgate.cli import _staff
from mailgate.cli import agent as agent_command
from mailgate.cli._main import cli
from mailgate.store import writer

sys.path.append(str(Path(__file__).parents[1] / "loops"))

import loopworld
from simclock import START, SimulatedClock
from weekacts import ACTS, reach, tell_reminders
from weekmail import octets, queue_of, receive
from weekmodel import DAY, Book, Incoming, Ticket
from weekscript import AGENTS, BUSINESS, CUSTOMERS, DOMAIN, MATTERS, SCRIPTS, VIPS, WEEK

SEED = 4
MAILS = 400
# So many of them come in after the week, when conversations are paused, closed, and over for good.
LATE_MAILS = 60
MINUTE = 60_000
OFF_DAYS = (2, 5, 6)
# Mails by kind, and how often.
KINDS = {
    "unknown": 18, "known": 24, "vip": 9, "token": 18, "number": 9, "subject": 6, "detail": 4, "automatic": 5,
    "bounce": 3, "list": 5, "forged": 3, "stranger": 3, "aside": 2,
}  # fmt: skip


@dataclass
class Week:
    """One run of the script."""

    world: loopworld.World
    gate: loopworld.LoopGate
    book: Book = field(default_factory=Book)
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))
    sent: int = 0
    people: int = 0
    turned_away: int = 0
    refused: list[tuple[Incoming, str]] = field(default_factory=list)
    # (state of the session that a follow-up met, or "over" for one that was closed too long ago)
    met: set[str] = field(default_factory=set)
    _client: smtplib.LMTP | None = None
    _seen: int = 0
    _ours: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    # -- the real world

    def command(self, *arguments: str) -> str:
        """Run a command that succeeds; return what it printed."""
        done = CliRunner().invoke(
            cli, ["--config", str(self.gate.config), *arguments], catch_exceptions=False
        )
        assert done.exit_code == 0, f"mailgate {' '.join(arguments)}: {done.output}"
        return done.stdout

    def refused_command(self, *arguments: str) -> None:
        """Run a command that must change nothing, and says so."""
        done = CliRunner().invoke(
            cli, ["--config", str(self.gate.config), *arguments], catch_exceptions=False
        )
        assert done.exit_code == 1, f"mailgate {' '.join(arguments)}: {done.output}"

    def ask(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Read the database beside the gateway."""
        where = f"file:{self.gate.state}/mailgate.sqlite?mode=ro"
        with contextlib.closing(sqlite3.connect(where, uri=True, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]

    def entry_of(self, mail: str) -> int:
        """Return the number that `ticket show` prints in front of a mail."""
        ((found),) = self.ask("SELECT id FROM entry WHERE msgid = ? AND kind = 'incoming'", mail)
        return int(found["id"])

    def new_number(self, printed: str) -> str:
        """Return the new ticket that a command's output names."""
        known = {one.number for one in self.book.tickets}
        words = printed.replace(",", " ").replace(":", " ").split()
        (number,) = {word for word in words if word.startswith("T-")} - known
        return number

    def hand_in(self, mail: Incoming, ours: str = "") -> None:
        """Hand a mail in; one that the gateway takes changes the model too."""
        if self._client is None:
            self._client = smtplib.LMTP("127.0.0.1", self.gate.port, local_hostname="client.example")
            self._client.ehlo_or_helo_if_needed()
        self._client.mail(mail.sender)
        code, said = self._client.rcpt(mail.to)
        if code == 451:
            self._client.rset()
            self.refused.append((mail, ours))
            self.turned_away += 1
            return
        assert code == 250, said
        code, said = self._client.data(octets(mail, ours))
        assert code == 250, f"{mail}: {said.decode()}"
        self.sent += 1
        receive(self.book, mail, said.decode().partition("ticket=")[2])
        self.book.settle()

    def close(self) -> None:
        """End the LMTP session."""
        if self._client is not None:
            self._client.close()

    def ours(self, ticket: Ticket) -> list[tuple[str, str]]:
        """Return (Message-ID, to) of the mails that have left about a ticket."""
        mails = self.world.relays["a"].mails
        # Several leave at once, in no order that is sure.
        for one in sorted(mails[self._seen :], key=lambda one: one.to):
            head = email.message_from_bytes(one.raw)
            tag = str(head["Subject"]).partition("[#")[2].partition("]")[0]
            if tag:
                self._ours.setdefault(tag, []).append((str(head["Message-ID"]), one.to))
        self._seen = len(mails)
        return [one for one in self._ours.get(ticket.number, []) if one[1] not in AGENTS.values()]

    # -- the clock

    def go_to(self, at: int) -> None:
        """Move the clock, and let happen what is due then."""
        self.world.clock.set((at - round(START.timestamp() * 1000)) / 1000)
        book = self.book
        book.now = at
        before = len(book.assignments)
        book.give_out()
        book.settle()
        if len(book.assignments) > before:
            count = "SELECT count(*) AS n FROM assignment"
            peers.wait_until(
                lambda: self.ask(count)[0]["n"] >= len(book.assignments), "what waits is given out", 20
            )
        if due := book.alarms_due():
            for ticket in due:
                book.retime(ticket)
            book.settle()
            self.command("priority", "run-alarms")
        if tell_reminders(self):
            self.command("ticket", "followup", "run")

    def quiet(self) -> None:
        """Wait until all mail has left."""
        self.world.quiet()

    # -- who writes

    def _person(self, kind: str) -> tuple[str, str]:
        """Return address and name of somebody who begins something new."""
        if kind == "vip":
            return self.rng.choice(VIPS), "A VIP"
        if kind == "known":
            return self.rng.choice(CUSTOMERS)
        self.people += 1
        domain = self.rng.choice(("new.example", "acme.example", "web.de", "cargo.example"))
        return f"guest{self.people}@{domain}", f"Guest {self.people}"

    def _new(self, kind: str) -> Incoming:
        address, name = self._person(kind)
        queue = "support" if kind == "vip" else self.rng.choice(("support", "support", "orders", "billing"))
        subject = f"{self.rng.choice(MATTERS[queue])} {self.sent + len(self.refused)}"
        return self._mail(address, name, queue, subject)

    def _mail(self, address: str, name: str, queue: str, subject: str, **more: Any) -> Incoming:
        number = self.sent + len(self.refused)
        more = {"sender": address, **more}
        return Incoming(f"<m{number}.{self.book.now}@mail.example>", more.pop("sender"), address, name,
                        f"{queue}@{DOMAIN}", subject, **more)  # fmt: skip

    # -- what comes in

    def mail(self, kind: str = "", state: str = "") -> None:
        """Let one mail come in, of a kind or one that is drawn; a follow-up into a session in a state."""
        kind = kind or self.rng.choices(list(KINDS), list(KINDS.values()))[0]
        if kind in {"unknown", "known", "vip"}:
            self.hand_in(self._new(kind))
        elif kind == "list":
            self.people += 1
            address = f"editor{self.people}@list.example"
            subject = f"News {self.sent + len(self.refused)}"
            self.hand_in(
                self._mail(address, "News", "support", subject, kind="list", sender="bounces@list.example")
            )
        elif kind == "aside":
            mail = self._mail("robot@away.example", "Robot", "support", "Away", kind="automatic")
            self.hand_in(mail)
        else:
            ticket = self._about(kind, state)
            if ticket is None:
                self.hand_in(self._new("unknown"))
            else:
                self._follow_up(kind, ticket)

    def _about(self, kind: str, state: str) -> Ticket | None:
        """Return a ticket that a follow-up may be about; None where there is none yet."""
        mine = (
            [one for one in self.book.tickets if one.root.session.state == state]
            if state
            else self.book.tickets
        )
        if state == "over":
            mine = [t for t in self.book.tickets if self._over(t.root)]
        elif state == "closed":
            mine = [one for one in mine if not self._over(one.root)]
        if kind == "subject":
            recent = [t for t in mine if t.merged is None and t.first["subject"] == t.fields["subject"]]
            mine = [t for t in recent if not t.contact.vip and "contract" not in str(t.first["subject"])]
            mine = [t for t in mine if not t.claims and t.fields["queue"] == t.first["queue"]]
            mine = [t for t in mine if " part of " not in str(t.first["subject"])]
        if kind in {"token", "automatic", "bounce", "stranger"}:
            mine = [one for one in mine if self.ours(one)]
        if kind == "bounce":
            mine = [one for one in mine if not self.book.failing[self.ours(one)[-1][1]]]
        return self.rng.choice(mine) if mine else None

    def _over(self, ticket: Ticket) -> bool:
        session = ticket.session
        return session.state == "closed" and self.book.now - session.last >= 30 * DAY

    def _follow_up(self, kind: str, ticket: Ticket) -> None:
        contact = ticket.contact
        address, name = contact.address, contact.name
        queue = str(ticket.first["queue"])
        subject = f"Re: {ticket.first['subject']}"
        ours, more = "", dict[str, Any]()
        match kind:
            case "number" | "forged":
                subject = f"Re: [#{ticket.number}] once more"
            case "detail":
                local, _, domain = address.partition("@")
                address = f"{local.partition('+')[0]}+shop@{domain}"
                subject = f"AW: [#{ticket.number}] from my other address"
            case "automatic":
                more |= {"kind": "automatic", "how": self.ours(ticket)[-1][1]}
            case "bounce":
                address, name, subject = "mailer-daemon@mx.example", "Mail Delivery", "Undelivered Mail"
                more |= {"kind": "bounce", "sender": "", "how": self.ours(ticket)[-1][1]}
        if kind in {"forged", "stranger"}:
            self.people += 1
            address, name = f"stranger{self.people}@elsewhere.example", f"Stranger {self.people}"
        if kind in {"token", "automatic", "bounce", "stranger"}:
            ours = self.ours(ticket)[-1][0]
            more.setdefault("how", "token")
        mail = self._mail(address, name, queue, subject, about=ticket, **more)
        if kind not in {"automatic", "bounce", "forged"}:
            self.met.add("over" if self._over(ticket.root) else ticket.root.session.state)
        if queue_of(mail) in {"support", "orders", "billing"}:
            self.hand_in(mail, ours)

    # -- who works

    def work(self) -> None:
        """Let an agent do something that is drawn."""
        who = self.rng.choices(list(AGENTS), [1, 3, 6, 6, 6])[0]
        tickets = reach(self.book, who)
        if not tickets:
            return
        act = self.rng.choices(list(ACTS), list(ACTS.values()))[0]
        # Those of the last days are worked at most.
        act(self, who, self.rng.choice(tickets[-40:]))
        self.book.settle()


# -- the script


def steps() -> Iterator[tuple[int, int, str]]:
    """Yield (day, minute of the day in Berlin, what) of the week."""
    for day in range(7):
        yield day, 5, "midnight"
        if day in OFF_DAYS:
            yield from ((day, hour * 60, "mail") for hour in (8, 12, 18))
            continue
        yield day, 8 * 60 + 30, "come"
        yield day, 8 * 60 + 31, "then"
        minutes = range(9 * 60, 17 * 60 + 40, 25)
        yield from ((day, minute, "work") for minute in minutes if minute < 11 * 60 + 5)
        yield day, 11 * 60 + 10, "cora"
        yield day, 11 * 60 + 11, "then"
        yield from ((day, minute, "work") for minute in minutes if minute > 11 * 60 + 15)
        yield from ((day, hour * 60, "mail") for hour in (19, 22))


def play(week: Week) -> None:
    """Let the week pass."""
    for address in VIPS:
        week.command("contact", "add", address, "--name", f"V {address[:4]}", "--vip")
        week.book.add_contact(address, f"V {address[:4]}", vip=True, company="")
    script = list(steps())
    busy = [n for n, one in enumerate(script) if one[2] in {"work", "mail", "midnight"}]
    share = [busy[n * len(busy) // (MAILS - LATE_MAILS)] for n in range(MAILS - LATE_MAILS)]
    start = week.book.now
    for n, (day, minute, what) in enumerate(script):
        week.go_to(start + (day * 1440 + minute) * MINUTE)
        _at(week, day, what, minute)
        for _ in range(share.count(n)):
            week.mail()
        if what == "work":
            for _ in range(3):
                week.work()
        week.quiet()
    _late(week, start)


def _at(week: Week, day: int, what: str, minute: int) -> None:
    """Do what belongs to this hour: people come and go, a queue is off for a day."""
    book = week.book
    match what:
        case "midnight" if day == 1:
            week.command("ticketqueue", "set", "billing", "--disabled", "--take-over")
        case "midnight" if day == 2:
            week.command("ticketqueue", "set", "billing", "--enabled", "--take-over")
            again, week.refused = week.refused, []
            for mail, ours in again:
                week.hand_in(mail, ours)
        case "come":
            for name, hours in (("anna", 8), ("bert", 10)):
                week.command("agent", "present", name, "--for", f"{hours}h")
                book.present[name] = book.now + hours * 60 * MINUTE
        case "cora":
            week.command("agent", "present", "cora", "--for", "4h")
            book.present["cora"] = book.now + 4 * 60 * MINUTE
        case "work" if minute == 15 * 60 + 40:
            week.command("agent", "away", "bert")
            book.present["bert"] = 0


def _late(week: Week, start: int) -> None:
    """Let months pass: conversations rest, close, and are over; people write and answer all the same."""
    stops = (9, 37, 44, 75, 105, 166)
    states = ("paused", "resolved", "closed", "over", "reopened", "active", "unopened")
    for n, days in enumerate(stops):
        week.go_to(start + (days * 1440 + 11 * 60) * MINUTE)
        week.command("session", "run-timers")
        week.book.run_timers()
        week.book.settle()
        for m in range(LATE_MAILS * n // len(stops), LATE_MAILS * (n + 1) // len(stops)):
            week.mail(week.rng.choice(("token", "number", "detail")), states[m % len(states)])
        for _ in range(8):
            week.work()
        week.quiet()


# -- how it runs


def clocked(clock: SimulatedClock) -> type[datetime]:
    """Return a datetime whose now is the simulation's."""

    class Clocked(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock.now().astimezone(tz or UTC)

    return Clocked


@contextlib.contextmanager
def week() -> Iterator[Week]:
    """Run a gateway on a clock of its own; commands in this process have the same one."""
    with loopworld.world() as world, pytest.MonkeyPatch.context() as patch:
        world.clock.set((WEEK - START).total_seconds())
        for module in (writer, _staff, agent_command):
            patch.setattr(module, "datetime", clocked(world.clock))
        business = {"business.toml": BUSINESS, **{f"{name}.sieve": text for name, text in SCRIPTS.items()}}
        one = Week(world, world.gate(business))
        try:
            yield one
        finally:
            one.close()
