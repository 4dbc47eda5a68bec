"""Standard actions from the script to the effects: flags, edits, copies, notices, snoozing, programs, reports."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from ruleworld import ACTIONS, POLICY, REGISTRY, SUPPORT, World, catalogue_of, mail

from mailgate.actions.duplicate import DUPLICATE
from mailgate.actions.snooze import next_time
from mailgate.domain.draft import MailKind
from mailgate.domain.effects import Deliver, Forward, Pipe, Remember, Send, Suppressed
from mailgate.domain.facts import Facts, MailClass
from mailgate.domain.routing import Agent
from mailgate.rules.decide import Decider
from mailgate.rules.scripts import ScriptBook, compile_book
from sieve_like.settings import NO_SETTINGS
from sieve_like.settings import Settings as Told

NOON = datetime(2025, 7, 1, 12, 0, tzinfo=UTC)  # a Tuesday
BERLIN = ZoneInfo("Europe/Berlin")


def decide(body: str, one=None, world=None, *, now=NOON, told=NO_SETTINGS, programs=None, **policy):
    """Return the decision of a script; the house has one agent and one program (`programs`: by now)."""
    plain = catalogue_of(support=body)
    found = replace(
        plain,
        agents={"anna": Agent("anna", "anna@example.org")},
        listed={"program": frozenset({"scan"}), "webhook": frozenset(), "account": frozenset()},
    )
    book = compile_book(found, REGISTRY, ScriptBook(), told=told)
    if programs is not None:
        found = replace(found, listed={"program": programs})
    assert not book.errors(), book.errors()
    decider = Decider(replace(POLICY, zones=ZoneInfo, **policy), ACTIONS, lambda: book)
    return decider(one or mail(), found.routes[SUPPORT], found, world or World(), now)


def all_of(decision, kind):
    """Return the effects of one kind."""
    return [one for one in decision.effects if isinstance(one, kind)]


def only(decision, kind):
    """Return the one effect of a kind."""
    (effect,) = all_of(decision, kind)
    return effect


# -- flags, folders, edits -----------------------------------------------------------------------------------


def test_flags_go_to_the_target():
    """The internal variable, `:flags`, and those of the implicit keep (RFC 5232 4)."""
    kept = only(decide('require "imap4flags"; addflag "\\\\Seen"; addflag "$Later";'), Deliver)
    assert set(kept.flags) == {"\\Seen", "$Later"}
    filed = only(decide('require ["imap4flags", "fileinto"]; fileinto :flags "\\\\Flagged" "Work";'), Deliver)
    assert (filed.folder, filed.flags) == ("Work", ("\\Flagged",))


def test_create_makes_the_folder_where_the_settings_would_not():
    """`:create` is the rule's own word (RFC 5490 3.2)."""
    body = 'require ["fileinto", "mailbox"]; fileinto :create "New"; fileinto "Old";'
    made, plain = all_of(decide(body, create_folders=False), Deliver)
    assert (made.create, plain.create) == (True, False)


@pytest.mark.parametrize(("there", "folder"), [(True, "Spam"), (False, "Other")])
def test_a_special_use_is_the_folder_that_the_target_has(there, folder):
    """Where it has none with that use, the named one is taken (RFC 8579 4.1)."""
    body = 'require ["fileinto", "special-use"]; fileinto :specialuse "\\\\Junk" "Other";'
    decision = decide(body, special_use={"\\junk": "Spam"}, has_folder=lambda *_: there)
    assert only(decision, Deliver).folder == folder


def test_an_edited_mail_is_delivered_and_redirected():
    """Each action takes the mail as it was edited by then; the implicit keep as it is at the end (RFC 5293 6)."""
    body = (
        'require ["editheader", "fileinto", "copy"]; fileinto :copy "Before"; addheader "X-A" "1"; '
        'redirect :copy "else@example.net"; addheader "X-B" "2";'
    )
    decision = decide(body)
    before, kept = all_of(decision, Deliver)
    assert before.edited is None
    assert kept.edited.startswith(b"X-B: 2\r\nX-A: 1\r\n")
    assert only(decision, Forward).edited.startswith(b"X-A: 1\r\n")


def test_an_edit_that_changes_nothing_is_none():
    """What was added and taken away again leaves the mail as it came."""
    body = 'require "editheader"; addheader "X-A" "1"; deleteheader "X-A";'
    assert only(decide(body), Deliver).edited is None


def test_after_an_error_the_mail_that_came_is_kept():
    """Nothing of the edits, flags or marks holds (RFC 5228 2.10.6)."""
    body = (
        'require ["editheader", "imap4flags", "duplicate", "variables", "fileinto", "copy"]; '
        'addheader "X-A" "1"; setflag "\\\\Seen"; if duplicate {} fileinto :copy "X"; set "a" "no address"; '
        'redirect "${a}";'
    )
    decision = decide(body)
    assert decision.error.startswith("support:1: ")
    (kept,) = decision.effects
    assert (kept.folder, kept.flags, kept.edited) == ("INBOX", (), None)


