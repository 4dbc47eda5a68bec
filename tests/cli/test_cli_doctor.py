"""`mailgate doctor`."""

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import time

import clidesk
import dkimkit
import peers
import pytest
from aiosmtpd.controller import Controller
from nameserver import nameserver

from mailgate.cli._doctor import house
from mailgate.cli._doctor.checks import CHECKS
from mailgate.cli._doctor.finding import Patient


@pytest.fixture
def desk():
    """Set up an installation with one address, one queue, one script and one template, all from files."""
    with clidesk.desk() as one:
        yield one


class Relay:
    """An SMTP server that takes everything but, if it is told so, the null sender."""

    def __init__(self, refuse_null: bool = False) -> None:
        self.refuse_null = refuse_null

    async def handle_MAIL(self, _server, _session, envelope, address, _options):  # noqa: N802  aiosmtpd's name
        envelope.mail_from = address
        return (
            "550 5.7.1 no null sender here" if self.refuse_null and address in {"", "<>"} else "250 2.1.0 ok"
        )


@contextlib.contextmanager
def relay(**options):
    """Run that server; yields the settings that name it."""
    controller = Controller(Relay(**options), hostname="127.0.0.1", port=peers.free_port())
    controller.start()
    try:
        yield {"relay": {"host": "127.0.0.1", "port": controller.port, "tls": "none"}}
    finally:
        controller.stop()


def findings(desk, *arguments) -> list[dict]:
    """Return everything that the doctor finds, whatever its exit code."""
    done = desk.run("doctor", "--json", *arguments)
    return json.loads(done.stdout)


def found(desk, check: str, *arguments) -> list[tuple[str, str]]:
    """Return level and text of what one check found."""
    return [(one["level"], one["text"]) for one in findings(desk, *arguments) if one["check"] == check]


def database(desk, *statements: str) -> None:
    """Change something behind the program's back."""
    with contextlib.closing(sqlite3.connect(desk.folder / "state" / "mailgate.sqlite")) as connection:
        for one in statements:
            connection.execute(one)
        connection.commit()


def insert(desk, table: str, **values) -> None:
    """Write a row; columns that are not said are empty."""
    with contextlib.closing(sqlite3.connect(desk.folder / "state" / "mailgate.sqlite")) as connection:
        columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
        row = {name: values.get(name, "" if kind == "TEXT" else 0) for _, name, kind, *_ in columns}
        connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
        connection.commit()


def test_a_whole_installation_passes(gateway):
    """Exit 0 and no finding that fails, with gateway, relay and door seen to answer."""
    with relay() as settings:
        one = gateway(settings, {"b.toml": clidesk.BUSINESS, "support.sieve": clidesk.SCRIPT})
        found = one.json("doctor")
    assert {row["level"] for row in found} <= {"ok", "warn"}
    good = [(row["check"], row["text"]) for row in found if row["level"] == "ok"]
    assert ("listener", "tcp: support@example.org is answered 250 2.1.5 ok") in good
    assert ("listener", "unix: support@example.org is answered 250 2.1.5 ok") in good
    assert ("gateway", "runs what the database says") in good
    assert any(check == "relay" and "takes the null sender" in text for check, text in good)


def test_nothing_is_changed(desk):
    """The database file holds the same rows, and the doctor leaves no file behind."""
    before = (
        desk.versions(),
        sorted(path.name for path in desk.folder.rglob("*") if "-wal" not in path.name),
    )
    findings(desk, "--full")
    after = (desk.versions(), sorted(path.name for path in desk.folder.rglob("*") if "-wal" not in path.name))
    assert [name for name in after[1] if "-shm" not in name] == [n for n in before[1] if "-shm" not in n]
    assert after[0] == before[0]


def test_a_gateway_that_does_not_run(desk):
    """Fails, with how to start it; and the rest is looked at all the same. Exit 1."""
    done = desk.run("doctor")
    assert done.exit_code == 1
    assert "FAIL  gateway: does not run\n      -> `systemctl start mailgate`" in done.stdout
    assert "ok    integrity: whole\n" in done.stdout


