"""Which addresses an installation writes from, as its settings say (names as in SIEVE.md 4.6)."""

from typing import Final

from sieve_like.message import Envelope
from sieve_like.outgoing.fields import bare_address
from sieve_like.settings import Settings

# Where nothing is said: the documentation's domain (RFC 2606 3), which no mail reaches.
HOST: Final = "example.com"


def user_email(settings: Settings) -> str:
    """Return the address of the user, "" where it is not said."""
    return bare_address(settings.text("sieve_user_email")) if settings.text("sieve_user_email") else ""


def postmaster(settings: Settings, host: str = HOST) -> str:
    """Return the address of the postmaster."""
    return settings.text("postmaster_address") or f"postmaster@{host}"


def chosen_address(value: str, envelope: Envelope, settings: Settings, host: str = HOST) -> str | None:
    """Return the address that a setting chooses: a word, or an address in brackets; None for neither."""
    match value.strip().lower():
        case "sender":
            return envelope.sender
        case "recipient":
            return envelope.recipient
        case "orig_recipient":
            return envelope.to
        case "user_email":
            return user_email(settings) or envelope.recipient
        case "postmaster":
            return postmaster(settings, settings.text("hostname") or host)
        case word if word.startswith("<") and word.endswith(">"):
            return bare_address(value.strip()) if word != "<>" else ""
        case _:
            return None
