"""Compiled scripts outlive the process: kept by all that they depend on, and never trusted more than the source."""

from dataclasses import replace

import pytest
from ruleworld import REGISTRY, catalogue_of

from mailgate.business import ScriptFiles
from mailgate.rules import scripts
from mailgate.rules.scripts import DEFAULT_LIMITS, ScriptBook, compile_book
from sieve_like.settings import Settings

SOURCE = 'require "fileinto";\nif header :contains "subject" "x" { fileinto "X"; }\n'


class Kept:
    """Keeps in memory."""

    def __init__(self) -> None:
        self.octets: dict[str, bytes] = {}

    def get(self, key):
        return self.octets.get(key)

    def put(self, key, octets):
        self.octets[key] = octets


@pytest.fixture
def compiled(monkeypatch):
    """Count what is really compiled."""
    names = []
    real = scripts.compile_script

    def counting(source, *, name, **more):
        names.append(name)
        return real(source, name=name, **more)

    monkeypatch.setattr(scripts, "compile_script", counting)
    return names


def book(kept, catalogue=None, **more):
    """Compile as a new process would."""
    found = catalogue or catalogue_of(support=SOURCE)
    return compile_book(found, REGISTRY, ScriptBook(), saved=kept, **{"version": "1", **more})


def test_a_new_process_compiles_nothing_again(compiled):
    """The second one loads what the first has kept."""
    kept = Kept()
    book(kept)
    assert book(kept).program("support") is not None
    assert compiled == ["support"]


@pytest.mark.parametrize(
    "change",
    [
        {"catalogue": catalogue_of(support=SOURCE + "# more\n")},
        {"catalogue": replace(catalogue_of(support=SOURCE), queues={})},
        {"version": "2"},
        {"told": Settings({"recipient_delimiter": "-"})},
        {"limits": replace(DEFAULT_LIMITS, steps=7)},
    ],
)
def test_whatever_a_script_depends_on_is_part_of_the_key(compiled, change):
    """Source, names, version, settings, limits."""
    kept = Kept()
    book(kept)
    book(kept, **change)
    assert compiled == ["support", "support"]


def test_a_script_that_includes_others_depends_on_them(compiled):
    """It is compiled anew when one of them changes; a script that includes nothing is not."""
    kept = Kept()
    main = 'require "include";\ninclude "part";\n'
    book(kept, catalogue_of(main=main, part="keep;", other="stop;"))
    assert book(kept, catalogue_of(main=main, part="discard;", other="stop;")).errors() == {}
    assert sorted(compiled) == ["main", "main", "other", "part", "part"]


def test_what_was_damaged_is_compiled(compiled):
    """The source is the truth."""
    kept = Kept()
    book(kept)
    kept.octets = dict.fromkeys(kept.octets, b"{}")
    assert book(kept).program("support") is not None
    assert compiled == ["support", "support"]


def test_files_keep_and_forget(tmp_path):
    """What nobody has asked for goes; a folder that can't be written costs nothing but time."""
    files = ScriptFiles(tmp_path / "programs")
    assert files.get("a") is None
    files.put("a", b"1")
    files.put("old", b"2")
    assert files.get("a") == b"1"
    files.forget_others()
    assert [path.name for path in (tmp_path / "programs").iterdir()] == ["a"]
    (tmp_path / "file").write_text("")
    ScriptFiles(tmp_path / "file").put("a", b"1")
    ScriptFiles(tmp_path / "file").forget_others()
