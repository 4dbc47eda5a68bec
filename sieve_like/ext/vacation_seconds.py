"""Tag :seconds of vacation: the period between two answers to one sender in seconds.

RFC 6131. Done: all of it. :days and :seconds exclude each other; values beyond the limits of the installation
(sieve_vacation_min_period, sieve_vacation_max_period) become the nearest allowed one. 0 answers every mail
where the minimum is 0. The capability brings `vacation` with it.
"""

from sieve_like.spec import AddedTag, Extension, Kind, Tag

EXTENSION = Extension(
    "vacation-seconds",
    "6131",
    tags=(AddedTag(("vacation",), Tag("seconds", Kind.NUMBER, group="period")),),
    implies=("vacation",),
    card=__doc__,
)
