"""Checks of Postfix's settings against ours, where Postfix runs on this machine (`docs/postfix.md`)."""

import shutil
import subprocess
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailgate.cli._doctor.finding import ASK_S, Finding, Patient
from mailgate.domain.address import split
from mailgate.store.business import is_pattern

PAGE: Final = "docs/postfix.md says how"
# So many of our domains are looked up: each costs a process or two.
DOMAINS: Final = 10
NAMES: Final = (
    "queue_directory", "message_size_limit", "transport_maps", "relay_transport", "virtual_transport",
    "mailbox_transport", "local_transport", "smtputf8_enable", "smtpd_forbid_bare_newline",
    "default_destination_recipient_limit",
)  # fmt: skip
# Where postconf lies on Debian, which is in root's PATH only.
SBIN: Final = "/usr/sbin"


@dataclass(frozen=True, slots=True)
class Postfix:
    """What `postconf` says: settings of main.cf, and the services of master.cf by their names."""

    main: Mapping[str, str]
    services: Mapping[str, tuple[str, ...]]


def postfix(patient: Patient) -> Iterator[Finding]:
    """Check that Postfix's settings fit ours, and that it sends mail for our addresses to us."""
    if not _program("postconf"):
        return
    found = _look()
    if found is None:
        yield Finding("postfix", "warn", "postconf does not answer", "`postfix check` says why")
        return
    yield from _size(patient, found)
    yield from _door(found)
    names = yield from _routes(patient, found)
    for name in sorted(names):
        yield from _service(patient, found, name)


def _program(name: str) -> str:
    return shutil.which(name) or shutil.which(name, path=SBIN) or ""


def _ask(name: str, *arguments: str) -> str:
    """Run a program of Postfix that only answers; "" where it fails."""
    try:
        done = subprocess.run(  # noqa: S603  Postfix's own programs; the words are names, never a shell's
            [_program(name), *arguments], capture_output=True, text=True, timeout=ASK_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _look() -> Postfix | None:
    main = _settings(_ask("postconf", "-x", *NAMES))
    services = (line.split() for line in _ask("postconf", "-M").splitlines())
    return Postfix(main, {one[0]: tuple(one) for one in services if one}) if main else None


def _settings(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def _size(patient: Patient, found: Postfix) -> Iterator[Finding]:
    limit = int(found.main.get("message_size_limit", "0") or 0)
    ours = patient.settings.limits.message_size
    if limit == 0 or limit > ours:
        text = f"message_size_limit {limit or '(none)'} is above our limits.message_size {ours}"
        advice = "make it ours or less: what Postfix has taken and we refuse becomes a bounce"
        yield Finding("postfix", "warn", text, advice)
    else:
        yield Finding("postfix", "ok", f"message_size_limit {limit} is within our {ours}")


def _door(found: Postfix) -> Iterator[Finding]:
    """Look at what Postfix lets in."""
    if found.main.get("smtpd_forbid_bare_newline") == "no":
        text = "smtpd_forbid_bare_newline = no lets smuggled mails in"
        yield Finding("postfix", "warn", text, "set it to normalize")
    if found.main.get("smtputf8_enable", "yes") == "no":
        text = "smtputf8_enable = no: mail from addresses beyond ASCII is refused"
        yield Finding("postfix", "warn", text, "set it to yes")


def _routes(patient: Patient, found: Postfix) -> Generator[Finding, None, set[str]]:
    """Look where Postfix sends mail for our addresses; returns the services of master.cf that lead to us."""
    examples: dict[str, str] = {}
    for route in patient.present.business.addresses:
        if route.enabled and (domain := split(route.address)[1]) and not is_pattern(domain):
            examples.setdefault(domain, route.address)
    elsewhere: list[str] = []
    services: set[str] = set()
    for domain, address in list(examples.items())[:DOMAINS]:
        hop = next((one for one in _hops(found, domain, address) if _ours(patient, found, one)), "")
        if hop:
            services.add(hop.partition(":")[0])
        else:
            elsewhere.append(domain)
    if elsewhere:
        text = f"no transport leads mail for {', '.join(elsewhere)} to us"
        yield Finding("postfix", "warn", text, f"transport_maps: {PAGE}")
    elif examples:
        yield Finding("postfix", "ok", f"sends mail for {', '.join(list(examples)[:DOMAINS])} to us")
    return services


def _hops(found: Postfix, domain: str, address: str) -> Iterator[str]:
    """Yield where mail for an address may go, as `transport:nexthop`: by the maps, else by its class."""
    mapped = False
    for table in _tables(found.main.get("transport_maps", "")):
        for key in (address, domain):
            hop = _ask("postmap", "-q", key, table).strip() if not is_pattern(key) else ""
            if hop:
                mapped = True
                yield hop
    if not mapped:
        names = ("relay_transport", "virtual_transport", "mailbox_transport", "local_transport")
        yield from filter(None, (found.main.get(name, "") for name in names))


def _tables(text: str) -> Iterator[str]:
    """Yield the tables of a list; an inline one has blanks and commas of its own within its braces."""
    depth, word = 0, ""
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0 and character in ", \t\n":
            if word:
                yield word
            word = ""
        else:
            word += character
    if word:
        yield word


def _ours(patient: Patient, found: Postfix, hop: str) -> bool:
    """Whether `transport:nexthop` names a socket of ours."""
    service, _, nexthop = hop.partition(":")
    if service != "lmtp" and "lmtp" not in found.services.get(service, ()):
        return False
    queue = Path(found.main.get("queue_directory", "/var/spool/postfix"))
    for listener in patient.settings.listener:
        kind, _, rest = listener.address.partition(":")
        match kind:
            case "unix" if nexthop.startswith("unix:"):
                if (queue / nexthop.removeprefix("unix:")).resolve() == Path(rest).resolve():
                    return True
            case "tcp" if not nexthop.startswith("unix:"):
                if nexthop.removeprefix("inet:").rpartition(":")[2] == rest.rpartition(":")[2]:
                    return True
            case "systemd" if nexthop.startswith("unix:"):
                # The path stands in the unit; any socket that is there may be it.
                if (queue / nexthop.removeprefix("unix:")).is_socket():
                    return True
    return False


def _service(patient: Patient, found: Postfix, name: str) -> Iterator[Finding]:
    """Look at the options of one service of master.cf that leads to us."""
    fields = found.services.get(name, ())
    options = _settings(_ask("postconf", "-P", f"{name}/unix/*"))
    options = {key.rpartition("/")[2]: value for key, value in options.items()}
    limit = _settings(_ask("postconf", "-x", f"{name}_destination_recipient_limit"))
    said = limit.get(f"{name}_destination_recipient_limit") or found.main.get(
        "default_destination_recipient_limit", ""
    )
    ours = patient.settings.limits.recipients
    if said.isdigit() and int(said) > ours:
        text = f"{name}_destination_recipient_limit {said} is above our limits.recipients {ours}"
        yield Finding("postfix", "warn", text, "lower it: the rest of the recipients waits for a second try")
    elif said == "1":
        text = f"{name}_destination_recipient_limit = 1: a mail is stored once for each recipient"
        yield Finding("postfix", "warn", text, "set it to 50")
    if options.get("lmtp_send_xforward_command") != "yes":
        text = f"{name}: lmtp_send_xforward_command is off, our log lacks Postfix's queue id"
        yield Finding("postfix", "warn", text, PAGE)
    # master(5): the fields are name, type, private, unprivileged, chroot, …
    if fields[4:5] == ("y",):
        text = f"{name} is chrooted in master.cf and may not find our socket"
        yield Finding("postfix", "warn", text, "put 'n' into its chroot column")
