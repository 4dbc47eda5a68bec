"""What a running script may ask of mailgate: the host of `sieve_like`, over the plan of this run."""

from collections.abc import Mapping

from mailgate.actions._asking import CarryOut, KnownContact
from mailgate.actions._names import value
from mailgate.domain.action import ActionSpec, Plan
from sieve_like.host import DefaultHost
from sieve_like.result import Action


class RuleHost(DefaultHost):
    """Answers from the database plus what is planned; an action is planned once, whoever asks first."""

    def __init__(self, plan: Plan, actions: Mapping[type[object], ActionSpec]) -> None:
        self.plan = plan
        self._actions = actions

    def namespace(self, namespace: str, name: str) -> str | None:
        """Return `${namespace.name}`; None where there is no such name."""
        return value(self.plan, namespace, name)

    def ask(self, question: object) -> object:
        """Answer a question of one of our extensions."""
        match question:
            case CarryOut(action):
                return self.carry_out(action)
            case KnownContact():
                return self.plan.known_contact()
            case _:
                return super().ask(question)

    def carry_out(self, action: Action) -> str:
        """Plan the action unless it is planned already; return its outcome."""
        done = self.plan.done.get(id(action))
        if done is None:
            done = self._actions[type(action)].plan(self.plan, action)
            self.plan.done[id(action)] = done
        return done
