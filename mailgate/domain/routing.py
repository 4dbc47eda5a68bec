"""The routing table: which address has which script, queue and target. A frozen snapshot, no lock.

RCPT is answered from it (nothing is created, nothing is asked), so an address probe costs a dict lookup.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from fnmatch import fnmatchcase
from typing import Final

from mailgate.domain.address import fold, split
from mailgate.domain.draft import Attachment
from mailgate.domain.helpdesk import (
    PRIORITIES,
    STATUSES,
    Automation,
    DeskPolicy,
    Priority,
    Status,
    Team,
    Workflow,
)

# The target that is the database itself.
OWN_STORE: Final = "store"


@dataclass(frozen=True, slots=True)
class Route:
    """One address (exact, `@domain` or a glob such as `*@lists.example.org`) and what serves it.

    In a catalogue read from the database `enabled` says whether it takes mail now: it is off as well while
    its queue or the whole channel is (G1). A `send_only` one may send automatic answers, and is never a
    queue's own address (G17).
    """

    address: str
    script: str = ""
    queue: str = ""
    target: str = OWN_STORE
    enabled: bool = True
    send_only: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """What rules need of a queue.

    `hours` are its business hours (`domain/hours.py`; "" is always), in `timezone` (an IANA name), but not on
    `holidays` (dates) nor on those of `region` (`DE-BY`). `zone` is that time zone's data and `closed` the
    region's days, handed in by whoever reads the database.

    `teams` work on it, beside the agents who name it themselves (G13, G14, T7). `mailbox`, `template_set` and
    `signature` are what its answers use (T4, G16). `assignment` is `off` or `fewest` (G15): at most
    `assign_limit` a day for each agent (0: any number); the rest are the exceptions to the defaults, which
    are: in business hours only, agents who are present only, new mail and answers without an agent.

    `answer_new` and its like name the templates of automatic answers (G18): to the first mail of a
    conversation, into a closed or a paused session, and into an active one without activity for
    `answer_inactive_days`; they come from `answer_from`, else from `address`. `sent_copy` is where copies of
    what agents send go (T3): a target, or `TARGET/Folder`. `notify` says who hears of a customer's mail:
    `off`, `agent` (whoever has the ticket) or `team`.
    """

    name: str
    address: str = ""
    from_name: str = ""
    language: str = "en"
    enabled: bool = True
    hours: str = ""
    timezone: str = "UTC"
    holidays: tuple[str, ...] = ()
    region: str = ""
    teams: tuple[str, ...] = ()
    mailbox: str = ""
    template_set: str = ""
    signature: str = ""
    assignment: str = "off"
    assign_limit: int = 0
    assign_closed_hours: bool = False
    assign_absent: bool = False
    assign_not_new: bool = False
    assign_not_answers: bool = False
    signature_off: bool = False
    answer_new: str = ""
    answer_closed: str = ""
    answer_paused: str = ""
    answer_inactive: str = ""
    answer_inactive_days: int = 15
    answer_from: str = ""
    sent_copy: str = ""
    notify: str = "off"
    zone: tzinfo | None = field(default=None, compare=False)
    closed: Container[date] = field(default=frozenset(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who answers: the name that rules use, the address for notices, the queues (T7).

    `role` is a word of `helpdesk.Role`; `full_name` is what customers read.
    """

    name: str
    address: str = ""
    queues: tuple[str, ...] = ()
    enabled: bool = True
    full_name: str = ""
    role: str = "agent"
    language: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A text for answers: Jinja2 source, rendered in the sandbox.

    `format` says what `text` is: `text`, or `markdown` or `html`, of which both parts of the mail are made.
    `recipients` are whom it goes to (S9): `contact`, `agent`, `group`, and fixed addresses; none means the
    contact.
    """

    name: str
    subject: str
    text: str
    html: str = ""
    language: str = ""
    format: str = "text"
    recipients: tuple[str, ...] = ()


CHANNEL_OFF: Final = "off: every address answers 451; `mailgate helpdesk set channel on` lets mail in"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything the business may change, as of one version of the database.

    `routes` is keyed by the folded address; `patterns` are tried in order after the exact ones and after
    the address without its detail (`user+detail@`). `listed` are names that the settings list, by kind
    ("webhook", "program", "account", "mailbox"): scripts and queues may name nothing else. `statuses` and
    `priorities` are in their order, `workflows` too. `files` are those of templates, by the template (G20).
    `staff` names agents by their folded address.
    """

    version: int = 0
    routes: Mapping[str, Route] = field(default_factory=dict)
    patterns: tuple[Route, ...] = ()
    queues: Mapping[str, Queue] = field(default_factory=dict)
    templates: Mapping[str, Template] = field(default_factory=dict)
    files: Mapping[str, tuple[Attachment, ...]] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)
    agents: Mapping[str, Agent] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)
    statuses: Mapping[str, Status] = field(default_factory=lambda: {one.name: one for one in STATUSES})
    priorities: Mapping[str, Priority] = field(default_factory=lambda: {one.name: one for one in PRIORITIES})
    workflows: Mapping[str, Workflow] = field(default_factory=dict)
    automations: Mapping[str, Automation] = field(default_factory=dict)
    desk: DeskPolicy = field(default_factory=DeskPolicy)
    listed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    recipient_delimiter: str = "+"
    staff: Mapping[str, str] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Keep who has which address: asked for each mail that answers one of ours."""
        known = sorted(self.agents.values(), key=lambda one: (one.enabled, one.name))
        object.__setattr__(self, "staff", {fold(one.address): one.name for one in known if one.address})

    def agent_at(self, address: str) -> Agent | None:
        """Return the agent with an address, one who is enabled before others; None for everybody else."""
        name = self.staff.get(fold(address))
        return self.agents[name] if name is not None else None

    def route(self, address: str) -> Route | None:
        """Return what takes mail for the address, or None: exact, without detail, then patterns in order.

        An address that only sends takes none, whatever pattern it would fit (G17).
        """
        found = self._found(address)
        return None if found is not None and found.send_only else found

    def sends_only(self, address: str) -> bool:
        """Whether an address is one of ours that mail comes from, and never goes to (G17)."""
        found = self._found(address)
        return found is not None and found.send_only

    def _found(self, address: str) -> Route | None:
        folded = fold(address)
        found = self.routes.get(folded)
        if found is not None:
            return found
        local, domain = split(folded)
        base, delimiter, _ = local.partition(self.recipient_delimiter)
        if delimiter and base:
            found = self.routes.get(f"{base}@{domain}" if domain else base)
        if found is None:
            found = next((r for r in self.patterns if fnmatchcase(folded, r.address)), None)
        return found


def channel_state(catalogue: Catalogue) -> str:
    """Return in words whether mail is taken (G1): `on`, the queues that are off, or what to do."""
    if not catalogue.desk.channel:
        return CHANNEL_OFF
    closed = sorted(queue.name for queue in catalogue.queues.values() if not queue.enabled)
    return f"on, but for the queues {', '.join(closed)}" if closed else "on"
