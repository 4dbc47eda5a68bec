"""What `mailgate doctor` looks at: one small function a check, in the order in which one would look.

A check yields findings: ok, warn (works, but look at it) or fail (mail is or will be delayed), each with what
to do. None of them changes anything.
"""

import contextlib
import os
import shutil
import smtplib
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from mailgate.cli._options import Call
from mailgate.config.settings import Settings
from mailgate.control import ControlError, NotRunningError
from mailgate.domain.routing import Catalogue
from mailgate.store import queries
from mailgate.store.business import is_pattern, load_catalogue
from mailgate.store.checkup import damage, missing_blobs, orphans
from mailgate.store.db import Store, open_store
from mailgate.store.mounts import network_reason
from mailgate.store.outbox_rows import depths, oldest
from mailgate.wiring import language, store_options

ASK_S: Final = 5.0
# A mail that waits an hour for the relay is no hiccup any more.
OLD_S: Final = 3600
# A clock before this release was made, or years ahead, makes every window and every token wrong.
EARLIEST: Final = 1_767_225_600
LATEST: Final = EARLIEST + 20 * 365 * 86400
PERCENT: Final = 5
# Whoever is not the owner must not read keys and credentials.
OTHERS: Final = 0o077

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `advice` says what to do, "" where nothing is to be done."""

    check: str
    level: Level
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What the checks look at."""

    call: Call
    settings: Settings
    store: Store
    catalogue: Catalogue
    running: bool


Check = Callable[[Patient], Iterator[Finding]]


def examine(call: Call) -> Iterator[Finding]:
    """Yield every finding; where the settings or the database cannot be opened, only that."""
    settings = call.settings(resolve_secrets=False)
    yield Finding("settings", "ok", f"{call.config} is right")
    try:
        store = open_store(store_options(call.settings(resolve_secrets=True)))
    except Exception as error:  # noqa: BLE001  whatever it is, it is the finding
        yield Finding("database", "fail", str(error), "`mailgate db status`, then `mailgate db upgrade`")
        return
    try:
        with queries.reading(store) as connection:
            catalogue = load_catalogue(connection)
        running = _running(call)
        yield running
        patient = Patient(call, settings, store, catalogue, running.level == "ok")
        for check in CHECKS:
            yield from _guarded(check, patient)
    finally:
        store.close()


def _guarded(check: Check, patient: Patient) -> Iterator[Finding]:
    try:
        yield from check(patient)
    except Exception as error:  # noqa: BLE001  a check that fails is a finding, and the next one goes on
        yield Finding(check.__name__.strip("_"), "fail", f"{type(error).__name__}: {error}")


def _running(call: Call) -> Finding:
    try:
        status = call.ask("status", timeout=ASK_S)
    except NotRunningError:
        return Finding("gateway", "fail", "is not running", "systemctl start mailgate, or `mailgate run`")
    except ControlError as error:
        return Finding("gateway", "fail", f"does not answer: {error}", "look into its log")
    if status["ready"] != "yes":
        return Finding("gateway", "fail", f"takes no mail: {status['ready']}", "look into its log")
    return Finding("gateway", "ok", f"runs as process {status['pid']} and takes mail")


def _database(patient: Patient) -> Iterator[Finding]:
    with queries.reading(patient.store) as connection:
        found = orphans(connection)
        if patient.store.backend.name == "sqlite":
            found += damage(connection)
        found += [
            f"the file of a large mail is missing: {one}"
            for one in missing_blobs(connection, patient.store.blobs)
        ]
    for text in found:
        yield Finding("database", "fail", text, "`mailgate db restore` a backup, and report it")
    if not found:
        yield Finding("database", "ok", f"{patient.store.backend.name}, whole")


