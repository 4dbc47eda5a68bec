"""Tokens that prove that a mail of ours is being answered, and the mark by which we know our own mail again.

A token stands in each Message-ID of ours and in the plus-address that answers go to. Whoever shows it joins
the ticket (MAIL.md 5, row 1; `domain/thread.py`), so it must not be guessed: 100 bits of HMAC-SHA256 over
ticket, session, recipient and the mail's own part. The answer may come from another address than the one we
wrote to, so the recipient cannot be taken from it when the token is read: the token carries a short keyed
digest of it, which the MAC covers. `meant_for` compares that digest with an address, for those who want to
know.

Keys rotate: the first signs, all verify, and an old one stays in the list as long as its tickets live.
"""

import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from mailgate.domain.address import fold

# Base32 has 5 bits a character. 100 bits: nobody guesses them, and a mail program that folds case keeps them.
MAC_CHARACTERS: Final = 20
# 40 bits tell the recipients of one ticket apart; the MAC, not this, keeps forgers out.
RECIPIENT_CHARACTERS: Final = 8
# 80 bits: two mails of ours never get the same Message-ID by chance.
UNIQUE_CHARACTERS: Final = 16
# 160 bits; it stands in every mail of ours and need not be short.
MARK_CHARACTERS: Final = 32
# The field that the mark stands in.
LOOP_HEADER: Final = "X-Mailgate-Loop"

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS: Final = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
_NUMBERS: Final = r"t(?P<ticket>[0-9]{1,18})\.s(?P<session>[0-9]{1,18})\."
_MESSAGE_ID: Final = re.compile(
    rf"<?{_NUMBERS}(?P<unique>[a-z2-7]{{{UNIQUE_CHARACTERS}}})"
    rf"(?P<recipient>[a-z2-7]{{{RECIPIENT_CHARACTERS}}})"
    rf"\.(?P<mac>[a-z2-7]{{{MAC_CHARACTERS}}})@[^\s<>]{{1,255}}>?"
)
_DETAIL: Final = re.compile(
    rf"{_NUMBERS}(?P<recipient>[a-z2-7]{{{RECIPIENT_CHARACTERS}}})(?P<mac>[a-z2-7]{{{MAC_CHARACTERS}}})"
)
# What was meant as a token of ours, right or wrong: for counting forgeries.
_LIKENESS: Final = re.compile(r"<?t[0-9]+\.(?:s[0-9]+\.)?[a-z0-9]+(?:\.[a-z0-9]+)?(?:@[^\s<>]*)?>?")
# A token of either form inside of a text.
_INSIDE: Final = re.compile(
    rf"[+=-]?\bt[0-9]{{1,18}}\.s[0-9]{{1,18}}\.[a-z2-7]{{{UNIQUE_CHARACTERS + RECIPIENT_CHARACTERS}}}"
    rf"(?:\.[a-z2-7]{{{MAC_CHARACTERS}}}|[a-z2-7]{{{MAC_CHARACTERS - UNIQUE_CHARACTERS}}})",
    re.IGNORECASE,
)
# Longer than every token with the longest host name; a longer text is none and costs nothing.
_LONGEST: Final = 400
# No mailbox has a blank before its @ without quotes, so no customer's address is ever an agent's seat.
_SEAT: Final = "agent "


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose MAC was right; `ticket_id` 0 is a mail of ours without a ticket."""

    ticket_id: int
    session_id: int
    recipient: str  # the keyed digest, not the address
    key: int = 0  # which of the keys had signed


def _digest(key: bytes, characters: int, label: str, *parts: str) -> str:
    """Return the first characters of the HMAC of label and parts, in base32 and lower case."""
    text = "\0".join((label, *(part.replace("\0", "") for part in parts)))
    mac = _keyed(key).copy()
    mac.update(text.encode("utf-8", "surrogatepass"))
    return _base32(mac.digest()[: (characters * 5 + 7) // 8], characters)


# An installation has a few keys; taking one in costs twice what the digest of a short text does.
@lru_cache(maxsize=16)
def _keyed(key: bytes) -> hmac.HMAC:
    """Return a MAC that has taken in its key, to be copied."""
    return hmac.new(key, digestmod="sha256")


def _base32(octets: bytes, characters: int) -> str:
    """Return the first characters, an even number of them, of octets in base32 (RFC 4648 6), lower case.

    Two at a time: the library's way costs eight times as much, four times per answer.
    """
    value, bits = int.from_bytes(octets), 8 * len(octets)
    return "".join(
        [_PAIRS[(value >> shift) & 1023] for shift in range(bits - 10, bits - 5 * characters - 1, -10)]
    )


def _recipient(key: bytes, address: str) -> str:
    return _digest(key, RECIPIENT_CHARACTERS, "mailgate recipient", fold(address))


def message_id(
    keys: tuple[bytes, ...], ticket_id: int, session_id: int, recipient: str, unique: str, host: str
) -> str:
    """Return `<t1234.s5.UNIQUE+RECIPIENT.MAC@host>` (RFC 5322 3.6.4), always the same for the same arguments.

    `unique` is any text that no other mail of ours has; it is digested, so it may hold anything.
    """
    middle = _digest(keys[0], UNIQUE_CHARACTERS, "mailgate unique", unique, fold(recipient))
    middle += _recipient(keys[0], recipient)
    mac = _digest(keys[0], MAC_CHARACTERS, "mailgate message-id", str(ticket_id), str(session_id), middle)
    return f"<t{ticket_id}.s{session_id}.{middle}.{mac}@{host}>"


def detail(keys: tuple[bytes, ...], ticket_id: int, session_id: int, recipient: str) -> str:
    """Return the detail of a plus-address, `t1234.s5.MAC`: with `support+` before it, it fits into 64 octets.

    RFC 5321 4.5.3.1.1 limits a local part to 64 octets; a ticket and a session of 9 digits leave 13 of them.
    """
    digest = _recipient(keys[0], recipient)
    mac = _digest(keys[0], MAC_CHARACTERS, "mailgate detail", str(ticket_id), str(session_id), digest)
    return f"t{ticket_id}.s{session_id}.{digest}{mac}"


def read(keys: tuple[bytes, ...], text: str) -> Token | None:
    """Return the token in a Message-ID or in a plus-address' detail; None if there is none or a wrong one.

    The host behind the @ is not looked at: a gateway may be renamed while its tickets live.
    """
    if len(text) > _LONGEST:
        return None
    folded = text.strip().lower()
    match = _MESSAGE_ID.fullmatch(folded)
    label, middle = "mailgate message-id", ""
    if match is not None:
        middle = match["unique"]
    else:
        match = _DETAIL.fullmatch(folded)
        label = "mailgate detail"
    if match is None:
        return None
    parts = (str(int(match["ticket"])), str(int(match["session"])), middle + match["recipient"])
    found = _verify(keys, label, parts, match["mac"])
    return None if found < 0 else Token(int(parts[0]), int(parts[1]), match["recipient"], found)


def _verify(keys: tuple[bytes, ...], label: str, parts: tuple[str, ...], mac: str) -> int:
    """Return which key made this MAC, or -1; the time taken depends on the number of keys alone."""
    found = -1
    for place, key in enumerate(keys):
        same = hmac.compare_digest(_digest(key, MAC_CHARACTERS, label, *parts), mac)
        found = place if same and found < 0 else found
    return found


def resembles(text: str) -> bool:
    """Whether a text looks like a token of ours: one that `read` does not take is wrong, and counted."""
    return len(text) <= _LONGEST and _LIKENESS.fullmatch(text.strip().lower()) is not None


def meant_for(keys: tuple[bytes, ...], token: Token, address: str) -> bool:
    """Whether the mail with this token was written to this address."""
    return hmac.compare_digest(_recipient(keys[token.key], address), token.recipient)


# One instance has one mark per key, and puts it into each mail.
@lru_cache(maxsize=64)
def loop_mark(keys: tuple[bytes, ...], instance: str) -> str:
    """Return the value of X-Mailgate-Loop for mail of this instance."""
    return _digest(keys[0], MARK_CHARACTERS, "mailgate loop", instance)


def is_own_mark(keys: tuple[bytes, ...], instance: str, value: str) -> bool:
    """Whether a value of X-Mailgate-Loop was made by this instance with any of its keys."""
    given = value.strip().lower().encode("utf-8", "surrogatepass")
    same = [hmac.compare_digest(loop_mark((key,), instance).encode("ascii"), given) for key in keys]
    return any(same)


def seat(address: str) -> str:
    """Return what stands as the recipient in a token by which an agent answers by mail.

    It is not the address alone: other mails of ours to the same person do not invite an answer that goes to
    the customer.
    """
    return f"{_SEAT}{address}"


def without_tokens(text: str) -> str:
    """Return a text without what looks like a token of ours, and the delimiter of the plus-address it was in.

    For what is quoted to somebody else: who shows a token may join its ticket.
    """
    return _INSIDE.sub("", text) if "." in text else text
