"""What our extensions ask while a script runs, and what their grammars share."""

from dataclasses import dataclass

from mailgate.actions._question import Question
from mailgate.domain.action import Plan
from mailgate.texts.names import FACTS
from sieve_like.ext.variables import complain_about_variable
from sieve_like.interpreter import Run
from sieve_like.result import Action
from sieve_like.spec import Kind, Namespace, Tag
from sieve_like.values import Args


@dataclass(frozen=True, slots=True)
class CarryOut:
    """The question behind `:outcome`: plan this action now, and say what it will do."""

    action: Action

    def __str__(self) -> str:
        """Return what a trace shows."""
        return f"what {self.action.describe()} does"


@dataclass(frozen=True, slots=True)
class KnownContact(Question):
    """Who the mail is from, as far as we know; the answer is a `ports.ContactView` or None."""

    def answer(self, plan: Plan) -> object:
        """Return the contact."""
        return plan.known_contact()

    def __str__(self) -> str:
        """Return what a trace shows."""
        return "the sender's contact"


# The tag that puts what an action will do into a variable (SIEVE.md 3): no run-time error, a word.
OUTCOME = Tag("outcome", Kind.STRING, constant=True, check=complain_about_variable)


def after_outcome(run: Run, action: Action, args: Args) -> None:
    """Plan the action at once, so that what the script asks next already sees it; keep the outcome's word."""
    outcome = run.ask(CarryOut(action), action.span)
    if args.said("outcome"):
        run.set_variable(args.text("outcome"), str(outcome), action.span)


def namespace(name: str) -> Namespace:
    """Return a read-only namespace whose values the host answers (RFC 5229 3)."""
    return Namespace(name, tuple(sorted(FACTS[name])))
