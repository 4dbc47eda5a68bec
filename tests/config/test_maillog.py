"""Log lines: their keys, their escapes, and how they are gathered."""

import asyncio
import json
import logging
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.maillog import (
    LibraryLog,
    LineWriter,
    MailLog,
    escape,
    json_line,
    logfmt_line,
    logfmt_value,
    open_log,
)

LINE = {
    "qid": "A3E94214951",
    "msgid": "<x@y.example>",
    "trace_id": "01K8ZX",
    "sender": "anna@example.org",
    "recipient": "support@example.com",
    "rule": "support.sieve:12",
    "action": "ticket",
    "summary": "ticket=T-7",
    "delay": 0.12,
    "dsn": "2.0.0",
    "status": "sent",
}


@pytest.fixture
def log(tmp_path):
    """Return a function that opens a log in a file; `log.text()` reads it."""
    opened = []

    class Opener:
        path = tmp_path / "log"

        def __call__(self, **options):
            options = {"form": "logfmt", "level": "info", "path": self.path, "environ": {}} | options
            opened.append(open_log(**options))
            return opened[-1]

        def text(self):
            return self.path.read_text()

    yield Opener()
    for one in opened:
        one.writer.close()


def plain(log):
    return MailLog(LineWriter.to_file(log.path), front=lambda _level: "")


def test_line_per_recipient_has_the_keys_of_the_manual(log):
    """The keys stand in the order that admins know from Postfix."""
    mail_log = plain(log)
    mail_log.delivery(**LINE)
    mail_log.writer.close()
    assert log.text() == (
        "qid=A3E94214951 msgid=<x@y.example> id=01K8ZX from=<anna@example.org> to=<support@example.com> "
        "rule=support.sieve:12 action=ticket ticket=T-7 delay=0.12 dsn=2.0.0 status=sent\n"
    )


def test_further_pairs_follow(log):
    """What is only sometimes to be said stands at the end."""
    mail_log = plain(log)
    mail_log.delivery(**{**LINE, "summary": ""}, more={"suppressed": "row 1, null sender"})
    mail_log.writer.close()
    assert log.text().endswith(
        'action=ticket delay=0.12 dsn=2.0.0 status=sent suppressed="row 1, null sender"\n'
    )


def test_hostile_values_can_not_forge_a_line(log):
    """Line breaks, escape sequences and quotes of a stranger stay inside their value, on one line."""
    mail_log = plain(log)
    mail_log.delivery(**{**LINE, "sender": 'x"\r\nqid=FORGED status=sent\x1b[2J\u202e'})
    mail_log.writer.close()
    [line] = log.text().splitlines()
    assert r'from="<x\"\r\nqid=FORGED status=sent\x1b[2J\u202e>"' in line


@given(st.text(max_size=50))
def test_any_value_is_one_printable_word_or_quoted_text(text):
    """Whatever a mail holds, the value is printable, and quoted wherever it could end early."""
    value = logfmt_value(text)
    assert value.isprintable()
    assert value.startswith('"') or not set(value) & set(' "=')
    value.encode()


@given(st.text(max_size=50) | st.sampled_from(["", "a" * 500, "a" * 501, "a=b", "a b", "\\", '"', "ä"]))
def test_a_line_has_the_values_as_they_are_written_alone(text):
    """What is bare is told at one look, and nothing else comes of it than the careful way has."""
    cut = text if len(text) <= 500 else text[:500] + "…"
    assert logfmt_line({"k": text}) == f"k={logfmt_value(cut)}"


@given(st.text(max_size=50))
def test_escape_leaves_nothing_unprintable(text):
    """Controls, bidi marks and lone surrogates become escapes; the result can be encoded."""
    assert escape(text).isprintable()
    escape(text).encode()


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.text(max_size=20) | st.integers() | st.none()))
def test_json_line_is_one_json_object(pairs):
    """The JSON form is one line whose strings are printable."""
    line = json_line(pairs)
    assert "\n" not in line
    assert set(json.loads(line)) == set(pairs)


def test_json_log_has_time_level_and_the_same_keys(log):
    """Each JSON line says when and how important, and numbers stay numbers."""
    mail_log = log(form="json")
    mail_log.delivery(**LINE)
    mail_log.events.warning("budget", alarm="per address")
    first, second = map(json.loads, log.text().splitlines())
    assert (first["level"], first["qid"], first["ticket"], first["delay"]) == (
        "info",
        "A3E94214951",
        "T-7",
        0.12,
    )
    assert first["from"] == "<anna@example.org>"
    assert (second["level"], second["event"], second["alarm"]) == ("warning", "budget", "per address")
    assert first["time"].endswith("Z")


def test_overlong_value_is_cut(log):
    """A header of a megabyte does not become a line of a megabyte."""
    mail_log = log()
    mail_log.delivery(**{**LINE, "msgid": "<" + "x" * 10**6 + ">"})
    assert len(log.text()) < 1000


