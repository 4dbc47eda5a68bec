"""[targets.NAME]: where `keep` and `fileinto` deliver; `kind` decides which options there are."""

from collections.abc import Iterator
from typing import Annotated, Literal

from mailgate.config import syntax
from mailgate.config.relay import CaFile, PerConnection, PerMinute, Starttls, TokenPath, login_complaints
from mailgate.config.secret import Secret
from mailgate.config.section import Duration, Section, note
from mailgate.config.units import MINUTE


class MaildirTarget(Section, frozen=True, kw_only=True, tag_field="kind", tag="maildir"):
    """A Maildir on this machine, with Maildir++ subfolders."""

    path: Annotated[
        str,
        note(
            "The Maildir; {local} and {domain} stand for the recipient's address.",
            check=syntax.absolute_path,
            examples=["/var/mail/{domain}/{local}"],
        ),
    ]
    create_folders: Annotated[
        bool,
        note(
            "Whether a folder that a rule names is made if it is missing; else such mail goes to the inbox."
        ),
    ] = True
    folder_names: Annotated[
        Literal["utf8", "mutf7"],
        note("How folder names beyond ASCII are written, as the IMAP server on it expects."),
    ] = "mutf7"


class LmtpTarget(Section, frozen=True, kw_only=True, tag_field="kind", tag="lmtp"):
    """Another LMTP server, such as Dovecot."""

    address: Annotated[
        str,
        note(
            "Where it listens: unix:/path or tcp:HOST:PORT.",
            check=syntax.peer_address,
            examples=["unix:/run/dovecot/lmtp"],
        ),
    ]
    folder_as_detail: Annotated[
        bool,
        note("Whether a folder becomes the detail of the address (ann+Lists@), for servers that file by it."),
    ] = False
    connections: Annotated[int, note("How many connections may be open at once.", ge=1, le=100)] = 4
    timeout: Annotated[Duration, note("How long one step of the dialogue may take.", ge=1, le=3600)] = (
        5 * MINUTE
    )


class SmtpTarget(Section, frozen=True, kw_only=True, tag_field="kind", tag="smtp"):
    """Another mail server by SMTP."""

    host: Annotated[
        str,
        note("The server's host name or address.", check=syntax.host, examples=["mail.example.org"]),
    ]
    port: Annotated[int, note("The server's TCP port.", ge=1, le=65535)] = 25
    tls: Starttls = "opportunistic"
    ca_file: CaFile = ""
    user: Annotated[str, note("The user name for the login; empty logs in nowhere.")] = ""
    password: Annotated[
        Secret | None,
        note("The password for that login.", examples=["${credential:target-password}"]),
    ] = None
    token_file: TokenPath = ""
    connections: Annotated[int, note("How many connections may be open at once.", ge=1, le=100)] = 4
    timeout: Annotated[Duration, note("How long one step of the dialogue may take.", ge=1, le=3600)] = (
        5 * MINUTE
    )
    mails_per_connection: PerConnection = 0
    mails_per_minute: PerMinute = 0

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Say what is wrong with the login."""
        yield from login_complaints(self.host, self.tls, self.user, self.password, self.token_file)


class PipeTarget(Section, frozen=True, kw_only=True, tag_field="kind", tag="pipe"):
    """A program that gets mails on its standard input: what `pipe "NAME"` of a rule hands over to."""

    command: Annotated[
        tuple[str, ...],
        note(
            "The program with its arguments; those of the rule come behind them. No shell looks at them.",
            examples=[["/usr/local/bin/archive", "--quiet"]],
        ),
    ]
    timeout: Annotated[Duration, note("How long it may take for one mail.", ge=1, le=3600)] = MINUTE
    parallel: Annotated[int, note("How many mails it gets at once.", ge=1, le=32)] = 2

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Want the program's whole path, so that nobody's PATH decides which one runs."""
        if not self.command:
            yield "command", "is empty"
        elif wrong := syntax.absolute_path(self.command[0]):
            yield "command", wrong


class WebhookTarget(Section, frozen=True, kw_only=True, tag_field="kind", tag="webhook"):
    """A web address that is told of mails: what `webhook "NAME"` of a rule calls, as JSON by POST."""

    url: Annotated[
        str,
        note(
            "Where to: https://…, or http:// on this machine.",
            check=syntax.web_address,
            examples=["https://hooks.example.org/mail"],
        ),
    ]
    secret: Annotated[
        Secret | None,
        note(
            "The key of the signature in X-Mailgate-Signature (HMAC with SHA-256 over the octets sent).",
            examples=["${credential:webhook-secret}"],
        ),
    ] = None
    ca_file: CaFile = ""
    private: Annotated[
        bool,
        note("Whether it may be an address that the Internet can't reach, such as one of this machine."),
    ] = False
    timeout: Annotated[Duration, note("How long a call may take.", ge=1, le=300)] = 10.0
    parallel: Annotated[int, note("How many calls may be under way at once.", ge=1, le=32)] = 2

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Plain text only goes where nobody outside can read it."""
        if self.url.startswith("http://") and not self.private:
            yield "url", "http:// needs private = true, everything else https://"


class NullTarget(Section, frozen=True, kw_only=True, tag_field="kind", tag="null"):
    """Takes everything and keeps nothing: for tests and measurements."""


Target = MaildirTarget | LmtpTarget | SmtpTarget | PipeTarget | WebhookTarget | NullTarget
