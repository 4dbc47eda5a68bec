"""Checks of what others answer: the gateway itself, its doors, relay, targets, DNS. Nothing is delivered."""

import asyncio
import os
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailgate.checks.dns import Dns, NoAnswer
from mailgate.cli._doctor.finding import ASK_S, Finding, Patient
from mailgate.config.listener import Listener
from mailgate.config.relay import Relay
from mailgate.config.secret import SecretError
from mailgate.config.targets import LmtpTarget, MaildirTarget, PipeTarget, SmtpTarget, WebhookTarget
from mailgate.domain.address import split
from mailgate.domain.routing import Route
from mailgate.store.business import is_pattern

# RFC 8314 7.3: the port where TLS begins at once.
TLS_PORT = 465
Trouble = (OSError, smtplib.SMTPException)


def gateway(patient: Patient) -> Iterator[Finding]:
    """Check that the gateway runs what the database says."""
    status = patient.status
    if status is None:
        return
    stale = patient.present.catalogue.version != status["catalogue_version"]
    if stale:
        text = "runs on older addresses and rules than the database has"
        yield Finding("gateway", "warn", text, "`mailgate reload` says why")
    for name, error in status["script_errors"].items():
        text = f"runs an older version of {name}: {error.splitlines()[0]}"
        yield Finding("gateway", "fail", text, "`mailgate rules check`")
    if not stale and not status["script_errors"]:
        yield Finding("gateway", "ok", "runs what the database says")


def doors(patient: Patient) -> Iterator[Finding]:
    """Check that each listener greets and takes mail for an address of ours, as Postfix's probes ask."""
    if patient.status is None:
        return
    for listener in patient.settings.listener:
        if listener.address.startswith("systemd:"):
            text = f"{listener.name}: its socket is systemd's, `systemctl status mailgate.socket` shows it"
            yield Finding("listener", "ok", text)
            continue
        try:
            yield _probe(patient, listener)
        except Trouble as error:
            text = f"{listener.name} ({listener.address}): {_said(error)}"
            yield Finding("listener", "fail", text, "look at the gateway's log, and at the socket's mode")


def _probe(patient: Patient, listener: Listener) -> Finding:
    """Say LHLO, MAIL, RCPT and RSET, as Postfix's address verification does."""
    with _client(listener, patient.settings.instance.effective_hostname()) as client:
        client.ehlo()
        route = next(filter(_probeable, patient.present.business.addresses), None)
        if route is None:
            return Finding("listener", "ok", f"{listener.name} answers LHLO")
        code, text = client.mail("")
        if code == 250:  # noqa: PLR2004  RFC 5321 4.2.3
            code, text = client.rcpt(route.address)
        client.rset()
    said = f"{listener.name}: {route.address} is answered {code} {text.decode('utf-8', 'replace')}"
    if code == 250:  # noqa: PLR2004
        return Finding("listener", "ok", said)
    return Finding("listener", "fail", said, "`mailgate reload`, then look at the gateway's log")


def _probeable(route: Route) -> bool:
    return route.enabled and route.address.isascii() and not is_pattern(route.address)


@contextmanager
def _client(listener: Listener, hostname: str) -> Iterator[smtplib.SMTP]:
    kind, _, rest = listener.address.partition(":")
    host, _, port = rest.rpartition(":")
    if kind == "tcp" and host.strip("[]") in {"0.0.0.0", "::", "*"}:  # noqa: S104  where it listens, not us
        host = "localhost"
    if listener.kind == "smtp":
        with smtplib.SMTP(host.strip("[]"), int(port), hostname, timeout=ASK_S) as plain:
            yield plain
        return
    where = (rest, 0) if kind == "unix" else (host.strip("[]"), int(port))
    with smtplib.LMTP(*where, hostname, timeout=ASK_S) as client:
        yield client


def relay(patient: Patient) -> Iterator[Finding]:
    """Check that the relay takes our mail: EHLO, STARTTLS, login, the null sender."""
    part = patient.settings.relay
    hostname = patient.settings.instance.effective_hostname()
    finding = _smtp("relay", f"{part.host}:{part.port}", part, hostname)
    if finding.level == "fail":
        advice = "answers wait in the outbox; mend it, then `mailgate queue flush`"
        finding = Finding("relay", "fail", finding.text, finding.advice or advice)
    yield finding


def _connected(part: Relay | SmtpTarget, hostname: str, context: ssl.SSLContext) -> smtplib.SMTP:
    if part.port == TLS_PORT:
        return smtplib.SMTP_SSL(part.host, part.port, hostname, timeout=ASK_S, context=context)
    return smtplib.SMTP(part.host, part.port, hostname, timeout=ASK_S)


def _smtp(check: str, name: str, part: Relay | SmtpTarget, hostname: str) -> Finding:
    """Go as far as MAIL FROM:<> and back; that is how every automatic answer begins."""
    try:
        context = _context(part)
        with _connected(part, hostname, context) as client:
            words = _secured(client, part, context)
            if part.password is not None:
                client.login(part.user, part.password.reveal())
                words.append("login")
            code, text = client.mail("")
            client.rset()
    except Trouble as error:
        return Finding(check, "fail", f"{name}: {_said(error)}")
    except SecretError as error:
        return Finding(check, "warn", f"{name}: {error}", "run it as the service's user to try the login")
    said = f"{name}: {', '.join(['EHLO', *words])}"
    if code != 250:  # noqa: PLR2004  RFC 5321 4.2.3
        text_ = f"{said}, but MAIL FROM:<> is answered {code} {text.decode('utf-8', 'replace')}"
        return Finding(check, "fail", text_, "automatic answers have no other sender (RFC 3834 3.3)")
    return Finding(check, "ok", f"{said}, takes the null sender")


