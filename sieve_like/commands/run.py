"""`sieve-like run` and `sieve-like trace`: what becomes of a mail, and every step on the way there."""

import argparse
import json
import sys
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from sieve_like.commands import options as shared
from sieve_like.commands.files import WRONG_SCRIPT, Folder, UnreadableError, read
from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors, render
from sieve_like.host import DefaultHost
from sieve_like.message import Envelope, PlainMessage
from sieve_like.program import Program
from sieve_like.registry import Registry
from sieve_like.reporting import outcome, plain_result, title, trace_lines
from sieve_like.result import INBOX, Result

if TYPE_CHECKING:
    from sieve_like.commands.options import Commands

EXIT = "Exit status: 0 done, 1 the script does not compile or its run failed, 2 a file can't be read."


class CommandHost(DefaultHost):
    """Knows the mailboxes of the command line and INBOX; answers no to all else."""

    def __init__(self, mailboxes: frozenset[str]) -> None:
        self._mailboxes = mailboxes | {INBOX}

    def mailbox_exists(self, name: str) -> bool:
        """Whether the command line names it."""
        return name in self._mailboxes or name.upper() == INBOX


def add(commands: "Commands") -> None:
    """Add both commands to the command line."""
    for name, trace, text in (
        ("run", False, "run a script against mails and show what becomes of them"),
        ("trace", True, "the same, with every test and command that ran"),
    ):
        one = commands.add_parser(name, help=text, description=f"{text.capitalize()}. {EXIT}")
        one.add_argument("script", metavar="SCRIPT")
        one.add_argument("mails", nargs="+", metavar="MAIL", help="file with one mail; - is standard input")
        one.add_argument(
            "--from", dest="sender", metavar="ADDRESS", help="envelope sender; '' is the null sender"
        )
        one.add_argument("--to", dest="recipient", metavar="ADDRESS", help="envelope recipient")
        one.add_argument(
            "--orig-to", dest="original", default="", metavar="ADDRESS", help="recipient before aliases"
        )
        one.add_argument(
            "--at", type=shared.instant, metavar="TIME", help="the clock of the run, as 2026-11-22T10:00:00Z"
        )
        one.add_argument(
            "--mailbox", action="append", default=[], metavar="NAME", help="a mailbox that exists"
        )
        shared.add_settings(one)
        one.add_argument("--json", action="store_true", help="one JSON object per mail")
        one.set_defaults(command=partial(_each_mail, trace=trace))


def _each_mail(options: argparse.Namespace, *, trace: bool) -> int:
    if [options.script, *options.mails].count("-") > 1:
        raise UnreadableError("standard input can be read only once")
    source = read(options.script)
    mails = [(name, read(name)) for name in options.mails]
    library = Folder(options.script)
    try:
        program = compile_script(
            source,
            name=title(options.script),
            registry=Registry.standard(),
            library=library,
            settings=shared.settings(options),
        )
    except CompileErrors as errors:
        print(errors, file=sys.stderr)
        return WRONG_SCRIPT
    if program.warnings:
        print(render(program.name, program.warnings), file=sys.stderr)

    def lines(name: str) -> list[str]:
        octets = library.find(name) if name else source
        return octets.decode("utf-8", "replace").splitlines()

    failed = False
    for name, octets in mails:
        result = _one_mail(program, octets, options, trace=trace)
        failed |= result.error is not None
        if options.json:
            print(json.dumps({"mail": name, **plain_result(result)}, ensure_ascii=False, default=str))
        else:
            if len(mails) > 1:
                print(f"{name}:")
            print("\n".join([*trace_lines(result, lines), *outcome(program, result)]))
    return WRONG_SCRIPT if failed else 0


def _one_mail(program: Program, octets: bytes, options: argparse.Namespace, *, trace: bool) -> Result:
    mail = PlainMessage(octets)
    sender = options.sender if options.sender is not None else _first(mail, "return-path", "sender", "from")
    recipient = options.recipient or _first(mail, "envelope-to", "to") or "recipient@example.com"
    envelope = Envelope(sender, recipient, options.original)
    now = options.at or datetime.now(UTC)
    return program.run(mail, envelope, CommandHost(frozenset(options.mailbox)), now=now, trace=trace)


def _first(mail: PlainMessage, *names: str) -> str:
    """Return the first valid address of the first field that has one: the envelope is not in the file."""
    return next((one.address for name in names for one in mail.addresses(name) if one.valid), "")