def test_wrong_settings_are_findings(desk):
    """All mistakes at once, each a finding, as data too; exit 1 and no traceback."""
    desk.config.write_text('[limits]\nrecipient = 1\n[relay]\nport = "x"\n')
    assert [level for level, _ in found(desk, "settings")] == ["fail", "fail"]
    assert "did you mean 'recipients'?" in found(desk, "settings")[0][1]


def test_a_missing_database(desk):
    """Fails, with the command that makes one."""
    for file in (desk.folder / "state").glob("mailgate.sqlite*"):
        file.unlink()
    ((level, text),) = found(desk, "database")
    assert (level, "no such database; run `mailgate db upgrade`" in text) == ("fail", True)


def test_pending_migrations(desk):
    """Fails, with the command that runs them."""
    with contextlib.closing(sqlite3.connect(desk.folder / "state" / "mailgate.sqlite")) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        table = next(name for name in names if "migration" in name)
    database(desk, f"DELETE FROM {table}")
    ((level, text),) = found(desk, "database")
    assert (level, "pending" in text) == ("fail", True)


def test_a_damaged_database(desk):
    """A page that holds rubbish is found, whichever way the doctor reads."""
    file = desk.folder / "state" / "mailgate.sqlite"
    database(desk, "PRAGMA wal_checkpoint(TRUNCATE)")
    with contextlib.closing(sqlite3.connect(file)) as connection:
        root, size = connection.execute("SELECT rootpage, (SELECT * FROM pragma_page_size) FROM sqlite_master "
                                        "WHERE name = 'audit'").fetchone()  # fmt: skip
    with file.open("r+b") as stream:
        stream.seek((root - 1) * size)
        stream.write(b"\xff" * size)
    assert found(desk, "integrity")[0][0] == "fail"


def test_a_lost_row_is_found_by_the_full_look(desk):
    """A history without its ticket: not seen by the quick look, named by the other."""
    insert(desk, "entry", id=1, ticket_id=77)
    assert found(desk, "integrity") == [("ok", "whole")]
    assert found(desk, "integrity", "--full") == [("fail", "1 x entry without its ticket")]


def test_durability_is_shown(desk):
    """WAL with a sync at each commit, as the program opens it."""
    assert found(desk, "durability") == [("ok", "journal_mode=wal, synchronous=2")]


def test_other_owners(desk):
    """A database made by root, for a service that is not root, could not be written."""
    os.chown(desk.folder / "state", 12345, -1)
    os.chown(desk.folder / "state" / "spool", 12345, -1)
    texts = [text for level, text in found(desk, "owners") if level == "fail"]
    assert any("mailgate.sqlite belongs to user" in text for text in texts)
    assert not any("spool belongs" in text for text in texts)


def test_open_folders(desk):
    """Mails that every user can read are a warning, with the way to shut the folder."""
    desk.folder.chmod(0o711)
    (desk.folder / "state").chmod(0o755)
    ((level, text),) = found(desk, "privacy")
    assert (level, str(desk.folder / "state") in text) == ("warn", True)
    (desk.folder / "state").chmod(0o750)
    assert found(desk, "privacy")[0][0] == "ok"


def test_a_secret_that_others_can_read(desk):
    """Fails with the file's name, never with what stands in it."""
    secret = desk.folder / "password"
    secret.write_text("swordfish")
    secret.chmod(0o644)
    desk.write({"relay": {"user": "me", "password": f"${{file:{secret}}}"}})
    done = desk.run("doctor")
    assert f"FAIL  secrets: {secret} can be read by others\n      -> chmod 400 {secret}" in done.stdout
    assert "swordfish" not in done.output
    secret.chmod(0o400)
    assert found(desk, "secrets") == [("ok", f"{secret} is its owner's alone")]


def test_a_secret_that_only_the_service_has(desk):
    """A person at the shell lacks systemd's credentials: a warning, and the rest is looked at."""
    desk.write({"relay": {"user": "me", "password": "${credential:relay-password}"}})
    assert found(desk, "settings")[0][0] == "warn"
    assert found(desk, "integrity") == [("ok", "whole")]


