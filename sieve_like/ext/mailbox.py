"""Test mailboxexists, and the tag :create of fileinto (and of the copy that :fcc keeps).

RFC 5490 section 3, RFC 8580 section 3.1. Done: all of it. Whether mail can be filed into a mailbox is the
host's to know; INBOX always is there. A name that no mailbox can have is a warning, and does not exist.
"""

from dataclasses import replace

from sieve_like.declare import simple_test
from sieve_like.ext._mailbox import complain_about_mailbox, mailbox_exists, storing_tags, warn_about
from sieve_like.interpreter import Run
from sieve_like.spec import Extension, Kind, Positional, Tag
from sieve_like.values import Args


def _exists(run: Run, args: Args) -> bool:
    return all(mailbox_exists(run, name) for name in args.texts("mailboxes"))


EXTENSION = Extension(
    "mailbox",
    "5490",
    tests=(
        simple_test(
            "mailboxexists",
            _exists,
            positionals=(Positional("mailboxes", Kind.STRINGS),),
            check=warn_about("mailboxes", complain_about_mailbox),
        ),
    ),
    tags=storing_tags(Tag("create"), lambda one, _: replace(one, create=True)),
    card=__doc__,
)
