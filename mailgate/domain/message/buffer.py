"""The octets of a mail wherever they lie: in memory, or mapped from a spool file.

Nothing here copies a body: what is searched in something else than bytes is looked at through a window.
"""

import mmap
from typing import Final

Readable = bytes | bytearray | memoryview | mmap.mmap

# A window of this size is copied at a time to be searched with the linear bytes.find, which neither a
# memoryview nor (on all platforms) a map has; it also bounds how long one call keeps other threads waiting.
WINDOW: Final = 1024 * 1024


_WHOLE: Final = (bytes, mmap.mmap)  # what can be searched as it is


class Buffer:
    """Read-only octets with one search for every kind; `searched` counts the octets it looked at."""

    __slots__ = ("octets", "searched", "size")

    def __init__(self, octets: Readable) -> None:
        self.octets: bytes | memoryview | mmap.mmap
        if isinstance(octets, _WHOLE):
            self.octets = octets
            self.size = len(octets)
        else:
            self.octets = _flat(octets)
            self.size = len(self.octets)
        self.searched = 0

    def find(self, needle: bytes, start: int, end: int) -> int:
        """Return where `needle` first lies wholly within [start, end), or -1."""
        octets = self.octets
        if isinstance(octets, bytes):
            found = octets.find(needle, start, end)
        else:
            found = self._find_in_windows(needle, start, end)
        self.searched += (end if found < 0 else found) - start
        return found

    def _find_in_windows(self, needle: bytes, start: int, end: int) -> int:
        overlap = len(needle) - 1
        while start + overlap < end:
            window = self.cut(start, min(end, start + WINDOW + overlap))
            found = window.find(needle)
            if found >= 0:
                return start + found
            start += WINDOW
        return -1

    def cut(self, start: int, end: int) -> bytes:
        """Return a copy of [start, end)."""
        return bytes(self.octets[start:end])

    def slice(self, start: int, end: int) -> memoryview:
        """Return [start, end) without a copy; while it lives, a map can't be closed."""
        return memoryview(self.octets)[start:end]


def _flat(octets: bytearray | memoryview) -> memoryview:
    """Return any memory as single octets; only memory with gaps is copied."""
    view = memoryview(octets)
    return view.cast("B") if view.contiguous else memoryview(view.tobytes())
