"""[log]: one line per recipient, and where the lines go."""

from typing import Annotated, Literal

from mailgate.config import syntax
from mailgate.config.section import Section, note


class Log(Section, frozen=True, kw_only=True):
    """One line per recipient, and where the lines go."""

    format: Annotated[
        Literal["logfmt", "json"],
        note("How a line is written: key=value as Postfix does, or one JSON object."),
    ] = "logfmt"
    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        note("The least important lines that are written."),
    ] = "info"
    file: Annotated[
        str,
        note(
            "The file that lines are appended to; empty writes to standard error, for the journal.",
            check=syntax.optional_path,
            examples=["/var/log/mailgate/mailgate.log"],
        ),
    ] = ""
