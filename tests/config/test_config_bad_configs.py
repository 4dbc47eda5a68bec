"""Every folder of tests/bad_configs is one mistake with the exact messages it must give."""

from pathlib import Path

import pytest

from mailgate.config.settings import load
from mailgate.errors import SettingsError

FOLDERS = sorted((Path(__file__).parents[1] / "bad_configs").iterdir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_mistake_is_reported_word_by_word(folder, monkeypatch):
    """The messages, with file, line, key and suggestion, are those of expected.txt."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(SettingsError) as caught:
        load(folder / "mailgate.toml")
    said = str(caught.value).replace(f"{folder}/", "") + "\n"
    assert said == (folder / "expected.txt").read_text()


def test_there_are_enough_mistakes():
    """The collection is found where it should be and has not shrunk."""
    assert len(FOLDERS) >= 20
