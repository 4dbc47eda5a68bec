"""Templates: Jinja2 in its sandbox (G18, W3), text and HTML, with the values of `names.py`.

A value from a mail is never template source: it is only ever substituted, and escaped in HTML.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from jinja2 import Template as Compiled
from jinja2 import TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailgate.actions._names import NAMES, safe_subject
from mailgate.domain.action import Plan
from mailgate.domain.routing import Template

PLAIN: Final = ImmutableSandboxedEnvironment(autoescape=False, keep_trailing_newline=True)
HTML: Final = ImmutableSandboxedEnvironment(autoescape=True, keep_trailing_newline=True)


class _Values:
    """One namespace as a template sees it: attributes computed when they are read."""

    def __init__(self, plan: Plan, namespace: str) -> None:
        self._plan, self._names = plan, NAMES[namespace]
        self._namespace = namespace

    def __getattr__(self, name: str) -> str:
        if self._namespace == "mail" and name == "subject":
            return safe_subject(self._plan)
        try:
            return self._names[name](self._plan)
        except KeyError:
            raise AttributeError(name) from None


# 512 texts: every template of a large installation in every language, compiled once.
@lru_cache(maxsize=512)
def _compiled(source: str, *, html: bool) -> Compiled:
    template = (HTML if html else PLAIN).from_string(source)
    # A plain dictionary: the chain of dictionaries that the library puts here is copied on every use.
    template.globals = dict(template.globals)
    return template


def render(plan: Plan, source: str, extra: Mapping[str, str], *, html: bool = False) -> str:
    """Return the rendered text; `extra` adds plain values (salutation). Raises jinja2.TemplateError."""
    if "{" not in source:
        return source
    values: dict[str, object] = {name: _Values(plan, name) for name in NAMES}
    return _compiled(source, html=html).render({**values, **extra})


def complaint(template: Template) -> tuple[int, str] | None:
    """Return (line, message) of what is wrong with a template's syntax, or None."""
    for source, environment in ((template.subject, PLAIN), (template.text, PLAIN), (template.html, HTML)):
        try:
            environment.parse(source)
        except TemplateSyntaxError as error:
            return error.lineno, error.message or "syntax error"
        except TemplateError as error:
            return 0, error.message or "cannot be read"
    return None
