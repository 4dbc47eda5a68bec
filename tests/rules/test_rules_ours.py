"""The commands and tests of mailgate's own extensions, from the script to the effects (SIEVE.md 3)."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from ruleworld import ACTIONS, POLICY, REGISTRY, SUPPORT, World, catalogue_of, mail

from mailgate.domain.draft import MailKind
from mailgate.domain.effects import (
    AddEntry,
    CallHook,
    ChangeTicket,
    Deliver,
    EntryKind,
    LinkTickets,
    MoveSession,
    OpenTicket,
    Send,
)
from mailgate.domain.envelope import Origin, Source
from mailgate.domain.facts import Authentication, Facts, MailClass, Verdict
from mailgate.domain.routing import Agent, Queue
from mailgate.rules.decide import Decider
from mailgate.rules.scripts import ScriptBook, compile_book, complaints_of

ANNA = "anna@customer.example"
REQUIRE = (
    'require ["fileinto", "variables", "vnd.mailgate.ticket", "vnd.mailgate.contact", "vnd.mailgate.reply", '
    '"vnd.mailgate.account", "vnd.mailgate.auth", "vnd.mailgate.workflow", "vnd.mailgate.trace"];\n'
)
NOON = datetime(2025, 7, 1, 12, 0, tzinfo=UTC)  # a Tuesday
ORDERS = Queue(
    "orders", hours="Mon-Fri 09:00-17:00", timezone="Europe/Berlin", zone=ZoneInfo("Europe/Berlin"),
    holidays=("12-25", "2025-07-02"),
)  # fmt: skip


def catalogue(body: str = ""):
    """Return the usual catalogue with agents, hours and what the settings list."""
    plain = catalogue_of(support=REQUIRE + body)
    return replace(
        plain,
        queues={**plain.queues, "orders": ORDERS},
        agents={
            "anna": Agent("anna", "anna@example.org"),
            "bert": Agent("bert", "bert@example.org", enabled=False),
        },
        listed={
            "webhook": frozenset({"crm"}),
            "program": frozenset(),
            "account": frozenset({"door", "lmtp"}),
        },
    )


def decide(body: str, one=None, world=None, now=NOON):
    """Return the decision of a script."""
    found = catalogue(body)
    book = compile_book(found, REGISTRY, ScriptBook())
    assert not book.errors(), book.errors()
    decider = Decider(POLICY, ACTIONS, lambda: book)
    return decider(one or mail(), found.routes[SUPPORT], found, world or World(), now)


def effects(decision, kind):
    """Return the effects of one kind."""
    return [one for one in decision.effects if isinstance(one, kind)]


def folder(body: str, one=None, world=None, now=NOON) -> str:
    """Return where the script files the mail: INBOX if it says nothing."""
    return effects(decide(body, one, world, now), Deliver)[0].folder


def holds(test: str, one=None, world=None, now=NOON) -> bool:
    """Whether a test is true."""
    return folder(f'if {test} {{ fileinto "yes"; }}', one, world, now) == "yes"


def errors(body: str) -> list[str]:
    """Return what the compiler says against a script."""
    found = catalogue(body)
    return [text for _line, text in complaints_of("support", REQUIRE + body, found, REGISTRY)]


@pytest.fixture
def world() -> World:
    """Return a database in which the mail of `answer()` belongs to ticket 7."""
    made = World()
    made.add_ticket(7, ANNA)
    made.add_ticket(8, "bob@firm.example")
    return made


def answer():
    """Return a mail of the ticket's contact that names the ticket."""
    return mail(subject="AW: [#T-7] Printer")


# -- the ticket that the mail belongs to ---------------------------------------------------------------------


def test_the_mail_belongs_to_a_ticket_before_it_has_joined(world):
    """`ticket :exists` is about the ticket that the mail belongs to; nothing is joined by asking."""
    decision = decide('if ticket :exists { fileinto "yes"; }', answer(), world)
    assert [type(one).__name__ for one in decision.effects] == ["Deliver"]
    assert decision.effects[0].folder == "yes"
    assert not holds("ticket :exists", mail(), world)


