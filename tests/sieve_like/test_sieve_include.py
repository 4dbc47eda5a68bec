"""Scripts in scripts: whose error it is, what a trace shows, and what the library is asked for."""

import pytest
from sieverun import ENVELOPE, NOW, REGISTRY, mail

from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors, Stage
from sieve_like.host import DefaultHost
from sieve_like.settings import Settings

HEAD = 'require ["include", "variables", "fileinto", "ihave"];\n'


class Scripts:
    """A library that remembers what it was asked for; names of global scripts begin with an underscore here."""

    def __init__(self, **scripts):
        self._scripts = scripts
        self.asked = []

    def script(self, name, *, personal):
        """Return the source of a script."""
        self.asked.append((name, personal))
        source = self._scripts.get(name if personal else f"_{name}")
        return None if source is None else source.encode()


def included(source, settings=None, **scripts):
    """Compile a script with those that it includes."""
    library = Scripts(**scripts)
    return compile_script(
        HEAD + source, name="main", registry=REGISTRY, library=library, settings=Settings(settings or {})
    )


def outcome(program, *, trace=False):
    """Run a program."""
    return program.run(mail("Subject: Hello World"), ENVELOPE, DefaultHost(), now=NOW, trace=trace)


def refusal(source, settings=None, **scripts):
    """Return why a script does not compile."""
    with pytest.raises(CompileErrors) as caught:
        included(source, settings, **scripts)
    return caught.value


def test_pitfall_33_errors_carry_the_name_and_line_of_the_included_script():
    """The caret shows its own source."""
    errors = refusal('include "inner";', inner="keep;\nfrop;\n")
    assert errors.stage is Stage.INCLUSION
    assert "inner: line 2: error: unknown command 'frop'. (column 1)\n    frop;\n    ^^^^" in str(errors)
    assert "main: line 2: error: the included script 'inner' has errors" in str(errors)


def test_pitfall_33_an_included_script_is_looked_at_when_the_script_is_sound():
    """As in established engines: its own errors first."""
    errors = refusal('include "inner"; friep;', inner="frop;")
    assert errors.logged() == ["unknown command 'friep'", "validation failed"]


def test_pitfall_33_recursion_is_an_error_unless_once_ends_it():
    """Direct or in a circle."""
    assert "includes itself" in str(refusal('include "a";', a='require "include"; include "a";'))
    program = included('include "a";', a='require ["include", "fileinto"]; fileinto "A"; include :once "a";')
    assert [action.describe() for action in outcome(program).performed] == ["fileinto A"]


def test_pitfall_33_the_same_name_twice_is_two_scripts():
    """One of the user, one of the house."""
    program = included(
        'include :once "a"; include :once :global "a"; include :once "a";',
        a='require "fileinto"; fileinto "personal";',
        _a='require "fileinto"; fileinto "global";',
    )
    assert [a.describe() for a in outcome(program).performed] == ["fileinto personal", "fileinto global"]


def test_pitfall_33_the_number_counts_the_tree_and_the_depth_the_levels():
    """Both are settings."""
    scripts = {
        "a": 'require "include"; include "b"; include "c";',
        "b": 'require "include"; include "c";',
        "c": "keep;",
    }
    assert included('include "a";', {"sieve_include_max_includes": "3"}, **scripts)
    assert "more than 2 scripts" in str(
        refusal('include "a";', {"sieve_include_max_includes": "2"}, **scripts)
    )
    assert included('include "a";', {"sieve_include_max_nesting_depth": "3"}, **scripts)
    assert "deeper than 2 levels" in str(
        refusal('include "a";', {"sieve_include_max_nesting_depth": "2"}, **scripts)
    )


def test_pitfall_07_stop_ends_all_and_return_one():
    """Whatever block they stand in."""
    scripts = {
        "stops": 'require "fileinto"; if true { fileinto "s"; stop; } fileinto "t";',
        "returns": 'require ["include", "fileinto"]; if true { fileinto "r"; return; } fileinto "t";',
    }
    program = included('include "returns"; include "stops"; fileinto "never";', **scripts)
    assert [a.describe() for a in outcome(program).performed] == ["fileinto r", "fileinto s"]


def test_a_run_time_error_names_the_script():
    """The line is that of the included one, through all levels."""
    program = included(
        'include "a";', a='require "include";\ninclude "b";', b='require "ihave";\n\nerror "enough";'
    )
    error = outcome(program).error
    assert (error.text, error.line, error.script) == ("enough", 3, "b")
    assert outcome(included('error "here";')).error.script == ""


def test_the_trace_names_the_script():
    """Steps of an included script carry its name, the others none."""
    program = included('include "a"; discard;', a='require "variables"; set "x" "y";')
    steps = [(step["what"], step.get("script", "")) for step in outcome(program, trace=True).trace]
    assert steps == [("include", ""), ("set", "a"), ("action", "")]


def test_warnings_of_included_scripts_are_kept():
    """They are shown with the others."""
    program = included('include "a";', a='require "vacation"; vacation :days 1000 "x";')
    assert [one.text("main").split(":")[0] for one in program.warnings] == ["a"]


def test_what_can_not_be_reached_is_not_read():
    """The library is not even asked."""
    library = Scripts()
    compile_script(HEAD + 'if false { include "a"; }', registry=REGISTRY, library=library)
    assert library.asked == []


def test_pitfall_34_a_false_ihave_hides_what_it_guards():
    """Unknown words, wrong arguments and missing scripts behind it are no errors."""
    assert included('if ihave "frop" { frop :x { y "z"; } include "nobody"; redirect "nowhere"; }')
    assert included('if allof(ihave "frop", frop :x "y") { friep; }')
    assert "unknown command 'friep'" in str(refusal('if ihave "frop" { } else { friep; }'))


def test_pitfall_34_variables_are_not_there_for_ihave():
    """Nor are encoded characters: strings before the test were read without them."""
    program = included('if anyof(ihave "variables", ihave "encoded-character") { discard; }')
    assert outcome(program).implicit_keep
