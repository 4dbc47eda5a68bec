"""`mailgate contact import` and `export`: CSV and vCard files, with a report of what was wrong where."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mailgate.cli import _people
from mailgate.cli._as import as_option
from mailgate.cli._options import Call, CommandError, clean, json_option, pass_call, print_json
from mailgate.cli._store import opened, reading, writing
from mailgate.cli._tables import plural

if TYPE_CHECKING:
    from mailgate.domain.people.card import Line, Reading
    from mailgate.store.contact_import import Report

# Lines of one transaction: some 50 ms, so that the gateway goes on in between.
STEP: Final = 250
FORMATS: Final = ("csv", "vcard", "vcard3")


def _read(file: Path, kind: str) -> "tuple[Reading, str]":
    """Return what a file says, and its encoding."""
    from mailgate.domain.people.csvfile import read_csv  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.people.texts import decode  # noqa: PLC0415
    from mailgate.domain.people.vcard import read_vcards  # noqa: PLC0415

    octets = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    text, encoding = decode(octets)
    cards = kind == "vcard" or (not kind and text.lstrip()[:11].upper() == "BEGIN:VCARD")
    return (read_vcards if cards else read_csv)(text), encoding


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True, exists=True, dir_okay=False))
@click.option("--format", "kind", type=click.Choice(("csv", "vcard")), help="Instead of what it looks like.")
@click.option("--overwrite", is_flag=True, help="Also change what a person has set by hand.")
@click.option("--dry-run", is_flag=True, help="Show what would become of each line, and write nothing.")
@as_option
@json_option
@pass_call
def import_(
    call: Call, file: Path, *, kind: str | None, overwrite: bool, dry_run: bool, agent: str, as_json: bool
) -> None:
    r"""Take contacts from a CSV or vCard file: new ones are added, known ones (by any address) are completed.

    The first line of a CSV file names the columns, in English or German (name, email, firma, telefon …).
    Good lines are taken, wrong ones are listed, and the exit code is then 1. The same file again changes
    nothing. What a person has set stays, and is listed, unless --overwrite is said.

    \b
    mailgate contact import contacts.csv --dry-run
    mailgate contact import - --format vcard < contacts.vcf
    """
    from mailgate.store.contact_changes import By  # noqa: PLC0415  --help must not pay for it

    found, encoding = _read(file, kind or "")
    name = "standard input" if str(file) == "-" else file.name
    with opened(call) as store:
        by = By(_people.allowed(store, agent, "MERGE_CONTACT"), overwrite=overwrite)
    report = (_dry if dry_run else _wet)(call, found, name, by)
    report.wrong = sorted((*found.wrong, *report.wrong), key=lambda one: one.number)
    if as_json:
        print_json({**asdict(report), "encoding": encoding, "notes": found.notes, "dry_run": dry_run})
    else:
        _people.say(_report(report, found, name, encoding, dry_run=dry_run))
    if report.wrong:
        raise CommandError(f"{plural(len(report.wrong), 'mistake')} in {name}; those lines were not taken")


def _wet(call: Call, found: "Reading", name: str, by: Any) -> "Report":
    from mailgate.store.contact_import import Report, import_lines  # noqa: PLC0415  as above

    report = Report()
    with writing(call) as (store, writer), _progress(len(found.lines)) as bar:
        for lines in _steps(found.lines):
            work = partial(import_lines, lines=lines, file=name, by=by)
            report.add(_people.submitted(store, writer, work))
            bar.update(len(lines))
    return report


def _dry(call: Call, found: "Reading", name: str, by: Any) -> "Report":
    from mailgate.store.contact_import import DryRun, Report  # noqa: PLC0415  --help must not pay for it

    report = Report()
    with reading(call) as (_store, connection), _progress(len(found.lines)) as bar:
        run = DryRun(connection)
        for lines in _steps(found.lines):
            report.add(run.import_lines(lines, name, by))
            bar.update(len(lines))
    return report


def _steps(lines: "tuple[Line, ...]") -> "Iterator[tuple[Line, ...]]":
    for start in range(0, len(lines), STEP):
        yield lines[start : start + STEP]


def _progress(length: int) -> Any:
    """Return a bar on standard error, which shows on a terminal only."""
    return click.progressbar(length=length, file=sys.stderr, hidden=not sys.stderr.isatty())


def _report(report: "Report", found: "Reading", name: str, encoding: str, *, dry_run: bool) -> Iterator[str]:
    yield f"{name}: {'; '.join((encoding, *found.notes))}"
    for one in report.wrong:
        yield f"  line {one.number}: {one.text}"
    for kept in report.kept:
        what = f"{', '.join(kept.fields)} of contact {kept.contact_id} ({kept.address})"
        yield f"  line {kept.number}: {what} stays as a person has set it; --overwrite takes the file's"
    counts = ((report.added, "added"), (report.changed, "changed"), (report.same, "as they are"))
    yield ", ".join(f"{n} {word}" for n, word in (*counts, (len(report.wrong), "wrong")))
    if dry_run:
        yield "nothing was written (--dry-run)"


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True, dir_okay=False), default="-")
@click.option(
    "--format", "kind", type=click.Choice(FORMATS), default="csv", show_default=True,
    help="CSV, or vCards of version 4.0 or 3.0.",
)  # fmt: skip
@_people.filter_options
@pass_call
def export_(call: Call, /, file: Path, *, kind: str, **filters: Any) -> None:
    r"""Write all contacts that have an address, or those that fit the filters, as CSV or vCard.

    What a table program would run as a formula (a cell with = + - @ in front) gets an apostrophe, which an
    import takes away again.

    \b
    mailgate contact export contacts.csv
    mailgate contact export --format vcard --vip > vip.vcf
    """
    from mailgate.domain.people.csvfile import write_csv  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.people.vcard import write_vcards  # noqa: PLC0415
    from mailgate.store.contacts import Wanted, all_contacts  # noqa: PLC0415

    wanted = Wanted(type=filters.pop("kind_", ""), **filters)
    count = 0
    with reading(call) as (_store, connection), click.open_file(str(file), "wb") as out:
        cards = (one.card for one in all_contacts(connection, wanted))
        texts = (
            write_csv(cards) if kind == "csv" else write_vcards(cards, "4.0" if kind == "vcard" else "3.0")
        )
        for text in texts:
            out.write(text.encode("utf-8", "replace"))
            count += 1
    if str(file) != "-":
        click.echo(clean(f"{plural(count - (kind == 'csv'), 'contact')} written to {file}"))
