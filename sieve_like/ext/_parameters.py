"""Parameters of the SMTP dialogue that the test `envelope` may look at (RFC 6009): DSN and Deliver-By."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sieve_like.ext._dates import moment_of, parse_offset, part_of
from sieve_like.interpreter import Run

DSN: Final = ("notify", "orcpt", "ret", "envid")  # RFC 6009 3
DELIVERBY: Final = ("bytimeabsolute", "bytimerelative", "bymode", "bytrace")  # RFC 6009 5
PARAMETERS: Final = frozenset((*DSN, *DELIVERBY))


def parameter(run: Run, name: str, zone: str | None) -> Sequence[str]:
    """Return the values of a parameter; one that the sender did not give has none and matches nothing.

    `zone` is that of an absolute time (`+0530`), None for the one of the run.
    """
    envelope = run.envelope
    match name:
        case "notify":
            # RFC 6009 3: each keyword is a value, so that :count counts them.
            return [word.strip().upper() for word in envelope.notify.split(",") if word.strip()]
        case "ret":
            return [envelope.ret.upper()] if envelope.ret else []
        case "orcpt" | "envid":
            value = envelope.orcpt if name == "orcpt" else envelope.envid
            return [value] if value else []
        case _:
            return [] if envelope.by_time is None else _deliver_by(run, name, envelope.by_time, zone)


def _deliver_by(run: Run, name: str, by_time: datetime, zone: str | None) -> Sequence[str]:
    match name:
        case "bymode":
            return [run.envelope.by_mode or "notify"]
        case "bytrace":
            return ["true" if run.envelope.by_trace else "false"]
        case "bytimerelative":
            return [str(int((_aware(by_time) - _aware(run.now)).total_seconds()))]
        case _:
            offset = parse_offset(zone) if zone is not None else None
            moment = moment_of(by_time)
            moment = moment.local_to(_aware(run.now)) if offset is None else moment.at(offset)
            text = part_of(moment, "iso8601")
            return [] if text is None else [text]


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
