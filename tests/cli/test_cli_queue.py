"""`mailgate queue`: outgoing rows of a real gateway, held, released, tried and deleted by hand."""

import contextlib

import peers
import pytest
from aiosmtpd.controller import Controller
from climails import ANNA, BOX, BUSINESS, PLAIN, SUPPORT, ask, mail, send

from mailgate.cli._outgoing import draft_lines


class Inbox:
    """A mail server that keeps what it gets."""

    def __init__(self):
        self.recipients = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's name
        """Keep whom a mail was for."""
        self.recipients += envelope.rcpt_tos
        return "250 2.0.0 kept"


@contextlib.contextmanager
def relay(port):
    """Run the relay that was down before."""
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


@pytest.fixture
def stuck(gateway):
    """Return a gateway with an answer and a redirect that wait, since the relay is down; and the relay's port."""
    port = peers.free_port()
    one = gateway({"relay": {"port": port}}, BUSINESS)
    send(one, mail("help"), SUPPORT)
    send(one, mail("forward", msgid="<2@customer.example>"), BOX)
    peers.wait_until(lambda: _attempts(one) == [(1,), (1,)], "both were tried once", 30)
    return one, port


def _attempts(gateway):
    return ask(gateway, "SELECT attempts FROM outbox WHERE state = 'waiting' ORDER BY id")


def states(gateway):
    """Return the rows' states by id."""
    return dict(ask(gateway, "SELECT id, state FROM outbox"))


def test_the_list_says_what_waits_where_to_and_why(stuck):
    """State, kind, address, tries, next try and the other side's last words."""
    one, port = stuck
    head, *lines, counts = one.command("queue", "list").stdout.splitlines()
    assert head.split() == ["ID", "STATE", "KIND", "TO", "BY", "TRIES", "NEXT", "TRY", "WHY"]
    rows = sorted(line.split()[:6] for line in lines)
    assert rows == [
        ["1", "waiting", "answer", ANNA, "relay", "1"],
        ["2", "waiting", "redirect", "other@elsewhere.example", "relay", "1"],
    ]
    assert all(f"127.0.0.1:{port}: Error connecting" in line for line in lines)
    assert counts == "2 waiting"


def test_the_list_by_state_as_json_and_in_pages(stuck):
    """--state, --json and --limit; the page that is not all says so."""
    one, _port = stuck
    one.command("queue", "hold", "2")
    assert [(r["id"], r["state"], r["reason"]) for r in one.json("queue", "list", "--state", "held")] == [
        (2, "held", "held by hand")
    ]
    assert [r["id"] for r in one.json("queue", "list")] == [2, 1]
    page = one.command("queue", "list", "--limit", "1")
    assert len(page.stdout.splitlines()) == 3
    assert page.stderr == "there are more rows; `--limit 10` shows them\n"


def test_the_sum_is_of_the_whole_queue_and_says_so(stuck):
    """What was asked for is not there, though others wait; and `empty` never stands under a table."""
    one, _port = stuck
    none = one.command("queue", "list", "--to", "nobody@elsewhere.example").stdout
    assert none == "none of these; in all 2 waiting\n"
    one.command("queue", "delete", "1", "2")
    assert one.command("queue", "list").stdout == "empty\n"


def test_the_files_of_a_mail_are_shown():
    """Which files go along, which of them the text shows, and where answers go."""
    image = {"name": "logo.png", "kind": "image/png", "cid": "logo.png"}
    draft = {
        "from_name": "", "from_address": "support@desk.example", "to_address": ANNA, "subject": "Re", "headers": [],
        "reply_to": "in@desk.example", "text": "Hello", "mime": "", "html": "",
        "attachments": [image, {"name": "doc.pdf", "kind": "application/pdf", "cid": ""}],
    }  # fmt: skip
    assert list(draft_lines(draft))[4:] == [
        "  Reply-To: in@desk.example",
        "  File: logo.png, image/png, shown as cid:logo.png",
        "  File: doc.pdf, application/pdf",
        "",
        "  Hello",
    ]


def test_an_empty_queue_is_said(gateway):
    """No table of nothing."""
    assert gateway(start=False).command("queue", "list").stdout == "empty\n"


def test_a_row_is_shown_with_its_cause_and_its_text(stuck):
    """The rule and ticket it comes from, the mail that caused it, the text that will be sent."""
    one, _port = stuck
    lines = one.command("queue", "show", "1").stdout.splitlines()
    assert lines[0] == f"row 1: answer to {ANNA} by the relay"
    for expected in (
        "  from        <>",
        "  rule        support:5",
        "  ticket      T-1",
        "  gate        let it through",
        "  its subject help",
        "  Subject: Received: help",
        "  We have opened ticket T-1.",
    ):
        assert expected in lines
    shown = one.json("queue", "show", "1")
    assert (shown["draft"]["to_address"], shown["ticket"], shown["gate"]) == (ANNA, "T-1", [])


