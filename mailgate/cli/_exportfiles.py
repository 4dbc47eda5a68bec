"""Files of templates between the store and a folder: what `apply` reads, and `export` writes back (G20)."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from mailgate.domain.attach import MEBI, MOST_OCTETS, clean_file_name
from mailgate.domain.deskerror import DeskError
from mailgate.errors import Complaint, SettingsError
from mailgate.store.business import load_catalogue
from mailgate.store.files import described, keep_file, opened
from mailgate.store.templatefiles import FileChange, plan, template_files

if TYPE_CHECKING:
    from mailgate.config.texts import Texts
    from mailgate.domain.draft import Attachment
    from mailgate.store.blobs import Blobs
    from mailgate.store.connection import Connection

# The folder of an export that the files lie in, one below it for each template.
FOLDER: Final = "files"


def plan_files(connection: "Connection", texts: "Texts", blobs: "Blobs | None") -> tuple[FileChange, ...]:
    """Return what makes the templates of the texts have the files that these name.

    Those that are new are kept in `blobs`, None keeps nothing. Raises SettingsError with all that is wrong.
    """
    most = _most_images(connection, texts)
    wrong: list[Complaint] = []
    wanted: dict[str, tuple[Attachment, ...]] = {}
    places: dict[str, str] = {}
    for index, template in enumerate(texts.business.template):
        made: list[Attachment] = []
        for key in ("files", "images"):
            for named in getattr(template, key):
                try:
                    one = _described(Path(named), made, most if key == "images" else 0)
                except DeskError as error:
                    wrong.append(texts.complain("template", index, key, str(error)))
                    continue
                made.append(one)
                places[one.blob] = named
        wanted[template.name] = tuple(made)
    if wrong:
        raise SettingsError(wrong)
    changes = plan(template_files(connection), wanted)
    for change in changes if blobs is not None else ():
        if change.action == "attach":
            assert blobs is not None
            keep_file(blobs, Path(places[change.file.blob]), change.file)
    return changes


def _most_images(connection: "Connection", texts: "Texts") -> int:
    """Return how many octets of images a template has at most: as the text says it, else as it is."""
    said = cast("dict[str, object]", texts.tree.values.get("helpdesk", {}))
    desk = texts.business.helpdesk if "images_mb" in said else load_catalogue(connection).desk
    return desk.images_mb * MEBI


def _described(path: Path, beside: "list[Attachment]", images: int) -> "Attachment":
    """Return what is said of a file; `images` octets at most where it is one for the HTML, 0 where not."""
    most = images or MOST_OCTETS
    with opened(path, most) as content:
        one = described(content, path.name, inline=bool(images), beside=beside, most=most)
    if any(other.name == one.name for other in beside):
        raise DeskError(f"{one.name} stands there twice: each file has a name of its own")
    return one


def write_files(
    blobs: "Blobs", files: "Mapping[str, tuple[Attachment, ...]]", folder: Path
) -> dict[str, dict[str, Any]]:
    """Write the files of all templates below a folder; returns what the text says of each template."""
    along: dict[str, dict[str, Any]] = {}
    for template, each in files.items():
        place = Path(FOLDER) / (clean_file_name(template) or "template")
        (folder / place).mkdir(parents=True, exist_ok=True)
        names: dict[str, list[str]] = {"files": [], "images": []}
        for one in each:
            (folder / place / one.name).write_bytes(blobs.load(bytes.fromhex(one.blob)))
            names["images" if one.cid else "files"].append(str(place / one.name))
        along[template] = {key: value for key, value in names.items() if value}
    return along
