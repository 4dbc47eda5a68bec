"""Action ereject: refuse the mail in the SMTP or LMTP dialogue, never by a mail of our own.

RFC 5429 sections 2.1, 2.3, 2.4 and 2.5. Done: as reject.
"""

from sieve_like.ext._reject import refusal

EXTENSION = refusal("ereject", __doc__, ereject=True)
