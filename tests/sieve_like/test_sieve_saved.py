"""Compiled scripts as octets: what is loaded does what was compiled, and nothing else is loaded."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from sieverun import ALL, ENVELOPE, LIMITS, NOW, REGISTRY, compiled, mail, words

from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors
from sieve_like.host import DefaultHost
from sieve_like.message import PlainMessage
from sieve_like.saved import SavedError, dump, load

FOLDER = Path(__file__).parent
SCRIPTS = sorted([*FOLDER.glob("oracle/*.sieve"), *FOLDER.glob("suite/*/*.sieve")])
MAILS = [PlainMessage(path.read_bytes()) for path in sorted(FOLDER.glob("oracle/*.eml"))]


class Scripts:
    """A library of scripts by name."""

    def __init__(self, **scripts):
        self._scripts = scripts

    def script(self, name, *, personal):
        """Return a personal script."""
        return self._scripts[name].encode() if personal and name in self._scripts else None


def again(program):
    """Return the program as a host would have it after a restart."""
    return load(dump(program), registry=REGISTRY, limits=LIMITS)


def outcome(program, message):
    """Run a program; return what it does, and why it failed."""
    result = program.run(message, ENVELOPE, DefaultHost(), now=NOW)
    return words(result), result.error, result.actions


def test_every_script_of_the_suites_survives():
    """Actions, spans and failures are the same, for every mail."""
    survived = 0
    for path in SCRIPTS:
        try:
            program = compile_script(path.read_bytes(), name=path.stem, registry=REGISTRY)
        except CompileErrors:
            continue
        loaded = again(program)
        assert loaded.capabilities == program.capabilities
        assert loaded.name == program.name
        for message in MAILS:
            assert outcome(loaded, message) == outcome(program, message), path
        survived += 1
    assert survived >= 60


def test_what_is_written_of_a_loaded_program_is_the_same():
    """Nothing is lost, whatever stands in the script."""
    source = (
        ALL
        + """
        if anyof(not header :matches ["subject", "x"] "*${a}*", address :domain "from" "example.com") {
            set :upper "a" "${1}${a}"; fileinto :copy "x-${a}"; } elsif size :over 1K { } else { stop; }
    """
    )
    program = compiled(source)
    assert dump(again(program)) == dump(program)


def test_included_scripts_and_shared_variables_survive():
    """They are part of the program: nothing is read when it is loaded."""
    library = Scripts(
        a='require ["include", "variables"]; global "x"; set "x" "${x}1"; include :optional "b";'
    )
    source = 'require ["include", "variables", "fileinto"]; global "x"; include "a"; fileinto "${x}";'
    program = compile_script(source, name="s", registry=REGISTRY, library=library)
    assert outcome(again(program), mail("Subject: x"))[0] == ["fileinto 1"]


def test_warnings_survive():
    """They are shown without compiling anew."""
    program = compiled('require "vacation"; vacation :days 1000 "x";')
    assert [one.text("s") for one in again(program).warnings] == [one.text("s") for one in program.warnings]


def test_the_trace_is_the_same():
    """Places are kept, so that a trace shows the same lines."""
    program = compiled(ALL + 'set "a" "x";\nif header :contains "subject" "${a}" { discard; }')
    traces = [
        one.run(mail("Subject: x"), ENVELOPE, DefaultHost(), now=NOW, trace=True).trace
        for one in (program, again(program))
    ]
    assert traces[0] == traces[1]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"\x80\x04",
        b'{"format": 1}',
        b'{"format": 99, "name": "s"}',
        b'{"format":1,"name":"s","capabilities":[],"warnings":[],"main":[[],[["frop",[1,1,1,2],{}]]],"units":[]}',
        b'{"format":1,"name":"s","capabilities":[],"warnings":[],"main":[[],[["keep",7,{}]]],"units":[]}',
    ],
)
def test_other_octets_are_refused(octets):
    """Whatever they are, one error says so; the host compiles the source instead."""
    with pytest.raises(SavedError):
        load(octets, registry=REGISTRY, limits=LIMITS)


def test_an_edited_file_is_a_script_or_refused():
    """Every value may be replaced by another one: no exception but the one that says it."""
    plain = json.loads(dump(compiled(ALL + 'if header :is "a" "b" { fileinto "x"; }')))

    def edit(node):
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            before = node[key]
            for value in (None, 1, "x", [], {}, ["x"]):
                node[key] = value
                with suppress(SavedError):
                    load(json.dumps(plain).encode(), registry=REGISTRY, limits=LIMITS)
            node[key] = before
            if isinstance(before, list | dict):
                edit(before)

    edit(plain["main"])
