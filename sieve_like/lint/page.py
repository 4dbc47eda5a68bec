"""The page about the findings, and the text about one of them: both made of the table."""

from sieve_like.lint.codes import BY_CODE, CODES, Code

HEAD = """# What `lint` finds

`sieve-like lint FILE…` looks for what is valid and most likely wrong. This page is made of the table in
`sieve_like/lint/codes.py`; `sieve-like lint --explain L021` shows one entry. Exit status: 0 nothing found,
1 something found or the script does not compile, 2 a file can't be read.

A comment takes findings away, all where it names no code:

```sieve
if header :is "subject" "really?*" {  # lint: ignore L022
    stop;
}
# lint: ignore L020 L024
if header :contains "x-list" "" {
    stop;
}
# lint: ignore-file L010
```

At the end of a line it is for that line, on a line of its own for the code below it; `ignore-file` is for the
whole file.

| code | finds |
|---|---|
"""


def explained(code: str) -> str:
    """Return all about one code, "" for an unknown one."""
    one = BY_CODE.get(code.upper())
    return "" if one is None else _section(one)


def page() -> str:
    """Return the whole page in Markdown."""
    rows = "".join(f"| [{one.code}](#{_anchor(one)}) | {one.title} |\n" for one in CODES)
    return f"{HEAD}{rows}\n" + "\n".join(map(_section, CODES))


def _heading(one: Code) -> str:
    return f"{one.code}: {one.title}"


def _anchor(one: Code) -> str:
    """Return the name under which a heading is found: small letters, blanks as dashes, no punctuation."""
    kept = "".join(c for c in _heading(one).lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def _section(one: Code) -> str:
    return f"## {_heading(one)}\n\n{one.why} {one.instead}\n\n```sieve\n{one.example}```\n"
