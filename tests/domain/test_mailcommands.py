"""Commands in the first lines of an agent's mail: what is read as one, and where it is documented."""

from pathlib import Path

import pytest

from mailgate.domain.desk.mailcommands import COMMANDS, MOST, read_orders, render

PAGE = Path(__file__).resolve().parents[2] / "docs" / "agents-by-mail.md"


def test_the_page_has_the_table():
    """docs/agents-by-mail.md can't disagree with the table of commands."""
    assert render() in PAGE.read_text()
    assert len({one.name for one in COMMANDS}) == len(COMMANDS)


@pytest.mark.parametrize(
    ("text", "lines", "rest"),
    [
        ("#comment\nhello", [("comment", "")], "hello"),
        ("\n\n  #Close\n", [("close", "")], ""),
        ("#status pending\n\n#assign me\n\nhello\n#close", [("status", "pending"), ("assign", "me")], "hello\n#close"),
        ("#status: solved", [("status", "solved")], ""),
        ("#tag a  b ", [("tag", "a  b")], ""),
        ("hello\n#close", [], "hello\n#close"),
        ("#1 is broken", [], "#1 is broken"),
        ("# heading", [], "# heading"),
        ("#!/bin/sh", [], "#!/bin/sh"),
        ("", [], ""),
        ("\u00a0#comment\u00a0\nx", [("comment", "")], "x"),
    ],
)  # fmt: skip
def test_the_block_in_front(text, lines, rest):
    """It ends at the first line that is no command; a letter must follow the sign."""
    orders = read_orders(text)
    assert [(one.name, one.value) for one in orders.lines] == lines
    assert orders.text == rest


def test_a_long_block_is_a_text():
    """Nobody orders so much at once; what is beyond is not done silently, it is text."""
    orders = read_orders("\n".join(["#close"] * (MOST + 5)))
    assert len(orders.lines) == MOST
    assert orders.text.count("#close") == 5
