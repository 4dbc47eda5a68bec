"""Ticket numbers, the tag in subjects, and when two subjects are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.ticket import (
    KEY_LENGTH,
    Named,
    find_numbers,
    format_number,
    match_key,
    subject_tag,
)  # fmt: skip


@pytest.mark.parametrize("pattern", ["T-{n}", "{n}", "Case #{n}.", "ORD/{n}"])
def test_the_tag_of_a_number_is_found_again(pattern):
    """S9: what we put into a subject finds the ticket, whatever the pattern."""
    number = format_number(1234, pattern)
    (named,) = find_numbers(f"AW: {subject_tag(number)} Drucker", pattern)
    assert named.number == number


@pytest.mark.parametrize(
    ("tag", "named"),
    [
        ("[#T-7]", Named("T-7")),
        ("[#7]", Named("HD7", 7)),
        ("[#hd7]", Named("HD7")),
        ("[#Case 7/2025]", Named("Case 7/2025")),
    ],
)
def test_numbers_of_an_older_pattern_are_taken_as_they_stand(tag, named):
    """A ticket keeps its number when the pattern changes; the bare count means the ticket's id as well."""
    assert find_numbers(f"Re: {tag} Printer", "HD{n}") == (named,)


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("[#T-7] Printer", (Named("T-7"),)),
        ("Re: [#7] Printer", (Named("T-7", 7),)),
        ("RE: AW: Printer [#t-7]", (Named("T-7"),)),
        ("[#T-7] and [#T-8]", (Named("T-7"), Named("T-8"))),
        ("[#T-007]", (Named("T-7"),)),
        ("T-7 is broken", ()),
        ("#7", ()),
        ("[7]", ()),
        ("[#T-]", ()),
        ("[#T-7x]", (Named("T-7x"),)),
        ("[#T-٧]", ()),
        ("", ()),
    ],
)
def test_numbers_are_found_by_pattern(subject, found):
    """W5: only the tag in brackets names a ticket, never a bare number."""
    assert find_numbers(subject) == found


def test_a_subject_full_of_numbers_yields_few():
    """Somebody who lists tickets to find one that exists gets five tries a mail."""
    assert len(find_numbers(" ".join(f"[#{n}]" for n in range(50)))) == 5


@pytest.mark.parametrize(
    "subject",
    [
        "Drucker brennt",
        "Re: Drucker brennt",
        "AW: WG: Drucker  brennt",
        "SV: Antw: drucker brennt ",
        "Fwd: [#T-7] Drucker brennt",
        "RE: [#T-7] RE: Drucker brennt",
        "Re[2]: Drucker brennt",
        "Re (3): Drucker brennt",
        "re : DRUCKER\tBRENNT",
        "Drucker brennt (fwd)",
        "Re\uff1a Drucker brennt",
    ],
)
def test_prefixes_tags_case_and_blanks_do_not_matter(subject):
    """S5: all of these are the same subject."""
    assert match_key(subject) == "drucker brennt"


@pytest.mark.parametrize("subject", ["Rechnung 7: offen", "Regal: defekt", "Info: offen", "A: b"])
def test_words_that_only_begin_like_a_prefix_stay(subject):
    """A colon alone makes no prefix."""
    assert match_key(subject) == subject.lower()


@pytest.mark.parametrize("subject", ["", "Re: ", "AW: [#T-7]", "   "])
def test_an_empty_subject_matches_nothing(subject):
    """Two mails without a subject are not the same matter."""
    assert match_key(subject) == ""


@given(st.text(max_size=300))
def test_a_reply_has_the_key_of_what_it_answers(subject):
    """Any subject with our prefix and tag in front folds to the same key, which is bounded and stable."""
    key = match_key(subject)
    assert match_key(f"RE: [#T-7] {subject}") == key
    assert len(key) <= KEY_LENGTH


@pytest.mark.parametrize("subject", ["re:" * 20000, "[#" * 20000, "[ #" * 9000 + "]", "(" * 65536])
def test_hostile_subjects_cost_little(subject):
    """64 KiB of prefixes or brackets end at once (the suite's guard would catch a hang)."""
    match_key(subject)
    find_numbers(subject)
