"""Facts that the host or the settings tell: zones, special uses, ids, lists, scores, delimiters, lines for people."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from sieverun import ENVELOPE, REGISTRY, compiled, complaints, mail

from sieve_like.compiler import compile_script
from sieve_like.ext._dates import Moment, parse_date, parse_offset, part_of
from sieve_like.ext.comparator_unicode import fold
from sieve_like.host import DefaultHost
from sieve_like.settings import Settings
from sieve_like.version import VERSION

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
REQUIRE = (
    'require ["fileinto", "mailbox", "special-use", "mailboxid", "extlists", "environment", "date", "variables", '
    '"copy", "subaddress", "spamtestplus", "virustest", "vnd.dovecot.debug", "vnd.cyrus.log", "vacation", "fcc", '
    '"vnd.dovecot.environment", "relational", "comparator-i;ascii-numeric", "comparator-i;unicode-casemap", '
    '"vnd.proton.expire", "mboxmetadata"];\n'
)


class Answers(DefaultHost):
    """A host that knows some facts."""

    def mailbox_exists(self, name):
        return name in {"Spam", "Old"}

    def special_use(self, flag, mailbox=None):
        folder = {"\\Junk": "Spam", "\\Archive": "Old"}.get(flag)
        return folder if mailbox in {None, folder} else None

    def mailbox_of_id(self, mailbox_id):
        return {"F1": "Spam"}.get(mailbox_id)

    def environment(self, name):
        return {"remote-ip": "192.0.2.1", "name": "Frop"}.get(name)

    def metadata(self, mailbox, entry):
        return {("Spam", "/private/x"): "1", ("Gone", "/private/x"): "2"}.get((mailbox, entry))

    def list_exists(self, name):
        return name == "urn:ietf:params:sieve:addrbook:default"

    def in_list(self, name, value):
        return {"anna@example.net": "Anna"}.get(value)

    def list_members(self, name):
        return ("anna@example.net", "bob@EXAMPLE.net")


def result(body, message=None, *, settings=None, now=NOW, host=None):
    """Run a script with this host, or one that knows some facts."""
    program = compile_script(REQUIRE + body, registry=REGISTRY, settings=Settings(settings or {}))
    return program.run(
        message or mail("From: anna@example.net", "Subject: x"), ENVELOPE, host or Answers(), now=now
    )


def yes(test, message=None, **options):
    """Whether a test holds."""
    outcome = result(f'if {test} {{ fileinto "yes"; }}', message, **options)
    assert outcome.error is None, outcome.error
    return bool(outcome.performed)


def test_the_version_is_that_of_the_package():
    """`environment "version"` can't differ from what is installed."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


def test_the_host_s_items_go_before_our_own():
    """A host names itself; what it does not know has the engine's value."""
    assert yes('environment "name" "Frop"')
    assert yes('environment "remote-ip" "192.0.2.1"')
    assert yes('environment "phase" "during"')
    assert not yes('environment :matches "remote-host" "*"')


def test_special_uses_of_mailboxes():
    """Each use needs a mailbox; with a name this one must have all of them (RFC 8579 3)."""
    assert yes('specialuse_exists ["\\\\Junk", "\\\\Archive"]')
    assert not yes('specialuse_exists ["\\\\Junk", "\\\\Sent"]')
    assert yes('specialuse_exists "Spam" "\\\\Junk"')
    assert not yes('specialuse_exists "Spam" ["\\\\Junk", "\\\\Archive"]')
    assert not yes('specialuse_exists "Gone" "\\\\Junk"')


def test_mailbox_ids():
    """All ids must belong to a mailbox (RFC 9042 5)."""
    assert yes('mailboxidexists "F1"')
    assert not yes('mailboxidexists ["F1", "F2"]')


def test_what_fileinto_carries():
    """The action keeps use, id and :create, for whoever delivers."""
    (action,) = result('fileinto :create :specialuse "\\\\Junk" "X";').performed
    assert (action.mailbox, action.special_use, action.create) == ("X", "\\Junk", True)
    (action,) = result('fileinto :mailboxid "F1" "X";').performed
    assert (action.mailbox, action.mailbox_id, action.create) == ("X", "F1", False)


@pytest.mark.parametrize("first", ["", ':fcc "Sent" '])
def test_the_same_tags_for_the_copy_of_an_answer(first):
    """RFC 8580 3.1: :create and :specialuse describe the copy, before or behind :fcc; the order is free."""
    second = "" if first else ':fcc "Sent" '
    (action,) = result(f'vacation {first}:create :specialuse "\\\\Sent" {second}"Away";').performed
    assert (action.fcc.mailbox, action.fcc.create, action.fcc.special_use) == ("Sent", True, "\\Sent")


