"""Tokens in Message-IDs and plus-addresses, and the loop mark."""

import random
import string

import pytest
from domainworld import HOST, KEYS
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain import token
from mailgate.domain.token import (
    Token,
    detail,
    is_own_mark,
    loop_mark,
    meant_for,
    message_id,
    read,
    resembles,
)

ANNA = "anna@customer.example"
OLD, NEW = b"old key of 32 octets............", b"new key of 32 octets............"
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def an_id(keys=KEYS, ticket=1234, session=5, recipient=ANNA, unique="01K8ZX1"):
    return message_id(keys, ticket, session, recipient, unique, HOST)


def test_a_message_id_is_read_back():
    """The ticket and the session of a Message-ID of ours are known again."""
    found = read(KEYS, an_id())
    assert found is not None
    assert (found.ticket_id, found.session_id) == (1234, 5)


def test_a_detail_is_read_back():
    """The ticket and the session of a plus-address of ours are known again."""
    found = read(KEYS, detail(KEYS, 1234, 5, ANNA))
    assert found is not None
    assert (found.ticket_id, found.session_id) == (1234, 5)


def test_the_same_arguments_give_the_same_id():
    """A Message-ID is made of its arguments alone, so that a replay makes the same one."""
    assert an_id() == an_id()


@pytest.mark.parametrize(
    "change", [{"ticket": 1}, {"session": 6}, {"recipient": "b@x.example"}, {"unique": "2"}]
)
def test_every_argument_counts(change):
    """No two different mails of ours have the same Message-ID."""
    assert an_id(**change) != an_id()


def test_an_id_has_the_stated_form():
    """The form is <t1234.s5.UNIQUE.MAC@host>, safe in every header and short."""
    text = an_id()
    assert text.startswith("<t1234.s5.")
    assert text.endswith(f"@{HOST}>")
    assert set(text[1:-1].partition("@")[0]) <= set(ALPHABET + string.digits + ".")
    assert len(text) < 100


def test_a_detail_fits_into_a_local_part():
    """RFC 5321 4.5.3.1.1: 64 octets hold "support+" and a token with numbers of nine digits."""
    assert len("support+" + detail(KEYS, 999_999_999, 999_999_999, ANNA)) <= 64


def test_the_mac_has_at_least_96_bits():
    """Base32 has 5 bits a character; both forms carry enough of them."""
    mac = an_id().partition("@")[0].rpartition(".")[2]
    assert len(mac) * 5 >= 96
    assert len(detail(KEYS, 1, 2, ANNA).rpartition(".")[2]) * 5 >= 96 + 40


def test_what_the_mac_covers_cannot_be_changed():
    """Every single character of a token but the host's decides: changed, it is no token."""
    text = an_id()
    inner = range(1, text.index("@"))
    for place in inner:
        for other in "a2":
            forged = text[:place] + other + text[place + 1 :]
            if forged != text:
                assert read(KEYS, forged) is None, forged


def test_a_detail_does_not_pass_for_another_ticket():
    """The ticket in a plus-address is covered by the MAC."""
    text = detail(KEYS, 1234, 5, ANNA)
    assert read(KEYS, text.replace("t1234", "t1235")) is None
    assert read(KEYS, text.replace("s5", "s6")) is None


def test_the_two_forms_are_not_interchangeable():
    """What stands in a plus-address is no Message-ID, although both are made with the same key."""
    digest = detail(KEYS, 1234, 5, ANNA).rpartition(".")[2]
    forged = f"<t1234.s5.{'a' * 16}{digest[:8]}.{digest[8:]}@{HOST}>"
    assert resembles(forged)
    assert read(KEYS, forged) is None


def test_the_host_and_the_case_do_not_matter():
    """A renamed gateway and a mail program that shouts leave tokens valid."""
    other = message_id(KEYS, 7, 8, ANNA, "u", "old.example.net")
    assert read(KEYS, other.upper().replace("@OLD.EXAMPLE.NET", "@new.example.com")) is not None


def test_old_keys_stay_valid_and_the_first_signs():
    """After a rotation answers to old mail still join, and new mail is signed with the new key."""
    assert read((NEW, OLD), an_id((OLD,))) is not None
    assert an_id((NEW, OLD)) == an_id((NEW,))
    assert read((NEW,), an_id((OLD,))) is None


