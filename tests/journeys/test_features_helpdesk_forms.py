"""Rules without code, by real LMTP and real commands: W1 to W7, S2 to S7, T5. Each test has an address of its own."""

import json
import smtplib
from itertools import count

import pytest
from click.testing import CliRunner, Result
from gatewayrun import gateway as run_gateway
from gatewayrun import toml

from mailgate.cli._main import cli

NAMES = (
    "w1", "w2", "w3", "w4", "w5", "w6", "w7", "s2", "s3", "s4", "s5", "s6", "s7", "t5",
)  # fmt: skip
ANN = "ann@customer.example"
BUSINESS = """
[[queue]]
name = "support"
address = "support@desk.example"
[[queue]]
name = "orders"
[[agent]]
name = "anna"
address = "anna@desk.example"
queues = ["support"]
[[agent]]
name = "bob"
address = "bob@desk.example"
queues = ["support"]
[[team]]
name = "second"
members = ["bob"]
[[template]]
name = "received"
subject = "Got {{ mail.subject }}"
text = "{{ salutation }}, it is {{ ticket.number }}."
""" + "".join(
    f'[[address]]\naddress = "{one}@desk.example"\nqueue = "support"\ntarget = "box"\n' for one in NAMES
)
NUMBERS = count(1)


@pytest.fixture(scope="module")
def gateway():
    """Run a gateway that files into Maildirs with one folder more than the inbox."""
    with run_gateway({}, start=False) as one:
        one.write({"targets": {"box": {"kind": "maildir", "path": f"{one.folder}/mail/{{local}}"}}})
        for name in NAMES:
            (one.folder / "mail" / name / ".Accounting" / "cur").mkdir(parents=True)
        one.apply({"business.toml": BUSINESS})
        one.start()
        command(one, "contact", "add", "kay@big.example", "--type", "partner", "--vip")
        yield one


def command(gateway, *arguments: str, data: str = "", code: int = 0) -> Result:
    """Run a command in this process, since a process for each would take the most time of these tests."""
    done = CliRunner().invoke(cli, ["--config", str(gateway.config), *arguments], input=data)
    assert done.exit_code == code, done.output
    return done


def shown(gateway, *arguments: str, code: int = 0):
    """Run a command with --json and return what it says."""
    return json.loads(command(gateway, *arguments, "--json", code=code).stdout)


def automation(name: str, *rules: dict, **values) -> str:
    """Return the text of an automation for an address of that name."""
    return toml({"name": name, "address": f"{name}@desk.example", **values, "rule": list(rules)})


def rule(*actions: dict, name: str = "One", **values) -> dict:
    """Return a rule with these actions."""
    return {"name": name, **values, "action": list(actions)}


def put(gateway, text: str, *options: str) -> None:
    """Store an automation by its command."""
    command(gateway, "automation", "put", "-", *options, data=text)


def send(
    gateway, to: str, *, subject: str = "Hello", sender: str = ANN, body: str = "Hi", more: str = ""
) -> dict:
    """Send a mail by LMTP; return the delivery as `mailgate log` shows it."""
    number = next(NUMBERS)
    text = (
        f"From: A Person <{sender}>\r\nTo: {to}@desk.example\r\nSubject: {subject}\r\n"
        f"Message-ID: <{number}@customer.example>\r\n{more}\r\n{body}\r\n"
    )
    with smtplib.LMTP("127.0.0.1", gateway.port, local_hostname="client.example") as client:
        client.sendmail(sender, [f"{to}@desk.example"], text.encode())
    (delivery,) = shown(gateway, "log", f"<{number}@customer.example>")
    assert not delivery["error"]
    return delivery


def became(delivery: dict) -> str:
    """Return what a mail became, ticket numbers aside."""
    words = [
        word.partition("=")[0] if word.startswith("ticket=") else word for word in delivery["summary"].split()
    ]
    return " ".join((delivery["action"], *words))


def ticket(gateway, delivery: dict) -> dict:
    """Return the ticket of a mail."""
    number = delivery["summary"].partition("ticket=")[2].split()[0]
    return shown(gateway, "ticket", "show", number)


def contact(gateway, address: str) -> dict:
    """Return what is known of an address."""
    return shown(gateway, "contact", "show", address)


