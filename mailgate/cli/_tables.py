"""How listings of mails, tickets and outgoing rows look: times, sizes, names of things, rows for JSON."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import click

from mailgate.cli._options import clean

F = TypeVar("F", bound=Callable[..., Any])
Row = dict[str, Any]

# The widest that a text of strangers may get in a table; `--json` and `show` have all of it.
WIDEST: Final = 60
# What a page shows where nothing else is asked for: what a person reads.
PAGE: Final = 50
# The columns that are times in epoch milliseconds; 0 is no time.
TIMES: Final = frozenset({
    "alarm_at", "at", "changed_at", "closed_at", "created_at", "done_at", "due", "execution_due",
    "finished_at", "follow_up_at", "last_at", "lease_until", "opened_at", "reacted_at", "reaction_due",
    "received_at", "touched_at", "warning_due",
})  # fmt: skip
# The columns that hold a JSON list of words, "" for none.
LISTS: Final = frozenset({"categories", "tags"})
KIBI: Final = 1024


def limit_option(what: str) -> Callable[[F], F]:
    """Add `--limit`, which every listing has."""
    return click.option(
        "--limit",
        type=click.IntRange(min=1),
        default=PAGE,
        show_default=True,
        help=f"How many {what} to show at most.",
    )


def json_row(row: Row) -> Row:
    """Return a row fit for JSON: times in ISO 8601 (null for none), lists as lists, octets in hexadecimal."""
    return {key: _json_value(key, value) for key, value in row.items()}


def _json_value(key: str, value: Any) -> Any:
    match value:
        case bytes():
            return value.hex()
        case int() if key in TIMES:
            return datetime.fromtimestamp(value / 1000, UTC).isoformat() if value else None
        case str() if key in LISTS:
            return json.loads(value) if value else []
        case dict() if key not in {"trace", "draft"}:  # those are nobody's rows
            return json_row(value)
        case list():
            return [json_row(one) if isinstance(one, dict) else one for one in value]
        case _:
            return value


def cut(text: str, width: int = WIDEST) -> str:
    """Return a text on one line and no wider than a table wants it."""
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


def size(octets: int) -> str:
    """Return a size as people read it."""
    if octets < KIBI:
        return f"{octets} octets"
    if octets < KIBI * KIBI:
        return f"{octets / KIBI:.1f} KiB"
    return f"{octets / KIBI / KIBI:.1f} MiB"


def sender(address: str) -> str:
    """Return an envelope sender; the null sender is shown as it stands in SMTP."""
    return address or "<>"


def show(lines: Iterable[str]) -> None:
    """Print lines; what strangers chose is made printable first."""
    for line in lines:
        click.echo(clean(line))


def fields(pairs: Iterable[tuple[str, object]], indent: str = "  ") -> Iterator[str]:
    """Yield `name  value` for all that have a value, the values in one column."""
    for name, value in pairs:
        if value not in ("", None, 0):
            yield f"{indent}{name:<11} {value}"


def more(found: int, limit: int, what: str) -> None:
    """Say on standard error that a page is not all there is."""
    if found > limit:
        click.echo(f"there are more {what}; `--limit {limit * 10}` shows them", err=True)


def plural(count: int, one: str, many: str = "") -> str:
    """Return `1 mail`, `2 mails`."""
    return f"{count} {one if count == 1 else many or one + 's'}"
