"""What must not stand in the repository: unfinished work, hosts of package indexes, paths of one machine."""

import re
import subprocess
from pathlib import Path

import architree

TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".in",
    ".cf",
    ".service",
    ".socket",
    ".conf",
    ".tsv",
    ".sieve",
    ".yml",
    ".sh",
    "",
}
SKIPPED = {
    ".git",
    ".venv",
    "build",
    "dist",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
}


def joined(*words: str) -> list[str]:
    """Return words without their tildes: written so, this file is no offender itself."""
    return [word.replace("~", "") for word in words]


HOSTS = joined("py~pi.org", "python~hosted.org", "npm~js.org", "npm~js.com", "deb.~debian.org")
PLACES = joined("/wo~rk/", "/ro~ot/", "/tmp/le~ad", "site-~packages/")
UNFINISHED = re.compile(
    "|".join(joined(r"\bTO~DO\b", r"\bFIX~ME\b", r"\bXX~X\b", r"\bHA~CK\b", "NotImplemented~Error"))
)


def repository_files() -> list[Path]:
    """Every text file of the repository: what git knows or would add, else what lies there."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=architree.ROOT, capture_output=True, check=False,
    )  # fmt: skip
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    paths = [architree.ROOT / name for name in names if name] or [
        path
        for path in architree.ROOT.rglob("*")
        if not SKIPPED & set(path.relative_to(architree.ROOT).parts)
    ]
    return sorted(path for path in paths if path.suffix in TEXT and path.is_file())


def lines():
    """Yield every line with its place."""
    for path in repository_files():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            yield f"{architree.relative(path)}:{number}", line


def test_no_package_index_is_named():
    """Where packages come from is the machine's business; no file names a host of an index."""
    offenders = [place for place, line in lines() if any(host in line for host in HOSTS)]
    assert not offenders, architree.report(offenders)


def test_no_path_of_one_machine_is_named():
    """Nothing depends on where somebody's copy lies."""
    offenders = [
        f"{place}: {line.strip()[:80]}" for place, line in lines() if any(one in line for one in PLACES)
    ]
    assert not offenders, architree.report(offenders)


def test_nothing_is_left_unfinished():
    """No product file carries a mark of work that is still to be done."""
    offenders = []
    for path in architree.product_files():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if UNFINISHED.search(line):
                offenders.append(f"{architree.relative(path)}:{number} {line.strip()[:80]}")
    assert not offenders, architree.report(offenders)


def test_requirements_hold_hashes_and_no_address():
    """Every pinned requirement has at least one hash, and no line names an index or an address."""
    offenders = []
    for path in sorted((architree.ROOT / "requirements").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        offenders += [
            f"{architree.relative(path)}: {entry.splitlines()[0]}"
            for entry in re.split(r"\n(?=\S)", text.strip())
            if "--hash=sha256:" not in entry or "://" in entry or "index-url" in entry
        ]
    assert not offenders, architree.report(offenders)
