"""The table of standards agrees with the comments of the code."""

import architree
import pytest
import rfctable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# RFC 5321 4.1.2", {("5321", "4.1.2")}),
        ("(RFC 5230 4.6; Zammad)", {("5230", "4.6")}),
        ("RFC 2033 4.2-4.3", {("2033", "4.2"), ("2033", "4.3")}),
        ("RFC 5228 4.1 and 2.10.6", {("5228", "4.1"), ("5228", "2.10.6")}),
        ("# RFC 5321\n    # 4.5.3.1.10: and so on", {("5321", "4.5.3.1.10")}),
        ("RFC 3834 5 says", {("3834", "5")}),
        ("RFC 2047 in RCPT", {("2047", "")}),
        ("RFC 5321 allows 64 octets", {("5321", "")}),
        ("RFC 1870. RFC 6531", {("1870", ""), ("6531", "")}),
    ],
)
def test_citations_are_understood(text, expected):
    """Every form in which our comments cite a standard is read as meant."""
    assert rfctable.citations(text) == expected


def test_the_table_is_well_formed():
    """Every row has a number, a known state, and appears once."""
    rows = rfctable.read()
    offenders = [
        f"{row.rfc} {row.section}: {row.obeyed}" for row in rows if row.obeyed not in rfctable.STATES
    ]
    offenders += [
        f"{row.rfc} {row.section}: no reason given" for row in rows if row.obeyed != "yes" and not row.note
    ]
    keys = [row.key for row in rows]
    offenders += [f"{rfc} {section}: twice" for rfc, section in set(keys) if keys.count((rfc, section)) > 1]
    assert not offenders, architree.report(offenders)


def test_every_cited_standard_is_listed_with_its_files():
    """What a comment cites stands in docs/rfc.tsv with that file; `python tests/architecture/rfctable.py` brings it up to date."""
    listed = {row.key: row.where for row in rfctable.read()}
    offenders = [
        f"RFC {rfc} {section}: {name}"
        for (rfc, section), names in sorted(rfctable.cited().items())
        for name in sorted(names - listed.get((rfc, section), set()))
    ]
    assert not offenders, architree.report(offenders)


def test_listed_files_exist_and_cite_what_they_are_listed_for():
    """The table names no file that is gone or that no longer speaks of the section."""
    now = rfctable.cited()
    offenders = [
        f"RFC {row.rfc} {row.section}: {name}"
        for row in rfctable.read()
        for name in sorted(row.where - now.get(row.key, set()))
    ]
    assert not offenders, architree.report(offenders)