def test_without_a_copy_the_tags_make_no_sense():
    """`vacation :create` without :fcc is an error."""
    found = complaints('require ["vacation", "mailbox", "fcc"]; vacation :create "Away";')
    assert len(found) == 1
    assert ":fcc" in found[0]


def test_annotations_of_a_mailbox_that_is_not_there():
    """The host is not even asked: what is not there has no annotations."""
    assert yes('metadata "Spam" "/private/x" "1"')
    assert not yes('metadata "Gone" "/private/x" "2"')


def test_lists_of_the_host():
    """The short name is made whole, and ${0} is the entry that the host found (RFC 6134)."""
    assert yes('valid_ext_list ":addrbook:default"')
    assert not yes('valid_ext_list [":addrbook:default", "frop"]')
    (action,) = result('if address :list "from" ":addrbook:default" { fileinto "${0}"; }').performed
    assert action.mailbox == "Anna"
    failed = result('if address :list "from" ":addrbook:work" { keep; }')
    assert "addrbook:work" in failed.error.text


def test_redirect_to_a_list():
    """Each member gets it; addresses are compared as ever, and :copy is kept."""
    outcome = result('redirect :copy :list ":addrbook:default";')
    assert [action.address for action in outcome.performed] == ["anna@example.net", "bob@example.net"]
    assert outcome.implicit_keep
    assert result('redirect :list "frop";').error.span.line == 2


def test_redirect_still_wants_an_address():
    """Without :list the name of a list is a wrong address."""
    assert complaints('redirect ":addrbook:default";')
    assert complaints('require "extlists"; redirect :list ":addrbook:default";') == []


def test_summer_time_is_that_of_the_date():
    """Pitfall 29: the local zone is that of the run, and each date has the offset that held there then."""
    berlin = NOW.astimezone(ZoneInfo("Europe/Berlin"))
    message = mail("X-Winter: 1 Jan 2026 12:00:00 +0000", "X-Summer: 1 Jul 2026 12:00:00 +0000")
    assert yes('date "x-winter" "zone" "+0100"', message, now=berlin)
    assert yes('date "x-summer" "hour" "14"', message, now=berlin)
    assert yes('currentdate "iso8601" "2026-07-01T14:00:00+02:00"', now=berlin)


def test_a_moment_without_a_zone_is_utc():
    """The engine never asks the machine for its zone."""
    assert yes('currentdate "zone" "+0000"', now=datetime(2026, 7, 1, 12, 0))


def test_pitfall_29_currentdate_is_taken_once():
    """Both looks at the clock see the same second."""
    outcome = result(
        'if currentdate :matches "time" "*" { fileinto "${1}"; } if currentdate "time" "12:00:00" { keep; }'
    )
    assert [action.name for action in outcome.performed] == ["fileinto", "keep"]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b";",
        b"\xff\xfe",
        b"(" * 5000,
        b")" * 5000,
        b"1 Jan 99999 00:00:00 +0000",
        b"1 Jan 1900 00:00:00 +9959",
        b'"' * 99,
    ],
)
def test_bad_dates_never_raise(value):
    """Whatever stands in the field: a date or none."""
    moment = parse_date(value)
    assert moment is None or part_of(moment, "std11")


def test_dates_at_the_end_of_the_calendar():
    """A zone may push a date out of what can be written: it has no value then."""
    moment = parse_date(b"31 Dec 9999 23:59:59 +0000")
    assert part_of(moment.at(60), "year") is None
    assert part_of(Moment(datetime(1, 1, 1), -60), "date") is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("+0530", 330),
        ("-0330", -210),
        ("0530", None),
        ("+530", None),
        ("", None),
        ("+05:30", None),
        ("+0530 ", None),
    ],
)
def test_zones(text, minutes):
    """RFC 5260 4.1: a sign and four digits, nothing else."""
    assert parse_offset(text) == minutes


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ärger", "ÄRGER"),
        ("é", "e\u0301"),
        ("ﬃ", "FFI"),
        ("Σίσυφος", "ΣΊΣΥΦΟς"),
        ("ǆ", "ǅ"),
        ("Ⅳ", "iv"),
        ("ı", "ı"),
        ("ＡＢ", "ab"),
    ],
)
def test_i_unicode_casemap_equals(first, second):
    """RFC 5051 2: title case and decomposition, again and again."""
    assert fold(first) == fold(second)


@pytest.mark.parametrize(("first", "second"), [("ß", "ss"), ("é", "e"), ("a", "b"), ("ä", "ae")])
def test_i_unicode_casemap_differs(first, second):
    """Letters with an accent are others, and one letter does not become two words."""
    assert fold(first) != fold(second)


