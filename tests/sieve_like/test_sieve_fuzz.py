"""Whatever the octets: the compiler answers with a program or with diagnostics, and a run with a result."""

from hypothesis import given
from hypothesis import strategies as st
from sieverun import ALL, ENVELOPE, NOW, REGISTRY

from sieve_like.address import parse_list
from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors, Diagnostics
from sieve_like.host import DefaultHost
from sieve_like.lexer import Lexer, TokenKind
from sieve_like.limits import Limits
from sieve_like.message import PlainMessage
from sieve_like.words import decode_words

PIECES = [
    "if", "elsif", "else", "{", "}", "(", ")", "[", "]", ",", ";", '"a"', '"${a}"', '"${1}"', '"*"', '"${hex:41}"', "10K", ":is",
    ":matches", ":contains", ":count", '"gt"', ":over", ":copy", ":comparator", '"i;octet"', "header", "address", "not", "anyof", "allof", "true",
    "exists", "size", "string", "keep", "discard", "stop", "fileinto", "redirect", "set", "vacation", "reject", "text:\n", ".\n", '"', "/*",
    "*/", "#", "\n", "\r", "\0", "é", "\udce9", "require", '"to"', '"a@b.example"',
]  # fmt: skip
SCRIPTS = st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join)


def compile_and_run(source):
    """Compile; run what compiles."""
    try:
        program = compile_script(source, name="s", registry=REGISTRY)
    except CompileErrors as errors:
        explained = errors.diagnostics and str(errors)
    else:
        explained = True
    assert explained
    if explained is not True:
        return
    for trace in (False, True):
        result = program.run(
            PlainMessage(b"To: a@b.example\n\n"), ENVELOPE, DefaultHost(), now=NOW, trace=trace
        )
        assert result.error is None or result.implicit_keep


@given(st.binary(max_size=200))
def test_any_octets_compile_or_are_explained(octets):
    """No exception but the one that carries the diagnostics."""
    compile_and_run(octets)


@given(SCRIPTS)
def test_any_words_of_the_language_compile_or_are_explained(source):
    """The same for what looks like a script."""
    compile_and_run(source)
    compile_and_run(ALL + source)


@given(st.binary(max_size=200))
def test_the_lexer_covers_its_input(octets):
    """It ends with the end, and places are in order and inside the text."""
    diagnostics = Diagnostics()
    tokens = list(Lexer(octets, Limits(), diagnostics).tokens())
    assert tokens[-1].kind is TokenKind.END
    places = [(token.span.line, token.span.column) for token in tokens]
    assert places == sorted(places)
    assert all(0 <= one.span.line <= len(diagnostics.lines) for one in diagnostics.found)


@given(st.binary(max_size=300))
def test_any_octets_are_a_message(octets):
    """Reading fields and addresses never raises."""
    message = PlainMessage(octets)
    for name in ("to", "from", "subject"):
        message.text(name)
        message.addresses(name)


@given(st.text('ab@.<>,;:()"\\[] =?_', max_size=60))
def test_any_text_is_a_list_of_addresses(text):
    """Nothing raises, and a valid address has both parts."""
    for one in parse_list(text):
        assert not one.valid or (one.domain and "@" in one.address)


@given(st.text("=?utf8-QqBbaz_ \t", max_size=60))
def test_any_text_may_hold_encoded_words(text):
    """Decoding never raises."""
    assert isinstance(decode_words(text), str)
