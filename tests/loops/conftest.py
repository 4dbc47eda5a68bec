"""The world of simulated days, one per test."""

from collections.abc import Iterator

import loopworld
import pytest


@pytest.fixture
def world() -> Iterator[loopworld.World]:
    """Make a clock, relays and room for gateways."""
    with loopworld.world() as one:
        yield one
