"""Queues, agents, rights and the sharing out of work, by real LMTP and real commands: G13, G14, G15, T7, W2."""

import contextlib
import json
import smtplib
import sqlite3
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import peers
from gatewayrun import gateway as run_gateway

SUPPORT, ORDERS = "support@desk.example", "orders@desk.example"
STAFF = """
[[agent]]
name = "anna"
queues = ["support"]
[[agent]]
name = "bert"
[[agent]]
name = "cora"
[[agent]]
name = "susi"
role = "supervisor"
queues = ["support"]
[[agent]]
name = "eva"
role = "administrator"
[[team]]
name = "first"
members = ["bert", "cora"]
"""


def business(support: str = "", orders: str = "", *, staff: str = STAFF) -> dict[str, str]:
    """Return the texts of a business with two queues; more settings of each may be given."""
    text = f"""
{staff}
[[queue]]
name = "support"
address = "{SUPPORT}"
{support}
[[queue]]
name = "orders"
address = "{ORDERS}"
{orders}
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "desk"
[[address]]
address = "{ORDERS}"
queue = "orders"
script = "desk"
"""
    script = """require ["vnd.mailgate.ticket", "variables"];
if header :contains "Subject" "please" { ticket :assign "auto"; stop; }
ticket;
"""
    return {"business.toml": text, "desk.sieve": script}


def send(gateway, number: int, to: str = SUPPORT, *, subject: str = "Printer", answers: int = 0) -> str:
    """Send a mail of a customer of its own by LMTP; return what the gateway said."""
    who = f"customer{answers or number}@customer.example"
    reference = f"In-Reply-To: <{answers}@customer.example>\r\n" if answers else ""
    text = f"From: {who}\r\nSubject: {subject}\r\nMessage-ID: <{number}@customer.example>\r\n{reference}\r\nHi\r\n"
    with smtplib.LMTP("127.0.0.1", gateway.port, local_hostname="client.example") as client:
        client.ehlo_or_helo_if_needed()
        client.mail(who)
        client.rcpt(to)
        code, said = client.data(text.encode())
    assert code == 250, said
    return said.decode()


def agents(gateway) -> dict[str, str]:
    """Return who has each ticket."""
    rows = gateway.json("ticket", "list")
    rows = rows["tickets"] if isinstance(rows, dict) else rows
    return {row["number"]: row["agent"] for row in sorted(rows, key=lambda row: int(row["number"][2:]))}


def present(gateway, *names: str) -> None:
    for name in names:
        gateway.command("agent", "present", name, "--for", "8h")


def ask(gateway, sql: str):
    with contextlib.closing(sqlite3.connect(gateway.state / "mailgate.sqlite", timeout=60)) as database:
        return database.execute(sql).fetchall()


def test_g13_queues_say_what_they_lack():
    """On and off, language, addresses; "no address assigned" and "no agents assigned" wherever one looks."""
    with run_gateway({}, business(staff="")) as gateway:
        rows = {row["name"]: row for row in gateway.json("ticketqueue", "list")}
        assert rows["support"]["hints"] == ["no agents assigned"]
        done = gateway.command("ticketqueue", "add", "sales", "--language", "de")
        assert done.stderr == "queue sales: no address assigned\nqueue sales: no agents assigned\n"
        doctor = json.loads(gateway.command("doctor", "--json", check=False).stdout)
        assert "sales: no address assigned" in [one["text"] for one in doctor if one["level"] == "warn"]
        gateway.command("address", "add", "sales@desk.example", "--queue", "sales", "--script", "desk")
        gateway.command("agent", "add", "dora", "--queue", "sales")
        shown = gateway.json("ticketqueue", "show", "sales")
        assert (shown["language"], shown["hints"], shown["agents"]) == ("de", [], ["dora"])
        send(gateway, 1, "sales@desk.example")
        assert gateway.json("ticketqueue", "show", "sales")["tickets"] == {"open": 1}