def _places(patient: Patient) -> Iterator[Finding]:
    settings = patient.settings
    folders = {"spool": settings.spool_path, "large mails": settings.blob_path}
    for name, folder in folders.items():
        reason = network_reason(folder)
        if reason:
            yield Finding("places", "fail", f"{name}: {reason}", "put it on a local disk")
        elif not os.access(folder, os.W_OK | os.X_OK):
            yield Finding(
                "places", "fail", f"{folder} ({name}) is not writable", "run it as the service's user"
            )
        else:
            usage = shutil.disk_usage(folder)
            free = 100 * usage.free // usage.total
            level: Level = "warn" if free < PERCENT else "ok"
            yield Finding(
                "places", level, f"{folder} ({name}): {free} % free", "make room" if level == "warn" else ""
            )


def _keys(patient: Patient) -> Iterator[Finding]:
    path = patient.settings.keys_path
    if not path.exists():
        yield Finding("keys", "warn", f"{path} is not there yet", "the gateway makes it at its first start")
    elif path.stat().st_mode & OTHERS:
        yield Finding("keys", "fail", f"{path} can be read by others", f"chmod 600 {path}")
    else:
        yield Finding("keys", "ok", f"{path} is the owner's alone")


def _clock(_patient: Patient) -> Iterator[Finding]:
    if EARLIEST < time.time() < LATEST:
        yield Finding("clock", "ok", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()))
    else:
        yield Finding("clock", "fail", "the system's clock is far off", "set it: timedatectl set-ntp true")


def _listeners(patient: Patient) -> Iterator[Finding]:
    """Ask each LMTP listener about an address, as Postfix's probes do; nothing is delivered."""
    if not patient.running:
        return
    for part in patient.settings.listener:
        kind, _, rest = part.address.partition(":")
        if kind == "systemd" or part.kind != "lmtp":
            continue
        host, port = (
            (rest, 0)
            if kind == "unix"
            else (rest.rpartition(":")[0].strip("[]"), int(rest.rpartition(":")[2]))
        )
        try:
            with smtplib.LMTP(host, port) as client:
                client.ehlo_or_helo_if_needed()
                yield from _probes(client, part.name, patient.catalogue)
        except (OSError, smtplib.SMTPException) as error:
            yield Finding(
                "listener", "fail", f"{part.name} ({part.address}): {error}", "look at its mode and group"
            )


def _probes(client: smtplib.LMTP, name: str, catalogue: Catalogue) -> Iterator[Finding]:
    exact = [one for one in catalogue.routes if not is_pattern(one) and catalogue.routes[one].enabled]
    if not exact:
        yield Finding("listener", "ok", f"{name} greets")
        return
    client.mail("")
    code, text = client.rcpt(exact[0])
    client.rset()
    said = f"{name}: {exact[0]} {code} {text.decode('utf-8', 'replace')}"
    good = code < 300  # noqa: PLR2004  RFC 5321 4.2.1
    yield Finding(
        "listener", "ok" if good else "fail", said, "" if good else "`mailgate reload`, look into its log"
    )


def _addresses(patient: Patient) -> Iterator[Finding]:
    found = patient.catalogue
    known = {"store", *patient.settings.targets}
    routes = (*found.routes.values(), *found.patterns)
    if not routes:
        yield Finding("addresses", "fail", "there are none, so no mail is taken", "`mailgate apply FOLDER`")
    for route in routes:
        wrong = [
            text for text, bad in (
                (f"script {route.script!r} is missing", route.script and route.script not in found.scripts),
                (f"queue {route.queue!r} is missing", route.queue and route.queue not in found.queues),
                (f"target {route.target!r} is in no settings", route.target not in known),
            ) if bad
        ]  # fmt: skip
        for text in wrong:
            yield Finding("addresses", "fail", f"{route.address}: {text}", "`mailgate address set`")
    yield Finding("addresses", "ok", f"{len(routes)} addresses and patterns")


def _scripts(patient: Patient) -> Iterator[Finding]:
    from mailgate.rules.scripts import complaints_of  # noqa: PLC0415  it brings the whole language

    registry = language()
    for name, source in patient.catalogue.scripts.items():
        complaints = complaints_of(name, source, patient.catalogue, registry)
        for line, text in complaints:
            yield Finding("rules", "fail", f"{name}:{line}: {text}", "its last good version runs; mend it")
        if not complaints:
            yield Finding("rules", "ok", f"{name} compiles")