def test_a_row_that_is_not_there_is_said(gateway):
    """Exit 1 and one sentence."""
    done = gateway(start=False).command("queue", "show", "9", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: there is no outgoing row 9; `mailgate queue list` shows them\n"


def test_flush_wakes_the_running_gateway(stuck):
    """Rows that are due in a minute go out as soon as the relay is back and somebody says so."""
    one, port = stuck
    with relay(port) as inbox:
        assert one.command("queue", "flush").stdout == "2 rows due now\n"
        peers.wait_until(lambda: len(inbox.recipients) == 2, "both mails arrive", 30)
    assert sorted(inbox.recipients) == [ANNA, "other@elsewhere.example"]
    sent = one.json("queue", "list", "--state", "sent")
    assert [r["state"] for r in sent] == ["sent", "sent"]


def test_what_is_held_stays_until_it_is_released(stuck):
    """A flush leaves it; releasing sends it at once."""
    one, port = stuck
    assert one.command("queue", "hold", "1").stdout == "1 row held\n"
    with relay(port) as inbox:
        one.command("queue", "flush")
        peers.wait_until(lambda: states(one)[2] == "sent", "the other mail is sent", 30)
        assert states(one)[1] == "held"
        assert one.command("queue", "release", "--all", "held").stdout == "1 row released\n"
        peers.wait_until(lambda: states(one)[1] == "sent", "the released mail is sent", 30)
    assert inbox.recipients == ["other@elsewhere.example", ANNA]


def test_retry_tries_the_named_row_only(stuck):
    """The other one waits for its time."""
    one, port = stuck
    with relay(port) as inbox:
        one.command("queue", "retry", "2")
        peers.wait_until(lambda: states(one)[2] == "sent", "the row is sent", 30)
    assert inbox.recipients == ["other@elsewhere.example"]
    assert states(one)[1] == "waiting"


def test_a_deleted_row_is_never_sent_and_its_mail_stays(stuck):
    """The received mail and the ticket are as before."""
    one, port = stuck
    assert one.command("queue", "delete", "1").stdout == "1 row deleted\n"
    with relay(port) as inbox:
        one.command("queue", "flush")
        peers.wait_until(lambda: states(one) == {2: "sent"}, "the other mail is sent", 30)
    assert inbox.recipients == ["other@elsewhere.example"]
    assert ask(one, "SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM ticket)") == [(2, 1)]


def test_rows_that_cannot_be_changed_are_named_and_the_others_changed(stuck):
    """Exit 1; an unknown id, and a state that does not allow it."""
    one, _port = stuck
    one.command("queue", "hold", "2")
    done = one.command("queue", "hold", "1", "2", "77", check=False)
    assert (done.returncode, done.stdout) == (1, "1 row held\n")
    assert done.stderr == "Error: not held: 2 is held, there is no row 77\n"


def test_changes_by_hand_are_in_the_audit(stuck):
    """Who, what, and to which rows: only to those that were changed."""
    one, _port = stuck
    one.command("queue", "hold", "1", "77", check=False)
    one.command("queue", "release", "1")
    rows = ask(one, "SELECT who, action, subject FROM audit WHERE action LIKE 'outbox %' ORDER BY id")
    assert [row[1:] for row in rows] == [("outbox hold", "1"), ("outbox release", "1")]
    assert all(who.startswith("command line (") for who, _action, _subject in rows)


def test_which_rows_must_be_said(gateway):
    """Neither all by accident, nor ids and a state together: exit 2."""
    one = gateway(start=False)
    for arguments in (("hold",), ("delete", "1", "--all", "held")):
        done = one.command("queue", *arguments, check=False)
        assert done.returncode == 2
        assert "say which rows: their ids, or --all STATE, --to, --ticket, --older-than" in done.stderr


def test_a_typing_error_suggests_the_right_word(gateway):
    """A wrong subcommand or state costs one more try."""
    one = gateway(start=False)
    assert "Did you mean 'list'?" in one.command("queue", "lits", check=False).stderr
    done = one.command("queue", "list", "--state", "hold", check=False)
    assert done.returncode == 2
    assert "'held'" in done.stderr


def test_changes_work_while_no_gateway_runs(stuck):
    """The next gateway finds them."""
    one, _port = stuck
    one.stop()
    assert one.command("queue", "hold", "--all", "waiting").stdout == "2 rows held\n"
    assert states(one) == {1: "held", 2: "held"}


def test_mail_that_a_target_refuses_for_good_is_held_shown_and_released(gateway):
    """A 5xx of the next hop holds the row with its words; once the address exists there, releasing delivers."""
    inner = gateway({}, {"business.toml": "", "x.sieve": "keep;"})
    target = {"inner": {"kind": "lmtp", "address": f"tcp:127.0.0.1:{inner.port}"}}
    toml = BUSINESS["business.toml"].replace(f'address = "{PLAIN}"', f'address = "{PLAIN}"\ntarget = "inner"')
    outer = gateway({"targets": target}, {**BUSINESS, "business.toml": toml})
    send(outer, mail("for inside"), PLAIN)
    peers.wait_until(lambda: states(outer) == {1: "held"}, "the row is held", 30)
    shown = outer.command("queue", "show", "1").stdout
    assert f"row 1: deliver to {PLAIN} into INBOX by inner" in shown
    assert "550 5.1.1 no such recipient here" in shown
    inner.apply({"business.toml": f'[[address]]\naddress = "{PLAIN}"\n', "x.sieve": "keep;"})
    outer.command("queue", "release", "1")
    peers.wait_until(lambda: states(outer) == {1: "sent"}, "the mail is delivered", 30)
    assert ask(inner, "SELECT recipient, subject FROM delivery JOIN message ON message.id = message_id") == [
        (PLAIN, "for inside")
    ]


def test_a_redirect_that_the_gate_holds_shows_its_reason(gateway):
    """The verdict and the reason stand at the row."""
    one = gateway({"answers": {"redirects_hour": 0}}, BUSINESS)
    send(one, mail("forward"), BOX)
    shown = one.command("queue", "show", "1").stdout
    assert "state       held (budget-all)" in shown
    assert "gate        hold, because of budget-all" in shown
