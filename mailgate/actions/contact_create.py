"""Contacts (vnd.mailgate.contact): test `contact`, action `contact_create`, namespace (W5, S4, T5).

Done: `contact :known`, `:vip`, `:type`, `:category`, `:company`, `:language` (of several types, categories or
languages any is enough); `contact_create` with categories and company.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import ClassVar

from mailgate.actions._asking import OUTCOME, KnownContact, after_outcome, namespace
from mailgate.actions._contacts import open_contact
from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.facts import MailClass
from mailgate.domain.ports import ContactView
from sieve_like.declare import action_command, simple_test
from sieve_like.interpreter import Run
from sieve_like.result import Action
from sieve_like.spec import Binding, Bound, Extension, Kind, Tag
from sieve_like.values import Args


@dataclass(frozen=True, slots=True)
class ContactCreate(Action):
    """A contact for the author, unless there is one; says nothing about where the mail goes."""

    name: ClassVar[str] = "contact_create"

    categories: tuple[str, ...] = ()
    company: str = ""


def _build(args: Args) -> ContactCreate:
    return ContactCreate(categories=args.texts("category"), company=args.text("company"))


# What never opens a ticket opens no contact either: mail daemons, ourselves, notes of absence.
MACHINES = frozenset({MailClass.OWN, MailClass.BOUNCE, MailClass.AUTOMATIC})

QUESTIONS = (
    Tag("known"),
    Tag("vip"),
    Tag("type", Kind.STRINGS),
    Tag("category", Kind.STRINGS),
    Tag("company", Kind.STRING),
    Tag("language", Kind.STRINGS),
)


def _is(run: Run, args: Args) -> bool:
    """Whether all that was asked holds; an unknown author is nothing of anything."""
    contact = run.ask(KnownContact())
    if not isinstance(contact, ContactView):
        return False
    wanted = _folded(args, "category")
    return (
        (not args.flag("vip") or contact.vip)
        and (not args.said("type") or contact.type.casefold() in _folded(args, "type"))
        and (not args.said("language") or contact.language.casefold() in _folded(args, "language"))
        and (not wanted or bool(wanted & {c.casefold() for c in contact.categories}))
        and (
            not args.said("company")
            or fnmatchcase(contact.company.casefold(), args.text("company").casefold())
        )
    )


def _folded(args: Args, tag: str) -> set[str]:
    return {one.casefold() for one in args.texts(tag)}


def _asks_something(bound: Bound, binding: Binding) -> None:
    if not any(tag.name in bound.args for tag in QUESTIONS):
        names = ", ".join(f":{tag.name}" for tag in QUESTIONS)
        binding.error(bound.span, f"the test 'contact' needs at least one of {names}")


def plan(plan: Plan, action: object) -> str:
    """Open the contact unless the author is known; returns "created", "exists" or "machine"."""
    assert isinstance(action, ContactCreate)
    if plan.mail_class in MACHINES:
        return "machine"
    if not plan.author or plan.known_contact() is not None:
        return "exists"
    rule = plan.rule(action.span.line)
    open_contact(plan, categories=action.categories, company=action.company, rule=rule)
    return "created"


ACTION = ActionSpec("contact_create", ContactCreate, plan)

EXTENSION = Extension(
    "vnd.mailgate.contact",
    commands=(
        action_command(
            "contact_create",
            _build,
            tags=(Tag("category", Kind.STRINGS), Tag("company", Kind.STRING), OUTCOME),
            after=after_outcome,
        ),
    ),
    tests=(simple_test("contact", _is, tags=QUESTIONS, check=_asks_something),),
    namespaces=tuple(map(namespace, ("contact", "mail", "queue", "now"))),
    card=__doc__,
)
