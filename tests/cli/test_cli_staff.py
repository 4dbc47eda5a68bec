"""Agents, teams and queues by command: roles, presence, links, passwords, hints, rights (G13, G14, T7, W2)."""

import contextlib
import json
import sqlite3
from datetime import UTC, datetime, timedelta

import clidesk
import pytest


@pytest.fixture
def desk():
    """Set up an installation with one queue and one script."""
    with clidesk.desk() as one:
        yield one


@pytest.fixture
def ask(desk):
    """Look into the database."""

    def run(sql: str):
        with contextlib.closing(sqlite3.connect(desk.folder / "state" / "mailgate.sqlite")) as connection:
            return connection.execute(sql).fetchall()

    return run


def test_an_agent_has_a_role_a_name_and_teams(desk):
    """What is said is shown; the queues of the teams are the agent's too (T7)."""
    desk.good("team", "add", "first")
    desk.good("ticketqueue", "set", "support", "--take-over", "--team", "first")
    said = desk.good(
        "agent", "add", "anna", "--full-name", "Anna Amsel", "--language", "de", "--role", "supervisor", "--team", "first",
    )  # fmt: skip
    assert said == "add agent anna\nchange team first\n  members: nothing -> anna\n"
    shown = desk.json("agent", "show", "anna")
    assert shown["full_name"] == "Anna Amsel"
    assert (shown["role"], shown["language"], shown["teams"]) == ("supervisor", "de", ["first"])
    assert (shown["queues"], shown["works_on"], shown["password"]) == ([], ["support"], False)
    assert shown["used_by"] == ["team first"]


def test_what_is_wrong_is_said_and_nothing_is_changed(desk):
    """No such role, no such team, no such member, no such queue."""
    said = desk.bad("agent", "add", "anna", "--role", "supervisr")
    assert (
        "role: 'supervisr' is none, write agent, supervisor, administrator, did you mean 'supervisor'?"
        in said
    )
    assert "there is no team 'frist'" in desk.bad("agent", "add", "anna", "--team", "frist")
    assert desk.names("agent") == []
    assert "there is no agent 'anna'" in desk.bad("team", "add", "first", "--member", "anna")
    assert "there is no team 'first'" in desk.bad("ticketqueue", "set", "support", "--team", "first")
    said = desk.bad("ticketqueue", "set", "support", "--assignment", "random", "--timezone", "Mars/Olympus")
    assert "assignment: 'random' is no way of sharing out, write off or fewest" in said
    assert "timezone: 'Mars/Olympus' is no time zone" in said


def test_teams_come_and_go(desk):
    """Members are added and dropped; what is named by something stays."""
    for name in ("anna", "bert", "cora"):
        desk.good("agent", "add", name)
    desk.good(
        "team", "add", "first", "--member", "anna", "--member", "bert", "--description", "Answers first"
    )
    desk.good("team", "set", "first", "--add", "cora", "--drop", "bert")
    desk.good("ticketqueue", "set", "support", "--take-over", "--team", "first")
    assert desk.json("team", "list") == [
        {"name": "first", "description": "Answers first", "members": ["anna", "cora"], "queues": ["support"], "file": ""}
    ]  # fmt: skip
    assert "used by team first" in desk.bad("agent", "remove", "anna")
    assert "used by queue support" in desk.bad("team", "remove", "first")
    assert desk.json("team", "show", "first")["used_by"] == ["queue support"]
    desk.good("ticketqueue", "set", "support", "--team", "")
    desk.good("team", "set", "first", "--member", "")
    assert desk.json("team", "show", "first")["members"] == []
    desk.good("agent", "remove", "anna")
    assert desk.good("team", "remove", "first") == "remove team first\n"


def test_a_queue_that_an_agent_names_stays(desk):
    """Else the agent would name a queue that is not there."""
    desk.good("ticketqueue", "add", "orders")
    desk.good("agent", "add", "anna", "--queue", "orders")
    assert "used by agent anna" in desk.bad("ticketqueue", "remove", "orders")
    desk.good("agent", "set", "anna", "--queue", "")
    desk.good("ticketqueue", "remove", "orders")


def test_a_queue_says_what_it_lacks(desk):
    """G13: in list and show, after each change of it, in doctor, in what apply prints."""
    done = desk.run("ticketqueue", "add", "orders")
    assert done.stderr == "queue orders: no address assigned\nqueue orders: no agents assigned\n"
    shown = desk.json("ticketqueue", "show", "orders")
    assert shown["hints"] == ["no address assigned", "no agents assigned"]
    findings = {one["text"] for one in json.loads(desk.run("doctor", "--json").stdout)}
    assert "orders: no address assigned" in findings
    assert "support: no agents assigned" in findings
    assert "support: no address assigned" not in findings
    desk.good("agent", "add", "anna", "--queue", "orders", "--queue", "support")
    desk.good("address", "add", "orders@example.org", "--queue", "orders")
    rows = {row["name"]: row for row in desk.json("ticketqueue", "list")}
    assert (rows["orders"]["hints"], rows["orders"]["agents"]) == ([], 1)
    desk.good("ticketqueue", "add", "old", "--disabled")
    assert desk.json("ticketqueue", "show", "old")["hints"] == []
    (desk.business / "more.toml").write_text('[[queue]]\nname = "sales"\n')
    done = desk.run("apply", str(desk.business))
    assert "queue sales: no agents assigned" in done.stderr
    assert "queue support" not in done.stderr


