"""Fixtures for the actions: a database in memory."""

import pytest
from actionworld import World


@pytest.fixture
def world() -> World:
    """Return an empty database, at noon of an ordinary day."""
    return World()
