"""Business data as text: what `mailgate apply` reads, and `mailgate export` writes.

A folder holds `*.toml` with `[helpdesk]`, `[[queue]]`, `[[agent]]`, `[[team]]`, `[[status]]`,
`[[priority]]`, `[[address]]`, `[[template]]` and `[[automation]]` tables, and scripts as `*.sieve`, at any
depth, each named by its file. A single TOML file may stand alone. The database is the one truth; these texts
change it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_type_hints
from zoneinfo import available_timezones

from msgspec import structs

from mailgate.config.files import Tree, dotted, read_file, read_folder
from mailgate.config.positions import Place
from mailgate.config.section import Section, note
from mailgate.config.walk import Walker
from mailgate.config.workflows import WorkflowText
from mailgate.domain.helpdesk import (
    ASSIGNMENTS,
    FORMATS,
    Priority,
    Role,
    StatusKind,
    priority_complaints,
    setting_complaint,
    setting_text,
)
from mailgate.domain.hours import holiday_complaint, hours_complaint
from mailgate.errors import Complaint, SettingsError
from mailgate.rules.forms.model import Form
from mailgate.rules.forms.read import read_form


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
    region: Annotated[
        str, note("The country or region whose public holidays it keeps too.", examples=["DE-BY", "AT"])
    ] = ""
    teams: Annotated[tuple[str, ...], note("The teams that work on it.")] = ()
    mailbox: Annotated[
        str, note("The target of kind smtp that its answers leave by; none means the relay.")
    ] = ""
    template_set: Annotated[str, note("The beginning of its templates' names.")] = ""
    signature: Annotated[str, note("The template of its signature.")] = ""
    signature_off: Annotated[bool, note("Whether its answers go without the signature.")] = False
    answer_new: Annotated[
        str, note("The template of the automatic answer to the first mail of a conversation.")
    ] = ""
    answer_closed: Annotated[str, note("The same for mail into a closed session.")] = ""
    answer_paused: Annotated[str, note("The same for mail into a paused session.")] = ""
    answer_inactive: Annotated[
        str, note("The same for mail into an active session in which nothing happened for long.")
    ] = ""
    answer_inactive_days: Annotated[int, note("For how many days nothing must have happened.")] = 15
    answer_from: Annotated[
        str, note("The address that automatic answers come from; none means the queue's.")
    ] = ""
    sent_copy: Annotated[
        str,
        note("Where copies of what agents send go: a target, or a folder of it.", examples=["archive/Sent"]),
    ] = ""
    notify: Annotated[
        str, note("Who gets a notice of a customer's mail: off, agent (whoever has the ticket), or team.")
    ] = "off"
    assignment: Annotated[
        str, note("How new work is shared out: off (by hand), or fewest (to whoever has the least).")
    ] = "off"
    assign_limit: Annotated[int, note("How many an agent is given a day at most; 0 means any number.")] = 0
    assign_closed_hours: Annotated[bool, note("Whether work is shared out outside business hours too.")] = (
        False
    )
    assign_absent: Annotated[bool, note("Whether agents who are not present are given work too.")] = False
    assign_not_new: Annotated[bool, note("Whether new mail is left to be taken by hand.")] = False
    assign_not_answers: Annotated[
        bool, note("Whether answers into conversations without an agent are left to be taken by hand.")
    ] = False

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Say what of hours, time zone, holidays and sharing out makes no sense."""
        if self.assignment not in ASSIGNMENTS:
            yield (
                "assignment",
                f"{self.assignment!r} is no way of sharing out, write {' or '.join(ASSIGNMENTS)}",
            )
        if self.assign_limit < 0:
            yield "assign_limit", "can't be less than nothing; 0 means any number"
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
    full_name: Annotated[str, note("The name that customers read.")] = ""
    role: Annotated[str, note("What the agent may do: agent, supervisor or administrator.")] = "agent"
    language: Annotated[str, note("The language of the agent's notices.")] = ""

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Say if the role is none."""
        if self.role not in set(Role):
            yield "role", f"{self.role!r} is no role, write {', '.join(Role)}"


class TeamText(Section, frozen=True, kw_only=True):
    """Agents under one name, for queues, owner groups and access."""

    name: Annotated[str, note("The team's name.", unique=True)]
    members: Annotated[tuple[str, ...], note("The names of its agents.")] = ()
    description: Annotated[str, note("What it is for.")] = ""


class StatusText(Section, frozen=True, kw_only=True):
    """A status that tickets may have; none at all means open, pending, solved and closed."""

    name: Annotated[str, note("The status, one word.", unique=True)]
    kind: Annotated[str, note("What it means: open, waiting or closed.")] = "open"

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Say if the kind is none, or the name no word."""
        if self.kind not in set(StatusKind):
            yield "kind", f"{self.kind!r} is no kind, write {', '.join(StatusKind)}"
        if not self.name.isidentifier():
            yield "name", f"{self.name!r} must be a single word"


