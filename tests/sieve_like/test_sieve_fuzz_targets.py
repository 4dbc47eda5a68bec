"""The fuzz targets: any octets, random scripts and mails, changed ones, and all cases that were found before."""

import subprocess
import sys
from pathlib import Path

import fuzz
import pytest
from fuzzinputs import inputs, mail, script_and_mail
from fuzztargets import MARK, TARGETS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
CASES = sorted(path for path in fuzz.CORPUS.rglob("*") if path.is_file())
NUMBERS = st.integers(0, 10**9)
patient = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_found_cases_stay_mended(case):
    """Every input that once broke a target is replayed, with its target and with all others."""
    octets = case.read_bytes()
    for target in TARGETS.values():
        target(octets)


def test_the_corpus_is_sorted_by_target():
    """Each folder of the corpus is named for the target that its cases broke."""
    assert {path.parent.name for path in CASES} <= set(TARGETS)
    assert CASES


@pytest.mark.parametrize("target", TARGETS)
@given(octets=st.binary(max_size=300))
@patient
def test_any_octets(target, octets):
    """No exception, and what a target asserts."""
    TARGETS[target](octets)


@pytest.mark.parametrize("target", TARGETS)
@given(number=NUMBERS)
@patient
def test_changed_scripts_and_mails(target, number):
    """The same for what was a script or a mail until something was cut out or put in."""
    TARGETS[target](inputs(target, number))


@given(number=NUMBERS, other=NUMBERS)
@patient
def test_any_script_on_any_mail(number, other):
    """A valid script over a mail that it was not written for."""
    source = script_and_mail(number).partition(MARK)[0]
    TARGETS["run"](source + MARK + mail(other))


@given(octets=st.binary(max_size=1000), number=NUMBERS)
@patient
def test_any_script_on_any_octets(octets, number):
    """A valid script over what is no mail at all."""
    TARGETS["run"](script_and_mail(number).partition(MARK)[0] + MARK + octets)


def test_the_search_keeps_what_fails(tmp_path, monkeypatch):
    """A failing input is made short, written to the corpus of its target, and counted."""

    def broken(octets):
        assert b"(" not in octets

    monkeypatch.setitem(fuzz.TARGETS, "parser", broken)
    monkeypatch.setattr(fuzz, "CORPUS", tmp_path)
    assert fuzz.fault("parser", b"a(b").startswith("AssertionError")
    assert fuzz.shortened("parser", b"aaaa(bbbb") == b"("
    assert fuzz.keep("parser", b"(").read_bytes() == b"("
    assert fuzz.search(["parser"], 0.3, 1) > 0


HEAVY_MAILS = {
    "a long field": "b'Subject: ' + b'x' * (20 << 20) + b'\\n\\n'",
    "many fields": "b'X-A: b\\n' * 500_000 + b'\\ntext'",
    "folded lines": "b'Subject: a\\n' + b' b\\n' * 2_000_000 + b'\\n'",
    "many addresses": "b'To: ' + b'a@b.c, ' * 500_000 + b'\\n\\n'",
    "encoded words": "b'Subject: ' + b'=?utf-8?q?a?= ' * 300_000 + b'\\n\\n'",
    "nested parts": "b''.join(b'Content-Type: multipart/mixed; boundary=b%d\\n\\n--b%d\\n' % (n, n) for n in range(20_000))",
    "many parts": "b'Content-Type: multipart/mixed; boundary=b\\n\\n' + b'--b\\n\\nx\\n' * 500_000 + b'--b--'",
    "parameters": "b'Content-Type: text/plain' + b';' * 1_000_000 + b'\\n\\nx'",
    "a body of short lines": "b'Subject: x\\n\\n' + b'\\n' * (10 << 20)",
    "no line end": "b'x' * (20 << 20)",
}
# Asks for everything that a mail may be asked for.
CURIOUS = """
require ["body", "date", "fileinto", "foreverypart", "index", "mime", "regex", "relational", "variables", "extracttext", "editheader",
  "comparator-i;ascii-numeric"];
if header :matches ["subject", "to", "x-a"] "*a*b*" { set "a" "${1}"; }
if header :regex "subject" "(a+)+$" { set "b" "${1}"; }
if address :contains ["from", "to"] "z@" { set "c" "x"; }
if header :count "ge" :comparator "i;ascii-numeric" ["x-a", "to"] "5" { set "d" "x"; }
if body :text :contains "frop" { set "e" "x"; }
if body :raw :contains "frop" { set "f" "x"; }
if date "date" "year" "2026" { set "g" "x"; }
foreverypart { extracttext :first 100 "t"; if header :mime :anychild :param "charset" "subject" "a" { set "h" "x"; } }
addheader "X-New" "${t}";
deleteheader "X-A";
if header :is "x-new" "a" { discard; }
"""
PROGRAM = """
import resource, sys
from datetime import UTC, datetime
from mailgate.domain.message.view import MessageView
from sieve_like.compiler import compile_script
from sieve_like.host import DefaultHost
from sieve_like.message import Envelope, PlainMessage
from sieve_like.registry import Registry
program = compile_script(SCRIPT, name="s", registry=Registry.standard())
octets = {mail}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for message in ({view}(octets),):
    program.run(message, Envelope("a@b.example", "c@d.example"), DefaultHost(), now=datetime.now(UTC))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
LARGEST = 100  # MiB above the mail itself


@pytest.mark.parametrize("view", ["PlainMessage", "MessageView.parse"])
@pytest.mark.parametrize("octets", HEAVY_MAILS.values(), ids=HEAVY_MAILS.keys())
def test_no_mail_takes_more_than_100_megabytes(octets, view):
    """A script that asks for everything, over mails made to hurt, in a process of its own."""
    program = f"SCRIPT = {CURIOUS!r}\n" + PROGRAM.format(mail=octets, view=view)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert not done.returncode, done.stderr
    assert int(done.stdout) < LARGEST
