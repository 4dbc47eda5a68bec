"""What is wrong with a template, all of it at once, before it is stored (G19, S9).

An unknown name would be nothing but a gap in somebody's answer, so it is a mistake like any other.
"""

from collections.abc import Container, Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from jinja2 import TemplateError, TemplateSyntaxError, meta, nodes

from mailgate.domain.address import sendable
from mailgate.domain.helpdesk import FORMATS
from mailgate.domain.routing import Template
from mailgate.texts.markup import DEEPEST, LONGEST, parts
from mailgate.texts.names import NAMES
from mailgate.texts.sandbox import EXTRA, MARKED, PLAIN, refusals
from mailgate.texts.tags import expressions, unknown_tags

# Whom a template may be for, beside addresses (S9).
PEOPLE: Final = ("contact", "agent", "group")

Complaint = tuple[str, int, str]


def complaints(template: Template) -> Iterator[Complaint]:
    """Yield (part, line, message) of everything that is wrong; line 0 is the part as a whole."""
    if template.format not in FORMATS:
        close = near(template.format, FORMATS)
        yield "format", 0, f"{template.format!r} is none, write {', '.join(FORMATS)}{close}"
    for part in ("subject", "text", "html"):
        yield from ((part, line, text) for line, text in sorted(_of_source(template, part)))
    yield from (("recipients", 0, text) for one in template.recipients if (text := _recipient(one)))


def near(word: str, known: Iterable[str], before: str = "") -> str:
    """Return `, did you mean mail.subject?` where a known word is close, else ""."""
    found = get_close_matches(word, sorted(known), n=1)
    return f", did you mean {before}{found[0]}?" if found else ""


def _recipient(word: str) -> str:
    """Return what is wrong with a recipient, "" where nothing is."""
    if word in PEOPLE or sendable(word):
        return ""
    if "@" in word:
        return f"{word!r} is no address that mail can be sent to"
    return f"{word!r} is nobody, write {', '.join(PEOPLE)} or an address{near(word, PEOPLE)}"


def _of_source(template: Template, part: str) -> Iterator[tuple[int, str]]:
    """Yield (line, message) of one part: tags, syntax, names, and what it would make of a mail."""
    source: str = getattr(template, part)
    form = template.format if part == "text" else "html" if part == "html" else "text"
    if form not in FORMATS:
        form = "text"
    found = list(_unknown_tags(source))
    yield from found
    environment = PLAIN if form == "text" else MARKED
    try:
        written = expressions(source)
        environment.from_string(written)
        tree = environment.parse(written)
        wrong = [*_unknown(tree, environment.globals), *refusals(tree, makers=form != "markdown")]
        yield from wrong
        if form != "text" and not wrong and not found:
            yield from _too_much(written, form)
    except TemplateSyntaxError as error:
        yield error.lineno, error.message or "syntax error"
    except TemplateError as error:
        yield 0, error.message or "cannot be read"


def _too_much(written: str, form: str) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with the markup: there is nothing left of it, or there is too much of it."""
    try:
        left = parts(written, form)
    except TemplateError as error:
        yield 0, error.message or f"is longer than {LONGEST} or deeper than {DEEPEST}"
        return
    if written.strip() and not "".join(left.html.texts).strip():
        yield 0, "nothing is left of it: it holds only what mails must not hold"


def _unknown_tags(source: str) -> Iterator[tuple[int, str]]:
    for line, tag, name, known in unknown_tags(source):
        names = {one.strip("@{}$").removeprefix("helpdesk-").removeprefix("SERIAL_"): one for one in known}
        found = get_close_matches(name, sorted(names), n=1)
        meant = f"did you mean {names[found[0]]}?" if found else f"there are {', '.join(sorted(known))}"
        yield line, f"there is no tag {tag}, {meant}"


def _unknown(tree: nodes.Template, built_in: Container[str]) -> Iterator[tuple[int, str]]:
    """Yield (line, message) of names that no value stands behind."""
    free = meta.find_undeclared_variables(tree)
    whole: set[int] = set()
    asking: list[nodes.Getattr | nodes.Getitem] = [
        *tree.find_all(nodes.Getattr),
        *tree.find_all(nodes.Getitem),
    ]
    for node in asking:
        space, asked = node.node, _asked(node)
        if isinstance(space, nodes.Name) and space.name in free and space.name in NAMES and asked:
            whole.add(id(space))
            if asked not in NAMES[space.name]:
                close = near(asked, NAMES[space.name], f"{space.name}.")
                yield node.lineno, f"there is no {space.name}.{asked}{close}"
    for name in tree.find_all(nodes.Name):
        if name.name not in free or name.name in built_in or name.name in EXTRA or id(name) in whole:
            continue
        if name.name in NAMES:
            some = ", ".join(f"{name.name}.{one}" for one in NAMES[name.name])
            yield name.lineno, f"{name.name} has no value of its own, name one of {some}"
        else:
            yield name.lineno, f"there is no {name.name}{near(name.name, (*NAMES, *EXTRA))}"


def _asked(node: nodes.Getattr | nodes.Getitem) -> str:
    """Return the name after the dot or in the brackets, "" where it is only known while rendering."""
    if isinstance(node, nodes.Getattr):
        return node.attr
    return str(node.arg.value) if isinstance(node.arg, nodes.Const) else ""
