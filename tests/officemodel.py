"""A naive model of sharing out work (G15): lists of what happened, walked anew for each question.

It knows nothing of sorting keys, indexes and counters; what the product does is compared with it.
"""

WORK = ("unopened", "active", "reopened")


class Office:
    """Agents by name, their sessions and what they were given; `here` are those who are present."""

    def __init__(self, names) -> None:
        self.names = list(names)
        self.sessions: list[list[str]] = []  # [agent, state]
        self.given: list[tuple[int, str]] = []  # (day, agent), in order
        self.here = set(self.names)
        self.day = 0

    def load(self, name: str) -> int:
        """Return how many active sessions somebody has."""
        return len([1 for agent, state in self.sessions if agent == name and state in WORK])

    def next_one(self, limit: int = 0) -> str:
        """Return who is next, "" where nobody can take it."""
        best = ""
        for name in self.names:
            had = len([1 for day, agent in self.given if agent == name and day == self.day])
            if name not in self.here or (limit and had >= limit):
                continue
            if not best or self.before(name, best):
                best = name
        return best

    def before(self, one: str, other: str) -> bool:
        """Whether one is served before another."""
        if self.load(one) != self.load(other):
            return self.load(one) < self.load(other)
        for _day, agent in reversed(self.given):
            if agent == other:
                return True
            if agent == one:
                return False
        return one < other

    def mail(self, limit: int = 0) -> str:
        """Open a session and give it to whoever is next; return who that is."""
        name = self.next_one(limit)
        self.sessions.append([name, "unopened"])
        if name:
            self.given.append((self.day, name))
        return name
