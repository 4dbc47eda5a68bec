"""What leaves by itself and in agents' names, by real LMTP and real commands: W3, W7, S10, T3, G2, G9, G16 to G18."""

import contextlib
import json
import smtplib
import sqlite3
from email import message_from_bytes, policy

import peers
import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from gatewayrun import gateway as run_gateway
from journeydialogue import _older

from mailgate.cli._main import cli

SUPPORT, ORDERS, NOREPLY = "support@desk.example", "orders@desk.example", "noreply@desk.example"
ANNA, BEN = "anna@customer.example", "ben@customer.example"
BUSINESS = {
    "business.toml": f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
from_name = "Desk Support"
answer_from = "{NOREPLY}"
answer_new = "new"
answer_closed = "closed"
answer_paused = "paused"
answer_inactive = "inactive"
signature = "greetings"
sent_copy = "archive/Sent.2026"
[[queue]]
name = "tickets"
address = "tickets@desk.example"
[[queue]]
name = "orders"
address = "{ORDERS}"
answer_from = "{NOREPLY}"
[[agent]]
name = "sue"
full_name = "Sue Miller"
address = "sue@staff.example"
queues = ["support", "orders", "tickets"]
[[agent]]
name = "max"
enabled = false
queues = ["support"]
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "support"
[[address]]
address = "{ORDERS}"
queue = "orders"
script = "orders"
[[address]]
address = "tickets@desk.example"
queue = "tickets"
script = "tickets"
[[address]]
address = "{NOREPLY}"
send_only = true
[[address]]
address = "@desk.example"
[[template]]
name = "new"
text = "SERIAL_SALUTATION, @{{ticket_id}} is new.\\n"
[[template]]
name = "closed"
text = "It was closed.\\n"
[[template]]
name = "paused"
text = "It was paused.\\n"
[[template]]
name = "inactive"
text = "It had rested.\\n"
[[template]]
name = "auto"
subject = "We have it"
text = "{{{{ salutation }}}}, thank you.\\n"
[[template]]
name = "greetings"
format = "markdown"
text = '''
{{{{ agent.name }}}}, {{{{ queue.name }}}}
[our shop](https://shop.example/)
'''
""",
    "support.sieve": """require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];
ticket :queue "support";
if header :contains "Subject" "script" { reply "The script says so."; }
""",
    "tickets.sieve": 'require ["vnd.mailgate.ticket"];\nticket :queue "tickets";\n',
    "orders.sieve": """require ["vnd.mailgate.reply"];
reply :template "auto" :salutation_fallback "Dear reader" :seconds 0;
""",
}


class Relay:
    """Takes every mail; `mails` are those that it got, in order."""

    def __init__(self) -> None:
        self.octets: list[tuple[str, bytes]] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's name
        self.octets.append((envelope.rcpt_tos[0], envelope.content))
        return "250 2.0.0 taken"

    def to(self, address: str):
        """Return the mails to an address, in order."""
        return [
            message_from_bytes(one, policy=policy.default)
            for whom, one in list(self.octets)
            if whom == address
        ]


class World:
    """A gateway, its relay, and who writes to it."""

    def __init__(self, gateway, relay: Relay) -> None:
        self.gateway, self.relay, self.number, self.first = gateway, relay, 0, dict[str, int]()

    def send(
        self, subject: str, *, sender: str = ANNA, to: str = SUPPORT, joins: bool = False, more: str = ""
    ) -> str:
        """Send a mail, into the conversation of the sender's first one where it `joins`; return the reply."""
        self.number += 1
        header = f"From: Anna Berg <{sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\n{more}"
        header += f"Message-ID: <{self.number}@customer.example>\r\n"
        first = self.first.setdefault(sender, self.number)
        header += f"In-Reply-To: <{first}@customer.example>\r\n" if joins else ""
        with smtplib.LMTP("127.0.0.1", self.gateway.port, local_hostname="client.example") as client:
            client.ehlo_or_helo_if_needed()
            client.mail("" if sender.startswith("mailer") else sender)
            code, said = client.rcpt(to)
            if code == 250:
                code, said = client.data(f"{header}\r\nHello\r\n".encode())
        return f"{code} {said.decode()}"

    def opened(self, sender: str, subject: str, **more: str) -> str:
        """Send a mail that opens a ticket; return its number."""
        reply = self.send(subject, sender=sender, **more)
        assert "ticket=" in reply, reply
        return reply.rpartition("ticket=")[2]

    def mails(self, address: str, count: int):
        """Return the mails to an address, once there are so many; it fails where there are more."""
        peers.wait_until(lambda: len(self.relay.to(address)) >= count, f"{count} mails to {address}")
        assert len(self.relay.to(address)) == count
        return self.relay.to(address)

    def older(self, days: int) -> None:
        """Let everything in the database be so much older."""
        path = self.gateway.state / "mailgate.sqlite"
        with contextlib.closing(sqlite3.connect(path, timeout=60)) as database, database:
            for statement in _older(f"{days} days"):
                database.execute(statement)

    def trace(self) -> str:
        """Return what the trace of the last mail says."""
        return self.do("log", f"<{self.number}@customer.example>", "--json")

    def do(self, *arguments: str, fails: bool = False) -> str:
        """Run a command here and not in a process of its own; return what it printed, of errors too."""
        done = CliRunner().invoke(
            cli, ["--config", str(self.gateway.config), *arguments], catch_exceptions=False
        )
        assert (done.exit_code != 0) == fails, f"{arguments}: {done.output}"
        return done.output

    def entries(self, number: str = "T-1") -> list[dict]:
        """Return a ticket's history."""
        return json.loads(self.do("ticket", "show", number, "--json"))["entries"]


