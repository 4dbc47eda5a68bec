"""Where a mail is stored: shared by keep, fileinto and everything that falls back to them."""

from dataclasses import replace

from mailgate.domain.action import Plan
from mailgate.domain.effects import Deliver
from sieve_like.message import Message
from sieve_like.result import Fcc

INBOX = "INBOX"  # RFC 5228 4.3: what an implicit or explicit keep means
REJECTED = "Rejected"  # visible folder of `rules.reject = keep`


def deliver(
    plan: Plan,
    folder: str,
    flags: tuple[str, ...] = (),
    *,
    create: bool = False,
    message: Message | None = None,
) -> None:
    """Add one delivery into a folder of the route's target, and the word for reply and log."""
    add_delivery(plan, Deliver(plan.route.target, folder, flags, create), message)


def add_delivery(plan: Plan, place: Deliver, message: Message | None) -> None:
    """Add a delivery; `message` is the mail as the rules have edited it, None for the mail as it came."""
    create = place.create or plan.policy.create_folders
    plan.add(replace(place, create=create, edited=edited_octets(plan, message)))
    plan.words.append(f"folder={place.folder}")


def edited_octets(plan: Plan, message: Message | None) -> bytes | None:
    """Return the octets of an edited mail, None where nothing of it was changed."""
    if message is None or message is plan.mail.view:
        return None
    octets = bytes(message.octets)
    return None if len(octets) == plan.mail.view.size and octets == bytes(plan.mail.view.octets) else octets


def folder_of(plan: Plan, mailbox: str, special_use: str, *, create: bool = False) -> str:
    """Return the folder with a special use (RFC 8579) where the target has one, else the one given.

    With `create` the one that the settings name is made. Ids of mailboxes (RFC 9042) are the IMAP server's:
    no target tells them, so the name given stands.
    """
    found = plan.policy.special_use.get(special_use.lower()) if special_use else None
    if found is None:
        return mailbox
    address = plan.mail.recipient.address
    return found if create or plan.policy.has_folder(plan.route.target, address, found) else mailbox


def copy_place(plan: Plan, fcc: Fcc | None) -> Deliver | None:
    """Return where the copy of a mail of ours is stored (RFC 8580), None where the script wants none."""
    if fcc is None:
        return None
    create = fcc.create or plan.policy.create_folders
    return Deliver(
        plan.route.target, folder_of(plan, fcc.mailbox, fcc.special_use, create=fcc.create), fcc.flags, create
    )