def test_g14_agents_or_teams_per_queue():
    """A team works on a queue as its members; a new member at once."""
    with run_gateway({}, business(orders='teams = ["first"]\nassignment = "fewest"')) as gateway:
        assert gateway.json("ticketqueue", "show", "orders")["agents"] == ["bert", "cora"]
        present(gateway, "anna", "bert", "cora")
        for number in range(1, 4):
            send(gateway, number, ORDERS)
        assert agents(gateway) == {"T-1": "bert", "T-2": "cora", "T-3": "bert"}
        gateway.command("team", "set", "first", "--add", "anna", "--take-over")
        send(gateway, 4, ORDERS)
        assert agents(gateway)["T-4"] == "anna"
        assert gateway.json("agent", "show", "anna")["works_on"] == ["orders", "support"]


def test_t7_agents_and_queues_are_many_to_many():
    """An agent in two queues has the sessions of both on its desk when work is shared out."""
    both = {"support": 'assignment = "fewest"', "orders": 'assignment = "fewest"'}
    with run_gateway({}, business(**both)) as gateway:
        gateway.command("agent", "set", "anna", "--queue", "support", "--queue", "orders", "--take-over")
        gateway.command("agent", "set", "bert", "--queue", "orders", "--take-over")
        present(gateway, "anna", "bert")
        send(gateway, 1, SUPPORT)
        send(gateway, 2, ORDERS)
        send(gateway, 3, SUPPORT)
        send(gateway, 4, ORDERS)
        assert agents(gateway) == {"T-1": "anna", "T-2": "bert", "T-3": "anna", "T-4": "bert"}


def test_g15_fewest_active_sessions_first():
    """Fewest first, then longest ago; closed ones do not count; the history says why; by hand it stays possible."""
    with run_gateway({}, business('teams = ["first"]\nassignment = "fewest"')) as gateway:
        present(gateway, "anna", "bert", "cora")
        for number in range(1, 5):
            send(gateway, number)
        assert list(agents(gateway).values()) == ["anna", "bert", "cora", "anna"]
        gateway.command("ticket", "close", "T-3")
        send(gateway, 5)
        assert agents(gateway)["T-5"] == "cora"
        why = ask(gateway, "SELECT text FROM entry WHERE field = 'agent' AND ticket_id = 5")
        assert why == [("assigned to cora (fewest: cora 0, bert 1, anna 2)",)]
        gateway.command("ticket", "assign", "T-1", "bert")
        gateway.command("ticket", "assign", "T-2", "")
        gateway.command("ticket", "assign", "T-2", "auto")
        assert agents(gateway)["T-2"] == "bert"
        assert gateway.json("agent", "show", "bert")["active"] == 2


def test_g15_nobody_present_waits_until_somebody_comes():
    """The inbox keeps it; the gateway gives it out within seconds; a new mail goes on from there."""
    with run_gateway({}, business('assignment = "fewest"')) as gateway:
        send(gateway, 1)
        send(gateway, 2)
        assert agents(gateway) == {"T-1": "", "T-2": ""}
        present(gateway, "anna")
        peers.wait_until(lambda: set(agents(gateway).values()) == {"anna"}, "the job gives it out")
        assert "job=assign" in gateway.log()
        metrics = urllib.request.urlopen(f"http://127.0.0.1:{gateway.http_port}/metrics").read().decode()
        assert 'mailgate_assignments_total{queue="support"} 2.0' in metrics
        gateway.command("agent", "away", "anna")
        send(gateway, 3)
        assert agents(gateway)["T-3"] == ""