class PriorityText(Section, frozen=True, kw_only=True):
    """A priority and its service times, in business hours; none at all means low, normal, high and urgent."""

    name: Annotated[str, note("The priority, one word.", unique=True)]
    reaction: Annotated[str, note("Until when somebody must have answered.", examples=["4h"])] = ""
    execution: Annotated[str, note("Until when it must be done.", examples=["2d"])] = ""
    warning: Annotated[str, note("How long before that a warning is given.", examples=["4h"])] = ""

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Say if the name is no word, and which time makes no sense."""
        if not self.name.isidentifier():
            yield "name", f"{self.name!r} must be a single word"
        said = Priority(self.name, self.reaction, self.warning, self.execution)
        yield from priority_complaints(said)


class AddressText(Section, frozen=True, kw_only=True):
    """An address that mail is taken for, or a pattern: `@domain`, `*@lists.example.org`."""

    address: Annotated[str, note("The address or pattern.", unique=True)]
    script: Annotated[str, note("The script that decides; none keeps everything.")] = ""
    queue: Annotated[str, note("The queue of its tickets.")] = ""
    target: Annotated[str, note("Where keep and fileinto deliver: store, or a target of the settings.")] = (
        "store"
    )
    enabled: Annotated[bool, note("Whether mail is taken; a disabled address answers 451.")] = True
    send_only: Annotated[
        bool, note("Whether it only sends: automatic answers may come from it, no queue's address is it.")
    ] = False


class TemplateText(Section, frozen=True, kw_only=True):
    """A text for answers; `text` or `text_file`, `html` or `html_file`, files relative to this one."""

    name: Annotated[str, note("The template's name.", unique=True)]
    subject: Annotated[str, note("The subject; none means RE: and the original one.")] = ""
    text: Annotated[str, note("The plain text.")] = ""
    text_file: Annotated[str, note("The file with the plain text.")] = ""
    html: Annotated[str, note("The HTML text.")] = ""
    html_file: Annotated[str, note("The file with the HTML text.")] = ""
    language: Annotated[str, note("The language of the text.")] = ""
    files: Annotated[
        tuple[str, ...], note("Files that go along with its answers (G20).", examples=["terms.pdf"])
    ] = ()
    images: Annotated[
        tuple[str, ...],
        note("Images in its HTML, named there as cid:logo.png.", examples=["images/logo.png"]),
    ] = ()
    format: Annotated[
        str, note("What the text is: text, or markdown or html, of which both parts of the mail are made.")
    ] = "text"
    recipients: Annotated[
        tuple[str, ...],
        note("Whom it goes to: contact, agent, group, and addresses; none means the contact."),
    ] = ()

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Each part comes from one place, and there is something to say."""
        for name in ("text", "html"):
            if getattr(self, name) and getattr(self, f"{name}_file"):
                yield f"{name}_file", f"stands beside {name}: one of the two"
        if not (self.text or self.text_file):
            yield "text", "is missing: give text or text_file"
        if self.format not in FORMATS:
            yield "format", f"{self.format!r} is no format, write {', '.join(FORMATS)}"


class AutomationText(Section, frozen=True, kw_only=True):
    """Rules without code for one address; its `[[automation.rule]]` tables are read as a form."""

    name: Annotated[str, note("The automation's name; its script has the same.", unique=True)]
    address: Annotated[str, note("The address whose mail it takes care of.")]
    description: Annotated[str, note("What it is for.")] = ""
    enabled: Annotated[bool, note("Whether it is at work.")] = True
    creator: Annotated[str, note("The agent whose automation it is.")] = ""
    teams: Annotated[tuple[str, ...], note("The teams that may use and change it, too.")] = ()