@contextlib.contextmanager
def world(business=BUSINESS):
    """Run a gateway, its relay and a Maildir for copies."""
    relay = Relay()
    controller = Controller(relay, hostname="127.0.0.1", port=peers.free_port())
    controller.start()
    try:
        with peers.short_folder("mg-sent-") as folder:
            archive = {"kind": "maildir", "path": f"{folder}/{{local}}"}
            with run_gateway(
                {"relay": {"port": controller.port}, "targets": {"archive": archive}}, business
            ) as one:
                found = World(one, relay)
                found.maildir = folder
                yield found
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def desk():
    """Run one gateway for tests that only add to it."""
    with world() as one:
        yield one


def test_g18_first_mail_of_a_conversation_is_answered(desk):
    """Once, from the queue's own sender, with `RE: ` and the subject; an entry that is no activity."""
    number = desk.opened("first@customer.example", "My printer")
    (mail,) = desk.mails("first@customer.example", 1)
    assert mail["Subject"] == f"RE: [#{number}] My printer"
    assert mail["From"] == f"Desk Support <{NOREPLY}>"
    assert (mail["Reply-To"], mail["Auto-Submitted"]) == (SUPPORT, "auto-replied")
    assert mail.get_content().startswith(f"Hello, {number} is new.")
    desk.send("My printer", sender="first@customer.example", joins=True)
    answers = [entry for entry in desk.entries(number) if entry["kind"] == "answer"]
    assert [entry["author"] for entry in answers] == ["queue support:answer_new"]
    (session,) = json.loads(desk.do("session", "list", "--ticket", number, "--json"))
    assert session["state"] == "unopened"
    desk.mails("first@customer.example", 1)


def test_g18_once_for_each_change_of_state(desk):
    """Into a closed, a paused and a rested session: each is answered once, as often as it comes to that."""
    number = desk.opened("state@customer.example", "My printer")
    for word in ("close", "pause", "close", "pause"):
        desk.do("session", word, number)
        for _ in range(2):
            desk.send("My printer", sender="state@customer.example", joins=True)
    desk.do("session", "open", number)
    for days in (14, 15, 0):
        desk.older(days)
        desk.send("My printer", sender="state@customer.example", joins=True)
    texts = [mail.get_content() for mail in desk.mails("state@customer.example", 6)]
    words = [text.split()[-1].strip(".") for text in texts]
    assert words == ["new", "closed", "paused", "closed", "paused", "rested"]


def test_g18_a_session_that_is_over_for_good_is_followed_by_a_new_conversation(desk):
    """What the customer writes after the time for reopening is a first mail again."""
    number = desk.opened("over@customer.example", "My printer")
    desk.do("session", "close", number)
    desk.older(40)
    desk.send("My printer", sender="over@customer.example", joins=True)
    texts = [mail.get_content() for mail in desk.mails("over@customer.example", 2)]
    assert [text.split()[-1] for text in texts] == ["new.", "new."]


def test_g18_what_the_script_has_answered_stays_the_only_answer(desk):
    """The queue's own answer stays out, and the trace says why."""
    desk.send("my script", sender="script@customer.example")
    (mail,) = desk.mails("script@customer.example", 1)
    assert mail.get_content().strip() == "The script says so."
    assert "the script has answered" in desk.trace()


