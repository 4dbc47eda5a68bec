"""`mailgate template attach | detach | files`: what goes along with an answer that a template makes (G20)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mailgate.cli import _business
from mailgate.cli._business import How, change_options
from mailgate.cli._options import TRY_LATER, Call, CommandError, clean, json_option, pass_call
from mailgate.cli._store import opened, tell, writing

if TYPE_CHECKING:
    from mailgate.cli._items import Present
    from mailgate.domain.draft import Attachment
    from mailgate.domain.helpdesk import DeskPolicy
    from mailgate.domain.routing import Template
    from mailgate.store.db import Store
    from mailgate.store.templatefiles import FileChange

HEADERS: Final = ("name", "kind", "octets", "shown_as", "sha256")


@click.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--inline", is_flag=True, help='An image that the HTML shows: <img src="cid:logo.png">.')
@click.option(
    "--as", "called", default="", metavar="NAME", help="What it is called; as on the disk if not said."
)
@change_options
@pass_call
def attach(
    call: Call, name: str, file: Path, *, inline: bool, called: str, dry_run: bool, take_over: bool
) -> None:
    r"""Let FILE go along with every answer that the template NAME makes.

    \b
    mailgate template attach received terms.pdf
    mailgate template attach received logo.png --inline

    One of the same name is replaced. Up to 10 files and 10 images, 25 MB (MiB) of each (of images
    what the setting `images_mb` says); JPEG, PNG, GIF, TIFF,
    RAW and WebP images, MP4, MOV, AVI, WMV and WebM videos, MP3 and WAV, PDF, Word, Excel and PowerPoint
    documents without macros, CSV and TXT. What a file is, its content says; its name must say the same.
    """
    from mailgate.domain.attach import MEBI, MOST_OCTETS, clean_file_name  # noqa: PLC0415
    from mailgate.domain.deskerror import DeskError  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.files import described, keep_file  # noqa: PLC0415
    from mailgate.store.files import opened as read  # noqa: PLC0415
    from mailgate.store.templatefiles import FileChange  # noqa: PLC0415

    def planned(there: "Sequence[Attachment]", store: "Store", desk: "DeskPolicy") -> "list[FileChange]":
        most = desk.images_mb * MEBI if inline else MOST_OCTETS
        beside = [one for one in there if one.name != clean_file_name(called or file.name)]
        with read(file, most) as content:
            made = described(content, called or file.name, inline=inline, beside=beside, most=most)
        if made in there:
            return []
        if not dry_run:
            keep_file(store.blobs, file, made)
        return [FileChange("attach", name, made, len(beside) < len(there))]

    try:
        _change(call, name, planned, How(dry_run, take_over))
    except DeskError as wrong:
        raise CommandError(str(wrong)) from None


@click.command()
@click.argument("name")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@change_options
@pass_call
def detach(call: Call, name: str, files: tuple[str, ...], *, dry_run: bool, take_over: bool) -> None:
    r"""Let files go along with the answers of the template NAME no longer.

    \b
    mailgate template detach received terms.pdf
    """
    from mailgate.cli._items import near  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.templatefiles import FileChange  # noqa: PLC0415

    def planned(there: "Sequence[Attachment]", *_: object) -> "list[FileChange]":
        known = {one.name: one for one in there}
        for one in files:
            if one not in known:
                raise CommandError(f"no file {one!r} goes along with {name!r}{near(one, known)}")
        return [FileChange("detach", name, known[one]) for one in dict.fromkeys(files)]

    _change(call, name, planned, How(dry_run, take_over))


@click.command()
@click.argument("name")
@json_option
@pass_call
def files(call: Call, name: str, *, as_json: bool) -> None:
    r"""Show what goes along with the answers of the template NAME.

    \b
    mailgate template files received
    """
    found = _business.present(call)
    _business.named(found, "template", name)
    rows = [
        (one.name, one.kind, one.size, f"cid:{one.cid}" if one.cid else "", one.blob)
        for one in found.catalogue.files.get(name, ())
    ]
    _business.show_list(HEADERS, rows, as_json=as_json)


def _change(call: Call, name: str, planned: Any, how: How) -> None:
    """Plan on the files that are there, show the plan and carry it out, with the audit."""
    with opened(call) as store:
        found = _business.present(call)
        _business.named(found, "template", name)
        _business.require_ours(found, "template", name, how)
        changes = planned(found.catalogue.files.get(name, ()), store, found.catalogue.desk)
    if changes and not how.dry_run:
        _carry_out(call, found, name, changes, how)
    for line in map(line_of, changes):
        click.echo(line)
    if not changes:
        click.echo("nothing to change")
    elif how.dry_run:
        click.echo("nothing was changed (--dry-run)")
    else:
        tell(call, "reload")


def _carry_out(call: Call, found: "Present", name: str, changes: "Sequence[FileChange]", how: How) -> None:
    from mailgate.cli._who import who  # noqa: PLC0415  --help must not pay for it
    from mailgate.store import queries  # noqa: PLC0415
    from mailgate.store.business import Moved, apply_changes, set_one  # noqa: PLC0415
    from mailgate.store.templatefiles import apply_files  # noqa: PLC0415

    user, version = who(), found.catalogue.version
    with writing(call) as (store, writer):
        with queries.reading(store) as connection:
            own = set_one(connection, found.all("template")[name], take_over=how.take_over)

        def work(tx: Any) -> None:
            apply_changes(tx, own, user, planned_at=version)
            apply_files(tx, changes, user)

        try:
            writer.submit(work).result()
        except Moved:
            text = "somebody else changed the business data meanwhile, try again"
            raise CommandError(text, TRY_LATER) from None


def missing_images(found: "Present", template: "Template") -> Iterator[str]:
    """Yield a line for each image that the HTML of a stored template names and that does not go along."""
    from mailgate.outbox.parts import named_images  # noqa: PLC0415  --help must not pay for it

    there = {one.cid for one in found.catalogue.files.get(template.name, ())}
    parts = {"html": template.html, **({"text": template.text} if template.format != "text" else {})}
    for part, source in parts.items():
        for cid in sorted(named_images(source) - there):
            if "{" not in cid:
                yield clean(
                    f"{template.name}: {part} names the image cid:{cid}, and none of that name goes along"
                )


def line_of(change: "FileChange") -> str:
    """Return what a change of a file is, for people."""
    file = change.file
    if change.action == "detach":
        return clean(f"detach {file.name} from template {change.template}")
    shown = f", shown as cid:{file.cid}" if file.cid else ""
    again = " (again)" if change.replaces else ""
    return clean(
        f"attach {file.name} to template {change.template}{again}: {file.kind}, {file.size:,} octets{shown}"
    )


def as_json(change: "FileChange") -> dict[str, Any]:
    """Return the same for programs, in the form of other changes of business data."""
    file = change.file
    return {
        "action": change.action,
        "kind": "file",
        "name": f"{change.template}/{file.name}",
        "fields": [],
        "old": {},
        "new": {}
        if change.action == "detach"
        else {"kind": file.kind, "size": file.size, "sha256": file.blob},
    }


COMMANDS: Final = (attach, detach, files)
