"""`mailgate ticketqueue`: the queues that tickets lie in (`mailgate queue` is the outgoing mail's)."""

from typing import Any

import click

from mailgate.cli import _business, _staff
from mailgate.cli._options import Call, json_option, pass_call

HEADERS = (
    "name", "address", "from_name", "language", "enabled", "addresses", "agents", "assignment", "tickets",
    "hints", "file",
)  # fmt: skip
FIRST = ("name", "address", "from_name", "language", "enabled")
MORE = (
    "hours", "timezone", "holidays", "region", "teams", "mailbox", "template_set", "signature", "assignment",
    "assign_limit", "assign_closed_hours", "assign_absent", "assign_not_new", "assign_not_answers",
    "signature_off", "answer_new", "answer_closed", "answer_paused", "answer_inactive",
    "answer_inactive_days", "answer_from", "sent_copy", "notify",
)  # fmt: skip


@click.group("ticketqueue")
def ticketqueue() -> None:
    """Look at and change the queues of tickets.

    `mailgate queue` is another one: the outgoing mail.
    """


@ticketqueue.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    r"""Show all queues: addresses that lead there, agents, tickets, what is missing, which file says so.

    \b
    mailgate ticketqueue list --json
    """
    from mailgate.domain.staff import agents_of  # noqa: PLC0415  --help must not pay for it

    found, counts = _business.present(call), _tickets(call)
    rows = [
        (
            *(getattr(one, key) for key in FIRST),
            sum(route.queue == name for route in found.business.addresses),
            sum(agent.enabled for agent in agents_of(one, found.catalogue)),
            one.assignment,
            sum(counts.get(name, {}).values()),
            _staff.queue_hints(found, name),
            found.origins["queue", name],
        )
        for name, one in found.catalogue.queues.items()
    ]
    _business.show_list(HEADERS, rows, as_json=as_json)


def _tickets(call: Call) -> dict[str, dict[str, int]]:
    """Return how many tickets each queue has, by status."""
    from mailgate.cli._store import reading  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.queries import ticket_counts  # noqa: PLC0415

    counts: dict[str, dict[str, int]] = {}
    with reading(call) as (_store, connection):
        for row in ticket_counts(connection):
            if row["n"]:
                counts.setdefault(row["queue"], {})[row["status"]] = row["n"]
    return counts


@ticketqueue.command()
@click.argument("name")
@json_option
@pass_call
def show(call: Call, name: str, *, as_json: bool) -> None:
    r"""Show one queue: its settings, who works on it, what uses it, what is missing, its tickets by status.

    \b
    mailgate ticketqueue show support
    """
    from mailgate.cli._items import users  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.staff import agents_of  # noqa: PLC0415

    found = _business.present(call)
    item = _business.named(found, "queue", name)
    counts = _tickets(call).get(name, {})
    values: dict[str, Any] = {key: getattr(item, key) for key in FIRST}
    values |= {key: getattr(item, key) for key in MORE}
    staff = agents_of(found.catalogue.queues[name], found.catalogue)
    values["agents"] = [one.name if one.enabled else f"{one.name} (disabled)" for one in staff]
    values["hints"] = _staff.queue_hints(found, name)
    values["used_by"] = users("queue", name, found.catalogue, found.business.addresses)
    values["tickets"] = counts if as_json else [f"{n} {status}" for status, n in counts.items()]
    values["file"] = found.origins["queue", name]
    _business.show_one(values, as_json=as_json)


