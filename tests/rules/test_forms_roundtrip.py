"""Forms, scripts and forms again: nothing is lost, everything compiles, and the script does what the form says."""

import json
from datetime import UTC, datetime

import pytest
from formworld import ASKED, CATALOGUE, Case, Reading, alone, cases, forms, observed, run
from hypothesis import HealthCheck, given, settings
from ruleworld import REGISTRY

from mailgate.rules.forms.back import form_of
from mailgate.rules.forms.model import Condition, Delete, Form, Rule
from mailgate.rules.forms.read import plain, read_form
from mailgate.rules.forms.script import origin_of, script_of
from mailgate.rules.scripts import CatalogueNames
from sieve_like.compiler import compile_script
from sieve_like.fmt import format_script
from sieve_like.limits import Limits
from sieve_like.reporting import complaints

LIMITS = Limits(redirects=100, actions=100)
thorough = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@thorough
@given(forms)
def test_a_form_comes_back_from_its_script(form):
    """Every rule, condition, action, name and description; the script is laid out and says where it came from."""
    source = script_of(form, "support")
    assert form_of(source) == form
    assert origin_of(source).name == "support"
    assert origin_of(source).untouched
    assert format_script(source.encode()).decode() == source


@thorough
@given(forms)
def test_a_form_comes_back_from_json(form):
    """Plain data, written and read, are the same form; a text that means the same is equal, too."""
    read, wrong = read_form(json.loads(json.dumps(plain(form))))
    assert not wrong
    assert read == form


@thorough
@given(forms)
def test_every_script_compiles_without_a_warning(form):
    """With the names of an installation checked."""
    assert list(complaints("support", script_of(form, "support"), REGISTRY, CatalogueNames(CATALOGUE))) == []


def agree(form, case) -> None:
    """Compare the script with a plain reading of the form: what is done, and whether the mail is kept."""
    program = compile_script(
        script_of(form, "support"), name="support", registry=REGISTRY, limits=LIMITS,
        catalogue=CatalogueNames(CATALOGUE),
    )  # fmt: skip
    result = run(program, case)
    assert result.error is None
    reading = Reading(case).form(form)
    assert observed(result) == set(reading.done)
    assert result.implicit_keep is reading.kept


@settings(thorough, max_examples=150)
@given(forms, cases)
def test_the_script_does_what_the_form_says(form, case):
    """A reading of the form that knows nothing of scripts agrees."""
    agree(form, case)


@pytest.mark.parametrize(("field", "operator"), sorted(ASKED))
def test_each_question_alone(field, operator):
    """Nothing else decides, so each line of the table is proven by itself."""

    @settings(thorough, max_examples=40, derandomize=True)
    @given(alone(field, operator), cases)
    def holds(form, case):
        agree(form, case)

    holds()


@pytest.mark.parametrize("operator", ["is", "contains", "matches"])
def test_letters_of_all_scripts_have_no_case(operator):
    """Beyond ASCII too, which the language's usual comparator does not do."""
    form = Form((Rule("One", (Condition("subject", operator, ("ÄPFEL",)),), (Delete(),)),))
    case = Case(
        "äpfel",
        "b",
        "anna@customer.example",
        "",
        None,
        False,
        "door",
        "",
        None,
        datetime(2025, 7, 1, tzinfo=UTC),
    )
    agree(form, case)
    assert Reading(case).form(form).done
