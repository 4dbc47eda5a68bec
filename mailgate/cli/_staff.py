"""What the commands on agents, teams and queues share: rights, presence, and how a login link looks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from mailgate.cli import _business
from mailgate.cli._as import acting, author, check
from mailgate.cli._options import Call, CommandError
from mailgate.cli._store import reading, writing

if TYPE_CHECKING:
    from mailgate.cli._items import Present
    from mailgate.domain.access import Thing, What
    from mailgate.domain.routing import Catalogue


def require(call: Call, agent: str, what: "What", thing: "Thing" = None) -> None:
    """Raise CommandError where whoever acts has no right to that; the system's administrator has all."""
    if agent:
        check(_business.present(call).catalogue, agent, what, thing)


def changed(item: Any, said: dict[str, Any]) -> Any:
    """Return a thing with what was said; a list that is said to be '' is empty, what is not said stays."""
    given = {key: value for key, value in said.items() if value not in (None, ())}
    lists = {key: tuple(v for v in value if v) for key, value in given.items() if isinstance(value, tuple)}
    return replace(item, **{**given, **lists})


def presences(call: Call) -> dict[str, datetime]:
    """Return who is present, and until when."""
    from mailgate.store.access import presences as present  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        return present(connection, datetime.now(UTC))


def say_present(call: Call, name: str, agent: str, until: datetime | None) -> bool:
    """Say that an agent is present until then, or away; returns whether it was present before."""
    from mailgate.domain.access import AgentThing, What  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.staff import queues_of  # noqa: PLC0415
    from mailgate.store.access import set_away, set_present  # noqa: PLC0415

    found = _business.present(call)
    _business.named(found, "agent", name)
    one = found.catalogue.agents[name]
    check(found.catalogue, agent, What.SET_PRESENCE, AgentThing(name, queues_of(one, found.catalogue)))
    if until is not None and not one.enabled:
        raise CommandError(f"agent {name!r} is disabled; `mailgate agent set {name} --enabled` changes that")
    before = name in presences(call)
    with writing(call) as (_store, writer):
        if until is None:
            writer.submit(lambda tx: set_away(tx, name)).result()
        else:
            writer.submit(lambda tx: set_present(tx, name, until)).result()
    return before


def new_link(call: Call, name: str, agent: str) -> tuple[str, datetime, str]:
    """Make a login link; returns its address, until when it holds, and what to know about the address."""
    from mailgate.store.access import digest_of, make_link, new_token  # noqa: PLC0415  --help must not pay for it

    found = _business.present(call)
    _business.named(found, "agent", name)
    if not found.catalogue.agents[name].enabled:
        raise CommandError(f"agent {name!r} is disabled; `mailgate agent set {name} --enabled` changes that")
    token, who = new_token(), author(acting(found.catalogue, agent))
    until = datetime.now(UTC).replace(microsecond=0)
    until += timedelta(hours=found.catalogue.desk.login_link_hours)
    with writing(call) as (_store, writer):
        writer.submit(lambda tx: make_link(tx, name, digest_of(token), until, who)).result()
    base, note = _base(call, found.catalogue)
    return f"{base}/login/{token}", until, note


def _base(call: Call, catalogue: "Catalogue") -> tuple[str, str]:
    """Return the beginning of the desk's addresses, and how to set it where it was only guessed."""
    from urllib.parse import urlsplit  # noqa: PLC0415  --help must not pay for it

    parts = urlsplit(catalogue.desk.link_url)
    if parts.scheme and parts.netloc:
        return f"{parts.scheme}://{parts.netloc}", ""
    where = call.settings().http.address.removeprefix("tcp:") or "127.0.0.1"
    note = "its address is the one of [http]; set the right one with"
    return (
        f"http://{where}",
        f"{note} `mailgate helpdesk set link_url 'https://desk.example.com/t/{{number}}'`",
    )


def tell_link(call: Call, name: str, agent: str) -> None:
    """Make a login link and print it, with what the reader must know."""
    url, until, note = new_link(call, name, agent)
    click.echo(f"\nthis lets {name} in once, until {until:%Y-%m-%d %H:%M} UTC:\n\n  {url}\n")
    if note:
        click.echo(note, err=True)


def queue_hints(found: "Present", name: str) -> tuple[str, ...]:
    """Return what a queue lacks (G13)."""
    from mailgate.domain.staff import hints  # noqa: PLC0415  --help must not pay for it

    return hints(found.catalogue.queues[name], found.catalogue, found.business.addresses)


def say_hints(found: "Present", name: str) -> None:
    """Print what a queue lacks, beside the output."""
    for hint in queue_hints(found, name) if name in found.catalogue.queues else ():
        click.echo(f"queue {name}: {hint}", err=True)
