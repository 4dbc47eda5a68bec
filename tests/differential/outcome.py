"""What an engine decides, in one form for both sides."""

from dataclasses import dataclass, field

Line = tuple[str, ...]


def idle(line: Line) -> set[str]:
    """Return the words of an action that change nothing: `:copy`, and `:create` for INBOX, which is there."""
    return {"copy", "create"} if line[:2] == ("store", "INBOX") else {"copy"}


@dataclass(frozen=True)
class Outcome:
    """`kind` is "done", "failed" (run-time error), "refused" (does not compile) or "crashed".

    `actions` are lines of words in the order of the script; `keep` is the implicit keep with its flags, None
    where there is none. `mail` is what was stored in INBOX, where somebody asked for it. `said` is what the
    engine printed.
    """

    kind: str
    actions: tuple[Line, ...] = ()
    keep: Line | None = None
    said: str = field(default="", compare=False)
    mail: str = ""

    def settled(self) -> "Outcome":
        """Return it in one form.

        An implicit keep beside a delivery into INBOX is one delivery; and `:copy` means nothing but what the
        implicit keep shows.
        """
        keep = None if any(line[:2] == ("store", "INBOX") for line in self.actions) else self.keep
        actions = tuple(tuple(word for word in line if word not in idle(line)) for line in self.actions)
        return Outcome(self.kind, actions, keep, self.said, self.mail)

    def shown(self) -> str:
        """Return it for people."""
        lines = [" | ".join(line) for line in self.actions]
        keep = "no implicit keep" if self.keep is None else " ".join(("implicit keep", *self.keep))
        said = f"\n      ({self.said})" if self.said else ""
        mail = f"\n      {self.mail!r}" if self.mail else ""
        return f"{self.kind}: " + "; ".join([*lines, keep]) + said + mail
