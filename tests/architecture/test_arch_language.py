"""The language stands alone: it works where nothing but the standard library and google-re2 is installed."""

import subprocess
import sys

import architree

# Runs in a fresh interpreter whose import system refuses everything else.
ALONE = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top not in sys.stdlib_module_names and top not in {"sieve_like", "re2", "_re2", "absl"}:
            raise ImportError(f"{name} is neither the standard library nor google-re2")

sys.meta_path.insert(0, Refuse())
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run code behind the refusal, in an interpreter that sees the project's folder and the installed packages."""
    return subprocess.run(
        [sys.executable, "-c", ALONE + code], cwd=architree.ROOT, capture_output=True, text=True, check=False
    )


def test_the_refusal_works():
    """A package from outside can't be imported there, so that the other tests mean something."""
    done = run("import jinja2")
    assert "neither the standard library" in done.stderr


def test_every_module_of_the_language_can_be_imported_alone():
    """No module of sieve_like, imported at its top or inside, needs another package."""
    names = [name for name in sorted(architree.module_names()) if name.startswith("sieve_like")]
    done = run("import importlib\n" + "".join(f"importlib.import_module({name!r})\n" for name in names))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_script_runs_alone(tmp_path):
    """The command line of the language runs a script over a mail and says what becomes of it."""
    script, mail = tmp_path / "rules.sieve", tmp_path / "mail.eml"
    script.write_text(
        'require "fileinto";\nif header :contains "Subject" "invoice" { fileinto "Invoices"; }\n'
    )
    mail.write_bytes(b"From: a@example.org\r\nSubject: Your invoice\r\n\r\nHello\r\n")
    done = run(
        f"import sys\nsys.argv[1:] = ['run', {str(script)!r}, {str(mail)!r}]\nfrom sieve_like.cli import main\nmain()\n"
    )
    assert "Invoices" in done.stdout, done.stderr
