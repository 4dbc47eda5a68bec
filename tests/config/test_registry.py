"""Parts are found by looking into a folder, loudly."""

import sys

import pytest

from mailgate.registry import RegistryError, discover, load, module_names


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Make a package of modules with the given texts and return its name."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name, **modules):
        folder = tmp_path / name
        folder.mkdir()
        for module, text in {"__init__": "", **modules}.items():
            (folder / f"{module}.py").write_text(text)
        return name

    yield make
    for loaded in [m for m in sys.modules if m.startswith("registrytest")]:
        del sys.modules[loaded]


def test_parts_are_found_by_name_in_sorted_order(package):
    """A part is known by its own name, or by its file's where it has none."""
    named = "class T:\n    name = 'zebra'\nPART = T()\n"
    name = package("registrytest_a", b="PART = 2\n", a=named)
    assert list(discover(name, "PART")) == ["zebra", "b"]


def test_helpers_are_left_alone(package):
    """A module with an underscore in front is not imported."""
    name = package("registrytest_b", a="PART = 1\n", _helper="raise RuntimeError('imported')\n")
    assert discover(name, "PART") == {"a": 1}


def test_all_broken_parts_are_named_at_once(package):
    """Missing exports and names used twice stop the start, each with its module."""
    twice = "class T:\n    name = 'same'\nPART = T()\n"
    name = package("registrytest_c", a=twice, b=twice, c="", d="")
    with pytest.raises(RegistryError) as caught:
        discover(name, "PART")
    assert str(caught.value).splitlines() == [
        "registrytest_c.b and registrytest_c.a both export PART 'same'",
        "registrytest_c.c exports no PART",
        "registrytest_c.d exports no PART",
    ]


def test_names_are_listed_without_importing(package):
    """One part can be loaded while its neighbours stay on disk."""
    name = package("registrytest_d", a="PART = 1\n", b="raise RuntimeError('imported')\n")
    assert module_names(name) == ("a", "b")
    assert load(name, "a", "PART") == ("a", 1)
