"""Where templates run: Jinja2's sandbox, without anything that makes source of a value.

    source -> tags become expressions -> compiled once, checked as a whole

In texts with markup (`MARKED`) every value becomes a mark (`texts/marks.py`), whatever the expression around
it, and the value itself is put in after the Markdown or HTML has been read and cleaned: so no value can ever
be markup, a link, or a template.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2 import Template as Compiled
from jinja2 import TemplateRuntimeError, TemplateSyntaxError, meta, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from mailgate.domain.replymark import reply_above
from mailgate.texts.marks import Marks, unmarked
from mailgate.texts.names import NAMES, Asked, safe_value
from mailgate.texts.speech import greeting
from mailgate.texts.tags import expressions

# Where the marks of a text are among its values: no template can say a name with a blank.
MARKING: Final = "the marks"
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
# Filters that make markup of a value, or links in it.
UNSAFE: Final = ("safe", "urlize", "xmlattr", "tojson", "forceescape")
# Statements that make text of their own, which an expression could join with a value before it is marked.
MAKERS: Final = (nodes.Macro, nodes.CallBlock, nodes.AssignBlock, nodes.FilterBlock)
# What reads another template: there is nothing to read it from.
READERS: Final = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)


@pass_context
def _marked(context: Context, value: Any) -> Any:
    """Return a mark for a value; what a macro or block of the template itself has made stays as it is."""
    if isinstance(value, Markup):
        return value
    marks: Marks = context[MARKING]
    return Markup(marks.keep(str(value)))  # noqa: S704  a number between two noncharacters


def _as_it_is(value: Any) -> Any:
    """Return a value that is escaped later by itself, whatever the template says."""
    return value


def _sandbox(*, marking: bool) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        autoescape=marking, keep_trailing_newline=True, finalize=_marked if marking else None
    )
    for name in UNSAFE:
        del made.filters[name]
    del made.globals["lipsum"]
    for name in ("e", "escape"):
        made.filters[name] = _as_it_is
    return made


PLAIN: Final = _sandbox(marking=False)
MARKED: Final = _sandbox(marking=True)


class Space:
    """One namespace as a template sees it: attributes computed when they are read."""

    __slots__ = ("_asked", "_name")

    def __init__(self, asked: Asked, name: str) -> None:
        self._asked, self._name = asked, name

    def __getattr__(self, name: str) -> str:
        try:
            return unmarked(safe_value(self._asked, self._name, name))
        except KeyError:
            raise AttributeError(name) from None


def _salutation(asked: Asked) -> str:
    """Return the personal salutation, else the language's greeting (W3)."""
    return asked.source.contact().salutation or greeting(asked.language)


def _reply_above(asked: Asked) -> str:
    """Return the line above which an answer is to be written (S9)."""
    return reply_above(asked.language)


# What templates may name besides the namespaces; whoever renders may say it otherwise, and add to it.
EXTRA: Final[Mapping[str, Callable[[Asked], str]]] = {"salutation": _salutation, "reply_above": _reply_above}


class Unusable(TemplateSyntaxError):  # noqa: N818  it names what is wrong
    """Something that the language knows and mails must not use."""


def refusals(tree: nodes.Template, *, makers: bool) -> list[tuple[int, str]]:
    """Return (line, message) of what is not for mails; with `makers` a template may make texts for itself."""
    found = [(node.lineno, "templates read no others: write it out") for node in tree.find_all(READERS)]
    if not makers:
        text = "there are no macros and no set blocks in Markdown; {% set name = value %} there is"
        found += [(node.lineno, text) for node in tree.find_all(MAKERS)]
        found += [
            (node.lineno, "there are no blocks to be said again in Markdown")
            for node in tree.find_all(nodes.Name)
            if node.name in {"self", "super"}
        ]
    return found


# 512 texts: every template of a large installation in every language, compiled once.
@lru_cache(maxsize=512)
def _compiled(
    source: str, *, marking: bool, makers: bool
) -> tuple[Compiled, tuple[str, ...], tuple[str, ...]]:
    """Return a template, the namespaces that it names, and what it names of `EXTRA`."""
    environment = MARKED if marking else PLAIN
    written = unmarked(expressions(source))
    tree = environment.parse(written)
    for line, text in refusals(tree, makers=makers):
        raise Unusable(text, line)
    template = environment.from_string(written)
    # A plain dictionary: the chain of dictionaries that the library puts here is copied on every use.
    template.globals = dict(template.globals)
    named = meta.find_undeclared_variables(tree)
    return (
        template,
        tuple(name for name in NAMES if name in named),
        tuple(name for name in EXTRA if name in named),
    )


def fill(source: str, asked: Asked, extra: Mapping[str, str], marks: Marks | None, *, makers: bool) -> str:
    """Return a text with its values, or where there are `marks` with a mark for each of them.

    Raises jinja2.TemplateError.
    """
    try:
        template, named, more = _compiled(source, marking=marks is not None, makers=makers)
        values: dict[str, object] = {name: Space(asked, name) for name in named}
        values.update((name, EXTRA[name](asked)) for name in more if name not in extra)
        values.update((name, unmarked(text)) for name, text in extra.items())
        values[MARKING] = marks
        return template.render(values)
    except FAULTS as error:
        raise TemplateRuntimeError(f"{type(error).__name__}: {error}") from error
