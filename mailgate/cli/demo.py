"""`mailgate demo`: the whole journey on this machine, with mails as they really come."""

import click

from mailgate.cli._options import CommandError


@click.command("demo")
@click.option("--once", is_flag=True, help="Show what became of the mails, and end.")
def demo(*, once: bool) -> None:
    """Start a gateway on free loopback ports, send it mails, and print what became of each and why.

    Answers go to a small SMTP server of the demo; nothing leaves this machine. Without --once it runs until
    Ctrl+C, so that you can send mails of your own. Exit 1 if any mail met another fate than it should.
    """
    from mailgate.demo.show import run_demo  # noqa: PLC0415  --help must not pay for it

    wrong = run_demo(once=once, say=click.echo)
    if wrong:
        raise CommandError(f"{wrong} mails met another fate than they should")


COMMAND = demo
