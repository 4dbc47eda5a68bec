"""The index over many rules changes how fast a script runs and nothing else."""

from hypothesis import given
from hypothesis import strategies as st
from sieverun import ALL, ENVELOPE, NOW, REGISTRY, mail, run, words

from sieve_like.compiler import compile_script
from sieve_like.declare import simple_test
from sieve_like.host import DefaultHost
from sieve_like.index import FEWEST_FILED, _finder
from sieve_like.program import Trace
from sieve_like.spec import CommandSpec, Extension

KEYS = st.sampled_from(["a", "ab", "b", "", "Hello", "x*y"])
TESTS = st.one_of(
    st.builds('header :{} "{}" "{}"'.format, st.sampled_from(["is", "contains", "matches"]), st.sampled_from(["subject", "x-a", "x-no"]), KEYS),
    st.builds('address :{} "from" "{}"'.format, st.sampled_from(["domain", "localpart", "all"]), KEYS),
    st.builds('header :matches "subject" "*{}*"'.format, KEYS),
    st.builds('envelope "to" "{}"'.format, KEYS),
    st.builds('string "${{1}}" "{}"'.format, KEYS),
    st.just("true"),
)  # fmt: skip
COMPOUND = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds("not {}".format, inner),
        st.builds("allof({}, {})".format, inner, inner),
        st.builds("anyof({}, {})".format, inner, inner),
    ),
    max_leaves=4,
)
RULES = st.builds(
    'if {} {{ fileinto "F{}-${{1}}"; {} }} {}'.format,
    COMPOUND,
    st.integers(0, 5),
    st.sampled_from(["stop;", ""]),
    st.sampled_from(["", "", 'elsif header "x-a" "a" { fileinto "E"; }', 'else { set "z" "1"; }']),
)


@given(st.lists(RULES, min_size=9, max_size=25), st.sampled_from(["a b", "Hello", "", "xay"]))
def test_the_index_does_not_change_the_result(rules, subject):
    """With the index, with a brief trace and without the index (full trace) the result is the same."""
    program = compile_script(ALL + "\n".join(rules), name="s", registry=REGISTRY)
    message = mail(f"Subject: {subject}", "From: a@ab", "X-A: a", "X-A: b")
    results = [program.run(message, ENVELOPE, DefaultHost(), now=NOW, trace=trace) for trace in Trace]
    assert len({one._replace(trace=()) for one in results}) == 1


def test_rules_that_could_match_run_in_order_until_one_stops():
    """The first rule that holds and stops ends the script."""
    rules = "".join(f'if header :contains "subject" "k{n} " {{ fileinto "F{n}"; }}' for n in range(20))
    rules = rules.replace('fileinto "F7";', 'fileinto "F7"; stop;')
    assert words(run(rules, mail("Subject: k9 k7 k3 k12 "))) == ["fileinto F3", "fileinto F7"]


def test_a_rule_that_edits_the_message_is_seen_by_later_rules():
    """After an edit the index looks again."""

    def compile_edit(bound, ctx):
        def step(run):
            run.edited(mail("Subject: second"))

        return step

    extension = Extension("vnd.test.edit", commands=(CommandSpec("edit", compile_edit),))
    rules = "".join(f'if header :is "subject" "n{n}" {{ discard; }}' for n in range(10))
    source = f'require "vnd.test.edit"; if header :is "subject" "first" {{ edit; }} {rules} if header :is "subject" "second" {{ discard; }} if header :is "subject" "first" {{ keep; }}'
    program = compile_script(source, name="s", registry=REGISTRY.with_extensions(extension))
    result = program.run(mail("Subject: first"), ENVELOPE, DefaultHost(), now=NOW)
    assert words(result) == ["discard"]


def test_rules_which_can_not_match_are_not_even_asked():
    """A rule behind a guard that fails does not run its second test."""
    asked = []
    extension = Extension(
        "vnd.test.ask", tests=(simple_test("asked", lambda _r, _a: asked.append(1) or True),)
    )
    rules = "".join(f'if allof (header :is "subject" "n{n}", asked) {{ discard; }}' for n in range(10))
    program = compile_script(
        f'require "vnd.test.ask"; {rules}', name="s", registry=REGISTRY.with_extensions(extension)
    )
    program.run(mail("Subject: n3"), ENVELOPE, DefaultHost(), now=NOW)
    assert asked == [1]


@given(
    st.lists(st.text("abc ", max_size=6), min_size=FEWEST_FILED, max_size=60, unique=True),
    st.text("abc ", max_size=30),
)
def test_texts_filed_by_group_are_found_like_others(texts, value):
    """However many texts are looked for at once: those that the value holds are found, and no others."""
    found = set()
    _finder({text: (number,) for number, text in enumerate(texts)}).find(value, found)
    assert found == {number for number, text in enumerate(texts) if text in value}


def test_many_texts_are_filed_under_the_rarest_of_their_groups():
    """A text that shares its start with all others is found by what only it has."""
    finder = _finder({f"order {number:03} here": (number,) for number in range(200)})
    assert len(finder.keys) > 150
    assert not finder.others
    assert max(map(len, finder.filed.values())) <= 3


def test_a_fixed_action_is_made_once_and_stays_as_it_is():
    """What one run does with an action (flags, edits) is not seen by the next."""
    program = compile_script(ALL + 'fileinto "A"; keep;', name="s", registry=REGISTRY)
    message = mail("Subject: x")
    first, second = (program.run(message, ENVELOPE, DefaultHost(), now=NOW) for _ in range(2))
    assert first == second
    assert first.performed[0] is second.performed[0]
