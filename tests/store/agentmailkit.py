"""A helpdesk whose agents answer by mail, on a real store: mails as octets, facts as a trusted server gives them."""

import hashlib
import itertools
from dataclasses import replace
from typing import Any

import msgspec
from deskkit import ANNA, CATALOGUE, POLICY, SUPPORT, House

from mailgate.actions._ticketing import plan_ticket
from mailgate.domain.action import Plan
from mailgate.domain.desk.bymail import RULE, agent_mail
from mailgate.domain.draft import Draft
from mailgate.domain.effects import Decision
from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.domain.facts import Authentication, Facts, MailClass, Verdict
from mailgate.domain.message.view import MessageView
from mailgate.domain.notify import Notifier
from mailgate.domain.routing import Catalogue
from mailgate.store.unit import DeliveryOutcome, Incoming, accept_each

JOE, KIM = "joe@example.com", "kim@example.com"
PASSED = Authentication(dmarc=Verdict("pass", "example.com"), source="mx.example.org")
FAILED = Authentication(dmarc=Verdict("fail", "example.com"), source="mx.example.org")
NOBODY = Authentication()


def notifying(catalogue: Catalogue = CATALOGUE, **changes: Any) -> Catalogue:
    """Return a catalogue whose queue `support` tells its agents of customers' mail."""
    queue = replace(catalogue.queues["support"], notify="agent")
    return replace(catalogue, queues={**catalogue.queues, "support": queue}, **changes)


class AgentHouse(House):
    """A house that decides as `rules/decide.py` does: agents' mail first, then the one rule."""

    def __init__(self, store: Any, writer: Any, clock: Any) -> None:
        super().__init__(store, writer, clock)
        self.numbers = itertools.count(1)
        self.use(notifying())

    def use(self, catalogue: Catalogue) -> None:
        """Take a catalogue; its notices follow it."""
        self.catalogue, self.followers = catalogue, (Notifier(catalogue, POLICY),)

    def _decide(self, mail, route, catalogue, reader, now) -> Decision:
        facts = mail.facts
        plan = Plan(mail, route, catalogue, reader, now, POLICY, facts.mail_class, facts.class_reason)
        became = agent_mail(plan)
        if became is None:
            plan_ticket(plan, self.wish, "support:1")
        words, action = " ".join(plan.words), became.value if became else "ticket"
        return Decision(tuple(plan.effects), RULE if became else "support:1", action, words)

    def take(
        self,
        text: str,
        *,
        author: str = ANNA,
        to: tuple[str, ...] = (SUPPORT,),
        answers: str = "",
        proof: Authentication = NOBODY,
        mail_class: MailClass = MailClass.PERSON,
        octets: bytes = b"",
        **fields: str,
    ) -> DeliveryOutcome:
        """Take a mail and return what became of it for its last recipient; `fields` are more of its header."""
        number = next(self.numbers)
        head = {
            "From": author, "To": to[0], "Subject": "help", "Message-ID": f"<a{number}@x.example>",
            **({"In-Reply-To": answers} if answers else {}),
            **{name.replace("_", "-"): value for name, value in fields.items()},
        }  # fmt: skip
        lines = [f"{name}: {value}" for name, value in head.items() if value]
        octets = octets or "\r\n".join([*lines, "", *text.split("\n"), ""]).encode()
        whole = Octets(len(octets), hashlib.sha256(octets).digest(), data=octets)
        envelope = Envelope(author, tuple(map(Recipient, to)))
        received = Received(whole, envelope, Origin(Source.LMTP, "lmtp"), self.clock.now, f"T{number}")
        facts = Facts(mail_class, "a test", proof)
        incoming = Incoming(received, MessageView.parse(octets), facts)
        outcomes = self.writer.submit(lambda tx: accept_each(tx, incoming, self.rules)).result(60)
        assert all(one.reply.code == 250 for one in outcomes), outcomes
        return outcomes[-1]

    def opened(self, text: str = "My printer is broken", **more: Any) -> str:
        """Take a customer's first mail; returns the number of its ticket."""
        return self.take(text, **more).ticket

    def sent(self, to: str = "") -> list[Draft]:
        """Return all mails that have left or wait, oldest first; with `to` those to one address."""
        rows = self.ask("SELECT draft, to_address FROM outbox WHERE kind = 'send' ORDER BY id")
        return [msgspec.json.decode(bytes(row[0]), type=Draft) for row in rows if to in ("", row[1])]

    def entries(self, number: str, kind: str = "") -> list[dict[str, Any]]:
        """Return a ticket's history, or one kind of it."""
        found = self.ticket(number)["entries"]
        return [one for one in found if kind in ("", one["kind"])]


def quoted(draft: Draft) -> str:
    """Return a mail as a mail program quotes it below an answer."""
    lines = [f"> {line}".rstrip() for line in draft.text.rstrip().split("\n")]
    return "\n".join([f"On Tue, 24 Nov 2026 at 9:15, Support <{draft.reply_to}> wrote:", *lines])
