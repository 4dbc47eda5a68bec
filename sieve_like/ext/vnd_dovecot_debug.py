"""Command debug_log: a line for the one who debugs the script.

The extension of Dovecot's Sieve. Done: all of it; the lines are part of the result.
"""

from sieve_like.ext._log import log_command
from sieve_like.spec import Extension

EXTENSION = Extension("vnd.dovecot.debug", commands=(log_command("debug_log", "debug"),), card=__doc__)
