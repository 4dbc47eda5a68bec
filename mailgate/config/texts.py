"""Business data as text: what `mailgate apply` reads, and `mailgate export` writes.

A folder holds `*.toml` with `[[queue]]`, `[[agent]]`, `[[address]]` and `[[template]]` tables, and scripts as
`*.sieve`, at any depth, each named by its file. A single TOML file may stand alone. The database is the one
truth; these texts change it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

from mailgate.config.files import Tree, read_files, read_folder
from mailgate.config.section import Section, note
from mailgate.config.walk import Walker
from mailgate.domain.hours import holiday_complaint, hours_complaint
from mailgate.errors import Complaint, SettingsError


class QueueText(Section, frozen=True, kw_only=True):
    """A queue of tickets."""

    name: Annotated[str, note("The queue's name, as rules and listings use it.", unique=True)]
    address: Annotated[str, note("The address that its answers come from.")] = ""
    from_name: Annotated[str, note("The name beside that address.")] = ""
    language: Annotated[str, note("The language of its texts.")] = "en"
    enabled: Annotated[bool, note("Whether it takes tickets.")] = True
    hours: Annotated[
        str,
        note("Its business hours; none means always.", examples=["Mon-Fri 09:00-17:00, Sat 10:00-13:00"]),
    ] = ""
    timezone: Annotated[str, note("The time zone of these hours.", examples=["Europe/Berlin"])] = "UTC"
    holidays: Annotated[
        tuple[str, ...], note("Days on which it is closed: 2026-12-24, or 12-25 for every year.")
    ] = ()

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Hours, time zone and holidays must make sense."""
        if wrong := hours_complaint(self.hours):
            yield "hours", wrong
        if self.timezone not in available_timezones():
            yield "timezone", f"{self.timezone!r} is no time zone, write it as 'Europe/Berlin'"
        yield from (("holidays", wrong) for one in self.holidays if (wrong := holiday_complaint(one)))


class AgentText(Section, frozen=True, kw_only=True):
    """Somebody who answers tickets."""

    name: Annotated[str, note("The agent's name, as rules and tickets use it.", unique=True)]
    address: Annotated[str, note("The address that notices for the agent go to.")] = ""
    queues: Annotated[tuple[str, ...], note("The queues that the agent works on.")] = ()
    enabled: Annotated[bool, note("Whether tickets and notices go to the agent.")] = True


class AddressText(Section, frozen=True, kw_only=True):
    """An address that mail is taken for, or a pattern: `@domain`, `*@lists.example.org`."""

    address: Annotated[str, note("The address or pattern.", unique=True)]
    script: Annotated[str, note("The script that decides; none keeps everything.")] = ""
    queue: Annotated[str, note("The queue of its tickets.")] = ""
    target: Annotated[str, note("Where keep and fileinto deliver: store, or a target of the settings.")] = (
        "store"
    )
    enabled: Annotated[bool, note("Whether mail is taken; a disabled address answers 451.")] = True


class TemplateText(Section, frozen=True, kw_only=True):
    """A text for answers; `text` or `text_file`, `html` or `html_file`, files relative to this one."""

    name: Annotated[str, note("The template's name.", unique=True)]
    subject: Annotated[str, note("The subject; none means RE: and the original one.")] = ""
    text: Annotated[str, note("The plain text.")] = ""
    text_file: Annotated[str, note("The file with the plain text.")] = ""
    html: Annotated[str, note("The HTML text.")] = ""
    html_file: Annotated[str, note("The file with the HTML text.")] = ""
    language: Annotated[str, note("The language of the text.")] = ""

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Each part comes from one place, and there is something to say."""
        for name in ("text", "html"):
            if getattr(self, name) and getattr(self, f"{name}_file"):
                yield f"{name}_file", f"stands beside {name}: one of the two"
        if not (self.text or self.text_file):
            yield "text", "is missing: give text or text_file"


class BusinessText(Section, frozen=True, kw_only=True):
    """All tables of the text."""

    queue: Annotated[tuple[QueueText, ...], note("The queues.")] = ()
    agent: Annotated[tuple[AgentText, ...], note("The agents.")] = ()
    address: Annotated[tuple[AddressText, ...], note("The addresses.")] = ()
    template: Annotated[tuple[TemplateText, ...], note("The templates.")] = ()


@dataclass(frozen=True, slots=True)
class ScriptText:
    """A script and the file it came from."""

    name: str
    source: str
    file: str


@dataclass(frozen=True, slots=True)
class Texts:
    """Everything that was read; `where` finds the place of an item for a complaint about it."""

    business: BusinessText
    scripts: tuple[ScriptText, ...]
    tree: Tree

    def complain(self, kind: str, index: int, key: str, message: str) -> Complaint:
        """Return a complaint about one key of one item."""
        file, line = self.tree.where((kind, index, key))
        return Complaint(file, line, f"{kind}[{index + 1}].{key}", message)


def read_texts(path: Path) -> Texts:
    """Read a TOML file or a folder; raises SettingsError with everything that is wrong."""
    if not path.exists():
        raise SettingsError([Complaint(str(path), 0, "", "there is no such file or folder")])
    tree = read_folder(path) if path.is_dir() else read_files(path, path / "none")
    scripts = tuple(_scripts(path, tree)) if path.is_dir() else ()
    built = Walker(tree, resolve_secrets=False).table(BusinessText, tree.values, ())
    if built is not None:
        built = _with_files(built, tree)
    if tree.complaints or built is None:
        raise SettingsError(sorted(tree.complaints, key=lambda c: (c.file, c.line)))
    return Texts(built, scripts, tree)


def _scripts(folder: Path, tree: Tree) -> Iterator[ScriptText]:
    seen: dict[str, Path] = {}
    for file in sorted(folder.rglob("*.sieve")):
        if file.stem in seen:
            text = f"another script is named {file.stem!r}: {seen[file.stem]}"
            tree.complaints.append(Complaint(str(file), 0, "", text))
            continue
        seen[file.stem] = file
        try:
            yield ScriptText(file.stem, file.read_text("utf-8"), str(file))
        except (OSError, UnicodeDecodeError) as error:
            tree.complaints.append(Complaint(str(file), 0, "", f"can't be read: {error}"))


def _with_files(text: BusinessText, tree: Tree) -> BusinessText:
    """Return the text with the contents of `text_file` and `html_file` in their places."""
    templates = []
    for index, template in enumerate(text.template):
        parts = {"text": template.text, "html": template.html}
        for name in parts:
            named = getattr(template, f"{name}_file")
            if named:
                file, _line = tree.where(("template", index, f"{name}_file"))
                try:
                    parts[name] = (Path(file).parent / named).read_text("utf-8")
                except (OSError, UnicodeDecodeError) as error:
                    tree.complain(("template", index, f"{name}_file"), f"{named!r} can't be read: {error}")
        templates.append(
            TemplateText(name=template.name, subject=template.subject, language=template.language, **parts)
        )
    return BusinessText(queue=text.queue, agent=text.agent, address=text.address, template=tuple(templates))