def test_every_key_is_tried_however_early_one_fits(monkeypatch):
    """Verifying takes the same steps for a right and a wrong token: one constant-time comparison a key."""
    calls = []
    real = token.hmac.compare_digest
    monkeypatch.setattr(token.hmac, "compare_digest", lambda a, b: calls.append(1) or real(a, b))
    read((NEW, OLD), an_id((NEW,)))
    right = len(calls)
    read((NEW, OLD), an_id((b"x" * 32,)))
    assert right == len(calls) - right == 2


def test_the_recipient_is_known_again_but_not_shown():
    """Whether the mail was written to an address can be told with the key; the address itself stands nowhere."""
    found = read(KEYS, an_id())
    assert found is not None
    assert meant_for(KEYS, found, "Anna@CUSTOMER.example")
    assert not meant_for(KEYS, found, "bob@customer.example")
    assert "anna" not in an_id()


def test_an_outsider_cannot_test_which_recipient_it_was():
    """The digest of the recipient is keyed: another instance makes another one of the same address."""
    one, two = read(KEYS, an_id()), read((NEW,), an_id((NEW,)))
    assert one is not None
    assert two is not None
    assert one.recipient != two.recipient


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<>",
        "t1.s2",
        "<t1.s2@x>",
        "hello",
        "<abc@customer.example>",
        "t-1.s2." + "a" * 28,
        "t1.s2." + "1" * 28,
        "x" * 500,
    ],
)
def test_other_texts_are_no_tokens(text):
    """What has not the form costs no HMAC and is nothing."""
    assert read(KEYS, text) is None


def test_a_wrong_token_can_be_told_from_no_token():
    """Forgeries are counted: a wrong token resembles one, other people's Message-IDs do not."""
    assert resembles("<t1234.s5.aaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbb@mail.example.org>")
    assert resembles("t1234.s5.aaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    assert resembles("t1234.aaaaaaaaaaaaaaaaaaaa")
    assert not resembles("<CAF123@mail.gmail.com>")
    assert not resembles("<t1234@example.org>")
    assert not resembles("newsletter")


@given(st.text(max_size=200))
def test_reading_never_raises(text):
    """Any text may stand in a header; none is a token by accident."""
    assert read(KEYS, text) is None
    resembles(text)


def test_a_hundred_thousand_guesses_join_nothing():
    """Guesses of the exact form, with the right ticket and session, are all refused.

    A guess is right with a probability of 2^-100, so a million guesses succeed with less than 2^-80; and the 100 bits
    are really used, as the spread of the MACs over many tickets shows (the next test).
    """
    rng = random.Random(20250701)
    assert sum(read(KEYS, _guess(rng)) is not None for _ in range(100_000)) == 0


def _guess(rng):
    middle, mac = ("".join(rng.choices(ALPHABET, k=n)) for n in (24, 20))
    return f"<t1234.s5.{middle}.{mac}@{HOST}>" if rng.random() < 0.5 else f"t1234.s5.{middle[:8]}{mac}"


def test_all_bits_of_the_mac_vary_independently():
    """Over 4,000 tickets every character of the MAC takes all 32 values, and no MAC comes twice."""
    macs = [detail(KEYS, n, 1, ANNA).rpartition(".")[2][8:] for n in range(1, 4001)]
    assert len(set(macs)) == len(macs)
    for place in range(20):
        counts = [sum(mac[place] == letter for mac in macs) for letter in ALPHABET]
        # 125 are expected of each; six standard deviations are 66.
        assert all(59 <= n <= 191 for n in counts), place


def test_a_mail_without_a_ticket_has_a_token_too():
    """Ticket 0 is a mail of ours that belongs to none."""
    assert read(KEYS, an_id(ticket=0, session=0)) == Token(0, 0, read(KEYS, an_id()).recipient)


def test_the_loop_mark_is_known_again():
    """Our own mark is valid, with old keys too, and however the value was folded."""
    mark = loop_mark(KEYS, "main")
    assert is_own_mark(KEYS, "main", f" {mark.upper()} ")
    assert is_own_mark((NEW, *KEYS), "main", mark)


@pytest.mark.parametrize(
    "value", ["", "main", "yes", loop_mark((NEW,), "main"), loop_mark(KEYS, "other"), "ü"]
)
def test_other_marks_are_not_ours(value):
    """Another instance's mark, a made-up one and none at all are not ours."""
    assert not is_own_mark(KEYS, "main", value)
