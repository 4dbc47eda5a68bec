"""The files that are drawn from tables of the code: pages of docs/ and the syntax files for editors.

Run as a program it writes them anew (`make generated`).
"""

import sys

import architree

from mailgate.vocabulary import language
from sieve_like.editors import files
from sieve_like.lint.page import page
from sieve_like.reference import as_markdown
from sieve_like.testing.suite import TESTSUITE


def generated() -> dict[str, str]:
    """Return every generated file by its path."""
    words = language()
    pages = {"docs/extensions.md": as_markdown(words), "docs/rules-lint.md": page()}
    editors = files(words.with_extensions(TESTSUITE))
    return {**pages, **{f"conf/editors/{path}": text for path, text in editors.items()}}


def main() -> int:
    """Write what differs and name it."""
    for name, text in generated().items():
        path = architree.ROOT / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name}: written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