class HelpdeskText(Section, frozen=True, kw_only=True):
    """Switches and times that hold for the whole helpdesk (`domain/helpdesk.DeskPolicy`)."""

    channel: Annotated[bool, note("Whether addresses take mail at all; until it is on they answer 451.")] = (
        False
    )
    number_pattern: Annotated[str, note("What ticket numbers look like; {n} is the number.")] = "T-{n}"
    paused_to_closed: Annotated[bool, note("Whether paused sessions close by themselves.")] = True
    paused_to_closed_days: Annotated[int, note("After how many days, 1 to 1,000.")] = 60
    resolved_to_closed: Annotated[bool, note("Whether resolved sessions close by themselves.")] = True
    resolved_to_closed_days: Annotated[int, note("After how many days, 1 to 1,000.")] = 30
    active_to_paused: Annotated[bool, note("Whether active sessions pause by themselves.")] = True
    active_to_paused_days: Annotated[int, note("After how many days, 1 to 1,000.")] = 30
    reopen: Annotated[bool, note("Whether mail reopens a closed session.")] = True
    reopen_days: Annotated[int, note("Within how many days, 1 to 1,000; later a new one starts.")] = 30
    incoming_tickets: Annotated[bool, note("Whether incoming mail makes tickets.")] = True
    outgoing_tickets: Annotated[bool, note("Whether mail that agents begin makes tickets.")] = True
    subjects: Annotated[
        str, note("Subjects of answers: number (it is put in, agents change nothing), or edit (they may).")
    ] = "number"
    answers_to: Annotated[
        str,
        note(
            "Where answers to our mails go: queue (its address), or ticket (with +t7.s12.… in it; "
            "the mail server must deliver these)."
        ),
    ] = "queue"
    mail_texts: Annotated[
        str,
        note(
            "Mail texts in tickets: each (at once, as an entry), answer or session (a comment besides, after "
            "each agent's answer or at the session's end), or off (times and ids alone)."
        ),
    ] = "each"
    link_url: Annotated[str, note("Where tickets are seen, with {number} in it; for links to copy.")] = ""
    presence_minutes: Annotated[int, note("How long an agent counts as present unless it is said again.")] = (
        15
    )
    login_link_hours: Annotated[int, note("How long a link that lets an agent in holds.")] = 24
    company: Annotated[str, note("The name of our own company, for texts (`@{company}`).")] = ""
    images_mb: Annotated[
        int, note("How many MiB the images in the HTML of an answer have at most, 1 to 200.")
    ] = 25

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Say which value the policy does not take."""
        for key in self.__struct_fields__:
            if wrong := setting_complaint(key, setting_text(getattr(self, key))):
                yield key, wrong


def meaning(setting: str) -> str:
    """Return what a setting of the helpdesk means, as its note says; KeyError for one that is none."""
    noted = get_type_hints(HelpdeskText, include_extras=True)[setting].__metadata__[0]
    return str(noted.description)


class BusinessText(Section, frozen=True, kw_only=True):
    """All tables of the text."""

    helpdesk: Annotated[HelpdeskText, note("Switches and times of the helpdesk.")] = HelpdeskText()
    queue: Annotated[tuple[QueueText, ...], note("The queues.")] = ()
    agent: Annotated[tuple[AgentText, ...], note("The agents.")] = ()
    team: Annotated[tuple[TeamText, ...], note("The teams.")] = ()
    status: Annotated[tuple[StatusText, ...], note("The statuses, in their order.")] = ()
    priority: Annotated[tuple[PriorityText, ...], note("The priorities, in their order.")] = ()
    address: Annotated[tuple[AddressText, ...], note("The addresses.")] = ()
    template: Annotated[tuple[TemplateText, ...], note("The templates.")] = ()
    workflow: Annotated[tuple[WorkflowText, ...], note("The workflows, in their order.")] = ()
    automation: Annotated[tuple[AutomationText, ...], note("The automations.")] = ()


@dataclass(frozen=True, slots=True)
class ScriptText:
    """A script and the file it came from."""

    name: str
    source: str
    file: str


@dataclass(frozen=True, slots=True)
class Texts:
    """Everything that was read; `where` finds the place of an item for a complaint about it.

    `forms` are those of the automations, in their order.
    """

    business: BusinessText
    scripts: tuple[ScriptText, ...]
    tree: Tree
    forms: tuple[Form, ...] = ()

    def complain(self, kind: str, index: int, key: str, message: str) -> Complaint:
        """Return a complaint about one key of one item."""
        return self.complain_at((kind, index, key), message)

    def complain_at(self, place: Place, message: str) -> Complaint:
        """Return a complaint about any place."""
        file, line = self.tree.where(place)
        return Complaint(file, line, dotted(place), message)


def read_texts(path: Path) -> Texts:
    """Read a TOML file or a folder; raises SettingsError with everything that is wrong."""
    if not path.exists():
        raise SettingsError([Complaint(str(path), 0, "", "there is no such file or folder")])
    tree = read_folder(path) if path.is_dir() else read_file(path)
    scripts = tuple(_scripts(path, tree)) if path.is_dir() else ()
    forms = tuple(_forms(tree))
    built = Walker(tree, resolve_secrets=False).table(BusinessText, tree.values, ())
    if built is not None:
        built = _with_files(built, tree)
    if tree.complaints or built is None:
        raise SettingsError(sorted(tree.complaints, key=lambda c: (c.file, c.line)))
    return Texts(built, scripts, tree, forms)


def _forms(tree: Tree) -> Iterator[Form]:
    """Yield the forms of the automations; their rules are taken out of the tree: a form knows its keys."""
    tables = tree.values.get("automation")
    for index, table in enumerate(tables if isinstance(tables, list) else ()):
        if not isinstance(table, dict):
            continue
        described = {"description": table["description"]} if "description" in table else {}
        form, wrong = read_form({**described, "rule": table.pop("rule", [])})
        for one in wrong:
            tree.complain(("automation", index, *one.place), one.text)
        yield form or Form(())


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


def _beside(named: str, tree: Tree, index: int, key: str) -> Path:
    """Return where a file of a template is: relative names go by the text that says them."""
    return Path(tree.where(("template", index, key))[0]).parent / named


def _with_files(text: BusinessText, tree: Tree) -> BusinessText:
    """Return the text with the contents of `text_file` and `html_file` in their places.

    Files that go along are named as whole paths: they are read where they are stored.
    """
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
        along = {
            key: tuple(str(_beside(named, tree, index, key)) for named in getattr(template, key))
            for key in ("files", "images")
        }
        templates.append(structs.replace(template, text_file="", html_file="", **parts, **along))
    return structs.replace(text, template=tuple(templates))
