"""Logging in at a mail server: with a password, or with an access token that somebody else renews.

Which mechanism is used depends on what the server offers and on what we have: a token goes by XOAUTH2 or
OAUTHBEARER (RFC 7628), a password by CRAM-MD5, PLAIN or LOGIN (RFC 4954).
"""

import asyncio
import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException

# RFC 7628 3.1: the separator of a token's message.
SEPARATOR: Final = "\x01"
# RFC 4954 6: the login has worked.
DONE: Final = 235
# RFC 4954 4: the server wants to hear more; after a token, that is a refusal with its reason.
CHALLENGE: Final = 334


class Tokens(Protocol):
    """Where access tokens come from."""

    async def token(self) -> str:
        """Return a token that is good now; raises OSError or ValueError where there is none."""


@dataclass(frozen=True, slots=True)
class TokenFile:
    """Tokens out of a file that another program keeps fresh; it is read at every login."""

    path: Path

    async def token(self) -> str:
        """Return what stands in the file."""
        text = (await asyncio.to_thread(self.path.read_text, "ascii")).strip()
        if not text or not text.isprintable():
            raise ValueError(f"{self.path} holds no token")
        return text


async def log_in(client: SMTP, user: str, password: str, tokens: Tokens | None) -> None:
    """Log in after EHLO and STARTTLS; raises SMTPException, OSError, ValueError."""
    if client.is_ehlo_or_helo_needed:
        await client.ehlo()
    if tokens is None:
        await client.login(user, password)
        return
    offered = client.server_auth_methods
    token = await tokens.token()
    if "xoauth2" in offered:
        await client.auth_xoauth2(user, token)
    elif "oauthbearer" in offered:
        await _bearer(client, user, token)
    else:
        known = ", ".join(offered) or "nothing"
        raise SMTPException(f"the server offers neither XOAUTH2 nor OAUTHBEARER, only {known}")


async def _bearer(client: SMTP, user: str, token: str) -> None:
    """Log in by RFC 7628: a refusal comes as a challenge, whose answer brings the last word."""
    quoted = user.replace("=", "=3D").replace(",", "=2C")  # RFC 5801 4
    said = f"n,a={quoted},{SEPARATOR}auth=Bearer {token}{SEPARATOR}{SEPARATOR}"
    response = await client.execute_command(b"AUTH", b"OAUTHBEARER", base64.b64encode(said.encode()))
    if response.code == CHALLENGE:
        response = await client.execute_command(base64.b64encode(SEPARATOR.encode()))
    if response.code != DONE:
        raise SMTPAuthenticationError(response.code, response.message)
