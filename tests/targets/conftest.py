"""Fixtures for the tests of targets: a server that does as it is told, a certificate."""

import os
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from targetkit import Behaviour, Server

# A busy machine is no failure: nothing here is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def serve():
    """Make a server of these behaviours, for `async with`."""
    return lambda **behaviour: Server(Behaviour(**behaviour))


@dataclass(frozen=True)
class Certificate:
    """A certificate for 127.0.0.1 and localhost, signed by itself."""

    file: Path

    def server_context(self) -> ssl.SSLContext:
        """Return the context of a server that shows it."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.file)
        return context


@pytest.fixture
def certificate(tmp_path) -> Certificate:
    """Make a certificate that is valid for a day."""
    if shutil.which("openssl") is None:
        if os.environ.get("MAILGATE_REQUIRE_PEERS") == "1":
            pytest.fail("MAILGATE_REQUIRE_PEERS=1, but openssl is not installed", pytrace=False)
        pytest.skip("openssl is not installed")
    file = tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", file, "-out", tmp_path / "c", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_bytes(file.read_bytes() + (tmp_path / "c").read_bytes())
    return Certificate(file)