def test_match_values_of_folded_texts_are_those_of_the_mail():
    """Folding makes é two characters: the wildcards still take what is written."""
    message = mail("Subject: Caf\u00e9 \u00e9t\u00e9 \ufb03 Ende")
    script = 'if header :comparator "i;unicode-casemap" :matches "subject" "caf\u00e9 * ffi *" { fileinto "${1}|${2}|${0}"; }'
    (action,) = result(script, message).performed
    assert action.mailbox == "\u00e9t\u00e9|Ende|Caf\u00e9 \u00e9t\u00e9 \ufb03 Ende"


@pytest.mark.parametrize(
    ("delimiters", "detail"), [("+", "b-c"), ("-", "c"), ("-+", "b-c"), ("", "b-c"), ("=", None)]
)
def test_pitfall_22_delimiters_of_the_settings(delimiters, detail):
    """Each character of the setting delimits; the first in the address counts."""
    message = mail("To: a+b-c@example.org")
    test = 'address :detail "to" "b-c"' if detail == "b-c" else 'address :detail "to" "c"'
    assert yes(test, message, settings={"recipient_delimiter": delimiters}) is (detail is not None)


def test_pitfall_39_a_pattern_that_explodes_elsewhere_runs_in_linear_time():
    """The patterns of the settings run on RE2, against texts that anybody may send."""
    message = mail("X-Score: " + "a" * 30000 + "!")
    settings = {"sieve_spamtest_status_header": "X-Score: (a+)+$", "sieve_spamtest_max_value": "10"}
    assert yes('spamtest "0"', message, settings=settings)


@pytest.mark.parametrize("header", ["", ":", "X-Score:(", "X Score", "X-Score: ([0-9]+", "\x00"])
def test_settings_that_mean_nothing_count_as_untested(header):
    """Wrong settings are no reason to fail: nobody has looked at the mail."""
    settings = {"sieve_spamtest_status_header": header, "sieve_spamtest_max_value": "10"}
    assert yes('spamtest "0"', mail("X-Score: 5"), settings=settings)


def test_lines_for_people():
    """debug_log and log write into the result, in order; a run-time warning stands there too."""
    outcome = result('debug_log "one"; log "two"; if date "x" "yaer" "1" { }')
    assert outcome.log[:2] == (("debug", "one"), ("info", "two"))
    assert outcome.log[2][0] == "warning"
    assert outcome.implicit_keep
    assert outcome.actions == ()


def test_expiry_is_one_action_that_keeps_the_mail():
    """The last wish counts; the mail is kept all the same."""
    outcome = result('expire "day" "1"; expire "hour" "2";')
    assert [action.seconds for action in outcome.performed] == [7200]
    assert outcome.implicit_keep


def test_warnings_for_what_never_matches():
    """Names that nothing can have are said when the script is compiled."""
    script = 'require ["date", "mboxmetadata"]; if date :zone "x" "a b" "yaer" "1" {} if metadata "INBOX" "x" "y" {}'
    texts = [one.message for one in compiled(script).warnings]
    assert len(texts) == 4
    assert any("did you mean 'year'" in text for text in texts)


@pytest.mark.parametrize(
    "value", [" " * 60_000, "1" * 60_000, "(a)" * 20_000, "1 " * 30_000, '"' * 60_000 + "x", ";" * 60_000]
)
def test_long_fields_take_no_time(value):
    """A field of any content is read in linear time: a date, a score, a maximum."""
    message = mail(f"X-Date: x{value}x", f"X-Tail: 1 Jan {value}", f"X-Score: {value}x", f"X-Max: {value}")
    settings = {"sieve_spamtest_status_header": "X-Score", "sieve_spamtest_max_header": "X-Max"}
    test = 'anyof(date "x-date" "year" "1", date "x-tail" "year" "1", spamtest "11")'
    began = perf_counter()
    assert not yes(test, message, settings=settings)
    assert perf_counter() - began < 2  # some milliseconds; a quadratic reader needs minutes


def test_scores_beyond_all_numbers_count_as_untested():
    """A number of thousands of digits is none that can be divided by another."""
    message = mail("X-Score: " + "9" * 5000, "X-Max: " + "9" * 5000)
    assert yes(
        'spamtest "0"',
        message,
        settings={"sieve_spamtest_status_header": "X-Score", "sieve_spamtest_max_header": "X-Max"},
    )


def test_the_last_moment_of_the_calendar_in_a_zone():
    """Where no zone can be looked up, the moment is seen from UTC."""
    berlin = NOW.astimezone(ZoneInfo("Europe/Berlin"))
    assert yes('date "x" "year" "9999"', mail("X: 31 Dec 9999 23:59:59 +0000"), now=berlin)
