"""What a mail of ours consists of: text, HTML with its images, files, each at its place in the MIME tree.

multipart/mixed            only with files
  multipart/alternative    only with HTML, the text first (RFC 2046 5.1.4)
    text/plain
    multipart/related      only with images that the HTML names (RFC 2387)
      text/html
      image/…
  application/pdf, …
"""

import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import unquote

from mailgate.domain.attach import clean_file_name
from mailgate.domain.draft import Attachment, Draft
from mailgate.outbox.body import Body, entity_body, multipart, text_body
from mailgate.outbox.fields import ascii_domain, ascii_name, fold_words, parameters
from mailgate.outbox.pieces import FilePiece, Files

# RFC 2392 2, as HTML names an image: in quotes, or bare behind a sign or a bracket.
CID: Final = re.compile(
    r"""(?i)(?<=["'])cid:([^"'<>\r\n]{1,500})(?=["'])|(?<=[=(])cid:([^\s"'<>()]{1,500})"""
)
# What base64 may be laid over: no container (RFC 2045 6.4, RFC 2046 5.2), no text without its charset.
KIND: Final = re.compile(
    r"(?:image|audio|video|application|font)/[a-z0-9][a-z0-9.+-]{0,80}|"
    r"text/[a-z0-9][a-z0-9.+-]{0,40}; charset=[a-z0-9-]{1,20}"
)
OCTETS: Final = "application/octet-stream"
# What a file is called whose name says nothing.
NAMELESS: Final = "file"


def mail_body(draft: Draft, files: Files) -> Body:
    """Return the body of a mail; `files` finds the attachments that lie in the store."""
    if draft.mime:
        return entity_body(draft.mime)
    images, beside = _sorted(draft)
    text = text_body(draft.text, flow=True)
    body = multipart("alternative", [text, _html(draft, images, files)]) if draft.html else text
    return multipart("mixed", [body, *(_file(one, files) for one in beside)]) if beside else body


def _sorted(draft: Draft) -> tuple[dict[str, Attachment], list[Attachment]]:
    """Return the images that the HTML shows, by their cid, and the files; other images stay away."""
    named = named_images(draft.html) if draft.attachments else set()
    images: dict[str, Attachment] = {}
    for one in draft.attachments:
        if one.cid in named:
            images.setdefault(one.cid, one)
    return images, [one for one in draft.attachments if not one.cid]


def named_images(source: str) -> set[str]:
    """Return the images that HTML, or a text that becomes HTML, names by `cid:`."""
    return {_cid(found) for found in CID.finditer(source)}


def _cid(found: re.Match[str]) -> str:
    return unquote(html.unescape(found[1] or found[2]))


def _html(draft: Draft, images: dict[str, Attachment], files: Files) -> Body:
    if not images:
        return text_body(draft.html, "html")
    domain = ascii_domain(draft.from_address.rpartition("@")[2]) or "localhost"
    ids = {cid: f"{_digest(one)}@{domain}" for cid, one in images.items()}
    source = CID.sub(lambda found: _source(found, ids), draft.html)
    # The same octets under two names are one part: a Content-ID stands there once.
    shown = {ids[cid]: one for cid, one in reversed(images.items())}
    parts = [_image(one, content_id, files) for content_id, one in reversed(shown.items())]
    return multipart("related", [text_body(source, "html"), *parts], 'type="text/html";')


def _source(found: re.Match[str], ids: Mapping[str, str]) -> str:
    """Return what stands in the HTML for an image: its Content-ID, or as it was where there is none."""
    cid = _cid(found)
    return f"cid:{ids[cid]}" if cid in ids else found[0]


def _digest(one: Attachment) -> str:
    """Return a name for the same octets in every mail: RFC 2045 7 wants one for the whole world."""
    return (one.blob or hashlib.sha256(one.text.encode("utf-8", "replace")).hexdigest())[:32]


def _image(one: Attachment, content_id: str, files: Files) -> Body:
    part = _part(one, "inline", files)
    return Body(part.fields + fold_words("Content-ID", [f"<{content_id}>"]), part.pieces)


def _file(one: Attachment, files: Files) -> Body:
    return _part(one, "attachment", files)


def _part(one: Attachment, disposition: str, files: Files) -> Body:
    """Return a file as a part with its name (RFC 2183 2)."""
    name = clean_file_name(one.name) or NAMELESS
    place = _field("Content-Disposition", disposition, parameters("filename", name))
    if not one.blob:
        part = text_body(one.text, one.kind.partition("/")[2] or "plain")
        return Body(part.fields + place, part.pieces)
    kind = one.kind if KIND.fullmatch(one.kind) else OCTETS
    # Readers that know no RFC 2231 find a name here; beside `filename*` it would be a second `filename`.
    named = _field("Content-Type", kind, parameters("name", ascii_name(name)))
    encoding = b"Content-Transfer-Encoding: base64\r\n"
    return Body(named + encoding + place, (FilePiece(files(one.blob, one.size)),))


def _field(name: str, value: str, words: Sequence[str]) -> bytes:
    return fold_words(name, [*f"{value};".split(" "), *words])