def answers(gateway, delivery: dict) -> list[dict]:
    """Return the mails that a mail has caused."""
    sent = [one["id"] for one in delivery["outbox"] if one["kind"] == "send"]
    return [shown(gateway, "queue", "show", str(number))["draft"] for number in sent]


KEEP, STOP = {"kind": "keep"}, {"kind": "stop"}


def move(folder: str = "Accounting") -> dict:
    """Return an action that files."""
    return {"kind": "move", "folder": folder}


def asks(field: str, operator: str, value=None, **more) -> dict:
    """Return a condition."""
    said = {} if value is None else {"value": value}
    return {"field": field, "operator": operator, **said, **more}


def test_w1_an_automation_takes_effect_on_saving(gateway):
    """It belongs to one address and has a description; the next mail already sees it."""
    assert became(send(gateway, "w1")) == "keep folder=INBOX"
    put(gateway, automation("w1", rule(move()), description="Files everything."))
    assert became(send(gateway, "w1")) == "fileinto folder=Accounting"
    (row,) = [one for one in shown(gateway, "automation", "list") if one["name"] == "w1"]
    assert (row["address"], row["wrong"]) == ("w1@desk.example", "")
    assert shown(gateway, "automation", "show", "w1")["description"] == "Files everything."
    command(gateway, "automation", "remove", "w1")
    assert became(send(gateway, "w1")) == "keep folder=INBOX"


def test_w2_only_the_creator_changes_it_unless_a_team_is_granted(gateway):
    """Another agent neither sees nor changes it, until its team is named."""
    put(gateway, automation("w2", rule(move())), "--as", "anna")
    done = command(gateway, "automation", "disable", "w2", "--as", "bob", code=1)
    assert "agent bob may not change an automation" in done.stderr
    assert "w2" not in command(gateway, "automation", "list", "--as", "bob").stdout
    put(gateway, automation("w2", rule(move()), teams=["second"]), "--as", "anna")
    command(gateway, "automation", "disable", "w2", "--as", "bob")
    assert became(send(gateway, "w2")) == "keep folder=INBOX"


def test_w3_autoresponder_with_sender_subject_and_salutation(gateway):
    """To every mail, once an hour and sender; the fallback where nobody knows the contact."""
    reply = {
        "kind": "reply", "template": "received", "sender": "w3@desk.example", "subject": "We are away",
        "salutation": "Dear customer",
    }  # fmt: skip
    put(gateway, automation("w3", rule(reply)))
    first = send(gateway, "w3")
    (answer,) = answers(gateway, first)
    assert (answer["from_address"], answer["subject"]) == ("w3@desk.example", "We are away")
    assert answer["text"].startswith("Dear customer, ")
    assert became(first) == "reply folder=INBOX"
    assert answers(gateway, send(gateway, "w3")) == []
    command(gateway, "contact", "add", "kim@customer.example", "--salutation", "Hello Kim")
    (answer,) = answers(gateway, send(gateway, "w3", sender="kim@customer.example"))
    assert answer["text"].startswith("Hello Kim, ")


def test_w4_terms_and_senders_one_per_line_and_a_missing_folder(gateway):
    """Filed by either list; where the folder is missing the mail is kept, and the trace says so."""
    terms, senders = asks("subject", "contains", "invoice\nRechnung\n"), asks("sender", "is", "x@y.example\n")
    put(
        gateway,
        automation("w4", rule(move(), STOP, condition=[terms, senders], match="any"), rule(move("Gone"))),
    )
    assert became(send(gateway, "w4", subject="Your INVOICE 7")) == "fileinto folder=Accounting"
    assert became(send(gateway, "w4", sender="x@y.example")) == "fileinto folder=Accounting"
    kept = send(gateway, "w4")
    assert became(kept) == "keep folder=INBOX"
    assert "there is no folder Gone, so the mail is kept" in json.dumps(kept["trace"])
    done = command(gateway, "automation", "check", "w4")
    assert "there is no folder Gone now" in done.stderr


def test_w5_unknown_sender_becomes_contact(gateway):
    """With categories and the company of its address; an answer with the number joins the ticket."""
    put(
        gateway,
        automation("w5", rule({"kind": "contact", "categories": ["new", "mail"]}, {"kind": "ticket"})),
    )
    opened = send(gateway, "w5", sender="eva@factory.example")
    assert became(opened) == "ticket ticket"
    known = contact(gateway, "eva@factory.example")
    assert (known["categories"], known["company"]) == (["new", "mail"], "factory.example")
    one = ticket(gateway, opened)
    assert one["contact"]["id"] == known["id"]
    again = send(gateway, "w5", sender="eva@factory.example", subject=f"Re: [#{one['number']}] Hello")
    assert ticket(gateway, again)["number"] == one["number"]


