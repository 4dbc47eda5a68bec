"""Templates: Jinja2 in its sandbox (G18, W3), text and HTML, with the values of `names.py`.

A value from a mail is never template source: it is only ever substituted, and escaped in HTML.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from types import SimpleNamespace
from typing import Final

from jinja2 import Template as Compiled
from jinja2 import TemplateError, TemplateRuntimeError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailgate.actions._names import NAMES, is_stranger, without_links
from mailgate.domain.action import Plan
from mailgate.domain.routing import Template

PLAIN: Final = ImmutableSandboxedEnvironment(autoescape=False, keep_trailing_newline=True)
HTML: Final = ImmutableSandboxedEnvironment(autoescape=True, keep_trailing_newline=True)
# What an expression of a template can end with, beyond the library's own errors: `{{ 1 // 0 }}`,
# `{{ mail.subject + 1 }}`. Errors of the database, which values are read from, are not among them.
FAULTS: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
    RecursionError,
)
# What templates may name besides the namespaces (see `actions/reply.py`).
EXTRA: Final = frozenset({"salutation"})
# What a sender can fill with whatever he likes; addresses are not among it, they must stay what they are.
WRITTEN_BY_SENDER: Final = frozenset(
    {("mail", "subject"), ("mail", "from_name"), ("ticket", "subject"), ("contact", "name")}
)


class _Values:
    """One namespace as a template sees it: attributes computed when they are read."""

    def __init__(self, plan: Plan, namespace: str) -> None:
        self._plan, self._names = plan, NAMES[namespace]
        self._namespace = namespace

    def __getattr__(self, name: str) -> str:
        try:
            found = self._names[name](self._plan)
        except KeyError:
            raise AttributeError(name) from None
        if (self._namespace, name) in WRITTEN_BY_SENDER and is_stranger(self._plan):
            return without_links(found)
        return found


# 512 texts: every template of a large installation in every language, compiled once.
@lru_cache(maxsize=512)
def _compiled(source: str, *, html: bool) -> tuple[Compiled, tuple[str, ...]]:
    """Return a template and the namespaces that it names."""
    environment = HTML if html else PLAIN
    template = environment.from_string(source)
    # A plain dictionary: the chain of dictionaries that the library puts here is copied on every use.
    template.globals = dict(template.globals)
    named = meta.find_undeclared_variables(environment.parse(source))
    return template, tuple(name for name in NAMES if name in named)


def render(plan: Plan, source: str, extra: Mapping[str, str], *, html: bool = False) -> str:
    """Return the rendered text; `extra` adds plain values (salutation). Raises jinja2.TemplateError."""
    if "{" not in source:
        return source
    try:
        template, named = _compiled(source, html=html)
        values: dict[str, object] = {name: _Values(plan, name) for name in named}
        values.update(extra)
        return template.render(values)
    except FAULTS as error:
        raise TemplateRuntimeError(f"{type(error).__name__}: {error}") from error


def render_values(
    source: str, spaces: Mapping[str, Mapping[str, str]], extra: Mapping[str, str], *, html: bool = False
) -> str:
    """Return the rendered text where no mail is in hand: `spaces` are the values of each namespace.

    Raises jinja2.TemplateError.
    """
    if "{" not in source:
        return source
    try:
        template, named = _compiled(source, html=html)
        values: dict[str, object] = {
            name: SimpleNamespace(**spaces[name]) for name in named if name in spaces
        }
        values.update(extra)
        return template.render(values)
    except FAULTS as error:
        raise TemplateRuntimeError(f"{type(error).__name__}: {error}") from error


def complaints(template: Template) -> Iterator[tuple[str, int, str]]:
    """Yield (part, line, message) of everything that is wrong: syntax, and names that there are not.

    An unknown name would be nothing but a gap in somebody's answer, so it is a mistake like any other.
    """
    for part, environment in (("subject", PLAIN), ("text", PLAIN), ("html", HTML)):
        source = getattr(template, part)
        try:
            environment.from_string(source)
            for line, message in sorted(_unknown(environment.parse(source), environment.globals)):
                yield part, line, message
        except TemplateSyntaxError as error:
            yield part, error.lineno, error.message or "syntax error"
        except TemplateError as error:
            yield part, 0, error.message or "cannot be read"


def complaint(template: Template) -> tuple[int, str] | None:
    """Return (line, message) of the first thing that is wrong with a template, or None."""
    return next(((line, message) for _part, line, message in complaints(template)), None)


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
                near = _near(asked, NAMES[space.name], f"{space.name}.")
                yield node.lineno, f"there is no {space.name}.{asked}{near}"
    for name in tree.find_all(nodes.Name):
        if name.name not in free or name.name in built_in or name.name in EXTRA or id(name) in whole:
            continue
        if name.name in NAMES:
            some = ", ".join(f"{name.name}.{one}" for one in NAMES[name.name])
            yield name.lineno, f"{name.name} has no value of its own, name one of {some}"
        else:
            yield name.lineno, f"there is no {name.name}{_near(name.name, (*NAMES, *EXTRA))}"


def _asked(node: nodes.Getattr | nodes.Getitem) -> str:
    """Return the name after the dot or in the brackets, "" where it is only known while rendering."""
    if isinstance(node, nodes.Getattr):
        return node.attr
    return str(node.arg.value) if isinstance(node.arg, nodes.Const) else ""


def _near(word: str, known: Iterable[str], before: str = "") -> str:
    near = get_close_matches(word, sorted(known), n=1)
    return f", did you mean {before}{near[0]}?" if near else ""
