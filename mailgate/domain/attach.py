"""Files that go along with an answer (G20): which ones, how many, and under which names.

What a file is, its content says, and its name must say the same: a program under an image's name is told
from an image, and an image under a document's name from a document.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mailgate.domain.draft import Attachment
from mailgate.domain.filekind import ALLOWED, CSV, RAW, TIFF, TXT, Content, FileKind, charset_of, kind_of

# G20: up to 10 inline images and 10 files, 25 MB each kind in all (of images as the helpdesk says).
MOST: Final = 10
MEBI: Final = 1024 * 1024
MOST_OCTETS: Final = 25 * MEBI
# MAIL.md 4: a name that every file system takes.
NAME_OCTETS: Final = 150
# Longer than any ending that means something.
ENDING_OCTETS: Final = 16
# What no name may have on some system, and what ends a field's value.
NOT_IN_NAME: Final = re.compile(r'[<>:"|?*\0-\x1f\x7f]')
# Format characters, halves of pairs, private and unassigned ones: nobody sees them, and they hide endings.
HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
PLURALS: Final = {"image": "images", "video": "videos", "audio": "audio", "document": "documents"}
GROUPS: Final = tuple(PLURALS)


def clean_file_name(name: str) -> str:
    """Return a file's name as plain data: no path, no hidden letters, at most 150 octets; "" if none is left.

    Compatibility forms are undone first (NFKC): a slash in another width is a slash.
    """
    before = ""
    while name != before:
        before, name = name, _cleaned(name)
    return name


def _cleaned(name: str) -> str:
    text = unicodedata.normalize("NFKC", name)
    text = "".join(one for one in text if unicodedata.category(one) not in HIDDEN)
    text = re.split(r"[/\\]", text)[-1]
    text = " ".join(NOT_IN_NAME.sub("_", text).split()).strip(". ")
    octets = text.encode()
    if len(octets) <= NAME_OCTETS:
        return text
    stem, dot, ending = text.rpartition(".")
    kept = f"{dot}{ending}" if dot and len(ending.encode()) < ENDING_OCTETS else ""
    room = NAME_OCTETS - len(kept.encode())
    return (stem if kept else text).encode()[:room].decode("utf-8", "ignore") + kept


def ending_of(name: str) -> str:
    """Return the ending of a name in lower case, without its dot; "" if it has none."""
    stem, dot, ending = name.rpartition(".")
    return ending.lower() if dot and stem else ""


def file_complaint(
    name: str,
    content: Content,
    beside: Iterable[Attachment] = (),
    *,
    inline: bool,
    most: int = MOST_OCTETS,
) -> str:
    """Return why a file can't go along with an answer, "" if it can (G20).

    `beside` are the files that go along already; `inline` is an image that the HTML shows; `most` octets go
    along of its kind.
    """
    shown = clean_file_name(name)
    if not shown:
        return f"{name!r} is no name for a file"
    if not len(content):
        return f"{shown} is empty"
    return _kind_complaint(shown, content, inline=inline) or room_complaint(
        shown, len(content), beside, inline=inline, most=most
    )


def room_complaint(
    name: str, size: int, beside: Iterable[Attachment], *, inline: bool, most: int = MOST_OCTETS
) -> str:
    """Return why there is no room for one more, "" if there is; `size` and `most` are in octets."""
    group = [one.size for one in beside if bool(one.cid) == inline]
    word = "images" if inline else "files"
    if len(group) >= MOST:
        return f"{name} is one too many: at most {MOST} {word} go along"
    if sum(group) + size > most:
        with_it = f" with the other {word}" if group else ""
        return f"{name} has {size:,} octets: at most {most:,} go along{with_it}"
    return ""


def whole_complaint(files: Iterable[Attachment], images: int = MOST_OCTETS) -> str:
    """Return why so many files, of templates and others, don't go along with one answer; "" if they do.

    `images` is how many octets of images the HTML shows at most.
    """
    beside: list[Attachment] = []
    for one in files:
        most = images if one.cid else MOST_OCTETS
        if wrong := room_complaint(one.name, one.size, beside, inline=bool(one.cid), most=most):
            return wrong
        beside.append(one)
    return ""


def _kind_complaint(name: str, content: Content, *, inline: bool) -> str:
    """Return what is wrong with what a file is, and with what its name says that it is."""
    found, ending = kind_of(content), ending_of(name)
    if not found.group:
        return f"{name} is {found.name}; what may go along: {_allowed(inline=inline)}"
    if inline and found.group != "image":
        return f"{name} is {found.name}; only images can be shown in a text: {_allowed(inline=True)}"
    said = named_kind(ending)
    if said is None:
        return f"{name} is {found.name}, and a name of such a file ends in .{found.endings[0]}"
    if found not in _inside(said):
        return f"{name} is {found.name}, and its name says {said.name}"
    return ""


def named_kind(ending: str) -> FileKind | None:
    """Return what a name with this ending says that a file is, None where such a file never goes along."""
    return next((kind for kind in ALLOWED if ending in kind.endings), None)


def _inside(said: FileKind) -> Sequence[FileKind]:
    """Return what a file of this name may have in it."""
    if said is RAW:
        return (RAW, TIFF)
    return (TXT,) if said is CSV else (said,)


def _allowed(*, inline: bool) -> str:
    groups = GROUPS[:1] if inline else GROUPS
    return "; ".join(f"{PLURALS[group]} ({', '.join(_endings(group))})" for group in groups)


def _endings(group: str) -> Iterator[str]:
    for kind in ALLOWED:
        if kind.group == group:
            yield "RAW" if kind is RAW else kind.endings[0].upper()


def mime_type(name: str, content: Content) -> str:
    """Return the MIME type of a file that may go along; a text whose charset can't be told is just octets."""
    said = named_kind(ending_of(name)) or kind_of(content)
    if said not in {CSV, TXT}:
        return said.mime
    charset = charset_of(content)
    return f"{said.mime}; charset={charset}" if charset else "application/octet-stream"
