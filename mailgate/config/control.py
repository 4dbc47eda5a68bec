"""[control]: the socket through which commands reach the running gateway."""

from typing import Annotated

from mailgate.config import syntax
from mailgate.config.section import Section, note


class Control(Section, frozen=True, kw_only=True):
    """The socket through which commands reach the running gateway."""

    socket: Annotated[
        str,
        note("The socket's path; a relative one starts in instance.run_folder.", check=syntax.path),
    ] = "control.sock"
