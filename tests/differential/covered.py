"""What the generated scripts used: counted in their syntax trees, against all that the compared extensions offer."""

from collections import Counter
from collections.abc import Iterable, Iterator

from sieve_like.errors import Diagnostics
from sieve_like.limits import Limits
from sieve_like.parser import parse
from sieve_like.registry import Registry
from sieve_like.spec import Extension
from sieve_like.syntax import CommandNode, StringNode, TagNode, TestNode

# What the other engine lacks: tags that mean something beside `:fcc` only (RFC 8580), a newer modifier, and
# commands of drafts that RFC 6609 replaced by `global`.
NOT_THEIRS = {
    f"tag {owner} :{tag}" for owner in ("vacation", "notify") for tag in ("create", "flags", "specialuse")
}
NOT_THEIRS |= {"tag set :quoteregex", "tag extracttext :quoteregex"}


def words_of(extensions: Iterable[Extension]) -> set[str]:
    """Return everything that extensions offer: commands, tests, tags with their owners, match types."""
    found: set[str] = set()
    extensions = list(extensions)
    owners = {spec.name for extension in extensions for spec in (*extension.commands, *extension.tests)}
    for extension in extensions:
        for kind, specs in (("command", extension.commands), ("test", extension.tests)):
            for spec in specs:
                found.add(f"{kind} {spec.name}")
                found.update(f"tag {spec.name} :{tag.name}" for tag in spec.tags)
        added = [(owner, one.tag.name) for one in extension.tags for owner in one.owners if owner in owners]
        found.update(f"tag {owner} :{tag}" for owner, tag in added)
        found.update(f"match type :{one.name}" for one in extension.match_types)
        found.update(
            f"relation {one}" for match_type in extension.match_types for one in match_type.relations
        )
        found.update(f"address part :{one.name}" for one in extension.address_parts)
        found.update(f"comparator {one.name}" for one in extension.comparators)
        if extension.capability and not extension.builtin:
            found.add(f"capability {extension.capability}")
    return found


class Coverage:
    """Counts words as scripts are added."""

    def __init__(self, registry: Registry, known: frozenset[str]) -> None:
        compared = [
            one for one in registry.extensions if not one.capability or one.builtin or one.capability in known
        ]
        self.offered = words_of(compared) - NOT_THEIRS
        self.counts: Counter[str] = Counter()

    def add(self, source: str) -> None:
        """Count the words of one script."""
        self.counts.update(set(_words(parse(source.encode(), Limits(), Diagnostics()))) & self.offered)

    def missing(self) -> list[str]:
        """Return what was never used."""
        return sorted(self.offered - set(self.counts))

    def table(self) -> str:
        """Return all counts, in columns."""
        cells = [f"{self.counts[word]:6} {word}" for word in sorted(self.offered)]
        width, third = max(map(len, cells)) + 2, -(-len(cells) // 3)
        rows = [cells[n::third] for n in range(third)]
        return "\n".join("".join(f"{cell:<{width}}" for cell in row).rstrip() for row in rows)


def _words(nodes: Iterable[CommandNode | TestNode]) -> Iterator[str]:
    for node in nodes:
        kind = "command" if isinstance(node, CommandNode) else "test"
        yield f"{kind} {node.name}"
        for at, argument in enumerate(node.arguments):
            if isinstance(argument, TagNode):
                yield from (f"tag {node.name} :{argument.name}", f"match type :{argument.name}")
                yield f"address part :{argument.name}"
                following = node.arguments[at + 1] if at + 1 < len(node.arguments) else None
                if isinstance(following, StringNode):
                    yield f"comparator {following.value}"
                    yield f"relation {following.value.lower()}"
            elif isinstance(argument, StringNode) and node.name == "require":
                yield f"capability {argument.value}"
            elif node.name == "require" and hasattr(argument, "items"):
                yield from (f"capability {item.value}" for item in argument.items)
        yield from _words(node.tests)
        if isinstance(node, CommandNode):
            yield from _words(node.block or ())
