"""What systemd is told (sd_notify(3)): ready, reloading, stopping, and that the loop is alive."""

import os
import socket
from collections.abc import Mapping


def notify(environment: Mapping[str, str], *words: str) -> None:
    """Send words such as `READY=1` to the service manager; without one this does nothing."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto("\n".join(words).encode(), address)
        except OSError:
            return  # the manager is away; nothing of ours depends on it


def watchdog_interval(environment: Mapping[str, str]) -> float:
    """Return how often the watchdog wants to hear of us, in seconds; 0 where it does not (half its time)."""
    micros = environment.get("WATCHDOG_USEC", "")
    mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(micros) / 2_000_000 if micros.isdigit() and mine else 0.0
