"""Address parts :user and :detail: what stands before and behind the first delimiter of a local part.

RFC 5233. Done: all of it. The delimiter is the setting `recipient_delimiter`, `+` without one; of several
characters each delimits. Without a delimiter in the address there is no :detail, so nothing matches it;
:user is then the whole local part. Not done: the form of section 4 where the detail comes first.
"""

from sieve_like.settings import Settings
from sieve_like.spec import AddressPart, Extension, PartOf

DELIMITER = "+"


def _place(local: str, delimiters: str) -> int:
    """Return where the first delimiter stands, -1 without one."""
    return min((at for at in map(local.find, delimiters) if at >= 0), default=-1)


def _user_of(delimiters: str) -> PartOf:
    def user(local: str, _domain: str, _whole: str) -> str:
        at = _place(local, delimiters)
        return local if at < 0 else local[:at]

    return user


def _detail_of(delimiters: str) -> PartOf:
    def detail(local: str, _domain: str, _whole: str) -> str | None:
        at = _place(local, delimiters)
        return None if at < 0 else local[at + 1 :]

    return detail


def _user_told(settings: Settings) -> PartOf:
    return _user_of(delimiters_of(settings))


def _detail_told(settings: Settings) -> PartOf:
    return _detail_of(delimiters_of(settings))


def delimiters_of(settings: Settings) -> str:
    """Return the characters of which each begins a detail."""
    return settings.text("recipient_delimiter") or DELIMITER


EXTENSION = Extension(
    "subaddress",
    "5233",
    address_parts=(
        AddressPart("user", _user_of(DELIMITER), _user_told),
        AddressPart("detail", _detail_of(DELIMITER), _detail_told),
    ),
    card=__doc__,
)
