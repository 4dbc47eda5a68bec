"""What commands that change tickets, contacts and sessions share: the road that every change takes.

    command -> plan (pure: reader, now) -> effects -> rows, history, events -> followers

The writer here is this process's own: the database takes turns between it and the running gateway, which is
told afterwards, so that what was written to the outbox leaves at once.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mailgate.cli._options import TRY_LATER, Call, CommandError
from mailgate.cli._store import tell, writing

if TYPE_CHECKING:
    from mailgate.domain.action import PlanPolicy
    from mailgate.domain.routing import Catalogue
    from mailgate.store.application import Application
    from mailgate.store.deskunit import DeskPlan
    from mailgate.store.unit import UnitRules
    from mailgate.store.writer import Writer

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Desk:
    """One command's way to change something; `policy` holds what mails of ours need (keys, host name)."""

    call: Call
    writer: "Writer"
    rules: "UnitRules"
    policy: "PlanPolicy"

    @property
    def catalogue(self) -> "Catalogue":
        """What the business says now."""
        return self.rules.catalogue

    def perform(self, plan: "DeskPlan", *, locks: Iterable[str] = ()) -> "Application":
        """Plan and apply in one transaction, then tell the running gateway.

        Raises CommandError with the plan's own words; exit code 75 where somebody else was faster. `locks` as
        in `deskunit.perform`.
        """
        from mailgate.domain.deskerror import DeskError, Stale  # noqa: PLC0415  --help must not pay for it
        from mailgate.store.deskunit import perform  # noqa: PLC0415

        words = tuple(locks)
        work = self.writer.submit(lambda tx: perform(tx, plan, self.rules, locks=words))
        try:
            done: Application = work.result()
        except Stale as stale:
            raise CommandError(f"{stale}\nlook at it again, and say the version you saw", TRY_LATER) from None
        except DeskError as wrong:
            raise CommandError(str(wrong)) from None
        if done.outbox_rows:
            tell(self.call, "wake")
        return done


@contextmanager
def changing(call: Call) -> Iterator[Desk]:
    """Open the store to change something in it.

    with changing(call) as desk:
        desk.perform(lambda reader, now: plan_something(reader, desk.catalogue, now, …))
    """
    from mailgate.places import load_keys  # noqa: PLC0415
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.business import load_catalogue  # noqa: PLC0415
    from mailgate.vocabulary import listed_names  # noqa: PLC0415
    from mailgate.wiring import desk_rules, plan_policy  # noqa: PLC0415

    with writing(call) as (store, writer):
        settings = call.settings(resolve_secrets=True)
        with queries.reading(store) as connection:
            catalogue = load_catalogue(
                connection,
                recipient_delimiter=settings.rules.recipient_delimiter,
                listed=listed_names(settings),
            )
        keys = load_keys(settings.keys_path)
        rules = desk_rules(settings, keys, catalogue, store.blobs)
        yield Desk(call, writer, rules, plan_policy(settings, keys))


def version_option(function: F) -> F:
    """Add `--if-version`, which every change has that two may make at once; the command gets `if_version`.

    It is None where nothing was said.
    """
    return click.option(
        "--if-version",
        type=click.IntRange(min=0),
        metavar="N",
        help="Change it only while it is still at this version (`show` names it); else exit 75 and say what "
        "has changed.",
    )(function)
