"""A million guessed tokens join nothing (MAIL.md 4)."""

import random

from domainworld import HOST, KEYS, NOW, SUPPORT, mail

from mailgate.domain.thread import How, belongs
from mailgate.domain.token import MAC_CHARACTERS, detail, message_id, read

ANNA = "anna@customer.example"
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
RIGHT = message_id(KEYS, 7, 107, ANNA, "u", HOST)
HEAD, MAC = RIGHT.partition("@")[0].rsplit(".", 1)


def written(bits: int) -> str:
    """Return the MAC that these bits are."""
    return "".join([ALPHABET[(bits >> place) & 31] for place in range(0, 5 * MAC_CHARACTERS, 5)])


def guesses(count: int, seed: int):
    """Yield the bits of so many random MACs."""
    chance = random.Random(seed)
    return (chance.getrandbits(5 * MAC_CHARACTERS) for _ in range(count))


def test_a_million_guesses_hit_no_mac():
    """What `read` compares is this MAC alone: no guess is it, and every hundredth is read for good measure."""
    right = sum(ALPHABET.index(letter) << 5 * place for place, letter in enumerate(MAC))
    assert written(right) == MAC
    hits = 0
    for number, guess in enumerate(guesses(1_000_000, 1)):
        hits += guess == right
        if number % 100 == 0:
            hits += read(KEYS, f"{HEAD}.{written(guess)}@{HOST}>") is not None
    assert hits == 0
    assert read(KEYS, RIGHT) is not None  # with the right one it is read: what was counted means something


def test_whoever_is_one_letter_away_joins_nothing():
    """Each letter of the token changed into each other one: none is read, in both forms."""
    own = detail(KEYS, 7, 107, ANNA)
    for right in (RIGHT[1:].partition("@")[0], own):
        for place, old in enumerate(right):
            for new in ALPHABET + "018.":
                changed = right[:place] + new + right[place + 1 :]
                text = f"<{changed}@{HOST}>" if right != own else changed
                assert new == old or read(KEYS, text) is None, text


def test_mails_full_of_guesses_open_tickets(world):
    """Ten thousand guesses at every place that a mail has: none joins, none claims, all are counted."""
    world.add_ticket(7, ANNA)
    found = guesses(10_000, 2)
    for _ in range(100):
        ids = " ".join(f"{HEAD}.{written(next(found))}@{HOST}>" for _ in range(99))
        to = SUPPORT.replace("@", f"+t7.s107.abcdefgh{written(next(found))}@")
        one = mail(sender="eve@evil.example", to=to, references=ids, **{"from": "eve@evil.example"})
        threading = belongs(one, world, KEYS, now=NOW)
        assert (threading.how, threading.wrong_tokens) == (How.NEW, 100)
