"""Logins with an access token: by XOAUTH2 or OAUTHBEARER (RFC 7628), whatever the server offers."""

import base64

import pytest
from aiosmtpd.smtp import AuthResult
from targetkit import new_job
from test_targets_smtp import AnyPort, Sink, send

from mailgate.domain.target import Retry, Sent
from mailgate.targets._login import TokenFile


class Bearer:
    """Authenticators of aiosmtpd by mechanism, as its handler's methods; the token `good` is right."""

    def __init__(self) -> None:
        self.envelopes, self.sessions, self.seen = [], [], []

    handle_DATA = Sink.handle_DATA  # noqa: N815  the library's name

    async def auth_XOAUTH2(self, server, args):  # noqa: N802  the library's name
        """RFC-less, as Google and Microsoft document it."""
        return await self._check(server, args)

    async def auth_OAUTHBEARER(self, server, args):  # noqa: N802  the library's name
        """RFC 7628."""
        return await self._check(server, args)

    async def _check(self, server, args):
        said = base64.b64decode(args[1])
        self.seen.append((args[0], said))
        if b"Bearer good\x01" in said:
            return AuthResult(success=True)
        await server.challenge_auth(b'{"status":"401"}')
        return AuthResult(success=False, handled=False)


def with_token(tmp_path, token: str, *excluded: str):
    """Send a mail with a token to a server; returns its outcome and the server's handler."""
    file = tmp_path / "token"
    file.write_text(token)
    controller = AnyPort(
        handler := Bearer(), hostname="127.0.0.1", port=0, auth_require_tls=False,
        auth_exclude_mechanism=["LOGIN", "PLAIN", *excluded],
    )  # fmt: skip
    controller.start()
    try:
        handler.port = controller.port
        (outcome,) = send(handler, new_job(), user="desk@x", tokens=TokenFile(file))
    finally:
        controller.stop()
    return outcome, handler


@pytest.mark.parametrize(
    ("excluded", "said"),
    [
        ("OAUTHBEARER", ("XOAUTH2", b"user=desk@x\x01auth=Bearer good\x01\x01")),
        ("XOAUTH2", ("OAUTHBEARER", b"n,a=desk@x,\x01auth=Bearer good\x01\x01")),
    ],
)
def test_a_token_logs_in_by_what_is_offered(tmp_path, excluded, said):
    """XOAUTH2 where there is one, else RFC 7628; the token is read from its file."""
    outcome, handler = with_token(tmp_path, "good\n", excluded)
    assert outcome == Sent("250 2.0.0 kept")
    assert handler.seen == [said]


@pytest.mark.parametrize(
    ("token", "excluded", "words"),
    [
        ("old", ("OAUTHBEARER",), "535"),
        ("old", ("XOAUTH2",), "535"),
        ("", (), "holds no token"),
        ("good", ("XOAUTH2", "OAUTHBEARER"), "neither XOAUTH2 nor OAUTHBEARER"),
    ],
)
def test_a_token_that_is_refused_is_a_reason_to_try_again(tmp_path, token, excluded, words):
    """It is renewed by somebody else; the mail waits, and the token stands in no message."""
    outcome, handler = with_token(tmp_path, token, *excluded)
    assert isinstance(outcome, Retry)
    assert words in outcome.reply
    assert handler.envelopes == []
