"""Reading and merging settings files."""

from pathlib import Path

import msgspec
import pytest

from mailgate.config.settings import Settings, load
from mailgate.config.targets import LmtpTarget, MaildirTarget, NullTarget
from mailgate.errors import SettingsError


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / ("mailgate.toml" if name == "main" else f"conf.d/{name}.toml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder / "mailgate.toml"


def test_empty_file_gives_the_defaults(tmp_path):
    """Nothing is required; one LMTP socket is there."""
    settings = load(write(tmp_path, main=""))
    assert settings == Settings()
    assert settings.listener[0].address == "unix:/run/mailgate/lmtp.sock"


def test_tables_of_several_files_are_merged(tmp_path):
    """conf.d adds to tables and to the list of listeners, in the order of file names."""
    settings = load(
        write(
            tmp_path,
            main='[limits]\nrecipients = 500\n[[listener]]\nname = "a"\naddress = "tcp:127.0.0.1:1"\n',
            b='[[listener]]\nname = "c"\naddress = "tcp:127.0.0.1:3"\n[targets.two]\nkind = "null"\n',
            a='[limits]\ntries = 5\n[[listener]]\nname = "b"\naddress = "tcp:127.0.0.1:2"\n[targets.one]\nkind = "null"\n',
        )
    )
    assert (settings.limits.recipients, settings.limits.tries) == (500, 5)
    assert [item.name for item in settings.listener] == ["a", "b", "c"]
    assert settings.targets == {"one": NullTarget(), "two": NullTarget()}


def test_mistake_in_an_added_listener_names_its_own_file(tmp_path):
    """The line of a merged listener is that of the file it came from."""
    path = write(
        tmp_path,
        main='[[listener]]\nname = "a"\naddress = "tcp:127.0.0.1:1"\n',
        a='# here\n[[listener]]\nname = "b"\naddress = "tcp:127.0.0.1:2"\nmod = 1\n',
    )
    with pytest.raises(SettingsError) as caught:
        load(path)
    [complaint] = caught.value.complaints
    assert (Path(complaint.file).name, complaint.line, complaint.key) == ("a.toml", 5, "listener[2].mod")


def test_only_toml_files_of_the_folder_are_read(tmp_path):
    """Backups of editors and hidden files are left alone."""
    path = write(tmp_path, main="", a="[limits]\ntries = 5\n")
    (tmp_path / "conf.d/a.toml~").write_text("nonsense")
    (tmp_path / "conf.d/.hidden.toml").write_text("nonsense")
    assert load(path).limits.tries == 5


def test_other_folder_may_be_given(tmp_path):
    """The folder beside the file is only the default."""
    path = write(tmp_path, main="", a="[limits]\ntries = 5\n")
    assert load(path, tmp_path / "empty").limits.tries == 3


def test_unreadable_file_does_not_hide_behind_missing_settings(tmp_path):
    """A file that can't be read is the one complaint, not everything that would have stood in it."""
    path = write(tmp_path, main='[targets.x]\nkind = "lmtp"\n', a="= broken")
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert [Path(c.file).name for c in caught.value.complaints] == ["a.toml"]


def test_missing_main_file_is_a_complaint(tmp_path):
    """The reason is that of the system."""
    with pytest.raises(SettingsError, match="can't be read: No such file"):
        load(tmp_path / "mailgate.toml")


def test_huge_file_is_refused(tmp_path):
    """A log given by mistake is not read whole."""
    with pytest.raises(SettingsError, match="larger than"):
        load(write(tmp_path, main="#" * (1024 * 1024 + 1)))


def test_deeply_nested_file_is_refused(tmp_path):
    """Brackets without end are a complaint and no crash."""
    with pytest.raises(SettingsError):
        load(write(tmp_path, main="a = " + "[" * 100_000))


def test_targets_are_of_their_kind(tmp_path):
    """`kind` selects the class, with its own defaults."""
    text = '[targets.d]\nkind = "lmtp"\naddress = "unix:/run/dovecot/lmtp"\n[targets.m]\nkind = "maildir"\npath = "/m"\n'
    targets = load(write(tmp_path, main=text)).targets
    assert targets == {"d": LmtpTarget(address="unix:/run/dovecot/lmtp"), "m": MaildirTarget(path="/m")}


def test_settings_are_frozen():
    """Nobody changes settings while the gateway runs."""
    with pytest.raises(AttributeError):
        Settings().limits.tries = 9


def test_relative_paths_start_in_the_folders_of_the_instance(tmp_path):
    """State lies in the state folder, sockets in the run folder; absolute paths stay."""
    text = '[instance]\nstate_folder = "/s"\nrun_folder = "/r"\n[spool]\nfolder = "/elsewhere"\n'
    settings = load(write(tmp_path, main=text))
    assert settings.database_url == "sqlite:/s/mailgate.sqlite"
    assert settings.spool_path == Path("/elsewhere")
    assert settings.blob_path == Path("/s/blobs")
    assert settings.control_path == Path("/r/control.sock")
    assert settings.keys_path == Path("/s/token.keys")


def test_postgresql_url_stays_as_it_is():
    """Only a SQLite file is a path."""
    settings = msgspec.structs.replace(
        Settings(), database=load_database("postgresql://mailgate@db/mailgate")
    )
    assert settings.database_url == "postgresql://mailgate@db/mailgate"


def load_database(url):
    return msgspec.structs.replace(Settings().database, url=url)
