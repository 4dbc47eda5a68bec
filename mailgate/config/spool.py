"""[spool]: large mail as files, and the space that must stay free."""

from typing import Annotated

from mailgate.config import syntax
from mailgate.config.section import Duration, Section, Size, note
from mailgate.config.units import HOUR, MIB


class Spool(Section, frozen=True, kw_only=True):
    """Large mail as files, and the space that must stay free."""

    folder: Annotated[
        str,
        note(
            "The folder that large mail streams into while it comes in, on one file system with blob_folder.",
            check=syntax.path,
        ),
    ] = "spool"
    blob_folder: Annotated[
        str,
        note("The folder in which large mail stays.", check=syntax.path),
    ] = "blobs"
    reserve: Annotated[
        Size,
        note("Mail is deferred (452 4.3.1) while less than this is free on the disk.", ge=0),
    ] = 256 * MIB
    sweep_after: Annotated[
        Duration,
        note("A file that no row names is removed when it is older than this.", ge=600),
    ] = 24 * HOUR
