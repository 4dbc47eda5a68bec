"""Whole journeys as text: business data and scripts, an LMTP dialogue, and what must be there in the end.

Each folder `NN-name` is one journey, played with the real gateway; `expected.toml` opens with the fact that it proves.
"""

import tomllib
from pathlib import Path

import pytest
from journeydialogue import read
from journeyfacts import disagreements

HERE = Path(__file__).parent
JOURNEYS = sorted(path for path in HERE.iterdir() if (path / "dialogue.txt").exists())


@pytest.mark.parametrize("folder", JOURNEYS, ids=lambda path: path.name)
def test_journey(folder, journey):
    """The dialogue goes as written, and what is left in the end is what the journey expects."""
    expected = tomllib.loads((folder / "expected.toml").read_text("utf-8"))
    assert expected.pop("proves")
    assert not list(disagreements(expected, journey(folder)))


def test_the_comparison_sees_differences():
    """A journey could not pass by accident: missing rows, rows too many and wrong columns are all told."""
    rows = {
        "ticket": [{"number": "T-1"}],
        "contact": [],
        "outgoing": [],
        "suppressed": [],
        "maildir": [],
        "failing": [],
    }
    assert list(disagreements({}, rows)) == ["ticket: expected 0, found 1: [{'number': 'T-1'}]"]
    assert len(list(disagreements({"ticket": [{"number": "T-2"}]}, rows))) == 1
    assert len(list(disagreements({"ticket": [{"number_holds": "9"}]}, rows))) == 1
    assert not list(disagreements({"ticket": [{"number_holds": "T"}]}, rows))


def test_a_line_that_is_none_is_refused(tmp_path):
    """A typing mistake in a dialogue is told with its line instead of being skipped."""
    file = tmp_path / "dialogue.txt"
    file.write_text("# fine\nC: LHLO x\nhello\n")
    with pytest.raises(ValueError, match=":3: no such line"):
        list(read(file))