def test_a_strangers_claim_is_no_belonging(world):
    """Who takes no part in a ticket does not see it, and can't change it (MAIL.md 5)."""
    eve = mail(subject="[#T-7] Printer", sender="eve@evil.example", **{"from": "eve@evil.example"})
    assert not holds("ticket :exists", eve, world)
    decision = decide(
        'ticket_close :outcome "o"; if string "${o}" "no-ticket" { fileinto "yes"; }', eve, world
    )
    assert not effects(decision, ChangeTicket)
    assert effects(decision, Deliver)[0].folder == "yes"


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ('ticket :status "open"', True),
        ('ticket :status ["closed", "OPEN"]', True),
        ('ticket :status "closed"', False),
        ('ticket :queue "support"', True),
        ('ticket :queue "orders"', False),
        ('ticket :agent "anna"', False),
        ('ticket :agent ""', True),
        ('ticket :exists :status "open" :queue "orders"', False),
    ],
)
def test_questions_about_the_ticket(world, test, expected):
    """Several questions must all hold; values have no case."""
    assert holds(test, answer(), world) is expected


@pytest.mark.parametrize(
    ("command", "field", "value"),
    [
        ('ticket_status "pending"', "status", "pending"),
        ('ticket_assign "anna"', "agent", "anna"),
        ('ticket_queue "orders"', "queue", "orders"),
    ],
)
def test_one_field_is_changed(world, command, field, value):
    """The effect names field, value and the rule; the mail goes where the rest of the script says."""
    decision = decide(f"{command};", answer(), world)
    (change,) = effects(decision, ChangeTicket)
    assert (change.ticket_id, change.field, change.value, change.by) == (7, field, value, "support:2")
    assert effects(decision, Deliver)[0].folder == "INBOX"


@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        ('ticket_status :outcome "o" "pending"', "changed"),
        ('ticket_status :outcome "o" "open"', "unchanged"),
        ('ticket_assign :outcome "o" "auto"', "changed"),
        ('set "q" "ordres"; ticket_queue :outcome "o" "${q}"', "no-such-queue"),
        ('set "q" "carl"; ticket_assign :outcome "o" "${q}"', "no-such-agent"),
        ('ticket_tag :outcome "o" ["", ","]', "unchanged"),
        ('ticket_note :outcome "o" "look"', "changed"),
        ('ticket_note :outcome "o" "  "', "unchanged"),
        ('ticket_link :outcome "o" "T-8"', "changed"),
        ('ticket_link :outcome "o" "[#T-7]"', "unchanged"),
        ('ticket_link :outcome "o" "T-99"', "no-such-ticket"),
        ('ticket_close :outcome "o"', "changed"),
        ('workflow :outcome "o" "intake"', "changed"),
    ],
)
def test_outcomes_are_words(world, command, outcome):
    """What was done, or why nothing was, is a word in a variable, never a run-time error (SIEVE.md 3)."""
    assert folder(f'{command}; fileinto "${{o}}";', answer(), world) == outcome


@pytest.mark.parametrize(
    "command",
    ['ticket_status "open"', 'ticket_assign "anna"', 'ticket_queue "orders"', 'ticket_tag "a"',
     'ticket_note "n"', 'ticket_link "T-8"', "ticket_close", 'workflow "intake"'],
)  # fmt: skip
def test_without_a_ticket_nothing_is_changed(command):
    """A mail that belongs to none opens none by such a command."""
    decision = decide(f"{command};")
    assert [type(one).__name__ for one in decision.effects] == ["Deliver"]


def test_the_rest_of_the_script_sees_the_ticket_as_it_will_be(world):
    """After `ticket_queue` the ticket lies in that queue, for tests, namespaces and a later `ticket`."""
    body = 'ticket_queue "orders"; ticket_status "pending"; if ticket :queue "orders" { fileinto "${ticket.status}"; }'
    assert folder(body, answer(), world) == "pending"
    decision = decide('ticket_status "pending"; ticket :status "pending" :update;', answer(), world)
    assert [one.value for one in effects(decision, ChangeTicket)] == ["pending"]


