"""Actions of extensions: what their values hold, how they are bounded, and what a host is asked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sieverun import ENVELOPE, LIMITS, NOW, complaints, mail, warnings

from sieve_like.actions import DuplicateMark, Notify, NotifyMail, Pipe, ProcessCalendar, Report, Snooze
from sieve_like.compiler import compile_script
from sieve_like.ext._flags import fitting, flags_of
from sieve_like.ext._mailto import MailtoError, parse_mailto, why_not
from sieve_like.ext.processcalendar import CalendarAnswer, CalendarQuestion
from sieve_like.host import DefaultHost
from sieve_like.registry import Registry
from sieve_like.result import Fcc, FileInto, Redirect, Vacation
from sieve_like.settings import Settings

REGISTRY = Registry.standard()
REQUIRE = (
    'require ["duplicate", "enotify", "envelope", "envelope-deliverby", "envelope-dsn", "fcc", "fileinto", '
    '"imap4flags", "mailbox", "mailboxid", "processcalendar", "redirect-deliverby", "redirect-dsn", "reject", '
    '"relational", "comparator-i;ascii-numeric", "snooze", "special-use", "vacation-seconds", "variables", '
    '"vnd.dovecot.pipe", "vnd.dovecot.report", "copy"];\n'
)
MESSAGE = mail("From: alice@example.com", "To: bob@example.org", "Message-ID: <1@example.com>")


def run(script, *, host=None, settings=None, envelope=ENVELOPE, limits=LIMITS, now=NOW):
    """Run a script with all extensions of this file."""
    program = compile_script(
        REQUIRE + script, registry=REGISTRY, limits=limits, settings=Settings(settings or {})
    )
    return program.run(MESSAGE, envelope, host or DefaultHost(), now=now)


def only(script, **options):
    """Return the one action of a script."""
    result = run(script, **options)
    assert result.error is None, result.error
    (action,) = result.performed
    return action


def holds(test, **options):
    """Whether a test is true."""
    return bool(run(f"if {test} {{ discard; }}", **options).performed)


# --- flags --------------------------------------------------------------------------------------------------


def test_flags_of_the_internal_variable_go_with_storing_actions():
    """Both fileinto and the implicit keep take the flags; :flags beats them (RFC 5232 2)."""
    result = run('setflag "\\\\Seen"; fileinto :copy "a"; fileinto :copy :flags "$X" "b"; addflag "$Y";')
    assert [action.flags for action in result.performed] == [("\\Seen",), ("$X",)]
    assert (result.implicit_keep, result.keep_flags) == (True, ("\\Seen", "$Y"))


def test_a_run_that_fails_keeps_without_flags():
    """The implicit keep after an error has no flags of the failed script."""
    assert run('setflag "\\\\Seen"; reject "a"; reject "b";').keep_flags == ()


def test_the_internal_variable_is_bounded_like_others():
    """Flags that do not fit any more are left out, never cut."""
    script = "".join(f'addflag "{chr(97 + n) * 1000}";' for n in range(6))
    assert [len(flag) for flag in run(script).keep_flags] == [1000] * 4
    assert fitting(("ab", "cd"), 4) == ("ab",)
    assert fitting(("ab", "cd"), 5) == ("ab", "cd")


@pytest.mark.parametrize("word", ["\\Recent", "\\*", "a(b", "a b\tc", 'a"b', "a%b", "a*b", "a\\b", "\x7f"])
def test_what_is_no_flag(word):
    """Atom-specials and flags of the server are no flags (RFC 3501 9)."""
    assert word.split(" ")[-1] not in flags_of([word])


# --- copies -------------------------------------------------------------------------------------------------


def test_all_tags_of_the_copy_arrive():
    """The copy of an answer has mailbox, flags, and what says more about the mailbox (RFC 8580 3)."""
    action = only('vacation :flags "\\\\Seen" :create :specialuse "\\\\Sent" :fcc "Sent" "x";')
    assert action.fcc == Fcc("Sent", flags=("\\Seen",), create=True, special_use="\\Sent")
    assert only('notify :fcc "a" :mailboxid "7" "mailto:a@b.example";').fcc == Fcc("a", mailbox_id="7")


def test_flags_of_the_mail_are_not_those_of_the_copy():
    """The internal variable says nothing about the mail that is sent (RFC 8580 3.2)."""
    assert only('setflag "\\\\Seen"; vacation :fcc "Sent" "x";').fcc == Fcc("Sent")


# --- vacation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said", "seconds"),
    [
        ({}, ":seconds 10", 86400),
        ({}, ":seconds 90000", 90000),
        ({}, "", 7 * 86400),
        ({"sieve_vacation_min_period": "10s"}, ":seconds 10", 10),
        ({"sieve_vacation_min_period": "0"}, ":seconds 0", 0),
        ({"sieve_vacation_min_period": "0"}, ":days 0", 0),
        ({"sieve_vacation_max_period": "2d"}, ":days 5", 2 * 86400),
        ({"sieve_vacation_max_period": "0"}, ":days 500", 500 * 86400),
        ({"sieve_vacation_default_period": "3d"}, "", 3 * 86400),
        ({"sieve_vacation_default_period": "1h"}, "", 86400),
    ],
)
def test_pitfall_24_the_period_obeys_the_installation(settings, said, seconds):
    """Minimum, maximum and default come from the settings, else from the limits."""
    assert only(f'vacation {said} "x";', settings=settings).seconds == seconds


# --- notify -------------------------------------------------------------------------------------------------


def test_all_of_a_notification_arrives():
    """Every tag and every part of the URI arrives in the action."""
    uri = "mailto:a@b.example?cc=c@d.example&subject=S%C3%BC&body=x%0Ay&X-A=1"
    action = only(f'notify :from "F <f@g.example>" :importance "3" :options "o=1" :message "m" "{uri}";')
    assert isinstance(action, Notify)
    assert (action.method, action.scheme, action.from_) == (uri, "mailto", "F <f@g.example>")
    assert (action.importance, action.options, action.text) == (3, ("o=1",), "m")
    assert action.mail == NotifyMail(("a@b.example",), ("c@d.example",), "Sü", "x\ny", (("X-A", "1"),))
    assert only('notify "mailto:a@b.example";').text is None


def test_pitfall_38_nobody_is_told_twice():
    """A recipient that an earlier notification has is left out, and a notification without recipients too."""
    script = 'notify "mailto:a@b.example"; notify "mailto:A@b.example?cc=a@B.example"; notify "mailto:a@b.example";'
    result = run(script)
    assert [action.mail.recipients for action in result.performed] == [("a@b.example",), ("A@b.example",)]
    assert len(result.actions) == 3


def test_pitfall_38_the_number_of_notifications_is_bounded():
    """One more than allowed ends the run; a notification that tells nobody new counts as none."""
    script = "".join(f'notify "mailto:a{n}@b.example";' for n in range(3))
    assert run(script, limits=replace(LIMITS, notifications=3)).error is None
    assert run(script, limits=replace(LIMITS, notifications=2)).error.text == "more than 2 notifications"


@pytest.mark.parametrize(
    ("value", "silent"),
    [
        ("no", False), ("No (comment)", False), ("auto-generated", True), ("auto-replied; x=y", True),
        ("auto-notified", True), ('auto-notified; owner-email="bob@example.org"', True),
        ('auto-notified; owner-email="bob@EXAMPLE.org"', True),
        ('auto-notified; owner-email="carol@example.org"', False),
    ],
)  # fmt: skip
def test_pitfall_38_mails_of_machines_cause_no_notification(value, silent):
    """Only a notification about somebody else's mail may cause another one (RFC 5436 2.7.1)."""
    assert bool(why_not(mail(f"Auto-Submitted: {value}"), ["bob@example.org"])) is silent


