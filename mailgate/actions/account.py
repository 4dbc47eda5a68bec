"""Where a mail came in and who is in charge (vnd.mailgate.account).

Done: `account` (the listener by its name, the kind of door: lmtp, smtp, imap, inject, or our address),
`folder` (where it lay when it was fetched; mail that is delivered to us lies in INBOX), `queue` (the queue in
charge: the ticket's, else the address's), `businesshours` (whether it is open now: a queue's hours, time zone
and holidays; without a name the queue in charge; without hours it is always open).
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from mailgate.actions._asking import namespace
from mailgate.actions._folders import INBOX
from mailgate.actions._question import Question
from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.hours import is_open
from sieve_like.declare import simple_test
from sieve_like.errors import did_you_mean
from sieve_like.interpreter import Run
from sieve_like.spec import Binding, Bound, Extension, Kind, Positional
from sieve_like.values import Args

# What an account's name has that is a pattern or an address.
PATTERN = frozenset("*?[@")


@dataclass(frozen=True, slots=True)
class CameInBy(Question):
    """By which account or listener; the answer is its names, parted by blanks."""

    def answer(self, plan: Plan) -> object:
        """Return the listener's name, its kind, and the address of ours whose rules these are."""
        origin = plan.mail.received.origin
        return " ".join(filter(None, (origin.listener, origin.source.value, plan.route.address)))

    def __str__(self) -> str:
        """Return what a trace shows."""
        return "where the mail came in"


@dataclass(frozen=True, slots=True)
class LayIn(Question):
    """In which folder the mail lay when it was fetched; the answer is its name."""

    def answer(self, plan: Plan) -> object:
        """Return the folder; mail that was delivered lies in the inbox."""
        return plan.mail.received.origin.folder or INBOX

    def __str__(self) -> str:
        """Return what a trace shows."""
        return "the folder that the mail lay in"


@dataclass(frozen=True, slots=True)
class QueueInCharge(Question):
    """Which queue is in charge; the answer is its name, "" where none is."""

    def answer(self, plan: Plan) -> object:
        """Return the name."""
        queue = plan.queue()
        return queue.name if queue is not None else ""

    def __str__(self) -> str:
        """Return what a trace shows."""
        return "the queue in charge"


@dataclass(frozen=True, slots=True)
class IsOpen(Question):
    """Whether a queue is open now; "" is the queue in charge."""

    queue: str

    def answer(self, plan: Plan) -> object:
        """Return whether it is; a queue that does not exist is never open."""
        queue = plan.catalogue.queues.get(self.queue) if self.queue else plan.queue()
        return queue is not None and is_open(queue, plan.now)

    def __str__(self) -> str:
        """Return what a trace shows."""
        return f"whether {self.queue or 'the queue in charge'} is open"


def _account(run: Run, args: Args) -> bool:
    """Whether one of the names (with `*` and `?`, without case) is that of where the mail came in."""
    came = str(run.ask(CameInBy())).casefold().split()
    return any(fnmatchcase(one, name.casefold()) for name in args.texts("names") for one in came)


def _known_accounts(bound: Bound, binding: Binding) -> None:
    """Report a constant name that is no listener and no kind of door; patterns and addresses may be any."""
    for name in bound.constant("names") or ():  # type: ignore[union-attr]
        folded = str(name).casefold()
        if not PATTERN.intersection(folded) and not binding.catalogue.known("account", folded):
            hint = did_you_mean(folded, binding.catalogue.names("account"))
            binding.error(bound.spans["names"], f"there is no account '{name}'{hint}")


def _folder(run: Run, args: Args) -> bool:
    """Whether the mail lay in one of these folders; only the inbox has no case (RFC 3501 5.1)."""
    lay = str(run.ask(LayIn()))
    return _without_case(lay) in map(_without_case, args.texts("names"))


def _without_case(folder: str) -> str:
    return INBOX if folder.upper() == INBOX else folder


def _queue(run: Run, args: Args) -> bool:
    """Whether one of these queues is in charge; names of queues have case."""
    return run.ask(QueueInCharge()) in args.texts("names")


def _open(run: Run, args: Args) -> bool:
    return bool(run.ask(IsOpen(args.text("queue"))))


ACTION: tuple[ActionSpec, ...] = ()

EXTENSION = Extension(
    "vnd.mailgate.account",
    tests=(
        simple_test(
            "account", _account, positionals=(Positional("names", Kind.STRINGS),), check=_known_accounts
        ),
        simple_test("folder", _folder, positionals=(Positional("names", Kind.STRINGS),)),
        simple_test("queue", _queue, positionals=(Positional("names", Kind.STRINGS, names="queue"),)),
        simple_test("businesshours", _open, positionals=(Positional("queue", optional=True, names="queue"),)),
    ),
    namespaces=tuple(map(namespace, ("mail", "queue", "now"))),
    card=__doc__,
)