def _relay(patient: Patient) -> Iterator[Finding]:
    relay = patient.settings.relay
    try:
        with smtplib.SMTP(relay.host, relay.port, timeout=ASK_S) as client:
            client.ehlo()
            if relay.tls == "required" and not client.has_extn("starttls"):
                yield Finding("relay", "fail", "offers no STARTTLS, which the settings require", "relay.tls")
                return
            yield Finding("relay", "ok", f"{relay.host}:{relay.port} answers")
    except (OSError, smtplib.SMTPException) as error:
        text = f"{relay.host}:{relay.port}: {error}"
        yield Finding(
            "relay", "fail", text, "answers wait in the outbox; mend it, then `mailgate queue flush`"
        )


def _dns(patient: Patient) -> Iterator[Finding]:
    if not (patient.settings.checks.dkim or patient.settings.checks.null_mx):
        return
    import asyncio  # noqa: PLC0415

    from mailgate.checks.dns import Dns, NoAnswer  # noqa: PLC0415
    from mailgate.domain.address import split  # noqa: PLC0415

    domains = {split(one)[1] for one in patient.catalogue.own} - {""}
    if not domains:
        return
    try:
        asyncio.run(asyncio.wait_for(Dns().null_mx(min(domains)), ASK_S))
    except (NoAnswer, TimeoutError) as error:
        yield Finding(
            "dns", "warn", f"no answer: {error or 'time-out'}", "DKIM and null MX stay unknown meanwhile"
        )
    else:
        yield Finding("dns", "ok", "the resolver answers")


def _waiting(patient: Patient) -> Iterator[Finding]:
    with queries.reading(patient.store) as connection:
        counts, first = depths(connection), oldest(connection)
        unprocessed = queries.counts_by_status(connection)["unprocessed"]
    words = ", ".join(f"{n} {state}" for state, n in counts.items() if n) or "empty"
    late = first is not None and time.time() - first.timestamp() > OLD_S
    if counts["held"] or counts["given_up"] or late:
        yield Finding("outbox", "warn", words, "`mailgate queue list` says why")
    else:
        yield Finding("outbox", "ok", words)
    if unprocessed:
        yield Finding("unprocessed", "warn", f"{unprocessed} mails", "`mailgate unprocessed list`")


def _postfix(patient: Patient) -> Iterator[Finding]:
    """Compare Postfix's settings with ours, where it runs on this machine."""
    postconf = shutil.which("postconf") or (
        "/usr/sbin/postconf" if Path("/usr/sbin/postconf").exists() else ""
    )
    if not postconf:
        return
    names = (
        "message_size_limit",
        "transport_maps",
        "relay_domains",
        "mailbox_transport",
        "virtual_transport",
    )
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(  # noqa: S603  a program of the system, with fixed words
            [postconf, *names], capture_output=True, text=True, timeout=ASK_S, check=False
        )
        said = dict(line.split(" = ", 1) for line in done.stdout.splitlines() if " = " in line)
        limit = int(said.get("message_size_limit", "0") or 0)
        ours = patient.settings.limits.message_size
        if limit == 0 or limit > ours:
            text = f"message_size_limit {limit or 'without limit'} is above our limits.message_size {ours}"
            yield Finding("postfix", "warn", text, "lower it, or mail that Postfix took is refused later")
        routes = " ".join(said.get(one, "") for one in names[1:])
        if "mailgate" not in routes and "lmtp" not in routes:
            yield Finding("postfix", "warn", "no transport leads to mailgate", "docs/postfix.md says how")
        else:
            yield Finding("postfix", "ok", "a transport leads to us")


def _name(patient: Patient) -> Iterator[Finding]:
    hostname = patient.settings.instance.hostname
    if "." not in (hostname or socket.getfqdn()):
        text = f"{hostname!r} is no full name, and stands in every Message-ID of ours"
        yield Finding("hostname", "warn", text, "set instance.hostname")


CHECKS: Final[tuple[Check, ...]] = (
    _database,
    _places,
    _keys,
    _clock,
    _name,
    _listeners,
    _addresses,
    _scripts,
    _relay,
    _dns,
    _waiting,
    _postfix,
)
