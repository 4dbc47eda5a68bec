"""The language described from its own tables: what each extension offers, as a page, a list, or data.

What the page says about an extension is its card, the docstring of its file; the grammar is drawn from the
tables that the compiler uses, so it can't differ from what is accepted.
"""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Final

from sieve_like.registry import Registry
from sieve_like.spec import (
    CommandSpec,
    Extension,
    Inner,
    Kind,
    Matching,
    Modify,
    Positional,
    Tag,
    TestSpec,
)

HEAD: Final = """# What the rule language has

This page is made from the extensions themselves (`make generated`): their cards, and the grammar that the
compiler uses. `sieve-like extensions` lists the language without what mailgate adds; `--json` has all words.
How to use them: [rules.md](rules.md). Where we differ from other engines: [differences.md](differences.md).

"""
RFC_LINK: Final = "https://www.rfc-editor.org/rfc/rfc"
SHARED: Final = {
    Matching.NONE: (),
    Matching.MATCH: ("[COMPARATOR]", "[MATCH-TYPE]"),
    Matching.ADDRESS: ("[COMPARATOR]", "[ADDRESS-PART]", "[MATCH-TYPE]"),
}  # fmt: skip


# --- grammar -----------------------------------------------------------------------------------


def usage(spec: CommandSpec | TestSpec, added: Sequence[Tag] = ()) -> str:
    """Return a command or test as a line of grammar, the way RFC 5228 writes its usages."""
    words = [spec.name]
    words += [_tag(tag) for tag in (*_grouped(spec.tags), *added)]
    words += SHARED[spec.matching] if isinstance(spec, TestSpec) else ()
    words += [_positional(one) for one in spec.positionals]
    words += {Inner.NONE: [], Inner.ONE: ["<test>"], Inner.MANY: ["<test-list>"]}[spec.tests]
    if isinstance(spec, CommandSpec):
        return " ".join(words) + (" { … }" if spec.block else ";")
    return " ".join(words)


def _grouped(tags: Iterable[Tag]) -> list[Tag | tuple[Tag, ...]]:
    """Return the tags with those of one group together, at the place of the first."""
    groups: dict[str, list[Tag]] = {}
    for tag in tags:
        groups.setdefault(tag.group or f":{tag.name}", []).append(tag)
    return [tuple(group) if len(group) > 1 else group[0] for group in groups.values()]


def _tag(tag: Tag | tuple[Tag, ...]) -> str:
    if isinstance(tag, Tag):
        word = _word(tag)
        return word if tag.required else f"[{word}]"
    words = " / ".join(map(_word, tag))
    return f"({words})" if any(one.required for one in tag) else f"[{words}]"


def _word(tag: Tag) -> str:
    return f":{tag.name}" if tag.kind is Kind.FLAG else f":{tag.name} <{_kind(tag.kind)}>"


def _positional(one: Positional) -> str:
    word = f"<{one.name}: {_kind(one.kind)}>"
    return f"[{word}]" if one.optional else word


def _kind(kind: Kind) -> str:
    return kind.value.replace(" ", "-")


# --- the page ----------------------------------------------------------------------------------


def summary(extension: Extension) -> str:
    """Return the first sentence of a card, on one line."""
    return " ".join(extension.card.strip().split("\n\n")[0].split()).rstrip(".")


def rest(extension: Extension) -> str:
    """Return what a card says behind its first sentence, a line for each paragraph."""
    paragraphs = extension.card.strip().split("\n\n")[1:]
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)


def as_markdown(registry: Registry) -> str:
    """Return the whole page: a table, the core, then a section for each capability."""
    core = [one for one in registry.extensions if not one.capability]
    named = sorted((one for one in registry.extensions if one.capability), key=_order)
    table = ["| require | gives | RFC |", "|---|---|---|", "| | [the core](#the-core) | 5228 |"]
    table += [
        f"| [`{one.capability}`](#{_anchor(one)}) | {_cell(summary(one))} | {one.rfc} |" for one in named
    ]
    pieces = [HEAD + "\n".join(table) + "\n", "## The core\n", _shared(registry)]
    pieces += [f"### {_cell(summary(one))}\n\n{_cell(rest(one))}\n{_grammar(registry, one)}" for one in core]
    for one in named:
        title = f"## {one.capability}\n\n{_sentence(summary(one))}\n\n{_cell(rest(one))}\n"
        pieces.append(title + _grammar(registry, one))
    return "\n".join(pieces)


def _order(extension: Extension) -> tuple[bool, str]:
    return extension.capability.startswith("vnd."), extension.capability


def _anchor(extension: Extension) -> str:
    """Return the name under which the heading of a capability is found: punctuation goes."""
    return "".join(c for c in extension.capability.lower() if c.isalnum() or c in "-_")


