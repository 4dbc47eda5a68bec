"""Where answers to a mail of ours go: the queue's address, or one that names the ticket (MAIL.md 5, row 1).

Some programs and gateways leave out In-Reply-To and References; an answer to `support+t7.s12.…@` finds its
ticket all the same. It takes a mail server that delivers such addresses, so it is a setting (`answers_to`).
"""

from typing import Final

from mailgate.domain.action import PlanPolicy
from mailgate.domain.address import split
from mailgate.domain.ports import TicketView
from mailgate.domain.routing import Catalogue
from mailgate.domain.token import detail

TICKET: Final = "ticket"
# RFC 5321 4.5.3.1.1: what is longer may be refused on its way back; then the Message-ID alone must do.
LOCAL_PART: Final = 64


def plus_address(address: str, delimiter: str, own: str) -> str:
    """Return an address with a detail, "" where it cannot have one or would be too long."""
    local, domain = split(address)
    whole = f"{local}{delimiter}{own}"
    usable = delimiter and delimiter not in local and not local.startswith('"') and len(whole) <= LOCAL_PART
    return f"{whole}@{domain}" if usable and domain and local else ""


def ticket_address(
    catalogue: Catalogue, policy: PlanPolicy, ticket: TicketView | None, home: str, recipient: str
) -> str:
    """Return where the recipient's answers go, "" where that is just `home`, the queue's address.

    The token is meant for the recipient; whoever else shows it joins as one who is not confirmed.
    """
    if ticket is None or not ticket.ticket_id or catalogue.desk.answers_to != TICKET:
        return ""
    own = detail(policy.keys, ticket.ticket_id, ticket.session_id, recipient)
    return plus_address(home, catalogue.recipient_delimiter, own)
