"""The files of external lists (`[rules] lists`): read when a rule asks, and again when they have changed."""

from collections.abc import Mapping
from pathlib import Path

from mailgate.domain.lists import ExternalList


class ListFiles:
    """Finds lists by name; usable from several threads, since what is kept is replaced as a whole."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {name: Path(path) for name, path in files.items()}
        self._read: dict[str, tuple[tuple[int, int], ExternalList]] = {}

    def find(self, name: str) -> ExternalList | None:
        """Return a list, None where no file of this name is configured, or it can't be read."""
        path = self._files.get(name)
        if path is None:
            return None
        try:
            about = path.stat()
            version = (about.st_mtime_ns, about.st_size)
            kept = self._read.get(name)
            if kept is None or kept[0] != version:
                kept = self._read[name] = (version, ExternalList.parse(path.read_text("utf-8", "replace")))
        except OSError:
            return None
        return kept[1]
