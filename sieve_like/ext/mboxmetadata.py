"""Tests metadata and metadataexists: what is written down about a mailbox.

RFC 5490 sections 3.3 and 3.4, names of annotations RFC 5464. Done: all of it; the host answers. An annotation
that is not there, or of a mailbox that is not there, matches nothing, not even with :count. A name that no
annotation can have is a warning.
"""

from sieve_like.ext._metadata import exists_test, value_test
from sieve_like.spec import Extension

EXTENSION = Extension(
    "mboxmetadata",
    "5490",
    tests=(value_test("metadata", server=False), exists_test("metadataexists", server=False)),
    card=__doc__,
)
