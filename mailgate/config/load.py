"""From files to a checked section: reads, merges, walks, and raises everything that is wrong at once."""

from pathlib import Path
from typing import TypeVar

from mailgate.config.files import read_files
from mailgate.config.section import Section
from mailgate.config.walk import Walker
from mailgate.errors import SettingsError

S = TypeVar("S", bound=Section)


def read(section: type[S], path: Path, conf_d: Path | None = None, *, resolve_secrets: bool = True) -> S:
    """Return the settings of `path` and `conf_d`/*.toml (`conf.d` beside `path` where None).

    Raises SettingsError with all complaints, the main file's first, in the order of lines.
    """
    tree = read_files(path, conf_d if conf_d is not None else path.parent / "conf.d")
    unreadable = bool(tree.complaints)
    built = Walker(tree, resolve_secrets=resolve_secrets).table(section, tree.values, ())
    if tree.complaints or built is None:
        # A file that could not be read makes its settings look missing, which would hide the cause.
        kept = [c for c in tree.complaints if not (unreadable and c.message.startswith("is missing"))]
        raise SettingsError(sorted(kept, key=lambda c: (c.file != tree.main, c.file, c.line)))
    return built
