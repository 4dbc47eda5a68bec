"""The scanner that tells on which line of a TOML file a key stands."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from mailgate.config.positions import line_of, positions

TEXT = '''\
# a comment with [brackets] and key = value
top = 1

[limits]   # behind
recipients = 500
"quoted key" = "a # b = c ] }"
'it''s' = 1
a.b . "c d" = 2

[[listener]]
name = "one"
list = [
  1,  # one
  "two, ]",
  [ 3, 4 ],
]
[listener.inner]
x = """
[not.a.table]
y = 1
"""
z = \'\'\'
[[nor.this]]\'\'\'
[[listener]]
name = "two"
inline = { p = 1, q = { r = "}" } }
[targets."a.b"]
kind = "null"
'''.replace("'it''s'", "'its'")


def test_every_key_has_its_line():
    """Tables, dotted and quoted keys, list items, inline tables and keys after long strings are found."""
    found = positions(TEXT)
    expected = {
        ("top",): 2,
        ("limits",): 4,
        ("limits", "recipients"): 5,
        ("limits", "quoted key"): 6,
        ("limits", "its"): 7,
        ("limits", "a", "b", "c d"): 8,
        ("listener", 0): 10,
        ("listener", 0, "name"): 11,
        ("listener", 0, "list", 0): 13,
        ("listener", 0, "list", 1): 14,
        ("listener", 0, "list", 2, 1): 15,
        ("listener", 0, "inner", "x"): 18,
        ("listener", 0, "inner", "z"): 22,
        ("listener", 1): 24,
        ("listener", 1, "name"): 25,
        ("listener", 1, "inline", "p"): 26,
        ("listener", 1, "inline", "q", "r"): 26,
        ("targets", "a.b", "kind"): 28,
    }
    assert {place: found.get(place) for place in expected} == expected


def test_text_inside_of_strings_is_no_key():
    """What looks like a table inside of a long string is not taken for one."""
    found = positions(TEXT)
    assert ("not",) not in found
    assert ("nor",) not in found


def test_unknown_place_falls_back_to_the_table_around_it():
    """A missing setting is reported at the line of its table."""
    found = positions(TEXT)
    assert line_of(found, ("listener", 1, "address")) == 24
    assert line_of(found, ("nowhere",)) == 0


def test_windows_line_ends_count_once():
    """CRLF files have the same line numbers."""
    assert positions(TEXT.replace("\n", "\r\n")) == positions(TEXT)


KEYS = st.text("abcdef-_0123", min_size=1, max_size=5) | st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=5
)
SCALARS = st.integers(-5, 5) | st.booleans() | st.text(max_size=8)
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=3))


def quoted(text):
    out = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return f'"{out}"'


def toml(value):
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value.encode("utf-8", "replace").decode())
        case list():
            return "[\n" + ",\n".join(toml(v) for v in value) + "\n]"
        case dict():
            return "{" + ", ".join(f"{quoted(k)} = {toml(v)}" for k, v in value.items()) + "}"
        case _:
            return str(value)


def places(value, place=()):
    if place:
        yield place
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*place, key))
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*place, index))


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_finds_exactly_the_keys_that_the_parser_finds(tree):
    """For any valid file the places are those of tomllib's tree, no more and no less."""
    text = "".join(f"{quoted(key)} = {toml(value)}\n" for key, value in tree.items())
    assert set(positions(text)) == set(places(tomllib.loads(text)))


@given(st.text(max_size=200))
def test_never_fails_on_any_text(text):
    """Even a text that is no TOML only costs line numbers."""
    positions(text)
