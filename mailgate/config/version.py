"""The version of what is running, as the package's metadata says it."""

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """Return the version, or "unknown" where the source tree was not installed."""
    try:
        return version("mailgate")
    except PackageNotFoundError:
        return "unknown"
