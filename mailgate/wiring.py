"""Settings into the options of each part: the only place that knows both sides.

Every part takes plain values of its own, so none of them knows the settings file; `app.py` puts them
together.
"""

import os
import pwd
import secrets
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta, tzinfo
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from mailgate.actions._workflows import Workflows
from mailgate.checks.arc import ArcCheck
from mailgate.checks.dkim import DkimCheck
from mailgate.checks.dmarc import DmarcCheck
from mailgate.checks.dns import Dns
from mailgate.checks.gather import CheckPolicy
from mailgate.config.listener import Listener
from mailgate.config.lists import ListFiles
from mailgate.config.relay import Relay
from mailgate.config.settings import Settings
from mailgate.config.targets import (
    LmtpTarget,
    MaildirTarget,
    NullTarget,
    PipeTarget,
    SmtpTarget,
    WebhookTarget,
)
from mailgate.config.version import program_version
from mailgate.domain import assignment
from mailgate.domain import service as service_times
from mailgate.domain.action import PlanPolicy
from mailgate.domain.budgets import Budgets
from mailgate.domain.effects import Decision
from mailgate.domain.envelope import Source
from mailgate.domain.events import Follower
from mailgate.domain.facts import Authentication
from mailgate.domain.gate import Gate, GatePolicy
from mailgate.domain.mailtexts import MailTexts
from mailgate.domain.notify import Notifier
from mailgate.domain.routing import OWN_STORE, Catalogue
from mailgate.domain.target import Target, TargetKind
from mailgate.intake.door import Service
from mailgate.intake.frames import ListenerSetup, Setup
from mailgate.intake.limits import IntakeLimits
from mailgate.intake.process import tls_context
from mailgate.outbox.givenup import given_up
from mailgate.outbox.retry import Schedule
from mailgate.outbox.settling import GivenUp
from mailgate.outbox.sign import Signer, SigningKey
from mailgate.outbox.worker import RELAY, WorkerOptions
from mailgate.registry import discover
from mailgate.store.blobs import Blobs
from mailgate.store.unit import UnitRules
from mailgate.store.workload import LOCK
from mailgate.store.writer import WriterLimits
from mailgate.targets._folders import folder_exists
from mailgate.targets._login import TokenFile
from mailgate.targets.lmtp import LmtpOptions
from mailgate.targets.maildir import MaildirOptions
from mailgate.targets.null import NullOptions
from mailgate.targets.pipe import PipeOptions
from mailgate.targets.smtp import SmtpOptions
from mailgate.targets.webhook import WebhookOptions
from mailgate.texts.writing import TextWriting
from mailgate.vocabulary import target_kind


def writer_limits(settings: Settings) -> WriterLimits:
    """Return the bounds of the writer's queue."""
    return WriterLimits(
        queue_count=settings.limits.waiting_mails, queue_bytes=settings.limits.waiting_size + (1 << 20)
    )


def intake_limits(settings: Settings) -> IntakeLimits:
    """Return what one client may ask for."""
    limits = settings.limits
    return IntakeLimits(
        message_size=limits.message_size,
        recipients=limits.recipients,
        inline_max=settings.database.inline_max,
        command_timeout=limits.command_timeout,
        data_timeout=limits.data_timeout,
        session_time=limits.session_time,
        session_size=limits.session_size,
        session_mails=limits.session_mails,
        session_noops=limits.session_noops,
        session_errors=limits.session_errors,
        stop_grace=settings.instance.stop_timeout,
    )


def service(
    listener: Listener,
    settings: Settings,
    *,
    now: Callable[[], datetime],
    log: Callable[..., object],
    new_id: Callable[[], str],
) -> Service:
    """Return one listener as its connections see it."""
    return Service(
        name=listener.name,
        source=Source(listener.kind),
        hostname=settings.instance.effective_hostname(),
        incoming=settings.spool_path,
        now=now,
        new_id=new_id,
        log=log,
        limits=intake_limits(settings),
        trusted_uids=frozenset(uid for uid in map(_uid, listener.trusted_users) if uid is not None),
        trusted_networks=tuple(ip_network(n, strict=False) for n in listener.trusted_networks),
        tls=tls_context(listener.tls_certificate, listener.tls_key) if listener.starttls else None,
        passwords={u: p.reveal() for u, p in listener.auth_users.items()} if listener.auth else {},
    )


def _uid(user: str) -> int | None:
    """Return the id of a local user, by name or number; a user who does not exist trusts nobody in."""
    if user.isdigit():
        return int(user)
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None


