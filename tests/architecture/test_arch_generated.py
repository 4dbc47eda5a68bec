"""Files that are drawn from the code say what the code says."""

import json
import re

import architree
import generated
import pytest

FILES = generated.generated()


@pytest.mark.parametrize("name", FILES)
def test_a_generated_file_is_up_to_date(name):
    """It is as `make generated` would write it."""
    path = architree.ROOT / name
    assert path.exists(), f"make generated writes {name}"
    assert path.read_text(encoding="utf-8") == FILES[name], f"make generated mends {name}"


def test_nothing_else_lies_among_the_editors_files():
    """A file that nobody generates any more is gone."""
    folder = architree.ROOT / "conf" / "editors"
    found = {architree.relative(path) for path in folder.rglob("*") if path.is_file()}
    assert found == {name for name in FILES if name.startswith("conf/editors/")}


def test_every_word_of_the_language_is_coloured():
    """No command, test, tag or capability is missing in one of the syntax files."""
    words = generated.language()
    named = [*words.words("command"), *words.words("test"), *words.words("match type"), *words.capabilities]
    for name in ("vim/syntax/sieve.vim", "vscode/syntaxes/sieve.tmLanguage.json"):
        text = FILES[f"conf/editors/{name}"].replace("\\\\", "\\").replace("\\.", ".")
        missing = [word for word in named if not re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", text)]
        assert not missing, architree.report(missing)


def test_the_grammar_of_vscode_is_sound():
    """It is JSON, every pattern is one, and the package names files that there are."""
    grammar = json.loads(FILES["conf/editors/vscode/syntaxes/sieve.tmLanguage.json"])
    patterns = [one[key] for one in grammar["patterns"] for key in ("match", "begin", "end") if key in one]
    assert len(patterns) > 10
    for pattern in patterns:
        re.compile(pattern)
    package = json.loads(FILES["conf/editors/vscode/package.json"])
    places = [one["path"] for one in package["contributes"]["grammars"]]
    places += [one["configuration"] for one in package["contributes"]["languages"]]
    for place in places:
        assert f"conf/editors/vscode/{place.removeprefix('./')}" in FILES


def test_the_page_has_a_section_for_every_capability():
    """Each with its card, and each link of the table leads to one."""
    text = FILES["docs/extensions.md"]
    for capability in generated.language().capabilities:
        assert f"\n## {capability}\n" in text
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
    links = re.findall(r"\]\(#([^)]+)\)", text)
    assert links
    assert not [one for one in links if one not in anchors]
