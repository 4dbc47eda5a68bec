"""How a difference is recognised that is no bug of ours; `explanations.py` has the table of them all."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from differential.cases import Case
from differential.outcome import Outcome


@dataclass(frozen=True)
class Explanation:
    """One difference: its title and reason in the documentation, and what pins both sides.

    `holds` says whether it accounts for a difference; None where the generator avoids what leads to it.
    `steers` says that a test has another outcome, so that other commands may follow.
    `script`, which may include `files`, run over `mail` gives `ours` here, and something else there.
    """

    name: str
    why: str
    script: str
    ours: str
    mail: str = "From: alice@example.com\nTo: bob@example.org\n\ntext\n"
    holds: Callable[[Case, Outcome, Outcome], bool] | None = None
    steers: bool = False
    files: Mapping[str, str] = field(default_factory=dict)


def only_keep(case: Case, theirs: Outcome, ours: Outcome) -> bool:
    """Whether they differ in nothing but the implicit keep, of a script that says `:copy`."""
    both = theirs.kind == ours.kind == "done" and theirs.keep is not None and ours.keep is None
    return both and theirs.actions == ours.actions and ":copy" in case.text()


# The tags of a test, with their values.
TAGS = re.compile(r'(?: :\w+(?: (?:"[^"]*"|\d+|\[[^]]*\]))?)+')


def empty_number(case: Case, theirs: Outcome, ours: Outcome) -> bool:
    """Whether a value was compared for equality as a number; the test pins that only empty ones differ."""
    del theirs, ours
    numeric = [tags for tags in TAGS.findall(case.text()) if "i;ascii-numeric" in tags]
    return any(":value" not in tags and ":count" not in tags for tags in numeric)


def created_later(case: Case, theirs: Outcome, ours: Outcome) -> bool:
    """Whether they differ in nothing but `:create` of an action that stands for several."""
    del case
    bare = [tuple(word for word in line if word != "create") for line in ours.actions]
    return theirs.kind == ours.kind and theirs.keep == ours.keep and list(theirs.actions) == bare


def unfit_mailbox(case: Case, theirs: Outcome, ours: Outcome) -> bool:
    """Whether a mailbox's name has line ends in it."""
    del case
    return (
        ours.kind == "failed"
        and "line end" in ours.said
        and any("?" in "".join(line) for line in theirs.actions)
    )


def first_octets(case: Case, theirs: Outcome, ours: Outcome) -> bool:
    """Whether text of the mail was cut that holds characters of several octets."""
    del theirs, ours
    return "extracttext" in case.text() and ":first" in case.text()


def asked_twice(case: Case, theirs: Outcome, ours: Outcome) -> bool:
    """Whether they differ in nothing but ids of duplicates, or the other gave up without a word."""
    plain = [line for line in theirs.actions if line[0] != "duplicate"]
    same = theirs.keep == ours.keep and plain == [line for line in ours.actions if line[0] != "duplicate"]
    return "duplicate" in case.text() and (same or (theirs.kind == "failed" and not theirs.said))


def later_flags(case: Case, theirs: Outcome, ours: Outcome) -> bool:
    """Whether they differ in nothing but flags, and scripts are included."""
    lines = [
        [tuple(w for w in line if not w.startswith("flags")) for line in one.actions]
        for one in (theirs, ours)
    ]
    return bool(case.files) and theirs.kind == ours.kind == "done" and lines[0] == lines[1]


def half_character(case: Case, theirs: Outcome, ours: Outcome) -> bool:
    """Whether a wildcard took part of a character there."""
    del ours
    return theirs.kind == "failed" and "invalid utf-8" in theirs.said and ":matches" in case.text()


def raw_body(case: Case, theirs: Outcome, ours: Outcome) -> bool:
    """Whether a script looks at the raw body behind an edit of the header."""
    return (
        theirs.kind == ours.kind
        and ":raw" in case.text()
        and "header " in case.text()
        and "editheader" in case.text()
    )


def line_ends(case: Case, theirs: Outcome, ours: Outcome) -> bool:
    """Whether they differ in what extracttext took of a quoted-printable part."""
    same = theirs.kind == ours.kind and theirs.keep == ours.keep
    return same and "extracttext" in case.text() and b"quoted-printable" in case.mail


def crashed(case: Case, theirs: Outcome, ours: Outcome) -> bool:
    """Whether there is nothing to compare with."""
    del case, ours
    return theirs.kind == "crashed"
