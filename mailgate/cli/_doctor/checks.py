"""All checks in the order in which one would look, and the round that runs them."""

import os
from collections.abc import Generator, Iterator, Mapping
from typing import Any, Final

from mailgate.cli._doctor import desk, house, network
from mailgate.cli._doctor.automations import automations
from mailgate.cli._doctor.bymail import by_mail
from mailgate.cli._doctor.finding import ASK_S, Check, Finding, Patient
from mailgate.cli._doctor.postfix import postfix
from mailgate.cli._doctor.signing import signing
from mailgate.cli._items import look
from mailgate.cli._options import Call
from mailgate.config.settings import Settings
from mailgate.control import ControlError, NotRunningError
from mailgate.errors import SettingsError
from mailgate.places import store_options
from mailgate.store import queries
from mailgate.store.db import Store, open_store
from mailgate.vocabulary import listed_names, told

CHECKS: Final[tuple[Check, ...]] = (
    house.surroundings,
    house.secrets,
    house.owners,
    house.privacy,
    house.network_folders,
    house.space,
    house.clock,
    house.schema,
    house.modes,
    house.integrity,
    house.log_size,
    desk.channel,
    desk.addresses,
    desk.queues,
    by_mail,
    desk.scripts,
    automations,
    desk.templates,
    network.gateway,
    network.doors,
    postfix,
    network.relay,
    network.targets,
    network.dns,
    signing,
    desk.outbox,
    desk.unprocessed,
)


def examine(call: Call, *, thorough: bool) -> Iterator[Finding]:
    """Yield every finding; where the settings or the database can't be opened, only that."""
    settings = yield from _settings(call)
    if settings is None:
        return
    status = yield from _running(call)
    store = yield from _opened(settings)
    if store is None:
        return
    try:
        with queries.reading(store) as connection:
            delimiter, listed = settings.rules.recipient_delimiter, listed_names(settings)
            present = look(connection, delimiter, settings.targets, listed, told(settings))
        patient = Patient(call, settings, store, present, status, thorough)
        for check in CHECKS:
            yield from _guarded(check, patient)
    finally:
        store.close()


def _guarded(check: Check, patient: Patient) -> Iterator[Finding]:
    try:
        yield from check(patient)
    except Exception as error:  # noqa: BLE001  a check that breaks is a finding, and the next one goes on
        text = f"could not be looked at: {type(error).__name__}: {error}"
        yield Finding(check.__name__.strip("_").replace("_", " "), "fail", text)


def _settings(call: Call) -> Generator[Finding, None, Settings | None]:
    """Read the settings, with secrets where this user can have them; returns them, or None."""
    try:
        settings = call.settings()
    except SettingsError as error:
        for complaint in error.complaints:
            yield Finding("settings", "fail", str(complaint), "mend it, `mailgate config check` looks again")
        return None
    try:
        settings = call.settings(resolve_secrets=True)
    except SettingsError as error:
        # systemd hands credentials to the service alone, so a person at the shell lacks them, rightly.
        mine = "CREDENTIALS_DIRECTORY" in os.environ
        for complaint in error.complaints:
            said = "the service alone has this secret" if not mine else ""
            yield Finding("settings", "fail" if mine else "warn", str(complaint), said)
    yield Finding("settings", "ok", f"{call.config} is right")
    return settings


def _running(call: Call) -> Generator[Finding, None, Mapping[str, Any] | None]:
    """Ask the gateway how it is; returns its status, or None where none answers."""
    try:
        status: Mapping[str, Any] = call.ask("status", timeout=ASK_S)
    except NotRunningError:
        yield Finding("gateway", "fail", "does not run", "`systemctl start mailgate`, or `mailgate run`")
    except ControlError as error:
        yield Finding("gateway", "fail", f"does not answer: {error}", "`journalctl -u mailgate`")
    else:
        if status["ready"] == "yes":
            yield Finding("gateway", "ok", f"runs as process {status['pid']} and takes mail")
        else:
            yield Finding("gateway", "fail", f"takes no mail: {status['ready']}", "`journalctl -u mailgate`")
        return status
    return None


def _opened(settings: Settings) -> Generator[Finding, None, Store | None]:
    """Open the store; returns it, or None."""
    try:
        store = open_store(store_options(settings))
    except SettingsError as error:
        for complaint in error.complaints:
            yield Finding("database", "fail", str(complaint), "`mailgate db status`, `mailgate db upgrade`")
        return None
    except Exception as error:  # noqa: BLE001  whatever it is, it is the finding
        yield Finding("database", "fail", f"{type(error).__name__}: {error}", "is the disk there?")
        return None
    yield Finding("database", "ok", f"{store.backend.name} opens")
    return store
