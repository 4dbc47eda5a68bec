"""What several tests of the intake need: a certificate, made once."""

import os
import shutil
import ssl

import intakekit
import pytest


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the contexts of a server with a fresh certificate and of a client that trusts it."""
    if shutil.which("openssl") is None:
        if os.environ.get("MAILGATE_REQUIRE_PEERS") == "1":
            pytest.fail("MAILGATE_REQUIRE_PEERS=1, but openssl is not installed", pytrace=False)
        pytest.skip("openssl is not installed")
    return intakekit.certificate(tmp_path_factory.mktemp("tls"))
