"""The systemd units, judged by systemd itself."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
HIGHEST_EXPOSURE = 1.5


def analyze(*arguments: str) -> str:
    """Return what systemd-analyze prints."""
    done = subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.peer("systemd-analyze")
def test_the_service_is_exposed_as_little_as_promised():
    """`systemd-analyze security` gives the service at most 1.5."""
    text = analyze("security", "--offline=true", str(UNITS / "mailgate.service"))
    found = re.search(r"Overall exposure level.*: ([\d.]+)", text)
    assert found, text
    assert float(found[1]) <= HIGHEST_EXPOSURE, text


@pytest.mark.peer("systemd-analyze")
def test_systemd_understands_the_units(tmp_path):
    """The service manager finds nothing to complain about in the service, its drop-in and the socket."""
    drop_in = tmp_path / "mailgate.service.d"
    drop_in.mkdir()
    (drop_in / "credentials.conf").write_text((UNITS / "credentials.conf").read_text())
    units = []
    for name in ("mailgate.service", "mailgate.socket"):
        units.append(tmp_path / name)
        # The program is not installed where the tests run; any other one stands in for it.
        units[-1].write_text((UNITS / name).read_text().replace("/usr/bin/mailgate", sys.executable))
    assert analyze("verify", *map(str, units)) == ""


def test_the_socket_and_the_service_belong_together():
    """The descriptor has the name that the service's comment tells administrators to listen on, in Postfix's folder."""
    socket = (UNITS / "mailgate.socket").read_text()
    assert "FileDescriptorName=lmtp\n" in socket
    assert 'address = "systemd:lmtp"' in (UNITS / "mailgate.service").read_text()
    assert "ListenStream=/var/spool/postfix/private/mailgate-lmtp\n" in socket
    transport = (UNITS.parent / "conf" / "postfix" / "main.cf").read_text()
    assert "mailgate:unix:private/mailgate-lmtp" in transport