def test_a_ticket_of_this_run_can_be_changed():
    """What `ticket` has opened is the mail's ticket from then on."""
    decision = decide(
        'ticket; ticket_tag ["new", "web"]; ticket_note "from the form"; ticket_tag :remove "web";'
    )
    (opened,) = effects(decision, OpenTicket)
    assert [(c.ticket_id, c.field, c.value, c.how) for c in effects(decision, ChangeTicket)] == [
        (opened.ticket_id, "tags", "new,web", "add"),
        (opened.ticket_id, "tags", "web", "remove"),
    ]
    notes = [one for one in effects(decision, AddEntry) if one.kind is EntryKind.NOTE]
    assert [(one.text, one.author, one.touches_session) for one in notes] == [
        ("from the form", "support:2", False)
    ]


def test_a_link_names_both_tickets(world):
    """Each history is to name the other's number."""
    (link,) = effects(decide('ticket_link "T-8";', answer(), world), LinkTickets)
    assert (link.ticket_id, link.number, link.other_id, link.other_number) == (7, "T-7", 8, "T-8")


def test_closing_ends_ticket_and_session(world):
    """The note comes first, then the session moves, then the status."""
    decision = decide('ticket_close :note "spam";', answer(), world)
    kinds = [type(one) for one in decision.effects][:3]
    assert kinds == [AddEntry, MoveSession, ChangeTicket]
    assert effects(decision, MoveSession)[0].state == "closed"
    assert effects(decision, ChangeTicket)[0].value == "closed"


def test_a_key_taken_out_of_the_subject_finds_the_ticket():
    """`:key_regex` takes the key out of the subject (S5); a subject without one opens a new ticket."""
    world = World()
    ticket = world.add_ticket(7, ANNA)
    world.match_keys[ticket.contact_id, "4711"] = (7, world.now)
    body = 'ticket :key_regex "Order ([0-9]+)" :outcome "o"; fileinto "${o}";'
    assert folder(body, mail(subject="Your Order 4711"), world) == "joined"
    assert folder(body, mail(subject="Your Order"), world) == "created"


def test_a_new_ticket_keeps_the_key_of_its_subject():
    """The next mail with the key finds it."""
    (opened,) = effects(decide('ticket :key_regex "Order ([0-9]+)";', mail(subject="Order 4711")), OpenTicket)
    assert opened.match_key == "4711"


# -- names of the installation -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('ticket :queue "suport";', "there is no queue 'suport' (did you mean 'support'?)"),
        ('ticket :assign "ana";', "there is no agent 'ana' (did you mean 'anna'?)"),
        ('ticket :follow_up "ana";', "there is no agent 'ana' (did you mean 'anna'?)"),
        ('ticket_queue "order";', "there is no queue 'order' (did you mean 'orders'?)"),
        ('ticket_assign "carl";', "there is no agent 'carl'"),
        ('if ticket :queue "order" {}', "there is no queue 'order' (did you mean 'orders'?)"),
        ('if ticket :agent "ana" {}', "there is no agent 'ana' (did you mean 'anna'?)"),
        ('if queue "order" {}', "there is no queue 'order' (did you mean 'orders'?)"),
        ('if businesshours "order" {}', "there is no queue 'order' (did you mean 'orders'?)"),
        ('if account "dor" {}', "there is no account 'dor' (did you mean 'door'?)"),
        ('reply :template "recieved";', "there is no template 'recieved' (did you mean 'received'?)"),
        ('reply :attach "recieved" "x";', "there is no template 'recieved' (did you mean 'received'?)"),
        ('notify_agent ["anna", "bret"];', "there is no agent 'bret' (did you mean 'bert'?)"),
        ('webhook "crmm";', "there is no webhook 'crmm' (did you mean 'crm'?)"),
        ('if class "bounced" {}', "there is no class 'bounced' (did you mean 'bounce'?)"),
        ('ticket :key_regex "(";', "':key_regex' is no pattern: missing ): ("),
        ('ticket_status "two words";', "there is no status 'two words'"),
        ('ticket :status "opne";', "there is no status 'opne' (did you mean 'open'?)"),
        ('ticket :priority "hihg";', "there is no priority 'hihg' (did you mean 'high'?)"),
        ("if ticket {}", "the test 'ticket' needs at least one of :exists, :status, :queue, :agent"),
    ],
)
def test_a_constant_name_that_is_not_there_is_a_compile_error(body, message):
    """With a suggestion where one is near (SIEVE.md 3)."""
    assert errors(body) == [message]


