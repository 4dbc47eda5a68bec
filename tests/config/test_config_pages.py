"""The pages and files that are made from the settings."""

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from mailgate import metrics
from mailgate.config import manual, render
from mailgate.config.schema import REQUIRED, Kind, settings_of
from mailgate.config.settings import Settings, load

ROOT = Path(__file__).parents[2]
SOME = """
[instance]
hostname = "desk.example.org"
[[listener]]
name = "smtp"
kind = "smtp"
address = "tcp:127.0.0.1:8025"
starttls = true
auth = true
tls_certificate = "/c.pem"
tls_key = "/k.pem"
auth_users = { "first user" = "${credential:a}", b = "${credential:b}" }
[limits]
message_size = 123456
session_time = "90 s"
[answers]
share_of_incoming = 0.1
[checks]
trusted_authserv_ids = ["mx.example.org"]
[targets.d]
kind = "smtp"
host = "localhost"
"""


@pytest.fixture
def some(tmp_path):
    path = tmp_path / "mailgate.toml"
    path.write_text(SOME)
    return load(path, resolve_secrets=False)


def test_example_file_is_the_generated_one():
    """conf/mailgate.toml can't disagree with the code (make it with: mailgate config example)."""
    assert (ROOT / "conf/mailgate.toml").read_text() == manual.example()


def test_settings_page_is_the_generated_one():
    """docs/settings.md can't disagree with the code (make it with: mailgate config example --markdown)."""
    assert (ROOT / "docs/settings.md").read_text() == manual.page()


def test_metrics_page_is_the_generated_one():
    """docs/metrics.md can't disagree with the table of metrics."""
    assert (ROOT / "docs/metrics.md").read_text() == metrics.page()


def test_example_file_changes_nothing():
    """The example as it is gives the defaults."""
    assert load(ROOT / "conf/mailgate.toml") == Settings()


def test_example_file_without_its_comment_signs_is_valid(tmp_path):
    """Every commented setting is written rightly: taking the signs away gives the defaults and the examples."""
    text = re.sub(r"^#(?=[a-z_]+ = |\[)", "", manual.example(), flags=re.MULTILINE)
    # A password alone is a complaint: these lines need a user or a server beside them, or a credential.
    text = re.sub(r"^(?:password|secret) = .*\n", "", text, flags=re.MULTILINE)
    path = tmp_path / "mailgate.toml"
    path.write_text(text)
    settings = load(path, resolve_secrets=False)
    kinds = ("lmtp", "maildir", "null", "pipe", "smtp", "webhook")
    assert sorted(settings.targets) == [f"example-{kind}" for kind in kinds]
    assert settings.limits == Settings().limits
    assert settings.answers == Settings().answers
    assert settings.listener == Settings().listener


def test_every_setting_is_explained():
    """Each has one sentence, and a required one or a secret has an example."""
    silent = []
    for key, setting, _section in manual.known_keys():
        needs_example = setting.default is REQUIRED or setting.kind is Kind.SECRET
        if not setting.description.endswith(".") or (needs_example and not setting.examples):
            silent.append(key)
    assert silent == []


def test_shown_settings_read_back_as_themselves(some, tmp_path):
    """`config show` is a valid mailgate.toml of the same meaning."""
    path = tmp_path / "again" / "mailgate.toml"
    path.parent.mkdir()
    path.write_text(render.show(some))
    assert load(path, resolve_secrets=False) == some


def test_changes_read_back_as_themselves(some, tmp_path):
    """`config show -n` alone gives the same settings."""
    path = tmp_path / "again" / "mailgate.toml"
    path.parent.mkdir()
    path.write_text(render.show(some, changed_only=True))
    assert load(path, resolve_secrets=False) == some


def test_changes_hold_nothing_else(some):
    """What stands at its default is left out."""
    changed = render.changed(some)
    assert changed["limits"] == {"message_size": 123456, "session_time": 90.0}
    assert "relay" not in changed
    assert changed["targets"] == {"d": {"kind": "smtp", "host": "localhost"}}


def test_plain_settings_hold_every_key(some):
    """The JSON form has every section and every setting."""
    plain = render.plain(some)
    assert list(plain) == [s.name for s in settings_of(Settings)]
    assert plain["targets"]["d"]["kind"] == "smtp"


def test_table_of_metrics_and_attributes_agree():
    """Each line of the table is an attribute that the type checker knows, and the other way round."""
    made = metrics.Metrics(CollectorRegistry(), "1.0")
    declared = set(metrics.Metrics.__annotations__)
    assert declared == {spec.attribute for spec in metrics.METRICS if spec.kind != "info"}
    assert all(hasattr(made, name) for name in declared)