def test_a_disk_below_the_reserve(desk):
    """Fails, because mail is answered 452."""
    desk.write({"spool": {"reserve": f"{2 * shutil.disk_usage(desk.folder).free // 2**20} MiB"}})
    ((level, text),) = found(desk, "space")
    assert (level, "mail is answered 452" in text) == ("fail", True)


def test_a_mail_from_the_future(desk):
    """The clock was set back."""
    later = int((time.time() + 86400) * 1000)
    insert(desk, "message", id=1, received_at=later)
    insert(desk, "delivery", id=1, message_id=1, at=later)
    assert found(desk, "clock")[0][0] == "warn"


def test_no_addresses():
    """An installation without any takes no mail."""
    with clidesk.desk(business=False) as desk:
        assert found(desk, "addresses") == [("fail", "there are none, so no mail is taken")]


def test_addresses_whose_names_are_gone(desk):
    """Script, queue and target: what was removed behind the program's back is named."""
    database(desk, "UPDATE address SET script = 'suport', queue = 'x', target = 'y'")
    texts = [text for level, text in found(desk, "addresses") if level == "fail"]
    assert texts[0] == "support@example.org: there is no script 'suport', did you mean 'support'?"
    assert len(texts) == 3


def test_disabled_addresses_and_queues(desk):
    """Worth a look."""
    desk.good("ticketqueue", "set", "support", "--disabled", "--take-over")
    assert found(desk, "addresses")[0] == (
        "warn",
        "support@example.org leads to the queue support, which is off: it answers 451",
    )
    desk.good("address", "set", "support@example.org", "--disabled", "--take-over")
    assert found(desk, "addresses")[0] == ("warn", "1 address disabled: their mail waits at the sender's")


def test_agents_who_cannot_answer_by_mail(desk):
    """A queue that tells them of mail wants somebody who vouches for their answers, and an address."""
    assert found(desk, "by mail") == []
    desk.good("ticketqueue", "set", "support", "--notify", "team", "--take-over")
    words = "support: nobody checks who agents' mails are from, so none of their answers leaves"
    assert found(desk, "by mail") == [("warn", words)]
    settings = desk.config.read_text()
    desk.config.write_text(
        settings.replace("[checks]\n", '[checks]\ntrusted_authserv_ids = ["mx.example.org"]\n')
    )
    assert found(desk, "by mail") == [("ok", "agents may answer notices of support")]
    database(desk, "UPDATE queue SET address = ''")
    words = "support tells agents of mail, and has no address that they could answer to"
    assert found(desk, "by mail") == [("warn", words)]


def test_a_script_that_does_not_compile(desk):
    """Fails with script and line."""
    database(desk, "UPDATE script SET source = 'keep;' || char(10) || 'foo;'")
    assert found(desk, "rules")[0] == ("fail", "support:2: unknown command 'foo'")


def test_a_template_that_cannot_be_rendered(desk):
    """Fails with template, part and line."""
    database(desk, "UPDATE template SET text = '{{ ticket.nummer }}'")
    assert found(desk, "templates") == [
        ("fail", "received: text line 1: there is no ticket.nummer, did you mean ticket.number?")
    ]


def test_a_dead_relay(desk):
    """Fails with why, and what happens meanwhile."""
    ((level, text),) = found(desk, "relay")
    assert (level, text) == ("fail", "127.0.0.1:1: Connection refused")


def test_a_relay_without_the_null_sender(desk):
    """Automatic answers could never leave."""
    with relay(refuse_null=True) as settings:
        desk.write(settings)
        ((level, text),) = found(desk, "relay")
    assert (level, "MAIL FROM:<> is answered 550 5.7.1 no null sender here" in text) == ("fail", True)


def test_a_relay_without_the_tls_that_the_settings_require(desk):
    """Nothing may go out in the clear."""
    with relay() as settings:
        desk.write({"relay": {**settings["relay"], "tls": "required"}})
        ((level, text),) = found(desk, "relay")
    assert (level, "offers no STARTTLS" in text) == ("fail", True)


