"""Scripts with mistakes: the same number of errors as the established engine logs, for each of them.

wrong_scripts.json holds the scripts by what is wrong with them; a line of `require` is put before those whose
name does not end in "(bare)". The count includes the summary at the end ("parse failed", "validation
failed"), as `test_error :count` of the test language sees it.
"""

import json
import re
import subprocess
from pathlib import Path

import peers
import pytest

from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors
from sieve_like.registry import Registry

SCRIPTS = json.loads((Path(__file__).parent / "wrong_scripts.json").read_text())
REQUIRE = (
    'require ["fileinto", "reject", "envelope", "variables", "relational", "subaddress", "vacation", "regex", '
    '"copy", "comparator-i;ascii-numeric", "ihave", "include", "encoded-character", "body", "date", '
    '"imap4flags"];\n'
)
CONFIG = """mail_home = {home}
mail_location = maildir:{home}/mail
log_path = /dev/stderr
plugin {{
  sieve_dir = {home}/sieve
  sieve_extensions = +vacation-seconds +mboxmetadata +servermetadata +special-use +spamtest +spamtestplus +virustest +vnd.dovecot.debug +vnd.dovecot.environment +vnd.dovecot.report +editheader
}}
"""
# Ours and why: RFC 5229 3 makes unknown namespaces and match values out of range errors, the engine logs
# them and runs the script; a name that is too long is no name to it, so the reference stays as text.
NAMESPACE = "RFC 5229 3: an unknown namespace is an error when the script is compiled"
INDEX = "RFC 5229 3.2: a match variable beyond the limit is an error when the script is compiled"
EXPLAINED = {
    "var ns": (2, NAMESPACE),
    "var ns digits": (2, NAMESPACE),
    "var match 99": (2, INDEX),
    "var match long": (2, INDEX),
    "var long": (2, "a reference with a name longer than any variable's is a mistake, not a text"),
    "regex backref": (2, "regular expressions run in linear time: back references are refused"),
    "bom (bare)": (0, "a byte order mark means nothing in UTF-8, and editors of one system write it"),
}


def source(name: str) -> bytes:
    """Return a script; octets that are no UTF-8 are written as surrogates."""
    text = SCRIPTS[name] if name.endswith("(bare)") else REQUIRE + SCRIPTS[name]
    return text.encode("utf-8", "surrogateescape")


def ours(script: bytes, registry: Registry) -> int:
    """Return the number of errors that our compiler logs."""
    try:
        compile_script(script, name="script", registry=registry)
    except CompileErrors as errors:
        return len(errors.logged())
    return 0


@pytest.fixture(scope="module")
def folder():
    """Make a folder which the unprivileged user may read, with the engine's configuration."""
    with peers.short_folder("counts-") as made:
        home = made / "home"
        (home / "sieve").mkdir(parents=True)
        home.chmod(0o777)
        (made / "dc.conf").write_text(CONFIG.format(home=home))
        (made / "mail.eml").write_text("From: alice@example.com\nSubject: x\n\ntext\n")
        yield made


def theirs(script: bytes, folder: Path) -> int:
    """Return the number of errors that sieve-test logs before it gives up, 0 for a script that it runs."""
    (folder / "script.sieve").write_bytes(script)
    done = subprocess.run(
        ["runuser", "-u", "nobody", "--", "env", f"HOME={folder / 'home'}", "sieve-test", "-C", "-c", "dc.conf",
         "script.sieve", "mail.eml"],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    return len([line for line in lines if re.match(r"script: (line \d+: )?error: ", line)])


@pytest.mark.peer("pigeonhole", "sieve-test")
def test_errors_are_as_many_as_in_the_established_engine(folder):
    """Whatever is wrong: the same number of errors, or the reason why not."""
    registry = Registry.standard()
    differences = []
    for name in SCRIPTS:
        script = source(name)
        expected, found = theirs(script, folder), ours(script, registry)
        if name in EXPLAINED:
            if found != EXPLAINED[name][0] or found == expected:
                differences.append(
                    f"{name}: explained as {EXPLAINED[name][0]}, ours {found}, theirs {expected}"
                )
        elif found != expected:
            differences.append(f"{name}: theirs {expected}, ours {found}: {script[-80:]!r}")
    assert not differences, "\n".join(differences)


def test_there_are_enough_wrong_scripts():
    """All kinds of mistakes are there, and what is explained is one of them."""
    assert len(SCRIPTS) >= 400
    assert EXPLAINED.keys() <= SCRIPTS.keys()
