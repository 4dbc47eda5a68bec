"""Plans made by hand over the database in memory of `tests/domain/domainworld.py`: what tests of actions stand on."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from mailgate.domain.action import Plan, PlanPolicy
from mailgate.domain.draft import Draft
from mailgate.domain.effects import AddEntry, Send
from mailgate.domain.facts import MailClass
from mailgate.domain.mail import Mail
from mailgate.domain.ports import ContactView, SentView
from mailgate.domain.routing import Catalogue, Queue, Route, Template
from mailgate.domain.token import message_id

sys.path.append(str(Path(__file__).parents[1] / "domain"))
from domainworld import HOST, KEYS, NOW, SUPPORT, World, mail

T = TypeVar("T")

ANNA = "anna@customer.example"
EVE = "eve@elsewhere.example"
POLICY = PlanPolicy(keys=KEYS, instance="gate", hostname=HOST)
ROUTE = Route(SUPPORT, script="support", queue="support", target="maildir")
CATALOGUE = Catalogue(
    routes={SUPPORT: ROUTE},
    queues={
        "support": Queue("support", "support@example.org", "Example Support"),
        "orders": Queue("orders", "orders@example.org", "Example Orders", "de"),
    },
    templates={
        "received": Template(
            "received",
            "RE: [#{{ ticket.number }}] {{ mail.subject }}",
            "{{ salutation }},\nyour number is {{ ticket.number }}.\n",
            "<p>{{ salutation }}, {{ mail.from_name }}</p>",
        ),
        "bare": Template("bare", "", "Thank you.\n"),
        "broken": Template("broken", "", "{{ ticket.number.nothing.more }}"),
    },
)


def plan_of(
    one: Mail | None = None,
    world: World | None = None,
    *,
    mail_class: MailClass = MailClass.PERSON,
    class_reason: str = "",
    policy: PlanPolicy = POLICY,
    route: Route = ROUTE,
    catalogue: Catalogue = CATALOGUE,
    **changed: object,
) -> Plan:
    """Return an empty plan for one mail; `changed` are fields of the policy."""
    return Plan(
        one or mail(), route, catalogue, world or World(), NOW, replace(policy, **changed), mail_class, class_reason
    )  # fmt: skip


def found(plan: Plan, kind: type[T]) -> list[T]:
    """Return the planned effects of one kind."""
    return [effect for effect in plan.effects if isinstance(effect, kind)]


def only(plan: Plan, kind: type[T]) -> T:
    """Return the one planned effect of a kind."""
    effects = found(plan, kind)
    assert len(effects) == 1, plan.effects
    return effects[0]


def kinds(plan: Plan) -> list[str]:
    """Return the names of the planned effects, in order."""
    return [type(effect).__name__ for effect in plan.effects]


def notes(plan: Plan, what: str) -> Iterator[dict[str, object]]:
    """Yield what was noted for the trace under this word."""
    return (note for note in plan.notes if note["what"] == what)


def draft(plan: Plan) -> Draft:
    """Return the one mail that is to be sent."""
    return only(plan, Send).draft


def entry(plan: Plan) -> AddEntry:
    """Return the one entry of a ticket's history."""
    return only(plan, AddEntry)


def known(world: World, address: str = ANNA, **columns: object) -> ContactView:
    """Make an address a contact's."""
    contact = ContactView(len(world.contacts) + 1, "Anna Berg", address, **columns)
    world.contacts[address] = contact
    return contact


def sent(world: World, ticket_id: int, to_address: str = ANNA) -> str:
    """Note that we sent a mail about this ticket (0: about none); return its Message-ID."""
    own = message_id(KEYS, ticket_id, ticket_id + 100, to_address, f"mail {len(world.ours)}", HOST)
    world.ours[own] = SentView(len(world.ours) + 1, ticket_id, ticket_id + 100, to_address)
    return own
