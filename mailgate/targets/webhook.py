"""A web address that is told of mails: JSON by POST, signed, tried again, after the commit.

The name is resolved once per call, addresses that are not public are refused unless the settings allow them,
and the connection goes to the very address that was looked at; redirects are not followed. 2xx is done; 408,
425, 429 and 5xx are later; everything else is never.
"""

import asyncio
import hashlib
import hmac
import http.client
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from mailgate.domain.target import Failed, Job, Outcome, Retry, Sent, TargetKind

# One call takes one after the other; another call waits for nobody.
BATCH: Final = 4
# RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4: the request may succeed later.
LATER: Final = frozenset({408, 425, 429})
# The name is checked when the settings are read; ports are those of RFC 9110 4.2.
PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    """Where to, the key of the signature ("" for none), whom to trust; times in seconds.

    `private` lets addresses be called that the Internet can't reach: this machine, the house's own network.
    """

    url: str
    secret: str = field(default="", repr=False)
    ca_file: str = ""
    timeout_s: float = 10.0
    parallel: int = 2
    private: bool = False


class Refused(Exception):  # noqa: N818  it says what becomes of the call
    """An address that must not be called; the text says why."""


class WebhookTarget:
    """The target: its options and its threads."""

    def __init__(self, options: WebhookOptions) -> None:
        self._options = options
        self._threads = ThreadPoolExecutor(options.parallel, "mailgate-webhook")
        self.parallel = options.parallel
        self.batch = BATCH

    async def deliver(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Call the address once per job."""
        loop = asyncio.get_running_loop()
        return [await loop.run_in_executor(self._threads, self._call, job) for job in jobs]

    async def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=True)

    def _call(self, job: Job) -> Outcome:
        body = b"".join(job.content.plain())
        try:
            status, reason = _post(self._options, body, job.name)
        except Refused as refused:
            return Failed(str(refused))
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Retry(f"{type(error).__name__}: {error}"[:300], away=isinstance(error, OSError))
        return outcome(status, reason)


def outcome(status: int, reason: str) -> Outcome:
    """Return what a status of HTTP means for the call."""
    text = f"{status} {''.join(c for c in reason if c.isprintable())}"[:300].rstrip()
    if status // 100 == 2:  # noqa: PLR2004  RFC 9110 15.3
        return Sent(text)
    return Retry(text) if status in LATER or status // 100 == 5 else Failed(text)  # noqa: PLR2004  15.6


def _post(options: WebhookOptions, body: bytes, name: str) -> tuple[int, str]:
    """Send one request and return its status; raises Refused, OSError, HTTPException."""
    url = urlsplit(options.url)
    host, port = url.hostname or "", url.port or PORTS[url.scheme]
    address = _address(host, port, private=options.private)
    connection = _connect(options, url, host, port, address)
    try:
        headers = {
            "Host": url.netloc.rpartition("@")[2],
            "Content-Type": "application/json",
            "User-Agent": "mailgate",
            # The same on every try, so that the other side can tell a second one.
            "X-Mailgate-Delivery": name,
        }
        if options.secret:
            digest = hmac.new(options.secret.encode(), body, hashlib.sha256).hexdigest()
            headers["X-Mailgate-Signature"] = f"sha256={digest}"
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return response.status, response.reason
    finally:
        connection.close()


def _address(host: str, port: int, *, private: bool) -> str:
    """Return the address to connect to; raises Refused if any that the name stands for is not public."""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for one in found:
        if not private and not is_public(one):
            raise Refused(f"{host} is {one}, which is no public address; targets.NAME.private allows it")
    return found[0]


def is_public(text: str) -> bool:
    """Whether an address can be reached from the Internet; an IPv4 address within IPv6 counts as itself."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return inner.is_global
    return address.is_global and not address.is_multicast


def _connect(
    options: WebhookOptions, url: SplitResult, host: str, port: int, address: str
) -> http.client.HTTPConnection:
    """Return an open connection to this very address; the certificate must be the name's."""
    stream: socket.socket = socket.create_connection((address, port), options.timeout_s)
    if url.scheme == "https":
        context = ssl.create_default_context(cafile=options.ca_file or None)
        try:
            stream = context.wrap_socket(stream, server_hostname=host)
        except BaseException:
            stream.close()
            raise
    connection = http.client.HTTPConnection(host, port, timeout=options.timeout_s)
    connection.sock = stream
    return connection


TARGET = TargetKind("webhook", WebhookOptions, WebhookTarget)
