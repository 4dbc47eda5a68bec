"""[[listener]]: where mail comes in."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from mailgate.config import syntax
from mailgate.config.secret import Secret
from mailgate.config.section import Section, note


class Listener(Section, frozen=True, kw_only=True):
    """Where mail comes in; the table may stand several times, and none at all means one LMTP socket."""

    name: Annotated[
        str,
        note("The listener's name in logs and metrics.", check=syntax.name, unique=True, examples=["lmtp"]),
    ]
    address: Annotated[
        str,
        note(
            "Where it listens: unix:/path, tcp:HOST:PORT, or systemd:NAME for a socket of a systemd unit.",
            check=syntax.listen_address,
            unique=True,
            examples=["unix:/run/mailgate/lmtp.sock", "tcp:127.0.0.1:8024", "systemd:lmtp"],
        ),
    ]
    kind: Annotated[
        Literal["lmtp", "smtp"],
        note("The protocol: LMTP answers for each recipient, SMTP once for all."),
    ] = "lmtp"
    mode: Annotated[
        str,
        note("The permissions of a unix socket, in octal.", check=syntax.mode),
    ] = "0660"
    group: Annotated[
        str,
        note(
            "The group that owns a unix socket; empty leaves it as it is.",
            check=syntax.group,
            examples=["postfix"],
        ),
    ] = ""
    trusted_users: Annotated[
        tuple[str, ...],
        note(
            "The local users whose clients on a unix socket may tell where a mail came from (XFORWARD).",
            check=syntax.local_user,
        ),
    ] = ("postfix", "root")
    trusted_networks: Annotated[
        tuple[str, ...],
        note(
            "The networks whose TCP clients may send by SMTP and may tell where a mail came from (XFORWARD).",
            check=syntax.network,
        ),
    ] = ("127.0.0.0/8", "::1/128")
    tls_certificate: Annotated[
        str,
        note("The file with the certificate chain (PEM) for STARTTLS.", check=syntax.optional_path),
    ] = ""
    tls_key: Annotated[
        str,
        note("The file with the certificate's private key (PEM).", check=syntax.optional_path),
    ] = ""
    starttls: Annotated[bool, note("Whether STARTTLS is offered.")] = False
    auth: Annotated[bool, note("Whether clients may log in (AUTH), inside of TLS only.")] = False
    auth_users: Annotated[
        Mapping[str, Secret],
        note(
            "The passwords of the users that may log in, by user name.",
            examples=[{"relay": "${credential:relay-password}"}],
        ),
    ] = {}

    def complaints(self) -> Iterator[tuple[str, str]]:
        """TLS needs both files, and a password is only taken inside of TLS (RFC 4954 4)."""
        if bool(self.tls_certificate) != bool(self.tls_key):
            missing = "tls_key" if self.tls_certificate else "tls_certificate"
            yield missing, "certificate and key belong together, this one is missing"
        if self.starttls and not (self.tls_certificate and self.tls_key):
            yield "starttls", "needs tls_certificate and tls_key"
        if self.auth and not self.starttls:
            yield "auth", "needs starttls = true: a password is never taken in the clear"
        if self.auth and not self.auth_users:
            yield "auth", "needs at least one user in auth_users"
        if self.kind == "lmtp" and (self.starttls or self.auth):
            yield "starttls" if self.starttls else "auth", 'is for SMTP: set kind = "smtp"'
        if self.kind == "lmtp" and self.address.endswith(":25"):
            yield "address", "LMTP must not be offered on port 25 (RFC 2033 5)"
