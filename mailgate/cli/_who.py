"""Who calls a command, for the audit: the user of the shell, also behind sudo."""

import os
import pwd


def who() -> str:
    """Return `command line (anna)`; the name is a hint for people, no proof."""
    user = os.environ.get("SUDO_USER", "")
    if not user:
        try:
            user = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            user = str(os.getuid())
    return f"command line ({user})"
