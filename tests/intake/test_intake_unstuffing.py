"""The octets of a mail: dots, the end, chunks of any size, and files (RFC 5321 4.1.1.4, 4.5.2)."""

import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailgate.errors import TooBig
from mailgate.intake.data import Spool, Unstuffer

END = b"\r\n.\r\n"
# Line ends, dots and little else: what an error would be about.
PIECES = st.sampled_from(
    [b"\r\n", b"\r", b"\n", b".", b"..", b"a", b"\0", b"\xff", b"\r\n.", b"\n.", b"\r.", b".\r\n"]
)
TEXT = st.lists(PIECES, max_size=30).map(b"".join)
SIZES = st.lists(st.integers(1, 7), min_size=1, max_size=20)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """Cut octets into chunks of these sizes, over and over."""
    chunks, at = [], 0
    while at < len(data):
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(data[at : at + size])
        at += size
    return chunks


def unstuff(chunks: list[bytes]) -> tuple[bytes, bytes | None]:
    """Return the content, and what stands behind the end (None: there was no end)."""
    reader, content = Unstuffer(), []
    for i, chunk in enumerate(chunks):
        pieces, rest = reader.feed(chunk)
        content += pieces
        if rest is not None:
            return b"".join(content), rest + b"".join(chunks[i + 1 :])
    return b"".join(content), None


def reference(wire: bytes) -> tuple[bytes, bytes | None]:
    """Say the same in the plainest way: split into lines at CRLF alone."""
    *lines, last = wire.split(b"\r\n")
    for i, line in enumerate(lines):
        if line == b".":
            content = b"".join(_bare(one) + b"\r\n" for one in lines[:i])
            return content, b"\r\n".join([*lines[i + 1 :], last])
    return b"".join(_bare(one) + b"\r\n" for one in lines) + _bare(last), None


def _bare(line: bytes) -> bytes:
    return line[1:] if line.startswith(b".") else line


def stuff(content: bytes) -> bytes:
    """Do what a client does: a dot before each line that begins with one, and the end."""
    lines = content.split(b"\r\n")
    text = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)
    return text + (b".\r\n" if content.endswith(b"\r\n") or not content else b"\r\n.\r\n")


@given(TEXT, SIZES)
@example(b"", [1])
@example(b".\r\n", [1])
@example(b"..\r\n.", [2])
def test_any_chunking_gives_the_same(text, sizes):
    """Content and what stands behind it do not depend on how the network cut the stream."""
    wire = text + END + b"MAIL FROM:<next@b.example>\r\n"
    content, rest = unstuff(cut(wire, sizes))
    assert (content, rest) == unstuff([wire]) == reference(wire)


@given(TEXT, SIZES)
def test_unfinished_mails_have_no_end(text, sizes):
    """Without CRLF.CRLF there is no end, and what was passed on so far is a part of the content."""
    content, rest = unstuff(cut(text, sizes))
    expected, end = reference(text)
    assert (rest is None) == (end is None)
    if end is None:
        assert expected.startswith(content)
        assert len(expected) - len(content) <= 3
    else:
        assert (content, rest) == (expected, end)


@given(st.one_of(TEXT, st.binary(max_size=60)), SIZES)
def test_what_was_stuffed_comes_out(content, sizes):
    """Whatever a client stuffs is stored octet by octet; a last line without its end gets one."""
    stored, rest = unstuff(cut(stuff(content), sizes))
    assert rest == b""
    assert stored == (content if content.endswith(b"\r\n") or not content else content + b"\r\n")


@pytest.mark.parametrize("before", [b"\r\n", b"\n", b"\r", b"\n\r", b"\r\r", b"\r\n\0", b"a"])
@pytest.mark.parametrize(
    "after", [b"\r\n", b"\n", b"\r", b"\n\r", b"\r\r\n", b" \r\n", b"\0\r\n", b".\r\n", b"a\r\n"]
)
def test_one_end_only(before, after):
    """Of all the line ends around a dot only CRLF on both sides ends a mail: nothing can be smuggled in behind others."""
    wire = b"text" + before + b"." + after + b"MAIL FROM:<evil@b.example>\r\n"
    _, rest = unstuff([wire])
    assert (rest is not None) == (before == after == b"\r\n")


def test_pieces_are_not_held_back(tmp_path):
    """What can be no part of the end is passed on at once, so that memory stays flat."""
    reader = Unstuffer()
    passed = 0
    for _ in range(100):
        pieces, _ = reader.feed(b"x" * 1000 + b"\r\n")
        passed += sum(map(len, pieces))
        assert len(reader._held) <= 4
    assert passed >= 100 * 1002 - 4


@given(st.lists(st.binary(max_size=40), max_size=10), st.integers(0, 100))
def test_memory_and_file_hold_the_same(tmp_path_factory, pieces, inline_max):
    """Small in memory, large in a file: size, digest and octets are those that came in."""
    path = tmp_path_factory.getbasetemp() / "spooled"
    spool = Spool(path.parent, path.name, inline_max=inline_max, limit=1000)
    for piece in pieces:
        spool.write(piece)
    octets, whole = spool.finish(), b"".join(pieces)
    assert (octets.size, octets.sha256) == (len(whole), hashlib.sha256(whole).digest())
    assert (octets.path is None) == (len(whole) <= inline_max)
    assert (octets.data if octets.path is None else path.read_bytes()) == whole
    path.unlink(missing_ok=True)


def test_too_much_leaves_nothing(tmp_path):
    """Above the limit the file goes at once, the rest is counted only, and the end says so."""
    spool = Spool(tmp_path, "f", inline_max=10, limit=100)
    spool.write(b"x" * 50)
    assert (tmp_path / "f").exists()
    spool.write(b"x" * 60)
    assert not (tmp_path / "f").exists()
    spool.write(b"x" * 1000)
    assert spool.size == 1110
    with pytest.raises(TooBig):
        spool.finish()


def test_the_limit_itself_is_allowed(tmp_path):
    """A mail of exactly the limit is taken."""
    spool = Spool(tmp_path, "f", inline_max=1000, limit=100)
    spool.write(b"x" * 100)
    assert spool.finish().size == 100
