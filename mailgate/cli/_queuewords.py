"""What a queue may say of its mail going out: templates, senders, copies (G16, G17, G18, T3, T4).

One list of checks for `mailgate apply`, which knows file and line, and for the commands, which do not.
"""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from mailgate.domain.address import fold
from mailgate.domain.helpdesk import FEWEST_DAYS, MOST_DAYS, NOTIFY
from mailgate.domain.routing import Catalogue, Queue, Route
from mailgate.texts.choose import find_template

# The fields of a queue that name a template.
TEMPLATES: Final = ("signature", "answer_new", "answer_closed", "answer_paused", "answer_inactive")


def outgoing_complaints(queue: Queue, after: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield (field, message) of what is wrong; `after` is the catalogue with the queue and its neighbours."""
    for field in TEMPLATES:
        name = getattr(queue, field)
        if name and not has_template(after, queue, name):
            yield field, f"there is no template {name!r}{_near(name, after.templates)}"
    mailboxes = after.listed.get("mailbox", frozenset())
    if queue.mailbox and queue.mailbox not in mailboxes:
        yield "mailbox", f"there is no smtp target {queue.mailbox!r}{_near(queue.mailbox, mailboxes)}"
    if queue.address and after.sends_only(queue.address):
        text = f"{queue.address} only sends, so no answer would come back: it may be an answer_from (G17)"
        yield "address", f"{text}; `mailgate address set {queue.address} --takes-mail` changes that"
    yield from _copy_complaints(queue, after)
    if queue.notify not in NOTIFY:
        yield "notify", f"{queue.notify!r} is nobody to notify, write {', '.join(NOTIFY)}"
    if not FEWEST_DAYS <= queue.answer_inactive_days <= MOST_DAYS:
        yield "answer_inactive_days", f"must be from {FEWEST_DAYS} to {MOST_DAYS:,} days"


def has_template(catalogue: Catalogue, queue: Queue, name: str) -> bool:
    """Whether there is a template of that name for a queue, in whatever language."""
    return find_template(catalogue, queue, name) is not None


def _copy_complaints(queue: Queue, after: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the place of copies: a target that files mail, and perhaps a folder of it."""
    if not queue.sent_copy:
        return
    target, slash, folder = queue.sent_copy.partition("/")
    known = after.listed.get("files", frozenset())
    if target not in known:
        yield "sent_copy", f"there is no target {target!r} that files mail{_near(target, known)}"
    if slash and not folder.strip():
        yield "sent_copy", f"{queue.sent_copy!r} names no folder; write TARGET/Folder, or TARGET for Sent"


def send_only_complaints(route: Route, queues: Iterable[Queue]) -> Iterator[tuple[str, str]]:
    """Yield (field, message) of what stands against an address that only sends (G17)."""
    if not route.send_only:
        return
    if "*" in route.address or "?" in route.address or route.address.startswith("@"):
        yield "send_only", f"{route.address} is a pattern, and mail comes from one address"
    for queue in queues:
        if queue.address and fold(queue.address) == fold(route.address):
            text = f"{route.address} is the address of the queue {queue.name!r}, which must take mail"
            yield "send_only", f"{text}; name it as answer_from there instead"


def _near(word: str, known: Collection[str]) -> str:
    found = get_close_matches(word, sorted(known), n=1)
    return f", did you mean {found[0]!r}?" if found else ""