def test_reserved_fields_and_excess_are_warnings():
    """What a URI must not say is left out with a warning, not refused (RFC 5436 2.7)."""
    parsed, told = parse_mailto("mailto:a@b.example?from=x@y.example&Bcc=x@y.example&subject=1&subject=2")
    assert (parsed.recipients, parsed.headers, parsed.subject, len(told)) == (("a@b.example",), (), "1", 3)
    many, told = parse_mailto("mailto:?" + "&".join(f"to=a{n}@b.example&x{n}=1" for n in range(20)))
    assert (len(many.to), len(many.headers), len(told)) == (8, 16, 2)


@pytest.mark.parametrize(
    "uri",
    ["mailto:a", "mailto:a@b.example,c@d.example", "mailto:a@b.example?x=%", "mailto:a@b.example?x=%0a",
     "mailto:a@b.example?=1", "mailto:a@b.example?&", "mailto:a@b.example?x=%c3", "mailto:a@b.example?body=%00",
     "mailto:%2C", "mailto:a@b.example?cc=", "mailto:a@b.example?x=ü", "mailto:a@b.example?x%0d=1"],
)  # fmt: skip
def test_wrong_uris(uri):
    """Each of these is refused."""
    with pytest.raises(MailtoError):
        parse_mailto(uri)


