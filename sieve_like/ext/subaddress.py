"""Address parts :user and :detail: what stands before and behind the first delimiter of a local part.

RFC 5233. Done: all of it, with the delimiter `+`. Without a delimiter there is no :detail, so nothing
matches it; :user is then the whole local part. Not done: several delimiters, and the form where the detail
comes first.
"""

from sieve_like.spec import AddressPart, Extension

DELIMITER = "+"


def _user(local: str, domain: str, whole: str) -> str | None:
    del domain, whole
    return local.partition(DELIMITER)[0]


def _detail(local: str, domain: str, whole: str) -> str | None:
    del domain, whole
    _, delimiter, detail = local.partition(DELIMITER)
    return detail if delimiter else None


EXTENSION = Extension(
    "subaddress",
    "5233",
    address_parts=(AddressPart("user", _user), AddressPart("detail", _detail)),
    card=__doc__,
)
