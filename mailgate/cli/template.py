"""`mailgate template`: the texts of answers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailgate.cli import _business, _templatefiles
from mailgate.cli._options import Call, CommandError, json_option, pass_call
from mailgate.cli._read import FILE, octets_of, text_of

if TYPE_CHECKING:
    from mailgate.domain.routing import Template

HEADERS = ("name", "language", "format", "subject", "html", "recipients", "used_by", "error", "file")
PARTS = ("subject", "text", "html", "language", "format", "recipients")


@click.group("template")
def template() -> None:
    """Look at, check, try and change the templates of answers."""


@template.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    r"""Show all templates, who uses them, and what is wrong with them.

    \b
    mailgate template list
    """
    from mailgate.cli._items import of_template, users  # noqa: PLC0415  --help must not pay for it

    found = _business.present(call)
    rows = [
        (
            *(one.name, one.language, one.format, one.subject, bool(one.html) or one.format != "text"),
            one.recipients,
            users("template", one.name, found.catalogue, found.business.addresses),
            next(of_template(one), ""),
            found.origins["template", one.name],
        )
        for one in found.business.templates
    ]
    _business.show_list(HEADERS, rows, as_json=as_json)


@template.command()
@click.argument("name")
@json_option
@pass_call
def show(call: Call, name: str, *, as_json: bool) -> None:
    r"""Show one template with its texts.

    \b
    mailgate template show received
    """
    found = _business.present(call)
    one = _business.named(found, "template", name)
    values = {key: getattr(one, key) for key in ("name", *PARTS)}
    _business.show_one({**values, "file": found.origins["template", name]}, as_json=as_json)


def _parts(function: Any) -> Any:
    for option in (
        click.option(
            "--recipient",
            "recipients",
            multiple=True,
            metavar="WHO",
            help="Whom it goes to: contact, agent, group, an address; again for more, '' for none.",
        ),
        click.option("--language", help="The language of the text, as `de`."),
        click.option("--html", type=FILE, help="File with the HTML part, instead of one made of the text."),
        click.option(
            "--format", help="What the text is: text, or markdown or html: both parts are made of it."
        ),
        click.option("--text", type=FILE, help="File with the text; - is standard input."),
        click.option("--subject", help="The subject, a template as well; '' means RE: and the original one."),
    ):
        function = option(function)
    return function


def _changed(one: "Template", said: dict[str, Any]) -> "Template":
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    given: dict[str, Any] = {
        key: text_of(said[key]) if isinstance(said[key], Path) else said[key]
        for key in PARTS
        if said[key] is not None and said[key] != ()
    }
    if "recipients" in given:
        given["recipients"] = tuple(dict.fromkeys(filter(None, given["recipients"])))
    return replace(one, **given)


def _read(said: dict[str, Any]) -> dict[str, Any]:
    """Return the parts with the files' contents in their place: standard input can be read only once."""
    return {key: text_of(value) if isinstance(value, Path) else value for key, value in said.items()}


@template.command("put")
@click.argument("name")
@_parts
@_business.change_options
@pass_call
def put(call: Call, /, name: str, *, dry_run: bool, take_over: bool, **said: Any) -> None:
    r"""Add a template, or change it; what is not said stays as it is.

    All mistakes are shown at once, and then nothing is changed. Tags: {{ ticket.number }}, @{ticket_id},
    $helpdesk-ticket_no$, SERIAL_SALUTATION (docs/templates.md has them all).

    \b
    mailgate template put received --subject 'Received: {{ mail.subject }}' --text received.txt
    mailgate template put late.de --format markdown --text late.md --recipient agent --recipient group
    """
    parts = _read(said)

    def make(found: Any) -> Any:
        from mailgate.domain.routing import Template  # noqa: PLC0415  --help must not pay for it

        return _changed(found.all("template").get(name, Template(name, "", "")), parts)

    _business.put(call, make, _business.How(dry_run, take_over))


@template.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@_parts
@pass_call
def check(call: Call, /, names: tuple[str, ...], **said: Any) -> None:
    r"""Look for mistakes: in stored templates (all without NAME), or in files before they are stored.

    Exit 1 if there are any; they are printed as template: part line N: what is wrong.

    \b
    mailgate template check
    mailgate template check --text received.txt --html received.html
    """
    from mailgate.cli._items import of_template  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.routing import Template  # noqa: PLC0415

    if any(value is not None and value != () for value in said.values()):
        if names:
            raise click.UsageError("name stored templates, or give files: not both")
        checked: list[Any] = [_changed(Template("(new)", "", "-"), _read(said))]
    else:
        found = _business.present(call)
        checked = [_business.named(found, "template", one) for one in names or found.all("template")]
    wrong = [line for one in checked for line in of_template(one)]
    if not any(said.values()):
        wrong += [line for one in checked for line in _templatefiles.missing_images(found, one)]
    for line in wrong:
        click.echo(line)
    if wrong:
        raise CommandError(f"{len(wrong)} mistake{'s' if len(wrong) > 1 else ''}")
    click.echo(f"{len(checked)} template{'s' if len(checked) != 1 else ''} checked, no mistakes")


@template.command()
@click.argument("name")
@click.option(
    "--ticket", default="", metavar="NUMBER", help="The ticket that it is about, instead of a mail."
)
@click.option("--agent", default="", metavar="NAME", help="With --ticket: who writes; else a machine does.")
@click.option("--language", default="", help="The language of whoever reads it, instead of the contact's.")
@click.option("--mail", type=FILE, help="File with the mail that is answered; without it one is made up.")
@click.option("--from", "sender", default="", metavar="ADDRESS", help="Who is answered.")
@click.option("--to", "recipient", default="", metavar="ADDRESS", help="The address that the mail was for.")
@json_option
@pass_call
def render(call: Call, /, name: str, *, as_json: bool, **said: Any) -> None:
    r"""Show the mail that NAME becomes; nothing is written or sent.

    For a mail it is the answer, in a new ticket; with --ticket what is said about that ticket, to the
    template's recipients. NAME is as rules say it: queue and language choose among its variants.

    \b
    mailgate template render received --from anna@customer.example --to support@example.com
    mailgate template render late --ticket T-7 --language de
    """
    from mailgate.cli._sample import for_mail, for_ticket  # noqa: PLC0415  --help must not pay for it

    number, agent, language, mail = said["ticket"], said["agent"], said["language"], said["mail"]
    if number and (mail is not None or said["sender"] or said["recipient"]):
        raise click.UsageError("--ticket needs no mail: leave --mail, --from and --to out")
    if agent and not number:
        raise click.UsageError("--agent writes about a ticket: say --ticket as well")
    if number:
        found = for_ticket(call, name, number, language, agent)
    else:
        octets = octets_of(mail) if mail is not None else None
        found = for_mail(call, name, octets, said["sender"], said["recipient"], language)
    values = {"from": found.from_address, "to": ", ".join(found.to), "subject": found.subject}
    _business.show_one({**values, "text": found.text, "html": found.html}, as_json=as_json)


@template.command()
@click.argument("name")
@_business.change_options
@pass_call
def remove(call: Call, name: str, *, dry_run: bool, take_over: bool) -> None:
    """Remove a template that no script names."""
    _business.remove(call, "template", name, _business.How(dry_run, take_over))


for _command in _templatefiles.COMMANDS:
    template.add_command(_command)

COMMAND = template