@pytest.mark.parametrize(
    ("sender", "more", "reason"),
    [
        ("bot@shop.example", "Auto-Submitted: auto-generated\r\n", "not-a-person"),
        ("list@lists.example", "List-Id: <a.lists.example>\r\n", "not-a-person"),
        ("noreply@shop.example", "", "role-address"),
        ("eva@customer.example", "X-Auto-Response-Suppress: All\r\n", "suppress-header"),
    ],
)
def test_g18_machines_get_no_answer(desk, sender, more, reason):
    """The gate keeps it back by its rows; the ticket is opened all the same, and nothing is written into it."""
    number = desk.opened(sender, "News", more=more)
    assert [entry["kind"] for entry in desk.entries(number)] == ["incoming"]
    assert reason in desk.trace()
    desk.mails(sender, 0)


def test_w3_every_mail_is_answered_with_a_personal_salutation(desk):
    """Own sender address, subject and text; whom nobody knows gets the fallback, whoever is known his own."""
    known, unknown = "clara@customer.example", "unknown@customer.example"
    desk.do("contact", "add", known, "--name", "Clara", "--salutation", "Dear Clara")
    for sender in (known, known, unknown):
        desk.send("A question", sender=sender, to=ORDERS)
    mails = [*desk.mails(known, 2), *desk.mails(unknown, 1)]
    assert {mail["From"] for mail in mails} == {NOREPLY}
    assert {mail["Subject"] for mail in mails} == {"We have it"}
    words = [mail.get_content().split(",")[0] for mail in mails]
    assert words == ["Dear Clara", "Dear Clara", "Dear reader"]


def test_w7_a_helpdesk_mail_is_answered_by_a_template(desk):
    """The sender address, subject and text that were set; the answer to it finds the ticket."""
    desk.do("template", "put", "new", "--subject", "Got {{ ticket.number }}", "--take-over")
    number = desk.opened("w7@customer.example", "My printer")
    (mail,) = desk.mails("w7@customer.example", 1)
    desk.do("template", "put", "new", "--subject", "")
    assert (mail["Subject"], mail["From"]) == (f"Got {number}", f"Desk Support <{NOREPLY}>")
    reply = f"In-Reply-To: {mail['Message-ID']}\r\n"
    assert desk.send("Another subject", sender="w7@customer.example", more=reply).endswith(f"ticket={number}")


def test_g17_an_address_that_only_sends_takes_no_mail(desk):
    """RCPT is answered 550, also where a pattern would fit, and by a process of its own for listeners too."""
    assert desk.send("Hello", to=NOREPLY).startswith("550 5.1.1")
    settings = {"instance": {"intake_processes": 1}}
    business = {
        "one.toml": f'[[address]]\naddress = "{NOREPLY}"\nsend_only = true\n[[address]]\naddress = "@desk.example"\n'
    }
    with run_gateway(settings, business) as gateway:
        one = World(gateway, Relay())
        assert one.send("Hello", to=NOREPLY).startswith("550 5.1.1")
        assert one.send("Hello", to="anybody@desk.example").startswith("250")
        one.do("address", "set", NOREPLY, "--takes-mail", "--take-over")
        assert one.send("Hello", to=NOREPLY).startswith("250")


def test_g17_it_serves_several_queues_and_is_no_queues_address(desk):
    """Two queues answer from it; as a queue's own address it is refused, by command and in a file."""
    said = desk.do("ticketqueue", "set", "orders", "--address", NOREPLY, "--take-over", fails=True)
    assert f"address: {NOREPLY} only sends" in said
    said = desk.do("address", "set", ORDERS, "--send-only", "--take-over", fails=True)
    assert f"{ORDERS} is the address of the queue 'orders'" in said
    file = desk.gateway.folder / "wrong.toml"
    file.write_text(f'[[queue]]\nname = "third"\naddress = "{NOREPLY}"\n')
    assert f"{file}:3: queue[1].address: {NOREPLY} only sends" in desk.do("apply", str(file), fails=True)
    file.write_text('[[address]]\naddress = "@x.example"\nsend_only = true\n')
    assert "is a pattern" in desk.do("apply", str(file), fails=True)


