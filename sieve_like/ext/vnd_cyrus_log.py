"""Command log: a line for the administrator.

The extension of Cyrus. Done: `log "text";`; the lines are part of the result. Not done: facilities and
levels, which belong to the system's log.
"""

from sieve_like.ext._log import log_command
from sieve_like.spec import Extension

EXTENSION = Extension("vnd.cyrus.log", commands=(log_command("log", "info"),), card=__doc__)
