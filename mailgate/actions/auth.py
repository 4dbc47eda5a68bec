"""Who vouches for the sender, and what a mail is (vnd.mailgate.auth): tests `authenticated` and `class`.

Both stand on facts that were checked, never on fields of the mail: our own look at DKIM, an
Authentication-Results field of a server that the settings trust, the loop marks, the envelope. Done:
`authenticated` with `:dkim`, `:spf`, `:dmarc`, `:arc` and a list of domains (`:arc` is about the last server
that passed the mail on with a whole chain; it says nothing of the author, so it counts only where it is
named); `class` with the six classes of docs/loops.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from mailgate.actions._asking import namespace
from mailgate.actions._question import Question
from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.address import split
from mailgate.domain.facts import MailClass, Verdict
from sieve_like.declare import simple_test
from sieve_like.interpreter import Run
from sieve_like.spec import Extension, Kind, Positional, Tag
from sieve_like.values import Args

METHODS = ("dkim", "spf", "dmarc")
ARC = "arc"
CLASSES = tuple(one.value for one in MailClass)


@dataclass(frozen=True, slots=True)
class VouchedFor(Question):
    """Which domains vouch for the sender by one of these methods, for one of these domains (() is From's)."""

    methods: tuple[str, ...]
    domains: tuple[str, ...]

    def answer(self, plan: Plan) -> object:
        """Return whether one does."""
        wanted = self.domains or (split(plan.author)[1].lower(),)
        fits = _is_listed if self.domains else _is_aligned
        return any(
            verdict.result == "pass" and any(fits(verdict.domain.lower(), one) for one in wanted)
            for verdict in self._verdicts(plan)
        )

    def _verdicts(self, plan: Plan) -> Iterator[Verdict]:
        known = plan.mail.facts.authentication
        if "dkim" in self.methods:
            yield from known.dkim
        if "spf" in self.methods:
            yield known.spf
        if "dmarc" in self.methods:
            yield known.dmarc
        if "arc" in self.methods:
            yield known.arc

    def __str__(self) -> str:
        """Return what a trace shows."""
        return f"whether {', '.join(self.methods)} vouches for {', '.join(self.domains) or 'the author'}"


@dataclass(frozen=True, slots=True)
class ClassOfMail(Question):
    """What the mail is; the answer is a value of `MailClass`."""

    def answer(self, plan: Plan) -> object:
        """Return the class as it was settled for this run."""
        return plan.mail_class.value

    def __str__(self) -> str:
        """Return what a trace shows."""
        return "the mail's class"


def _is_listed(domain: str, pattern: str) -> bool:
    """Whether a domain is one that the rule names, with `*` for subdomains."""
    return bool(domain) and fnmatchcase(domain, pattern.lower())


def _is_aligned(domain: str, author: str) -> bool:
    """Whether a domain speaks for the author's: it is the same, or one lies within the other (RFC 7489 3.1).

    Which domains strangers share (the public suffixes) is not looked up: none of them signs or sends mail.
    """
    if not domain or not author:
        return False
    return domain == author or domain.endswith(f".{author}") or author.endswith(f".{domain}")


def _authenticated(run: Run, args: Args) -> bool:
    methods = tuple(name for name in (*METHODS, ARC) if args.flag(name)) or METHODS
    return bool(run.ask(VouchedFor(methods, args.texts("domains"))))


def _class(run: Run, args: Args) -> bool:
    return run.ask(ClassOfMail()) in {one.lower() for one in args.texts("classes")}


def _known_class(value: str | int) -> str:
    if str(value).lower() in CLASSES:
        return ""
    near = get_close_matches(str(value).lower(), CLASSES, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else f"; there are {', '.join(CLASSES)}"
    return f"there is no class '{value}'{hint}"


ACTION: tuple[ActionSpec, ...] = ()

EXTENSION = Extension(
    "vnd.mailgate.auth",
    tests=(
        simple_test(
            "authenticated",
            _authenticated,
            tags=tuple(Tag(name) for name in (*METHODS, ARC)),
            positionals=(Positional("domains", Kind.STRINGS, optional=True),),
        ),
        simple_test("class", _class, positionals=(Positional("classes", Kind.STRINGS, check=_known_class),)),
    ),
    namespaces=tuple(map(namespace, ("mail", "queue", "now"))),
    card=__doc__,
)
