"""Test mailboxidexists, and the tag :mailboxid of fileinto (and of the copy that :fcc keeps).

RFC 9042. Done: all of it. Which mailbox has an id is the host's to know; the action keeps the id, and the
named mailbox is taken (with :create made) where no mailbox has it. Together with :specialuse it is an error.
"""

from dataclasses import replace

from sieve_like.declare import simple_test
from sieve_like.ext._mailbox import Storing, storing_tags
from sieve_like.interpreter import Run
from sieve_like.spec import Extension, Kind, Positional, Tag
from sieve_like.values import Args, Value


def _exists(run: Run, args: Args) -> bool:
    return all(run.host.mailbox_of_id(one) is not None for one in args.texts("ids"))


def _by_id(one: Storing, value: Value) -> Storing:
    return replace(one, mailbox_id=str(value))


EXTENSION = Extension(
    "mailboxid",
    "9042",
    tests=(simple_test("mailboxidexists", _exists, positionals=(Positional("ids", Kind.STRINGS),)),),
    tags=storing_tags(Tag("mailboxid", Kind.STRING, group="mailbox by property"), _by_id),
    card=__doc__,
)
