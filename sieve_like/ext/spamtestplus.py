"""Tag :percent of the test spamtest: from 0 to 100.

RFC 5235 section 2.3. Done: all of it; it makes the test spamtest available too.
"""

from sieve_like.spec import AddedTag, Extension, Tag

EXTENSION = Extension(
    "spamtestplus",
    "5235",
    tags=(AddedTag(("spamtest",), Tag("percent")),),
    implies=("spamtest",),
    card=__doc__,
)
