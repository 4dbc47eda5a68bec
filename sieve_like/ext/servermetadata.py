"""Tests servermetadata and servermetadataexists: what is written down about the server.

RFC 5490 section 4, names of annotations RFC 5464. Done: all of it; the host answers. An annotation that is
not there matches nothing, not even with :count. A name that no annotation can have is a warning.
"""

from sieve_like.ext._metadata import exists_test, value_test
from sieve_like.spec import Extension

EXTENSION = Extension(
    "servermetadata",
    "5490",
    tests=(value_test("servermetadata", server=True), exists_test("servermetadataexists", server=True)),
    card=__doc__,
)
