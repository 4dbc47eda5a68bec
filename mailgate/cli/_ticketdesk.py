"""What the commands that change a ticket share: who acts, on which version, and what is printed."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailgate.cli._as import acting, as_option, author
from mailgate.cli._desk import Desk, changing, version_option
from mailgate.cli._options import Call, CommandError, pass_call, print_json
from mailgate.cli._store import reading
from mailgate.cli._tables import json_row

if TYPE_CHECKING:
    from mailgate.domain.desk.ground import Ground
    from mailgate.domain.effects import Effect
    from mailgate.domain.routing import Catalogue
    from mailgate.store.application import Application

NUMBER = click.argument("number")


@dataclass(frozen=True, slots=True)
class TicketChange:
    """What every change of a ticket is told: which one, in whose name, and at which version if at all."""

    call: Call
    number: str
    agent: str
    if_version: int | None
    as_json: bool

    def make(
        self, plan: "Callable[..., Iterable[Effect]]", *words: Any, locks: Iterable[str] = (), shown: str = ""
    ) -> None:
        """Make a change that `plan` says from the ticket's number and the words; see `planned`."""
        self.planned(
            lambda ground, _desk: plan(ground, self.number, *words, version=self.if_version),
            locks=locks,
            shown=shown,
        )

    def planned(
        self,
        plan: "Callable[[Ground, Desk], Iterable[Effect]]",
        *,
        locks: Iterable[str] = (),
        shown: str = "",
    ) -> None:
        """Make one change and print what the ticket, or the one in `shown`, is at then.

        Says so where nothing was to be changed. Raises CommandError: exit 1 for what makes no sense or is not
        allowed, 75 where somebody else was faster.
        """
        wanted: list[Effect] = []

        def kept(ground: "Ground", desk: Desk) -> "Iterable[Effect]":
            wanted[:] = plan(ground, desk)
            return wanted

        with changing(self.call) as desk:
            done = perform(desk, self.agent, lambda ground: kept(ground, desk), locks=locks)
        tell_suppressed(done)
        tell_leaving(self.call, self.number, wanted)
        tell_version(self.call, shown or self.number, changed=bool(wanted), as_json=self.as_json)


def changes(function: Callable[..., None]) -> Callable[..., None]:
    """Add what every change of a ticket has: NUMBER, `--as`, `--if-version`, `--json`.

    The command gets them as one `TicketChange` in front of its own.
    """

    @pass_call
    @wraps(function)
    def run(
        call: Call, /, *, number: str, agent: str, if_version: int | None, as_json: bool, **own: Any
    ) -> None:
        function(TicketChange(call, number, agent, if_version, as_json), **own)

    json = click.option("--json", "as_json", is_flag=True, help="Print the ticket as it is then, as JSON.")
    return NUMBER(as_option(version_option(json(run))))


def perform(
    desk: Desk, agent: str, plan: "Callable[[Ground], Iterable[Effect]]", *, locks: Iterable[str] = ()
) -> "Application":
    """Carry out a plan in the name of an agent, else of whoever calls."""
    from mailgate.domain.desk.ground import Ground  # noqa: PLC0415  --help must not pay for it

    actor = acting(desk.catalogue, agent)
    by = author(actor)
    return desk.perform(lambda reader, now: plan(Ground(reader, desk.catalogue, now, actor, by)), locks=locks)


def tell_suppressed(done: "Application") -> None:
    """Say on standard error why the gate has kept a mail back."""
    if done.suppressed:
        click.echo(f"not sent at once: {', '.join(done.suppressed)}", err=True)


def tell_leaving(call: Call, number: str, wanted: "Iterable[Effect]") -> None:
    """Say on standard error how long an answer can still be taken back."""
    from mailgate.domain.draft import MailKind  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.effects import Send  # noqa: PLC0415

    seconds = int(call.settings().outbox.undo)
    if seconds and any(isinstance(one, Send) and one.kind is MailKind.AGENT for one in wanted):
        click.echo(f"leaves in {seconds} s; `mailgate ticket undo {number}` takes it back", err=True)


def tell_version(call: Call, number: str, *, changed: bool, as_json: bool) -> None:
    """Print a ticket's number and version, so that the next change can say what it was based on."""
    found = whole(call, number)
    if as_json:
        print_json(json_row(found))
        return
    if not changed:
        click.echo("nothing to change", err=True)
    click.echo(f"{found['number']} version {found['version']}")


def whole(call: Call, number: str) -> dict[str, Any]:
    """Return all that is known of a ticket; raises CommandError where there is none."""
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.listings import number_as_kept, ticket_number  # noqa: PLC0415

    with reading(call) as (_store, connection):
        found = queries.ticket(connection, number_as_kept(connection, number))
        if found is None:
            raise CommandError(f"there is no ticket {number!r}; `mailgate ticket list` shows the newest")
        found["merged_number"] = ticket_number(connection, found["merged_into"])
    return found


def catalogue(call: Call) -> "Catalogue":
    """Return what the business says now."""
    from mailgate.store.business import load_catalogue  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        return load_catalogue(connection, recipient_delimiter=call.settings().rules.recipient_delimiter)


def ticket_url(call: Call, found: dict[str, Any]) -> str:
    """Return the address of a ticket that can be copied (T12), "" where the desk has none."""
    from mailgate.domain.desk.talk import copyable  # noqa: PLC0415  --help must not pay for it

    return copyable(catalogue(call).desk.link_url, found["number"], found["id"])


def text_given(text: str, file: Path | None) -> str:
    """Return what is to be said: the argument, a file (`-` is standard input), else what the editor gives."""
    from mailgate.cli._read import text_of  # noqa: PLC0415  --help must not pay for it

    if text and file is not None:
        raise click.UsageError("say the text or --file, not both")
    if text:
        return text
    if file is not None:
        return text_of(file)
    return sys.stdin.read() if not sys.stdin.isatty() else (click.edit() or "")
