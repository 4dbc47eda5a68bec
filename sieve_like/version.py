"""The version of the language engine."""

from typing import Final

VERSION: Final = "0.1.0"  # that of the package: a test compares it with pyproject.toml
