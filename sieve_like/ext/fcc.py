"""Tag :fcc for vacation and notify: a copy of the mail that is sent is stored in a mailbox.

RFC 8580. Done: :fcc, and beside it :flags (imap4flags), :create (mailbox), :specialuse (special-use) and
:mailboxid (mailboxid), each with its own capability; without :fcc they are errors. The copy has no flags of
the internal variable (RFC 8580 3.2).
"""

from dataclasses import replace

from sieve_like.ext._fcc import SENDERS, amend_fcc
from sieve_like.ext._mailbox import complain_about_mailbox
from sieve_like.result import Fcc
from sieve_like.spec import AddedTag, Amend, Extension, Kind, Tag
from sieve_like.values import Value


def _mailbox(fcc: Fcc, value: Value) -> Fcc:
    return replace(fcc, mailbox=str(value))


EXTENSION = Extension(
    "fcc",
    "8580",
    tags=(
        AddedTag(
            SENDERS,
            Tag("fcc", Kind.STRING, check=complain_about_mailbox, hook=Amend(amend_fcc(_mailbox))),
        ),
    ),
    card=__doc__,
)
