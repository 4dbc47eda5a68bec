"""What a file is by its content: a table of the beginnings of files, for G20.

Own rather than a library's: this must tell a DOC from an XLS and a text from what is none, look into a file
that is mapped, and never let the name decide (see docs/decisions/0009-files-are-known-by-their-content.md).
Unknown content is what it is: unknown, and so refused.
"""

import codecs
import mmap
import re
from dataclasses import dataclass
from typing import Final

Content = bytes | mmap.mmap


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file: its name in a sentence (`a PNG image`), MIME type, and endings of names.

    `group` is image, video, audio or document; "" is what does not go along with an answer.
    """

    name: str
    mime: str = ""
    endings: tuple[str, ...] = ()
    group: str = ""


JPEG: Final = FileKind("a JPEG image", "image/jpeg", ("jpg", "jpeg", "jpe", "jfif"), "image")
PNG: Final = FileKind("a PNG image", "image/png", ("png",), "image")
GIF: Final = FileKind("a GIF image", "image/gif", ("gif",), "image")
TIFF: Final = FileKind("a TIFF image", "image/tiff", ("tif", "tiff"), "image")
WEBP: Final = FileKind("a WebP image", "image/webp", ("webp",), "image")
# What cameras write; most of them are TIFF inside, and their names alone say which camera it was.
RAW: Final = FileKind(
    "a RAW image",
    "image/x-dcraw",
    (
        "raw", "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "orf", "rw2", "raf", "pef",
        "srw", "x3f", "mrw", "3fr", "erf", "kdc", "dcr", "mef", "mos", "iiq", "rwl",
    ),
    "image",
)  # fmt: skip
MP4: Final = FileKind("an MP4 video", "video/mp4", ("mp4", "m4v"), "video")
MOV: Final = FileKind("a QuickTime video", "video/quicktime", ("mov", "qt"), "video")
AVI: Final = FileKind("an AVI video", "video/x-msvideo", ("avi",), "video")
WMV: Final = FileKind("a Windows Media video", "video/x-ms-wmv", ("wmv",), "video")
WEBM: Final = FileKind("a WebM video", "video/webm", ("webm",), "video")
MP3: Final = FileKind("an MP3 file", "audio/mpeg", ("mp3",), "audio")
WAV: Final = FileKind("a WAV file", "audio/wav", ("wav",), "audio")
PDF: Final = FileKind("a PDF document", "application/pdf", ("pdf",), "document")
DOC: Final = FileKind("a Word document", "application/msword", ("doc", "dot"), "document")
XLS: Final = FileKind("an Excel workbook", "application/vnd.ms-excel", ("xls", "xlt"), "document")
PPT: Final = FileKind(
    "a PowerPoint presentation", "application/vnd.ms-powerpoint", ("ppt", "pps", "pot"), "document"
)
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
DOCX: Final = FileKind("a Word document", f"{_OFFICE}.wordprocessingml.document", ("docx",), "document")
XLSX: Final = FileKind("an Excel workbook", f"{_OFFICE}.spreadsheetml.sheet", ("xlsx",), "document")
PPTX: Final = FileKind(
    "a PowerPoint presentation", f"{_OFFICE}.presentationml.presentation", ("pptx", "ppsx"), "document"
)
CSV: Final = FileKind("a table of text", "text/csv", ("csv",), "document")
TXT: Final = FileKind("plain text", "text/plain", ("txt",), "document")

ALLOWED: Final = (
    JPEG, PNG, GIF, TIFF, RAW, WEBP, MP4, MOV, AVI, WMV, WEBM, MP3, WAV, PDF, DOC, XLS, PPT, DOCX, XLSX, PPTX,
    CSV, TXT,
)  # fmt: skip

UNKNOWN: Final = FileKind("of no known kind")
PROGRAM: Final = FileKind("a program")
PAGE: Final = FileKind("a web page")
VECTOR: Final = FileKind("an SVG image")
XML: Final = FileKind("an XML file")
ZIP: Final = FileKind("a ZIP archive")
MACROS: Final = FileKind("an Office document with macros")
ENCRYPTED: Final = FileKind("an encrypted Office document")
OLE: Final = FileKind("an OLE file")
MATROSKA: Final = FileKind("a Matroska video")
OTHER_IMAGE: Final = FileKind("a HEIC or AVIF image")
OTHER_AUDIO: Final = FileKind("an MPEG-4 audio file")
MOBILE: Final = FileKind("a 3GPP video")
RIFF: Final = FileKind("a RIFF file")

# Beginnings that alone say what a file is.
BEGINNINGS: Final[tuple[tuple[bytes, FileKind], ...]] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"IIU\0", RAW),
    (b"IIRO", RAW),
    (b"IIRS", RAW),
    (b"MMOR", RAW),
    (b"II\x1a\0\0\0HEAPCCDR", RAW),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"FOVb", RAW),
    (b"\0MRM", RAW),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", WMV),
    (b"ID3", MP3),
    (b"%PDF-", PDF),
    (b"MZ", FileKind("a Windows program")),
    (b"\x7fELF", PROGRAM),
    (b"\xfe\xed\xfa", PROGRAM),
    (b"\xcf\xfa\xed\xfe", PROGRAM),
    (b"\xca\xfe\xba\xbe", PROGRAM),
    (b"\0asm", PROGRAM),
    (b"#!", FileKind("a script")),
    (b"L\0\0\0\x01\x14\x02\0", FileKind("a Windows shortcut")),
    (b"ITSF", FileKind("a Windows help file")),
    (b"Rar!", FileKind("a RAR archive")),
    (b"7z\xbc\xaf\x27\x1c", FileKind("a 7z archive")),
    (b"\x1f\x8b", FileKind("a gzip file")),
    (b"BZh", FileKind("a bzip2 file")),
    (b"\xfd7zXZ\0", FileKind("an xz file")),
    (b"MSCF", FileKind("a cabinet file")),
    (b"{\\rtf", FileKind("an RTF document")),
    (b"%!PS", FileKind("a PostScript file")),
    (b"BM", FileKind("a BMP image")),
    (b"OggS", FileKind("an Ogg file")),
    (b"fLaC", FileKind("a FLAC file")),
    (b"FLV\x01", FileKind("a Flash video")),
    (b"SQLite format 3\0", FileKind("a database")),
)
# The same for text, in lower case and behind spaces.
MARKUP: Final[tuple[tuple[bytes, FileKind], ...]] = (
    (b"<!doctype html", PAGE),
    (b"<html", PAGE),
    (b"<script", PAGE),
    (b"<body", PAGE),
    (b"<svg", VECTOR),
    (b"<!doctype svg", VECTOR),
    (b"<?xml", XML),
)
# Streams of an OLE file, as their names stand in its directory: UTF-16, little end first.
STREAMS: Final = tuple(
    (name.encode("utf-16-le"), kind)
    for name, kind in (
        ("EncryptedPackage", ENCRYPTED),
        ("WordDocument", DOC),
        ("PowerPoint Document", PPT),
        ("Workbook", XLS),
        ("Book\0", XLS),
        ("__substg1.0", FileKind("an Outlook message")),
    )
)
# What the directory of an Office file names; it stands at the end and is never compressed.
MEMBERS: Final = (
    (b"vbaProject.bin", MACROS),
    (b"word/document", DOCX),
    (b"xl/workbook", XLSX),
    (b"ppt/presentation", PPTX),
)
# Brands of ISO media files (the fourth to the twelfth octet); all that is not named here is MP4.
BRANDS: Final = {b"qt  ": MOV, b"crx ": RAW, b"M4A ": OTHER_AUDIO, b"M4B ": OTHER_AUDIO}
IMAGES: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis"})
# QuickTime files from before there were brands begin with one of these.
ATOMS: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
WAVES: Final = {b"WAVE": WAV, b"AVI ": AVI, b"WEBP": WEBP}
# The directory of an Office file with hundreds of images is far smaller.
DIRECTORY: Final = 1024 * 1024
# As much of a file as is looked at for its beginning, and of a text for its letters.
BEGINNING: Final = 512
SAMPLE: Final = 64 * 1024
# Octets that no text has; tabs, line ends, form feeds and escapes (ISO 2022) are allowed.
NO_TEXT: Final = re.compile(rb"[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
HIGH: Final = re.compile(rb"[\x80-\xff]")
# RFC 2781 3.2: a text in UTF-16 says so, and which end comes first.
UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def kind_of(content: Content) -> FileKind:
    """Return what a file is; every text is `TXT`, and a RAW image that is TIFF inside is `TIFF`."""
    head = bytes(content[:BEGINNING])
    if head.startswith(b"RIFF"):
        return WAVES.get(head[8:12], RIFF)
    if head[4:8] == b"ftyp":
        return _media(head[8:12])
    if head[4:8] in ATOMS:
        return MOV
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return WEBM if b"webm" in head[:64] else MATROSKA
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return next((kind for name, kind in STREAMS if content.find(name) >= 0), OLE)
    if head.startswith(b"PK\x03\x04"):
        start = max(0, len(content) - DIRECTORY)
        return next((kind for name, kind in MEMBERS if content.find(name, start) >= 0), ZIP)
    found = next((kind for start, kind in BEGINNINGS if head.startswith(start)), None)
    if found is not None:
        return found
    return MP3 if _is_frame(head) else _text(content, head)


def _media(brand: bytes) -> FileKind:
    if brand in IMAGES:
        return OTHER_IMAGE
    return MOBILE if brand.startswith(b"3g") else BRANDS.get(brand, MP4)


def _is_frame(head: bytes) -> bool:
    """Whether it begins with a frame of layer III with a possible rate (ISO 11172-3 2.4.2.3)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # noqa: PLR2004  a header's bits
        return False
    return head[2] & 0xF0 not in {0x00, 0xF0} and head[2] & 0x0C != 0x0C  # noqa: PLR2004


def _text(content: Content, head: bytes) -> FileKind:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    found = next((kind for begin, kind in MARKUP if start.startswith(begin)), None)
    if found is not None:
        return found
    if head.startswith(UTF16):
        return TXT if _decodes(bytes(content[: SAMPLE & ~1]), "utf-16") else UNKNOWN
    return UNKNOWN if NO_TEXT.search(content) else TXT


def _decodes(octets: bytes, charset: str) -> bool:
    try:
        text = octets.decode(charset)
    except UnicodeDecodeError as error:
        # A letter may be cut in half at the end of the sample.
        return error.start >= len(octets) - 4 and len(octets) >= SAMPLE - 2
    return not any(letter < " " and letter not in "\t\n\f\r\x1b" for letter in text)


def charset_of(content: Content) -> str:
    """Return the charset of a text: us-ascii, utf-8 or utf-16, "" where it can't be told."""
    if bytes(content[:2]) in UTF16:
        return "utf-16"
    if HIGH.search(content) is None:
        return "us-ascii"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(content), SAMPLE):
            decoder.decode(content[at : at + SAMPLE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return ""
    return "utf-8"
