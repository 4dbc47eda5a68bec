"""Message ids of Message-ID, In-Reply-To and References (RFC 5322 3.6.4), brackets kept.

Only what stands whole in brackets counts, at most 998 octets long and without blanks or control characters;
the mere text that some old programs put into In-Reply-To finds nothing. An `@` is not asked for: ids without
exist.
"""

import re
from collections.abc import Iterable
from typing import Final

from mailgate.domain.message.limits import HEADER, MESSAGE_ID, REFERENCES

# The length fits the cap with both brackets; a `<` ends every attempt, so no octet is read twice.
_ID: Final = re.compile(rb"<[^<>\x00-\x20\x7f]{1,%d}+>" % (MESSAGE_ID - 2))


def find_ids(values: Iterable[bytes]) -> list[str]:
    """Return all ids of raw unfolded values in order; one that is no UTF-8 is none."""
    found = []
    for value in values:
        for octets in _ID.findall(value[:HEADER]):
            try:
                found.append(octets.decode("utf-8"))
            except UnicodeDecodeError:
                continue
    return found


def capped(ids: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """Return ids without repetitions, and whether some were left out.

    Of more than 100 the first (the start of the conversation) and the newest 99 stay.
    """
    unique = list(dict.fromkeys(ids))
    if len(unique) <= REFERENCES:
        return tuple(unique), False
    return (unique[0], *unique[-(REFERENCES - 1) :]), True
