"""Commands addheader and deleteheader: the header of the mail as later tests and actions see it.

RFC 5293. Done: all of it; all other octets stay as they are. Names and values are checked when the script is
compiled, those with variables when it runs. Received and Auto-Submitted are never deleted, the field by which
a redirect knows loops is never changed, Subject may always be edited; what the installation forbids besides
(sieve_editheader_protected, _forbid_add, _forbid_delete) is not done, with a warning. A field has at most
sieve_editheader_max_header_size octets. An implicit keep after an error stores the mail as it came.
"""

import re
from collections.abc import Sequence

from sieve_like.edit import Header
from sieve_like.errors import ScriptFailure
from sieve_like.ext._facts import complain_about_field, text_of
from sieve_like.interpreter import Run, Signal, Step
from sieve_like.outgoing.fields import encoded, field
from sieve_like.outgoing.forward import TRACE_FIELD
from sieve_like.settings import Settings
from sieve_like.spec import (
    Binding,
    Bound,
    CommandSpec,
    Compiling,
    Extension,
    Kind,
    Matching,
    Positional,
    Tag,
)
from sieve_like.values import octets_of

PREFIX = "sieve_editheader_"
# RFC 5293 4: where a mail went and who answers it by itself must stay visible, or loops are not seen.
NEVER_DELETED = frozenset({"received", "auto-submitted"})
NEVER_TOUCHED = frozenset({TRACE_FIELD.lower()})  # by it a redirect knows a mail that comes back
ALWAYS = frozenset({"subject"})  # RFC 5293 4: an implementation has to let scripts edit it
FOLD = re.compile(r"\r?\n[ \t]*")  # a script may write a long value on several lines
LEAST_SIZE = 1024  # no installation may allow less


def forbidden(name: str, doing: str, settings: Settings) -> bool:
    """Whether the installation forbids to "add" or "delete" a field of this name."""
    lower = name.lower()
    if lower in ALWAYS:
        return False
    listed = (*settings.words(PREFIX + "protected"), *settings.words(f"{PREFIX}forbid_{doing}"))
    fixed = lower in NEVER_TOUCHED or (doing == "delete" and lower in NEVER_DELETED)
    return fixed or lower in map(str.lower, listed)


def complain_about_value(value: str | int) -> str:
    """Return what is wrong with a value that is to be added, "" if nothing is."""
    return "a header field can't hold a NUL" if "\0" in str(value) else ""


def _too_large(value: str, settings: Settings, limit: int) -> str:
    limit = max(LEAST_SIZE, settings.size(PREFIX + "max_header_size", limit))
    size = octets_of(value)
    return f"a header field has at most {limit} octets, not {size}" if size > limit else ""


def _check(bound: Bound, binding: Binding) -> None:
    name, value = bound.constant("name"), bound.constant("value")
    doing = "add" if bound.name == "addheader" else "delete"
    if isinstance(value, str):
        complaint = _too_large(value, binding.settings, binding.limits.header_size)
        if complaint:
            binding.error(bound.spans["value"], complaint)
    if isinstance(name, str) and forbidden(name, doing, binding.settings):
        binding.warning(bound.spans["name"], f"'{name}' must not be changed here: nothing will be done")


def _header(run: Run) -> Header:
    """Return the header to edit: the one of the last edit, if nobody has changed the mail since."""
    return run.editor if isinstance(run.editor, Header) else Header.of(run.message)


def _edit(run: Run, header: Header) -> None:
    """Take the edited header; the mail is put together when somebody looks at it."""
    run.charge(len(header.fields) // 16)
    if run.editor is not header:
        message = run.message
        header.body = bytes(message.octets[message.root.body_start :])
    run.edit(header, lambda: header.octets() + header.body)


def _named(bound: Bound, run: Run) -> str:
    name = str(bound.args["name"].read(run))
    complaint = complain_about_field(name)
    if complaint:
        raise ScriptFailure(complaint, bound.spans["name"])
    return name


def _allowed(name: str, doing: str, run: Run) -> bool:
    if not forbidden(name, doing, run.settings):
        return True
    run.log.append(("warning", f"'{name}' must not be changed here: nothing was done"))
    return False


def _addheader(bound: Bound, ctx: Compiling) -> Step:
    del ctx
    read, last = bound.args["value"].read, "last" in bound.args

    def step(run: Run) -> Signal | None:
        name, value = _named(bound, run), str(read(run))
        complaint = complain_about_value(value) or _too_large(value, run.settings, run.limits.header_size)
        if complaint:
            raise ScriptFailure(complaint, bound.spans["value"])
        if _allowed(name, "add", run):
            header = _header(run)
            header.add(name, field(name, encoded(FOLD.sub(" ", value))), last=last)
            _edit(run, header)
            run.note(bound.span, "edit", name=f"add {name}", value=run.short(value))
        return None

    return step


def _deleteheader(bound: Bound, ctx: Compiling) -> Step:
    del ctx

    def step(run: Run) -> Signal | None:
        name = _named(bound, run)
        if not _allowed(name, "delete", run):
            return None
        header = _header(run)
        chosen = _chosen(bound, header.numbers(name))
        values = [text_of(value) for value in header.values_at(chosen)]
        gone = [number for number, hit in zip(chosen, _hits(bound, run, values), strict=True) if hit]
        if gone:
            header.remove(gone)
            _edit(run, header)
            run.note(bound.span, "edit", name=f"delete {name}", values=[run.short(v) for v in values])
        return None

    return step


def _chosen(bound: Bound, numbers: list[int]) -> list[int]:
    """Return the fields that :index and :last leave; they count from 1."""
    index = bound.constant("index")
    if not isinstance(index, int):
        return numbers
    if not 0 < index <= len(numbers):
        return []
    return [numbers[-index if "last" in bound.args else index - 1]]


def _hits(bound: Bound, run: Run, values: Sequence[str]) -> list[bool]:
    """Return which values match the patterns; all do where there are none (RFC 5293 5).

    Wildcards set the match variables, the last value that matches for good (RFC 5229 3.2).
    """
    if "keys" not in bound.args:
        return [True] * len(values)
    match, keys = bound.match, bound.args["keys"].read(run)
    assert match is not None
    assert isinstance(keys, tuple)
    folded = [match.comparator.fold(value) for value in values]
    if match.type.counts:
        matcher = match.type.make(match.comparator, match.relation, keys, lambda _run: values)
        return [matcher(run, folded)] * len(values)
    current = [""]
    matcher = match.type.make(match.comparator, match.relation, keys, lambda _run: current)
    hits: list[bool] = []
    for value, compared in zip(values, folded, strict=True):
        current[0] = value
        hits.append(matcher(run, [compared]))
    return hits


NAME = Positional("name", check=complain_about_field)

EXTENSION = Extension(
    "editheader",
    "5293",
    commands=(
        CommandSpec(
            "addheader",
            _addheader,
            tags=(Tag("last"),),
            positionals=(NAME, Positional("value", check=complain_about_value)),
            check=_check,
        ),
        CommandSpec(
            "deleteheader",
            _deleteheader,
            tags=(Tag("index", Kind.NUMBER), Tag("last", needs="index")),
            positionals=(NAME, Positional("keys", Kind.STRINGS, optional=True)),
            matching=Matching.MATCH,
            check=_check,
        ),
    ),
    card=__doc__,
)
