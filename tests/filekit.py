"""Beginnings of files of all kinds that the tests need: what may go along with answers, and what may not."""

import io
import struct
import zipfile
import zlib


def png(width: int = 1, noise: bytes = b"") -> bytes:
    """Return a real PNG image of one line; `noise` makes it another one."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, 1, 8, 0, 0, 0, 0)
    line = zlib.compress(b"\0" + b"\x80" * width)
    text = chunk(b"tEXt", b"Comment\0" + noise) if noise else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + text + chunk(b"IDAT", line) + chunk(b"IEND", b"")


def office(*members: str) -> bytes:
    """Return a ZIP archive with these members, as Office documents are."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("[Content_Types].xml", *members):
            archive.writestr(name, b"<x/>")
    return file.getvalue()


def ole(stream: str) -> bytes:
    """Return an OLE file with a stream of that name, as old Office documents are."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + stream.encode("utf-16-le") + b"\0" * 100


def _riff(kind: bytes) -> bytes:
    return b"RIFF\x24\0\0\0" + kind + b"fmt " + b"\0" * 24


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
_OFFICE = "application/vnd.openxmlformats-officedocument"
# Each with its MIME type and its content.
SAMPLES: dict[str, tuple[str, bytes]] = {
    "photo.jpg": ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 20),
    "logo.png": ("image/png", png()),
    "dance.gif": ("image/gif", b"GIF89a\x01\0\x01\0\0\0\0;"),
    "fax.tif": ("image/tiff", b"II*\0\x08\0\0\0" + b"\0" * 8),
    "camera.dng": ("image/x-dcraw", b"MM\0*\0\0\0\x08" + b"\0" * 8),
    "camera.raf": ("image/x-dcraw", b"FUJIFILMCCD-RAW 0201"),
    "camera.cr3": ("image/x-dcraw", b"\0\0\0\x18ftypcrx \0\0\0\x01"),
    "web.webp": ("image/webp", _riff(b"WEBP")),
    "clip.mp4": ("video/mp4", b"\0\0\0\x18ftypisom\0\0\x02\0"),
    "clip.mov": ("video/quicktime", b"\0\0\0\x14ftypqt  \0\0\0\0"),
    "old.mov": ("video/quicktime", b"\0\0\0\x08wide\0\0\0\0mdat"),
    "clip.avi": ("video/x-msvideo", _riff(b"AVI ")),
    "clip.wmv": ("video/x-ms-wmv", bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + b"\0" * 20),
    "clip.webm": ("video/webm", bytes.fromhex("1a45dfa39f4286810142f7810142f2810442f381084282847765626d")),
    "song.mp3": ("audio/mpeg", b"ID3\x04\0\0\0\0\0\0"),
    "raw.mp3": ("audio/mpeg", b"\xff\xfb\x90\x00" + b"\0" * 400),
    "call.wav": ("audio/wav", _riff(b"WAVE")),
    "terms.pdf": ("application/pdf", PDF),
    "old.doc": ("application/msword", ole("WordDocument")),
    "old.xls": ("application/vnd.ms-excel", ole("Workbook")),
    "old.ppt": ("application/vnd.ms-powerpoint", ole("PowerPoint Document")),
    "new.docx": (f"{_OFFICE}.wordprocessingml.document", office("word/document.xml")),
    "new.xlsx": (f"{_OFFICE}.spreadsheetml.sheet", office("xl/workbook.xml")),
    "new.pptx": (f"{_OFFICE}.presentationml.presentation", office("ppt/presentation.xml")),
    "list.csv": ("text/csv; charset=utf-8", "number;name\n1;Jürgen\n".encode()),
    "notes.txt": ("text/plain; charset=us-ascii", b"hello\n"),
}
# Each with what it is called in a sentence.
STRANGERS: dict[str, tuple[str, bytes]] = {
    "setup.exe": ("a Windows program", b"MZ\x90\0" + b"\0" * 60 + b"PE\0\0"),
    "tool": ("a program", b"\x7fELF\x02\x01\x01" + b"\0" * 20),
    "run.sh": ("a script", b"#!/bin/sh\necho hello\n"),
    "link.lnk": ("a Windows shortcut", b"L\0\0\0\x01\x14\x02\0" + b"\0" * 20),
    "page.html": ("a web page", b"\xef\xbb\xbf \n<!DOCTYPE html><script>alert(1)</script>"),
    "image.svg": ("an SVG image", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "feed.xml": ("an XML file", b"<?xml version='1.0'?><svg/>"),
    "all.zip": ("a ZIP archive", office("a.txt")),
    "all.rar": ("a RAR archive", b"Rar!\x1a\x07\x01\0"),
    "all.7z": ("a 7z archive", b"7z\xbc\xaf\x27\x1c\0\x04"),
    "all.gz": ("a gzip file", b"\x1f\x8b\x08\0"),
    "macros.docm": ("an Office document with macros", office("word/document.xml", "word/vbaProject.bin")),
    "letter.msg": ("an Outlook message", ole("__substg1.0_0037001F")),
    "setup.msi": ("an OLE file", ole("Installer")),
    "letter.rtf": ("an RTF document", b"{\\rtf1 hello}"),
    "photo.bmp": ("a BMP image", b"BM\x3a\0\0\0\0\0\0\0"),
    "photo.heic": ("a HEIC or AVIF image", b"\0\0\0\x18ftypheic\0\0\0\0"),
    "song.m4a": ("an MPEG-4 audio file", b"\0\0\0\x18ftypM4A \0\0\0\0"),
    "clip.mkv": ("a Matroska video", bytes.fromhex("1a45dfa3") + b"\x42\x82\x88matroska"),
    "noise.bin": ("of no known kind", b"\x00\x01\x02\x03\x04"),
}
