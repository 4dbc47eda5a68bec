"""`mailgate rules replay`: which stored mails would be treated differently by the rules of now."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mailgate.cli import _business
from mailgate.cli._options import Call, CommandError, clean, json_option, pass_call, print_json, print_table
from mailgate.cli._read import text_of

if TYPE_CHECKING:
    from mailgate.cli._replay import Found, Wish

# A table that a person reads; JSON has all groups.
GROUPS: Final = 30
DIFFERENT: Final = 1
EVERY_S: Final = 0.2


def since_of(_ctx: click.Context, _option: click.Parameter, text: str) -> datetime:
    """Read `7d`, `12 h`, `2026-11-01` or `2026-11-01T08:00:00` (UTC)."""
    from mailgate.config.units import UnitError, parse_duration  # noqa: PLC0415  --help must not pay for it

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    words = text.removesuffix("d") + " days" if text.endswith("d") and text[:-1].isdecimal() else text
    try:
        return datetime.now(UTC) - timedelta(seconds=parse_duration(words))
    except (UnitError, OverflowError) as error:
        raise click.BadParameter(f"{error}; write 7d, 12h, or a date as 2026-11-01") from None


@click.command("replay")
@click.option(
    "--since", default="7d", show_default=True, callback=since_of, metavar="TIME",
    help="From when on: 7d, 12h, or a date (UTC).",
)  # fmt: skip
@click.option(
    "--script", metavar="NAME|FILE",
    help="Another script: a file stands in for the stored script of its name; with --address, for that "
    "address's. Without it, the scripts of now.",
)  # fmt: skip
@click.option("--address", default="", metavar="ADDRESS", help="Only mail to this address.")
@click.option("--limit", type=click.IntRange(1), help="Stop after so many mails.")
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 64), default=os.cpu_count() or 1, show_default="all cores",
    help="Processes at once.",
)  # fmt: skip
@json_option
@pass_call
def replay(call: Call, /, *, jobs: int, as_json: bool, **said: Any) -> None:
    r"""Decide stored mails once more and show what would change; nothing is written and nothing is sent.

    Each mail is decided as at its own time: later contacts, tickets and mails do not count, the gate is not
    asked. Exit status 0: nothing would change; 1: something would.

    \b
    mailgate rules replay --since 7d
    mailgate rules replay --since 30d --script rules/support.sieve
    mailgate rules replay --script new.sieve --address support@example.com --json
    """
    _replay(_wish(call, said), jobs, as_json=as_json)


def replayed(call: Call, since: datetime, address: str, source: str, limit: int, *, as_json: bool) -> None:
    """Decide the stored mail of one address once more by another script, and show what would change."""
    from mailgate.cli._replay import Wish  # noqa: PLC0415  --help must not pay for it

    wish = Wish(call.settings(resolve_secrets=True), since, address, source, limit=limit)
    _replay(wish, os.cpu_count() or 1, as_json=as_json)


def _replay(wish: "Wish", jobs: int, *, as_json: bool) -> None:
    from mailgate.cli._replay import replay as run  # noqa: PLC0415  --help must not pay for it

    found, seconds = run(wish, jobs, _progress(visible=sys.stderr.isatty() and not as_json))
    if as_json:
        print_json(_plain(found, seconds))
    else:
        _show(found, seconds)
    if found.differing:
        raise click.exceptions.Exit(DIFFERENT)


def _wish(call: Call, said: dict[str, Any]) -> "Wish":
    """Return what is wanted; raises CommandError for a script that can stand in for nothing."""
    from mailgate.cli._replay import Wish  # noqa: PLC0415  --help must not pay for it

    settings, name = call.settings(resolve_secrets=True), said["script"]
    plain = Wish(settings, said["since"], said["address"], limit=said["limit"] or 0)
    if name is None:
        return plain
    from dataclasses import replace  # noqa: PLC0415

    present = _business.present(call).catalogue
    if _is_file(name):
        source, own = text_of(Path(name)), Path(name).stem
    else:
        _business.named(_business.present(call), "script", name)
        source, own = present.scripts[name], name
    if not plain.address and own not in present.scripts:
        raise CommandError(
            f"no stored script is named {own!r}: say with --address whose rules it stands in for"
        )
    return replace(plain, source=source, instead_of=own)


def _is_file(name: str) -> bool:
    return "/" in name or name.endswith(".sieve")


def _progress(*, visible: bool) -> Callable[[int, int], None]:
    """Return what is told how far it is: a bar on a terminal, nothing elsewhere."""
    if not visible:
        return lambda _done, _total: None
    from time import monotonic  # noqa: PLC0415

    shown = [0.0]

    def show(done: int, total: int) -> None:
        if done < total and monotonic() - shown[0] < EVERY_S:
            return
        shown[0] = monotonic()
        share = done / total if total else 1.0
        bar = ("#" * int(share * 40)).ljust(40, ".")
        click.echo(f"\r[{bar}] {share:4.0%} of {total} deliveries", nl=done >= total, err=True)

    return show


def _show(found: "Found", seconds: float) -> None:
    """Print the table of groups, examples below it, and the closing line."""
    groups = sorted(found.groups.items(), key=lambda one: (-one[1].count, one[0]))
    if groups:
        print_table(
            ("mails", "was", "would be", "example", "old rule", "new rule"),
            [
                (
                    group.count,
                    old,
                    new,
                    _names(first := group.examples[0]),
                    first["old_rule"],
                    first["new_rule"],
                )
                for (old, new), group in groups[:GROUPS]
            ],
        )
        if len(groups) > GROUPS:
            click.echo(f"… and {len(groups) - GROUPS} more kinds of change; --json shows all")
        click.echo()
        for (old, new), group in groups[:GROUPS]:
            for one in group.examples:
                told = f"  {one['at'][:19]}  {_names(one)}  {one['recipient']}  {one['subject']}"
                click.echo(clean(f"{told}  ({old} -> {new})"))
                if one["error"]:
                    click.echo(clean(f"    {one['error']}"))
        click.echo()
    click.echo(_closing(found, seconds))


def _names(example: dict[str, Any]) -> str:
    """Return what `mailgate log` finds the mail by, and its ticket."""
    return " ".join(filter(None, (example["queue_id"] or example["trace_id"], example["ticket"])))


def _closing(found: "Found", seconds: float) -> str:
    rate = found.mails / seconds if seconds else 0.0
    parts = [f"{found.mails} mails replayed in {seconds:.1f} s ({rate:.0f} a second)"]
    if found.unserved:
        parts.append(f"{found.unserved} to addresses that there are no longer")
    if found.failed:
        parts.append(f"{found.failed} could not be read")
    parts.append(f"{found.differing} would be treated differently" if found.differing else "no differences")
    return ", ".join(parts)


def _plain(found: "Found", seconds: float) -> dict[str, Any]:
    return {
        "mails": found.mails,
        "seconds": round(seconds, 3),
        "mails_per_second": round(found.mails / seconds, 1) if seconds else 0.0,
        "without_address": found.unserved,
        "unreadable": found.failed,
        "different": found.differing,
        "groups": [
            {"was": old, "would_be": new, "mails": group.count, "examples": group.examples}
            for (old, new), group in sorted(found.groups.items(), key=lambda one: (-one[1].count, one[0]))
        ],
    }
