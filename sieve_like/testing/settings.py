"""Settings as tests change them: both generations of names, and what they mean for limits.

`test_config_set` only notes a value; it takes effect when its part is reloaded.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Final

from sieve_like.limits import Limits
from sieve_like.settings import Settings

# A test may compute as long as other engines let a delivery run (30 s, SIEVE.md 8); a step is about a µs.
STEPS_PER_SECOND: Final = 1_000_000
SUITE_LIMITS: Final = replace(Limits(), steps=30 * STEPS_PER_SECOND)

# Extension -> what the names of its settings begin with; all other names are the core's.
PREFIXES: Final = {
    "subaddress": ("recipient_delimiter",),
    "variables": ("sieve_variables_",),
    "include": ("sieve_include_",),
    "editheader": ("sieve_editheader_",),
    "vacation": ("sieve_vacation_",),
    "vacation-seconds": ("sieve_vacation_",),
    "enotify": ("sieve_notify_",),
    "mailto": ("sieve_notify_mailto_",),
    "spamtest": ("sieve_spamtest_",),
    "spamtestplus": ("sieve_spamtest_",),
    "virustest": ("sieve_virustest_",),
    "duplicate": ("sieve_duplicate_",),
    "extlists": ("sieve_extlists_",),
    "environment": ("sieve_env",),
    "vnd.dovecot.environment": ("sieve_env",),
    "vnd.dovecot.report": ("sieve_report_",),
    "vnd.dovecot.pipe": ("sieve_pipe_",),
    "vnd.dovecot.filter": ("sieve_filter_",),
    "vnd.dovecot.execute": ("sieve_execute_",),
}
EXTENSION_PREFIXES: Final = tuple(sorted({one for group in PREFIXES.values() for one in group}))

# New name (2.4) -> old name (0.5) where they differ; `*` stands for what both keep.
RENAMED: Final = (
    ("sieve_variables_max_value_size", "sieve_variables_max_variable_size"),
    ("sieve_variables_max_variables", "sieve_variables_max_scope_size"),
    ("sieve_include_max_nesting_depth", "sieve_include_max_nesting_level"),
    ("sieve_spamtest_score_max_header", "sieve_spamtest_max_header"),
    ("sieve_spamtest_score_max_value", "sieve_spamtest_max_value"),
    ("sieve_virustest_score_max_header", "sieve_virustest_max_header"),
    ("sieve_virustest_score_max_value", "sieve_virustest_max_value"),
    ("sieve_spamtest_text_value/*", "sieve_spamtest_text_value*"),
    ("sieve_virustest_text_value/*", "sieve_virustest_text_value*"),
    ("sieve_environment/*", "sieve_env_*"),
)
NEGATED: Final = ("sieve_vacation_check_recipient", "sieve_vacation_dont_check_recipient")
EDITHEADER: Final = re.compile(r"sieve_editheader_header/([^/]+)/(forbid_add|forbid_delete|protected)")

UNLIMITED: Final = 2**63


def _number_or_none(settings: Settings, name: str, default: int) -> int:
    """Return a number of which 0 means that there is no limit."""
    return settings.number(name, default) or UNLIMITED


def _size_or_none(settings: Settings, name: str, default: int) -> int:
    """Return a size of which 0 means that there is no limit."""
    return settings.size(name, default) or UNLIMITED


# Setting -> the field of the limits that it sets, and how its value is read.
Read = Callable[[Settings, str, int], int]
LIMITED: Final[tuple[tuple[str, str, Read], ...]] = (
    ("sieve_max_script_size", "script_size", _size_or_none),
    ("sieve_max_actions", "actions", _number_or_none),
    ("sieve_max_redirects", "redirects", Settings.number),
    ("sieve_variables_max_value_size", "variable_size", Settings.size),
    ("sieve_variables_max_variables", "variables", Settings.number),
    ("sieve_include_max_includes", "includes", Settings.number),
    ("sieve_include_max_nesting_depth", "include_depth", Settings.number),
    ("sieve_editheader_max_header_size", "header_size", Settings.size),
    ("sieve_notify_max_notifications", "notifications", Settings.number),
    ("sieve_vacation_max_subject_codepoints", "vacation_subject", Settings.number),
)


def of_extension(name: str, capability: str | None) -> bool:
    """Whether reloading an extension (None: the core) makes a setting of this name effective."""
    if capability is None:
        return not name.startswith(EXTENSION_PREFIXES)
    prefixes = PREFIXES.get(capability)
    return name.startswith(prefixes) if prefixes is not None else False


def both_names(values: Mapping[str, str]) -> Settings:
    """Return settings in which each value is found by its new and its old name."""
    found = {name.lower(): value for name, value in values.items()}
    for name, value in list(found.items()):
        for new, old in RENAMED:
            for one, other in ((new, old), (old, new)):
                alias = _renamed(name, one, other)
                if alias:
                    found.setdefault(alias, value)
        if name in NEGATED:
            flag = "no" if value.strip().lower() in {"yes", "true", "y", "1"} else "yes"
            found.setdefault(NEGATED[1 - NEGATED.index(name)], flag)
    return Settings(found | _editheader(found))


def _renamed(name: str, pattern: str, other: str) -> str:
    """Return the other name of a setting that this pattern names, "" where it does not."""
    if not pattern.endswith("*"):
        return other if name == pattern else ""
    start = pattern[:-1]
    rest = name.removeprefix(start)
    if not name.startswith(start) or not rest or rest.startswith("/"):
        return ""
    return other.replace("*", rest)


def _editheader(values: Mapping[str, str]) -> dict[str, str]:
    """Return the lists that the older generation has instead of one group of settings per field."""
    lists: dict[str, list[str]] = {}
    for name, value in values.items():
        found = EDITHEADER.fullmatch(name)
        if found and value.strip().lower() in {"yes", "true", "y", "1"}:
            field = values.get(f"sieve_editheader_header/{found[1]}/name", found[1])
            lists.setdefault(f"sieve_editheader_{found[2]}", []).append(field)
    return {name: " ".join(words) for name, words in lists.items() if name not in values}


def limits_of(settings: Settings) -> Limits:
    """Return the limits that these settings mean."""
    known = {one.name for one in fields(Limits)}
    changed = {
        field: read(settings, name, getattr(SUITE_LIMITS, field))
        for name, field, read in LIMITED
        if field in known and name in settings
    }
    seconds = settings.seconds("sieve_max_cpu_time", 0)
    if seconds:
        changed["steps"] = seconds * STEPS_PER_SECOND
    return replace(SUITE_LIMITS, **changed)