def test_levels_below_the_setting_are_silent(log):
    """At level warning the lines per recipient and info events are not written."""
    mail_log = log(level="warning")
    mail_log.delivery(**LINE)
    mail_log.events.info("started")
    mail_log.events.error("broken")
    assert [line.split(" ", 1)[1] for line in log.text().splitlines()] == ["error event=broken"]


def test_exception_is_told_with_its_traceback_on_one_line(log):
    """What went wrong in our own code is found in the log, and stays one line."""
    mail_log = log()
    try:
        int("first\nsecond")
    except ValueError:
        mail_log.events.error("unit failed", exc_info=True)
    [line] = log.text().splitlines()
    assert 'error="ValueError: invalid literal' in line
    assert "test_maillog.py" in line


def test_journal_gets_priorities_and_no_time(tmp_path):
    """The journal reads the priority in front of a line and adds the time itself."""
    reader, writer = os.pipe()
    mail_log = open_log(
        form="logfmt", level="info", path=None, environ={"JOURNAL_STREAM": "8:1"}, descriptor=writer
    )
    mail_log.events.error("broken")
    os.close(writer)
    with os.fdopen(reader) as stream:
        assert stream.read() == "<3>event=broken\n"


def test_lines_are_gathered_while_a_loop_runs(log):
    """With a loop attached nothing is written by the call itself, and all of it soon after, in order."""
    mail_log = log()

    async def run():
        mail_log.writer.attach(asyncio.get_running_loop())
        for number in range(100):
            mail_log.delivery(**{**LINE, "qid": str(number)})
        before = log.text()
        while log.text().count("\n") < 100:  # noqa: ASYNC110  the file is all that can be seen
            await asyncio.sleep(0.01)
        mail_log.writer.detach()
        return before

    assert asyncio.run(run()) == ""
    assert [line.split("qid=")[1].split()[0] for line in log.text().splitlines()] == [
        str(n) for n in range(100)
    ]


def test_warning_is_written_at_once_with_everything_before_it(log):
    """An error is on disk when the call returns, and the lines before it are too."""
    mail_log = log()

    async def run():
        mail_log.writer.attach(asyncio.get_running_loop())
        mail_log.delivery(**LINE)
        mail_log.events.warning("look")
        text = log.text()
        mail_log.writer.detach()
        return text

    lines = asyncio.run(run()).splitlines()
    assert len(lines) == 2
    assert "event=look" in lines[1]


def test_stop_writes_what_waits(log):
    """A graceful stop loses no line."""
    mail_log = log()

    async def run():
        mail_log.writer.attach(asyncio.get_running_loop())
        mail_log.delivery(**LINE)
        mail_log.writer.close()

    asyncio.run(run())
    assert log.text().count("\n") == 1


def test_lines_of_several_threads_are_all_written_whole(log):
    """The writer thread and the loop log into the same file without tearing lines."""
    mail_log = log()

    async def run():
        mail_log.writer.attach(asyncio.get_running_loop())
        threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        await asyncio.gather(*(asyncio.to_thread(thread.join) for thread in threads))
        mail_log.writer.close()

    def work(name):
        for number in range(200):
            mail_log.delivery(**{**LINE, "qid": f"{name}{number}"})

    asyncio.run(run())
    lines = log.text().splitlines()
    assert len(lines) == 800
    assert all(line.endswith("status=sent") for line in lines)


def test_full_disk_under_the_log_is_counted_and_hurts_nobody():
    """A line that can't be written is dropped and counted."""
    descriptor = os.open("/dev/full", os.O_WRONLY)
    writer = LineWriter(descriptor)
    MailLog(writer).delivery(**LINE)
    os.close(descriptor)
    assert writer.dropped == 1


def test_file_is_opened_anew_after_rotation(log):
    """After logrotate moved the file away the next line goes into a new one."""
    mail_log = log()
    mail_log.events.info("before")
    log.path.rename(log.path.with_suffix(".1"))
    mail_log.writer.reopen()
    mail_log.events.info("after")
    assert "after" in log.text()
    assert "before" in log.path.with_suffix(".1").read_text()


def test_log_file_is_not_for_everybody(log):
    """Addresses of customers are not readable by every user of the machine."""
    log()
    assert log.path.stat().st_mode & 0o007 == 0


def test_words_of_libraries_reach_the_log(log):
    """What asyncio and others say through logging becomes an event."""
    mail_log = log()
    logger = logging.Logger("some.library")  # noqa: LOG001  one that nobody else gets
    logger.addHandler(LibraryLog(mail_log.events))
    logger.warning("about %s", "this\nand that")
    assert r'event=library logger=some.library message="about this\nand that"' in log.text()


def test_logfmt_writes_plain_values():
    """Numbers, truth values and nothing have one form each."""
    assert logfmt_line({"a": 1, "b": 0.5, "c": True, "d": None}) == 'a=1 b=0.5 c=true d=""'
