"""What a filter before us wrote into the mail about spam and viruses, as the tests of RFC 5235 see it.

The installation says which field holds the verdict and how it is written, with the settings of Pigeonhole:
`sieve_spamtest_status_header`, `_status_type`, `_score_max_header`, `_score_max_value`, `_text_value/N`, and
their older names.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from math import inf, isfinite
from typing import Final

import re2

from sieve_like.interpreter import Run
from sieve_like.settings import Settings

NUMBER: Final = re.compile(r"\s*([+-]?(?:\d++(?:[.,]\d*+)?+|[.,]\d++))\s*+\Z", re.ASCII)
SPECIFICATION: Final = re.compile(r"\s*([!-9;-~]+)\s*(?::\s*(.*))?\Z", re.DOTALL)
# A ratio such as 0.3 falls short of its tenths by some 1e-17; what is counted up must not lose a step by it.
ROUNDING: Final = 0.001
UNTESTED: Final = "0"  # RFC 5235 2.1, 3: nobody has looked at the mail


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: a header field, and the part of it that the first group of a pattern takes."""

    field: str
    pattern: str = ""

    def value(self, run: Run) -> str | None:
        """Return the value in the first such field, None where there is none."""
        texts = run.message.text(self.field)
        if not texts:
            return None
        if not self.pattern:
            return texts[0]
        found = _compiled(self.pattern).search(texts[0])
        if found is None or not found.re.groups:
            return None
        value: str | None = found.group(1)
        return value


@lru_cache(maxsize=16)  # two or three in an installation
def _compiled(pattern: str) -> "re2._Regexp[str]":
    options = re2.Options()
    options.log_errors = False  # who reads the settings reports what is wrong with them
    return re2.compile(pattern, options)


@lru_cache(maxsize=16)
def place_of(specification: str) -> Place | None:
    """Return what `X-Spam-Status: score=([0-9.]+)` means; None where it means nothing."""
    found = SPECIFICATION.match(specification)
    if found is None:
        return None
    place = Place(found[1].lower(), (found[2] or "").rstrip())
    try:
        _compiled(place.pattern)
    except re2.error:
        return None
    return place


@dataclass(frozen=True, slots=True)
class Scale:
    """How one kind of verdict is read: from 1 for innocent to `top`."""

    name: str
    top: int

    def ratio(self, run: Run) -> float | None:
        """Return the verdict between 0 and 1, None where the mail has none or the settings don't fit."""
        settings = run.settings
        place = place_of(self._said(settings, "status_header"))
        status = place.value(run) if place is not None else None
        if status is None:
            return None
        match self._said(settings, "status_type") or "score":
            case "score":
                number = parse_number(status)
            case "strlen":
                # A row of stars, or of another character: anything else is no such verdict.
                number = float(len(status)) if len(set(status)) <= 1 else None
            case "text":
                return self._by_text(settings, status)
            case _:
                return None
        maximum = self._maximum(run)
        if number is None or not maximum:
            return None
        return min(max(number, 0.0) / maximum, 1.0) if maximum > 0 else 1.0

    def score(self, run: Run) -> str:
        """Return the verdict from "1" to the top, "0" where there is none."""
        ratio = self.ratio(run)
        return UNTESTED if ratio is None else str(int(ratio * (self.top - 1) + 1 + ROUNDING))

    def percent(self, run: Run) -> str:
        """Return the verdict from "0" to "100" (RFC 5235 2.3)."""
        ratio = self.ratio(run)
        return UNTESTED if ratio is None else str(int(ratio * 100 + ROUNDING))

    def _by_text(self, settings: Settings, status: str) -> float | None:
        for number in range(self.top + 1):
            said = settings.text(
                f"sieve_{self.name}_text_value/{number}",
                settings.text(f"sieve_{self.name}_text_value{number}"),
            )
            if said and said == status:
                return number / self.top
        return None

    def _maximum(self, run: Run) -> float | None:
        """Return the highest score; exactly one of its two settings must be there."""
        value, header = (self._said(run.settings, f"max_{name}") for name in ("value", "header"))
        if bool(value) == bool(header):
            return None
        place = place_of(header) if header else None
        text = value if place is None else place.value(run)
        return None if text is None else parse_number(text)

    def _said(self, settings: Settings, name: str) -> str:
        older = settings.text(f"sieve_{self.name}_{name}")
        return settings.text(f"sieve_{self.name}_score_{name}", older)


def parse_number(text: str) -> float | None:
    """Return a decimal number (some filters write a comma), None where the text is none that can be used."""
    found = NUMBER.match(text)
    number = float(found[1].replace(",", ".")) if found else inf
    return number if isfinite(number) else None
