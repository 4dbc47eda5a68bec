"""Comments never reach a customer (T10, S8): hundreds of mixes at random, and every mail that leaves is read.

Everything is the real thing but the wire: settings, scripts, workflows, templates, gate, store. Each comment has a
secret word; whatever leaves to anybody but an agent, or to a web address, must hold none.
"""

import email
import email.policy
import hashlib
import random
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace

import msgspec
import pytest
from click.testing import CliRunner
from gatewayrun import Gateway

from mailgate.business import Business
from mailgate.cli._main import cli
from mailgate.config.settings import load
from mailgate.domain.access import actor_of
from mailgate.domain.desk import fields, joining, people, talk
from mailgate.domain.desk.ground import Ground
from mailgate.domain.draft import Draft
from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.domain.facts import Authentication, Facts, MailClass, Verdict
from mailgate.domain.message.view import MessageView
from mailgate.outbox.compose import compose
from mailgate.outbox.digests import write_digest
from mailgate.places import load_keys, store_options
from mailgate.store import queries
from mailgate.store.db import open_store
from mailgate.store.deskunit import perform
from mailgate.store.unit import Incoming, accept_each
from mailgate.store.writer import Writer
from mailgate.wiring import plan_policy

SUPPORT, SALES = "support@desk.example", "sales@desk.example"
AGENTS = {"joe": "joe@staff.example", "kim": "kim@staff.example"}
SECRET = "GEHEIM"
STEPS = 240
# What is quoted of a mail at most.
LINES = 40
# Every so many mails are composed and read as a mail program reads them; the others as their rows have them.
READ = 8
EVERYTHING = (
    "{{ ticket.number }} {{ ticket.subject }} {{ ticket.comments }} $helpdesk-comments$ {{ ticket.status }} "
    "{{ ticket.agent }} {{ contact.name }} {{ mail.subject }} {{ queue.name }} @{date} {{ agent.name }}"
)
BUSINESS = f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
notify = "team"
answer_new = "all"
answer_closed = "all"
answer_paused = "all"
signature = "regards"
[[queue]]
name = "sales"
address = "{SALES}"
notify = "agent"
[[agent]]
name = "joe"
address = "{AGENTS["joe"]}"
queues = ["support", "sales"]
[[agent]]
name = "kim"
address = "{AGENTS["kim"]}"
queues = ["sales", "support"]
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "desk"
[[address]]
address = "{SALES}"
queue = "sales"
script = "desk"
[[template]]
name = "all"
subject = "{{{{ ticket.number }}}}"
text = '''{EVERYTHING}'''
[[template]]
name = "marked"
subject = "{{{{ ticket.number }}}}"
text = '''**{EVERYTHING}**'''
format = "markdown"
[[template]]
name = "regards"
subject = "x"
text = '''Regards {EVERYTHING}'''
""" + "".join(
    f"""