# --- duplicate ----------------------------------------------------------------------------------------------


class Seen(DefaultHost):
    """A host that has seen everything, and notes what it was asked."""

    def __init__(self):
        self.asked = []

    def duplicate(self, handle, unique_id, seconds, *, last):
        """Note the question."""
        self.asked.append((handle, unique_id, seconds, last))
        return True


def test_pitfall_35_a_duplicate_is_remembered_anew_only_with_last():
    """An id that was seen is not marked again, but with :last its time begins anew (RFC 7352 3.4)."""
    host = Seen()
    script = 'if duplicate :handle "h" :uniqueid "i" :seconds 60 %s { fileinto "again"; }'
    assert [action.name for action in run(script % "", host=host).performed] == ["fileinto"]
    marked, filed = run(script % ":last", host=host).performed
    assert marked == DuplicateMark("h", "i", 60, last=True, seen=True)
    assert isinstance(filed, FileInto)
    assert host.asked == [("h", "i", 60, False), ("h", "i", 60, True)]


def test_pitfall_35_the_answer_stays_the_same_in_a_run():
    """A question about an id of this very run is answered as before."""
    assert [one.name for one in run("if duplicate {stop;} if duplicate {discard;}").performed] == [
        "duplicate_mark"
    ]
    script = "if duplicate :last { keep; } if duplicate :last { discard; }"
    assert [one.name for one in run(script, host=Seen()).performed] == ["duplicate_mark", "keep", "discard"]


def test_pitfall_35_a_run_that_fails_remembers_nothing():
    """There is no action after a run-time error, so nothing is marked."""
    assert run('if duplicate {stop;} reject "a"; reject "b";').performed == ()


@pytest.mark.parametrize(
    ("settings", "said", "seconds"),
    [
        ({}, "", 43200), ({}, ":seconds 0", 0), ({}, ":seconds 500000", 2 * 86400),
        ({"sieve_duplicate_default_period": "1h"}, "", 3600),
        ({"sieve_duplicate_max_period": "7d"}, ":seconds 500000", 500000),
    ],
)  # fmt: skip
def test_periods_of_ids(settings, said, seconds):
    """The period is the script's within the installation's."""
    mark = run(f"if duplicate {said} {{ stop; }}", settings=settings).performed[0]
    assert (mark.seconds, mark.unique_id, mark.handle) == (seconds, "<1@example.com>", "")


# --- redirect and envelope (RFC 6009) -----------------------------------------------------------------------


def test_parameters_of_a_redirect():
    """Words are upper case, and each event stands once."""
    action = only('redirect :notify "success,Success,delay" :ret "hdrs" "a@b.example";')
    assert (action.notify, action.ret) == ("SUCCESS,DELAY", "HDRS")
    assert only('redirect "a@b.example";') == Redirect(
        "a@b.example", span=only('redirect "a@b.example";').span
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (":bytimerelative 600", (600, "notify", False)),
        (':bytrace :bymode "RETURN" :bytimerelative 600', (600, "return", True)),
        (':bytimeabsolute "2026-11-24T10:10:00Z"', (600, "notify", False)),
        (':bytimeabsolute "2026-11-24T11:10:00+01:00"', (600, "notify", False)),
        (':bytimeabsolute "2026-11-24T09:50:00Z"', (-600, "notify", False)),
    ],
)
def test_deadlines_of_a_redirect(said, expected):
    """A moment becomes seconds from now; the mode is notify where not said."""
    action = only(f'redirect {said} "a@b.example";')
    assert (action.by_seconds, action.by_mode, action.by_trace) == expected


DSN = replace(
    ENVELOPE, notify="success,FAILURE", orcpt="rfc822;a@example.com", ret="full", envid="id=1",
    by_time=NOW + timedelta(minutes=10), by_mode="return", by_trace=True,
)  # fmt: skip


@pytest.mark.parametrize(
    "test",
    [
        'envelope "notify" "SUCCESS"', 'envelope :is "notify" "failure"', 'envelope :matches "orcpt" "rfc822;*@example.com"',
        'envelope :comparator "i;ascii-numeric" :count "eq" "notify" "2"', 'envelope "ret" "FULL"',
        'envelope "ENVID" "id=1"', 'envelope "bymode" "return"', 'envelope "bytrace" "true"',
        'envelope "bytimerelative" "600"', 'envelope :zone "+0000" "bytimeabsolute" "2026-11-24T10:10:00Z"',
        'envelope :zone "+0130" "bytimeabsolute" "2026-11-24T11:40:00+01:30"',
    ],
)  # fmt: skip
def test_parameters_of_the_envelope(test):
    """What the sender gave can be compared, and nothing matches where it gave nothing (RFC 6009 3 and 5)."""
    assert holds(test, envelope=DSN)
    assert not holds(test)


