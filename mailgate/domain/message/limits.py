"""The caps of the message view, each with its reason; what lies beyond stays in the octets and is flagged.

They bound the work that one mail can cause, whoever wrote it. Real mail stays far below all of them.
"""

from typing import Final

# The header section: Postfix's own header_size_limit is 100 KiB per header; whole real sections stay under 64
# KiB.
HEADER_SECTION: Final = 256 * 1024
# Fields of one header section: mail that passed fifty hops has about 150.
HEADERS: Final = 1_000
# One field: 64 KiB hold 1,500 addresses or the references of a thread of years.
HEADER: Final = 64 * 1024
# Nesting of parts: Postfix stops at 100 (mime_nesting_limit); people's mail stays under 10.
NESTING: Final = 50
# Parts of one mail, the mail itself counted: the largest digests have some hundreds.
PARTS: Final = 1_000
# Parameters of one field: RFC 2231 pieces of a name of 255 octets make about 10.
PARAMETERS: Final = 100
# Mailboxes of one header: more recipients than Postfix puts into one delivery.
ADDRESSES: Final = 1_000
# Ids of References and In-Reply-To: one that belongs to us is the first or among the newest.
REFERENCES: Final = 100
# One message id, with its brackets: RFC 5322 2.1.1 allows no longer line.
MESSAGE_ID: Final = 998
# A Date: the longest form of RFC 5322 3.3 with a comment has about 50 octets.
DATE: Final = 200
# Lines that begin like a boundary without being one: each costs a look, and real mail has a handful.
NEAR_BOUNDARIES: Final = 100_000
# HTML that is read for its text, in characters: more than any person writes, tables of a newsletter included.
HTML: Final = 1024 * 1024
# Decoded text of a part that is kept for the next reader: rules ask for the same body again and again.
KEPT_TEXT: Final = 256 * 1024
