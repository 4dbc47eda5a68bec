"""`mailgate template`: the texts of answers."""

from typing import IO

import click

from mailgate.cli import _business
from mailgate.cli._options import Call, CommandError, json_option, pass_call

HEADERS = ("name", "language", "subject", "html")


@click.group("template")
def template() -> None:
    """Look at and change the templates of answers."""


@template.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    """Show all templates."""
    found = _business.catalogue(call).templates.values()
    rows = [(t.name, t.language, t.subject, "yes" if t.html else "no") for t in found]
    _business.show_list(HEADERS, rows, as_json=as_json)


@template.command()
@click.argument("name")
@json_option
@pass_call
def show(call: Call, name: str, *, as_json: bool) -> None:
    """Show one template with its texts."""
    found = _business.catalogue(call).templates.get(name)
    if found is None:
        _business.require("template", name, _business.catalogue(call).templates)
        raise CommandError(f"there is no template {name!r}")
    values = {key: getattr(found, key) for key in ("name", "language", "subject", "text", "html")}
    _business.show_one(values, as_json=as_json)


@template.command("set")
@click.argument("name")
@click.option("--subject", help="The subject, a template as well.")
@click.option(
    "--text", type=click.File("r", encoding="utf-8"), help="File with the text; - is standard input."
)
@click.option("--html", type=click.File("r", encoding="utf-8"), help="File with the HTML part.")
@click.option("--language", help="As `de`.")
@_business.change_options
@pass_call
def set_(
    call: Call,
    name: str,
    subject: str | None,
    text: IO[str] | None,
    html: IO[str] | None,
    language: str | None,
    *,
    dry_run: bool,
    take_over: bool,
) -> None:
    """Add or change a template; a mistake in it is refused with its line. What is not said stays."""
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    from mailgate.domain.routing import Template  # noqa: PLC0415
    from mailgate.wiring import template_complaint  # noqa: PLC0415

    said = {
        "subject": subject,
        "text": text.read() if text is not None else None,
        "html": html.read() if html is not None else None,
        "language": language,
    }
    present = _business.catalogue(call).templates.get(name) or Template(name, "", "", "")
    changed = replace(present, **{k: v for k, v in said.items() if v is not None})
    if wrong := template_complaint(changed):
        raise CommandError(f"template {name}: {wrong}")
    _business.put(call, changed, dry_run=dry_run, take_over=take_over)


@template.command()
@click.argument("name")
@_business.change_options
@pass_call
def remove(call: Call, name: str, *, dry_run: bool, take_over: bool) -> None:
    """Remove a template that no script names."""
    scripts = _business.catalogue(call).scripts
    users = [f"script {script}" for script, source in scripts.items() if f'"{name}"' in source]
    _business.remove(call, "template", name, users, dry_run=dry_run, take_over=take_over)


COMMAND = template