# -- mail that leaves ----------------------------------------------------------------------------------------


def test_a_redirect_says_what_the_relay_shall_report():
    """RFC 6009: NOTIFY and RET, and by when it must be delivered."""
    body = (
        'require ["redirect-dsn", "redirect-deliverby"]; redirect :notify "never" :ret "hdrs" '
        ':bytimerelative 600 :bymode "notify" :bytrace "else@example.net";'
    )
    forward = only(decide(body), Forward)
    assert (forward.notify.lower(), forward.ret.lower()) == ("never", "hdrs")
    assert (forward.by_seconds, forward.by_mode, forward.by_trace) == (600, "notify", True)


def test_vacation_seconds_is_the_period():
    """RFC 6131: in seconds; how short it may be the settings say, and the gate has the last word."""
    body = 'require "vacation-seconds"; vacation :seconds 1800 "away";'
    assert only(decide(body), Send).period_s == 86400
    send = only(decide(body, told=Told({"sieve_vacation_min_period": "0"})), Send)
    assert (send.vacation, send.period_s) == (True, 1800)


def test_a_copy_of_an_answer_is_kept_in_a_folder():
    """RFC 8580: with its flags; the route's target stores it."""
    body = 'require ["vacation", "fcc", "imap4flags"]; vacation :fcc "Sent" :flags "\\\\Seen" "away";'
    copy = only(decide(body), Send).fcc
    assert (copy.target, copy.folder, copy.flags) == ("maildir", "Sent", ("\\Seen",))


NOTIFY = 'require "enotify"; notify :importance "1" :message "look" "mailto:{to}";'


def test_a_notice_to_an_agent_is_a_notice():
    """RFC 5436 2.7: null sender, Auto-Submitted: auto-notified with the owner's address."""
    send = only(decide(NOTIFY.format(to="anna@example.org")), Send)
    headers = dict(send.draft.headers)
    assert (send.kind, send.envelope_from, send.draft.subject) == (MailKind.NOTICE, "", "look")
    assert headers["Auto-Submitted"] == f'auto-notified; owner-email="{SUPPORT}"'
    assert headers["Importance"] == "high"
    assert "X-Mailgate-Loop" in headers


def test_a_notice_to_an_outsider_is_judged_like_an_answer():
    """It leaves the house by itself: one mail per person, within the budgets of answers."""
    sends = all_of(decide(NOTIFY.format(to="a@else.example%2Cb@else.example")), Send)
    assert [(one.kind, one.draft.to_address) for one in sends] == [
        (MailKind.ANSWER, "a@else.example"),
        (MailKind.ANSWER, "b@else.example"),
    ]


def test_a_machines_mail_causes_no_notice():
    """RFC 5436 2.7.1; why is kept with the mail, and the mail itself is kept."""
    decision = decide(NOTIFY.format(to="anna@example.org"), mail(auto_submitted="auto-generated"))
    assert only(decision, Suppressed).reason == "not-a-person"
    assert only(decision, Deliver).folder == "INBOX"


REPORT = 'require "vnd.dovecot.report"; report "abuse" "Spam!" "abuse@isp.example";'


def test_a_report_encloses_the_mail():
    """RFC 5965 2: a text, the machine's part, the mail; the implicit keep stays."""
    decision = decide(REPORT)
    send = only(decision, Send)
    assert (send.kind, send.draft.to_address) == (MailKind.REDIRECT, "abuse@isp.example")
    for piece in ("report-type=feedback-report", "Feedback-Type: abuse", "message/rfc822", "Printer on fire"):
        assert piece in send.draft.mime
    assert only(decision, Deliver).folder == "INBOX"


@pytest.mark.parametrize("kind", ["OWN", "BOUNCE", "AUTOMATIC"])
def test_returned_mail_is_not_reported(kind):
    """Two houses that report to each other would never end."""
    decision = decide(REPORT, mail(facts=Facts(MailClass[kind])))
    assert not all_of(decision, Send)
    assert only(decision, Suppressed).to_address == "abuse@isp.example"


# -- what is remembered, what waits, what others do ----------------------------------------------------------


def test_a_duplicate_is_remembered_with_the_mail():
    """RFC 7352: the id is kept in the mail's own transaction, for its time, per address and handle."""
    body = 'require ["duplicate", "fileinto"]; if duplicate :seconds 600 { fileinto "twice"; }'
    world = World()
    decision = decide(body, world=world)
    mark = only(decision, Remember)
    assert (mark.scope, mark.until) == (DUPLICATE, NOON + timedelta(seconds=600))
    assert (decision.action, only(decision, Deliver).folder) == ("keep", "INBOX")
    world.kept[mark.scope, mark.key] = mark.until
    again = decide(body, world=world)
    assert only(again, Deliver).folder == "twice"
    assert not all_of(again, Remember)
    assert (
        only(decide(body.replace("duplicate :", 'duplicate :handle "x" :'), world=world), Deliver).folder
        == "INBOX"
    )


