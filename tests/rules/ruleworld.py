"""Scripts decided over the database in memory, with every action and extension that mailgate has."""

import sys
from pathlib import Path

from mailgate.domain.action import PlanPolicy
from mailgate.domain.effects import Decision
from mailgate.domain.routing import Catalogue, Queue, Route, Template
from mailgate.rules.decide import Decider
from mailgate.rules.scripts import ScriptBook, compile_book
from mailgate.vocabulary import actions, language

sys.path.append(str(Path(__file__).parents[1] / "domain"))
from domainworld import HOST, KEYS, NOW, SUPPORT, World, mail

REGISTRY = language()
ACTIONS = actions()
POLICY = PlanPolicy(keys=KEYS, instance="gate", hostname=HOST)
REQUIRE = (
    'require ["fileinto", "reject", "variables", "relational", "envelope", "vnd.mailgate.ticket", '
    '"vnd.mailgate.contact", "vnd.mailgate.reply"];\n'
)


def catalogue_of(version: int = 1, **scripts: str) -> Catalogue:
    """Return a catalogue with two queues, one template and these scripts; the address runs `support`."""
    return Catalogue(
        version=version,
        routes={SUPPORT: Route(SUPPORT, "support" if "support" in scripts else "", "support", "maildir")},
        queues={"support": Queue("support", SUPPORT), "orders": Queue("orders", "orders@example.org")},
        templates={"received": Template("received", "", "{{ ticket.number }}")},
        scripts=scripts,
    )


def decide(body: str | None = None, one=None, world=None, *, book=None, now=NOW) -> Decision:
    """Return the decision of a script (its `require` stands before it), or of an address without one."""
    scripts = {} if body is None else {"support": REQUIRE + body}
    catalogue = catalogue_of(**scripts)
    compiled = book or compile_book(catalogue, REGISTRY, ScriptBook())
    assert book is not None or not compiled.errors(), compiled.errors()
    decider = Decider(POLICY, ACTIONS, lambda: compiled)
    return decider(one or mail(), catalogue.routes[SUPPORT], catalogue, world or World(), now)
