"""`mailgate dkim`: keys that sign outgoing mail, and whether DNS has them (docs/dkim.md)."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailgate.cli._options import (
    TRY_LATER,
    Call,
    CommandError,
    clean,
    json_option,
    pass_call,
    print_json,
    print_table,
)

if TYPE_CHECKING:
    from mailgate.checks.published import Look, OwnKey
    from mailgate.config.dkim import DkimKey
    from mailgate.domain.dkimkey import KeyType, PrivateKey

HEADERS = ("domain", "selector", "type", "bits", "active", "key", "error")
MARKS = {"ok": "ok     ", "warn": "warn   ", "fail": "FAIL   ", "unknown": "unknown"}
# As long as a person waits for a name server.
ASK_S = 5.0


@click.group("dkim")
def dkim() -> None:
    """Make, list and check the keys that sign outgoing mail."""


@dkim.command()
@click.argument("domain")
@click.option("--selector", default="", help="Its name in DNS; without it year and month, as mg202611.")
@click.option("--type", "kind", type=click.Choice(["rsa", "ed25519"]), default="rsa", help="RSA by default.")
@click.option("--bits", type=int, default=2048, show_default=True, help="Length of an RSA key.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the key file goes; without it the folder dkim beside mailgate.toml.",
)
@pass_call
def genkey(call: Call, domain: str, selector: str, kind: "KeyType", bits: int, folder: Path | None) -> None:
    r"""Make a key for DOMAIN; print the DNS record to publish and the lines for mailgate.toml.

    The file can be read by its owner alone: whoever runs this, or, if that is root, the owner of the state
    folder. One that is there is never overwritten. Nothing else changes: mail is signed when the lines stand
    in mailgate.toml and the service was started again.

    \b
    mailgate dkim genkey example.org
    mailgate dkim genkey example.org --type ed25519 --selector e2026
    """
    from mailgate.config import syntax  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.dkimkey import DkimKeyError, new_key  # noqa: PLC0415

    selector = selector or f"mg{datetime.now(UTC):%Y%m}{'e' if kind == 'ed25519' else ''}"
    if wrong := syntax.dkim_domain(domain) or syntax.selector(selector):
        raise click.UsageError(wrong)
    try:
        key = new_key(kind, bits)
    except DkimKeyError as error:
        raise click.UsageError(str(error)) from None
    file = (folder or call.config.absolute().parent / "dkim") / f"{domain.lower()}.{selector}.pem"
    owner = _service_user(call)
    _keep(file, key.pem(), owner)
    _explain(domain.lower(), selector, key, file)


def _service_user(call: Call) -> tuple[int, int] | None:
    """Return user and group of the service's folder, where root makes a key that the service must read."""
    from mailgate.errors import SettingsError  # noqa: PLC0415  --help must not pay for it

    if os.geteuid() != 0:
        return None
    try:
        about = call.settings().state_path(".").stat()
    except (OSError, SettingsError):
        return None
    return about.st_uid, about.st_gid


def _keep(file: Path, pem: str, owner: tuple[int, int] | None) -> None:
    """Write a key file that only its owner can read. Raises CommandError where it can't be, or is there."""
    try:
        if not file.parent.exists():
            file.parent.mkdir(mode=0o750)
            if owner is not None:
                os.chown(file.parent, *owner)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            if owner is not None:
                os.fchown(descriptor, *owner)
            stream.write(pem)
            stream.flush()
            os.fsync(stream.fileno())
    except FileExistsError:
        text = f"{file} is there already, and mail may be signed with it; take another --selector"
        raise CommandError(text) from None
    except OSError as error:
        raise CommandError(f"can't write {file}: {error.strerror}") from None


def _owner(file: Path) -> str:
    """Return the name of a file's owner, its number where it has none."""
    try:
        return file.owner()
    except KeyError:
        return f"user {file.stat().st_uid}"


def _explain(domain: str, selector: str, key: "PrivateKey", file: Path) -> None:
    """Print what is to be done with a new key."""
    from mailgate.config.render import quoted  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.dkimkey import zone_line  # noqa: PLC0415

    click.echo(f"The private key is in {file}, which only {_owner(file)} can read: so must the service.")
    click.echo("\n1. Publish this in DNS:\n")
    click.echo(zone_line(domain, selector, key.record))
    click.echo("\n2. Write this into mailgate.toml:\n")
    lines = [f"domain = {quoted(domain)}", f"selector = {quoted(selector)}"]
    click.echo("\n".join(["[[dkim]]", *lines, f"key = {quoted(f'${{file:{file}}}')}"]))
    click.echo(f"\n3. When `mailgate dkim check {domain}` says ok, start the service again.")


