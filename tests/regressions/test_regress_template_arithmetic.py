"""A template whose expression failed with one of Python's own errors crashed the delivery instead of the answer."""

import pytest
from jinja2 import TemplateError

from mailgate.actions._templates import render


@pytest.mark.parametrize(
    "source", ["{{ 1 // 0 }}", "{{ salutation + 1 }}", "{{ [][3].x }}", "{{ salutation|round }}"]
)
def test_any_error_of_an_expression_is_the_templates(source):
    """What the rules can note and go on after is a TemplateError; the mail becomes its ticket all the same."""
    with pytest.raises(TemplateError):
        render(None, source, {"salutation": "Hello"})


def test_an_error_of_the_house_is_not_the_templates():
    """A database that fails while a value is read must reach the unit, which tells the client to try again."""

    class Plan:
        class mail:  # noqa: N801  stands for the plan's mail
            class recipient:  # noqa: N801
                @property
                def address(self):
                    raise OSError("disk I/O error")

    plan = Plan()
    plan.mail.recipient = Plan.mail.recipient()
    with pytest.raises(OSError, match="disk I/O error"):
        render(plan, "{{ mail.to }}", {})
