"""What our extensions may ask while a script runs."""

from abc import ABC, abstractmethod

from mailgate.domain.action import Plan


class Question(ABC):
    """A question of one of our extensions, answered from the plan: the database plus its effects."""

    __slots__ = ()

    @abstractmethod
    def answer(self, plan: Plan) -> object:
        """Return what the script is told."""
