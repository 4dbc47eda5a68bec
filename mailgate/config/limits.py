"""[limits]: how much one client, one mail and all of them together may ask for."""

from typing import Annotated

from mailgate.config.section import Duration, Section, Size, note
from mailgate.config.units import HOUR, KIB, MIB, MINUTE


class Limits(Section, frozen=True, kw_only=True):
    """How much one client, one mail and all of them together may ask for."""

    message_size: Annotated[
        Size,
        note(
            "The largest mail taken; Postfix's message_size_limit must not be higher.",
            ge=64 * KIB,  # RFC 5321 4.5.3.1.7 asks for at least 64K octets
            le=1024 * MIB,
        ),
    ] = 25 * MIB
    recipients: Annotated[
        int,
        note("How many recipients one mail may have; the next one is told 452 4.5.3.", ge=100, le=100_000),
    ] = 1000
    connections: Annotated[
        int,
        note(
            "How many connections may be open; more are taken but their mail is deferred.", ge=1, le=100_000
        ),
    ] = 1000
    waiting_mails: Annotated[
        int,
        note("How many mails may wait for the database before further ones are deferred (451 4.3.2).", ge=1),
    ] = 2000
    waiting_size: Annotated[
        Size,
        note("How much mail in memory may wait for the database before further mail is deferred.", ge=MIB),
    ] = 64 * MIB
    command_timeout: Annotated[
        Duration,
        note("How long a client may be silent between commands (RFC 5321 4.5.3.2.7).", ge=1, le=HOUR),
    ] = 5 * MINUTE
    data_timeout: Annotated[
        Duration,
        note("How long a client may be silent within a mail (RFC 5321 4.5.3.2.5).", ge=1, le=HOUR),
    ] = 3 * MINUTE
    session_time: Annotated[
        Duration,
        note("How long a session may last in all.", ge=60, le=24 * HOUR),
    ] = HOUR
    session_size: Annotated[
        Size,
        note("How many bytes a session may send in all before it is asked to come back.", ge=MIB),
    ] = 1024 * MIB
    session_mails: Annotated[
        int,
        note("How many mails a session may send before it is asked to come back.", ge=1),
    ] = 10_000
    session_noops: Annotated[
        int,
        note("How many NOOP, RSET, VRFY and HELP a session may send without a mail between.", ge=1),
    ] = 100
    session_errors: Annotated[
        int,
        note("How many wrong commands a session may send before it is closed.", ge=1),
    ] = 20
    tries: Annotated[
        int,
        note("How often a mail may crash its own processing before it is kept as unprocessed.", ge=1, le=100),
    ] = 3
