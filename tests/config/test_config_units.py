"""Sizes and durations as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.config.units import UnitError, format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("25 MiB", 26214400),
        ("25MiB", 26214400),
        ("1.5 kB", 1500),
        ("7", 7),
        ("7 B", 7),
        ("2 GB", 2 * 10**9),
        ("0", 0),
    ],
)
def test_size_is_read(text, octets):
    """Binary units are powers of 1024, decimal ones of 1000; a bare number is bytes."""
    assert parse_size(text) == octets


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5 min", 300),
        ("1.5 h", 5400),
        ("250 ms", 0.25),
        ("1 day", 86400),
        ("2 days", 172800),
        ("0", 0),
        ("90s", 90),
    ],
)
def test_duration_is_read(text, seconds):
    """Durations carry a unit, but for 0."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "MiB", "-1 MiB", "1e3", "1 XiB", "1 MiB 2", "١ MiB", "1,5 MiB"])
def test_bad_size_is_refused(text):
    """What is not a plain number and a known unit is refused."""
    with pytest.raises(UnitError):
        parse_size(text)


@pytest.mark.parametrize("text", ["", "5", "5 m", "-5 s", "5 months", "five min"])
def test_bad_duration_is_refused(text):
    """A number without unit could be seconds or minutes: it is refused."""
    with pytest.raises(UnitError):
        parse_duration(text)


def test_case_of_a_unit_is_suggested():
    """A unit in the wrong case is named."""
    with pytest.raises(UnitError, match="did you mean 'MiB'"):
        parse_size("1 mib")


@given(st.integers(0, 2**50))
def test_size_survives_writing_and_reading(octets):
    """What is shown can be put into a file without changing the value."""
    assert parse_size(format_size(octets)) == octets


@given(st.integers(0, 10**9))
def test_duration_survives_writing_and_reading(milliseconds):
    """What is shown can be put into a file without changing the value."""
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, abs=1e-6)
