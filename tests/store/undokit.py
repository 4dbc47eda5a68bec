"""A helpdesk whose agents' answers wait, for tests of taking them back."""

from dataclasses import replace

from deskkit import ANNA, House

from mailgate.domain.desk.people import add_participant
from mailgate.domain.desk.talk import Words, reply
from mailgate.store import outbox_rows
from mailgate.store.unit import UnitRules

WINDOW_S = 30


class PatientHouse(House):
    """The undo window is 30 seconds of the house's clock."""

    @property
    def rules(self) -> UnitRules:
        """Those of any house, with the window."""
        return replace(super().rules, undo_ms=WINDOW_S * 1000)

    def answered(self, author: str = ANNA, *, copy: str = "") -> tuple[str, int]:
        """Let somebody write and Joe answer; returns ticket and entry. `copy` gets one too."""
        number = self.mail(author=author)
        if copy:
            self.do(add_participant, number, copy)
        self.do(reply, number, Words("hello"), policy=True)
        return number, max(one["id"] for one in self.ticket(number)["entries"] if one["kind"] == "answer")

    def claim(self, writer=None) -> list[int]:
        """Claim what is due, as a worker does; returns the ids."""
        now = self.clock.now
        work = (writer or self.writer).submit(lambda tx: outbox_rows.claim(tx, "w", now, 100, 60))
        return [row.id for row in work.result(60)]

    def states(self) -> list[str]:
        """Return the states of all rows in the outbox, the oldest first."""
        return [state for (state,) in self.ask("SELECT state FROM outbox ORDER BY id")]
