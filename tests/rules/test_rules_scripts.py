"""The book of compiled scripts: what is taken over, what stays in its last good version, what never ran."""

import pytest
from ruleworld import REGISTRY, catalogue_of

from mailgate.domain.routing import Catalogue
from mailgate.rules.scripts import CatalogueNames, ScriptBook, compile_book, complaints_of

GOOD = "keep;"
BAD = 'fileinto "x";'  # the extension is not required


def book(last=None, version: int = 1, **scripts: str) -> ScriptBook:
    return compile_book(catalogue_of(version, **scripts), REGISTRY, last or ScriptBook())


def test_a_script_that_stopped_compiling_keeps_its_last_good_version():
    """The old program runs on, and the error is there to be shown (a bad script never loses mail)."""
    first = book(a=GOOD)
    second = book(first, 2, a=BAD)
    assert second.program("a") is first.program("a")
    assert "fileinto" in second.errors()["a"]
    assert second.version == 2


def test_the_last_good_version_survives_several_bad_ones():
    """A second mistake does not push out what still runs."""
    first = book(a=GOOD)
    third = book(book(first, 2, a=BAD), 3, a="nonsense")
    assert third.program("a") is first.program("a")


def test_a_corrected_script_runs_and_its_error_is_gone():
    """After the mistake is mended the new text runs."""
    mended = book(book(book(a=GOOD), 2, a=BAD), 3, a="discard;")
    assert mended.errors() == {}
    assert mended.program("a") is not None


def test_a_script_that_never_compiled_has_no_program():
    """Nothing runs under its name, and the others are untouched."""
    one = book(a=BAD, b=GOOD)
    assert one.program("a") is None
    assert one.program("b") is not None
    assert set(one.errors()) == {"a"}


def test_what_did_not_change_is_not_compiled_again():
    """The same text is the same program, object for object."""
    first = book(a=GOOD, b=GOOD)
    second = book(first, 2, a=GOOD, b="discard;")
    assert second.program("a") is first.program("a")
    assert second.program("b") is not first.program("b")


def test_a_broken_script_is_tried_again_when_names_may_have_come():
    """A script that failed for a missing queue compiles as soon as the queue exists."""
    source = 'require "vnd.mailgate.ticket"; ticket :queue "support";'
    without = compile_book(Catalogue(1, scripts={"a": source}), REGISTRY, ScriptBook())
    assert "support" in without.errors()["a"]
    assert book(without, 2, a=source).errors() == {}


def test_a_script_that_is_gone_is_gone():
    """A name that the catalogue no longer has runs nothing."""
    assert book(book(a=GOOD), 2, b=GOOD).program("a") is None


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('ticket :queue "suport";', "support"),
        ('reply :template "recieved";', "received"),
    ],
)
def test_a_constant_name_that_does_not_exist_is_a_mistake_with_a_suggestion(line, named):
    """Queues and templates are checked when a script is compiled, with the nearest right name."""
    source = 'require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];\n' + line
    found = complaints_of("a", source, catalogue_of(), REGISTRY)
    assert [at for at, _ in found] == [2]
    assert named in found[0][1]


def test_all_mistakes_are_told_at_once():
    """A rule author sees every mistake of a script, each with its line."""
    source = 'keep\n;\nfileinto "x";\nif heeder "a" "b" { keep; }\n'
    assert len(complaints_of("a", source, catalogue_of(), REGISTRY)) >= 2
    assert complaints_of("a", GOOD, catalogue_of(), REGISTRY) == ()


def test_kinds_that_the_catalogue_does_not_keep_are_never_wrong():
    """The compiler may ask for agents; as long as nobody keeps them, any name will do."""
    names = CatalogueNames(catalogue_of(a=GOOD))
    assert names.known("agent", "anybody")
    assert names.known("script", "a")
    assert not names.known("queue", "nowhere")
    assert names.names("queue") == ["orders", "support"]