def test_w6_what_the_new_ticket_gets(gateway):
    """Subject by template, agent, categories, status, owner group, a follow-up for an agent, the workflow."""
    made = {
        "kind": "ticket", "queue": "orders", "subject": "Order of ${mail.from}: ${mail.subject}", "agent": "anna",
        "categories": ["shop"], "tags": ["web"], "status": "pending", "priority": "high", "owner_group": "second",
        "follow_up": "bob", "follow_up_days": 3, "workflow": "greet",
    }  # fmt: skip
    put(gateway, automation("w6", rule(made)))
    one = ticket(gateway, send(gateway, "w6", subject="5 chairs"))
    assert one["subject"] == f"Order of {ANN}: 5 chairs"
    wanted = {
        key: made[key]
        for key in ("queue", "agent", "categories", "tags", "status", "priority", "owner_group")
    }
    assert {key: one[key] for key in wanted} == wanted
    assert (one["follow_up_agent"], one["workflow"]) == ("bob", "greet")
    assert one["follow_up_at"] > one["created_at"]


def test_w7_automatic_answer_to_new_tickets(gateway):
    """The sender is told the number once; an answer into the ticket gets none."""
    reply = {"kind": "reply", "text": "It is ${ticket.number}.\n", "period": "0", "new_ticket": True}
    put(gateway, automation("w7", rule({"kind": "ticket"}), rule(reply, name="Two")))
    opened = send(gateway, "w7", sender="max@customer.example")
    one = ticket(gateway, opened)
    (answer,) = answers(gateway, opened)
    assert answer["text"].strip() == f"It is {one['number']}."
    more = f"In-Reply-To: {one['entries'][-1]['msgid']}\r\n"
    joined = send(gateway, "w7", sender="max@customer.example", more=more)
    assert ticket(gateway, joined)["number"] == one["number"]
    assert answers(gateway, joined) == []


def test_s2_run_now_and_switch(gateway):
    """Tried on what is stored while it rests, switched on, off, edited, removed."""
    send(gateway, "s2", subject="Invoice")
    put(gateway, automation("s2", rule(move()), enabled=False))
    assert became(send(gateway, "s2")) == "keep folder=INBOX"
    done = command(gateway, "automation", "run", "s2", "--json", code=1)
    (group,) = json.loads(done.stdout)["groups"]
    assert (group["mails"], group["would_be"]) == (2, "folder Accounting")
    command(gateway, "automation", "enable", "s2")
    assert became(send(gateway, "s2")) == "fileinto folder=Accounting"
    command(gateway, "automation", "disable", "s2")
    assert became(send(gateway, "s2")) == "keep folder=INBOX"


def test_s3_rules_with_folders_groups_and_order(gateway):
    """Rules that are off or look elsewhere say nothing; groups are joined by AND and OR; stop ends it."""
    group = {"match": "all", "condition": [asks("subject", "contains", "a"), asks("body", "contains", "b")]}
    put(
        gateway,
        automation(
            "s3",
            rule({"kind": "delete"}, name="Off", active=False),
            rule({"kind": "delete"}, name="Elsewhere", folders=["Archive"]),
            rule(move(), STOP, name="Here", folders=["INBOX"], match="any",
                 condition=[group, asks("header", "exists", name="X-Bill")]),
            rule({"kind": "ticket"}, name="Rest"),
        ),
    )  # fmt: skip
    assert became(send(gateway, "s3", subject="xay", body="xby")) == "fileinto folder=Accounting"
    assert became(send(gateway, "s3", more="X-Bill: 7\r\n")) == "fileinto folder=Accounting"
    assert became(send(gateway, "s3", subject="xay", body="x")) == "ticket ticket"


