"""What the commands on statuses and priorities share: the words that every ticket has one of.

Where the business has said nothing, the defaults hold; the first change by hand writes them all down, so that
adding a word does not take the others away.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from mailgate.cli import _business
from mailgate.cli._options import Call, CommandError
from mailgate.cli._store import reading

if TYPE_CHECKING:
    from mailgate.cli._items import Present
    from mailgate.domain.effects import Effect
    from mailgate.store.business import Business, Change
    from mailgate.store.connection import Connection

Word = Literal["status", "priority"]
# As many tickets as one transaction changes: mail goes on meanwhile.
BATCH: Final = 100


def in_force(found: "Present", word: Word) -> dict[str, Any]:
    """Return all words in their order, the defaults where nothing was said."""
    among = found.catalogue.statuses if word == "status" else found.catalogue.priorities
    return dict(among)


def named(found: "Present", word: Word, name: str) -> Any:
    """Return one of them; raises CommandError with a suggestion."""
    there = in_force(found, word)
    if name not in there:
        raise CommandError(_business.absent(word, name, there))
    return there[name]


def put(call: Call, word: Word, make: "Callable[[Present], Any]", how: _business.How) -> None:
    """Make the database say what `make` returns, and the defaults beside it where it said nothing yet."""

    def planned(connection: "Connection", found: "Present") -> "Sequence[Change]":
        from mailgate.cli._items import complaints  # noqa: PLC0415  --help must not pay for it
        from mailgate.store.business import plan, set_one  # noqa: PLC0415

        item = make(found)
        if wrong := list(complaints(item, found)):
            raise CommandError("\n".join(wrong))
        there = found.all(word)
        if there.get(item.name) == item and not how.take_over:
            return ()
        _business.require_ours(found, word, item.name, how)
        if there:
            return set_one(connection, item, take_over=how.take_over)
        return plan(connection, _all({**in_force(found, word), item.name: item}, word), "")

    _business.change(call, planned, how)


def _all(words: dict[str, Any], word: Word) -> "Business":
    from mailgate.store.business import Business  # noqa: PLC0415  --help must not pay for it

    there = tuple(words.values())
    return Business(statuses=there) if word == "status" else Business(priorities=there)


def free(call: Call, word: Word, name: str, instead: str, how: _business.How) -> None:
    """See to it that no ticket has a word: raises CommandError with their number, or gives them another.

    Each ticket's history says so. Nothing is changed where `how` is a dry run.
    """
    from mailgate.store.inuse import in_use  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        count = in_use(connection, word, name)
    if not count:
        return
    if not instead:
        text = f"{count:,} tickets have the {word} {name!r}; say --replace-with what they get instead"
        raise CommandError(text)
    if instead == name:
        raise CommandError(f"--replace-with names the {word} {name!r} itself")
    named(_business.present(call), word, instead)
    if how.dry_run:
        click.echo(f"{count:,} tickets would get the {word} {instead}")
        return
    click.echo(f"{_replace(call, word, name, instead):,} tickets have the {word} {instead} now")


def _replace(call: Call, word: Word, name: str, instead: str) -> int:
    """Change the tickets a batch at a time; returns how many there were."""
    from mailgate.cli._desk import changing  # noqa: PLC0415  --help must not pay for it
    from mailgate.cli._who import who  # noqa: PLC0415
    from mailgate.domain.effects import ChangeTicket  # noqa: PLC0415
    from mailgate.store.inuse import some_with  # noqa: PLC0415

    total, by = 0, who()
    with changing(call) as desk:
        while True:
            with reading(call) as (_store, connection):
                some = some_with(connection, word, name, BATCH)
            if not some:
                return total
            effects: list[Effect] = [ChangeTicket(ticket_id, word, instead, by) for ticket_id in some]
            desk.perform(partial(_given, effects))
            total += len(some)


def _given(effects: "list[Effect]", _reader: object, _now: object) -> "list[Effect]":
    return effects


def remove(call: Call, word: Word, name: str, instead: str, how: _business.How) -> None:
    """Remove a word that nothing names and no ticket has (see `free`); the last one stays."""
    found = _business.present(call)
    there = found.all(word)
    if name in in_force(found, word) and not there:
        # The defaults are nobody's rows yet; they become some, and this one goes.
        put(call, word, lambda present: named(present, word, name), how)
        if how.dry_run:
            return
    elif len(there) == 1 and name in there:
        raise CommandError(f"{name!r} is the only {word}; without any the defaults hold again")
    used = _users(found, word, name)
    if used:
        raise CommandError(f"{word} {name!r} is used by {', '.join(used)}; change that first")
    free(call, word, name, instead, how)
    _business.remove(call, word, name, how)


def _users(found: "Present", word: Word, name: str) -> list[str]:
    from mailgate.cli._items import users  # noqa: PLC0415  --help must not pay for it

    return users(word, name, found.catalogue, found.business.addresses)


def replace_option(function: Any) -> Any:
    """Add `--replace-with`; the command gets `instead`, "" where nothing was said."""
    return click.option(
        "--replace-with", "instead", default="", metavar="NAME", help="What tickets that have it get instead."
    )(function)
