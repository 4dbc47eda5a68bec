"""`mailgate inject`: a mail from a file into the running gateway, by the same door as Postfix's."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailgate.cli._options import FAILED, TRY_LATER, Call, CommandError, pass_call

if TYPE_CHECKING:
    import smtplib


@click.command("inject")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True, dir_okay=False))
@click.option("--to", "recipients", multiple=True, required=True, metavar="ADDRESS", help="May be repeated.")
@click.option(
    "--from", "sender", default="", metavar="ADDRESS", help="Envelope sender; none: the null sender."
)
@click.option(
    "--lmtp", metavar="HOST:PORT|PATH", help="Where to; without: the first LMTP listener of the settings."
)
@click.option(
    "--plain", is_flag=True, help="Add no Received line: the same file twice is then the same mail."
)
@pass_call
def inject(
    call: Call, file: Path, recipients: tuple[str, ...], sender: str, lmtp: str | None, *, plain: bool
) -> None:
    r"""Send the mail in FILE (- is standard input) and print the reply of each recipient.

    A Received line of its own makes each call a new mail. Exit 0 when all are accepted, 75 when one is to be
    tried later, 1 when one is refused.

    \b
    mailgate inject mail.eml --to support@example.com --from anna@customer.example
    """
    octets = _octets(file)
    if not plain:
        octets = _received() + octets
    replies = _deliver(lmtp or _listener(call), sender, recipients, octets)
    for recipient, (code, text) in zip(recipients, replies, strict=True):
        click.echo(f"{recipient}: {code} {text}")
    codes = [code for code, _text in replies]
    if any(code >= 500 for code in codes):  # noqa: PLR2004  RFC 5321 4.2.1
        sys.exit(FAILED)
    if any(code >= 400 for code in codes):  # noqa: PLR2004
        sys.exit(TRY_LATER)


def _octets(file: Path) -> bytes:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or error}") from None
    # Files have the line ends of their system; mail has CRLF (RFC 5321 2.3.8).
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _received() -> bytes:
    import secrets  # noqa: PLC0415  --help must not pay for it
    from email.utils import formatdate  # noqa: PLC0415

    words = f"by localhost (mailgate inject) id {secrets.token_hex(8)}; {formatdate(localtime=True)}"
    return f"Received: {words}\r\n".encode("ascii")


def _listener(call: Call) -> str:
    for one in call.settings().listener:
        kind, _, rest = one.address.partition(":")
        if one.kind == "lmtp" and kind in {"tcp", "unix"}:
            return rest
    raise CommandError("the settings have no LMTP listener of their own; say --lmtp HOST:PORT or a path")


def _deliver(where: str, sender: str, recipients: tuple[str, ...], octets: bytes) -> list[tuple[int, str]]:
    """Return one reply per recipient, in order (RFC 2033 4.2)."""
    import smtplib  # noqa: PLC0415  --help must not pay for it

    host, port = (where, 0) if where.startswith("/") else _place(where)
    try:
        with smtplib.LMTP(host, port) as client:
            return _dialogue(client, sender, recipients, octets)
    except (OSError, smtplib.SMTPException) as error:
        raise CommandError(f"{where}: {error}", TRY_LATER) from None


def _place(where: str) -> tuple[str, int]:
    host, _, port = where.rpartition(":")
    if not host or not port.isdigit():
        raise CommandError(f"{where!r} is neither HOST:PORT nor a path")
    return host.strip("[]"), int(port)


def _dialogue(
    client: "smtplib.LMTP", sender: str, recipients: tuple[str, ...], octets: bytes
) -> list[tuple[int, str]]:
    client.ehlo_or_helo_if_needed()
    options = [] if (sender + "".join(recipients)).isascii() else ["SMTPUTF8"]
    client.command_encoding = "utf-8" if options else "ascii"
    said = [client.mail(sender, options)]
    if said[0][0] >= 400:  # noqa: PLR2004  RFC 5321 4.2.1
        return [_text(said[0])] * len(recipients)
    rcpts = [_text(client.rcpt(one)) for one in recipients]
    accepted = [n for n, (code, _text) in enumerate(rcpts) if code < 300]  # noqa: PLR2004
    if not accepted:
        return rcpts
    first = _text(client.data(octets))
    for place, number in enumerate(accepted):
        rcpts[number] = first if place == 0 else _text(client.getreply())
    return rcpts


def _text(reply: tuple[int, bytes]) -> tuple[int, str]:
    return reply[0], reply[1].decode("utf-8", "replace").replace("\n", " ")


COMMAND = inject