def test_s4_the_contact_is_created_once_and_linked(gateway):
    """The ticket action after it has the contact; a known one stays as it is."""
    put(gateway, automation("s4", rule({"kind": "contact", "categories": ["first"]}, {"kind": "ticket"})))
    one = ticket(gateway, send(gateway, "s4", sender="jo@firm.example"))
    assert one["contact"]["categories"] == ["first"]
    put(gateway, automation("s4", rule({"kind": "contact", "categories": ["second"]}, {"kind": "ticket"})))
    other = ticket(gateway, send(gateway, "s4", sender="jo@firm.example", subject="Another"))
    assert other["contact"]["id"] == one["contact"]["id"]
    assert other["contact"]["categories"] == ["first"]


def test_s5_create_or_update_by_subject_or_key(gateway):
    """The same subject, or the key that a pattern takes out of it, updates the ticket with the given values."""
    update = {"kind": "ticket", "update": True, "status": "pending", "agent": "bob"}
    by_key = {**update, "key_regex": "order ([0-9]+)"}
    put(
        gateway,
        automation(
            "s5",
            rule(by_key, STOP, condition=[asks("subject", "regex", "order [0-9]+")]),
            rule({**update, "match_subject": True}),
        ),
    )
    first = ticket(gateway, send(gateway, "s5", subject="order 7 please"))
    later = ticket(gateway, send(gateway, "s5", subject="about order 7"))
    assert (later["number"], later["agent"], later["status"]) == (first["number"], "bob", "pending")
    assert ticket(gateway, send(gateway, "s5", subject="order 8"))["number"] != first["number"]
    same = ticket(gateway, send(gateway, "s5", subject="Printer"))
    assert ticket(gateway, send(gateway, "s5", subject="Re: printer"))["number"] == same["number"]


def test_s6_move(gateway):
    """Into a folder that is there, and into one that is made for it; a copy leaves the mail in the inbox."""
    put(gateway, automation("s6", rule({**move("New.Deep"), "create": True}, {**move(), "copy": True})))
    assert became(send(gateway, "s6")) == "fileinto folder=New.Deep folder=Accounting"
    assert (gateway.folder / "mail" / "s6").exists()
    put(gateway, automation("s6", rule({**move(), "copy": True})))
    assert became(send(gateway, "s6")) == "fileinto folder=Accounting folder=INBOX"


def test_s7_delete(gateway):
    """Nothing is stored for the one that the condition is about."""
    put(gateway, automation("s7", rule({"kind": "delete"}, condition=[asks("sender", "contains", "@spam.")])))
    gone = send(gateway, "s7", sender="x@spam.example")
    assert (gone["action"], gone["filings"]) == ("discard", [])
    assert became(send(gateway, "s7")) == "keep folder=INBOX"


@pytest.mark.parametrize(
    ("asked", "hit", "miss"),
    [
        (asks("subject", "contains", "ÜBER"), {"subject": "=?utf-8?q?bericht_=C3=BCber?="}, {"subject": "uber"}),
        (asks("body", "contains", "urgent"), {"body": "It is URGENT."}, {"body": "It is not."}),
        (asks("sender", "is", "a@b.example"), {"sender": "A@b.example"}, {"sender": "aa@b.example"}),
        (asks("sender", "contains", "@b."), {"sender": "aa@b.example"}, {"sender": "a@c.example"}),
        (asks("recipient", "is", "t5@desk.example"), {}, None),
        (asks("recipients", "is", "cc@x.example"), {"more": "Cc: y@x.example, CC@x.example\r\n"}, {}),
        (asks("account", "is", "tcp"), {}, None),
        (asks("account", "is", ["unix", "imap"]), None, {}),
        (asks("customer", "known"), {"sender": "kay@big.example"}, {"sender": "no@where.example"}),
        (asks("customer_type", "is", ["press", "partner"]), {"sender": "kay@big.example"}, {}),
        (asks("customer", "vip"), {"sender": "kay@big.example"}, {"sender": "no@where.example"}),
    ],
    ids=lambda one: f"{one['field']}-{one['operator']}" if one and "field" in one else "",
)  # fmt: skip
def test_t5_conditions(gateway, asked, hit, miss):
    """Each condition of the queues' message rules: what it is about goes to the folder, the rest stays."""
    put(gateway, automation("t5", rule(move(), condition=[asked])))
    if hit is not None:
        assert became(send(gateway, "t5", **hit)) == "fileinto folder=Accounting"
    if miss is not None:
        assert became(send(gateway, "t5", **miss)) == "keep folder=INBOX"
