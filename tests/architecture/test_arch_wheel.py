"""The wheel holds everything that the gateway needs, and nothing else."""

import shutil
import subprocess
import sys
import zipfile

import architree
import pytest

IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build a wheel without any index, from a copy so that the build leaves nothing behind in the tree."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for package in architree.PACKAGES:
        shutil.copytree(architree.ROOT / package, source / package, ignore=IGNORED)
    for name in ("pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(architree.ROOT / name, source)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps",
         "--no-build-isolation", "--wheel-dir", str(target), str(source)],
        check=True, capture_output=True,
    )  # fmt: skip
    (file,) = target.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        yield archive


def expected() -> set[str]:
    """Every file of the two packages, code and data."""
    return {
        architree.relative(path)
        for package in architree.PACKAGES
        for path in (architree.ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_contains_all_modules_and_data(wheel):
    """Every file below mailgate/ and sieve_like/ is in the wheel."""
    missing = sorted(expected() - set(wheel.namelist()))
    assert not missing, architree.report(missing)


def test_the_wheel_contains_nothing_else(wheel):
    """No tests, benchmarks or leftovers are installed beside the packages."""
    strange = [name for name in wheel.namelist() if name not in expected() and ".dist-info/" not in name]
    assert not strange, architree.report(strange)


def test_the_wheel_names_its_commands_and_licence(wheel):
    """The wheel installs `mailgate` and `sieve-like`, and carries the licence's text."""
    names = {name.split(".dist-info/")[-1]: name for name in wheel.namelist()}
    entry_points = wheel.read(names["entry_points.txt"]).decode()
    assert "mailgate = mailgate.__main__:main" in entry_points
    assert "sieve-like = sieve_like.cli:main" in entry_points
    assert any(name.endswith("LICENSE") for name in wheel.namelist())
