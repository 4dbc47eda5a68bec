"""Command and test convert: parts of one media type become parts of another.

RFC 6558, parameters RFC 5259. Done: inside `foreverypart` the current part, else all parts of the type; all
or none of them; as a test it is false only if a conversion failed. Conversions: text/html and
application/xhtml+xml to text/plain, text/plain to text/html, and every text type to itself in another
character set (parameter charset). For anything else the host is asked (`Conversion`). Not done: other
parameters on our own; with one the host is asked, too.
"""

import re
from base64 import encodebytes
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from sieve_like.declare import reader
from sieve_like.edit import Header
from sieve_like.errors import ScriptFailure
from sieve_like.ext._entities import in_lines_of, put, spliced_all
from sieve_like.ext._parts import HTML, current_part, is_leaf, parts_below, places
from sieve_like.interpreter import Run, Signal, Step, Test
from sieve_like.markup import MARKUP, html_text
from sieve_like.message import PartLike
from sieve_like.outgoing.fields import LONGEST, crlf, header
from sieve_like.params import codec_of
from sieve_like.spec import Bound, CommandSpec, Compiling, Extension, Kind, Positional, TestSpec
from sieve_like.values import Args

PARAMETER = re.compile(r"([A-Za-z0-9!#$&^_.+-]+)=(.*)", re.DOTALL)
MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+\Z")
WIDE = re.compile(rb"[^\n]{%d}" % LONGEST)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What the host is asked when we can't convert a part ourselves: it answers with octets, or None.

    `params` are the script's, by name; `charset` is the old part's, "" without one.
    """

    source: str
    target: str
    params: tuple[tuple[str, str], ...]
    octets: bytes = field(repr=False)
    charset: str


@dataclass(frozen=True, slots=True)
class Converted:
    """A converted body; `charset` is "" where the type has none."""

    octets: bytes
    charset: str = ""


def complain_about_type(value: str | int) -> str:
    """Return what is wrong with a media type, "" if nothing is."""
    return "" if MEDIA_TYPE.match(str(value)) else f"'{value}' is no media type (type/subtype)"


def complain_about_parameter(value: str | int) -> str:
    """Return what is wrong with a parameter, "" if nothing is (RFC 6558 2); an empty one says nothing."""
    return "" if not value or PARAMETER.fullmatch(str(value)) else f"'{value}' is no parameter (name=value)"


def _convert(run: Run, args: Args, bound: Bound) -> bool:
    """Convert what there is to convert; whether nothing failed."""
    source, target = args.text("from").lower(), args.text("to").lower()
    params = dict(_parameter(text) for text in args.texts("params") if text)
    candidates = [current_part(run)] if places(run) else parts_below(run, run.message.root)
    done: list[tuple[PartLike, bytes]] = []
    for part in candidates:
        if is_leaf(part) and part.content_type == source:
            converted = _converted(run, part, target, params)
            if converted is None:
                run.note(bound.span, "convert", name="convert", result=False)
                return False
            done.append((part, _entity(run, part, target, converted)))
    if done:
        _apply(run, done, bound)
    return True


def _parameter(text: str) -> tuple[str, str]:
    found = PARAMETER.fullmatch(text)
    if found is None:
        raise ScriptFailure(complain_about_parameter(text))
    return found[1].lower(), found[2]


def _converted(run: Run, part: PartLike, target: str, params: Mapping[str, str]) -> Converted | None:
    """Return the body of a part as another type; None where that fails."""
    own = _own_conversion(part, target, params)
    if own is not None:
        return own
    charset = part.params.get("charset", "")
    question = Conversion(part.content_type, target, tuple(sorted(params.items())), part.decoded(), charset)
    answer = run.ask(question)
    return Converted(answer, params.get("charset", "")) if isinstance(answer, bytes) else None


def _own_conversion(part: PartLike, target: str, params: Mapping[str, str]) -> Converted | None:
    codec = codec_of(params.get("charset", "utf-8"))
    if codec is None or params.keys() - {"charset"} or part.end - part.body_start > MARKUP:
        return None
    text = part.decoded_text()
    if target == part.content_type and target.startswith("text/"):
        pass
    elif target == "text/plain" and part.content_type in HTML:
        text = html_text(text)
    elif target == "text/html" and part.content_type == "text/plain":
        text = f"<!DOCTYPE html>\r\n<html><body><pre>\r\n{escape(text)}</pre></body></html>\r\n"
    else:
        return None
    try:
        return Converted(text.encode(codec), params.get("charset", "utf-8"))
    except UnicodeError:
        return None  # the character set lacks a character of the text


def _entity(run: Run, part: PartLike, target: str, converted: Converted) -> bytes:
    """Return the part with its other fields, the new type and the new body."""
    edited = Header(run.message.octets, part.start, part.body_start)
    for name in ("content-type", "content-transfer-encoding"):
        edited.remove(edited.numbers(name))
    kind = f'{target}; charset="{converted.charset}"' if converted.charset else target
    encoding, body = _transfer(converted, text=target.startswith("text/"))
    edited.add("Content-Type", header([("Content-Type", kind)]), last=True)
    edited.add("Content-Transfer-Encoding", header([("Content-Transfer-Encoding", encoding)]), last=True)
    return edited.octets().removesuffix(edited.blank) + edited.end + in_lines_of(run.message, body)


def _transfer(converted: Converted, *, text: bool) -> tuple[str, bytes]:
    """Return the transfer encoding of a body and its octets: as they are where every server takes them."""
    octets = converted.octets
    if text and b"\0" not in octets and WIDE.search(octets) is None:
        return "7bit" if octets.isascii() else "8bit", crlf(octets)
    return "base64", crlf(encodebytes(octets))


def _apply(run: Run, done: list[tuple[PartLike, bytes]], bound: Bound) -> None:
    """Put the new parts in their places; none lies within another."""
    edited = spliced_all(run.message, done)
    put(run, edited, bound.span)
    run.note(bound.span, "convert", name="convert", result=True, parts=len(done))


def _command(bound: Bound, ctx: Compiling) -> Step:
    del ctx
    arguments = reader(bound)

    def step(run: Run) -> Signal | None:
        _convert(run, arguments(run), bound)
        return None

    return step


def _test(bound: Bound, ctx: Compiling) -> Test:
    del ctx
    arguments = reader(bound)
    return lambda run: _convert(run, arguments(run), bound)


ARGUMENTS = (
    Positional("from", check=complain_about_type),
    Positional("to", check=complain_about_type),
    Positional("params", Kind.STRINGS, check=complain_about_parameter),
)

EXTENSION = Extension(
    "convert",
    "6558",
    commands=(CommandSpec("convert", _command, positionals=ARGUMENTS),),
    tests=(TestSpec("convert", _test, positionals=ARGUMENTS),),
    card=__doc__,
)
