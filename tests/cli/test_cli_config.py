"""`mailgate config`."""

import json
import tomllib

import pytest
from click.testing import CliRunner

from mailgate.cli._main import cli
from mailgate.config.inspect import look_around
from mailgate.config.settings import load

TLS_LISTENER = """
[[listener]]
name = "b"
kind = "smtp"
address = "tcp:127.0.0.1:1"
starttls = true
tls_certificate = "/nonexistent/c"
tls_key = "/nonexistent/k"
"""


@pytest.fixture
def run(tmp_path):
    """Run `mailgate config …` with a settings file whose folders lie in a temporary folder."""
    (tmp_path / "state").mkdir()
    (tmp_path / "run").mkdir()
    path = tmp_path / "mailgate.toml"

    def invoke(*arguments, text=""):
        base = (
            f'[instance]\nhostname = "desk.example.org"\nstate_folder = "{tmp_path}/state"\nrun_folder = "{tmp_path}/run"\n'
            f'[[listener]]\nname = "lmtp"\naddress = "unix:{tmp_path}/run/lmtp.sock"\ntrusted_users = ["root"]\n'
        )
        path.write_text(base + text)
        return CliRunner().invoke(cli, ["--config", str(path), "config", *arguments])

    invoke.path = path
    return invoke


def test_good_settings_pass_the_check(run):
    """Exit code 0, and nothing on standard error."""
    result = run("check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "the settings are fine" in result.output


def test_check_prints_every_mistake_and_ends_with_78(run):
    """All mistakes at once, each with file, line and key."""
    result = run("check", text='[limits]\nrecipient = 1\ntries = "x"\n')
    assert result.exit_code == 78
    assert result.stderr.splitlines() == [
        f"{run.path}:10: limits.recipient: unknown setting, did you mean 'recipients'?",
        f"{run.path}:11: limits.tries: must be a whole number, not a text",
    ]


def test_check_looks_for_the_folders(run, tmp_path):
    """A folder that can't be made is fatal: the gateway could not keep mail there."""
    (tmp_path / "file").write_text("")
    result = run("check", text=f'[spool]\nfolder = "{tmp_path}/file/spool"\n')
    assert result.exit_code == 78
    assert "spool.folder: " in result.stderr
    assert "is no folder" in result.stderr


def test_warning_does_not_change_the_exit_code(run):
    """What is only doubtful is said and lets the gateway start."""
    result = run("check", text='[relay]\nhost = "mail.example.org"\ntls = "none"\n')
    assert result.exit_code == 0
    assert "relay.tls: warning: mail leaves this machine in the clear" in result.stderr


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[[listener]]\nname = "b"\naddress = "unix:/dev/null/x.sock"\n', "listener[2].address"),
        (
            '[[listener]]\nname = "b"\naddress = "tcp:127.0.0.1:1"\ngroup = "no-such-group"\n',
            "listener[2].group",
        ),
        (
            TLS_LISTENER,
            "listener[2].tls_key",
        ),
        ('[log]\nfile = "/dev/null/log"\n', "log.file"),
        ('[database]\nurl = "sqlite:/dev/null/db"\n', "database.url"),
        ('[relay]\nca_file = "/nonexistent/ca"\n', "relay.ca_file"),
        ('[control]\nsocket = "/dev/null/control"\n', "control.socket"),
    ],
)
def test_check_finds_what_is_not_there(run, text, key):
    """Sockets' folders, groups, certificates, files: each is looked for under its key."""
    result = run("check", text=text)
    assert result.exit_code == 78
    assert f": {key}: " in result.stderr


def test_keys_that_others_can_read_are_refused(run, tmp_path):
    """Whoever reads the keys can forge reply tokens."""
    keys = tmp_path / "state/token.keys"
    keys.write_text("00" * 32)
    keys.chmod(0o644)
    assert "instance.keys_file" in run("check").stderr
    keys.chmod(0o600)
    assert run("check").exit_code == 0


def test_check_changes_nothing(run, tmp_path):
    """Looking around creates no file and no folder."""
    run("check", text='[log]\nfile = "log/mailgate.log"\n')
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["mailgate.toml", "run", "state"]


def test_check_needs_the_secrets(run):
    """The check is what the service runs before its start: a missing secret is found then."""
    text = '[relay]\nuser = "u"\npassword = "${file:/nonexistent/p}"\n'
    assert "relay.password: can't read /nonexistent/p" in run("check", text=text).stderr


def test_show_prints_the_settings_in_effect(run):
    """Every section is there, in the form of the file."""
    shown = tomllib.loads(run("show").output)
    assert shown["limits"]["message_size"] == "25 MiB"
    assert shown["instance"]["hostname"] == "desk.example.org"


def test_show_non_defaults_prints_only_them(run):
    """What somebody changed is seen at a glance."""
    shown = tomllib.loads(run("show", "-n", text="[limits]\ntries = 5\n").output)
    assert shown["limits"] == {"tries": 5}
    assert set(shown) == {"instance", "listener", "limits"}


def test_show_as_json_has_base_units(run):
    """Programs get bytes and seconds."""
    shown = json.loads(run("show", "--json").output)
    assert shown["limits"]["message_size"] == 25 * 1024 * 1024
    assert shown["limits"]["session_time"] == 3600
    assert json.loads(run("show", "-n", "--json").output)["instance"]["hostname"] == "desk.example.org"


def test_show_works_without_the_secrets(run):
    """An administrator who can't read the service's credentials can still look at the settings."""
    result = run("show", text='[relay]\nuser = "u"\npassword = "${credential:relay}"\n')
    assert result.exit_code == 0
    assert 'password = "${credential:relay}"' in result.output


def test_example_is_a_valid_settings_file(run, tmp_path):
    """What `config example` prints can be put in the place of mailgate.toml."""
    path = tmp_path / "again.toml"
    path.write_text(run("example").output)
    assert load(path).limits.recipients == 1000


def test_explain_says_what_a_setting_means(run):
    """Kind, sentence, default, bounds."""
    lines = run("explain", "limits.message_size").output.splitlines()
    assert lines[0] == "limits.message_size: size"
    assert 'default: "25 MiB"' in lines
    assert "allowed: at least 64 KiB, at most 1 GiB" in lines


@pytest.mark.parametrize(
    "key", ["instance", "listener", "targets", "relay.password", "listener.name", "rules.reject"]
)
def test_explain_knows_sections_secrets_and_required_settings(run, key):
    """Everything that can stand in the file can be asked for."""
    result = run("explain", key)
    assert result.exit_code == 0
    assert result.output.startswith(f"{key}: ")


@pytest.mark.parametrize(
    ("key", "hint"),
    [("message_size", "limits.message_size"), ("limit.tries", "limits.tries"), ("reley", "relay")],
)
def test_explain_suggests(run, key, hint):
    """A key that is nearly right, or lacks its section, is found."""
    result = run("explain", key)
    assert result.exit_code == 1
    assert hint in result.stderr


def test_findings_of_an_untouched_machine_are_all_about_places(tmp_path):
    """With default settings nothing raises, whatever this machine has."""
    path = tmp_path / "mailgate.toml"
    path.write_text("")
    assert all(finding.key for finding in look_around(load(path)))
