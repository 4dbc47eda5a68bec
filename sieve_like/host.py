"""What a run may ask of the world, and what the compiler may ask about names: two small protocols.

The engine does no I/O. `DefaultHost` answers "no" to everything, so a script can be run anywhere.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol


class Host(Protocol):
    """Answers the questions of one run. Answers are recorded in the trace."""

    def mailbox_exists(self, name: str) -> bool:
        """Whether mail can be filed into this mailbox."""
        ...

    def duplicate(self, handle: str, unique_id: str, seconds: int, *, last: bool) -> bool:
        """Whether this id was seen under this handle in the period; it is remembered if the run succeeds."""
        ...

    def environment(self, name: str) -> str | None:
        """Return an environment item, None where it is unknown."""
        ...

    def metadata(self, mailbox: str | None, entry: str) -> str | None:
        """Return an annotation of a mailbox, of the server for None (RFC 5490); None without one."""
        ...

    def special_use(self, flag: str, mailbox: str | None = None) -> str | None:
        """Return the mailbox with a special use (RFC 8579), only the named one if one is named; else None."""
        ...

    def mailbox_of_id(self, mailbox_id: str) -> str | None:
        """Return the name of the mailbox with this id (RFC 9042), None without one."""
        ...

    def list_exists(self, name: str) -> bool:
        """Whether there is an external list of this name (RFC 6134)."""
        ...

    def in_list(self, name: str, value: str) -> str | None:
        """Return the entry of an external list that a value matches (RFC 6134 2.2), None where none does."""
        ...

    def list_members(self, name: str) -> Sequence[str]:
        """Return the addresses of an external list to which a mail may be sent (RFC 6134 2.5)."""
        ...

    def namespace(self, namespace: str, name: str) -> str | None:
        """Return `${namespace.name}` of a host's own namespace; None means no value."""
        ...

    def ask(self, question: object) -> object:
        """Answer a question of a host's own extension; a question is a frozen dataclass."""
        ...


class DefaultHost:
    """The host that knows nothing; a real host may derive from it and answer what it knows."""

    def mailbox_exists(self, name: str) -> bool:
        """No mailbox is known."""
        del name
        return False

    def duplicate(self, handle: str, unique_id: str, seconds: int, *, last: bool) -> bool:
        """Nothing was seen before."""
        del handle, unique_id, seconds, last
        return False

    def environment(self, name: str) -> str | None:
        """No item is known."""
        del name
        return None

    def metadata(self, mailbox: str | None, entry: str) -> str | None:
        """Nothing is annotated."""
        del mailbox, entry
        return None

    def special_use(self, flag: str, mailbox: str | None = None) -> str | None:
        """No mailbox has a special use."""
        del flag, mailbox
        return None

    def mailbox_of_id(self, mailbox_id: str) -> str | None:
        """No id is known."""
        del mailbox_id
        return None

    def list_exists(self, name: str) -> bool:
        """There are no lists."""
        del name
        return False

    def in_list(self, name: str, value: str) -> str | None:
        """There are no lists."""
        del name, value
        return None

    def list_members(self, name: str) -> Sequence[str]:
        """There are no lists."""
        del name
        return ()

    def namespace(self, namespace: str, name: str) -> str | None:
        """No name has a value."""
        del namespace, name
        return None

    def ask(self, question: object) -> object:
        """No question has an answer."""
        del question
        return None


class Catalogue(Protocol):
    """The names of an installation (queues, agents, templates …), for checks of constants at compile time."""

    def known(self, kind: str, name: str) -> bool:
        """Whether there is such a name; a kind that the catalogue does not keep is always known."""
        ...

    def names(self, kind: str) -> Iterable[str]:
        """Return the names of a kind, for suggestions."""
        ...


class Library(Protocol):
    """The scripts that others may include (RFC 6609): read when a script is compiled."""

    def script(self, name: str, *, personal: bool) -> bytes | None:
        """Return the source of a personal or global script, None where there is none."""
        ...


class EmptyLibrary:
    """The library of a compilation on its own."""

    def script(self, name: str, *, personal: bool) -> bytes | None:
        """There are no scripts."""
        del name, personal
        return None


class EmptyCatalogue:
    """The catalogue of a compilation without an installation: every name may exist."""

    def known(self, kind: str, name: str) -> bool:
        """Nothing can be said against a name."""
        del kind, name
        return True

    def names(self, kind: str) -> Iterable[str]:
        """There is nothing to suggest."""
        del kind
        return ()
