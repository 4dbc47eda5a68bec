"""What the tests of the message view share: mails by their pieces, and the same octets in every kind of buffer."""

import mmap
import tempfile

from mailgate.domain.message.view import MessageView

KINDS = ("bytes", "bytearray", "memoryview", "mmap")


def mail(*lines: str | bytes, end: bytes = b"\r\n") -> bytes:
    """Return a mail of these lines, each ended by `end`."""
    return b"".join((line.encode() if isinstance(line, str) else line) + end for line in lines)


def view(*lines: str | bytes) -> MessageView:
    """Return the view of a mail of these lines."""
    return MessageView.parse(mail(*lines))


def header(name: str, value: str | bytes) -> MessageView:
    """Return the view of a mail with one field."""
    return view(name.encode() + b": " + (value.encode() if isinstance(value, str) else value), "", "body")


def buffer_of(octets: bytes, kind: str):
    """Return octets in one kind of buffer; an empty file can't be mapped, so that case stays bytes."""
    match kind:
        case "bytearray":
            return bytearray(octets)
        case "memoryview":
            return memoryview(octets)
        case "mmap" if octets:
            with tempfile.TemporaryFile() as file:
                file.write(octets)
                file.flush()
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return octets


def read_everything(seen: MessageView) -> tuple:
    """Ask a view for all it has, as one comparable value."""
    parts = tuple(
        (
            part.content_type, tuple(sorted(part.params.items())), part.charset, part.disposition, part.filename,
            part.encoding, part.boundary, part.header("subject") and tuple(part.text("subject")), part.start, part.end,
            part.body_start, bytes(part.raw_body()), part.decoded(), part.decoded_text(), part.preamble, part.epilogue,
        )
        for part in seen.root.walk()
    )  # fmt: skip
    names = sorted({one.lower for one in seen.headers})
    fields = tuple(
        (name, tuple(seen.header(name)), tuple(seen.text(name)), tuple(seen.addresses(name)))
        for name in names
    )
    texts = (seen.main_text(1000), seen.main_text(10), len(seen.attachments()))
    one = (
        seen.subject,
        seen.date,
        seen.message_id,
        seen.references,
        seen.in_reply_to,
        seen.size,
        seen.body_start,
    )
    return parts, fields, texts, one, tuple(seen.headers), seen.unparsable, seen.defects


def texts_of(seen: MessageView) -> list[str]:
    """Return every string that a view can hand out."""
    found = [seen.subject, seen.message_id, *seen.references, seen.main_text(1000), *seen.defects]
    for field in seen.headers:
        found += [field.name, *seen.text(field.name)]
        for address in seen.addresses(field.name):
            found += [address.name, address.local, address.domain, address.address, address.raw]
    for part in seen.root.walk():
        found += [part.content_type, part.charset, part.filename, part.disposition, part.encoding]
        found += [*part.params, *part.params.values(), part.decoded_text(), part.decoded_text(20)]
    return found