def test_auto_is_no_agent_that_must_exist():
    """`"auto"` gives it to whoever is next, "" takes it from whoever has it."""
    assert errors('ticket :assign "auto"; ticket_assign ""; ticket_assign "auto";') == []


# -- where it came in, who vouches, what it is ---------------------------------------------------------------


def test_account_is_where_the_mail_came_in():
    """The listener's name, its kind or our address; with `*` and without case."""
    one = mail()
    one = replace(one, received=replace(one.received, origin=Origin(Source.LMTP, "door")))
    assert holds('account "door"', one)
    assert holds('account "lmtp"', one)
    for name, where in (("DOOR", "yes"), ("supp*@example.org", "yes"), ("imap", "INBOX")):
        assert folder(f'set "a" "{name}"; if account "${{a}}" {{ fileinto "yes"; }}', one) == where


def test_queue_is_the_queue_in_charge(world):
    """The ticket's, once there is one; else the address's."""
    assert holds('queue "support"')
    assert not holds('queue "orders"')
    assert folder('ticket :queue "orders"; if queue "orders" { fileinto "yes"; }') == "yes"


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2025-07-01T06:59", False),  # 08:59 in Berlin
        ("2025-07-01T07:00", True),
        ("2025-07-01T14:59", True),
        ("2025-07-01T15:00", False),
        ("2025-07-05T10:00", False),  # a Saturday
        ("2025-07-02T10:00", False),  # a holiday
        ("2025-12-25T10:00", False),  # one of every year
        ("2025-12-24T08:00", True),  # 09:00 in winter
    ],
)
def test_business_hours_are_local(at, is_open):
    """In the queue's time zone, summer and winter, but on no holiday."""
    now = datetime.fromisoformat(f"{at}+00:00")
    assert holds('businesshours "orders"', now=now) is is_open


def test_a_queue_without_hours_is_always_open():
    """Without a name it is about the queue in charge; what does not exist is never open."""
    assert holds("businesshours")
    assert folder('set "q" "nowhere"; if businesshours "${q}" { fileinto "yes"; }') == "INBOX"


def vouched(**verdicts) -> Facts:
    return Facts(authentication=Authentication(**verdicts))


@pytest.mark.parametrize(
    ("test", "facts", "expected"),
    [
        ("authenticated", vouched(), False),
        ("authenticated", vouched(spf=Verdict("pass", "customer.example")), True),
        ("authenticated :spf", vouched(spf=Verdict("pass", "mail.customer.example")), True),
        ("authenticated :spf", vouched(spf=Verdict("pass", "elsewhere.example")), False),
        ("authenticated :spf", vouched(spf=Verdict("fail", "customer.example")), False),
        ("authenticated :dkim", vouched(spf=Verdict("pass", "customer.example")), False),
        ("authenticated :dkim", vouched(dkim=(Verdict("fail", "a.example"), Verdict("pass", "customer.example"))), True),
        ('authenticated :dkim "*.relay.example"', vouched(dkim=(Verdict("pass", "x.Relay.example"),)), True),
        ('authenticated :dkim ["a.example"]', vouched(dkim=(Verdict("pass", "customer.example"),)), False),
        ("authenticated :dmarc", vouched(dmarc=Verdict("pass", "customer.example")), True),
        ("authenticated :dmarc :spf", vouched(dmarc=Verdict("pass", "customer.example")), True),
        # A seal of the author's own domain vouches for the way, not for the author.
        ("authenticated", vouched(arc=Verdict("pass", "customer.example")), False),
        ('authenticated :arc "lists.example"', vouched(arc=Verdict("pass", "lists.example")), True),
        ('authenticated :arc "lists.example"', vouched(arc=Verdict("fail", "lists.example")), False),
    ],
)  # fmt: skip
def test_authenticated_stands_on_checked_facts(test, facts, expected):
    """Without domains, one that speaks for From must pass; with domains, one of these."""
    assert holds(test, mail(facts=facts)) is expected


