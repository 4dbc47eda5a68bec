"""How an action becomes effects: the plan of one run, shared by the script's questions and the planners.

A script (or a person at the desk) wants actions; each action's planner in `mailgate/actions/` adds effects
to the plan. What the script asks is answered from the database plus what this plan already holds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Literal

from mailgate.domain.effects import Effect
from mailgate.domain.facts import MailClass
from mailgate.domain.letterhead import PlainWriting, Writing
from mailgate.domain.lists import ExternalList
from mailgate.domain.mail import Mail
from mailgate.domain.ports import ContactView, Reader, TicketView
from mailgate.domain.routing import Catalogue, Queue, Route


def no_list(_name: str) -> ExternalList | None:
    """Know no external list."""
    return None


def any_folder(_target: str, _recipient: str, _folder: str) -> bool:
    """Have every folder, as our own store does: there a folder is a word."""
    return True


def no_zone(_name: str) -> tzinfo | None:
    """Know no time zone."""
    return None


@dataclass(frozen=True, slots=True)
class PlanPolicy:
    """What planning needs to know of the settings.

    `keys` sign tokens and loop marks (the first signs, all verify); `hostname` is the right-hand side of our
    Message-IDs; `answer_period_s` is the default of row 11; `match_window_s` bounds S5's search.
    `special_use` names the folder of each special use (RFC 8579) by its attribute in lower case; `zones`
    finds the data of a time zone by its name. `lists` finds an external list by its name (RFC 6134);
    `has_folder` says whether a target has a folder for a recipient; `version` is that of the program.
    `writing` makes texts of templates for agents' answers.
    """

    keys: tuple[bytes, ...]
    instance: str
    hostname: str
    reject: Literal["refuse", "keep"] = "refuse"
    reject_unverified: Literal["refuse", "keep"] = "refuse"
    create_folders: bool = True
    answer_period_s: int = 3600
    match_window_s: int = 30 * 86400
    special_use: Mapping[str, str] = field(default_factory=dict)
    lists: Callable[[str], ExternalList | None] = no_list
    has_folder: Callable[[str, str, str], bool] = any_folder
    version: str = ""
    zones: Callable[[str], tzinfo | None] = no_zone
    writing: Writing = field(default_factory=PlainWriting)


@dataclass(slots=True)
class Plan:
    """The growing plan of one run; lives as long as one unit and is seen by one thread only."""

    mail: Mail
    route: Route
    catalogue: Catalogue
    reader: Reader
    now: datetime
    policy: PlanPolicy
    mail_class: MailClass
    class_reason: str = ""
    effects: list[Effect] = field(default_factory=list)
    notes: list[dict[str, object]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # for the reply and the log: "ticket=T-7"
    ticket: TicketView | None = None
    ticket_how: str = ""
    before: TicketView | None = None  # the ticket that the mail joined, as it was before
    belonging: TicketView | None = None  # the ticket that the mail belongs to, before it has joined it
    belonging_asked: bool = False
    contact: ContactView | None = None
    contact_asked: bool = False
    answers: int = 0
    wrong_tokens: int = 0
    done: dict[int, str] = field(default_factory=dict)
    _who: tuple[str, str] | None = None

    def add(self, *effects: Effect) -> None:
        """Append effects in the order in which they are to be applied."""
        self.effects.extend(effects)

    def note(self, what: str, **details: object) -> None:
        """Keep a line for the trace."""
        self.notes.append({"what": what, **details})

    def rule(self, line: int) -> str:
        """Return what names a rule in history, gate and log: the script and its line."""
        return f"{self.route.script}:{line}"

    @property
    def author(self) -> str:
        """The address that the mail speaks for: the first valid From address, else the envelope sender."""
        return self._author()[0]

    @property
    def author_name(self) -> str:
        """The display name beside `author`, "" where there is none."""
        return self._author()[1]

    def _author(self) -> tuple[str, str]:
        if self._who is None:
            found = next((a for a in self.mail.view.addresses("from") if a.valid), None)
            self._who = (self.mail.sender, "") if found is None else (found.address, found.name)
        return self._who

    def known_contact(self) -> ContactView | None:
        """Return the author's contact: planned in this run, else in the database (asked once)."""
        if not self.contact_asked:
            self.contact_asked = True
            self.contact = self.reader.contact(self.author) if self.author else None
        return self.contact

    def queue(self) -> Queue | None:
        """Return the queue in charge: the ticket's, else the route's."""
        name = self.ticket.queue if self.ticket is not None else self.route.queue
        return self.catalogue.queues.get(name)


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What a file in `mailgate/actions/` exports as ACTION: the action's name, its class and its planner.

    The planner returns the outcome word that `:outcome` gets.
    """

    name: str
    kind: type[object]
    plan: Callable[[Plan, object], str]