[[workflow]]
name = "on {event}"
event = "{event}"
[[workflow.action]]
do = "mail"
to = ["contact", "agent", "boss@partner.example"]
template = "{template}"
"""
    for event, template in (
        ("commented", "all"),
        ("changed status", "marked"),
        ("answered", "all"),
    )
)
SCRIPT = """require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];
ticket;
ticket_note "GEHEIM0x of a rule";
reply :template "marked" :seconds 0;
"""


class World:
    """One helpdesk, its people, and the secrets told so far."""

    def __init__(self, gateway: Gateway, seed: int) -> None:
        self.random, self.numbers, self.secrets = random.Random(seed), count(1), 0
        self.refusals: list[str] = []
        self.settings = load(gateway.config, resolve_secrets=True)
        self.store = open_store(store_options(self.settings))
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.writer = Writer(self.store, clock=lambda: self.now)
        self.writer.start()
        keys = load_keys(self.settings.keys_path)
        self.policy = plan_policy(self.settings, keys)
        self.business = Business(self.store, self.settings, keys, lambda _error: None)
        assert not self.business.reload()

    def close(self) -> None:
        assert self.writer.stop(60)
        self.store.close()

    def ask(self, sql: str) -> list[tuple]:
        with queries.reading(self.store) as connection:
            return [tuple(row) for row in connection.execute(sql, ()).fetchall()]

    def secret(self) -> str:
        """Return a text that no customer may read."""
        self.secrets += 1
        return f"{SECRET}{self.secrets}x is what we think of him"

    def sent(self) -> list[bytes]:
        """Return all mails of ours as their rows have them, oldest first."""
        return [bytes(row[0]) for row in self.ask("SELECT draft FROM outbox WHERE kind = 'send' ORDER BY id")]

    def some_mail(self, *, to_agents: bool) -> Draft | None:
        """Return one of the mails to agents, or of the others."""
        which = f"kind = 'send' AND to_address {'' if to_agents else 'NOT '}IN {tuple(AGENTS.values())}"
        ((number,),) = self.ask(f"SELECT COUNT(*) FROM outbox WHERE {which}")
        if not number:
            return None
        at = self.random.randrange(number)
        ((draft,),) = self.ask(f"SELECT draft FROM outbox WHERE {which} ORDER BY id LIMIT 1 OFFSET {at}")
        return msgspec.json.decode(bytes(draft), type=Draft)

    def take(self, author: str, to: str, text: str, answers: str = "", *, mail_class=MailClass.PERSON) -> str:
        """Take a mail; what is vouched for is every agent's mail but a few."""
        number, proof = next(self.numbers), Authentication()
        if author in AGENTS.values() and self.random.random() < 0.8:
            proof = Authentication(dmarc=Verdict("pass", "staff.example"), source="mx")
        head = [
            f"From: {author}",
            f"To: {to}",
            f"Subject: matter {number}",
            f"Message-ID: <{number}@x.example>",
        ]
        head += [f"In-Reply-To: {answers}"] if answers else []
        octets = "\r\n".join([*head, "", *text.split("\n")]).encode()
        whole = Octets(len(octets), hashlib.sha256(octets).digest(), data=octets)
        received = Received(
            whole, Envelope(author, (Recipient(to),)), Origin(Source.LMTP), self.now, f"T{number}"
        )
        incoming = Incoming(received, MessageView.parse(octets), Facts(mail_class, "", proof))
        work = self.writer.submit(lambda tx: accept_each(tx, incoming, self.business.rules))
        (outcome,) = work.result(60)
        assert outcome.reply.code == 250, outcome
        return outcome.action

    def do(self, plan, *words, **named) -> None:
        """Let an agent do something at the desk; what makes no sense just now is refused, and that is fine."""
        catalogue, name = self.business.catalogue, self.random.choice(list(AGENTS))
        actor = actor_of(catalogue.agents[name], catalogue)

        def planned(reader, now):
            return plan(Ground(reader, catalogue, now, actor, name), *words, **named)

        try:
            self.writer.submit(lambda tx: perform(tx, planned, self.business.rules)).result(60)
        except fields.DeskError as wrong:
            self.refusals.append(str(wrong))

    # -- what may happen

    def ticket(self) -> str:
        return self.random.choice(self.ask("SELECT number FROM ticket"))[0]

    def write(self) -> None:
        to = self.random.choice((SUPPORT, SALES))
        self.take(f"c{self.random.randrange(8)}@customer.example", to, "please help")

    def write_back(self) -> None:
        """Let a customer answer a mail of ours, with all of it quoted."""
        mail = self.some_mail(to_agents=False)
        if mail is not None:
            self.take(mail.to_address, mail.from_address, f"yes\n\n{quoted(mail)}", mail.message_id)

    def by_mail(self) -> None:
        """Let an agent answer a notice: a comment, an answer, a mistake, sometimes by another agent."""
        notice = self.some_mail(to_agents=True)
        if notice is None or not notice.reply_to:
            return
        words = self.random.choice(
            (
                f"#comment\n{self.secret()}",
                f"#comment\n#close\n{self.secret()}",
                f"#tag a b\n\n#comment\n\n{self.secret()}",
                f"#coment\n{self.secret()}",
                f"#assign nobody-there\n{self.secret()}",
                "We are on it.",
                "#status pending\nWe are on it.",
                "#close",
            )
        )
        # A secret that nobody vouches for, or that comes by another agent, is no answer either.
        author = notice.to_address if self.random.random() < 0.9 else AGENTS["kim"]
        self.take(
            author,
            notice.reply_to,
            f"{words}\n\nSupport <{notice.reply_to}> wrote:\n{quoted(notice)}",
            notice.message_id,
        )

    def act(self) -> None:
        """Let an agent do something at the desk."""
        number, policy = self.ticket(), self.policy
        other = self.ticket()
        acts = (
            lambda: self.do(fields.comment, number, self.secret()),
            lambda: self.do(fields.comment, number, self.secret()),
            lambda: self.do(fields.close, number, self.secret()),
            lambda: self.do(talk.reply, policy, number, talk.Words("This is our answer.")),
            lambda: self.do(talk.reply, policy, number, talk.Words("Done.", status="closed")),
            lambda: self.do(fields.reopen, number),
            lambda: self.do(fields.set_fields, number, [("queue", self.random.choice(("support", "sales")))]),
            lambda: self.do(joining.merge, number, other),
            lambda: self.do(joining.split, number, self._mails(number), subject="apart"),
            lambda: self.do(people.add_participant, number, f"cc{self.random.randrange(3)}@partner.example"),
            lambda: self.do(people.add_follow_up, number, self.now + timedelta(days=1), "joe", self.secret()),
        )
        self.random.choice(acts)()

    def _mails(self, number: str) -> tuple[int, ...]:
        rows = self.ask(
            "SELECT e.id FROM entry e JOIN ticket t ON t.id = e.ticket_id "
            f"WHERE t.number = '{number}' AND e.kind IN ('incoming', 'answer', 'comment') ORDER BY e.id"
        )
        return tuple(row[0] for row in rows[1:3])

    def machine(self) -> None:
        mail = self.some_mail(to_agents=self.random.random() < 0.5)
        if mail is not None:
            self.take(
                mail.to_address,
                mail.from_address,
                "I am away",
                mail.message_id,
                mail_class=MailClass.AUTOMATIC,
            )

    def step(self) -> None:
        """Let one thing happen, a few minutes later."""
        self.now += timedelta(minutes=self.random.randrange(1, 90))
        acts = (
            self.write,
            self.write_back,
            self.write_back,
            self.by_mail,
            self.by_mail,
            self.act,
            self.act,
            self.act,
            self.machine,
        )
        (self.random.choice(acts) if self.ask("SELECT 1 FROM ticket LIMIT 1") else self.write)()

    def digests(self) -> int:
        """Gather all notices that have not left, as the gateway does where a budget is full."""
        gather = "UPDATE outbox SET state = 'digest' WHERE mail_kind = 'notice' AND state = 'waiting'"
        self.writer.submit(lambda tx: tx.execute(gather, ())).result(60)
        everybody = self.ask("SELECT DISTINCT to_address FROM outbox WHERE state = 'digest'")
        write = write_digest
        return sum(
            self.writer.submit(lambda tx, to=to: write(tx, to, "gate.example", lambda *_: ())).result(60)
            for (to,) in everybody
        )


