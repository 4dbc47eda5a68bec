"""Which tickets somebody may see, as a condition of a query (W2): `domain/access.reach` in SQL."""

from typing import Any, Final

from peewee import SQL

from mailgate.domain.access import Reach
from mailgate.store.models.tickets import Ticket

ALL: Final = Reach(everything=True)


def within(reach: Reach) -> Any:
    """Return the condition on tickets that somebody sees them; for whoever sees not everything."""
    own = (Ticket.agent == reach.agent) & (Ticket.agent != SQL("''"))
    return Ticket.queue.in_(sorted(reach.queues)) | Ticket.owner_group.in_(sorted(reach.groups)) | own
