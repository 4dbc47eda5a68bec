"""Annotations of mailboxes and of the server (RFC 5464), as tests read them (RFC 5490)."""

from collections.abc import Callable

from sieve_like.declare import simple_test
from sieve_like.ext._mailbox import complain_about_entry, complain_about_mailbox, mailbox_exists, warn_about
from sieve_like.ext._single import single_test, text_of
from sieve_like.interpreter import Run, Test
from sieve_like.spec import Binding, Bound, Compiling, Kind, Matching, Positional, TestSpec
from sieve_like.values import Args

MAILBOX = Positional("mailbox")


def annotation(run: Run, mailbox: str | None, entry: str) -> str | None:
    """Return an annotation of a mailbox, of the server for None; None where there is none."""
    if complain_about_entry(entry) or (mailbox is not None and not mailbox_exists(run, mailbox)):
        return None
    return run.host.metadata(mailbox, entry.lower())


def value_test(name: str, *, server: bool) -> TestSpec:
    """Return the test that matches the value of one annotation."""

    def compile_test(bound: Bound, ctx: Compiling) -> Test:
        entry = text_of(bound, "annotation")
        mailbox: Callable[[Run], str | None] = (lambda _run: None) if server else text_of(bound, "mailbox")
        return single_test(bound, ctx, lambda run: annotation(run, mailbox(run), entry(run)))

    return TestSpec(
        name,
        compile_test,
        positionals=(
            *(() if server else (MAILBOX,)),
            Positional("annotation"),
            Positional("keys", Kind.STRINGS),
        ),
        matching=Matching.MATCH,
        check=_checks("annotation", server=server),
    )


def exists_test(name: str, *, server: bool) -> TestSpec:
    """Return the test whether all named annotations are there."""

    def evaluate(run: Run, args: Args) -> bool:
        mailbox = None if server else args.text("mailbox")
        return all(annotation(run, mailbox, entry) is not None for entry in args.texts("annotations"))

    return simple_test(
        name,
        evaluate,
        positionals=(*(() if server else (MAILBOX,)), Positional("annotations", Kind.STRINGS)),
        check=_checks("annotations", server=server),
    )


def _checks(entries: str, *, server: bool) -> Callable[[Bound, Binding], None]:
    """Names that nothing can have are warnings: the test is then false."""
    about_entries = warn_about(entries, complain_about_entry)
    about_mailbox = warn_about("mailbox", complain_about_mailbox)

    def check(bound: Bound, binding: Binding) -> None:
        if not server:
            about_mailbox(bound, binding)
        about_entries(bound, binding)

    return check