def front_setup(settings: Settings, services: Sequence[Service], descriptors: Sequence[int]) -> Setup:
    """Return what a listening process of its own is told; the sockets keep their numbers there."""
    limits = settings.limits
    parts = zip(settings.listener, services, descriptors, strict=True)
    return Setup(
        tuple(
            ListenerSetup(
                descriptor=descriptor,
                name=service.name,
                source=service.source,
                hostname=service.hostname,
                incoming=service.incoming,
                limits=service.limits,
                trusted_uids=service.trusted_uids,
                trusted_networks=tuple(map(str, service.trusted_networks)),
                tls_certificate=part.tls_certificate if part.starttls else "",
                tls_key=part.tls_key if part.starttls else "",
                passwords=dict(service.passwords),
            )
            for part, service, descriptor in parts
        ),
        limits.waiting_mails,
        limits.connections,
    )


def check_policy(
    settings: Settings,
    keys: tuple[bytes, ...],
    own: Callable[[], frozenset[str]],
    observe: Callable[[Authentication], None] = lambda _known: None,
) -> CheckPolicy:
    """Return what is looked up about a mail, and with what."""
    checks, policy = settings.checks, settings.checks.dmarc
    wanted = checks.dkim or checks.null_mx or checks.arc or policy != "off"
    dns = Dns(nameservers=checks.nameservers, lifetime_s=checks.deadline) if wanted else None
    return CheckPolicy(
        keys=keys,
        instance=settings.instance.name,
        own=own,
        delimiter=settings.rules.recipient_delimiter,
        trusted_authserv_ids=frozenset(i.lower() for i in checks.trusted_authserv_ids),
        deadline_s=checks.deadline,
        dkim=DkimCheck(dns) if checks.dkim and dns else None,
        dmarc=DmarcCheck(dns, strict=policy == "strict") if policy != "off" and dns else None,
        arc=ArcCheck(dns, map(str.lower, checks.trusted_arc_sealers)) if checks.arc and dns else None,
        resolver=dns,
        null_mx=checks.null_mx,
        observe=observe,
    )


def time_zone(name: str) -> tzinfo | None:
    """Return the data of a time zone, None where this machine has none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def plan_policy(settings: Settings, keys: tuple[bytes, ...]) -> PlanPolicy:
    """Return what planning needs to know."""
    return PlanPolicy(
        keys=keys,
        instance=settings.instance.name,
        hostname=settings.instance.effective_hostname(),
        reject=settings.rules.reject,
        reject_unverified=settings.rules.reject_unverified,
        answer_period_s=int(settings.answers.acknowledgement_period),
        zones=time_zone,
        special_use={f"\\{use}": folder for use, folder in settings.rules.special_use.items()},
        lists=ListFiles(settings.rules.lists).find,
        has_folder=partial(has_folder, settings),
        version=program_version(),
        writing=TextWriting(),
    )


def has_folder(settings: Settings, target: str, recipient: str, folder: str) -> bool:
    """Whether a rule can file mail for a recipient into a folder of a target (RFC 5490 3.1).

    Our own store has every folder. A server by LMTP is not asked: it has what it is told of as a detail.
    """
    match settings.targets.get(target):
        case None:
            return target == OWN_STORE
        case MaildirTarget() as part:
            delimiter = settings.rules.recipient_delimiter
            return folder_exists(part.path, recipient, delimiter, folder, part.folder_names)
        case LmtpTarget(folder_as_detail=told):
            return told
        case _:
            return False


def gate_policy(settings: Settings, catalogue: Catalogue) -> GatePolicy:
    """Return what the gate is told; budgets carry the names of the settings."""
    answers = settings.answers
    budgets: Any = {f.name: getattr(answers, f.name) for f in fields(Budgets)}
    for name in ("ticket_window", "pause_for"):
        budgets[name] = int(budgets[name])
    return GatePolicy(
        own=catalogue.own,
        budgets=Budgets(**budgets),
        delimiter=settings.rules.recipient_delimiter,
        acknowledgement_needs_our_address=answers.acknowledgement_needs_our_address,
        verified_only=answers.verified_only,
        vacation_minimum_s=int(answers.vacation_period),
        received_max=answers.received_max,
        failing_after=answers.failing_after,
        failing_for_s=int(answers.failing_for),
    )


def followers(settings: Settings, keys: tuple[bytes, ...], catalogue: Catalogue) -> tuple[Follower, ...]:
    """Return who hears what happens to tickets: assignment, service times, workflows, notices."""
    policy = plan_policy(settings, keys)
    return (
        assignment.follower(catalogue),
        service_times.follower(catalogue, policy),
        Workflows(catalogue, policy),
        Notifier(catalogue, policy),
        *((MailTexts(how),) if (how := catalogue.desk.mail_texts) in {"answer", "session"} else ()),
    )


def locks(catalogue: Catalogue) -> tuple[str, ...]:
    """Return what every change locks first: where work is shared out, gateways take turns (G15)."""
    return (LOCK,) if assignment.sharing(catalogue) else ()


def desk_rules(
    settings: Settings, keys: tuple[bytes, ...], catalogue: Catalogue, blobs: Blobs | None
) -> UnitRules:
    """Return what a person's or a job's change needs (`store/deskunit.py`): everything but the scripts."""
    return UnitRules(
        decide=_no_mail,
        catalogue=catalogue,
        gate=Gate(gate_policy(settings, catalogue)),
        followers=followers(settings, keys, catalogue),
        locks=locks(catalogue),
        blobs=blobs,
        undo_ms=undo_ms(settings),
    )


def undo_ms(settings: Settings) -> int:
    """Return how long an agent's answer waits before it leaves."""
    return round(settings.outbox.undo * 1000)


