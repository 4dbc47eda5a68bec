"""What a section is made of: the base class, and the notes in which each setting is documented in place.

A setting is a field of a frozen struct with `Annotated[type, note("one sentence", …)]`. From these notes come
the checks of `walk.py`, `conf/mailgate.toml`, `docs/settings.md` and `mailgate config explain`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

Check = Callable[[str], str]  # a text in, the complaint out; "" where nothing is wrong

Size = Annotated[int, Meta(extra={"unit": "size"})]  # bytes, written "25 MiB"
Duration = Annotated[float, Meta(extra={"unit": "duration"})]  # seconds, written "5 min"


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table of mailgate.toml; its docstring's first line stands above it in the generated files."""

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Yield (field, message) for what is wrong between fields; each one alone was checked before."""
        yield from ()


def note(
    description: str,
    *,
    ge: float | None = None,
    le: float | None = None,
    examples: Sequence[object] = (),
    check: Check | None = None,
    unit: str = "",
    unique: bool = False,
) -> Meta:
    """Document a setting: one sentence, bounds in the stored unit, examples as written, a check for texts.

    `unit` names the unit of a bare number; `unique` is for a list of tables, in which no two may agree.
    """
    extra: dict[str, object] = {}
    if check is not None:
        extra["check"] = check
    if unit:
        extra["unit"] = unit
    if unique:
        extra["unique"] = True
    return Meta(description=description, ge=ge, le=le, examples=list(examples) or None, extra=extra)
