"""`mailgate log`: the story of mails that a real gateway took."""

import peers
import pytest
from climails import ANNA, BOX, BUSINESS, PLAIN, SUPPORT, ask, mail, send
from gatewayrun import gateway as run_gateway


@pytest.fixture(scope="module")
def taken():
    """Run a gateway that has taken some mails; nobody takes what it sends."""
    with run_gateway({}, BUSINESS) as gateway:
        send(gateway, mail("My printer"), SUPPORT, queue_id="Q4711")
        send(gateway, mail("Again", msgid="<2@customer.example>"), SUPPORT)
        send(gateway, mail("news", msgid="<3@customer.example>"), BOX, PLAIN, queue_id="QBOTH")
        send(gateway, mail("nope", msgid="<4@customer.example>"), SUPPORT)
        send(gateway, mail("\x1b[2J=?utf-8?q?=1B=5B2J?=", msgid="<5@customer.example>"), PLAIN)
        send(gateway, mail("forward", msgid="<6@customer.example>"), BOX)
        peers.wait_until(lambda: _tried(gateway), "the answer was tried once", 30)
        yield gateway


def _tried(gateway):
    return ask(gateway, "SELECT attempts FROM outbox WHERE id = 1") == [(1,)]


@pytest.fixture
def log(taken):
    """Return what `mailgate log` prints."""
    return lambda *arguments: taken.command("log", *arguments).stdout


@pytest.mark.parametrize("name", ["Q4711", "<1@customer.example>", "1@customer.example", "T-1", "t-1"])
def test_a_mail_is_found_by_each_of_its_names(log, name):
    """Queue id of Postfix, Message-ID with and without brackets, ticket in any case."""
    text = log(name)
    assert "subject     My printer" in text
    assert "queue id Q4711" in text


def test_a_mail_is_found_by_the_id_of_its_reply(taken, log):
    """What Postfix logged as our reply leads to the story."""
    ((trace_id,),) = ask(taken, "SELECT trace_id FROM message WHERE qid = 'Q4711'")
    assert log(trace_id).startswith(f"mail {trace_id}\n")


def test_a_mail_is_found_by_the_message_id_of_its_answer(taken, log):
    """Somebody who has only our answer finds what it answers."""
    ((msgid,),) = ask(taken, "SELECT msgid FROM outbox WHERE id = 1")
    assert "subject     My printer" in log(msgid)


def test_the_decision_is_told_in_the_words_of_the_script(log):
    """Line of the script, test, what the mail has, what was asked for, the outcome, each action, the keep."""
    lines = [line.strip() for line in log("Q4711").splitlines()]
    start = lines.index("rules")
    assert lines[start + 1 : start + 11] == [
        'support:2  if header :contains "Subject" ["spam", "nope"] { discard; stop; }',
        'header :contains mail has "My printer", asked for "spam", "nope": false',
        'support:3  if header :contains "Subject" "sale" { ticket :queue "sales" :assign "joe"; stop; }',
        'header :contains mail has "My printer", asked for "sale": false',
        'support:4  ticket :queue "support";',
        "action ticket",
        "what ticket does: created",
        'support:5  reply :template "received";',
        "action reply",
        "what reply does: planned",
    ]
    assert lines[start + 11] == "implicit keep: no, an action took its place"


def test_reply_ticket_and_answer_stand_in_the_story(log):
    """What the client was told, what the mail became, and where the answer stands."""
    text = log("Q4711")
    assert "became      accepted ticket=T-1, by support:4" in text
    assert "replied     250 2.0.0 accepted id=" in text
    assert f"outgoing 1  answer to {ANNA} by the relay: waiting after " in text
    assert "last words  127.0.0.1:1:" in text


def test_what_the_gate_kept_back_is_told_with_its_reason(log):
    """The second answer within the period was not sent, and why."""
    assert f"gate        answer to {ANNA}: suppress, because of answered-before" in log("2@customer.example")


def test_each_recipient_has_its_own_story_under_one_head(log):
    """A mail for two addresses is one mail with two deliveries."""
    text = log("QBOTH")
    assert text.count("mail 01") == 1
    assert f"to {BOX}" in text
    assert f"to {PLAIN}" in text
    assert "rule 'Newsletters'" in text
    assert "implicit keep: yes, no action took its place" in text
    assert "no script: the mail is kept" in text


def test_a_discarded_mail_is_kept_and_told(log):
    """Discard leaves the record of why."""
    text = log("4@customer.example")
    assert "became      discarded, no folder has it" in text
    assert 'asked for "spam", "nope": true' in text


def test_a_redirect_is_told(log):
    """The row that goes out stands in the story."""
    assert "redirect to other@elsewhere.example by the relay: waiting" in log("6@customer.example")


def test_control_characters_of_strangers_do_not_reach_the_terminal(log):
    """Neither raw nor encoded ones."""
    text = log("5@customer.example")
    assert "\x1b" not in text
    assert "\\x1b[2J" in text


def test_json_is_the_whole_story(taken):
    """Rows with times in ISO 8601, the trace as it was stored, outgoing rows and what the gate said."""
    (story,) = taken.json("log", "2@customer.example")
    assert story["received_at"].endswith("+00:00")
    assert story["trace"]["script"] == "support"
    assert story["trace"]["implicit_keep"] is False
    assert [one["reason"] for one in story["suppressed"]] == ["answered-before"]
    (first,) = taken.json("log", "Q4711")
    assert [(one["state"], one["finished_at"]) for one in first["outbox"]] == [("waiting", None)]


def test_more_than_the_limit_is_said(taken):
    """A page that is not all says so on standard error."""
    done = taken.command("log", "QBOTH", "--limit", "1")
    assert f"to {BOX}" in done.stdout
    assert PLAIN not in done.stdout
    assert done.stderr == "there are more deliveries; `--limit 10` shows them\n"


def test_what_nobody_knows_is_said_in_one_sentence(taken):
    """Exit 1, nothing on standard output, no traceback."""
    done = taken.command("log", "Q0815", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: no mail here has the queue id, Message-ID, ticket or id 'Q0815'")


def test_lines_of_a_script_that_has_changed_are_not_shown(gateway):
    """The trace stays; lines that may be others now do not."""
    one = gateway({}, BUSINESS)
    send(one, mail("news"), BOX)
    one.apply({**BUSINESS, "box.sieve": 'require "fileinto";\n\n' + BUSINESS["box.sieve"][20:]})
    text = one.command("log", "1@customer.example").stdout
    assert "(the script box has changed since, so its lines are not shown)" in text
    assert 'header :contains mail has "news", asked for "news": true' in text
    assert "if header" not in text


def test_a_missing_database_is_a_sentence(gateway):
    """Exit 78 and where it should be."""
    one = gateway(start=False)
    (one.state / "mailgate.sqlite").unlink()
    done = one.command("log", "T-1", check=False)
    assert done.returncode == 78
    assert "no such database; run `mailgate db upgrade`" in done.stderr