def _no_mail(*_asked: object) -> Decision:
    """Stand where the rules stand: nothing at a desk is decided by scripts."""
    raise ValueError("there is no mail to decide about")


def follows_given_up(settings: Settings, keys: tuple[bytes, ...], rules: Callable[[], UnitRules]) -> GivenUp:
    """Return what follows when a mail of ours is given up, in the transaction that records it."""
    return given_up(plan_policy(settings, keys), rules)


def worker_options(settings: Settings) -> WorkerOptions:
    """Return who the outbox worker is and how much it takes at once."""
    hostname = settings.instance.effective_hostname()
    return WorkerOptions(
        owner=f"{hostname}:{os.getpid()}:{secrets.token_hex(4)}",
        hostname=hostname,
        batch=settings.outbox.batch,
        lease_s=settings.outbox.lease,
        schedule=Schedule(settings.outbox.waits, timedelta(seconds=settings.outbox.give_up_after)),
        per_minute=per_minute(settings),
        stop_s=settings.instance.stop_timeout,
    )


def per_minute(settings: Settings) -> dict[str, int]:
    """Return how many mails a minute a target gets at most, by its name; the relay's name is RELAY."""
    servers = {RELAY: settings.relay, **settings.targets}
    found = {name: getattr(part, "mails_per_minute", 0) for name, part in servers.items()}
    return {name: most for name, most in found.items() if most}


def relay(settings: Settings) -> Target:
    """Return where mail of ours leaves."""
    return _kinds()["smtp"].make(_smtp(settings.relay, settings))


def _smtp(part: Relay | SmtpTarget, settings: Settings) -> SmtpOptions:
    return SmtpOptions(
        host=part.host,
        port=part.port,
        tls=part.tls,
        user=part.user,
        password=part.password.reveal() if part.password is not None else "",
        hostname=settings.instance.effective_hostname(),
        connections=part.connections,
        timeout_s=part.timeout,
        ca_file=part.ca_file,
        mails_per_connection=part.mails_per_connection,
        tokens=TokenFile(Path(part.token_file)) if part.token_file else None,
    )


def signer(settings: Settings) -> Signer:
    """Return what signs our mail. Raises SettingsError's cause, SecretError, for a key that can't be read."""
    active = [one for one in settings.dkim if one.active]
    if not active:
        return Signer()
    from mailgate.domain.dkimkey import read_key  # noqa: PLC0415  only who signs loads the library

    return Signer(SigningKey(one.domain, one.selector, read_key(one.key.reveal())) for one in active)


def targets(settings: Settings) -> dict[str, Target]:
    """Return the targets by name, opened."""
    kinds = _kinds()
    return {
        name: kinds[target_kind(part)].make(_options(part, settings))
        for name, part in settings.targets.items()
    }


def _kinds() -> dict[str, TargetKind]:
    return cast("dict[str, TargetKind]", discover("mailgate.targets", "TARGET"))


def _options(part: object, settings: Settings) -> object:
    hostname = settings.instance.effective_hostname()
    delimiter = settings.rules.recipient_delimiter
    match part:
        case MaildirTarget():
            return MaildirOptions(part.path, hostname, part.create_folders, part.folder_names, delimiter)
        case LmtpTarget():
            return LmtpOptions(
                part.address,
                hostname,
                part.connections,
                timeout_s=part.timeout,
                folder_as_detail=part.folder_as_detail,
                delimiter=delimiter,
            )
        case SmtpTarget():
            return _smtp(part, settings)
        case PipeTarget():
            return PipeOptions(part.command, part.timeout, part.parallel)
        case WebhookTarget():
            secret = part.secret.reveal() if part.secret is not None else ""
            return WebhookOptions(part.url, secret, part.ca_file, part.timeout, part.parallel, part.private)
        case NullTarget():
            return NullOptions()
        case _:
            raise TypeError(f"no target: {part!r}")
