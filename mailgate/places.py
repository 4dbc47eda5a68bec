"""Where things lie: what settings mean to the store, and the keys of tokens and loop marks.

Apart from `wiring.py`, since most commands need this much of the house and no more.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from mailgate.config.settings import Settings
from mailgate.errors import Complaint, SettingsError
from mailgate.store.options import StoreOptions

# Twice the 100 bits that a token's MAC has (domain/token.py).
KEY_OCTETS: Final = 32


def store_options(settings: Settings) -> StoreOptions:
    """Return where things lie and how much may lie there."""
    password = settings.database.password
    return StoreOptions(
        url=settings.database_url,
        blobs=settings.blob_path,
        incoming=settings.spool_path,
        password=password.reveal() if password is not None else "",
        busy_timeout_s=settings.database.busy_timeout,
        inline_max=settings.database.inline_max,
        reserve=settings.spool.reserve,
    )


def load_keys(path: Path) -> tuple[bytes, ...]:
    """Return the keys of tokens and loop marks; the file is made with a fresh key where there is none.

    Raises SettingsError for a file that cannot be read or holds anything but keys in hexadecimal.
    """
    try:
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(KEY_OCTETS) + "\n")
        keys = tuple(bytes.fromhex(line) for line in path.read_text().split())
    except (OSError, ValueError) as error:
        raise SettingsError(
            [Complaint(str(path), 0, "instance.keys_file", f"cannot be read: {error}")]
        ) from error
    if not keys or any(len(key) < KEY_OCTETS // 2 for key in keys):
        text = "needs at least one key of 32 hexadecimal digits or more"
        raise SettingsError([Complaint(str(path), 0, "instance.keys_file", text)])
    return keys
