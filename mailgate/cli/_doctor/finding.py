"""What a check looks at, and what it finds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from mailgate.cli._items import Present
from mailgate.cli._options import Call
from mailgate.config.settings import Settings
from mailgate.store.db import Store

# Long enough for a busy machine, short enough for a person who waits for all the checks.
ASK_S: Final = 5.0

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `advice` says what to do, "" where nothing is to be done.

    `ok` is as it should be, `warn` works but deserves a look, `fail` delays mail or will.
    """

    check: str
    level: Level
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What the checks look at.

    `settings` hold no secrets where this user can't read them. `status` is what the running gateway says,
    None where none runs. `thorough` asks for checks that read the whole database.
    """

    call: Call
    settings: Settings
    store: Store
    present: Present
    status: Mapping[str, Any] | None = None
    thorough: bool = False


Check = Callable[[Patient], Iterator[Finding]]


def counted(number: int, one: str) -> str:
    """Return `1 mail`, `2 mails`."""
    if number == 1:
        return f"1 {one}"
    return f"{number} {one}es" if one.endswith("s") else f"{number} {one}s"