def test_g15_limits_hours_and_which_mails_count():
    """The day's limit; outside business hours; new mail by hand and answers by themselves; a rule that asks."""
    never = 'hours = "Mon 00:00-00:01"\nholidays = ["2026-01-01"]'
    with run_gateway({}, business('assignment = "fewest"\nassign_limit = 2', never)) as gateway:
        present(gateway, "anna")
        for number in range(1, 4):
            send(gateway, number)
        assert agents(gateway) == {"T-1": "anna", "T-2": "anna", "T-3": ""}
        gateway.command("agent", "set", "anna", "--queue", "orders", "--take-over")
        gateway.command("ticketqueue", "set", "orders", "--take-over", "--hours", "", "--holiday", "", "--assignment", "fewest", "--assign-not-new")  # fmt: skip
        send(gateway, 4, ORDERS)
        assert agents(gateway)["T-4"] == ""
        gateway.command("session", "resolve", "T-4")
        send(gateway, 5, ORDERS, answers=4)
        assert agents(gateway)["T-4"] == "anna"
        gateway.command("ticketqueue", "set", "orders", "--assignment", "off")
        send(gateway, 6, ORDERS)
        send(gateway, 7, ORDERS, subject="please")
        assert (agents(gateway)["T-5"], agents(gateway)["T-6"]) == ("", "anna")


def test_g15_many_mails_at_once():
    """Whatever comes together is shared out as if it came one after the other."""
    with run_gateway({}, business('teams = ["first"]\nassignment = "fewest"')) as gateway:
        present(gateway, "anna", "bert", "cora")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: send(gateway, number), range(1, 31)))
        given = [row[0] for row in ask(gateway, "SELECT agent FROM assignment ORDER BY id")]
        assert given == ["anna", "bert", "cora"] * 10


def test_w2_access():
    """Agents in their queues, supervisors with settings of theirs, automations their creator's and its teams'."""
    with run_gateway({}, business()) as gateway:
        send(gateway, 1)
        send(gateway, 2, ORDERS)

        def refused(*arguments: str) -> str:
            done = gateway.command(*arguments, check=False)
            assert done.returncode == 1, done
            return done.stderr

        gateway.command("ticket", "comment", "T-1", "--as", "anna", "I look at it.")
        assert "agent anna may not" in refused("ticket", "comment", "T-2", "--as", "anna", "Me too.")
        assert "agent bert may not" in refused("ticket", "set", "T-1", "--status", "pending", "--as", "bert")
        gateway.command("ticket", "assign", "T-1", "anna", "--as", "anna")
        gateway.command("ticket", "assign", "T-2", "bert")
        gateway.command("ticket", "comment", "T-2", "--as", "bert", "Mine.")
        gateway.command("ticketqueue", "set", "support", "--take-over", "--language", "de", "--as", "susi")
        assert "supervisor susi may not" in refused(
            "ticketqueue", "set", "orders", "--language", "de", "--as", "susi"
        )
        gateway.command("ticketqueue", "set", "orders", "--take-over", "--language", "de", "--as", "eva")

        form = 'name = "mine"\naddress = "support@desk.example"\nenabled = false\nteams = ["first"]\n[[rule]]\nname = "all"\n[[rule.action]]\nkind = "keep"\n'  # fmt: skip
        file = gateway.folder / "mine.toml"
        file.write_text(form)
        gateway.command("automation", "put", str(file), "--as", "anna")
        assert gateway.json("automation", "show", "mine", "--as", "anna")["creator"] == "anna"
        gateway.command("automation", "show", "mine", "--as", "bert")
        assert "supervisor susi may not" in refused("automation", "remove", "mine", "--as", "susi")
        gateway.command("automation", "remove", "mine", "--as", "eva")


def test_the_first_administrator():
    """Added on a fresh installation, it gets a link for one use, and a password that is checked."""
    with run_gateway({}, start=False) as gateway:
        done = gateway.command("agent", "add", "eva", "--role", "administrator")
        (url,) = [line.strip() for line in done.stdout.splitlines() if "/login/" in line]
        assert len(url.rpartition("/")[2]) == 27
        assert "how" not in done.stderr
        assert "link_url" in done.stderr
        gateway.command("agent", "password", "eva", data=b"correct horse battery\n")
        assert gateway.json("agent", "show", "eva")["password"] is True
