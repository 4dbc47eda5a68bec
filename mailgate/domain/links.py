"""How one ticket is tied to another: the kinds of links, each with what it is seen from the other side (T10).

A link is kept as one row in each direction, so both tickets are found from either; the second row's kind is
the inverse of the first's.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Final


class LinkKind(StrEnum):
    """What the first ticket is to the other."""

    RELATED = "related"
    PARENT = "parent"
    CHILD = "child"
    DUPLICATE = "duplicate"  # says the same as the other, which came first
    ORIGINAL = "original"
    FOLLOW_UP = "follow-up"  # comes of the other
    FOLLOWED_BY = "followed-by"
    SPLIT_FROM = "split-from"
    SPLIT_INTO = "split-into"


INVERSE: Final[Mapping[LinkKind, LinkKind]] = {
    LinkKind.RELATED: LinkKind.RELATED,
    LinkKind.PARENT: LinkKind.CHILD,
    LinkKind.CHILD: LinkKind.PARENT,
    LinkKind.DUPLICATE: LinkKind.ORIGINAL,
    LinkKind.ORIGINAL: LinkKind.DUPLICATE,
    LinkKind.FOLLOW_UP: LinkKind.FOLLOWED_BY,
    LinkKind.FOLLOWED_BY: LinkKind.FOLLOW_UP,
    LinkKind.SPLIT_FROM: LinkKind.SPLIT_INTO,
    LinkKind.SPLIT_INTO: LinkKind.SPLIT_FROM,
}
# What a person may say; the others come of splitting.
CHOSEN: Final = tuple(kind.value for kind in LinkKind if not kind.startswith("split-"))
# How the other ticket is spoken of, seen from the first.
SAID: Final[Mapping[LinkKind, str]] = {
    LinkKind.RELATED: "related to",
    LinkKind.PARENT: "parent of",
    LinkKind.CHILD: "child of",
    LinkKind.DUPLICATE: "duplicate of",
    LinkKind.ORIGINAL: "original of",
    LinkKind.FOLLOW_UP: "follow-up of",
    LinkKind.FOLLOWED_BY: "followed by",
    LinkKind.SPLIT_FROM: "split from",
    LinkKind.SPLIT_INTO: "split into",
}


def inverse(kind: str) -> str:
    """Return what the other ticket is to the first; raises ValueError for a kind that is none."""
    return INVERSE[LinkKind(kind)].value


def said(kind: str, number: str) -> str:
    """Return a link as the history says it: `child of T-7`; a plain link is the number alone."""
    return number if kind == LinkKind.RELATED else f"{SAID[LinkKind(kind)]} {number}"


def closes_a_circle(ticket_id: int, other_id: int, ahead: Callable[[int], Iterable[int]]) -> bool:
    """Whether a directed link from one ticket to another would lead back to where it began.

    `ahead` returns the tickets that a ticket is linked to in that direction already.
    """
    seen: set[int] = set()
    waiting = [other_id]
    while waiting:
        one = waiting.pop()
        if one == ticket_id:
            return True
        if one not in seen:
            seen.add(one)
            waiting += ahead(one)
    return False
