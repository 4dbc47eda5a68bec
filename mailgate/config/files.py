"""Reads mailgate.toml and conf.d/*.toml into one tree, remembering where each key stands.

Tables are merged key by key, `[[listener]]` tables are added up; a value that two files set is a complaint
that names both places, since neither file can be trusted to be the one that was meant.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mailgate.config.positions import Place, line_of, positions
from mailgate.errors import Complaint

# Settings are written by people; a larger file is a mistake such as a log or a database.
LARGEST: Final = 1024 * 1024

_AT_LINE: Final = re.compile(r" \(at line (\d+), column \d+\)$")


@dataclass(slots=True)
class Tree:
    """The merged values, and for each place the file and line it came from."""

    values: dict[str, object] = field(default_factory=dict)
    origin: dict[Place, tuple[str, int]] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    main: str = ""

    def where(self, place: Place) -> tuple[str, int]:
        """Return file and line of a place, or of what is around it; the main file where nothing is known."""
        while place:
            if place in self.origin:
                return self.origin[place]
            place = place[:-1]
        return self.main, 0

    def complain(self, place: Place, message: str) -> None:
        """Add a complaint about the setting at a place."""
        file, line = self.where(place)
        self.complaints.append(Complaint(file, line, dotted(place), message))


def dotted(place: Place) -> str:
    """Write a place as people do: `listener[1].address`, lists counted from 1."""
    text = ""
    for step in place:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def read_files(path: Path, folder: Path) -> Tree:
    """Read and merge the main file and the *.toml files of a folder, in sorted order. Never raises."""
    tree = Tree(main=str(path))
    for file in (path, *_parts(folder, tree)):
        _add(tree, file)
    return tree


def read_file(path: Path) -> Tree:
    """Read one file that stands alone. Never raises."""
    tree = Tree(main=str(path))
    _add(tree, path)
    return tree


def read_folder(folder: Path) -> Tree:
    """Read and merge all *.toml files of a folder, in sorted order. Never raises."""
    tree = Tree(main=str(folder))
    for file in _parts(folder, tree):
        _add(tree, file)
    return tree


def _parts(folder: Path, tree: Tree) -> Sequence[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.suffix == ".toml" and not p.name.startswith("."))
    except FileNotFoundError:
        return ()  # the folder is optional
    except OSError as error:
        tree.complaints.append(Complaint(str(folder), 0, "", f"can't be read: {error.strerror}"))
        return ()


def _add(tree: Tree, path: Path) -> None:
    text = _text(tree, path)
    if text is None:
        return
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        tree.complaints.append(_syntax(path, str(error)))
        return
    except RecursionError:
        tree.complaints.append(Complaint(str(path), 0, "", "is nested too deeply"))
        return
    _merge(tree, tree.values, values, _Source(str(path), positions(text)))


def _syntax(path: Path, message: str) -> Complaint:
    found = _AT_LINE.search(message)
    line = int(found.group(1)) if found else 0
    return Complaint(str(path), line, "", f"no valid TOML: {_AT_LINE.sub('', message)}")


def _text(tree: Tree, path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            octets = stream.read(LARGEST + 1)
        if len(octets) <= LARGEST:
            return octets.decode("utf-8")
        message = f"is larger than {LARGEST // 1024} KiB"
    except OSError as error:
        message = f"can't be read: {error.strerror}"
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text (byte {error.start})"
    tree.complaints.append(Complaint(str(path), 0, "", message))
    return None


@dataclass(frozen=True, slots=True)
class _Source:
    file: str
    lines: dict[Place, int]


def _merge(tree: Tree, into: dict[str, object], values: dict[str, object], source: _Source) -> None:
    _merge_table(tree, into, values, source, ())


def _merge_table(
    tree: Tree, into: dict[str, object], values: dict[str, object], source: _Source, place: Place
) -> None:
    for key, value in values.items():
        inner = (*place, key)
        old = into.get(key)
        if old is None:
            into[key] = value
            _claim(tree, value, source, inner, inner)
        elif isinstance(old, dict) and isinstance(value, dict):
            _merge_table(tree, old, value, source, inner)
        elif _tables(old) and _tables(value):
            assert isinstance(old, list)
            assert isinstance(value, list)
            for index, item in enumerate(value):
                _claim(tree, item, source, (*inner, len(old)), (*inner, index))
                old.append(item)
        else:
            file, line = tree.where(inner)
            here = line_of(source.lines, inner)
            message = f"is set in {file}:{line} already"
            tree.complaints.append(Complaint(source.file, here, dotted(inner), message))


def _tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _claim(tree: Tree, value: object, source: _Source, place: Place, written: Place) -> None:
    """Remember where a value and all in it came from; `written` is its place within its own file."""
    tree.origin[place] = (source.file, line_of(source.lines, written))
    if isinstance(value, dict):
        for key, item in value.items():
            _claim(tree, item, source, (*place, key), (*written, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _claim(tree, item, source, (*place, index), (*written, index))
