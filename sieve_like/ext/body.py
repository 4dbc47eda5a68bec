"""Test body, with the transforms :raw, :content and :text.

RFC 5173. Done: all of it. :raw is everything behind the header, undecoded, parts and their headers included.
:content sees each part of the types that it names, decoded and as text: "text" all texts, "" all parts; of a
multipart the text before the first and behind the last boundary, of a mail within the mail its header. :text,
the default, sees all texts, HTML without its tags. A match sets no match variables. Line ends are those of
strings in a script, CRLF. Not done: nothing; of a part the first 4 Mi characters are looked at.
"""

import re
from collections.abc import Sequence

from sieve_like.ext._parts import HTML, is_leaf, parts_below, words_of
from sieve_like.interpreter import Run, Test
from sieve_like.markup import MARKUP
from sieve_like.matching import Source, match_test
from sieve_like.message import PartLike
from sieve_like.spec import Bound, Compiling, Extension, Fact, Kind, Matching, Positional, Tag, TestSpec
from sieve_like.values import Constant

LONE_LINE_END = re.compile(r"(?<!\r)\n")
GROUP = "body transform"


def _lines(text: str) -> str:
    return LONE_LINE_END.sub("\r\n", text) if "\n" in text else text


def _text_of(octets: bytes) -> str:
    return octets[:MARKUP].decode("utf-8", "replace")


def _raw(run: Run) -> Sequence[str]:
    message = run.message
    octets = bytes(message.octets[message.root.body_start : message.root.body_start + MARKUP])
    return (_lines(_text_of(octets)),) if octets else ()


def _texts(run: Run) -> Sequence[str]:
    parts = parts_below(run, run.message.root)
    return [
        _lines(words_of(run, part))
        for part in parts
        if is_leaf(part) and (part.content_type.startswith("text/") or part.content_type in HTML)
    ]


def _content(run: Run, wanted: Sequence[str]) -> Sequence[str]:
    types = frozenset(map(str.lower, wanted))
    found: list[str] = []
    for part in parts_below(run, run.message.root):
        kind = part.content_type
        if "" in types or kind in types or kind.partition("/")[0] in types:
            found += _searched(run, part)
    return [_lines(text) for text in found]


def _searched(run: Run, part: PartLike) -> list[str]:
    """Return what of a part is searched (RFC 5173 5.2)."""
    if part.is_multipart:
        around = (part.preamble, part.epilogue) if part.epilogue and part.children else (part.preamble,)
        return [_text_of(octets) for octets in around]
    if not part.children:
        return [words_of(run, part, html=False)]
    inner = part.children[0]
    header = _text_of(bytes(run.message.octets[inner.start : inner.body_start]))
    # Without the empty line behind it.
    return [header.removesuffix("\n").removesuffix("\r")]


def _source(bound: Bound) -> Source:
    if "raw" in bound.args:
        return Source((Fact("body raw", _raw),))
    if "content" not in bound.args:
        return Source((Fact("body text", _texts),))
    expr = bound.args["content"]
    if isinstance(expr, Constant) and isinstance(expr.value, tuple):
        wanted = expr.value
        return Source((Fact(f"body content {wanted!r}", lambda run: _content(run, wanted)),))

    def read(run: Run) -> Sequence[Fact]:
        value = expr.read(run)
        assert isinstance(value, tuple)
        return (Fact("", lambda run: _content(run, value)),)

    return Source(read=read, stable=False)


def _body(bound: Bound, ctx: Compiling) -> Test:
    """Return the test; RFC 5173 6: its wildcards set no match variables."""
    inner = match_test(bound, ctx, _source(bound))

    def test(run: Run) -> bool:
        before = run.match_values
        answer = inner(run)
        run.match_values = before
        return answer

    return test


EXTENSION = Extension(
    "body",
    "5173",
    tests=(
        TestSpec(
            "body",
            _body,
            tags=(
                Tag("raw", group=GROUP),
                Tag("content", Kind.STRINGS, group=GROUP),
                Tag("text", group=GROUP),
            ),
            positionals=(Positional("keys", Kind.STRINGS),),
            matching=Matching.MATCH,
        ),
    ),
    card=__doc__,
)
