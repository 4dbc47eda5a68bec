"""Short ways to compile and run a script in a test."""

from datetime import UTC, datetime

from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors
from sieve_like.host import DefaultHost
from sieve_like.limits import Limits
from sieve_like.message import Envelope, PlainMessage
from sieve_like.registry import Registry

REGISTRY = Registry.standard()
LIMITS = Limits()
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ENVELOPE = Envelope("alice@example.com", "bob+tickets@example.org")
ALL = (
    'require ["fileinto", "envelope", "copy", "variables", "relational", "subaddress", "reject", "ereject", '
    '"vacation", "encoded-character", "comparator-i;ascii-numeric"];\n'
)


def compiled(source, *, registry=REGISTRY, limits=LIMITS, catalogue=None):
    """Compile a script; CompileErrors pass through."""
    return compile_script(source, name="s", registry=registry, limits=limits, catalogue=catalogue)


def mail(*fields, body="text\n"):
    """Return a mail with these header fields."""
    return PlainMessage(("\n".join(fields) + "\n\n" + body).encode())


def run(
    source,
    message=None,
    envelope=ENVELOPE,
    *,
    host=None,
    registry=REGISTRY,
    limits=LIMITS,
    trace=False,
    catalogue=None,
):
    """Compile and run a script; all core extensions are required for it."""
    program = compiled(ALL + source, registry=registry, limits=limits, catalogue=catalogue)
    message = message or mail("From: alice@example.com", "To: bob@example.org", "Subject: Hello World")
    return program.run(message, envelope, host or DefaultHost(), now=NOW, trace=trace)


def words(result):
    """Return what is done, one line per action, and the implicit keep."""
    return [action.describe() for action in result.performed] + ["implicit keep"] * result.implicit_keep


def folders(source, message=None, envelope=ENVELOPE, **options):
    """Return the mailboxes that a script files into."""
    result = run(source, message, envelope, **options)
    assert result.error is None, result.error
    return [action.mailbox for action in result.performed if action.name == "fileinto"]


def holds(test, message=None, envelope=ENVELOPE, **options):
    """Whether a test is true."""
    return folders(f'if {test} {{ fileinto "yes"; }}', message, envelope, **options) == ["yes"]


def complaints(source, **options):
    """Return the messages of the errors of a script, [] if it compiles."""
    try:
        compiled(source, **options)
    except CompileErrors as errors:
        return [one.message for one in errors.diagnostics if one.severity.value == "error"]
    return []


def warnings(source):
    """Return the messages of the warnings of a script."""
    return [one.message for one in compiled(source).warnings]