def test_s10_a_sender_that_is_not_received_is_warned_of(desk):
    """By the command that sets it, in listings and by doctor; send-only addresses are meant so."""
    hint = "its mail comes from nobody@else.example, which is no address that mail is taken for"
    said = desk.do(
        "ticketqueue",
        "add",
        "third",
        "--address",
        "third@desk.example",
        "--answer-from",
        "nobody@else.example",
    )
    assert hint in said
    rows = {row["name"]: row["hints"] for row in json.loads(desk.do("ticketqueue", "list", "--json"))}
    assert hint in rows["third"]
    assert not any("comes from" in one for one in rows["support"] + rows["orders"])
    findings = json.loads(desk.gateway.command("doctor", "--json", check=False).stdout)
    assert f"third: {hint}" in [one["text"] for one in findings if one["level"] == "warn"]
    script = desk.gateway.folder / "from.sieve"
    script.write_text(
        'require ["vnd.mailgate.reply"];\n'
        f'reply :from "{SUPPORT}" "a";\nreply :from "{NOREPLY}" "b";\nreply :from "old@else.example" "c";\n'
    )
    desk.do("rules", "put", "from", str(script))
    findings = json.loads(desk.gateway.command("doctor", "--json", check=False).stdout)
    said = [one["text"] for one in findings if one["check"] == "rules" and one["level"] == "warn"]
    assert [one for one in said if "answers come from" in one] == [
        "from:4: answers come from old@else.example, where no mail is taken"
    ]
    desk.do("rules", "remove", "from")
    desk.do("ticketqueue", "remove", "third")


def test_g16_the_signature_of_the_queue_stands_behind_answers(desk):
    """Behind `-- `, with the agent's name and links, in text and HTML; from the queue that the mail is in."""
    number = desk.opened("g16@customer.example", "My chair")
    desk.do("ticket", "reply", number, "It comes <tomorrow>.", "--as", "sue")
    mail = desk.mails("g16@customer.example", 2)[1]
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert text.replace("\r", "").startswith("It comes <tomorrow>.\n\n-- \nSue Miller, support\n")
    assert "https://shop.example/" in text
    assert "<p>It comes &lt;tomorrow&gt;.</p>" in html
    assert '<a href="https://shop.example/">our shop</a>' in html
    desk.do("ticket", "move", number, "orders")
    desk.do("ticket", "reply", number, "Now from orders.", "--as", "sue")
    assert desk.mails("g16@customer.example", 3)[2].get_content().strip() == "Now from orders."


def test_g16_the_signature_is_never_doubled_and_can_be_off(desk):
    """Not again where the text ends with it or quotes it; not at all for one answer, or for the queue."""
    number = desk.opened("g16b@customer.example", "My desk")
    quoted = "Yes.\n\n> Hello\n> -- \n> Sue Miller, support\n> our shop <https://shop.example/>\n"
    desk.do("ticket", "reply", number, quoted, "--as", "sue")
    desk.do("ticket", "reply", number, "Without.", "--as", "sue", "--no-signature")
    desk.do("ticketqueue", "set", "support", "--signature-off", "--take-over")
    desk.do("ticket", "reply", number, "Switched off.", "--as", "sue")
    desk.do("ticketqueue", "set", "support", "--signature-on")
    mails = desk.mails("g16b@customer.example", 4)[1:]
    texts = [mail.get_body(("plain",)).get_content() for mail in mails]
    assert [text.count("Sue Miller") for text in texts] == [1, 0, 0]


def test_t10_an_answer_of_template_markdown_file_and_copy(desk):
    """A template in front, Markdown in both forms, a file, and a copy to somebody for this mail alone."""
    number = desk.opened("t10@customer.example", "My sofa")
    file = desk.gateway.folder / "terms.txt"
    file.write_text("these are the terms\n")
    desk.do("ticket", "reply", number, "It is **late**.", "--template", "paused", "--markdown", "--attach", str(file),
            "--cc", "boss@customer.example", "--as", "sue")  # fmt: skip
    mail = desk.mails("t10@customer.example", 2)[1]
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert text.replace("\r", "").startswith("It was paused.\n\nIt is late.\n\n-- \nSue Miller")
    assert "<p>It was paused.</p>" in html
    assert "<strong>late</strong>" in html
    assert [one.get_content() for one in mail.iter_attachments()] == ["these are the terms\n"]
    assert mail["Cc"] == "boss@customer.example"
    desk.mails("boss@customer.example", 1)
    file.write_bytes(b"MZ\x90\x00")
    assert "terms.txt" in desk.do("ticket", "reply", number, "x", "--attach", str(file), fails=True)
    assert "there is no template 'pausd', did you mean 'paused'?" in desk.do(
        "ticket", "reply", number, "--template", "pausd", fails=True
    )
    said = desk.do("ticket", "new", ANNA, "Hi", "x", "--queue", "support", "--for", "max", fails=True)
    assert "agent 'max' is disabled" in said
    desk.mails("t10@customer.example", 2)


