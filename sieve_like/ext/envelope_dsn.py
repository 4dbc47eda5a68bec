"""Parts notify, orcpt, ret and envid of the test envelope: what the sender wants to be told.

RFC 6009 section 3, parameters RFC 3461 section 4. Done: all of it. Each keyword of "notify" is a value;
"orcpt" is type and address ("rfc822;a@example.org"). What the sender did not say matches nothing. These are
no addresses: an address part beside them is an error.
"""

from sieve_like.ext._parameters import DSN
from sieve_like.spec import Extension

EXTENSION = Extension("envelope-dsn", "6009", envelope_parts=DSN, card=__doc__)
