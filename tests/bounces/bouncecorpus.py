"""The corpus of bounces, machine answers and people's mail: our own, in the forms that programs document.

Each `forms-*.txt` holds forms that begin with `=== name | class | status | failure`; `{R}` stands for the
recipient and `{ID}` for the Message-ID of our mail. `people.txt` has names alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
OURS = "<t7.s1.aaaaaaaaaaaaaaaabbbbbbbb.cccccccccccccccccccc@mail.example.org>"
RECIPIENT = "bob@example.net"


@dataclass(frozen=True, slots=True)
class Form:
    """One form, and what is to be found in it; "" is what it does not say."""

    name: str
    mail_class: str
    status: str
    failure: str
    octets: bytes
    has_id: bool
    has_recipient: bool


def forms() -> Iterator[Form]:
    """Yield every form of a bounce or of an automatic answer."""
    for path in sorted(FOLDER.glob("forms-*.txt")):
        for head, text in _pieces(path):
            name, mail_class, status, failure = (word.strip() for word in head.split("|"))
            yield Form(
                name,
                mail_class,
                "" if status == "-" else status,
                "" if failure == "-" else failure,
                _mail(text, name),
                "{ID}" in text,
                "{R}" in text,
            )


def people() -> Iterator[tuple[str, bytes]]:
    """Yield what people write, by name."""
    for head, text in _pieces(FOLDER / "people.txt"):
        yield head.strip(), _mail(text, head.strip())


def _pieces(path: Path) -> Iterator[tuple[str, str]]:
    for piece in path.read_text("utf-8").split("=== ")[1:]:
        head, _, text = piece.partition("\n")
        yield head, text


def _mail(text: str, name: str) -> bytes:
    """Return a mail as it is on the wire, with what each has."""
    common = (
        f"Date: Tue, 1 Jul 2025 12:00:00 +0200\nMessage-ID: <{name}@there.example>\nTo: support@example.org\n"
    )
    if "Content-Type: multipart/" in text.partition("\n\n")[0]:
        common += "MIME-Version: 1.0\n"
    whole = common + text.replace("{R}", RECIPIENT).replace("{ID}", OURS)
    return whole.replace("\n", "\r\n").encode("utf-8")


def with_return_path(octets: bytes, path: str) -> bytes:
    """Return a mail as an archive keeps it: with the envelope in Return-Path."""
    return f"Return-Path: <{path}>\r\n".encode() + octets
