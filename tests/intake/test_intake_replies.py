"""Replies as octets: nothing that a client could take for another line leaves the house."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.errors import Reply
from mailgate.intake.commands import _path_end


@given(st.text(max_size=60))
def test_a_reply_is_one_line_of_printable_ascii(text):
    """Every other character becomes a question mark, one for one."""
    line = Reply(250, "2.0.0", text).line()
    assert line.endswith(b"\r\n")
    said = line[len(b"250 2.0.0 ") : -2].decode("ascii")
    assert said == "".join(c if " " <= c <= "~" else "?" for c in text)


@pytest.mark.parametrize(
    ("rest", "end"),
    [
        (b"<a@b.example> SIZE=1", 13),
        (b'<"a>b"@c.example> X', 17),
        (b'<"a\\">b"@c.example>', 19),
        (b'<a@b.example> X="y"', 13),
        (b"<a@b.example", 12),
        (b'<"a>b', 5),
        (b"", 0),
    ],
)
def test_a_path_ends_behind_the_first_bracket_outside_of_quotes(rest, end):
    """The short way for paths without quotes comes to the same as the long one."""
    assert _path_end(rest) == end
