"""Findings about capabilities: required and not used, asked for and unknown, replaced by others."""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from sieve_like.errors import Span, did_you_mean
from sieve_like.lint.script import Finding, Node, Script, walk_nodes
from sieve_like.registry import Registry
from sieve_like.spec import CommandSpec, Extension, TestSpec
from sieve_like.syntax import Argument, CommandNode, ListNode, StringNode, TagNode, TestNode

# Capabilities of drafts, and what became of them.
REPLACED: Final = {
    "imapflags": "require 'imap4flags' (RFC 5232): 'mark' is addflag \"\\\\Flagged\", 'setflag' stays",
    "notify": 'require \'enotify\' (RFC 5435): notify :message "…" "mailto:somebody@example.org"',
    "vnd.dovecot.duplicate": "require 'duplicate' (RFC 7352): the handle is ':handle', the time ':seconds'",
    "comparator-i;ascii-casemap-numeric": "require 'comparator-i;ascii-numeric'",
    "vnd.dovecot.testsuite.": "require 'vnd.dovecot.testsuite'",
}
# They change how every string is read, so that nobody may turn them on halfway (RFC 5463 4).
UNGUARDED: Final = frozenset({"variables", "encoded-character"})
ENCODED: Final = re.compile(r"\$\{(?:hex|unicode):", re.IGNORECASE)
NAMESPACED: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\.")
VARIABLE: Final = re.compile(r"\$\{(?:[A-Za-z_][A-Za-z0-9_.]*|[0-9]+)\}")


def replaced(nodes: Sequence[CommandNode]) -> Iterator[Finding]:
    """Yield capabilities of drafts; also for scripts that don't compile, since that is why most don't."""
    for name, span in required(nodes):
        if name in REPLACED:
            yield Finding("L012", span, f"'{name}' was a draft: {REPLACED[name]}")


def required(nodes: Sequence[CommandNode]) -> Iterator[tuple[str, Span]]:
    """Yield the capabilities that a script requires, each with its place."""
    for node in nodes:
        if node.name == "require":
            for argument in node.arguments:
                items = argument.items if isinstance(argument, ListNode) else (argument,)
                yield from ((item.value, item.span) for item in items if isinstance(item, StringNode))


def findings(script: Script) -> Iterator[Finding]:
    """Yield all findings of this kind."""
    used = _used(script)
    asked = {name for name, _ in required(script.nodes)}
    seen: set[str] = set()
    for name, span in required(script.nodes):
        extension = script.registry.capabilities.get(name)
        if name in seen:
            yield Finding("L010", span, f"'{name}' is required already")
        elif extension is not None and not _needed(extension, used, asked, script.registry):
            yield Finding("L010", span, f"'{name}' is required and not used")
        seen.add(name)
    for test in script.tests():
        if test.name == "ihave":
            for name, span in script.spots(test, "capabilities"):
                if name in UNGUARDED:
                    yield Finding("L011", span, f"'ihave' is never true for '{name}': require it at the top")
                elif name not in script.registry.capabilities:
                    hint = did_you_mean(name, script.registry.capabilities)
                    yield Finding("L011", span, f"nobody offers '{name}': this is never true{hint}")


def _needed(extension: Extension, used: set[str], asked: set[str], registry: Registry) -> bool:
    """Whether a script uses something of a capability, or of one that comes with it and is not required."""
    if extension.builtin or not _has_words(extension):
        return True
    if extension.capability in used:
        return True
    return any(
        name not in asked and _needed(registry.capabilities[name], used, asked, registry)
        for name in extension.implies
    )


def _has_words(extension: Extension) -> bool:
    """Whether a use of the extension can be seen at all."""
    return any(
        (
            extension.commands, extension.tests, extension.tags, extension.comparators, extension.match_types,
            extension.address_parts, extension.envelope_parts, extension.namespaces, extension.literal,
            extension.expansion,
        )
    )  # fmt: skip


def _used(script: Script) -> set[str]:
    """Return the capabilities of which a script uses a word, also in code that never runs."""
    registry = script.registry
    found: set[str] = set()
    for node in walk_nodes(script.nodes):
        word = registry.test(node.name) if isinstance(node, TestNode) else registry.command(node.name)
        found |= _of_word(word) | _of_tags(registry, node, word)
        if node.name == "envelope":
            found |= _of_envelope(registry, node)
    return found | _of_strings(script)


def _of_word(found: tuple[object, Extension] | None) -> set[str]:
    return {found[1].capability} if found is not None else set()


def _of_tags(
    registry: Registry, node: Node, word: tuple[CommandSpec | TestSpec, Extension] | None
) -> set[str]:
    """Return the capabilities of the tags that are not the word's own."""
    own = {tag.name for tag in word[0].tags} if word is not None else set()
    added = {one.tag.name: {extension.capability} for one, extension in registry.added(node.name)}
    found: set[str] = set()
    for argument, value in zip_longest(node.arguments, node.arguments[1:]):
        if isinstance(argument, TagNode) and argument.name not in own:
            found |= added.get(argument.name) or _of_shared(registry, argument, value)
    return found


def _of_shared(registry: Registry, tag: TagNode, value: Argument | None) -> set[str]:
    """Return the capability of a tag that all matching tests share."""
    if tag.name == "comparator" and isinstance(value, StringNode):
        return _of_word(registry.comparator(value.value))
    return _of_word(registry.match_type(tag.name)) | _of_word(registry.address_part(tag.name))


def _of_envelope(registry: Registry, node: Node) -> set[str]:
    """Return the capabilities that offer a part of the envelope which the test names."""
    names: set[str] = set()
    for argument in node.arguments:
        items = argument.items if isinstance(argument, ListNode) else (argument,)
        names |= {item.value.lower() for item in items if isinstance(item, StringNode)}
    return {one.capability for one in registry.extensions if names.intersection(one.envelope_parts)}


def _of_strings(script: Script) -> set[str]:
    """Return the capabilities that change what strings say."""
    text = "\0".join(node.value for node in script.strings())
    names = {found.lower() for found in NAMESPACED.findall(text)}
    found: set[str] = set()
    for extension in script.registry.extensions:
        if extension.literal is not None and ENCODED.search(text):
            found.add(extension.capability)
        if extension.expansion is not None and VARIABLE.search(text):
            found.add(extension.capability)
        if names.intersection(one.name for one in extension.namespaces):
            found.add(extension.capability)
    return found