def _options(function: Any) -> Any:
    for option in (
        _business.how_options,
        click.option(
            "--assign-not-answers/--assign-answers",
            default=None,
            help="Answers into conversations without an agent are taken by hand.",
        ),
        click.option("--assign-not-new/--assign-new", default=None, help="New mail is taken by hand."),
        click.option(
            "--assign-absent/--assign-present",
            default=None,
            help="Whether agents who are not present are given work too.",
        ),
        click.option(
            "--assign-closed-hours/--assign-open-hours",
            default=None,
            help="Whether work is given out outside business hours too.",
        ),
        click.option("--assign-limit", type=int, help="How many an agent gets a day; 0 is any number."),
        click.option("--notify", help="Who gets a notice of a customer's mail: off, agent, or team."),
        click.option("--sent-copy", help="Where copies of answers go: a target, or `TARGET/Folder`."),
        click.option("--answer-from", help="The address that automatic answers come from."),
        click.option("--answer-inactive-days", type=int, help="After how many days without activity."),
        click.option("--answer-inactive", help="The template for mail into a session that rested."),
        click.option("--answer-paused", help="The template for mail into a paused session."),
        click.option("--answer-closed", help="The template for mail into a closed session."),
        click.option("--answer-new", help="The template for the first mail of a conversation."),
        click.option("--signature-off/--signature-on", default=None, help="Whether answers go without it."),
        click.option("--assignment", help="How work is given out: off (by hand), or fewest."),
        click.option("--signature", help="The template of its signature."),
        click.option("--template-set", help="The beginning of its templates' names."),
        click.option("--mailbox", help="The target (kind smtp) that its answers leave by; '' is the relay."),
        click.option("--team", "teams", multiple=True, help="A team that works on it; '' is none."),
        click.option("--enabled/--disabled", default=None, help="Whether it takes tickets."),
        click.option("--region", help="Whose public holidays it keeps, as `DE-BY`."),
        click.option(
            "--holiday", "holidays", multiple=True, help="A day off: 2026-12-24, or 12-25; '' is none."
        ),
        click.option("--timezone", help="The time zone of the hours, as `Europe/Berlin`."),
        click.option("--hours", help="Business hours, as `Mon-Fri 09:00-17:00`; empty is always."),
        click.option("--language", help="The language of its texts, as `de`."),
        click.option("--from-name", help="The name beside that address."),
        click.option("--address", help="The address that its answers are sent from."),
    ):
        function = option(function)
    return function


@ticketqueue.command("add")
@click.argument("name")
@_options
@pass_call
def add(call: Call, /, name: str, *, how: _business.How, **said: Any) -> None:
    r"""Add a queue.

    \b
    mailgate ticketqueue add support --address support@example.com --from-name "Example Support"
    """
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.routing import Queue  # noqa: PLC0415

    _staff.require(call, how.who, What.MAKE_QUEUE)
    item = _staff.changed(Queue(name), said)
    if _business.add(call, item, how) and not how.dry_run:
        _staff.say_hints(_business.present(call), name)


@ticketqueue.command("set")
@click.argument("name")
@_options
@pass_call
def set_(call: Call, /, name: str, *, how: _business.How, **said: Any) -> None:
    r"""Change a queue; what is not said stays as it is.

    \b
    mailgate ticketqueue set support --language de
    mailgate ticketqueue set support --team first-level --assignment fewest --assign-limit 20
    """
    from mailgate.domain.access import QueueThing, What  # noqa: PLC0415  --help must not pay for it

    def make(found: Any) -> Any:
        return _staff.changed(_business.named(found, "queue", name), said)

    _staff.require(call, how.who, What.SET_QUEUE, QueueThing(name))
    if _business.put(call, make, how) and not how.dry_run:
        _staff.say_hints(_business.present(call), name)


@ticketqueue.command()
@click.argument("name")
@_business.how_options
@pass_call
def remove(call: Call, name: str, *, how: _business.How) -> None:
    r"""Remove a queue that nothing names and no ticket lies in.

    `mailgate ticketqueue set NAME --disabled` keeps it for its tickets and lets no new ones in.

    \b
    mailgate ticketqueue remove orders --dry-run
    """
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it

    _staff.require(call, how.who, What.MAKE_QUEUE)
    _business.remove(call, "queue", name, how)


COMMAND = ticketqueue