def quoted(mail: Draft) -> str:
    """Return a mail as it is quoted; conversations that quote conversations are cut, as people do."""
    return "\n".join(f"> {line}" for line in mail.text.split("\n")[:LINES])


def read_all(draft: Draft) -> str:
    """Return every header and every text of a mail as its reader's program shows them."""
    octets = compose(draft, date=datetime.now(UTC), message_id="<x@y>").octets
    message = email.message_from_bytes(octets, policy=email.policy.default)
    texts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join(
        [*(f"{name}: {value}" for name, value in message.items()), *texts, octets.decode("utf-8", "replace")]
    )


@pytest.fixture
def gateway(tmp_path):
    """Write settings and business data; no process runs."""
    (tmp_path / "business").mkdir()
    (tmp_path / "business" / "business.toml").write_text(BUSINESS)
    (tmp_path / "business" / "desk.sieve").write_text(SCRIPT)
    one = Gateway(tmp_path, 1, 2)
    one.write({})
    for words in (
        ("db", "upgrade"),
        ("apply", str(tmp_path / "business")),
        ("helpdesk", "set", "channel", "on"),
    ):
        done = CliRunner().invoke(cli, ["--config", str(one.config), *words])
        assert done.exit_code == 0, done.output
    return one


def test_no_comment_ever_leaves(gateway):
    """By command, by mail, by rule; with templates that show all, quotes, merges, splits, workflows, digests."""
    world = World(gateway, seed=20261124)
    try:
        for _ in range(STEPS):
            world.step()
        digests = world.digests()
        drafts = world.sent()
        others = world.ask("SELECT kind, draft FROM outbox WHERE kind NOT IN ('send', 'deliver')")
        kept = world.ask("SELECT text FROM entry WHERE kind IN ('comment', 'note') AND text LIKE '%GEHEIM%'")
        actions = {row[0] for row in world.ask("SELECT action FROM delivery")}
    finally:
        world.close()
    mails = [(msgspec.json.decode(one, type=Draft), one) for one in drafts]
    outside = [(mail, row) for mail, row in mails if mail.to_address not in AGENTS.values()]
    assert [mail.subject for mail, row in outside if SECRET.encode() in row] == []
    assert [mail.subject for mail, _ in outside[::READ] if SECRET in read_all(mail)] == []
    assert [kind for kind, draft in others if SECRET.encode() in bytes(draft)] == []
    # The mix is one: all of this has really happened.
    seen = SimpleNamespace(outside=len(outside), secrets=world.secrets, kept=len(kept), digests=digests)
    assert seen.outside > 150, seen
    assert seen.digests >= len(AGENTS) + 1, seen  # one for an outsider, too
    assert seen.secrets > 100, seen
    assert seen.kept > 100, seen
    assert actions >= {"agent_answer", "agent_comment", "agent_mistake", "agent_refused", "agent_change"}, (
        actions
    )