def test_every_setting_of_a_queue_is_set_and_exported(desk):
    """All of G13 to G15, and back to a text; the mailbox is a target of the settings."""
    desk.write({"targets": {"orders": {"kind": "smtp", "host": "127.0.0.1"}}})
    desk.good("ticketqueue", "add", "orders", "--region", "DE-BY", "--mailbox", "orders", "--template-set", "orders-",
              "--assignment", "fewest", "--assign-limit", "7", "--assign-absent", "--assign-closed-hours",
              "--assign-not-new", "--assign-not-answers")  # fmt: skip
    shown = desk.json("ticketqueue", "show", "orders")
    assert (shown["region"], shown["mailbox"], shown["template_set"]) == ("DE-BY", "orders", "orders-")
    assert (shown["assignment"], shown["assign_limit"]) == ("fewest", 7)
    switches = ("assign_absent", "assign_closed_hours", "assign_not_new", "assign_not_answers")
    assert all(shown[key] for key in switches)
    desk.good("ticketqueue", "set", "orders", "--assign-present", "--assign-open-hours", "--assign-new", "--assign-answers")  # fmt: skip
    shown = desk.json("ticketqueue", "show", "orders")
    assert not any(shown[key] for key in switches)
    desk.good("export", str(desk.folder / "out"))
    text = (desk.folder / "out" / "business.toml").read_text()
    assert 'assignment = "fewest"' in text
    assert "assign_limit = 7" in text


# -- presence ---------------------------------------------------------------------------------------------------


def test_presence_ends_by_itself(desk, ask):
    """`--for`, else as long as the helpdesk says; shown in the list until then (G15)."""
    desk.good("agent", "add", "anna")
    desk.good("agent", "add", "bert")
    desk.good("agent", "present", "anna", "--for", "8h")
    desk.good("agent", "present", "bert")
    minute = 60_000
    lasts = {
        name: round((until - since) / minute)
        for name, since, until in ask("SELECT agent, since, until FROM presence")
    }
    assert lasts == {"anna": 480, "bert": 15}
    rows = {row["name"]: row["present"] for row in desk.json("agent", "list", "--present")}
    until = datetime.fromisoformat(rows["anna"])
    assert timedelta(hours=7) < until - datetime.now(UTC) < timedelta(hours=9)
    assert desk.good("agent", "away", "anna") == "agent anna is away\n"
    assert desk.good("agent", "away", "anna") == "agent anna was away already\n"
    assert desk.names("agent") == ["anna", "bert"]
    assert [row["name"] for row in desk.json("agent", "list", "--present")] == ["bert"]
    assert "write it as '30m', '4h' or '2d'" in desk.bad("agent", "present", "anna", "--for", "long")
    assert "did you mean 'anna'?" in desk.bad("agent", "present", "ana")
    desk.good("agent", "set", "anna", "--disabled")
    assert "is disabled" in desk.bad("agent", "present", "anna")


# -- the first administrator ------------------------------------------------------------------------------------


def test_an_administrator_gets_a_link_that_is_nowhere_else(desk, ask):
    """One of 160 bits, printed once; the database has its SHA-256; a new one ends the old."""
    import hashlib

    said = desk.good("agent", "add", "eva", "--role", "administrator")
    (url,) = [line.strip() for line in said.splitlines() if "/login/" in line]
    token = url.rpartition("/")[2]
    assert len(token) * 6 >= 160
    ((digest, agent, made, until, used),) = ask(
        "SELECT digest, agent, made_at, until, used_at FROM login_link"
    )
    assert digest == hashlib.sha256(token.encode()).hexdigest()
    assert (agent, used) == ("eva", 0)
    assert abs(until - made - 24 * 3600 * 1000) < 5000
    assert token not in (desk.folder / "state" / "mailgate.sqlite").read_bytes().decode("latin-1")
    desk.good("helpdesk", "set", "link_url", "https://desk.example.org/t/{number}")
    again = desk.json("agent", "link", "eva")
    assert again["url"].startswith("https://desk.example.org/login/")
    ends = dict(ask("SELECT digest, until FROM login_link"))
    assert ends.pop(digest) < until
    assert ask("SELECT action, subject FROM audit WHERE action = 'agent link'") == [("agent link", "eva")] * 2


