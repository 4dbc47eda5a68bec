"""How a language says what texts are filled with: dates, times, a greeting to whom nobody knows (W3, G19).

A language is a tag as contacts and queues have it (`de`, `de-AT`); what is not in the tables is English.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
# Numbers alone mean two days in English, depending on who reads them; elsewhere there is one order.
DATES: Final = {
    "de": "{d:02}.{m:02}.{y}", "fr": "{d:02}/{m:02}/{y}", "es": "{d:02}/{m:02}/{y}",
    "it": "{d:02}/{m:02}/{y}", "pt": "{d:02}/{m:02}/{y}", "nl": "{d:02}-{m:02}-{y}",
    "pl": "{d:02}.{m:02}.{y}", "cs": "{d}. {m}. {y}", "da": "{d:02}.{m:02}.{y}",
    "no": "{d:02}.{m:02}.{y}", "nb": "{d:02}.{m:02}.{y}", "fi": "{d}.{m}.{y}",
    "sv": "{y}-{m:02}-{d:02}", "tr": "{d:02}.{m:02}.{y}", "ru": "{d:02}.{m:02}.{y}",
    "hu": "{y}. {m:02}. {d:02}.", "ja": "{y}年{m}月{d}日", "zh": "{y}年{m}月{d}日",
}  # fmt: skip
GREETINGS: Final = {
    "de": "Guten Tag", "fr": "Bonjour", "es": "Buenos días", "it": "Buongiorno", "pt": "Bom dia",
    "nl": "Goedendag", "pl": "Dzień dobry", "cs": "Dobrý den", "da": "Goddag", "no": "God dag",
    "nb": "God dag", "sv": "Hej", "fi": "Hyvää päivää", "tr": "Merhaba", "ru": "Здравствуйте",
    "hu": "Jó napot",
}  # fmt: skip


def primary(language: str) -> str:
    """Return the language alone: `de` of `de-AT`."""
    return language.replace("_", "-").partition("-")[0].strip().lower()


def widened(language: str) -> Iterator[str]:
    """Yield a language tag in lower case and what it is a kind of: `de-at`, `de`."""
    tag = language.replace("_", "-").strip().lower()
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


def say_date(day: date, language: str) -> str:
    """Return a date as a language writes it: `24 November 2026`, `24.11.2026`."""
    form = DATES.get(primary(language))
    if form is None:
        return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    return form.format(d=day.day, m=day.month, y=day.year)


def say_time(at: datetime) -> str:
    """Return the time of day with 24 hours: all of the languages read that."""
    return f"{at:%H:%M}"


def greeting(language: str) -> str:
    """Return what is said to somebody whose name nobody knows (W3)."""
    return GREETINGS.get(primary(language), "Hello")


# What stands before a name and is none.
_TITLES: Final = frozenset(
    (
        "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "herr", "frau", "dipl", "ing", "mag", "m",
        "mme", "mlle",
    )
)  # fmt: skip


def first_name(name: str) -> str:
    """Return somebody's first name: `Anna` of `Anna Berg`, of `Berg, Anna` and of `Dr. Anna Berg` (G19).

    A name that is an address, or nothing but a title, is none: "".
    """
    family, comma, given = name.partition(",")
    words = (given if comma and given.strip() else family).split()
    named = [word for word in words if word.strip(".").lower().partition(".")[0] not in _TITLES]
    return named[0] if named and "@" not in named[0] else ""