def test_a_field_of_the_mail_proves_nothing():
    """Authentication-Results that the sender wrote is no fact (SIEVE.md 3: never from raw headers)."""
    forged = mail(authentication_results="mx.example.org; dmarc=pass header.from=customer.example")
    assert not holds("authenticated", forged)


def test_class_is_what_the_mail_is():
    """A value of the six classes; without case."""
    assert holds('class "person"')
    assert holds('class ["list", "Automatic"]', mail(facts=Facts(MailClass.AUTOMATIC)))
    assert not holds('class "person"', mail(facts=Facts(MailClass.LIST)))


# -- telling others ------------------------------------------------------------------------------------------


def test_agents_are_told_by_the_gate(world):
    """A notice, which says that a machine wrote it and belongs to the ticket; a disabled agent gets none."""
    decision = decide('notify_agent :message "look" ["anna", "bert", "anna"];', answer(), world)
    (sent,) = effects(decision, Send)
    assert (sent.kind, sent.draft.to_address, sent.ticket_id) == (MailKind.NOTICE, "anna@example.org", 7)
    assert sent.draft.subject == "T-7: AW: [#T-7] Printer"
    assert ("Auto-Submitted", "auto-generated") in sent.draft.headers
    assert any(name == "X-Mailgate-Loop" for name, _ in sent.draft.headers)


def test_nobody_but_agents_is_told():
    """An address is no agent's name, whatever a variable says."""
    body = 'set "a" "eve@evil.example"; notify_agent :outcome "o" "${a}"; fileinto "${o}";'
    decision = decide(body)
    assert not effects(decision, Send)
    assert effects(decision, Deliver)[0].folder == "no-such-agent"


def test_a_webhook_is_told_who_and_what(world):
    """JSON with mail, ticket, contact and queue; only what the settings list is called."""
    (hook,) = effects(decide('webhook :message "hi" "crm";', answer(), world), CallHook)
    payload = json.loads(hook.payload)
    assert hook.target == "crm"
    assert payload["ticket"]["number"] == "T-7"
    assert payload["mail"]["from"] == ANNA
    assert (payload["rule"], payload["message"], payload["class"]) == ("support:2", "hi", "person")
    assert folder('set "h" "other"; webhook :outcome "o" "${h}"; fileinto "${o}";') == "no-such-webhook"


def test_trace_stands_in_the_trace():
    """With its line, among the other steps; it is no action."""
    decision = decide('set "v" "x"; trace "seen ${v}";')
    steps = decision.trace["steps"]
    assert {"line": 2, "what": "trace", "text": "seen x"}.items() <= next(
        s for s in steps if s["what"] == "trace"
    ).items()
    assert decision.action == "keep"


def test_templates_go_along_as_files():
    """`:attach` renders templates; one that is not there is no answer at all."""
    (sent,) = effects(decide('reply :attach "received" "Thank you";'), Send)
    (file,) = sent.draft.attachments
    assert (file.name, file.kind, file.text) == ("received.txt", "text/plain", "")
    body = 'set "t" "gone"; reply :attach "${t}" :outcome "o" "Thank you"; fileinto "${o}";'
    assert folder(body) == "template-failed"
