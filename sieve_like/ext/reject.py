"""Action reject: refuse the mail with a reason.

RFC 5429 sections 2.2, 2.3, 2.4 and 2.5. Done: grammar, cancelled keep, conflicts with everything that
delivers the mail, answers it or refuses it again. How the refusal reaches the sender is the host's matter.
"""

from sieve_like.ext._reject import refusal

EXTENSION = refusal("reject", __doc__, ereject=False)
