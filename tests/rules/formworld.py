"""Random forms and random mails, and a plain reading of a form that knows nothing of scripts."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.header import Header
from fnmatch import fnmatchcase

from hypothesis import strategies as st
from ruleworld import ACTIONS, HOST, KEYS, SUPPORT, World, mail

from mailgate.domain.action import Plan, PlanPolicy
from mailgate.domain.contact import company_name
from mailgate.domain.envelope import Origin, Source
from mailgate.domain.facts import MailClass
from mailgate.domain.ports import ContactView
from mailgate.domain.routing import Agent, Catalogue, Queue, Route, Template
from mailgate.rules.decide import envelope_of
from mailgate.rules.forms.model import (
    Condition,
    Contact,
    Delete,
    Form,
    Forward,
    Group,
    Keep,
    Move,
    Notify,
    Reply,
    Rule,
    Ticket,
    Webhook,
)  # fmt: skip
from mailgate.rules.host import RuleHost

HOURS = "Mon-Fri 09:00-17:00"
CATALOGUE = Catalogue(
    version=1,
    routes={SUPPORT: Route(SUPPORT, "support", "support")},
    queues={"support": Queue("support", SUPPORT, hours=HOURS), "orders": Queue("orders")},
    templates={"received": Template("received", "", "Thanks"), "late": Template("late", "", "Late")},
    agents={name: Agent(name, f"{name}@example.org") for name in ("anna", "bob")},
    listed={"webhook": frozenset({"hook"}), "account": frozenset({"door", "lmtp"})},
)
FOLDERS = ("Accounting", "Lists.Dev", "Ümlaut & Co")
POLICY = PlanPolicy(
    keys=KEYS, instance="gate", hostname=HOST, has_folder=lambda _target, _to, folder: folder == FOLDERS[0]
)

# --- forms

WORDS = ("invoice", "Rechnung", "ÄPFEL", "äpfel", "éclair", "a b", "INVOICE 7", "printer")
NASTY = (
    '"',
    "\\",
    '\\"',
    "${mail.subject}",
    "${x}",
    "${dollar}{x}",
    "text:",
    "# x",
    "; stop;",
    "a\tb",
    "*",
    "[é]",
)
words = st.sampled_from((*WORDS, *NASTY))
lists = st.lists(words, min_size=1, max_size=3, unique=True).map(tuple)
addresses = st.sampled_from(("anna@customer.example", "Bob@Shop.example", SUPPORT, "cc@example.org"))
TEXT = {
    "is": lists,
    "contains": lists,
    "matches": st.lists(st.sampled_from(("*invoice*", "rech??ng", "*", "äpfel*")), min_size=1, unique=True).map(tuple),
    "regex": st.lists(st.sampled_from(("^inv", "[0-9]+", "rechnung$", "a.b")), min_size=1, unique=True).map(tuple),
}  # fmt: skip
NOTHING = st.just(())


def _one(*values: str):
    return st.sampled_from(values).map(lambda value: (value,))


def _some(*values: str):
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map(tuple)


def _addresses(operator: str):
    return (
        st.lists(addresses, min_size=1, max_size=2, unique=True).map(tuple)
        if operator == "is"
        else TEXT[operator]
    )


ASKED = {
    **{("subject", operator): values for operator, values in TEXT.items()},
    **{("header", operator): values for operator, values in TEXT.items()},
    **{("body", operator): TEXT[operator] for operator in ("contains", "regex")},
    **{(one, operator): _addresses(operator) for one in ("sender", "recipient", "recipients") for operator in TEXT},
    ("sender_domain", "is"): _some("customer.example", "Shop.example"),
    ("attachment", "present"): NOTHING,
    ("header", "exists"): NOTHING,
    ("size", "over"): _one("300", "1K", "10M"),
    ("size", "under"): _one("300", "1K", "10M"),
    ("account", "is"): _some("door", "lmtp", "ot*", SUPPORT),
    ("queue", "is"): _some("support", "orders"),
    ("business_hours", "open"): st.one_of(NOTHING, _one("support", "orders")),
    ("customer", "known"): NOTHING,
    ("customer", "vip"): NOTHING,
    ("customer_type", "is"): _some("partner", "Customer"),
    ("customer_category", "is"): _some("new", "Gold", "${x}"),
    ("customer_language", "is"): _some("de", "EN"),
    ("customer_company", "matches"): _one("acme*", "*shop*"),
    ("ticket", "exists"): NOTHING,
    ("ticket_status", "is"): _some("open", "pending"),
    ("class", "is"): _some("person", "list"),
    ("date", "is"): _some("2025-07-01", "2025-07-05"),
    ("date", "before"): _one("2025-07-04"),
    ("date", "after"): _one("2025-07-02"),
    ("time", "before"): _one("08:00", "12:30"),
    ("time", "after"): _one("12:30", "20:00"),
    ("weekday", "is"): _some("mon", "tue", "sat", "sun"),
}  # fmt: skip


EVERY = tuple(sorted(ASKED))


@st.composite
def conditions(draw, asked=EVERY):
    """Return one condition of any kind."""
    name, operator = draw(st.sampled_from(asked))
    values = draw(ASKED[name, operator])
    header = draw(st.sampled_from(("X-Tag", "x-other"))) if name == "header" else ""
    return Condition(name, operator, values, header, negate=draw(st.booleans()))


matches = st.sampled_from(("all", "any"))
groups = st.builds(Group, matches, st.lists(conditions(), min_size=1, max_size=3).map(tuple))
templates = st.sampled_from(("", "plain", "Got ${mail.subject} again", 'say "${contact.company}"', "$ {x}"))
longer = st.sampled_from(("one line", "two\n.lines\n", "a\n\n..b", "${mail.from} wrote\n", '"quoted\\"\n'))
tags = st.lists(words, max_size=2, unique=True).map(tuple)
spans = st.sampled_from(("", "0", "30m", "4h", "2d", "90m"))


@st.composite
def tickets(draw):
    """Return a ticket action with at most one way to find the ticket."""
    ways = (
        {},
        {"match_subject": True},
        {"key": draw(words)},
        {"key_regex": "#([0-9]+)"},
        {"always_new": True},
    )
    way = draw(st.sampled_from(ways))
    if "${" in way.get("key", ""):
        way = {"key": "k-${mail.from}"}
    reminded = draw(st.sampled_from(("", "anna")))
    return Ticket(
        queue=draw(st.sampled_from(("", "support", "orders"))),
        subject=draw(templates),
        agent=draw(st.sampled_from(("", "anna", "auto"))),
        status=draw(st.sampled_from(("", "open", "pending"))),
        priority=draw(st.sampled_from(("", "high"))),
        categories=draw(tags),
        tags=draw(tags),
        owner_group=draw(st.sampled_from(("", "Team \\1"))),
        follow_up=reminded,
        follow_up_days=draw(st.integers(0, 9)) if reminded else 0,
        workflow=draw(st.sampled_from(("", "greet"))),
        update=draw(st.booleans()),
        copy=draw(st.booleans()),
        **way,
    )


@st.composite
def replies(draw):
    """Return an answer by a template or a text."""
    said = draw(st.sampled_from(({"template": "received"}, {"text": draw(longer)})))
    return Reply(
        subject=draw(templates),
        html=draw(st.sampled_from(("", "<b>${x}</b>\n"))),
        attach=draw(st.sampled_from(((), ("late",)))),
        sender=draw(st.sampled_from(("", SUPPORT))),
        salutation=draw(st.sampled_from(("", "Dear ${x}"))),
        period=draw(spans),
        new_ticket=draw(st.booleans()),
        **said,
    )


actions = st.one_of(
    st.builds(Move, st.sampled_from(FOLDERS), st.booleans(), st.booleans()),
    st.just(Delete()),
    st.just(Keep()),
    st.builds(Contact, tags, st.sampled_from(("", "ACME ${x}", "Shop"))),
    tickets(),
    replies(),
    st.builds(Forward, addresses, st.booleans()),
    st.builds(Notify, _some("anna", "bob"), templates, longer),
    st.builds(Webhook, st.just("hook"), longer),
)


@st.composite
def rules(draw):
    """Return a rule that does something."""
    asked = tuple(draw(st.lists(st.one_of(conditions(), groups), max_size=3)))
    done = tuple(draw(st.lists(actions, max_size=3)))
    return Rule(
        draw(st.sampled_from(("Invoices", 'a "b" c', "x # y", "Größe", '"', 'rule 1 "x"'))),
        asked,
        done,
        draw(matches) if asked else "all",
        draw(st.booleans()) or draw(st.booleans()),
        draw(st.sampled_from(((), ("INBOX",), ("inbox", "Old Ümlaut", "${x}")))),
        draw(st.booleans()) or not done,
    )


forms = st.builds(
    Form,
    st.lists(rules(), max_size=4).map(tuple),
    st.sampled_from(("", "One line", 'Two\n\n  lines # "x"', 'rule 1 "x"', "made from the automation x")),
)


def alone(field_name: str, operator: str):
    """Return forms in which one condition decides, so that no other can hide what it says."""
    asked = conditions(((field_name, operator),))
    return asked.map(lambda one: Form((Rule("One", (one,), (Delete(),)),)))


# --- mails


@dataclass
class Case:
    """One mail and the world around it."""

    subject: str
    body: str
    sender: str
    cc: str
    tag: str | None
    attached: bool
    listener: str
    folder: str
    contact: ContactView | None
    now: datetime

    def mail(self):
        """Return it as it comes in."""
        lines = [
            f"From: A <{self.sender}>",
            f"To: {SUPPORT}",
            "Message-Id: <m@x.example>",
            "MIME-Version: 1.0",
        ]
        lines += (
            [f"Subject: {Header(self.subject, 'utf-8').encode()}", f"Cc: {self.cc}"]
            if self.cc
            else [f"Subject: {Header(self.subject, 'utf-8').encode()}"]
        )
        if self.tag is not None:
            lines.append(f"X-Tag: {Header(self.tag, 'utf-8').encode()}")
        text = "Content-Type: text/plain; charset=utf-8"
        if not self.attached:
            one = mail("\n".join((*lines, text)), sender=self.sender, body=f"{self.body}\n")
        else:
            parts = (
                f"--b\n{text}\n\n{self.body}\n--b\nContent-Type: application/pdf\n"
                'Content-Disposition: attachment; filename="a.pdf"\n\nJVBE\n--b--\n'
            )
            head = (*lines, 'Content-Type: multipart/mixed; boundary="b"')
            one = mail("\n".join(head), sender=self.sender, body=parts)
        origin = Origin(Source.LMTP, self.listener, folder=self.folder)
        return replace(one, received=replace(one.received, origin=origin))


contacts = st.one_of(
    st.none(),
    st.builds(
        lambda vip, kind, categories, company, language: ContactView(
            1, "A", "a", kind, vip, categories, company, language
        ),
        st.booleans(),
        st.sampled_from(("", "Partner", "customer")),
        st.sampled_from(((), ("gold",), ("New", "x"))),
        st.sampled_from(("", "ACME Ltd", "The Shop")),
        st.sampled_from(("", "DE", "en")),
    ),
)
texts = st.lists(st.sampled_from((*WORDS, *NASTY, "12")), min_size=1, max_size=2).map(" ".join)
plain_texts = texts.filter(lambda text: "\t" not in text)
cases = st.builds(
    Case,
    plain_texts,
    texts,
    st.sampled_from(("anna@customer.example", "bob@shop.example")),
    st.sampled_from(("", "cc@example.org")),
    st.one_of(st.none(), plain_texts),
    st.booleans(),
    st.sampled_from(("door", "other")),
    st.sampled_from(("", "INBOX", "Old Ümlaut", "${x}")),
    contacts,
    st.sampled_from(
        [datetime(2025, 7, day, hour, 30, tzinfo=UTC) for day in (1, 3, 5, 6) for hour in (7, 12, 20)]
    ),
)


def run(program, case: Case):
    """Return the result of a script for a mail."""
    one, world = case.mail(), World()
    if case.contact is not None:
        world.contacts[case.sender] = case.contact
    plan = Plan(one, CATALOGUE.routes[SUPPORT], CATALOGUE, world, case.now, POLICY, MailClass.PERSON)
    return program.run(one.view, envelope_of(one), RuleHost(plan, ACTIONS), now=case.now)


# --- the plain reading


@dataclass
class Reading:
    """What a form does with a mail, read rule by rule as its words mean it."""

    case: Case
    queue: str = "support"
    ticket: str = ""  # its status
    contact: ContactView | None = None
    done: list[tuple[object, ...]] = field(default_factory=list)
    kept: bool = True

    def __post_init__(self) -> None:
        self.contact = self.case.contact
        self.view = self.case.mail().view

    def form(self, form: Form) -> "Reading":
        """Go through the rules."""
        for rule in form.rules:
            if rule.active and self.lies_in(rule.folders) and self.joined(rule.match, rule.conditions):
                for action in rule.actions:
                    self.act(action)
                if rule.stop:
                    break
        return self

    def lies_in(self, folders) -> bool:
        """Whether the mail lies where the rule looks."""
        lies = self.case.folder or "INBOX"
        return not folders or lies in folders or (lies == "INBOX" and "inbox" in folders)

    def joined(self, match, asked) -> bool:
        """Whether all or any hold; nothing asked is nothing against it."""
        answers = [self.asked(one) for one in asked]
        return not asked or (all(answers) if match == "all" else any(answers))

    def asked(self, one) -> bool:
        """Whether a condition or a group holds."""
        if isinstance(one, Group):
            return self.joined(one.match, one.conditions)
        return self.holds(one) is not one.negate

    def holds(self, one: Condition) -> bool:  # noqa: PLR0911, PLR0912  a field each
        """Whether what a condition asks for is so."""
        case, now = self.case, self.case.now
        match one.field:
            case "subject":
                return self.text(one, [case.subject])
            case "header" if one.operator == "exists":
                return one.name == "X-Tag" and case.tag is not None
            case "header":
                return self.text(one, [case.tag] if one.name == "X-Tag" and case.tag is not None else [])
            case "body":
                return self.text(one, [f"{case.body}\r\n" if not case.attached else case.body])
            case "sender":
                return self.text(one, [case.sender])
            case "sender_domain":
                return self.text(one, [case.sender.partition("@")[2]])
            case "recipient":
                return self.text(one, [SUPPORT])
            case "recipients":
                return self.text(one, [SUPPORT, *([case.cc] if case.cc else [])])
            case "attachment":
                return case.attached
            case "size":
                limit = _octets(one.values[0])
                return self.view.size > limit if one.operator == "over" else self.view.size < limit
            case "account":
                return any(
                    fnmatchcase(name, value)
                    for name in (case.listener, "lmtp", SUPPORT)
                    for value in one.values
                )
            case "queue":
                return self.queue in one.values
            case "business_hours":
                queue = one.values[0] if one.values else self.queue
                return queue == "orders" or (now.weekday() < 5 and 9 <= now.hour < 17)
            case "ticket":
                return bool(self.ticket)
            case "ticket_status":
                return self.ticket in one.values
            case "class":
                return "person" in one.values
            case "date":
                today = now.date().isoformat()
                return {
                    "is": today in one.values,
                    "before": today < one.values[0],
                    "after": today > one.values[0],
                }[one.operator]
            case "time":
                clock = now.strftime("%H:%M")
                return clock < one.values[0] if one.operator == "before" else clock >= one.values[0]
            case "weekday":
                return now.strftime("%a").lower() in one.values
            case _:
                return self.customer(one)

    def customer(self, one: Condition) -> bool:
        """Whether the sender's contact is so; an unknown one is nothing."""
        known = self.contact
        if known is None:
            return False
        wanted = {value.lower() for value in one.values}
        match one.field, one.operator:
            case "customer", "known":
                return True
            case "customer", "vip":
                return known.vip
            case "customer_type", _:
                return known.type.lower() in wanted
            case "customer_category", _:
                return bool(wanted & {value.lower() for value in known.categories})
            case "customer_language", _:
                return known.language.lower() in wanted
        return fnmatchcase(known.company.lower(), one.values[0])

    def text(self, one: Condition, found: list[str]) -> bool:
        """Whether any text is, contains, matches … any of the values, without regard to case."""
        if one.operator == "regex":
            return any(
                re.search(value, text, re.IGNORECASE | re.DOTALL) for value in one.values for text in found
            )
        fold = str.lower if all(value.isascii() for value in one.values) else _decomposed
        pairs = [(fold(value), fold(text)) for value in one.values for text in found]
        match one.operator:
            case "is":
                return any(value == text for value, text in pairs)
            case "contains":
                return any(value in text for value, text in pairs)
            case _:
                return any(_wild(value).fullmatch(text) for value, text in pairs)

    def act(self, action) -> None:
        """Note what an action does, and what is different afterwards."""
        said = self.said
        match action:
            case Move(folder=folder, create=False) if folder != FOLDERS[0]:
                self.note("keep")
            case Move():
                self.note("move", action.folder, cancels=not action.copy)
            case Delete():
                self.note("delete")
            case Keep():
                self.note("keep")
            case Contact():
                self.note("contact", action.categories, action.company, cancels=False)
                self.meet(action.categories, action.company)
            case Ticket():
                wish = (
                    action.queue,
                    said(action.subject),
                    action.status,
                    action.categories,
                    said(action.key),
                )
                self.note("ticket", *wish, cancels=not action.copy)
                self.meet()
                self.queue = action.queue or self.queue
                self.ticket = action.status or self.ticket or "open"
            case Reply(new_ticket=True) if not self.ticket:
                pass
            case Reply():
                self.note(
                    "reply",
                    action.template,
                    said(action.text),
                    said(action.subject),
                    action.html,
                    cancels=False,
                )
            case Forward():
                self.note("forward", action.address.lower(), cancels=not action.copy)
            case Notify():
                self.note("notify", action.agents, said(action.subject), said(action.message), cancels=False)
            case Webhook():
                self.note("webhook", action.hook, said(action.message), cancels=False)

    def meet(self, categories=(), company="") -> None:
        """Know the sender from now on."""
        if self.contact is None:
            name = company or company_name(self.case.sender)
            self.contact = ContactView(9, "A", "a", categories=categories, company=name)

    def said(self, template: str) -> str:
        """Fill in a template, as far as the forms of this file need it."""
        company = self.contact.company if self.contact is not None else ""
        filled = re.sub(
            r"\$\{(mail\.subject|mail\.from|contact\.company)\}",
            lambda found: {"mail.subject": self.case.subject, "mail.from": self.case.sender}.get(
                found[1], company
            ),
            template,
        )
        return filled.replace("\n", "\r\n")

    def note(self, *what: object, cancels: bool = True) -> None:
        """Keep one thing that is done; most take the place of the inbox."""
        self.done.append(what)
        self.kept = self.kept and not cancels


def _octets(size: str) -> int:
    return int(size.rstrip("KM")) * {"K": 1024, "M": 1048576}.get(size[-1], 1)


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text.upper())


def _wild(value: str) -> re.Pattern[str]:
    pattern = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in value)
    return re.compile(pattern, re.DOTALL)


def observed(result) -> set[tuple[object, ...]]:
    """Return what a run has done in the words of a reading."""
    found: set[tuple[object, ...]] = set()
    for action in result.performed:
        match action.name:
            case "fileinto":
                found.add(("move", action.mailbox))
            case "discard":
                found.add(("delete",))
            case "keep":
                found.add(("keep",))
            case "contact_create":
                found.add(("contact", action.categories, action.company))
            case "ticket":
                wish = action.wish
                found.add(("ticket", wish.queue, wish.subject, wish.status, wish.categories, wish.key))
            case "reply":
                found.add(
                    ("reply", action.template, action.text, action.subject, action.html.replace("\r\n", "\n"))
                )
            case "redirect":
                found.add(("forward", action.address.lower()))
            case "notify_agent":
                found.add(("notify", action.agents, action.subject, action.text))
            case "webhook":
                found.add(("webhook", action.hook, action.text))
            case other:
                found.add((other,))
    return found
