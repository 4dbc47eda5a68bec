"""Tests of rules (.svtest) with all that mailgate adds: vnd.mailgate.testsuite on a database in memory.

    test_contact :name "Anna" :vip "anna@customer.example";
    test_ticket :queue "support" :contact "anna@customer.example" "T-7";
    test_clock "2026-11-22T10:00:00Z";
    if not test_effect :is "ticket" "queue" "support" { test_fail "no ticket"; }

Names are those of the installation (queues, agents, templates, addresses); its mails and tickets are not
there. The gate is not asked: what a rule wants to send is sent.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import fields
from enum import Enum
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from mailgate.actions._asking import CarryOut
from mailgate.actions._folders import INBOX, deliver
from mailgate.checks.gather import CheckPolicy, plain_facts
from mailgate.config.settings import load
from mailgate.domain.action import ActionSpec, Plan, PlanPolicy
from mailgate.domain.classify import settle
from mailgate.domain.draft import Draft
from mailgate.domain.effects import (
    AddEntry,
    CallHook,
    ChangeTicket,
    Deliver,
    Drop,
    Effect,
    Forward,
    LinkTickets,
    MoveSession,
    OpenContact,
    OpenTicket,
    Pipe,
    Refuse,
    Remember,
    Send,
    SetAside,
)
from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.domain.mail import Mail
from mailgate.domain.message.view import MessageView
from mailgate.domain.ports import ContactView, TicketView
from mailgate.domain.routing import Catalogue, Route
from mailgate.outbox.compose import compose
from mailgate.places import store_options
from mailgate.rules.host import RuleHost
from mailgate.rules.memory import MemoryStore
from mailgate.rules.scripts import CatalogueNames
from mailgate.store.business import load_catalogue
from mailgate.store.db import open_store
from mailgate.vocabulary import actions, language, listed_names
from mailgate.wiring import plan_policy
from sieve_like.errors import Span, did_you_mean
from sieve_like.interpreter import Run, Test
from sieve_like.matching import Source as Values
from sieve_like.matching import match_test
from sieve_like.message import PlainMessage
from sieve_like.result import Action
from sieve_like.spec import Binding, Bound, Compiling, Fact, Kind, Matching, Positional, Tag, TestSpec
from sieve_like.testing.bench import Bench, Setup, TestFailedError
from sieve_like.testing.mailgatesuite import mailgate_testsuite
from sieve_like.testing.runner import Folder
from sieve_like.testing.suite import TESTSUITE, bench_of, command
from sieve_like.testing.world import Sent, SuiteHost, World
from sieve_like.values import Args

# Tokens of tests mean nothing outside of them.
KEY: Final = b"a key for tests of rules, no secret"
CHECKS: Final = CheckPolicy(keys=(KEY,), instance="test")
# What `test_effect` calls the effects.
WORDS: Final[dict[str, type[object]]] = {
    "deliver": Deliver,
    "forward": Forward,
    "send": Send,
    "contact": OpenContact,
    "ticket": OpenTicket,
    "entry": AddEntry,
    "change": ChangeTicket,
    "link": LinkTickets,
    "session": MoveSession,
    "remember": Remember,
    "aside": SetAside,
    "refuse": Refuse,
    "drop": Drop,
    "pipe": Pipe,
    "webhook": CallHook,
}


class GateHost(SuiteHost):
    """The host of one test file: the simulated world, a database in memory, and the plan of the mail in hand.

    There is one plan as long as mail, envelope and result are the same; the effects of each action are kept
    beside it, so that executing the result applies them once.
    """

    def __init__(
        self,
        world: World,
        catalogue: Catalogue,
        policy: PlanPolicy,
        planners: Mapping[type[object], ActionSpec],
    ) -> None:
        super().__init__(world)
        self.catalogue, self.policy, self.store = catalogue, policy, MemoryStore()
        self._planners = planners
        self._run: Run | None = None
        self._key: tuple[object, ...] = ()
        self._host: RuleHost | None = None
        self._first: Action | None = None  # of the result that the plan belongs to
        self._made: dict[int, tuple[Action, list[Effect]]] = {}

    def enter(self, run: Run) -> None:
        """Answer for this run from now on."""
        self._run = run

    def namespace(self, namespace: str, name: str) -> str | None:
        """Return a value of our own namespaces."""
        return self._rules().namespace(namespace, name)

    def duplicate(self, handle: str, unique_id: str, seconds: int, *, last: bool) -> bool:
        """Whether an executed result has remembered the id."""
        return self._rules().duplicate(handle, unique_id, seconds, last=last)

    def ask(self, question: object) -> object:
        """Answer a question of our own extensions from the plan."""
        match question:
            case CarryOut(action):
                return self.carry_out(action)
            case _:
                return self._rules().ask(question)

    def carry_out(self, action: Action) -> str:
        """Plan an action, once; returns its outcome."""
        host = self._rules()
        before = len(host.plan.effects)
        outcome = host.carry_out(action)
        if id(action) not in self._made:
            # The action is kept as well: as long as it is there, no other one has its id.
            self._made[id(action)] = action, host.plan.effects[before:]
            assert self._run is not None
            self._first = next(iter(self._run.actions), action)
        return outcome

    def effects_of(self, action: Action) -> list[Effect]:
        """Return what an action would change."""
        self.carry_out(action)
        return self._made[id(action)][1]

    @property
    def octets(self) -> bytes:
        """The mail in hand, as it came."""
        return bytes(self._rules().plan.mail.view.octets)

    def kept(self, run: Run) -> list[Effect]:
        """Return what the implicit keep would do."""
        plan = self._plan(run)
        deliver(plan, INBOX, run.flags, message=run.message if run.edition else None)
        return plan.effects

    def _rules(self) -> RuleHost:
        """Return the host over the plan, made anew for another mail or an emptied result."""
        run = self._run
        assert run is not None
        key = (id(run.original), run.envelope, run.now)
        another = self._first is not None and next(iter(run.actions), None) is not self._first
        if self._host is None or key != self._key or another:
            self.store.now, self._first = run.now, None
            self._host = RuleHost(self._plan(run), self._planners)
            self._key, self._made = key, {}
        return self._host

    def _plan(self, run: Run) -> Plan:
        """Return an empty plan for the mail of a run, for its recipient's route."""
        octets = bytes(run.original.octets)
        recipient = Recipient(run.envelope.recipient)
        received = Received(
            Octets(len(octets), hashlib.sha256(octets).digest(), octets),
            Envelope(run.envelope.sender, (recipient,)),
            Origin(Source.LMTP, "test"),
            run.now,
            "test",
        )
        view = MessageView.parse(octets)
        facts = plain_facts(received, view, CHECKS)
        route = self.catalogue.route(recipient.address) or Route(recipient.address)
        mail_class, reason = settle(view, facts, lambda ids: any(map(self.store.sent, ids)))
        mail = Mail(received, view, facts, recipient)
        return Plan(mail, route, self.catalogue, self.store, run.now, self.policy, mail_class, reason)


