"""What every process that takes mail does alike: ids, the loop, the cycle collector, certificates."""

import asyncio
import gc
import secrets
import ssl
import time
from collections.abc import Callable
from typing import Final

from mailgate.errors import Complaint, SettingsError

# Crockford's base 32: no letter that is taken for another.
_CROCKFORD: Final = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Ten bits at a time are two letters; of a random octet five bits are one.
_PAIRS: Final = tuple(bytes((a, b)).decode() for a in _CROCKFORD for b in _CROCKFORD)
_LETTERS: Final = _CROCKFORD * 8


def new_id() -> str:
    """Return an id that sorts by time: 48 bits of milliseconds and 80 random ones, in base 32 (ULID)."""
    ms = time.time_ns() // 1_000_000
    begins = "".join([_PAIRS[(ms >> shift) & 1023] for shift in (40, 30, 20, 10, 0)])
    return begins + secrets.token_bytes(16).translate(_LETTERS).decode()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop where it is installed: it takes a third off every mail."""
    try:
        from uvloop import new_event_loop  # noqa: PLC0415  an extra
    except ImportError:
        return None
    return new_event_loop


def calm_collector() -> None:
    """Let the cycle collector look at what a mail leaves behind only, and seldom.

    What was imported stays for good; and a mail's objects go by their reference counts, so the default of a
    search every 700 objects would find nothing a few times per mail.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return the context of STARTTLS; raises SettingsError where the files cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            [Complaint(certificate, 0, "listener.tls_certificate", f"cannot be used: {error}")]
        ) from error
    return context
