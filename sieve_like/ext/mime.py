"""Tags :mime and :anychild of header, address and exists; :type, :subtype, :contenttype, :param of header.

RFC 5703 section 4. Done: all of it. :mime looks at the part that `foreverypart` stands at, outside of loops
at the header of the mail; with :anychild at all parts within as well. :type and the like read Content-Type
and Content-Disposition as they are written; of any other field, and of one that can't be read, they see a
blank string. A field with none of the parameters that :param names has a blank string, too.
"""

from collections.abc import Sequence

from sieve_like.ext._parts import current_part, parts_below
from sieve_like.interpreter import Run
from sieve_like.params import disposition_word, parse_parameters, type_words
from sieve_like.spec import AddedTag, Bound, Extension, Extract, Fields, Kind, Narrow, Tag
from sieve_like.values import Value
from sieve_like.words import decode_words

OWNERS = ("header", "address", "exists")
GROUP = "mime option"


def _from_parts(fields: Fields, bound: Bound) -> Fields:
    """Return the reader of the fields of the current part, with :anychild of those within as well."""
    del fields
    if "anychild" not in bound.args:
        return lambda run, name: current_part(run).header(name)

    def read(run: Run, name: str) -> Sequence[bytes]:
        return [value for part in parts_below(run, current_part(run)) for value in part.header(name)]

    return read


def _type(name: str, value: bytes, argument: Value) -> Sequence[str]:
    del argument
    match name:
        case "content-type":
            return (type_words(value)[0],)
        case "content-disposition":
            return (disposition_word(value),)
        case _:
            return ("",)


def _subtype(name: str, value: bytes, argument: Value) -> Sequence[str]:
    del argument
    return (type_words(value)[1] if name == "content-type" else "",)


def _contenttype(name: str, value: bytes, argument: Value) -> Sequence[str]:
    if name != "content-type":
        return _type(name, value, argument)
    kind, subtype = type_words(value)
    return (f"{kind}/{subtype}" if kind else "",)


def _param(name: str, value: bytes, argument: Value) -> Sequence[str]:
    assert isinstance(argument, tuple)
    found = parse_parameters(value) if _type(name, value, argument)[0] else {}
    wanted = dict.fromkeys(word.lower() for word in argument)
    return [decode_words(found[word]) for word in wanted if word in found] or ("",)


EXTENSION = Extension(
    "mime",
    "5703",
    tags=(
        AddedTag(OWNERS, Tag("mime", hook=Narrow(_from_parts))),
        AddedTag(OWNERS, Tag("anychild", needs="mime")),
        AddedTag(("header",), Tag("type", group=GROUP, needs="mime", hook=Extract(_type))),
        AddedTag(("header",), Tag("subtype", group=GROUP, needs="mime", hook=Extract(_subtype))),
        AddedTag(("header",), Tag("contenttype", group=GROUP, needs="mime", hook=Extract(_contenttype))),
        AddedTag(("header",), Tag("param", Kind.STRINGS, group=GROUP, needs="mime", hook=Extract(_param))),
    ),
    card=__doc__,
)
