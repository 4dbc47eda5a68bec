"""[rules]: how far a script may go."""

from typing import Annotated, Literal

from mailgate.config import syntax
from mailgate.config.section import Section, Size, note
from mailgate.config.units import MIB


class Rules(Section, frozen=True, kw_only=True):
    """How far a script may go."""

    reject: Annotated[
        Literal["refuse", "keep"],
        note(
            "What reject and ereject do by LMTP: refuse the recipient, of which Postfix makes a bounce, or "
            "keep the mail in the folder Rejected.",
        ),
    ] = "refuse"
    reject_unverified: Annotated[
        Literal["refuse", "keep"],
        note(
            "The same for a mail whose sender neither SPF nor DKIM confirms: a bounce might hit a forged one."
        ),
    ] = "keep"
    steps: Annotated[
        int,
        note("How many steps a script may take for one mail before it is stopped.", ge=1000, le=100_000_000),
    ] = 1_000_000
    actions: Annotated[int, note("How many actions a script may take for one mail.", ge=1, le=1000)] = 32
    script_size: Annotated[Size, note("The largest script.", ge=1024, le=16 * MIB)] = MIB
    recipient_delimiter: Annotated[
        str,
        note(
            "The character between an address and its detail, as in support+detail@example.org.",
            check=syntax.delimiter,
        ),
    ] = "+"
