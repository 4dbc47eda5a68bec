"""`mailgate doctor`: is everything in order, and what is to be done where it is not."""

from dataclasses import asdict

import click

from mailgate.cli._options import Call, CommandError, clean, json_option, pass_call, print_json

MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


@click.command("doctor")
@click.option("--full", is_flag=True, help="Also read the whole database, row by row and page by page.")
@json_option
@pass_call
def doctor(call: Call, *, full: bool, as_json: bool) -> None:
    r"""Look at settings, disks, database, rules, doors, relay, DNS and Postfix; change nothing.

    Each line is ok, warn (it works, but look at it) or FAIL (mail is delayed, or will be), with what to do.
    Exit 0 when nothing fails, else 1. Run it as the service's user, so that it may see what the service sees.

    \b
    runuser -u mailgate -- mailgate doctor
    mailgate doctor --json | jq '.[] | select(.level != "ok")'
    """
    from mailgate.cli._doctor.checks import examine  # noqa: PLC0415  --help must not pay for it

    findings = []
    for one in examine(call, thorough=full):
        findings.append(one)
        if not as_json:
            click.echo(clean(f"{MARKS[one.level]}  {one.check}: {one.text}"))
            if one.advice and one.level != "ok":
                click.echo(clean(f"      -> {one.advice}"))
    if as_json:
        print_json([asdict(one) for one in findings])
    failed = sum(one.level == "fail" for one in findings)
    if failed:
        raise CommandError(f"{failed} of {len(findings)} findings need a hand")


COMMAND = doctor