def _cell(text: str) -> str:
    """Return a text of a card as Markdown understands it; what stands in backquotes is code already."""
    pieces = text.replace("|", "\\|").split("`")
    plain = [one.replace("<", "\\<").replace("*", "\\*") for one in pieces[::2]]
    code = [f"`{one}`" for one in pieces[1::2]]
    return "".join(one for pair in zip_longest(plain, code, fillvalue="") for one in pair)


def _sentence(text: str) -> str:
    return f"{_cell(text)}."


def _shared(registry: Registry) -> str:
    """Return what the placeholders of all matching tests stand for."""
    lines = []
    for label, kind, look in (
        ("MATCH-TYPE", "match type", registry.match_type),
        ("ADDRESS-PART", "address part", registry.address_part),
        ("COMPARATOR", "comparator", registry.comparator),
    ):
        words = []
        for name in registry.words(kind):
            found = look(name)
            assert found is not None
            needed = f" (`{found[1].capability}`)" if found[1].capability and not found[1].builtin else ""
            shown = f':comparator "{name}"' if label == "COMPARATOR" else f":{name}"
            words.append(f"`{shown}`{needed}")
        lines.append(f"* {label}: {' · '.join(words)}")
    return "In the grammars below stand for\n\n" + "\n".join(lines) + "\n"


def _grammar(registry: Registry, extension: Extension) -> str:
    specs: list[CommandSpec | TestSpec] = [*extension.commands, *extension.tests]
    lines = [usage(one, _added(registry, extension, one.name)) for one in specs]
    for added in extension.tags:
        owners = " / ".join(name for name in added.owners if _known(registry, name))
        lines.append(f"{owners} {_tag(added.tag)}")
    block = "\n```\n" + "\n".join(lines) + "\n```\n" if lines else ""
    return block + "".join(f"\n{line}\n" for line in _other_words(extension))


def _added(registry: Registry, extension: Extension, name: str) -> list[Tag]:
    """Return the tags which the same extension adds to its own word."""
    return [added.tag for added, owner in registry.added(name) if owner is extension]


def _known(registry: Registry, name: str) -> bool:
    return registry.command(name) is not None or registry.test(name) is not None


def _other_words(extension: Extension) -> Iterable[str]:
    if extension.namespaces:
        for space in extension.namespaces:
            names = " ".join(f"`${{{space.name}.{name}}}`" for name in space.names)
            yield f"Variables: {names or f'`${{{space.name}.…}}`'}"
    if extension.envelope_parts:
        yield "Parts of the envelope: " + " · ".join(f'`"{part}"`' for part in extension.envelope_parts)
    if extension.implies:
        yield "Makes available as well: " + " · ".join(f"`{name}`" for name in extension.implies)


# --- a list, and data --------------------------------------------------------------------------


def as_text(registry: Registry) -> str:
    """Return one line for each capability: its name, its RFC and what it gives."""
    named = sorted((one for one in registry.extensions if one.capability), key=_order)
    width = max(len(one.capability) for one in named)
    return "".join(f"{one.capability:{width}}  {one.rfc:>5}  {summary(one)}\n" for one in named)


def as_data(registry: Registry) -> list[dict[str, object]]:
    """Return all extensions with all their words as plain data."""
    return [
        {
            "capability": one.capability,
            "rfc": one.rfc,
            "card": one.card.strip(),
            "commands": [_plain_spec(spec) for spec in one.commands],
            "tests": [_plain_spec(spec) for spec in one.tests],
            "tags": [{"owners": list(added.owners), **_plain_tag(added.tag)} for added in one.tags],
            "match_types": [word.name for word in one.match_types],
            "comparators": [word.name for word in one.comparators],
            "address_parts": [word.name for word in one.address_parts],
            "envelope_parts": list(one.envelope_parts),
            "namespaces": {space.name: list(space.names) for space in one.namespaces},
            "implies": list(one.implies),
        }
        for one in registry.extensions
    ]


def _plain_spec(spec: CommandSpec | TestSpec) -> dict[str, object]:
    plain: dict[str, object] = {
        "name": spec.name,
        "usage": usage(spec),
        "tags": [_plain_tag(tag) for tag in spec.tags],
        "arguments": [
            {"name": one.name, "kind": one.kind.value, "optional": one.optional} for one in spec.positionals
        ],
        "tests": spec.tests.value,
    }
    if isinstance(spec, CommandSpec):
        return {**plain, "block": spec.block, "follows": list(spec.follows)}
    return {**plain, "matching": spec.matching.value}


def _plain_tag(tag: Tag) -> dict[str, object]:
    plain: dict[str, object] = {"name": tag.name, "kind": tag.kind.value, "group": tag.group}
    return {**plain, "precedence": tag.hook.precedence} if isinstance(tag.hook, Modify) else plain
