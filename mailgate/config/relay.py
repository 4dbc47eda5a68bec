"""[relay]: the mail server that takes what we send."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from mailgate.config import syntax
from mailgate.config.secret import Secret
from mailgate.config.section import Duration, Section, note
from mailgate.config.units import MINUTE

LOOPBACK: Final = ("127.", "::1", "localhost")

# What is said of every server that takes mail by SMTP, in the same words.
Starttls = Annotated[
    Literal["none", "opportunistic", "required"],
    note(
        "STARTTLS: never, where it is offered (certificate unchecked), or always (certificate checked); "
        "port 465 speaks TLS from the start.",
    ),
]
CaFile = Annotated[
    str,
    note(
        "The file with certificates (PEM) that are trusted besides those of the system.",
        check=syntax.optional_path,
    ),
]
TokenPath = Annotated[
    str,
    note(
        "The file with the access token of that login (XOAUTH2, OAUTHBEARER), in place of a password; "
        "read at every login, so another program can keep it fresh.",
        check=syntax.optional_path,
    ),
]
PerConnection = Annotated[
    int, note("How many mails one connection carries before another one is opened; 0 is no limit.", ge=0)
]
PerMinute = Annotated[
    int,
    note(
        "How many mails this server gets in any 60 seconds, for one that wants no more; 0 is no limit.", ge=0
    ),
]


def login_complaints(
    host: str, tls: str, user: str, password: Secret | None, token_file: str = ""
) -> Iterator[tuple[str, str]]:
    """Say what is wrong with a login: half of it, two of it, or one that could be read on the way."""
    if token_file and password is not None:
        yield "token_file", "a login has a password or a token, not both"
    elif token_file and not user:
        yield "user", "user and token_file belong together, this one is missing"
    elif not token_file and bool(user) != (password is not None):
        missing = "password" if user else "user"
        yield missing, "user and password belong together, this one is missing"
    if user and tls != "required" and not host.startswith(LOOPBACK):
        yield "tls", "must be 'required' where a password is sent over the network"


class Relay(Section, frozen=True, kw_only=True):
    """The mail server that takes what we send: answers, notifications, redirects."""

    host: Annotated[
        str,
        note(
            "The relay's host name or address.", check=syntax.host, examples=["127.0.0.1", "mail.example.org"]
        ),
    ] = "127.0.0.1"
    port: Annotated[int, note("The relay's TCP port.", ge=1, le=65535, examples=[25, 587])] = 25
    tls: Starttls = "opportunistic"
    ca_file: CaFile = ""
    user: Annotated[str, note("The user name for the login at the relay; empty logs in nowhere.")] = ""
    password: Annotated[
        Secret | None,
        note("The password for that login.", examples=["${credential:relay-password}"]),
    ] = None
    token_file: TokenPath = ""
    timeout: Annotated[
        Duration,
        note("How long one step of the dialogue with the relay may take.", ge=1, le=3600),
    ] = 5 * MINUTE
    connections: Annotated[
        int,
        note("How many connections to the relay may be open at once.", ge=1, le=100),
    ] = 4
    mails_per_connection: PerConnection = 0
    mails_per_minute: PerMinute = 0

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Say what is wrong with the login."""
        yield from login_complaints(self.host, self.tls, self.user, self.password, self.token_file)
