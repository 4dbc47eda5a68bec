"""Random scripts lead to the same decisions in the established engine and here, but for what is explained."""

import re
from pathlib import Path

import peers
import pytest
from differential import ours, run
from differential.cases import Case, make_case
from differential.explanations import EXPLAINED, section
from differential.theirs import Oracle, read_output

ROOT = Path(__file__).parents[2]
CASES = 150


def case_of(explanation):
    """Return the case that pins an explanation."""
    address = ("alice@example.com", "bob@example.org", "bob@example.org")
    files = dict(explanation.files)
    return Case(0, (), (explanation.script,), explanation.mail.encode(), *address, files)


def in_short(outcome):
    """Return an outcome as the table of explanations writes it."""
    if outcome.kind != "done":
        return outcome.kind
    lines = [" ".join(filter(None, line)) for line in outcome.settled().actions]
    return "; ".join(lines + ["keep"] * (outcome.settled().keep is not None))


@pytest.mark.peer("sieve-test")
def test_the_two_engines_decide_alike():
    """Of many random cases every difference is explained; the same numbers are compared in every run."""
    differences, _ = run.run_all(range(1, CASES + 1), run.known_to_both(), jobs=2)
    assert not [one.shown() for one in differences if one.explanation is None]


@pytest.mark.parametrize("explanation", EXPLAINED, ids=lambda one: re.sub("[^a-z]+", "-", one.name.lower()))
def test_our_side_of_an_explained_difference(explanation):
    """What the sentence of the RFC asks for is what we do."""
    assert in_short(ours.ask(case_of(explanation))) == explanation.ours


@pytest.mark.peer("sieve-test")
@pytest.mark.parametrize("explanation", EXPLAINED, ids=lambda one: re.sub("[^a-z]+", "-", one.name.lower()))
def test_their_side_of_an_explained_difference(explanation):
    """The other engine still differs; where it no longer does, the explanation goes."""
    with peers.short_folder("mg-diff-") as root:
        theirs = Oracle.make(root).ask(case_of(explanation))
    assert theirs.kind in {"done", "failed", "crashed"}, theirs.said
    assert in_short(theirs) != explanation.ours


def test_explained_differences_are_documented():
    """docs/differences.md lists them in these words."""
    assert section() in (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")


def test_a_number_makes_one_case():
    """A failing case can be repeated by its number."""
    known = frozenset({"fileinto", "variables", "envelope"})
    assert make_case(7, known) == make_case(7, known)
    assert make_case(7, known) != make_case(8, known)


def test_the_oracles_output_is_read():
    """Actions with what is said about them, and the implicit keep, are told apart."""
    text = (
        "\nPerformed actions:\n\n * store message in folder: A\n        + add IMAP flags: x \\seen\n"
        "        + preserve implicit keep\n\nImplicit keep:\n\n * store message in folder: INBOX\n"
    )
    outcome = read_output(text)
    assert outcome.actions == (("store", "A", "copy", "flags \\seen x"),)
    assert outcome.keep == ()
