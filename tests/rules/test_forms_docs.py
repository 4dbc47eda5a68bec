"""The page of the helpdesk lists every field, operator and action of the form, and its example is one."""

import re
from pathlib import Path

from ruleworld import REGISTRY

from mailgate.cli._texts import business_of
from mailgate.config.texts import read_texts
from mailgate.domain.routing import Catalogue
from mailgate.rules.forms.actions import KINDS
from mailgate.rules.forms.automation import Checker, form_of_row
from mailgate.rules.forms.conditions import QUESTIONS
from mailgate.rules.forms.read import CONDITION_KEYS, RULE_KEYS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "helpdesk.md").read_text("utf-8").partition("## Rules without code")[2]
ROWS = [
    [set(re.findall(r"`(\w+)`", cell)) for cell in line.split("|")]
    for line in PAGE.splitlines()
    if "|" in line
]


def test_every_question_is_listed():
    """A row of the table has the field and the operator."""
    missing = [
        (one.field, one.operator)
        for one in QUESTIONS
        if not any(len(row) > 3 and one.field in row[1] and one.operator in row[2] for row in ROWS)
    ]
    assert missing == []


def test_every_action_is_listed_with_its_values():
    """By kind and key."""
    words = set(re.findall(r"`(\w+)`", PAGE))
    for kind in KINDS.values():
        assert any(len(row) > 2 and kind.name in row[1] for row in ROWS), kind.name
        assert {part.key for part in kind.parts} <= words


def test_every_key_of_a_rule_is_named():
    """Those of conditions, too."""
    assert all(re.search(rf"\b{key}\b", PAGE) for key in (*RULE_KEYS, *CONDITION_KEYS))


def test_the_shipped_example_is_right():
    """It is read without complaints, and its names are those of the example business."""
    business = business_of(read_texts(ROOT / "conf" / "rules"))
    catalogue = Catalogue(
        routes={one.address: one for one in business.addresses},
        queues={one.name: one for one in business.queues},
        templates={one.name: one for one in business.templates},
        scripts={one.name: one.source for one in business.scripts},
    )
    (automation,) = business.automations
    assert not list(Checker(catalogue, REGISTRY).wrong(automation, form_of_row(automation)))
    assert automation.name in catalogue.scripts
