"""External lists (RFC 6134): their names, and what a run may ask about them."""

from collections.abc import Sequence

from sieve_like.errors import ScriptFailure
from sieve_like.interpreter import Run

SHORT = "urn:ietf:params:sieve:"  # what the colon of `:addrbook:default` stands for (RFC 6134 2.4)


def list_name(text: str) -> str:
    """Return the whole name of a list."""
    return SHORT + text[1:] if text.startswith(":") else text


def exists(run: Run, name: str) -> bool:
    """Whether there is a list of this name."""
    return _configured(run, name) is not None or run.host.list_exists(list_name(name))


def entry_of(run: Run, name: str, value: str) -> str | None:
    """Return the entry of a list that a value matches, None where none does.

    Raises ScriptFailure where there is no such list.
    """
    entries = _configured(run, name)
    if entries is None:
        return run.host.in_list(_known(run, name), value)
    return next((entry for entry in entries if entry.casefold() == value.casefold()), None)


def members_of(run: Run, name: str) -> Sequence[str]:
    """Return the addresses of a list; ScriptFailure without the list."""
    entries = _configured(run, name)
    return run.host.list_members(_known(run, name)) if entries is None else entries


def _configured(run: Run, name: str) -> tuple[str, ...] | None:
    """Return a small list that the settings hold themselves: its entries are words, which have no case."""
    for key in (f"sieve_extlists_list/{name}", f"sieve_extlists_list/{list_name(name)}"):
        if key in run.settings:
            return run.settings.words(key)
    return None


def _known(run: Run, name: str) -> str:
    whole = list_name(name)
    if not run.host.list_exists(whole):
        raise ScriptFailure(f"there is no external list '{name}'")
    return whole