# --- the test language --------------------------------------------------------------------------------------


def _host(run: Run) -> GateHost:
    host = run.host
    assert isinstance(host, GateHost)
    return host


def _contact(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del bench, span
    address = args.text("address")
    _host(run).store.add_contact(
        ContactView(
            0,
            args.text("name") or address,
            address,
            args.text("type"),
            args.flag("vip"),
            args.texts("category"),
            args.text("company"),
            args.text("language"),
            args.text("salutation"),
        )
    )


def _ticket(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del bench
    store, number = _host(run).store, args.text("number")
    digits = number.rpartition("-")[2]
    if not digits.isdecimal():
        raise TestFailedError(f"test_ticket: '{number}' is no number of a ticket as T-7", span)
    ticket = TicketView(
        int(digits), number, args.text("subject"), args.text("status"), args.text("priority"),
        args.text("queue"), args.text("agent"), 0, 0, args.text("session"),
    )  # fmt: skip
    store.add_ticket(ticket, args.text("contact"), args.texts("message_id"))


def _effects(run: Run) -> list[Effect]:
    """Return what the result of now would change; after an error nothing but the implicit keep's delivery."""
    bench, host = bench_of(run), _host(run)
    if bench.failed:
        return host.kept(run)
    done = [effect for action in bench.result(run) for effect in host.effects_of(action)]
    return [*done, *(host.kept(run) if run.kept else ())]


def _effect_test(bound: Bound, ctx: Compiling) -> Test:
    """Return the test: the values of one field of all effects of a kind are matched, or counted."""
    kind, name = WORDS[str(bound.constant("effect"))], str(bound.constant("field"))

    def read(run: Run) -> Sequence[str]:
        found = [effect for effect in _effects(run) if isinstance(effect, kind)]
        return [value for effect in found for value in _values(effect, name)]

    fact = Fact("", read)
    return match_test(bound, ctx, Values(read=lambda _run: (fact,), stable=False))


def _values(effect: object, name: str) -> list[str]:
    """Return a field of an effect as texts: a list as its members, a field of its mail by `draft.NAME`."""
    value: Any = effect
    for step in name.split("."):
        value = getattr(value, step, None)
    if isinstance(value, tuple):
        return [str(one) for one in value]
    return [] if value is None else [value.value if isinstance(value, Enum) else str(value)]


def _check_effect(bound: Bound, binding: Binding) -> None:
    kind, name = str(bound.constant("effect")), str(bound.constant("field"))
    known = [one.name for one in fields(WORDS[kind])]  # type: ignore[arg-type]
    if kind == "send":
        known += [f"draft.{one.name}" for one in fields(Draft)]
    if name not in known:
        hint = did_you_mean(name, known)
        binding.error(bound.spans["field"], f"the effect '{kind}' has no field '{name}'{hint}")


def _complain_about_effect(value: str | int) -> str:
    return "" if value in WORDS else f"there is no effect '{value}'; there are {', '.join(WORDS)}"


TESTSUITE_OF_MAILGATE: Final = mailgate_testsuite(
    commands=(
        command(
            "test_contact",
            _contact,
            Positional("address"),
            tags=(
                Tag("name", Kind.STRING),
                Tag("type", Kind.STRING),
                Tag("vip"),
                Tag("category", Kind.STRINGS),
                Tag("company", Kind.STRING),
                Tag("language", Kind.STRING),
                Tag("salutation", Kind.STRING),
            ),
        ),
        command(
            "test_ticket",
            _ticket,
            Positional("number"),
            tags=(
                Tag("contact", Kind.STRING, required=True),
                Tag("queue", Kind.STRING, names="queue"),
                Tag("subject", Kind.STRING),
                Tag("status", Kind.STRING, default="open"),
                Tag("priority", Kind.STRING, default="normal"),
                Tag("agent", Kind.STRING, names="agent"),
                Tag("session", Kind.STRING, default="active"),
                Tag("message_id", Kind.STRINGS),
            ),
        ),
    ),
    tests=(
        TestSpec(
            "test_effect",
            _effect_test,
            positionals=(
                Positional("effect", constant=True, check=_complain_about_effect),
                Positional("field", constant=True),
                Positional("keys", Kind.STRINGS),
            ),
            matching=Matching.MATCH,
            check=_check_effect,
        ),
    ),
)


def _perform(bench: Bench, action: Action) -> bool:
    """Carry out an action of ours: its effects go into the database in memory, its mails into the outbox."""
    host = bench.host
    assert isinstance(host, GateHost)
    made = host.effects_of(action)
    host.store.apply(made)
    for effect in made:
        match effect:
            case Send():
                draft = effect.draft
                mail = compose(draft, date=bench.now, message_id=draft.message_id)
                bench.world.outbox.append(Sent(effect.envelope_from, draft.to_address, mail.octets))
            case Deliver():
                octets = host.octets if effect.edited is None else effect.edited
                bench.world.store(effect.folder, PlainMessage(octets), effect.flags)
    return True


# --- what the command is given ------------------------------------------------------------------------------


class Beside:
    """The files beside a test file; a script that is not there is the stored one of that name."""

    def __init__(self, scripts: Mapping[str, str], first: frozenset[str], folder: Path) -> None:
        self._folder, self._scripts, self._first = Folder(folder), scripts, first

    def read(self, name: str) -> bytes | None:
        """Return a file; one of the scripts that were asked for comes from the database in any case."""
        stem = name.rpartition("/")[2].removesuffix(".sieve")
        stored = self._scripts.get(stem) if name.endswith(".sieve") else None
        octets = None if stem in self._first else self._folder.read(name)
        return octets if octets is not None or stored is None else stored.encode("utf-8")

    def script(self, name: str, *, personal: bool) -> bytes | None:
        """Return a script to include: beside the test file, else the stored one."""
        octets = self._folder.script(name, personal=personal)
        stored = self._scripts.get(name)
        return octets if octets is not None or stored is None else stored.encode("utf-8")


@cache
def setup_of(config: Path, first: frozenset[str]) -> Setup:
    """Return what the tests of an installation run with; raises SettingsError."""
    settings = load(config, resolve_secrets=True)
    store = open_store(store_options(settings))
    try:
        with closing(store.reader()) as connection:
            catalogue = load_catalogue(
                connection,
                recipient_delimiter=settings.rules.recipient_delimiter,
                listed=listed_names(settings),
            )
    finally:
        store.close()
    planners, policy = actions(), plan_policy(settings, (KEY,))
    return Setup(
        language().with_extensions(TESTSUITE, TESTSUITE_OF_MAILGATE),
        lambda world: GateHost(world, catalogue, policy, planners),
        CatalogueNames(catalogue),
        _perform,
        lambda host, run: host.enter(run) if isinstance(host, GateHost) else None,
        partial(Beside, catalogue.scripts, first),
    )
