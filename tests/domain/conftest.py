"""Fixtures for the pure core: a database in memory."""

import pytest
from domainworld import World


@pytest.fixture
def world() -> World:
    """Return an empty database, at noon of an ordinary day."""
    return World()
