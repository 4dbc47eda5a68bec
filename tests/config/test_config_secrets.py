"""Secrets are read from their place and shown nowhere."""

import json
import pickle

import pytest

from mailgate.config import render
from mailgate.config.secret import Secret, SecretError
from mailgate.config.settings import load

PLANTED = "correct-horse-battery"


@pytest.fixture
def settings_file(tmp_path):
    """Write a mailgate.toml with a secret in a file and one in a credential."""
    (tmp_path / "relay").write_text(PLANTED + "\n")
    path = tmp_path / "mailgate.toml"
    path.write_text(
        "[relay]\nuser = 'desk'\ntls = 'required'\nhost = 'mail.example.org'\n"
        f'password = "${{file:{tmp_path}/relay}}"\n'
        "[targets.next]\nkind = 'smtp'\nhost = 'localhost'\nuser = 'u'\npassword = '${credential:next}'\n"
    )
    return path


def test_secret_is_read_without_its_line_end(settings_file, tmp_path, monkeypatch):
    """A file and a systemd credential give their content; the last line end is not part of it."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "next").write_text(PLANTED + "2\r\n")
    settings = load(settings_file)
    assert settings.relay.password.reveal() == PLANTED
    assert settings.targets["next"].password.reveal() == PLANTED + "2"


def test_secret_is_in_no_output(settings_file, tmp_path, monkeypatch):
    """repr, str, TOML, JSON and the list of changes hold the place and never the secret."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "next").write_text(PLANTED)
    settings = load(settings_file)
    shown = [
        repr(settings),
        str(settings.relay.password),
        f"{settings.relay.password!r} {settings.relay.password:}",
        render.show(settings),
        json.dumps(render.plain(settings)),
        json.dumps(render.changed(settings)),
    ]
    assert not [text for text in shown if PLANTED in text]
    assert "${file:" in render.show(settings)


def test_secret_is_not_copied_by_pickle(tmp_path):
    """A dump of the object can't carry the secret away."""
    (tmp_path / "s").write_text(PLANTED)
    secret = Secret.parse(f"${{file:{tmp_path}/s}}")
    secret.resolve()
    assert PLANTED.encode() not in pickle.dumps(secret)


def test_secrets_need_not_be_there_for_a_command(settings_file, monkeypatch):
    """A command that needs no secret can read settings whose credentials belong to the service."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    settings = load(settings_file, resolve_secrets=False)
    with pytest.raises(SecretError, match="CREDENTIALS_DIRECTORY"):
        settings.targets["next"].password.reveal()


@pytest.mark.parametrize(
    "text", [PLANTED, "", "${env:X}", "x${file:/a}", "${file:}", "${credential:a}${credential:b}"]
)
def test_anything_but_a_place_is_refused_and_not_repeated(text):
    """A secret written into the settings is refused, and the message does not spread it."""
    with pytest.raises(SecretError) as caught:
        Secret.parse(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "is empty"), (b"\n", "is empty"), (b"\xff", "UTF-8"), (b"x" * 70000, "larger")]
)
def test_useless_secret_file_is_refused(tmp_path, content, why):
    """An empty, binary or huge file is no secret."""
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(SecretError, match=why):
        Secret.parse(f"${{file:{tmp_path}/s}}").resolve()


def test_credential_name_can_not_leave_its_folder(tmp_path):
    """A name with a slash would read any file."""
    with pytest.raises(SecretError, match="no name"):
        Secret.parse("${credential:../etc/passwd}").resolve({"CREDENTIALS_DIRECTORY": str(tmp_path)})
