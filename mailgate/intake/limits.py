"""What one client may ask for; `app.py` fills it in from `[limits]`. Sizes are octets, times are seconds."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """Every number of the protocol, each with its reason."""

    message_size: int = 25 * MIB
    # RFC 5321 4.5.3.1.8 asks for 100 at least; Postfix groups 50.
    recipients: int = 1000
    # RFC 5321 4.5.3.1.4 says 512 and more for extensions: XFORWARD and SMTPUTF8 paths need a few thousand.
    command_line: int = 4096
    # What may pile up behind a mail that is being stored; then reading pauses.
    buffer: int = 256 * KIB
    # Below this a mail stays in memory and becomes a row; above it goes to a spool file as it comes in.
    inline_max: int = 128 * KIB
    # RFC 5321 4.5.3.2.7 and 4.5.3.2.5; per read, not in all.
    command_timeout: float = 300.0
    data_timeout: float = 180.0
    # A client that drips an octet a minute keeps to every time-out per read; this one it cannot keep to.
    session_time: float = 3600.0
    session_size: int = 1024 * MIB
    session_mails: int = 10_000
    # NOOP, RSET, VRFY and HELP between two mails; Postfix sends one RSET per probe.
    session_noops: int = 100
    session_errors: int = 20
    # How long a client may take to read our last words; then the connection is cut.
    linger: float = 10.0
    # How long a stop waits for mail that is under way.
    stop_grace: float = 30.0
