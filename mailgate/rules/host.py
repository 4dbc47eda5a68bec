"""What a running script may ask of mailgate: the host of `sieve_like`, over the plan of this run."""

from collections.abc import Mapping, Sequence
from typing import Final

from mailgate.actions._asking import CarryOut
from mailgate.actions._names import value
from mailgate.actions._question import Question
from mailgate.actions.duplicate import DUPLICATE, duplicate_key
from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.lists import ExternalList
from sieve_like.host import DefaultHost
from sieve_like.result import Action

# RFC 6134 2.4: what the names of lists mean that begin with a colon, and the list of the user's own contacts.
SHORT: Final = "urn:ietf:params:sieve:"
CONTACTS: Final = f"{SHORT}addrbook:default"


class RuleHost(DefaultHost):
    """Answers from the database plus what is planned; an action is planned once, whoever asks first."""

    def __init__(self, plan: Plan, actions: Mapping[type[object], ActionSpec]) -> None:
        self.plan = plan
        self._actions = actions

    def namespace(self, namespace: str, name: str) -> str | None:
        """Return `${namespace.name}`; None where there is no such name."""
        return value(self.plan, namespace, name)

    def duplicate(self, handle: str, unique_id: str, seconds: int, *, last: bool) -> bool:
        """Whether a mail to this address had the id before (RFC 7352); nothing is remembered by asking."""
        del seconds, last  # how long it holds is remembered with it
        return self.plan.reader.remembered(DUPLICATE, duplicate_key(self.plan, handle, unique_id))

    def environment(self, name: str) -> str | None:
        """Return where the script runs, and who sent the mail to us (RFC 5183 4.1); None for what is unknown.

        The client's name and address are those that a trusted server told us.
        """
        policy, origin = self.plan.policy, self.plan.mail.received.origin
        match name:
            case "name":
                return "mailgate"
            case "version":
                return policy.version or None
            case "host":
                return policy.hostname
            case "domain":
                return policy.hostname.partition(".")[2] or None
            case "remote-host":
                return origin.client_name or None
            case "remote-ip":
                return origin.client_address or None
            case "vnd.dovecot.username":
                return self.plan.mail.recipient.address
            case _:
                return None

    def mailbox_exists(self, name: str) -> bool:
        """Whether the route's target has the folder for this recipient."""
        plan = self.plan
        return plan.policy.has_folder(plan.route.target, plan.mail.recipient.address, name)

    def special_use(self, flag: str, mailbox: str | None = None) -> str | None:
        """Return the folder with a special use as the settings name it, where the target has it."""
        folder = self.plan.policy.special_use.get(flag.lower())
        if folder is None or mailbox not in {None, folder} or not self.mailbox_exists(folder):
            return None
        return folder

    def list_exists(self, name: str) -> bool:
        """Whether the settings have a list of this name; the contacts always are one."""
        return name == CONTACTS or self._list(name) is not None

    def in_list(self, name: str, value: str) -> str | None:
        """Return the entry that a value is; among the contacts it is the address itself."""
        if name == CONTACTS:
            return value if "@" in value and self.plan.reader.contact(value) is not None else None
        found = self._list(name)
        return None if found is None else found.find(value)

    def list_members(self, name: str) -> Sequence[str]:
        """Return the addresses of a list; nobody writes to all contacts at once."""
        found = self._list(name)
        return () if found is None else found.members

    def _list(self, name: str) -> ExternalList | None:
        return self.plan.policy.lists(name) or self.plan.policy.lists(name.removeprefix(SHORT))

    def ask(self, question: object) -> object:
        """Answer a question of one of our extensions."""
        match question:
            case CarryOut(action):
                return self.carry_out(action)
            case Question():
                return question.answer(self.plan)
            case _:
                return super().ask(question)

    def carry_out(self, action: Action) -> str:
        """Plan the action unless it is planned already; return its outcome."""
        done = self.plan.done.get(id(action))
        if done is None:
            done = self._actions[type(action)].plan(self.plan, action)
            self.plan.done[id(action)] = done
        return done
