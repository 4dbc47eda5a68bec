"""What can be wrong with a mail: a closed list of names, noted while the octets are read, never raised.

The names are stored with the mail and shown to agents, so their text stays as it is.
"""

from enum import StrEnum
from typing import Final


class Defect(StrEnum):
    """One kind of defect; the value is its name everywhere."""

    NO_HEADER = "no-header"  # no header field at all, an empty mail included
    MBOX_FROM = "mbox-from"  # the first line is the From_ line of a mailbox file
    MISSING_SEPARATOR = "missing-separator"  # a line that is no field ends the header section, no blank line
    SPACE_BEFORE_COLON = "space-before-colon"  # RFC 5322 4.5: obsolete; some readers stop there
    BARE_CR = "bare-cr"  # CR without LF in a header section: some readers see a line end
    NUL = "nul"  # NUL in a header section: some readers stop there
    HEADER_NOT_UTF8 = "header-not-utf8"  # 8-bit octets in a header section that are no UTF-8
    DUPLICATE_FIELD = "duplicate-field"  # RFC 5322 3.6 allows this field once; we take the first
    DUPLICATE_CONTENT_TYPE = "duplicate-content-type"  # readers differ in which they take; we take the first
    DUPLICATE_ENCODING = "duplicate-transfer-encoding"  # as above
    DUPLICATE_DISPOSITION = "duplicate-disposition"  # as above
    BAD_CONTENT_TYPE = "bad-content-type"  # not type/subtype: read as text/plain (RFC 2045 5.2)
    DUPLICATE_PARAMETER = "duplicate-parameter"  # two boundaries, two charsets, or name beside name*
    BOUNDARY_MISSING = "boundary-missing"  # multipart without a boundary parameter
    BOUNDARY_NOT_FOUND = "boundary-not-found"  # multipart whose boundary never appears
    BOUNDARY_UNTERMINATED = "boundary-unterminated"  # the closing boundary is absent
    BOUNDARY_CONFLICT = "boundary-conflict"  # an inner boundary equals an outer one or begins with it
    ENCODED_CONTAINER = (
        "encoded-container"  # RFC 2045 6.4: multipart and message are never base64 or quoted-printable
    )
    UNKNOWN_ENCODING = "unknown-transfer-encoding"  # the part is read as it stands
    BAD_BASE64 = "bad-base64"  # octets that are no base64, or something behind the padding
    UNKNOWN_CHARSET = "unknown-charset"  # the text is read as UTF-8, else as windows-1252
    BAD_CHARSET = "bad-charset"  # the octets are none of the charset they are labelled with
    BAD_DATE = "bad-date"  # a Date field that can't be read
    AMBIGUOUS_ADDRESS = "ambiguous-address"  # two addresses where one belongs, such as `a@x <b@y>`
    HEADER_SECTION_TOO_BIG = "header-section-too-big"
    TOO_MANY_HEADERS = "too-many-headers"
    HEADER_TOO_LONG = "header-too-long"
    NESTING_TOO_DEEP = "nesting-too-deep"
    TOO_MANY_PARTS = "too-many-parts"
    TOO_MANY_BOUNDARY_LINES = "too-many-boundary-lines"
    TOO_MANY_PARAMETERS = "too-many-parameters"
    TOO_MANY_ADDRESSES = "too-many-addresses"
    TOO_MANY_REFERENCES = "too-many-references"


# What leaves us without the whole structure: such a mail is kept raw and shown as unprocessed. A list of
# addresses or references that was cut is no such case, since people do write to a thousand.
HOPELESS: Final = frozenset(
    {
        Defect.NO_HEADER,
        Defect.HEADER_SECTION_TOO_BIG,
        Defect.TOO_MANY_HEADERS,
        Defect.HEADER_TOO_LONG,
        Defect.NESTING_TOO_DEEP,
        Defect.TOO_MANY_PARTS,
        Defect.TOO_MANY_BOUNDARY_LINES,
        Defect.TOO_MANY_PARAMETERS,
    }
)

_ORDER: Final = {defect: number for number, defect in enumerate(Defect)}


class Notes:
    """The defects of one mail; noting one twice changes nothing, so that several threads may read at once."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: set[Defect] = set()

    def add(self, defect: Defect) -> None:
        """Note a defect."""
        self._found.add(defect)

    def names(self) -> tuple[str, ...]:
        """Return the names noted so far, in the order of the list above."""
        if not self._found:
            return ()
        return tuple(defect.value for defect in sorted(frozenset(self._found), key=_ORDER.__getitem__))

    def hopeless(self) -> bool:
        """Whether one of them leaves us without the whole structure."""
        return not HOPELESS.isdisjoint(self._found)
