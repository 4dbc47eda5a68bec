"""The ids that name each mail from the door on."""

import time

from mailgate.intake.process import new_id

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_an_id_says_when_it_was_made_and_sorts_by_it():
    """The first ten letters are the milliseconds since 1970 in base 32 (ULID), so ids sort by time."""
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert len(made) == 26
    number = 0
    for letter in made[:10]:
        number = number * 32 + CROCKFORD.index(letter)
    assert before <= number <= after
    assert made > "0" * 10 + "Z" * 16


def test_no_two_ids_are_the_same_and_every_letter_occurs():
    """Eighty bits are random, five in each of the other letters."""
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    for place in range(10, 26):
        assert {one[place] for one in ids} == set(CROCKFORD)
