"""Simulated time: eight octets in a file that the test writes and every gateway process maps.

All processes see a change at once, without a message to anybody.
"""

import mmap
import struct
from datetime import UTC, datetime
from pathlib import Path

_MILLISECONDS = struct.Struct("<q")
START = datetime(2030, 1, 1, tzinfo=UTC)


class SimulatedClock:
    """The clock of a simulation; `seconds` counts from START."""

    def __init__(self, path: Path, *, make: bool = False) -> None:
        if make:
            path.write_bytes(_MILLISECONDS.pack(0))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _MILLISECONDS.size)

    @property
    def seconds(self) -> float:
        """How long the simulation has lasted."""
        return _MILLISECONDS.unpack_from(self._map)[0] / 1000

    def set(self, seconds: float) -> None:
        """Let it be so many seconds after START; time never runs backwards."""
        now = round(seconds * 1000)
        if now < _MILLISECONDS.unpack_from(self._map)[0]:
            raise ValueError("time runs backwards")
        _MILLISECONDS.pack_into(self._map, 0, now)

    def now(self) -> datetime:
        """Return the time of the simulation."""
        return datetime.fromtimestamp(START.timestamp() + self.seconds, UTC)

    def close(self) -> None:
        """Let the file go."""
        self._map.close()
