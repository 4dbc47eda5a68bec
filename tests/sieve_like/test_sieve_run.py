"""Runs: results, limits, traces, sharing between threads."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError

import pytest
from sieverun import ALL, ENVELOPE, NOW, compiled, folders, holds, mail, run, words

from sieve_like.host import DefaultHost
from sieve_like.limits import Limits
from sieve_like.message import Envelope
from sieve_like.program import Trace


def test_branches():
    """Only the first branch whose test holds is taken."""
    script = 'if {} {{ fileinto "a"; }} elsif {} {{ fileinto "b"; }} elsif true {{ fileinto "c"; }} else {{ fileinto "d"; }}'
    assert folders(script.format("true", "true")) == ["a"]
    assert folders(script.format("false", "true")) == ["b"]
    assert folders(script.format("false", "false")) == ["c"]


def test_stop_leaves_all_blocks():
    """Stop inside a nested block ends the whole script."""
    assert folders('if true { if true { fileinto "a"; stop; } fileinto "b"; } fileinto "c";') == ["a"]


@pytest.mark.parametrize(
    ("test", "truth"),
    [
        ('exists ["from", "to"]', True), ('exists ["from", "x-no"]', False), ("size :over 10", True),
        ("size :under 10", False), ("not false", True), ("allof(true, true, true)", True),
        ("allof(true, false, true)", False), ("anyof(false, false, true)", True), ("anyof(false)", False),
        ('header ["x-no", "subject"] ["nothing", "hello world"]', True), ('header :contains "subject" "lo w"', True),
        ('envelope :localpart "from" "alice"', True), ('envelope "auth" ""', False),
        ('string "a" "A"', True), ('header "${x}subject" "hello world"', True),
        ('header "subject" "${x}hello world"', True), ('exists "${x}from"', True),
    ],
)  # fmt: skip
def test_tests_of_the_core(test, truth):
    """Each test answers as the RFC says, with constants and with variables."""
    assert holds(test) is truth


def test_size_is_exact():
    """Over and under are strict (RFC 5228 5.9)."""
    message = mail("A: b")
    assert not holds(f"size :over {message.size}", message)
    assert not holds(f"size :under {message.size}", message)
    assert holds(f"size :over {message.size - 1}", message)


def test_the_login_name_is_a_part_of_the_envelope():
    """Envelope "auth" is who logged in, as it is written."""
    assert holds('envelope "auth" "alice"', None, Envelope("", "b@c.example", auth="alice"))


def test_the_budget_ends_a_run():
    """When the steps are used up the run fails and the mail is kept."""
    script = "".join(f'if true {{ set "a{n}" "x"; }}' for n in range(20))
    result = run(script, limits=Limits(steps=30))
    assert (result.error.text, result.implicit_keep) == ("the script takes too long", True)
    assert run(script).steps > 30


def test_a_costly_pattern_uses_up_the_budget():
    """A pattern that would need millions of tries does not hold up the mail."""
    message = mail("Subject: " + "a" * 60_000)
    result = run(r'if header :matches "subject" "*a?b*c" { keep; }', message, limits=Limits(steps=1000))
    assert result.error.text == "the script takes too long"


def test_a_program_is_shared_between_threads():
    """Parallel runs do not see each other's variables."""
    program = compiled(ALL + 'if header :matches "subject" "*" { set "a" "${1}"; } fileinto "${a}";')

    def one(number):
        message = mail(f"Subject: s{number}")
        return program.run(message, ENVELOPE, DefaultHost(), now=NOW).performed[0].mailbox

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(200))) == [f"s{n}" for n in range(200)]


def test_a_program_cannot_be_changed():
    """It is immutable."""
    with pytest.raises(FrozenInstanceError):
        compiled("keep;").name = "other"


def test_each_run_starts_afresh():
    """Nothing of a run is left for the next one."""
    program = compiled(ALL + 'if string "${a}" "" { set "a" "x"; fileinto "first"; }')
    for _ in range(2):
        assert words(program.run(mail("A: b"), ENVELOPE, DefaultHost(), now=NOW)) == ["fileinto first"]


def test_the_trace_tells_what_was_compared():
    """Each test with its values and keys, each action, in order, as plain data."""
    result = run('if header :contains "subject" ["x", "WORLD"] { fileinto "a"; stop; }', trace=True)
    assert [step["what"] for step in result.trace] == ["test", "action", "stop"]
    assert result.trace[0] == {
        "line": 2, "column": 4, "what": "test", "name": "header", "result": True,
        "match": ":contains i;ascii-casemap", "values": ["Hello World"], "keys": ["x", "WORLD"],
    }  # fmt: skip
    assert json.loads(json.dumps(result.trace)) == list(result.trace)


def test_the_trace_has_every_kind_of_step():
    """Variables, sizes, existence, constants and errors are written down too."""
    script = (
        'set "a" "b"; if allof (size :over 1, exists "from", true, string "${a}" "b") { redirect "${a}"; }'
    )
    result = run(script, trace=True)
    assert [step["what"] for step in result.trace] == ["set", "test", "test", "test", "test", "error"]
    assert [step["name"] for step in result.trace[1:5]] == ["size", "exists", "true", "string"]


def test_without_a_trace_there_is_none():
    """Nothing is written down."""
    assert run("keep;").trace == ()


def test_long_values_are_short_in_a_trace():
    """A trace shows the beginning of a long value."""
    step = run('if header "subject" "x" { keep; }', mail("Subject: " + "y" * 5000), trace=True).trace[0]
    assert len(step["values"][0]) == 201


def test_a_full_trace_drops_failed_tests_first():
    """What happened is worth more than what did not."""
    rules = "".join(f'if header "subject" "{n}" {{ keep; }}' for n in range(30)) + 'fileinto "a";'
    trace = run(rules, trace=True, limits=Limits(trace_steps=10)).trace
    assert trace[-1]["text"] == "fileinto a"
    assert len(trace) <= 10


def test_a_brief_trace_leaves_out_rules_that_could_not_match():
    """Of many rules it holds the one that did, with what it compared."""
    rules = "".join(f'if header "subject" "{n}" {{ fileinto "F{n}"; }}' for n in range(30))
    program = compiled(ALL + rules)
    brief, full = (
        program.run(mail("Subject: 7"), ENVELOPE, DefaultHost(), now=NOW, trace=trace).trace
        for trace in (Trace.BRIEF, Trace.FULL)
    )
    assert [step["what"] for step in brief] == ["test", "action"]
    assert len(full) == 31


def test_answers_of_the_host_are_in_the_trace():
    """A replay must see what the first run saw."""
    from test_sieve_extension import run as run_extended

    result = run_extended('if contact :type "vip" { fileinto "${shop.name}"; }', trace=True)
    whats = {step["what"]: step for step in result.trace}
    assert whats["ask"]["answer"] is True
    assert whats["namespace"]["value"] == "Corner"
