"""`/metrics`, `/healthz` and `/readyz` on loopback, for Prometheus and load balancers (USERS.md 2)."""

import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mailgate.errors import Complaint, SettingsError

Page = tuple[HTTPStatus, str, bytes]
PLAIN = "text/plain; charset=utf-8"


class WatchServer:
    """The pages of those who watch, in threads of their own: a scrape may wait for the database.

    `metrics` renders the text format; `ready` returns "" or why mail cannot be taken now.
    """

    def __init__(self, address: str, metrics: Callable[[], bytes], ready: Callable[[], str]) -> None:
        host, _, port = address.removeprefix("tcp:").rpartition(":")
        pages: dict[str, Callable[[], Page]] = {
            "/metrics": lambda: (HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", metrics()),
            "/healthz": lambda: (HTTPStatus.OK, PLAIN, b"alive\n"),
            "/readyz": lambda: _readiness(ready()),
        }
        try:
            self._server = ThreadingHTTPServer((host.strip("[]"), int(port)), _handler(pages))
        except OSError as error:
            raise SettingsError(
                [Complaint(address, 0, "http.address", f"cannot listen: {error.strerror}")]
            ) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="mailgate-watch", daemon=True)

    def start(self) -> None:
        """Serve from here on."""
        self._thread.start()

    def stop(self) -> None:
        """Close the socket and end the thread."""
        if self._thread.ident is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


def _readiness(why_not: str) -> Page:
    if why_not:
        return HTTPStatus.SERVICE_UNAVAILABLE, PLAIN, f"{why_not}\n".encode()
    return HTTPStatus.OK, PLAIN, b"ready\n"


def _handler(pages: dict[str, Callable[[], Page]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers GET for the known pages."""

        server_version = "mailgate"
        sys_version = ""
        timeout = 10.0  # seconds that a client may be silent

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            status, kind, body = page() if page else (HTTPStatus.NOT_FOUND, PLAIN, b"no such page\n")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the library's
            """Keep scrapes out of the log."""

    return Handler
