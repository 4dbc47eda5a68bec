"""Names of mailboxes, and of what is written down about them, in scripts."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from sieve_like.actions import Snooze
from sieve_like.ext._fcc import beside_fcc
from sieve_like.interpreter import Run
from sieve_like.result import INBOX, Action, Fcc, FileInto
from sieve_like.spec import AddedTag, Amend, Binding, Bound, Tag
from sieve_like.values import Value

# What says where a mail is stored.
Storing = FileInto | Fcc | Snooze
Change = Callable[[Storing, Value], Storing]
Stored = TypeVar("Stored", FileInto, Fcc, Snooze)
UNKNOWN = "\ufffd"
BREAKS = frozenset("\r\n\0")
# RFC 9051 9 (atom-specials): what can't stand in a special-use attribute behind its backslash.
SPECIALS = frozenset('(){ %*"\\]')


def complain_about_mailbox(value: str | int) -> str:
    """Return what is wrong with the name of a mailbox, "" if nothing is.

    The store decides on what it means.
    """
    name = str(value)
    if not name:
        return "the name of a mailbox is empty"
    if UNKNOWN in name or any("\ud800" <= c <= "\udfff" for c in name):
        return "the name of a mailbox must be valid UTF-8"
    if not BREAKS.isdisjoint(name):
        return "the name of a mailbox holds a line end or a NUL"
    return ""


def complain_about_use(value: str | int) -> str:
    r"""Return what is wrong with a special-use attribute such as `\Junk`, "" if nothing is (RFC 6154 6)."""
    name = str(value)
    rest = name[1:]
    if name.startswith("\\") and rest.isascii() and rest.isprintable() and SPECIALS.isdisjoint(rest):
        return ""
    return f"'{name}' is no special-use attribute"


def complain_about_entry(value: str | int) -> str:
    """Return what is wrong with the name of an annotation, "" if nothing is (RFC 5464 3.2)."""
    name = str(value)
    if not (name.isascii() and name.isprintable()) or "*" in name or "%" in name:
        return f"the annotation '{name}' holds a character that none can have"
    if "//" in name or name.endswith("/"):
        return f"the annotation '{name}' has an empty part"
    if f"{name.lower()}/".startswith(("/private/", "/shared/")):
        return ""
    return f"the annotation '{name}' begins with neither /private/ nor /shared/"


def warn_about(field: str, complain: Callable[[str | int], str]) -> Callable[[Bound, Binding], None]:
    """Return a check that warns about constants which can't name anything."""

    def check(bound: Bound, binding: Binding) -> None:
        value = bound.constant(field)
        for one in value if isinstance(value, tuple) else (value,):
            complaint = complain(one) if isinstance(one, str) else ""
            if complaint:
                binding.warning(bound.spans[field], complaint)

    return check


def mailbox_exists(run: Run, name: str) -> bool:
    """Whether mail can be filed into a mailbox; INBOX always is there."""
    return name.upper() == INBOX or (not complain_about_mailbox(name) and run.host.mailbox_exists(name))


def storing_tags(tag: Tag, change: Change) -> tuple[AddedTag, ...]:
    """Return a tag that says more about where a mail is stored, and the same for the copy of `:fcc`.

    `change` may raise ScriptFailure for a value that is known only when the script runs.
    """

    def amend(action: Action, value: Value, run: Run) -> Action:
        del run
        match action:
            case FileInto():
                return _changed(change, action, value)
            case Snooze():
                return _changed(change, action, value)
            case _:
                return action

    return (
        AddedTag(("fileinto", "snooze"), replace(tag, hook=Amend(amend))),
        beside_fcc(tag, lambda fcc, value: _changed(change, fcc, value)),
    )


def _changed(change: Change, one: Stored, value: Value) -> Stored:
    changed = change(one, value)
    assert isinstance(changed, type(one))
    return changed
