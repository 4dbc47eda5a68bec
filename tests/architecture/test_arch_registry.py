"""Parts are found by looking in a folder; each file there exports its constant, and none is used twice.

A file whose name starts with an underscore is shared by its neighbours and is no part.
"""

import importlib

import architree
import pytest

# Folder, the constant that its files export.
FOLDERS = {
    "sieve_like/ext": "EXTENSION",
    "mailgate/actions": "ACTION",
    "mailgate/targets": "TARGET",
    "mailgate/jobs": "JOB",
    "mailgate/cli": "COMMAND",
}


def files(folder: str):
    """Return the parts of a folder."""
    return [
        p for p in architree.product_files() if architree.relative(p.parent) == folder and p.stem[0] != "_"
    ]


@pytest.mark.parametrize(("folder", "constant"), FOLDERS.items())
def test_each_file_exports_its_constant(folder, constant):
    """Every part of the folder exports the constant by which it is found."""
    offenders = [architree.relative(path) for path in files(folder) if not architree.exports(path, constant)]
    assert not offenders, architree.report(offenders)


@pytest.mark.parametrize(("folder", "constant"), FOLDERS.items())
def test_no_name_is_used_twice(folder, constant):
    """Two parts of a folder never carry the same name."""
    names: dict[str, list[str]] = {}
    for path in files(folder):
        if architree.exports(path, constant):
            part = getattr(importlib.import_module(architree.module_name(path)), constant)
            parts = part if isinstance(part, list | tuple) else [part]
            for one in parts:
                names.setdefault(getattr(one, "name", None) or path.stem, []).append(architree.relative(path))
    offenders = [f"{name}: {', '.join(where)}" for name, where in names.items() if len(where) > 1]
    assert not offenders, architree.report(offenders)
