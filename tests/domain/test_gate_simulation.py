"""The bound of docs/loops.md in simulated days: whatever answers us, only so much leaves.

Correspondents answer every mail of ours: one strips all headers and changes its address each time, one bounces, one is
another mailgate that keeps its headers. Real octets are parsed and classified, the real gate is asked, and what leaves is
checked against the bound, every window at every moment. Taking any single budget out must break it.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from domainworld import HOST, KEYS, NOW, SUPPORT, World, octets

from mailgate.domain.address import split
from mailgate.domain.budgets import INCOMING, Budgets
from mailgate.domain.classify import classify
from mailgate.domain.draft import Draft, MailKind
from mailgate.domain.effects import Forward, Send
from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.domain.facts import Facts, MailClass
from mailgate.domain.gate import Gate, GatePolicy, Outcome
from mailgate.domain.mail import Mail
from mailgate.domain.message.view import MessageView
from mailgate.domain.thread import How, belongs
from mailgate.domain.token import is_own_mark, loop_mark, message_id

HOUR, DAY = 3600, 86400


@dataclass(frozen=True, slots=True)
class Post:
    """A mail on its way: envelope sender, recipient, octets, and when it arrives."""

    at: int
    sender: str
    to: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Left:
    """One automatic mail that left."""

    at: int
    kind: MailKind
    to: str
    ticket: int
    to_machine: bool


@dataclass
class House:
    """A gateway as small as can be: classify, thread, acknowledge, through the real gate."""

    budgets: Budgets = field(default_factory=Budgets)
    name: str = "support@example.org"
    keys: tuple[bytes, ...] = KEYS
    world: World = field(default_factory=World)
    left: list[Left] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self):
        self.gate = Gate(GatePolicy(own=frozenset({self.name}), budgets=self.budgets))

    def receive(self, post: Post) -> Post | None:
        """Take a mail in and return the acknowledgement, if the gate lets it out."""
        self.world.now = NOW + timedelta(seconds=post.at)
        self.world.bump([INCOMING])
        one = self._look(post)
        ticket = self._ticket(one)
        unique = str(next(self.numbers))
        own_id = message_id(self.keys, ticket, ticket, post.sender, unique, HOST)
        draft = Draft(self.name, post.sender, "RE: hello", "Thank you", message_id=own_id)
        # Every answer has a rule of its own, so that no pause of a rule helps the budgets.
        send = Send(MailKind.ANSWER, draft, "", f"rule:{unique}", ticket_id=ticket)
        verdict = self.gate.send(send, one, self.world, self.world.now)
        if verdict.outcome is not Outcome.SEND:
            self.world.bump(self.gate.overruns(send, verdict))
            return None
        self.world.bump(self.gate.counters(send, one))
        machine = one.facts.mail_class is not MailClass.PERSON
        self.left.append(Left(post.at, MailKind.ANSWER, post.sender, ticket, machine))
        return Post(post.at, "", post.sender, self._answer(own_id, post.sender, one.view.message_id))

    def _look(self, post: Post) -> Mail:
        view = MessageView.parse(post.raw)
        mark = any(is_own_mark(self.keys, "main", value) for value in view.text("x-mailgate-loop"))
        mail_class, reason = classify(view, post.sender, own_mark=mark, tie=False)
        received = Received(
            Octets(len(post.raw), b"", post.raw),
            Envelope(post.sender, (Recipient(post.to),)),
            Origin(Source.LMTP),
            NOW,
        )
        return Mail(
            received, view, Facts(mail_class=mail_class, class_reason=reason), received.envelope.recipients[0]
        )

    def _ticket(self, one: Mail) -> int:
        found = belongs(one, self.world, self.keys, now=self.world.now)
        if found.how is How.JOIN:
            return found.ticket.ticket_id
        number = self.world.allocate("ticket")
        self.world.add_ticket(number, one.sender or "nobody@x.example")
        return number

    def _answer(self, own_id: str, to: str, original: str) -> bytes:
        return octets(
            f"From: {self.name}\nTo: {to}\nSubject: RE: hello\nMessage-ID: {own_id}\nIn-Reply-To: {original}\n"
            "Auto-Submitted: auto-replied\nPrecedence: bulk\nX-Auto-Response-Suppress: All\n"
            f"X-Mailgate-Loop: {loop_mark(self.keys, 'main')}"
        )


# -- who answers: each is given our mail and returns what it sends back, and how many seconds later

Correspondent = Callable[[Post, int], list[Post]]


def stripped(
    address: Callable[[int], str], *, keeps_token: bool = False, copies: int = 1, delay: int = 5
) -> Correspondent:
    """Answer from a new address each time, without any header that says what it is."""
    count = itertools.count()

    def answer(post: Post, at: int) -> list[Post]:
        back = []
        for _ in range(copies):
            sender = address(next(count))
            own = MessageView.parse(post.raw).message_id
            reference = f"\nReferences: {own}" if keeps_token else ""
            raw = octets(
                f"From: {sender}\nTo: {SUPPORT}\nSubject: hello\nMessage-ID: <{next(count)}@r>{reference}"
            )
            back.append(Post(at + delay, sender, SUPPORT, raw))
        return back

    return answer


def bouncer(post: Post, at: int) -> list[Post]:
    """Return everything with a delivery report."""
    body = "--b\n\nSorry\n--b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--\n"
    head = "From: MAILER-DAEMON@x.example\nSubject: Undelivered\nContent-Type: multipart/report; report-type=delivery-status; boundary=b"
    return [Post(at + 1, "", SUPPORT, octets(head, body))]


def simulate(
    house: House, seeds: list[Post], answer: Correspondent, days: float = 1.2, most: int = 40_000
) -> list[Left]:
    """Let mails go to and fro until nothing is left or the days are over; return what left the house."""
    waiting = deque(sorted(seeds, key=lambda post: post.at))
    later: deque[Post] = deque()
    for _ in range(most):
        if not waiting and not later:
            break
        # All correspondents answer after the same time, so the two queues are each in order.
        post = (waiting if waiting and (not later or waiting[0].at <= later[0].at) else later).popleft()
        if post.at > days * DAY:
            break
        ours = house.receive(post)
        if ours is not None:
            later.extend(answer(ours, post.at))
    return house.left


def seeds(n: int, every: float, sender: Callable[[int], str]) -> list[Post]:
    """Return n first mails of people, one every so many seconds."""
    return [
        Post(
            int(i * every),
            sender(i),
            SUPPORT,
            octets(f"From: {sender(i)}\nTo: {SUPPORT}\nSubject: hello\nMessage-ID: <s{i}@p>"),
        )
        for i in range(n)
    ]


# -- the bound

BOUND = {
    # name: (what is counted together, window in seconds, how many)
    "per_address_hour": (lambda one: one.to, HOUR, 10),
    "per_address_day": (lambda one: one.to, DAY, 40),
    "per_domain_hour": (lambda one: split(one.to)[1], HOUR, 100),
    "per_ticket": (lambda one: one.ticket, 600, 10),
    "all_hour": (lambda one: "", HOUR, 1000),
    "all_day": (lambda one: "", DAY, 5000),
}


def broken(left: list[Left], bound=BOUND) -> set[str]:
    """Return which statements of the bound do not hold, each looked at in every window that ends with a mail."""
    found = set()
    for name, (key, window, most) in bound.items():
        recent: dict[object, deque[int]] = {}
        for one in left:
            times = recent.setdefault(key(one), deque())
            times.append(one.at)
            while times[0] <= one.at - window:
                times.popleft()
            if len(times) > most:
                found.add(name)
                break
    return found


def fixed(_n: int) -> str:
    return "robot@loop.example"


def local_part(n: int) -> str:
    return f"robot{n}@loop.example"


def domain(n: int) -> str:
    return f"robot@loop{n}.example"


# Each scenario runs into one budget above all; the numbers of first mails are what it takes to get there.
SCENARIOS = {
    "one address, quick": (lambda: seeds(30, 1, fixed), lambda: stripped(fixed)),
    "one address, all day": (lambda: seeds(300, 300, fixed), lambda: stripped(fixed, delay=400)),
    "one domain": (lambda: seeds(300, 1, local_part), lambda: stripped(local_part)),
    "one ticket": (lambda: seeds(1, 1, domain), lambda: stripped(domain, keeps_token=True, copies=2)),
    "all different, quick": (lambda: seeds(1500, 1, domain), lambda: stripped(domain, delay=30)),
    "all different, all day": (lambda: seeds(9000, 10, lambda n: f"a@d{n}.example"), lambda: bouncer),
}
# Taking one budget out, the scenario that then breaks the bound.
NEEDED = {
    "per_address_hour": "one address, quick",
    "per_address_day": "one address, all day",
    "per_domain_hour": "one domain",
    "per_ticket": "one ticket",
    "all_hour": "all different, quick",
    "all_day": "all different, all day",
}


def run(scenario: str, budgets: Budgets) -> list[Left]:
    first, answer = SCENARIOS[scenario]
    return simulate(House(budgets), first(), answer())


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_bound_holds_at_the_defaults(scenario):
    """Against every correspondent, and although all answer for ever, no statement of the bound breaks."""
    left = run(scenario, Budgets())
    assert left
    assert broken(left) == set()


@pytest.mark.parametrize("budget", NEEDED)
def test_the_bound_breaks_without_any_single_budget(budget):
    """With one budget taken out some correspondent breaks what it had promised: each is needed."""
    left = run(NEEDED[budget], replace(Budgets(), **{budget: None}))
    assert budget in broken(left)


def test_every_budget_of_answers_has_its_proof():
    """No limit on answers is left out of the proof."""
    limits = {name for name in Budgets.__dataclass_fields__ if name.startswith(("per_", "all_"))}
    assert set(NEEDED) == set(BOUND) == limits


def test_a_correspondent_who_multiplies_gets_a_fifth_at_most():
    """Ten mails for each of ours, all different: every answer of ours still costs five mails of theirs.

    That is what "1,000 an hour, or a fifth of incoming mail if that is more" means at any moment.
    """
    house = House()
    simulate(house, seeds(200, 1, domain), stripped(domain, copies=10, delay=60), days=0.25, most=12_000)
    times = [one.at for one in house.left]
    for last in range(1000, len(times), 50):
        house.world.now = NOW + timedelta(seconds=times[last])
        within = sum(times[last] - HOUR < at <= times[last] for at in times)
        assert within <= max(1000, house.world.count(*INCOMING, HOUR) / 5)
    assert len(times) > 1000


@pytest.mark.parametrize("n", [1, 50])
def test_a_bouncer_gets_nothing_back(n):
    """A delivery report is never answered: one mail of ours per mail of a person, and that is all."""
    left = simulate(House(), seeds(n, 600, domain), bouncer)
    assert len(left) == n
    assert not any(one.to_machine for one in left)


def test_another_mailgate_gets_nothing_back():
    """Two gateways that keep each other's headers exchange one answer per first mail and fall silent.

    Here each sends with a real envelope sender, as a badly set up one might; the headers alone suffice.
    """
    ours, theirs = House(), House(name="desk@other.example", keys=(b"o" * 32,))

    def other(post: Post, at: int) -> list[Post]:
        answer = theirs.receive(replace(post, at=at + 1, sender=SUPPORT, to="desk@other.example"))
        return [] if answer is None else [replace(answer, at=at + 2, sender="desk@other.example", to=SUPPORT)]

    first = seeds(20, 60, lambda n: "desk@other.example")
    left = simulate(ours, first, other)
    assert len(left) == 10  # the budget per address, since all twenty came from one
    assert theirs.left == []
    assert not any(one.to_machine for one in left)


def test_with_headers_kept_no_machine_is_ever_answered():
    """Whoever keeps Auto-Submitted, our mark, a list field or the null sender gets nothing at all."""
    house = House()
    for n, extra in enumerate(
        ["Auto-Submitted: auto-replied", f"X-Mailgate-Loop: {loop_mark(KEYS, 'main')}", "List-Id: <x>", "Precedence: bulk",
         "X-Autoreply: yes", "Auto-Submitted: auto-generated"]
    ):  # fmt: skip
        raw = octets(f"From: r@x.example\nTo: {SUPPORT}\nSubject: hello\nMessage-ID: <h{n}@r>\n{extra}")
        assert house.receive(Post(n, "r@x.example", SUPPORT, raw)) is None
    assert house.receive(Post(9, "", SUPPORT, octets(f"From: r@x.example\nTo: {SUPPORT}"))) is None
    assert house.left == []


# -- notices and redirects

NOTICE_BOUND = {
    "notices_per_address_hour": (lambda one: one.to, HOUR, 60),
    "notices_per_ticket": (lambda one: one.ticket, 600, 10),
    "notices_hour": (lambda one: "", HOUR, 5000),
}
REDIRECT_BOUND = {
    "redirects_per_domain_hour": (lambda one: split(one.to)[1], HOUR, 1000),
    "redirects_hour": (lambda one: "", HOUR, 10_000),
}
NOTICES = {
    "notices_per_address_hour": lambda n: ("agent@staff.example", n),
    "notices_per_ticket": lambda n: (f"agent{n}@staff.example", 7),
    "notices_hour": lambda n: (f"agent{n}@staff.example", n),
}
REDIRECTS = {
    "redirects_per_domain_hour": lambda n: f"x{n}@partner.example",
    "redirects_hour": lambda n: f"x@partner{n}.example",
}


def notify(budgets: Budgets, whom, n: int = 5600) -> list[Left]:
    """Write n notices within the hour, as a mail bomb causes them."""
    house, left = House(budgets), []
    for i in range(n):
        to, ticket = whom(i)
        house.world.now = NOW + timedelta(seconds=i // 2)
        send = Send(MailKind.NOTICE, Draft(SUPPORT, to, "New", "x"), "", "notify:1", ticket_id=ticket)
        if house.gate.send(send, None, house.world, house.world.now).outcome is Outcome.SEND:
            house.world.bump(house.gate.counters(send, None))
            left.append(Left(i // 2, MailKind.NOTICE, to, ticket, to_machine=False))
    return left


def redirect(budgets: Budgets, whom, n: int = 10_600) -> list[Left]:
    """Redirect n mails within the hour."""
    house, left = House(budgets), []
    one = house._look(seeds(1, 1, fixed)[0])
    for i in range(n):
        house.world.now = NOW + timedelta(seconds=i // 4)
        forward = Forward(whom(i), "robot@loop.example")
        if house.gate.forward(forward, one, 0, house.world, house.world.now).outcome is Outcome.SEND:
            house.world.bump(house.gate.counters(forward, one))
            left.append(Left(i // 4, MailKind.REDIRECT, forward.to_address, 0, to_machine=False))
    return left


@pytest.mark.parametrize("budget", NOTICES)
def test_notices_stay_within_their_bound_by_each_budget(budget):
    """A mail bomb does not become a bomb of notices; without the budget it does."""
    assert broken(notify(Budgets(), NOTICES[budget]), NOTICE_BOUND) == set()
    assert budget in broken(notify(replace(Budgets(), **{budget: None}), NOTICES[budget]), NOTICE_BOUND)


@pytest.mark.parametrize("budget", REDIRECTS)
def test_redirects_stay_within_their_bound_by_each_budget(budget):
    """The same for redirects, which are held above it."""
    assert broken(redirect(Budgets(), REDIRECTS[budget]), REDIRECT_BOUND) == set()
    assert budget in broken(redirect(replace(Budgets(), **{budget: None}), REDIRECTS[budget]), REDIRECT_BOUND)


def test_four_redirects_of_a_mail_by_the_budget_per_mail():
    """A mail leaves to four addresses at most; without the budget to as many as the script says."""

    def leave(budgets: Budgets) -> int:
        house = House(budgets)
        one = house._look(seeds(1, 1, fixed)[0])
        already = 0
        for n in range(10):
            forward = Forward(f"x{n}@partner.example", "robot@loop.example")
            already += house.gate.forward(forward, one, already, house.world, NOW).outcome is Outcome.SEND
        return already

    assert leave(Budgets()) == 4
    assert leave(replace(Budgets(), redirects_per_mail=None)) == 10
