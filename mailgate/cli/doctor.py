"""`mailgate doctor`: is everything in order, and what is to be done where it is not."""

from dataclasses import asdict

import click

from mailgate.cli._options import Call, CommandError, clean, json_option, pass_call, print_json

MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


@click.command("doctor")
@json_option
@pass_call
def doctor(call: Call, *, as_json: bool) -> None:
    """Look at settings, database, disks, listeners, rules, relay, DNS and Postfix; change nothing.

    Exit 0 when all is well or worth a look only, 1 when something fails.
    """
    from mailgate.cli._checkup import examine  # noqa: PLC0415  --help must not pay for it

    findings = []
    for one in examine(call):
        findings.append(one)
        if not as_json:
            click.echo(clean(f"{MARKS[one.level]}  {one.check}: {one.text}"))
            if one.advice and one.level != "ok":
                click.echo(clean(f"      -> {one.advice}"))
    if as_json:
        print_json([asdict(one) for one in findings])
    failed = sum(one.level == "fail" for one in findings)
    if failed:
        raise CommandError(f"{failed} of {len(findings)} checks failed")


COMMAND = doctor
