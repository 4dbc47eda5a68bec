"""A secret named in the settings: where it lies is shown, what it says never is."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_REFERENCE = re.compile(r"\$\{(file|credential):([^{}]+)\}")
# A password or key is short; a wrong path such as a log or a device must not be read whole.
_LARGEST: Final = 64 * 1024


class SecretError(ValueError):
    """A secret that can't be had; the text names its place, never its content."""


class Secret:
    """A reference `${file:/path}` or `${credential:NAME}` and, once it was read, what stands there.

    `repr` and `str` give the reference only. Line ends after the last character are not part of the secret.
    """

    __slots__ = ("_value", "reference")

    def __init__(self, reference: str, value: str | None = None) -> None:
        self.reference = reference
        self._value = value

    @classmethod
    def parse(cls, text: str) -> "Secret":
        """Return the secret that a settings value names. Raises SecretError, without repeating the value."""
        if _REFERENCE.fullmatch(text) is None:
            raise SecretError(
                "a secret is not written here; name its place as ${credential:NAME} or ${file:/path}"
            )
        return cls(text)

    def resolve(self, environ: Mapping[str, str] | None = None) -> None:
        """Read the secret. Raises SecretError if it isn't there, is empty or can't be read."""
        if self._value is None:
            self._value = _read(self.reference, os.environ if environ is None else environ)

    @property
    def known(self) -> bool:
        """Whether it was read already."""
        return self._value is not None

    def reveal(self) -> str:
        """Return the secret itself, reading it if that has not happened yet. Raises SecretError."""
        self.resolve()
        assert self._value is not None
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.reference!r})"

    def __str__(self) -> str:
        return self.reference

    def __reduce__(self) -> tuple[type["Secret"], tuple[str]]:
        # A copy or a dump carries the place only.
        return Secret, (self.reference,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.reference == other.reference

    def __hash__(self) -> int:
        return hash(self.reference)


def _read(reference: str, environ: Mapping[str, str]) -> str:
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise SecretError("the secret names no place")
    kind, name = found.groups()
    if kind == "file":
        path = Path(name)
    else:
        folder = environ.get("CREDENTIALS_DIRECTORY", "")
        if not folder:
            raise SecretError(
                f"credential {name!r}: CREDENTIALS_DIRECTORY is not set (LoadCredential= of the unit)"
            )
        if "/" in name or name.startswith("."):
            raise SecretError(f"credential {name!r} is no name of a credential")
        path = Path(folder) / name
    return _content(path)


def _content(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            octets = stream.read(_LARGEST + 1)
    except OSError as error:
        raise SecretError(f"can't read {path}: {error.strerror}") from None
    if len(octets) > _LARGEST:
        raise SecretError(f"{path} is larger than {_LARGEST // 1024} KiB, that is no secret")
    try:
        text = octets.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise SecretError(f"{path} is not UTF-8 text") from None
    if not text:
        raise SecretError(f"{path} is empty")
    return text
