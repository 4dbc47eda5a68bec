r"""Test specialuse_exists, and the tag :specialuse of fileinto (and of the copy that :fcc keeps).

RFC 8579. Done: all of it. Which mailbox has a special use such as `\Junk` is the host's to know; the action
keeps the attribute, and the named mailbox is taken where no mailbox has it. What is no such attribute is an
error, when it is known only in the run a run-time error.
"""

from dataclasses import replace

from sieve_like.declare import simple_test
from sieve_like.errors import ScriptFailure
from sieve_like.ext._mailbox import (
    Storing,
    complain_about_mailbox,
    complain_about_use,
    mailbox_exists,
    storing_tags,
    warn_about,
)
from sieve_like.interpreter import Run
from sieve_like.spec import Extension, Kind, Positional, Tag
from sieve_like.values import Args, Value


def _exists(run: Run, args: Args) -> bool:
    """Whether there is a mailbox for each use, or the named mailbox has all of them."""
    mailbox = args.text("mailbox") if args.said("mailbox") else None
    if mailbox is not None and not mailbox_exists(run, mailbox):
        return False
    return all(run.host.special_use(use, mailbox) is not None for use in args.texts("uses"))


def _by_use(one: Storing, value: Value) -> Storing:
    complaint = complain_about_use(str(value))
    if complaint:
        raise ScriptFailure(complaint)
    return replace(one, special_use=str(value))


EXTENSION = Extension(
    "special-use",
    "8579",
    tests=(
        simple_test(
            "specialuse_exists",
            _exists,
            positionals=(
                Positional("mailbox", optional=True),
                Positional("uses", Kind.STRINGS, check=complain_about_use),
            ),
            check=warn_about("mailbox", complain_about_mailbox),
        ),
    ),
    tags=storing_tags(
        Tag("specialuse", Kind.STRING, group="mailbox by property", check=complain_about_use),
        _by_use,
    ),
    card=__doc__,
)
