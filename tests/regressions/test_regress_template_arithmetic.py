"""A template whose expression failed with one of Python's own errors crashed the delivery instead of the answer."""

from types import SimpleNamespace

import pytest
from jinja2 import TemplateError

from mailgate.domain.ports import ContactView
from mailgate.domain.routing import Queue, Template
from mailgate.texts.render import render_template


def source(mail):
    """Return what a text is filled from: nobody's ticket."""
    return SimpleNamespace(
        contact=lambda: ContactView(0, "", ""), queue=lambda: Queue(""), is_stranger=lambda: True, mail=mail
    )


@pytest.mark.parametrize(
    "text", ["{{ 1 // 0 }}", "{{ salutation + 1 }}", "{{ [][3].x }}", "{{ salutation|round }}"]
)
def test_any_error_of_an_expression_is_the_templates(text):
    """What the rules can note and go on after is a TemplateError; the mail becomes its ticket all the same."""
    with pytest.raises(TemplateError):
        render_template(Template("t", "", text), source(lambda _part: ""), {"salutation": "Hello"})


def test_an_error_of_the_house_is_not_the_templates():
    """A database that fails while a value is read must reach the unit, which tells the client to try again."""

    def fails(_part):
        raise OSError("disk I/O error")

    with pytest.raises(OSError, match="disk I/O error"):
        render_template(Template("t", "", "{{ mail.to }}"), source(fails))