def test_a_deadline_that_is_over_is_negative():
    """The relative time has a minus sign then."""
    late = replace(DSN, by_time=NOW - timedelta(seconds=5))
    assert holds('envelope :contains "bytimerelative" "-"', envelope=late)
    assert holds('envelope "bytimerelative" "-5"', envelope=late)


def test_a_deadline_is_shown_in_the_zone_of_the_run():
    """Without :zone the local zone holds (RFC 6009 5)."""
    now = datetime(2026, 11, 24, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    test = 'envelope "bytimeabsolute" "2026-11-24T12:10:00+02:00"'
    assert holds(test, envelope=replace(DSN, by_time=datetime(2026, 11, 24, 10, 10, tzinfo=UTC)), now=now)


# --- snooze, calendar, report, pipe -------------------------------------------------------------------------


def test_all_of_a_snooze_arrives():
    """Times are seconds after midnight, sorted; flags of the internal variable go with it."""
    action = only(
        'setflag "$F"; snooze :mailbox "Later" :create :addflags "\\\\Seen" :removeflags "$F" :weekdays ["5", "1"]'
        ' :tzid "Europe/Berlin" ["17:30:15", "09:00"];'
    )
    assert replace(action, span=Snooze((1,)).span) == Snooze(
        (32400, 63015), "Later", (1, 5), "Europe/Berlin", ("$F",), ("\\Seen",), ("$F",), create=True
    )


def test_the_last_snooze_counts():
    """A mail waits once."""
    assert only('snooze "09:00"; snooze "10:00";').times == (36000,)


class Calendar(DefaultHost):
    """A host with a calendar."""

    def ask(self, question):
        """Say that the event was added."""
        assert isinstance(question, CalendarQuestion)
        return CalendarAnswer("added", f"into {question.action.calendar_id}")


def test_the_calendar_answers_in_variables():
    """Outcome and reason are variables, and stand in the action (RFC 9671 4.7 and 4.8)."""
    script = 'processcalendar :calendarid "c" :outcome "o" :reason "r"; fileinto :copy "${o} ${r}";'
    done, filed = run(script, host=Calendar()).performed
    assert isinstance(done, ProcessCalendar)
    assert (done.outcome, done.reason, filed.mailbox) == ("added", "into c", "added into c")


def test_reports_and_programs():
    """Their values arrive; an address gets one report."""
    assert only(
        'report :headers_only "abuse" "t" "a@b.example"; report "fraud" "u" "a@B.example";'
    ) == Report(
        "abuse", "t", "a@b.example", headers_only=True, span=only('report "abuse" "t" "a@b.example";').span
    )
    action = only('pipe :try "p" ["a", "b"];')
    assert isinstance(action, Pipe)
    assert (action.program, action.arguments, action.lenient) == ("p", ("a", "b"), True)
    assert run('pipe "p";').implicit_keep is False
    assert run('pipe :copy "p";').implicit_keep is True


class Programs:
    """A catalogue with one program."""

    def known(self, kind, name):
        """Know one program, and everything of other kinds."""
        return kind != "program" or name == "archive"

    def names(self, kind):
        """Return what there is."""
        return ("archive",) if kind == "program" else ()


def test_only_listed_programs_compile():
    """A program that the administrator did not list is an error, with a suggestion."""
    source = 'require "vnd.dovecot.pipe"; pipe "archiv";'
    assert "did you mean 'archive'" in complaints(source, catalogue=Programs())[0]
    assert complaints(source.replace("archiv", "archive"), catalogue=Programs()) == []


def test_values_of_added_tags_are_checked_in_the_run():
    """A tag of another extension checks its value also where it holds a variable."""
    failed = run('set "x" "never,success"; redirect :notify "${x}" "a@b.example";')
    assert (failed.performed, failed.error.line) == ((), 2)


def test_what_is_left_out_of_a_vacation_is_a_warning():
    """Wrong addresses of :addresses are left out, as in other engines."""
    source = 'require "vacation"; vacation :addresses ["a", "b@c.example"] "x";'
    assert complaints(source) == []
    assert len(warnings(source)) == 1
    action = run('vacation :addresses ["a", "b@c.example"] "x";').performed[0]
    assert isinstance(action, Vacation)
    assert action.addresses == ("b@c.example",)