def test_t3_a_copy_of_each_answer_goes_into_the_sent_folder(desk):
    """The octets that left, seen, in the queue's mailbox; a place that there is not is refused."""
    number = desk.opened("t3@customer.example", "My lamp")
    desk.do("ticket", "reply", number, "A copy of this is kept.", "--as", "sue")
    mail = desk.mails("t3@customer.example", 2)[1]
    folder = desk.maildir / "support" / ".Sent.2026" / "cur"

    def copies():
        read = [message_from_bytes(one.read_bytes(), policy=policy.default) for one in folder.glob("*:2,S")]
        return [one for one in read if one["Message-ID"] == mail["Message-ID"]]

    peers.wait_until(copies, "the copy is kept")
    (copy,) = copies()
    assert copy.get_body(("plain",)).get_content() == mail.get_body(("plain",)).get_content()
    said = desk.do("ticketqueue", "set", "support", "--sent-copy", "archiv/Sent", fails=True)
    assert "sent_copy: there is no target 'archiv' that files mail, did you mean 'archive'?" in said


def test_g2_the_number_is_in_the_first_answer_and_the_subject_is_locked(desk):
    """Before an answer an agent may change it, then a supervisor alone; without the setting agents may."""
    number = desk.opened("g2@customer.example", "My shelf", to="tickets@desk.example")
    desk.do("ticket", "set", number, "--subject", "A shelf", "--as", "sue")
    desk.do("ticket", "reply", number, "Which one?", "--as", "sue")
    assert desk.mails("g2@customer.example", 1)[0]["Subject"] == f"RE: [#{number}] A shelf"
    said = desk.do("ticket", "set", number, "--subject", "Shelves", "--as", "sue", fails=True)
    assert f"the subject of {number} is locked" in said
    assert "subjects are locked" in desk.do("ticket", "reply", number, "x", "--subject", "y", fails=True)
    desk.do("helpdesk", "set", "subjects", "edit")
    desk.do("ticket", "set", number, "--subject", "Shelves", "--as", "sue")
    desk.do("ticket", "reply", number, "Which one?", "--as", "sue")
    assert desk.mails("g2@customer.example", 2)[1]["Subject"] == "RE: Shelves"
    desk.do("helpdesk", "set", "subjects", "number")


def test_g9_mail_texts_stand_in_the_ticket_as_the_setting_says(desk):
    """At once as entries; gathered in a comment after an answer, or at the end; or times and ids alone."""
    number = desk.opened("g9@customer.example", "My door", to="tickets@desk.example")
    assert [entry["text"].strip() for entry in desk.entries(number)] == ["Hello"]
    desk.do("helpdesk", "set", "mail_texts", "answer")
    desk.do("ticket", "reply", number, "Which door?", "--as", "sue")
    desk.do("ticket", "reply", number, "Hello?", "--as", "sue")
    first, second = [one["text"] for one in desk.entries(number) if one["kind"] == "comment"]
    assert first.startswith("2 mails, ")
    assert "g9@customer.example:\nHello\n" in first
    assert first.endswith("sue:\nWhich door?")
    assert second.endswith("sue:\nHello?")
    desk.do("helpdesk", "set", "mail_texts", "session")
    desk.do("session", "close", number)
    comments = [one for one in desk.entries(number) if one["kind"] == "comment"]
    assert comments[-1]["text"].startswith("3 mails, ")
    assert comments[-1]["author"] == "mail texts"
    desk.do("helpdesk", "set", "mail_texts", "off")
    desk.send("My door", sender="g9@customer.example", to="tickets@desk.example", joins=True)
    desk.do("ticket", "reply", number, "The last word.", "--as", "sue")
    last = [one for one in desk.entries(number) if one["kind"] in {"incoming", "answer"}][-2:]
    assert [(one["text"], bool(one["msgid"])) for one in last] == [("", True), ("", True)]
    desk.do("helpdesk", "set", "mail_texts", "each")
    assert "write each, answer, session, off" in desk.do("helpdesk", "set", "mail_texts", "on", fails=True)