def test_targets(desk):
    """Each is tried: a folder, a server that answers, one that is down, and the bin."""
    with relay() as settings:
        desk.write({
            "targets": {
                "box": {"kind": "maildir", "path": f"{desk.folder}/mail/{{domain}}/{{local}}"},
                "down": {"kind": "lmtp", "address": f"unix:{desk.folder}/none"},
                "next": {"kind": "smtp", **settings["relay"]},
                "bin": {"kind": "null"},
            }
        })  # fmt: skip
        levels = {text.partition(":")[0].partition(" ")[0]: level for level, text in found(desk, "targets")}
    assert levels == {"box": "ok", "down": "fail", "next": "ok", "bin": "warn"}


def test_dead_name_servers(desk):
    """A warning: mail is taken all the same."""
    desk.write({"checks": {"dkim": True, "nameservers": ["127.0.0.1"]}})
    ((level, _),) = found(desk, "dns")
    assert level == "warn"


def test_keys_that_sign(desk):
    """Whether DNS has them, and which of our domains none signs for; none at all is fine, as the relay may sign."""
    assert [level for level, _ in found(desk, "dkim")] == ["ok"]
    file = desk.folder / "key.pem"
    file.write_text(dkimkit.key("ed25519").pem())
    file.chmod(0o600)
    table = {"domain": "other.example", "selector": "ed25519", "key": f"${{file:{file}}}"}
    dmarc = {"_dmarc.other.example": b"v=DMARC1; p=none"}
    with nameserver({**dkimkit.records("ed25519", domain="other.example"), **dmarc}) as server:
        checks = {"nameservers": [server.setting]}
        desk.write({"dkim": [table], "checks": checks})
        said = found(desk, "dkim")
        assert [level for level, _ in said] == ["ok", "ok", "warn"]
        assert "mail of example.org goes out unsigned" in said[-1][1]
        desk.write({"dkim": [{**table, "domain": "example.org"}], "checks": checks})
        assert [level for level, _ in found(desk, "dkim")] == ["fail", "warn"]
        file.unlink()
        assert found(desk, "dkim")[0][0] == "warn"


def test_outbox_and_unprocessed(desk):
    """Held rows and mails that wait for a person are worth a look."""
    insert(desk, "outbox", id=1, state="held", created_at=1)
    insert(desk, "delivery", id=1, message_id=1, status="unprocessed")
    assert found(desk, "outbox") == [("warn", "1 held")]
    assert found(desk, "unprocessed") == [("warn", "1 mail that could not be processed")]


def test_an_old_outbox_row(desk):
    """What waits longer than an hour is worth a look."""
    at = int((time.time() - 7200) * 1000)
    insert(desk, "outbox", id=1, state="waiting", created_at=at)
    ((level, text),) = found(desk, "outbox")
    assert (level, text) == ("warn", "1 waiting, the oldest since 2.0 hours")


def test_a_broken_check_is_a_finding(desk, monkeypatch):
    """One that raises is named, and the next ones are asked."""

    def broken(_patient: Patient):
        raise ZeroDivisionError("oh")
        yield

    monkeypatch.setattr("mailgate.cli._doctor.checks.CHECKS", (broken, house.clock))
    assert found(desk, "broken") == [("fail", "could not be looked at: ZeroDivisionError: oh")]
    assert found(desk, "clock")[0][0] == "ok"


def test_every_check_says_what_it_is_for():
    """The list has no check twice, and each has its sentence."""
    assert len(set(CHECKS)) == len(CHECKS)
    assert all((check.__doc__ or "").startswith("Check that ") for check in CHECKS)


