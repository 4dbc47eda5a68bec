"""More environment items, and all of them as variables `${env.…}`.

The extension of Dovecot's Sieve. Done: the items vnd.dovecot.default-mailbox, vnd.dovecot.username (where the
host knows it) and vnd.dovecot.config.<name> (the setting `sieve_env_<name>`); with "variables" the namespace
`env`, where `_` also stands for the `-` that no variable's name can have. An unknown item is "" there. It
makes the test environment available too.
"""

from sieve_like.ext.environment import item
from sieve_like.interpreter import Run
from sieve_like.spec import Extension, Namespace


def _read(run: Run, name: str) -> str:
    value = item(run, name)
    return (item(run, name.replace("_", "-")) or "") if value is None else value


EXTENSION = Extension(
    "vnd.dovecot.environment",
    namespaces=(Namespace("env", read=_read),),
    implies=("environment",),
    card=__doc__,
)
