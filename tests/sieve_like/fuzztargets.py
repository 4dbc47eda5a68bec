"""What is fuzzed: functions of any octets that must end in peace, with what has to hold afterwards.

Used by the tests of these targets, by the replay of `corpus/`, and by `fuzz.py`, which looks for new cases.
The input of `run` and `fields` is a script and a mail with a line of `MARK` between.
"""

from datetime import UTC, datetime
from functools import cache

from mailgate.domain.message.view import MessageView
from sieve_like.address import parse_list, split_envelope
from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors, Diagnostics, Severity
from sieve_like.fmt import FormatError, format_script
from sieve_like.host import DefaultHost
from sieve_like.lexer import Lexer, TokenKind
from sieve_like.limits import Limits
from sieve_like.lint.linter import lint_script
from sieve_like.message import Envelope, PlainMessage
from sieve_like.parser import parse
from sieve_like.program import Program, Trace
from sieve_like.registry import Registry
from sieve_like.words import decode_words

MARK = b"\n=====\n"
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ENVELOPE = Envelope("alice@example.com", "bob+tickets@example.org")
# Loops and patterns may use up their whole budget: a smaller one keeps a million cases short.
LIMITS = Limits(steps=20_000)
FIELDS = ("from", "to", "subject", "content-type", "x-a", "date")


@cache
def registry() -> Registry:
    """Return the whole language."""
    return Registry.standard()


def lexer(octets: bytes) -> None:
    """Tokens are in order, inside the text, and end with the end."""
    diagnostics = Diagnostics()
    tokens = list(Lexer(octets, Limits(), diagnostics).tokens())
    assert tokens[-1].kind is TokenKind.END
    places = [(token.span.line, token.span.column) for token in tokens]
    assert places == sorted(places)
    assert all(0 <= one.span.line <= len(diagnostics.lines) for one in diagnostics.found)


def parser(octets: bytes) -> None:
    """Whatever can't be understood is explained, at a place in the text."""
    diagnostics = Diagnostics()
    parse(octets, Limits(), diagnostics)
    assert all(one.message and one.caret() is not None for one in diagnostics.found)


def compiled(source: bytes) -> Program | None:
    """Return the program, None where errors explain why there is none."""
    try:
        return compile_script(source, name="fuzz", registry=registry(), limits=LIMITS)
    except CompileErrors as errors:
        refused = errors
    assert any(one.severity is Severity.ERROR for one in refused.diagnostics)
    assert str(refused)
    return None


def run(octets: bytes) -> None:
    """Run what compiles: there is a result, the same with each kind of trace; errors leave the keep."""
    source, _, mail = octets.partition(MARK)
    program = compiled(source)
    if program is None:
        return
    for message in (PlainMessage(mail), MessageView.parse(mail)):
        results = [program.run(message, ENVELOPE, DefaultHost(), now=NOW, trace=one) for one in Trace]
        edited = [bytes(one.message.octets) if one.message is not None else None for one in results]
        assert len(set(edited)) == 1
        assert len({repr(one._replace(trace=(), message=None)) for one in results}) == 1
        assert results[0].error is None or (results[0].implicit_keep and not results[0].performed)


def tools(octets: bytes) -> None:
    """Format and lint: the formatter refuses, or is stable."""
    lint_script(octets, registry=registry())
    try:
        formatted = format_script(octets, name="fuzz")
    except (CompileErrors, FormatError):
        return
    assert format_script(formatted, name="fuzz") == formatted


def fields(octets: bytes) -> None:
    """Both readers of mails answer to everything, with text that can be stored."""
    for message in (PlainMessage(octets), MessageView.parse(octets)):
        for name in FIELDS:
            raw, texts = message.header(name), message.text(name)
            assert len(raw) == len(texts)
            "".join(texts).encode()
            for one in message.addresses(name):
                assert not one.valid or (one.domain and "@" in one.address)
        waiting = [message.root]
        while waiting:
            part = waiting.pop()
            assert 0 <= part.start <= part.body_start <= part.end <= len(octets)
            part.decoded_text()
            waiting += part.children


def texts(octets: bytes) -> None:
    """Small readers of one text: addresses, envelope addresses, encoded words."""
    text = octets.decode("utf-8", "replace")
    parse_list(text)
    split_envelope(text)
    assert isinstance(decode_words(text), str)


TARGETS = {one.__name__: one for one in (lexer, parser, run, tools, fields, texts)}
