"""`mailgate inject`: a mail from a file into the running gateway, by the same door as Postfix's."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from mailgate.cli._options import FAILED, TRY_LATER, Call, CommandError, clean, pass_call

# RFC 5321 4.2.1: 4yz is for later, 5yz for good.
LATER, REFUSED = 400, 500


@click.command("inject")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True, dir_okay=False))
@click.option("--to", "recipients", multiple=True, required=True, metavar="ADDRESS", help="May be repeated.")
@click.option(
    "--from",
    "sender",
    metavar="ADDRESS",
    help="Envelope sender; '' is the null sender, which is never answered. Without: the mail's own"
    " Return-Path, else its From.",
)
@click.option(
    "--lmtp", metavar="HOST:PORT|unix:/PATH", help="Where to; without: the LMTP listeners of the settings."
)
@click.option("--repeat", type=click.IntRange(min=1), default=1, metavar="N", help="Send it N times.")
@click.option(
    "--plain", is_flag=True, help="Add no Received line: then the same file again is the same mail again."
)
@pass_call
def inject(
    call: Call,
    file: Path,
    recipients: tuple[str, ...],
    sender: str | None,
    lmtp: str | None,
    repeat: int,
    *,
    plain: bool,
) -> None:
    r"""Send the mail in FILE (- is standard input) and print the reply of each recipient.

    Each time it gets a Received line of its own, so that it is a new mail to mailgate; line ends become CRLF.
    Exit 0 when all are accepted, 75 when one is to be tried later or nobody answers, 1 when one is refused.

    \b
    mailgate inject mail.eml --to support@example.com
    mailgate inject - --to support@example.com --from anna@customer.example < mail.eml
    """
    from mailgate.cli import _lmtp  # noqa: PLC0415  --help must not pay for it

    if any(not one.isprintable() for one in recipients):
        raise click.UsageError("an address of --to holds a control character")
    octets = _octets(file)
    envelope_from = _own_sender(octets) if sender is None else sender
    codes: list[int] = []
    places = [_lmtp.place(lmtp)] if lmtp else _lmtp.own_doors(call.settings())
    with _lmtp.connect(places) as client:
        for head in _heads(repeat, plain=plain):
            replies = _lmtp.deliver(client, envelope_from, recipients, head + octets)
            for recipient, (code, text) in zip(recipients, replies, strict=True):
                click.echo(clean(f"{recipient}: {code} {text}"))
                codes.append(code)
    if any(LATER <= code < REFUSED for code in codes):
        sys.exit(TRY_LATER)
    if any(code >= REFUSED for code in codes):
        sys.exit(FAILED)


def _octets(file: Path) -> bytes:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or error}") from None
    # Files have the line ends of their system; mail has CRLF (RFC 5321 2.3.8).
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _own_sender(octets: bytes) -> str:
    """Return the sender that the mail names itself, "" for `Return-Path: <>` or where it names none."""
    from mailgate.domain.message.view import MessageView  # noqa: PLC0415  --help must not pay for it

    view = MessageView.parse(octets)
    if view.first("return-path") == "<>":
        return ""
    found = (a.address for name in ("return-path", "from") for a in view.addresses(name) if a.valid)
    return next(found, "")


def _heads(repeat: int, *, plain: bool) -> Iterator[bytes]:
    """Yield what stands in front of the mail each time: a Received line that differs, or nothing."""
    import secrets  # noqa: PLC0415  --help must not pay for it
    from email.utils import formatdate  # noqa: PLC0415

    for _ in range(repeat):
        # RFC 5321 4.4: the id tells one sending from the next.
        words = f"by localhost (mailgate inject) id {secrets.token_hex(8)}; {formatdate(localtime=True)}"
        yield b"" if plain else f"Received: {words}\r\n".encode("ascii")


COMMAND = inject
