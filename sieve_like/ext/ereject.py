"""Action ereject: refuse the mail in the SMTP or LMTP dialogue, never by a mail of our own.

RFC: 5429 sections 2.1 and 2.3 to 2.5. Done: as reject.
"""

from sieve_like.ext._reject import refusal

EXTENSION = refusal("ereject", __doc__, ereject=True)