def _context(part: Relay | SmtpTarget) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if part.ca_file:
        context.load_verify_locations(part.ca_file)
    if part.tls != "required":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _secured(client: smtplib.SMTP, part: Relay | SmtpTarget, context: ssl.SSLContext) -> list[str]:
    """Say EHLO and begin TLS as the settings want it; returns the words for it."""
    client.ehlo()
    if part.tls == "none" or part.port == TLS_PORT:
        return []
    if not client.has_extn("starttls"):
        if part.tls == "required":
            raise smtplib.SMTPException("offers no STARTTLS, which the settings require")
        return ["no STARTTLS"]
    client.starttls(context=context)
    client.ehlo()
    return ["STARTTLS"]


def targets(patient: Patient) -> Iterator[Finding]:
    """Check that each target of the settings can be reached."""
    hostname = patient.settings.instance.effective_hostname()
    for name, part in patient.settings.targets.items():
        match part:
            case MaildirTarget():
                yield _maildir(name, part)
            case LmtpTarget():
                yield _lmtp(name, part, hostname)
            case SmtpTarget():
                yield _smtp("targets", name, part, hostname)
            case PipeTarget():
                yield _program(name, part)
            case WebhookTarget():
                # A call would be a delivery; whether it works is seen in the outbox.
                yield Finding("targets", "ok", f"{name}: {part.url} is called when a rule says so")
            case _:
                yield Finding("targets", "warn", f"{name}: throws mail away", "")


def _program(name: str, part: PipeTarget) -> Finding:
    if os.access(part.command[0], os.X_OK):
        return Finding("targets", "ok", f"{name}: {part.command[0]} can be run")
    text = f"{name}: {part.command[0]} can't be run by this user"
    return Finding("targets", "fail", text, "its mail waits in the outbox; look at the program and its mode")


def _maildir(name: str, part: MaildirTarget) -> Finding:
    """Look at the folder above the first part that depends on the recipient."""
    folder = Path(part.path.partition("{")[0].rpartition("/")[0] or "/") if "{" in part.path else None
    folder = folder or Path(part.path)
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if os.access(there, os.W_OK | os.X_OK):
        return Finding("targets", "ok", f"{name}: {folder} can be written")
    text = f"{name}: {there} can't be written by this user"
    return Finding("targets", "fail", text, "its mail waits in the outbox; look at owner and mode")


def _lmtp(name: str, part: LmtpTarget, hostname: str) -> Finding:
    try:
        with _client(Listener(name=name, address=part.address), hostname) as client:
            code, text = client.ehlo()
    except Trouble as error:
        text_ = f"{name} ({part.address}): {_said(error)}"
        return Finding("targets", "fail", text_, "its mail waits in the outbox")
    if code != 250:  # noqa: PLR2004  RFC 5321 4.2.3
        said = f"{name} ({part.address}): {code} {text.decode('utf-8', 'replace')}"
        return Finding("targets", "fail", said, "its mail waits in the outbox")
    return Finding("targets", "ok", f"{name}: {part.address} answers LHLO")


def dns(patient: Patient) -> Iterator[Finding]:
    """Check that the name servers answer, where anything is asked of them."""
    checks = patient.settings.checks
    if not (checks.dkim or checks.null_mx or checks.arc or checks.dmarc != "off"):
        yield Finding("dns", "ok", "nothing is asked: checks.dkim, dmarc, arc and null_mx are off")
        return
    domains = {split(one)[1] for one in patient.present.catalogue.own} - {""}
    domain = min(domains, default=patient.settings.instance.effective_hostname())
    resolver = Dns(nameservers=checks.nameservers, lifetime_s=ASK_S)
    try:
        null = asyncio.run(asyncio.wait_for(resolver.null_mx(domain), ASK_S + 1))
    except (NoAnswer, TimeoutError):
        text = f"no answer for {domain}: signatures and null MX stay unknown, mail is taken all the same"
        yield Finding("dns", "warn", text, "look at /etc/resolv.conf, or set checks.nameservers")
        return
    if null:
        text = f"{domain} says in DNS that it takes no mail (null MX)"
        yield Finding("dns", "fail", text, "nobody can send to our addresses there: publish its MX")
    else:
        yield Finding("dns", "ok", f"the name servers answer for {domain}")


def _said(error: Exception) -> str:
    """Return what went wrong, without the numbers of the system."""
    match error:
        case smtplib.SMTPResponseException():
            said = error.smtp_error
            return f"{error.smtp_code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
        case socket.gaierror():
            return f"its name is not found ({error.strerror})"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case TimeoutError():
            return f"no answer in {ASK_S:.0f} s"
        case smtplib.SMTPServerDisconnected() if "timed out" in str(error):
            return f"no answer in {ASK_S:.0f} s"
        case OSError() if error.strerror:
            return error.strerror
        case _:
            return str(error) or type(error).__name__
