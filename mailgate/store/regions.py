"""Public holidays of countries and their regions (`DE`, `DE-BY`, `AT`), for the business hours of queues.

The library has a module per country and is large: it is imported when a day is first asked for, and a year's
days are made once. What is wrong with a name is found out only when somebody writes it.
"""

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from functools import lru_cache


class RegionDays:
    """The days on which a region's offices are closed; a region that nobody knows (any more) has none."""

    __slots__ = ("_region",)

    def __init__(self, region: str) -> None:
        self._region = region

    def __contains__(self, day: object) -> bool:
        """Whether a date is a public holiday there."""
        return isinstance(day, date) and day in _year(self._region, day.year)


@lru_cache(maxsize=512)
def closed_days(region: str) -> RegionDays | frozenset[date]:
    """Return the public holidays of a region, the same object for the same name; none for ""."""
    return RegionDays(region) if region else frozenset()


@lru_cache(maxsize=2048)
def _year(region: str, year: int) -> frozenset[date]:
    import holidays  # noqa: PLC0415  a large library, wanted by few

    country, _, part = region.partition("-")
    try:
        found = holidays.country_holidays(country, subdiv=part or None, years=year)
    except (RuntimeError, KeyError, ValueError):  # the library says so of what it does not know
        return frozenset()
    return frozenset(found)


def region_complaint(region: str) -> str:
    """Return what is wrong with a region that a person wrote, "" where its holidays are known."""
    if not region:
        return ""
    import holidays  # noqa: PLC0415  only who names a region pays for it

    known = holidays.list_supported_countries()
    country, _, part = region.partition("-")
    if country not in known:
        return f"there is no country {country!r}{_near(country, known)}; write it as 'DE' or 'DE-BY'"
    if part and part not in known[country]:
        parts = [f"{country}-{one}" for one in known[country]]
        return f"there is no region {region!r}{_near(region, parts)}" + _some(parts)
    return ""


def _near(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word.upper(), list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def _some(parts: list[str]) -> str:
    return f"; there are {', '.join(parts)}" if parts else "; that country has no regions"
