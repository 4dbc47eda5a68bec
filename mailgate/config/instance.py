"""[instance]: who this gateway is and where its folders are."""

import socket
from typing import Annotated

from mailgate.config import syntax
from mailgate.config.section import Duration, Section, note


class Instance(Section, frozen=True, kw_only=True):
    """Who this gateway is and where its folders are."""

    name: Annotated[
        str,
        note(
            "The name of this gateway in loop marks and logs; each gateway on one database has its own.",
            check=syntax.name,
        ),
    ] = "mailgate"
    hostname: Annotated[
        str,
        note(
            "The full host name in greetings, Message-IDs and trace fields; empty takes the machine's own.",
            check=syntax.hostname,
            examples=["desk.example.org"],
        ),
    ] = ""
    state_folder: Annotated[
        str,
        note(
            "The folder for what must outlive a restart; relative paths in other sections start here.",
            check=syntax.absolute_path,
        ),
    ] = "/var/lib/mailgate"
    run_folder: Annotated[
        str,
        note("The folder for sockets, which may be empty after a restart.", check=syntax.absolute_path),
    ] = "/run/mailgate"
    keys_file: Annotated[
        str,
        note(
            "The file with the keys of reply tokens and loop marks, one a line in hexadecimal: the first "
            "signs, all are accepted; made at the first start.",
            check=syntax.path,
        ),
    ] = "token.keys"
    intake_processes: Annotated[
        int,
        note(
            "How many processes of their own talk with clients, so that the protocol's work runs on another "
            "core than the rules; 0 does everything in one process.",
            ge=0,
            le=16,
        ),
    ] = 1
    stop_timeout: Annotated[
        Duration,
        note("How long a stop waits for what is in flight before it cuts connections.", ge=0, le=3600),
    ] = 30.0

    def effective_hostname(self) -> str:
        """Return `hostname`, or the machine's own full name where none is set."""
        return self.hostname or socket.getfqdn()
