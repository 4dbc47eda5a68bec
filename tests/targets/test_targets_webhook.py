"""Web addresses as targets: what they are told, what their status means, and which addresses are never called."""

import asyncio
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from targetkit import new_job

from mailgate.domain.target import Failed, Retry, Sent
from mailgate.targets.webhook import WebhookOptions, WebhookTarget, is_public, outcome

PAYLOAD = json.dumps({"event": "mail"}).encode()


class Listening:
    """A web server of a few lines; it answers every request with `status` and keeps what it got."""

    def __init__(self, status: int = 204, headers: dict[str, str] | None = None) -> None:
        got = self.got = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append((self.path, dict(self.headers), body))
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_args) -> None:
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def listening():
    """Start servers, and stop them."""
    made = []

    def start(*given, **named) -> Listening:
        made.append(Listening(*given, **named))
        return made[-1]

    yield start
    for one in made:
        one.close()


def call(url: str, **changes):
    """Call a web address once; returns the outcome."""

    async def work():
        target = WebhookTarget(WebhookOptions(url, **{"private": True, "timeout_s": 5.0, **changes}))
        try:
            return await target.deliver([new_job(kind="call", octets=PAYLOAD)])
        finally:
            await target.close()

    return asyncio.run(work())[0]


def test_a_call_carries_json_and_a_signature(listening):
    """POST to the path with its query; signed over the octets; named the same on every try."""
    server = listening()
    url = f"http://127.0.0.1:{server.port}/hook?a=b"
    assert call(url, secret="key") == Sent("204 No Content")
    ((path, headers, body),) = server.got
    assert (path, body) == ("/hook?a=b", PAYLOAD)
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Mailgate-Signature"] == "sha256=" + hmac.new(b"key", body, hashlib.sha256).hexdigest()
    assert headers["X-Mailgate-Delivery"] == new_job().name


def test_redirects_are_not_followed(listening):
    """Where a redirect leads nobody has looked at; it is no success."""
    server = listening(302, {"Location": "http://127.0.0.1:1/"})
    assert call(f"http://127.0.0.1:{server.port}/") == Failed("302 Found")
    assert len(server.got) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(200, Sent), (404, Failed), (410, Failed), (408, Retry), (429, Retry), (503, Retry)]
)
def test_a_status_says_what_becomes_of_the_call(status, kind):
    """2xx is done, a busy or broken server is asked again, a wrong request is not."""
    assert isinstance(outcome(status, "why"), kind)


def test_nobody_there_is_later(listening):
    """A server that is down is asked again; the target rests meanwhile."""
    server = listening()
    server.close()
    answer = call(f"http://127.0.0.1:{server.port}/")
    assert isinstance(answer, Retry)
    assert answer.away


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fe80::1%eth0", "fc00::1",
     "::ffff:127.0.0.1", "::ffff:10.1.2.3", "2002:7f00:1::", "224.0.0.1", "ff02::1"],
)  # fmt: skip
def test_addresses_of_the_house_are_no_public_ones(address):
    """Loopback, private, link-local, shared, multicast, also where they hide inside IPv6."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9"])
def test_addresses_of_the_internet_are(address):
    """What everybody can reach may be called."""
    assert is_public(address)


def test_a_private_address_is_called_only_where_the_settings_say_so(listening):
    """The name is resolved, and what it stands for is looked at: nothing is sent."""
    server = listening()
    answer = call(f"http://localhost:{server.port}/", private=False)
    assert isinstance(answer, Failed)
    assert "no public address" in answer.reply
    assert server.got == []
