"""The command line: how commands are found, how errors end."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from mailgate.cli._main import Commands, cli
from mailgate.cli._options import Call, CommandError, clean, pass_call, print_json, print_table
from mailgate.config.instance import Instance
from mailgate.control import NotRunningError
from mailgate.errors import Complaint, SettingsError
from mailgate.registry import RegistryError, module_names


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Make a folder of command files; return a group over it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name, **modules):
        folder = tmp_path / name
        folder.mkdir()
        for module, text in {"__init__": "", **modules}.items():
            (folder / f"{module}.py").write_text(text)
        return Commands("mailgate", package=name)

    yield make
    for loaded in [m for m in sys.modules if m.startswith("clitest")]:
        del sys.modules[loaded]


FILE = "import click\n@click.command({0!r})\ndef COMMAND():\n    'Do {0}.'\n    click.echo('did {0}')\n"


def failing(error):
    """Return a group with one command that raises."""
    group = Commands("mailgate")

    def fail():
        raise error

    group.commands = {"fail": click.Command("fail", callback=fail)}
    return group


def test_new_command_is_one_new_file(package):
    """A file in the folder is a command, with nothing else to change."""
    group = package("clitest_a", one=FILE.format("one"), two_words=FILE.format("two-words"))
    assert CliRunner().invoke(group, ["two-words"]).output == "did two-words\n"
    listing = CliRunner().invoke(group, ["--help"]).output
    assert "Do one." in listing
    assert "Do two-words." in listing


def test_running_one_command_imports_no_other(package):
    """A start does not pay for its neighbours."""
    group = package("clitest_b", one=FILE.format("one"), two="raise RuntimeError('imported')\n")
    assert CliRunner().invoke(group, ["one"]).output == "did one\n"


def test_command_file_without_a_command_is_loud(package):
    """A missing export is an error of the listing, not a command that silently isn't there."""
    group = package("clitest_c", one=FILE.format("one"), two="")
    assert isinstance(CliRunner().invoke(group, ["--help"]).exception, RegistryError)


def test_wrong_command_suggests_the_right_one():
    """A typing error costs one more try, and exit code 2."""
    result = CliRunner().invoke(cli, ["confg"])
    assert "Did you mean 'config'" in result.output
    assert result.exit_code == 2


def test_every_command_has_its_file_and_its_sentence():
    """The real commands are all found, named like their files, and explained."""
    names = cli.list_commands(click.Context(cli))
    assert {name.replace("-", "_") for name in names} == set(module_names("mailgate.cli"))
    assert all(command.get_short_help_str() for command in cli.commands.values())


def test_wrong_settings_end_with_78():
    """All complaints go to standard error, one a line, without decoration."""
    error = SettingsError([Complaint("f", 1, "a.b", "is bad"), Complaint("f", 2, "c", "too")])
    result = CliRunner().invoke(failing(error), ["fail"])
    assert (result.exit_code, result.stderr) == (78, "f:1: a.b: is bad\nf:2: c: too\n")


@pytest.mark.parametrize(
    ("error", "code"),
    [(CommandError("no"), 1), (CommandError("later", 75), 75), (NotRunningError("off"), 75)],
)
def test_errors_that_know_their_code_end_with_it(error, code):
    """The message is shown without a traceback."""
    result = CliRunner().invoke(failing(error), ["fail"])
    assert (result.exit_code, result.stderr) == (code, f"Error: {error}\n")


def test_any_other_error_is_not_hidden():
    """A fault of ours keeps its traceback."""
    result = CliRunner().invoke(failing(RuntimeError("bug")), ["fail"])
    assert isinstance(result.exception, RuntimeError)


def test_settings_are_those_of_the_option_or_the_environment(tmp_path):
    """--config counts before MAILGATE_CONFIG, and that before the default."""
    seen = []

    @click.command("probe")
    @pass_call
    def probe(call: Call) -> None:
        seen.append(call.settings().instance)

    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(f'[instance]\nname = "{name}"\n')
    group = click.Group("mailgate", callback=cli.callback, params=cli.params, commands={"probe": probe})
    env = {"MAILGATE_CONFIG": str(tmp_path / "one.toml")}
    assert CliRunner().invoke(group, ["probe"], env=env).exit_code == 0
    assert (
        CliRunner().invoke(group, ["--config", str(tmp_path / "two.toml"), "probe"], env=env).exit_code == 0
    )
    assert seen == [Instance(name="one"), Instance(name="two")]


def test_command_without_a_gateway_ends_with_75(tmp_path):
    """Asking a gateway that does not run is worth another try later."""
    path = tmp_path / "mailgate.toml"
    path.write_text(f'[instance]\nrun_folder = "{tmp_path}"\n')
    with pytest.raises(NotRunningError):
        Call(path).ask("status")


def test_table_has_columns_and_no_control_characters():
    """What strangers chose can't move the cursor of a terminal."""

    @click.command()
    def listing():
        print_table(("id", "subject"), [(1, "a\x1b[2Jb"), (20, "c\nd")])

    assert CliRunner().invoke(listing).output == "ID  SUBJECT\n1   a\\x1b[2Jb\n20  c\\nd\n"


def test_json_keeps_letters_as_they_are():
    """Umlauts stay readable."""

    @click.command()
    def listing():
        print_json({"name": "Jürgen"})

    assert CliRunner().invoke(listing).output == '{\n  "name": "Jürgen"\n}\n'


def test_clean_leaves_printable_text_alone():
    """Only what is not printable is changed."""
    assert clean("Grüße 東京") == "Grüße 東京"


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("config", "--help")])
def test_program_starts_as_a_module(arguments):
    """`python -m mailgate` is the same program."""
    done = subprocess.run(
        [sys.executable, "-m", "mailgate", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "mailgate" in done.stdout


@pytest.mark.parametrize("arguments", [("demo", "--help"), ("rules", "replay", "--help"), ("--help",)])
def test_help_says_nothing_on_standard_error(arguments):
    """That a command ends early with status 0 is no error."""
    result = CliRunner().invoke(cli, list(arguments))
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_status_of_a_command_is_no_message():
    """A command that has said its say ends with its status, and nothing behind it."""
    group = Commands("g")

    @group.command()
    @click.pass_context
    def ended(ctx):
        click.echo("said")
        ctx.exit(1)

    group.add_command(ended)
    result = CliRunner().invoke(group, ["ended"])
    assert (result.exit_code, result.stdout, result.stderr) == (1, "said\n", "")


def test_help_imports_nothing_heavy():
    """Database, network, metrics and settings are imported by the commands that need them, not by --help."""
    code = (
        "import sys\nfrom mailgate.cli._main import cli\n"
        "try:\n    cli(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'asyncio', 'peewee', 'aiosmtpd', 'jinja2', 'msgspec', 'structlog', 'prometheus_client', 'dns', 're2'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
