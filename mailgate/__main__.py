"""The entry point of `mailgate` and of `python -m mailgate`."""

from mailgate.cli._main import cli


def main() -> None:
    """Run the command line and exit with its code."""
    cli(prog_name="mailgate")


if __name__ == "__main__":
    main()
