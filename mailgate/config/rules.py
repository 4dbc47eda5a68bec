"""[rules]: how far a script may go."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import msgspec

from mailgate.config import syntax
from mailgate.config.section import Section, Size, note
from mailgate.config.units import MIB


def _usual_folders() -> Mapping[str, str]:
    """Return the names that most mail programs give to these folders."""
    return {"archive": "Archive", "drafts": "Drafts", "junk": "Junk", "sent": "Sent", "trash": "Trash"}


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
    special_use: Annotated[
        Mapping[str, str],
        note(
            "The folders with a special use (RFC 6154), by its name without the backslash: what :specialuse "
            "of fileinto takes.",
            check=syntax.special_use,
        ),
    ] = msgspec.field(default_factory=_usual_folders)
    lists: Annotated[
        Mapping[str, str],
        note(
            "Files of addresses or words, one a line, by the name that :list of a rule uses; a line "
            "@example.org is the whole domain. The contacts are the list :addrbook:default.",
            examples=[{"partners": "/etc/mailgate/partners.txt"}],
        ),
    ] = {}
    extensions: Annotated[
        Mapping[str, str],
        note(
            "What extensions of the rule language are told, by the names of Pigeonhole's settings. The "
            "server in front must take fields that spamtest reads out of mail from outside.",
            check=syntax.extension_setting,
            examples=[{"sieve_spamtest_status_header": "X-Spam-Score", "sieve_spamtest_max_value": "10"}],
        ),
    ] = {}

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Want whole paths: who starts mailgate must not decide what a rule reads."""
        for name, path in self.lists.items():
            if message := syntax.absolute_path(path):
                yield f"lists.{name}", message