def test_an_unreachable_server_does_not_hang(desk):
    """A relay that accepts and never greets ends with a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        desk.write({"relay": {"host": "127.0.0.1", "port": silent.getsockname()[1], "tls": "none"}})
        assert found(desk, "relay")[0][1].endswith("no answer in 5 s")


class Postfix:
    """The settings of a Postfix that need not run, as `postconf` reads them."""

    def __init__(self, desk, monkeypatch) -> None:
        self.desk = desk
        self.one = peers.Postfix(desk.folder / "pf", peers.free_port())
        self.one.folder.mkdir()
        monkeypatch.setenv("MAIL_CONFIG", str(self.one.config))

    def says(self, main: dict[str, str], *master: str) -> list[tuple[str, str]]:
        """Write main.cf and master.cf; return what the doctor says of them."""
        self.one.main, self.one.master = main, master
        self.one.write()
        return found(self.desk, "postfix")


MASTER = "mailgate unix - - n - 10 lmtp -o lmtp_send_xforward_command=yes"


@pytest.fixture
def wired(desk, monkeypatch):
    """Set up a Postfix whose transport names our socket."""
    one = Postfix(desk, monkeypatch)
    one.good = {
        "transport_maps": f"inline:{{{{ example.org = mailgate:unix:{desk.folder}/run/lmtp.sock }}}}",
        "message_size_limit": "25000000",
        "smtpd_forbid_bare_newline": "normalize",
        "mailgate_destination_recipient_limit": "50",
    }
    return one


@pytest.mark.peer("postfix")
def test_postfix_as_the_manual_wires_it(wired):
    """Nothing to complain about."""
    assert {level for level, _ in wired.says(wired.good, MASTER)} == {"ok"}


@pytest.mark.peer("postfix")
@pytest.mark.parametrize(
    ("changed", "master", "text"),
    [
        (
            {"message_size_limit": "99000000"},
            MASTER,
            "message_size_limit 99000000 is above our limits.message_size",
        ),
        ({"message_size_limit": "0"}, MASTER, "message_size_limit (none) is above"),
        ({"smtpd_forbid_bare_newline": "no"}, MASTER, "lets smuggled mails in"),
        ({"smtputf8_enable": "no"}, MASTER, "smtputf8_enable = no"),
        ({"transport_maps": ""}, MASTER, "no transport leads mail for example.org to us"),
        (
            {"transport_maps": "inline:{{ example.org = mailgate:unix:/else }}"},
            MASTER,
            "no transport leads mail",
        ),
        ({"mailgate_destination_recipient_limit": "1"}, MASTER, "a mail is stored once for each recipient"),
        ({"mailgate_destination_recipient_limit": "9999"}, MASTER, "is above our limits.recipients"),
        ({}, "mailgate unix - - n - 10 lmtp", "lmtp_send_xforward_command is off"),
        ({}, MASTER.replace(" n ", " y "), "is chrooted in master.cf"),
    ],
)
def test_postfix_wired_otherwise(wired, changed, master, text):
    """Each difference is one warning, and the others stay silent."""
    warned = [said for level, said in wired.says({**wired.good, **changed}, master) if level == "warn"]
    assert len(warned) == 1, warned
    assert text in warned[0]


@pytest.mark.peer("postfix")
def test_postfix_by_single_addresses_and_by_class(wired):
    """A transport for one address, and a relay_transport without any map, lead to us as well."""
    hop = f"mailgate:unix:{wired.desk.folder}/run/lmtp.sock"
    for main in (
        {"transport_maps": f"inline:{{{{ support@example.org = {hop} }}}}"},
        {"transport_maps": "", "relay_transport": hop},
    ):
        assert {level for level, _ in wired.says({**wired.good, **main}, MASTER)} == {"ok"}


@pytest.mark.peer("postgresql")
def test_postgresql(postgres):
    """Business data are changed there as well, and its own durability is looked at."""
    with clidesk.desk(settings={"database": {"url": postgres.url}}) as one:
        one.good("address", "add", "a@example.org", "--queue", "support")
        assert one.good("address", "add", "a@example.org", "--queue", "support") == "nothing to change\n"
        assert found(one, "durability") == [("ok", "fsync=on, full_page_writes=on, synchronous_commit=on")]
        assert found(one, "integrity", "--full")[0][0] == "ok"