@pytest.mark.parametrize(
    ("times", "weekdays", "zone", "expected"),
    [
        ((8 * 3600,), (), UTC, "2025-07-02T08:00"),
        ((18 * 3600, 13 * 3600), (), UTC, "2025-07-01T13:00"),
        ((12 * 3600,), (), UTC, "2025-07-02T12:00"),  # the very moment is over
        ((12 * 3600,), (2,), UTC, "2025-07-08T12:00"),  # only Tuesdays
        ((8 * 3600,), (0,), UTC, "2025-07-06T08:00"),  # 0 is Sunday
        ((15 * 3600,), (), BERLIN, "2025-07-01T13:00"),
    ],
)
def test_a_mail_comes_back_at_the_next_of_its_times(times, weekdays, zone, expected):
    """On one of the days, in the zone's own time."""
    assert next_time(NOON, times, weekdays, zone) == datetime.fromisoformat(f"{expected}+00:00")


def test_a_time_that_the_clocks_leave_out_is_the_one_behind_the_gap():
    """02:30 does not exist on the day on which summer time begins."""
    eve = datetime(2025, 3, 29, 12, 0, tzinfo=UTC)
    assert next_time(eve, (9000,), (), BERLIN) == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)


def test_snooze_postpones_the_delivery():
    """Flags are added and taken away; the implicit keep is cancelled."""
    body = (
        'require ["snooze", "imap4flags"]; addflag "\\\\Seen"; '
        'snooze :mailbox "Work" :addflags "$Later" :removeflags "\\\\Seen" "18:00";'
    )
    waiting = only(decide(body), Deliver)
    assert (waiting.folder, waiting.flags) == ("Work", ("$Later",))
    assert waiting.due == datetime(2025, 7, 1, 18, 0, tzinfo=UTC)


def test_a_program_of_the_administrator_gets_the_mail():
    """After the commit; with what the rule hands over; edits are in it."""
    body = 'require ["vnd.dovecot.pipe", "editheader"]; addheader "X-A" "1"; pipe :try "scan" ["-x"];'
    decision = decide(body)
    pipe = only(decision, Pipe)
    assert (pipe.program, pipe.arguments, pipe.lenient) == ("scan", ("-x",), True)
    assert pipe.edited.startswith(b"X-A: 1\r\n")
    assert not all_of(decision, Deliver)


def test_a_program_that_is_not_listed_costs_no_mail():
    """It was when the script was compiled: the mail is kept, with a note."""
    decision = decide('require "vnd.dovecot.pipe"; pipe "scan";', programs=frozenset())
    assert not all_of(decision, Pipe)
    assert only(decision, Deliver).folder == "INBOX"
    assert {"what": "pipe", "unknown": "scan"} in decision.trace["notes"]


def test_a_program_that_is_not_listed_is_a_compile_error():
    """With the name that was meant."""
    with pytest.raises(AssertionError, match=r"there is no program .*scam.* .did you mean .*scan"):
        decide('require "vnd.dovecot.pipe"; pipe "scam";')


def test_without_a_calendar_nothing_is_processed():
    """RFC 9671: the outcome says so, and the mail goes its way."""
    body = (
        'require ["processcalendar", "variables", "fileinto"]; processcalendar :outcome "o"; fileinto "${o}";'
    )
    assert only(decide(body), Deliver).folder == "no_action"


def test_expire_is_noted():
    """Nothing here deletes mail by the clock; when it was to go stands in the trace."""
    decision = decide('require "vnd.proton.expire"; expire "day" "2";')
    (note,) = [one for one in decision.trace["notes"] if one["what"] == "expire"]
    assert note["at"] == (NOON + timedelta(days=2)).isoformat()


def test_what_a_script_logs_is_in_the_trace():
    """`log` is for people, who find it with the mail."""
    decision = decide('require "vnd.cyrus.log"; log "seen";')
    assert [one["text"] for one in decision.trace["log"]] == ["seen"]


def test_the_envelope_has_what_the_client_asked():
    """RFC 3461 parameters can be tested (RFC 6009 6)."""
    one = mail()
    envelope = replace(one.received.envelope, envid="QQ1", ret="HDRS")
    one = replace(
        one,
        received=replace(one.received, envelope=envelope),
        recipient=replace(one.recipient, notify="NEVER", orcpt="rfc822;x@y.example"),
    )
    body = (
        'require ["envelope", "envelope-dsn", "fileinto"]; '
        'if allof (envelope "envid" "QQ1", envelope "ret" "HDRS", envelope "notify" "NEVER") { fileinto "yes"; }'
    )
    assert only(decide(body, one), Deliver).folder == "yes"
