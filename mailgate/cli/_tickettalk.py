"""`mailgate ticket reply|comment|new|followup|participant`: what is said about a ticket, and to whom."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailgate.cli._as import as_option
from mailgate.cli._desk import changing
from mailgate.cli._options import Call, CommandError, json_option, pass_call, print_json, print_table
from mailgate.cli._read import FILE
from mailgate.cli._store import reading, tell, when
from mailgate.cli._tables import cut, json_row, limit_option, more, plural
from mailgate.cli._ticketdesk import TicketChange, changes, perform, tell_suppressed, tell_version, text_given

if TYPE_CHECKING:
    from mailgate.domain.desk.talk import Words
    from mailgate.domain.draft import Enclosed

ATTACHED = click.Path(exists=True, dir_okay=False, path_type=Path)
TEXT = click.argument("text", default="")
TEXT_FILE = click.option("--file", type=FILE, help="The file that the text stands in; - is standard input.")


def writes(function: Callable[..., None]) -> Callable[..., None]:
    """Add what every mail that an agent writes has; the command gets all of it as `words`."""

    @wraps(function)
    def run(
        *arguments: Any,
        text: str,
        file: Path | None,
        template: str,
        cc: tuple[str, ...],
        attach: tuple[Path, ...],
        markdown: bool,
        no_signature: bool,
        **own: Any,
    ) -> None:
        from mailgate.domain.desk.talk import Words  # noqa: PLC0415  --help must not pay for it

        # Whoever names a template need not say more; nobody is asked for it.
        said = "" if template and not text and file is None else text_given(text, file)
        words = Words(
            said,
            template=template,
            markdown=markdown,
            signature=not no_signature,
            cc=cc,
            files=_enclosed(attach),
        )
        function(*arguments, words=words, **own)

    for option in (
        click.option("--no-signature", is_flag=True, help="Without the signature of the queue."),
        click.option("--attach", type=ATTACHED, multiple=True, help="A file that goes along; up to 10."),
        click.option("--cc", multiple=True, metavar="ADDRESS", help="Who gets a copy of this mail."),
        click.option("--markdown", is_flag=True, help="The text is Markdown: it leaves as text and as HTML."),
        click.option("--template", default="", help="A template that is said first, for this ticket."),
        TEXT_FILE,
        TEXT,
    ):
        run = option(run)
    return run


def _enclosed(paths: Sequence[Path]) -> "tuple[Enclosed, ...]":
    """Return files that go along; raises CommandError for one that may not, or cannot be read."""
    from mailgate.domain.deskerror import DeskError  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.draft import Attachment, Enclosed  # noqa: PLC0415
    from mailgate.store.files import described, opened  # noqa: PLC0415

    found: list[Enclosed] = []
    for path in paths:
        beside = [Attachment(one.name, "", size=len(one.octets)) for one in found]
        try:
            with opened(path) as content:
                described(content, path.name, inline=False, beside=beside)
                found.append(Enclosed(path.name, "", bytes(content)))
        except DeskError as wrong:
            raise CommandError(f"--attach {path}: {wrong}") from None
    return tuple(found)


@click.command()
@changes
@writes
@click.option("--to", default="", metavar="ADDRESS", help="Whom to answer; else whoever wrote last.")
@click.option("--subject", default="", help="Another subject, where agents may edit them (setting subjects).")
@click.option("--status", default="", help="The status that the ticket gets.")
def reply(change: TicketChange, /, words: "Words", **said: str) -> None:
    r"""Answer the customer: the mail leaves from the queue's address, with copies to confirmed participants.

    The text is the argument, a file, or what comes from standard input or the editor. The signature of the
    ticket's queue stands behind it.

    \b
    mailgate ticket reply T-7 "It is on its way." --status pending --as anna
    mailgate ticket reply T-7 --file answer.md --markdown --attach invoice.pdf
    mailgate ticket reply T-7 --template returns --cc boss@customer.example
    """
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    from mailgate.domain.desk.talk import reply as plan  # noqa: PLC0415

    words = replace(words, to=said["to"], subject=said["subject"], status=said["status"])
    change.planned(
        lambda ground, desk: plan(ground, desk.policy, change.number, words, version=change.if_version)
    )


@click.command()
@changes
@TEXT
@TEXT_FILE
@click.option("--send", is_flag=True, help="Send it to the customer: it is an answer then.")
def comment(change: TicketChange, text: str, file: Path | None, *, send: bool) -> None:
    r"""Write a comment that agents alone see; nothing leaves, unless --send says so (S8).

    What was sent is an answer in the history, and the customer's answer to it an entry of the ticket.

    \b
    mailgate ticket comment T-7 "Called, nobody there." --as anna
    mailgate ticket comment T-7 "We have called you." --send --as anna
    """
    from mailgate.domain.desk.fields import comment as plan  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.desk.talk import Words  # noqa: PLC0415
    from mailgate.domain.desk.talk import reply as answer  # noqa: PLC0415

    said = text_given(text, file)
    if not send:
        change.make(plan, said)
        return
    number, version = change.number, change.if_version
    change.planned(lambda ground, desk: answer(ground, desk.policy, number, Words(said), version=version))


@click.command()
@changes
@click.option("--entry", type=click.IntRange(min=1), default=None, help="Which answer; else the latest.")
def undo(change: TicketChange, entry: int | None) -> None:
    r"""Take back an answer that has not left yet (setting outbox.undo says how long it waits).

    It stays in the history, marked as undone; what it did to status and session stays too.

    \b
    mailgate ticket undo T-7 --as anna
    mailgate ticket undo T-7 --entry 12
    """
    from mailgate.domain.desk.undo import undo as plan  # noqa: PLC0415  --help must not pay for it

    change.make(plan, entry or 0)
    tell(change.call, "undone")


@click.command()
@click.argument("to", metavar="ADDRESS")
@click.argument("subject")
@writes
@click.option("--queue", required=True, help="The queue that it is sent from and answered to.")
@click.option("--name", default="", help="The name of an addressee whom nobody knows yet.")
@click.option("--for", "owner", default="", metavar="AGENT", help="Who has the ticket; else whoever writes.")
@as_option
@click.option("--json", "as_json", is_flag=True, help="Print the ticket as JSON.")
@pass_call
def new(
    call: Call,
    /,
    to: str,
    subject: str,
    words: "Words",
    agent: str,
    *,
    as_json: bool,
    **said: str,
) -> None:
    r"""Open a ticket with a mail of ours (setting outgoing_tickets); an unknown address becomes a contact.

    \b
    mailgate ticket new anna@customer.example "Your order" "It is late." --queue sales --as ben
    """
    from mailgate.domain.desk.talk import FirstMail, write_first  # noqa: PLC0415  --help must not pay for it

    mail = FirstMail(said["queue"], to, subject, words.text, said["name"], said["owner"], words)
    with changing(call) as desk:
        done = perform(desk, agent, lambda ground: write_first(ground, desk.policy, mail))
    tell_suppressed(done)
    if not done.number:
        click.echo("sent, and no ticket opened (setting outgoing_tickets is off)")
        return
    tell_version(call, done.number, changed=True, as_json=as_json)


@click.group()
def followup() -> None:
    """Remind an agent of a ticket at a date."""


@followup.command("add")
@changes
@click.argument("at", metavar="WHEN")
@click.argument("note", default="")
@click.option("--for", "who", default="", metavar="AGENT", help="Who is reminded; else whoever has it.")
def followup_add(change: TicketChange, at: str, note: str, who: str) -> None:
    r"""Add a reminder. WHEN is a time in UTC, or in so many days or hours: 3d, 4h.

    \b
    mailgate ticket followup add T-7 3d "ask again" --for anna
    mailgate ticket followup add T-7 2026-12-01T09:00
    """
    from mailgate.domain.desk.people import add_follow_up  # noqa: PLC0415  --help must not pay for it

    change.planned(
        lambda ground, _desk: add_follow_up(
            ground, change.number, _time(at, ground.now), who, note, version=change.if_version
        )
    )


def _time(text: str, now: datetime) -> datetime:
    """Return a time as a person writes it; raises CommandError."""
    from mailgate.domain.helpdesk import read_span  # noqa: PLC0415  --help must not pay for it

    if text[-1:] in {"m", "h", "d"} and text[:-1].isdigit():
        try:
            return now + timedelta(seconds=read_span(text))
        except ValueError as bad:
            raise CommandError(str(bad)) from None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no time; write 3d, 4h or 2026-12-01T09:00") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


@followup.command("done")
@click.argument("follow_up_id", type=click.IntRange(min=1), metavar="ID")
@as_option
@pass_call
def followup_done(call: Call, follow_up_id: int, agent: str) -> None:
    r"""End a reminder, before or after its agent was told. ID is what `ticket show` prints.

    \b
    mailgate ticket followup done 3
    """
    from mailgate.domain.desk.people import end_follow_up  # noqa: PLC0415  --help must not pay for it

    with changing(call) as desk:
        perform(desk, agent, lambda ground: end_follow_up(ground, follow_up_id))
    click.echo(f"follow-up {follow_up_id} is done")


@followup.command("list")
@click.option("--for", "who", default="", metavar="AGENT", help="Only this agent's.")
@click.option("--due", is_flag=True, help="Only those whose time has come.")
@limit_option("reminders")
@json_option
@pass_call
def followup_list(call: Call, who: str, limit: int, *, due: bool, as_json: bool) -> None:
    r"""Show reminders that nobody was told of yet, the next one first. Times are UTC.

    \b
    mailgate ticket followup list --for anna
    """
    from mailgate.store.followups import list_follow_ups  # noqa: PLC0415  --help must not pay for it

    until_ms = int(datetime.now(UTC).timestamp() * 1000) if due else 0
    with reading(call) as (_store, connection):
        found = list_follow_ups(connection, agent=who, until_ms=until_ms, limit=limit + 1)
    if as_json:
        print_json([json_row(row) for row in found[:limit]])
    elif not found:
        click.echo("no reminder")
    else:
        print_table(
            ("id", "at", "agent", "ticket", "note", "subject"),
            [
                (
                    row["id"], when(row["at"]), row["agent"], row["number"], cut(row["note"]),
                    cut(row["subject"]),
                )
                for row in found[:limit]
            ],
        )  # fmt: skip
    more(len(found), limit, "reminders")


@followup.command("run")
@pass_call
def followup_run(call: Call) -> None:
    r"""Tell agents of all that is due, now; the running gateway does so every minute.

    \b
    mailgate ticket followup run
    """
    from mailgate.jobs.followups import tell_due  # noqa: PLC0415  --help must not pay for it

    with changing(call) as desk:
        told = tell_due(desk.writer, lambda: desk.rules, desk.policy)
    if told:
        tell(call, "wake")
    click.echo(f"{plural(told, 'reminder')} told")


@click.group()
def participant() -> None:
    """Say who takes part in a ticket beside its contact: confirmed ones get copies of answers."""


def _person(name: str, text: str, plan: str) -> click.Command:
    """Return one of the commands on participants; they differ in their plan alone."""

    @changes
    @click.argument("address")
    def run(change: TicketChange, address: str) -> None:
        from mailgate.domain.desk import people  # noqa: PLC0415  --help must not pay for it

        change.make(getattr(people, plan), address)

    example = f"mailgate ticket participant {name} T-7 ben@customer.example"
    return click.command(name, help=f"{text}\n\n\b\n{example}")(run)


for _one in (
    _person("add", "Let somebody take part as Cc.", "add_participant"),
    _person("confirm", "Confirm somebody who wrote by a link alone.", "confirm_participant"),
    _person("remove", "Let somebody take part no longer.", "remove_participant"),
):
    participant.add_command(_one)

COMMANDS = (reply, undo, comment, new, followup, participant)
