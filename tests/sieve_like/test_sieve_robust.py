"""Scripts made to hurt: an error or a limit, in bounded time and memory, never another exception."""

import subprocess
import sys
from pathlib import Path

import pytest
from sieverun import ALL, ENVELOPE, NOW, REGISTRY, compiled, complaints, mail, run

from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors
from sieve_like.host import DefaultHost
from sieve_like.limits import MIB

HEAVY = {
    "parentheses": "'(' * MIB",
    "braces": "'{' * MIB",
    "nested blocks": "'if true {' * 10_000 + '}' * 10_000",
    "a string": "'redirect \"' + 'a' * 1_000_000 + '\";'",
    "commands": "'keep;' * 200_000",
    "strings": "'if header [' + '\"\",' * 300_000 + '\"\"] \"\" {}'",
    "unknown words": "''.join(f'a{n};' for n in range(100_000))",
    "variables": "'require [\"variables\"]; set \"a\" \"' + '${a}' * 200_000 + '\";'",
    "wildcards": "'if header :matches \"subject\" \"' + '*a' * 400_000 + '\" {}'",
    "backslashes": "'redirect \"' + '\\\\\\\\' * 400_000 + '\";'",
    "octets": "b'\\xff' * 200_000",
}
PROGRAM = """
import resource, sys
from sieve_like.compiler import compile_script
from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors
from sieve_like.host import DefaultHost
from sieve_like.registry import Registry
MIB = 1 << 20
registry = Registry.standard()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    compile_script({source}, name="s", registry=registry)
except CompileErrors as errors:
    str(errors)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
LARGEST = 100  # MiB that a script may cost, whatever it is


@pytest.mark.parametrize("source", HEAVY.values(), ids=HEAVY.keys())
def test_no_script_takes_more_than_100_megabytes(source):
    """The memory of a process of its own is measured."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(source=source)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert int(done.stdout) < LARGEST


@pytest.mark.parametrize(
    "source",
    ["(" * 1000, "if " * 1000, "[" * 1000, '"' * 1001, "/*" * 1000, "text:" * 500, "{};" * 1000, ":" * 1000,
     "if not " * 1000, "if anyof(" * 1000, "if header [" * 500, "\\" * 1000, "\0" * 1000, "\r" * 1000 + '"\r"'],
)  # fmt: skip
def test_a_flood_of_one_kind_is_explained(source):
    """Whatever is repeated: the compiler says what is wrong."""
    assert complaints(source)


def test_too_many_commands_end_the_script():
    """The rest is not read, and nothing is said about it."""
    assert complaints("keep;" * 40_001 + "frop") == ["the script has more than 40000 commands and tests"]


def test_too_many_strings_end_the_script():
    """The same for strings."""
    found = complaints("if header [" + '"",' * 100_001 + '""] "" {} frop;')
    assert found == ["the script has more than 100000 strings"]


def test_a_script_of_the_largest_size_compiles():
    """A mebibyte of rules as people write them."""
    rule = 'if header :contains "subject" "{:06}" {{ fileinto "Folder/{:06}"; stop; }}\n'
    source = ALL + "".join(rule.format(n, n) for n in range(8_000))
    assert len(source) > MIB // 2
    assert compiled(source).capabilities


def test_variables_that_double_stay_bounded():
    """A value stops growing at its limit; a text made of many ends the run."""
    doubling = 'set "a" "aaaaaaaaaaaaaaaa";' + 'set "a" "${a}${a}${a}${a}";' * 100
    assert run(doubling).error is None
    assert "more than 1048576 characters" in run(f'{doubling} redirect "{"${a}" * 1000}";').error.text


def test_nesting_in_includes_stays_within_the_stack():
    """Ten scripts in each other, each with blocks as deep as they may be."""

    class Library:
        def script(self, name, *, personal):
            assert personal
            depth = int(name)
            inner = f'include "{depth + 1}";' if depth < 9 else 'fileinto "end";'
            opening = 'if string "a" "a" {' * 31
            return f'require ["include", "fileinto", "variables"]; {opening}{inner}{"}" * 31}'.encode()

    program = compile_script('require "include"; include "0";', registry=REGISTRY, library=Library())
    for trace in (False, True):
        result = program.run(mail("Subject: x"), ENVELOPE, DefaultHost(), now=NOW, trace=trace)
        assert [action.describe() for action in result.performed] == ["fileinto end"]


def test_a_run_deep_in_calls_keeps_the_mail():
    """A host that is deep in calls itself gets a result, not an exception."""
    program = compiled('if not header :is "a" "b" {' * 31 + "discard;" + "}" * 31)
    message = mail("Subject: x")

    def deep():
        try:
            return deep()
        except RecursionError:
            return program.run(message, ENVELOPE, DefaultHost(), now=NOW)

    result = deep()
    assert result.error is not None
    assert result.implicit_keep


@pytest.mark.parametrize("pattern", ["(a+)+$", "((a{100}){100}){100}", "(a|a)*b", "a{1000}{1000}"])
def test_regular_expressions_can_not_explode(pattern):
    """Linear time, or refused when the script is compiled."""
    source = f'require "regex"; if string :regex "{"a" * 10_000}" "{pattern}" {{ discard; }}'
    try:
        failed = run(source).error
    except CompileErrors as errors:
        failed = None if "no regular expression" in errors.logged()[0] else errors
    assert failed is None
