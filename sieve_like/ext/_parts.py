"""The parts of the mail that `foreverypart` goes through, and the one that it stands at (RFC 5703 section 3).

A place is a path of child numbers from the root, not the part itself: an edit makes another mail, in which
the same path leads to the same part.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sieve_like.interpreter import Run
from sieve_like.markup import MARKUP, html_words
from sieve_like.message import PartLike

STATE = "foreverypart"
HTML = frozenset({"text/html", "application/xhtml+xml"})

STEP_OCTETS = 4096  # octets that can be decoded or copied in the time of about one test

Path = tuple[int, ...]


@dataclass(slots=True)
class Place:
    """Where one loop stands: the part whose parts it visits, and the current one.

    `descend` is false where the current part was replaced: the loop does not go into what is new.
    """

    base: Path
    path: Path = field(default=())
    descend: bool = True

    def into(self, root: PartLike) -> bool:
        """Go to the first part below the current one, if there is one."""
        part = part_at(root, self.path)
        if not self.descend or part is None or not part.children:
            return False
        self.path = (*self.path, 0)
        return True

    def on(self, root: PartLike) -> bool:
        """Go to the next part of the loop: downwards, else beside, else beside one above."""
        if self.into(root):
            return True
        self.descend = True
        while len(self.path) > len(self.base):
            parent = part_at(root, self.path[:-1])
            following = self.path[-1] + 1
            if parent is not None and following < len(parent.children):
                self.path = (*self.path[:-1], following)
                return True
            self.path = self.path[:-1]
        return False


def places(run: Run) -> list[Place]:
    """Return the places of the loops that are running, the innermost one last."""
    found = run.state.setdefault(STATE, [])
    assert isinstance(found, list)
    return found


def part_at(root: PartLike, path: Path) -> PartLike | None:
    """Return the part at the end of a path, None where there is none (any more)."""
    part = root
    for number in path:
        children = part.children
        if number >= len(children):
            return None
        part = children[number]
    return part


def current_part(run: Run) -> PartLike:
    """Return the part that the innermost loop stands at; the mail itself outside of loops."""
    around = places(run)
    found = part_at(run.message.root, around[-1].path) if around else None
    return run.message.root if found is None else found


def walk(part: PartLike) -> Iterator[PartLike]:
    """Yield a part and all parts within it, in the order of the mail."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.children))


def words_of(run: Run, part: PartLike, *, html: bool = True) -> str:
    """Return the text of a leaf; HTML (where asked for) without its tags. Decoding costs steps."""
    run.charge((part.end - part.body_start) // STEP_OCTETS)
    text = part.decoded_text(MARKUP)[:MARKUP]
    return html_words(text) if html and part.content_type in HTML else text


def is_leaf(part: PartLike) -> bool:
    """Whether a part has a body of its own."""
    return not part.children and not part.is_multipart


def parts_below(run: Run, part: PartLike) -> Sequence[PartLike]:
    """Return a part and all parts within it; each costs a step."""
    found = list(walk(part))
    run.charge(len(found))
    return found
