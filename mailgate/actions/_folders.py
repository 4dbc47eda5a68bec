"""Where a mail is stored: shared by keep, fileinto and everything that falls back to them."""

from mailgate.domain.action import Plan
from mailgate.domain.effects import Deliver

INBOX = "INBOX"  # RFC 5228 4.3: what an implicit or explicit keep means
REJECTED = "Rejected"  # visible folder of `rules.reject = keep`


def deliver(plan: Plan, folder: str, flags: tuple[str, ...] = (), *, create: bool = False) -> None:
    """Add one delivery into a folder of the route's target, and the word for reply and log."""
    plan.add(Deliver(plan.route.target, folder, flags, create or plan.policy.create_folders))
    plan.words.append(f"folder={folder}")