def test_only_new_administrators_get_a_link_by_themselves(desk):
    """Not an agent, not the second time, not with --dry-run; where the address comes from is said."""
    assert "/login/" not in desk.good("agent", "add", "anna")
    assert "/login/" not in desk.good("agent", "add", "eva", "--role", "administrator", "--dry-run")
    done = desk.run("agent", "add", "eva", "--role", "administrator")
    assert "/login/" in done.stdout
    assert "mailgate helpdesk set link_url" in done.stderr
    assert "/login/" not in desk.good("agent", "add", "eva", "--role", "administrator")
    desk.good("agent", "set", "eva", "--disabled")
    assert "is disabled" in desk.bad("agent", "link", "eva")


def test_passwords_are_read_and_hashed(desk, ask):
    """From standard input, with a policy; argon2 in the database; gone with the agent."""
    desk.good("agent", "add", "anna")
    assert "needs 12 at least" in desk.bad("agent", "password", "anna", data="short\n")
    assert "little more than the name" in desk.bad("agent", "password", "anna", data="annaannaanna\n")
    assert (
        desk.good("agent", "password", "anna", data="correct horse battery\n")
        == "agent anna has a new password\n"
    )
    ((hashed,),) = ask("SELECT password FROM credential")
    assert hashed.startswith("$argon2id$")
    assert desk.json("agent", "show", "anna")["password"] is True
    assert "no such option" in desk.bad("agent", "password", "anna", "--password", "x", code=2).lower()
    desk.good("agent", "present", "anna")
    desk.good("agent", "remove", "anna")
    assert ask("SELECT (SELECT count(*) FROM credential), (SELECT count(*) FROM presence)") == [(0, 0)]


# -- rights ------------------------------------------------------------------------------------------------------


def test_as_agent_has_that_agents_rights(desk, ask):
    """W2: an agent sets nothing, a supervisor its queues, an administrator all; refusals change nothing."""
    desk.good("ticketqueue", "add", "orders")
    desk.good("agent", "add", "anna", "--queue", "support")
    desk.good("agent", "add", "susi", "--queue", "support", "--role", "supervisor")
    desk.good("agent", "add", "eva", "--role", "administrator")
    set_support = ("ticketqueue", "set", "support", "--take-over", "--language")
    assert desk.bad(*set_support, "de", "--as", "anna").endswith(
        "agent anna may not change a queue's settings\n"
    )
    said = desk.good(*set_support, "de", "--as", "susi")
    assert said == f"change queue support\n  language: en -> de\n  file: {desk.business} -> by hand\n"
    said = desk.bad("ticketqueue", "set", "orders", "--language", "de", "--as", "susi")
    assert (
        "supervisor susi may not change a queue's settings (only in its queues); this is queue orders" in said
    )
    assert "may not add or remove queues" in desk.bad("ticketqueue", "add", "new", "--as", "susi")
    assert "may not add or remove queues" in desk.bad("ticketqueue", "remove", "orders", "--as", "susi")
    assert "may not add, change or remove agents" in desk.bad("agent", "add", "bert", "--as", "susi")
    assert "may not add, change or remove agents" in desk.bad(
        "agent", "set", "anna", "--disabled", "--as", "anna"
    )
    assert "may not add, change or remove agents" in desk.bad("agent", "remove", "anna", "--as", "susi")
    assert "may not add, change or remove agents" in desk.bad("agent", "link", "eva", "--as", "susi")
    assert "may not add, change or remove teams" in desk.bad("team", "add", "first", "--as", "susi")
    desk.good("agent", "add", "bert", "--as", "eva")
    assert ask("SELECT who FROM audit WHERE action = 'agent add' AND subject = 'bert'") == [("eva",)]
    assert ask("SELECT who FROM audit WHERE action = 'queue change' AND subject = 'support'")[-1] == ("susi",)
    assert "there is no agent 'ev', did you mean 'eva'?" in desk.bad("agent", "add", "carl", "--as", "ev")


def test_presence_and_password_are_ones_own(desk):
    """An agent says it of itself, a supervisor of agents in its queues, an administrator of all."""
    desk.good("agent", "add", "anna", "--queue", "support")
    desk.good("agent", "add", "bert")
    desk.good("agent", "add", "susi", "--queue", "support", "--role", "supervisor")
    desk.good("agent", "present", "anna", "--as", "anna")
    desk.good("agent", "present", "anna", "--as", "susi")
    desk.bad("agent", "present", "bert", "--as", "susi")
    desk.bad("agent", "away", "bert", "--as", "anna")
    desk.good("agent", "password", "anna", "--as", "anna", data="correct horse battery\n")
    desk.bad("agent", "password", "anna", "--as", "susi", data="correct horse battery\n")
