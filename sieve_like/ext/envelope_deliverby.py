"""Parts bytimeabsolute, bytimerelative, bymode and bytrace of the test envelope: when a mail must arrive.

RFC 6009 section 5, parameters RFC 2852. Done: all of it. The absolute time is shown as the part "iso8601" of
dates is (RFC 5260 4.3), with :zone in another zone; the relative one is in seconds from now, with "-"
once it is over; "bymode" is "notify" or "return", "bytrace" "true" or "false". Without a time none matches.
"""

from sieve_like.ext._dates import parse_offset
from sieve_like.ext._parameters import DELIVERBY
from sieve_like.spec import AddedTag, Extension, Kind, Tag


def _complain_about_zone(value: str | int) -> str:
    return "" if parse_offset(str(value)) is not None else f"'{value}' is no time zone of the form '+0530'"


EXTENSION = Extension(
    "envelope-deliverby",
    "6009",
    envelope_parts=DELIVERBY,
    tags=(AddedTag(("envelope",), Tag("zone", Kind.STRING, check=_complain_about_zone)),),
    card=__doc__,
)
