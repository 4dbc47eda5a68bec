"""The form of an automation: rules in their order, with conditions and actions, as frozen values (S3, T5).

What may stand in a condition is a table in `conditions.py`, what an action becomes in the script is one in
`actions.py`. Forms are read by `read.py`, written as a script by `script.py`, and read back by `back.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """One question about the mail: any of the `values` is enough; `name` is that of a header field.

    `negate` turns the answer round.
    """

    field: str
    operator: str
    values: tuple[str, ...] = ()
    name: str = ""
    negate: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which `all` or `any` must hold."""

    match: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """File the mail (W4, S6); a folder that is missing is noted in the trace, and the mail is kept.

    `create` makes the folder instead; `copy` leaves the rest to the other actions.
    """

    folder: str
    create: bool = False
    copy: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the mail (S7): nothing is stored unless another action stores it."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Leave the mail in the inbox, whatever else becomes of it."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Create the sender's contact unless there is one (W5, S4); no company: by the sender's address."""

    categories: tuple[str, ...] = ()
    company: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Add the mail to the ticket that it belongs to, else open one (W5, W6, S5).

    At most one of `match_subject`, `key`, `key_regex` and `always_new` says which ticket that is, beside the
    answers to our mails. `update` sets the fields of a ticket that is there already, too. `copy` leaves the
    mail in the inbox as well.
    """

    queue: str = ""
    subject: str = ""
    agent: str = ""
    status: str = ""
    priority: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owner_group: str = ""
    follow_up: str = ""
    follow_up_days: int = 0
    workflow: str = ""
    match_subject: bool = False
    key: str = ""
    key_regex: str = ""
    always_new: bool = False
    update: bool = False
    copy: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer the sender by a template or a text (W3, W7); `period` as in `1h`, `7d`, `0` for every mail.

    `new_ticket` answers only where a ticket was opened for the mail.
    """

    template: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    attach: tuple[str, ...] = ()
    sender: str = ""
    salutation: str = ""
    period: str = ""
    new_ticket: bool = False


@dataclass(frozen=True, slots=True)
class Forward:
    """Send the mail on to an address; without `copy` it is kept nowhere else."""

    address: str
    copy: bool = True


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell agents of the mail."""

    agents: tuple[str, ...]
    subject: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Tell a web address that the settings list."""

    hook: str
    message: str = ""


Action = Move | Delete | Keep | Contact | Ticket | Reply | Forward | Notify | Webhook


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with a mail for which the conditions hold; no conditions at all always hold.

    `folders` are those in which the mail must lie where it is fetched (S3); mail that is delivered to us lies
    in INBOX. With `stop`, no later rule is looked at.
    """

    name: str
    conditions: tuple[Condition | Group, ...] = ()
    actions: tuple[Action, ...] = ()
    match: str = "all"
    active: bool = True
    folders: tuple[str, ...] = ()
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """The rules of one automation, and what they are for."""

    rules: tuple[Rule, ...]
    description: str = ""
