"""Test environment: facts about where and when a script runs.

RFC 5183. Done: all of it. The items name, version, location and phase have values of their own ("sieve_like",
its version, "MDA", "during") unless the host says otherwise; domain, host, remote-host and remote-ip are the
host's to know. An item that is not known matches nothing, not even with :count.
"""

from sieve_like.ext._single import single_test, text_of
from sieve_like.interpreter import Run, Test
from sieve_like.spec import Bound, Compiling, Extension, Kind, Matching, Positional, TestSpec
from sieve_like.version import VERSION

# RFC 5183 4.1: the script runs in a delivery agent, while the mail is delivered.
DEFAULTS = {"name": "sieve_like", "version": VERSION, "location": "MDA", "phase": "during"}
VENDOR = "vnd.dovecot."
CONFIGURED = f"{VENDOR}config."
DEFAULT_MAILBOX = f"{VENDOR}default-mailbox"


def item(run: Run, name: str) -> str | None:
    """Return an environment item, None where it is unknown; names are told apart by case."""
    value = run.host.environment(name)
    if value is not None:
        return value
    if name.startswith(CONFIGURED):
        return _configured(run, name.removeprefix(CONFIGURED))
    return "INBOX" if name == DEFAULT_MAILBOX else DEFAULTS.get(name)


def _configured(run: Run, name: str) -> str | None:
    """Return what the installation says under `sieve_env_<name>`, in newer settings `sieve_environment/`."""
    settings = run.settings
    return settings.get(f"sieve_environment/{name}", settings.get(f"sieve_env_{name}"))


def _environment(bound: Bound, ctx: Compiling) -> Test:
    name = text_of(bound, "name")
    return single_test(bound, ctx, lambda run: item(run, name(run)))


EXTENSION = Extension(
    "environment",
    "5183",
    tests=(
        TestSpec(
            "environment",
            _environment,
            positionals=(Positional("name"), Positional("keys", Kind.STRINGS)),
            matching=Matching.MATCH,
        ),
    ),
    card=__doc__,
)
