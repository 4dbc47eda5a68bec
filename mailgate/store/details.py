"""What an outbox row says of its work beyond its columns: JSON in `draft`, where that is no mail of ours."""

from typing import Final

import msgspec


class Details(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Extras of a delivery, a redirect or a program; each as in `domain/effects.py`.

    `edition` is the row of the edited mail, 0 for the mail as it came. `copy_of` is the outbox row whose mail
    is to be stored (RFC 8580), 0 for the received one. `snoozed`: the row was to wait from the start.
    """

    edition: int = 0
    copy_of: int = 0
    snoozed: bool = False
    notify: str = ""
    ret: str = ""
    by_seconds: int | None = None
    by_mode: str = ""
    by_trace: bool = False
    arguments: tuple[str, ...] = ()
    lenient: bool = False


PLAIN: Final = Details()
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Details)


def encode(details: Details) -> bytes:
    """Return the JSON of what is said, b"" where nothing is: most rows."""
    return b"" if details == PLAIN else _ENCODER.encode(details)


def decode(octets: bytes) -> Details:
    """Return the details of a row."""
    return _DECODER.decode(octets) if octets else PLAIN