@dkim.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    r"""Show the keys of the settings, without anything secret; what can't be read says why.

    \b
    mailgate dkim list
    """
    rows = []
    for part in call.settings().dkim:
        key, error = _read(part)
        kind, bits = (key.kind, key.bits) if key is not None else ("", "")
        rows.append((part.domain, part.selector, kind, bits, part.active, part.key.reference, error))
    if as_json:
        print_json([dict(zip(HEADERS, row, strict=True)) for row in rows])
    else:
        print_table(HEADERS, [(*row[:4], "yes" if row[4] else "no", *row[5:]) for row in rows])


def _read(part: "DkimKey") -> "tuple[PrivateKey | None, str]":
    """Return a key of the settings, or why it can't be had."""
    from mailgate.config.secret import SecretError  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.dkimkey import DkimKeyError, read_key  # noqa: PLC0415

    try:
        return read_key(part.key.reveal()), ""
    except (SecretError, DkimKeyError) as error:
        return None, str(error)


@dkim.command()
@click.argument("domain", default="")
@click.option("--selector", default="", help="Only the key of this name.")
@pass_call
def record(call: Call, domain: str, selector: str) -> None:
    r"""Print the DNS records of the keys in the settings, of all domains or of DOMAIN, as lines of a zone.

    \b
    mailgate dkim record example.org
    """
    from mailgate.domain.dkimkey import zone_line  # noqa: PLC0415  --help must not pay for it

    for one in _keys(call, domain, selector):
        click.echo(zone_line(one.domain.lower(), one.selector, one.key.record))


def _keys(call: Call, domain: str, selector: str = "") -> "list[OwnKey]":
    """Return the keys of the settings; raises CommandError for one that is not there or can't be read."""
    from mailgate.checks.published import OwnKey  # noqa: PLC0415  --help must not pay for it

    parts = call.settings().dkim
    chosen = [
        one
        for one in parts
        if domain.lower() in {"", one.domain.lower()} and selector.lower() in {"", one.selector.lower()}
    ]
    if not chosen:
        raise CommandError(_nothing(parts, domain, selector))
    keys = []
    for part in chosen:
        key, error = _read(part)
        if key is None:
            text = f"the key {part.selector} of {part.domain} can't be read: {error}"
            raise CommandError(f"{text} (run this as the service's user)")
        keys.append(OwnKey(part.domain, part.selector, part.active, key))
    return keys


def _nothing(parts: "Sequence[DkimKey]", domain: str, selector: str) -> str:
    if not parts:
        return "the settings have no [[dkim]] keys; `mailgate dkim genkey DOMAIN` makes one"
    names = ", ".join(f"{one.selector}._domainkey.{one.domain}" for one in parts)
    wanted = f"{selector}._domainkey.{domain or '…'}" if selector else domain
    return f"the settings have no key for {wanted}; there are {names}"


@dkim.command()
@click.argument("domain", default="")
@json_option
@pass_call
def check(call: Call, domain: str, *, as_json: bool) -> None:
    r"""Compare the keys of the settings with what DNS has, and look for the domain's DMARC record.

    Each line is ok, warn, FAIL or unknown (no name server answered), with what to do. Exit 0 where nothing
    fails, 1 where something does, 75 where DNS does not answer.

    \b
    mailgate dkim check
    mailgate dkim check example.org
    """
    import asyncio  # noqa: PLC0415  --help must not pay for it

    from mailgate.checks.dns import Dns  # noqa: PLC0415
    from mailgate.checks.published import look  # noqa: PLC0415

    keys = _keys(call, domain)
    resolver = Dns(nameservers=call.settings().checks.nameservers, lifetime_s=ASK_S)
    looks = asyncio.run(look(keys, resolver))
    if as_json:
        print_json([asdict(one) for one in looks])
    else:
        _print(looks)
    levels = [one.level for one in looks]
    if "fail" in levels:
        raise CommandError(f"{levels.count('fail')} of {len(looks)} findings need a hand")
    if "unknown" in levels:
        raise CommandError("not everything could be looked up, try again later", TRY_LATER)


def _print(looks: "Sequence[Look]") -> None:
    for one in looks:
        click.echo(clean(f"{MARKS[one.level]}  {one.name}: {one.text}"))
        if one.advice:
            click.echo(clean(f"         -> {one.advice}"))


COMMAND = dkim
