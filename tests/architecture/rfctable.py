"""The table of standards, docs/rfc.tsv: RFC, section, whether we obey it, and the files that say so.

Run as a program it rewrites the last column from the comments of the code and adds what is new as "yes"; whether
that is true is for its author to judge. Rows of what we don't do ("no") are written by hand and kept.
"""

import re
import sys
from dataclasses import dataclass, field

import architree

TABLE = architree.ROOT / "docs" / "rfc.tsv"
HEAD = "rfc\tsection\tobeyed\twhere\tnote"
STATES = ("yes", "partial", "no")
# `RFC 5321 4.1.2`, `RFC 5321 4.5.3.1.10`, `RFC 5322 3.6.4 and 3.6.5`, `RFC 2033, section 4.2`, `RFC 2047`
ONE, MORE = r"\d{1,2}(?:\.\d{1,2})*(?!\.?\w)", r"\d{1,2}(?:\.\d{1,2})+(?!\.?\w)"
CITED = re.compile(
    rf"RFC[ -]?(?P<rfc>\d{{3,5}})(?P<sections>(?:(?:,? sections?)? {ONE}(?:(?:, | and |; |-){MORE})*)?)(?!\d)"
)
SECTION = re.compile(r"\d{1,2}(?:\.\d{1,2})*")


@dataclass
class Row:
    """One section of one standard."""

    rfc: str
    section: str
    obeyed: str = "yes"
    where: set[str] = field(default_factory=set)
    note: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What a row is found by."""
        return self.rfc, self.section


def citations(text: str) -> set[tuple[str, str]]:
    """Return every (RFC, section) that a text cites; the section is "" where none is named."""
    found = set()
    # A comment's line end may stand inside a citation.
    for match in CITED.finditer(re.sub(r"\s*\n\s*#?\s*", " ", text)):
        sections = SECTION.findall(match["sections"]) or [""]
        found |= {(match["rfc"], section) for section in sections}
    return found


def cited() -> dict[tuple[str, str], set[str]]:
    """Return every citation of the product with the files that make it."""
    found: dict[tuple[str, str], set[str]] = {}
    for path in architree.product_files():
        for key in citations(path.read_text(encoding="utf-8")):
            found.setdefault(key, set()).add(architree.relative(path))
    return found


def read() -> list[Row]:
    """Return the rows of the table."""
    rows = []
    for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]:
        rfc, section, obeyed, where, note = (line.split("\t") + [""] * 5)[:5]
        rows.append(Row(rfc, section, obeyed, set(filter(None, where.split(" "))), note))
    return rows


def write() -> None:
    """Bring the last column up to date and add what is new; rows that nobody cites stay only as "no"."""
    rows = {row.key: row for row in read()} if TABLE.exists() else {}
    now = cited()
    for key, where in now.items():
        rows.setdefault(key, Row(*key)).where = where
    kept = [row for row in rows.values() if row.key in now or row.obeyed == "no"]
    kept.sort(key=lambda row: (int(row.rfc), [int(n) for n in row.section.split(".") if n]))
    lines = [HEAD]
    lines += [
        "\t".join((r.rfc, r.section, r.obeyed, " ".join(sorted(r.where)), r.note)).rstrip("\t") for r in kept
    ]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(write())
