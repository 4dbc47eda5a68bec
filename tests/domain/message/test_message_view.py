"""The view as a whole: any buffer, nothing copied, read by many at once."""

import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messagekit import KINDS, buffer_of, mail, read_everything, view

from mailgate.domain.message.buffer import WINDOW, Buffer
from mailgate.domain.message.defects import HOPELESS, Defect
from mailgate.domain.message.part import Part
from mailgate.domain.message.view import MessageView

SAMPLE = mail(
    "From: =?utf-8?q?M=C3=BCller?= <m@x.org>", "To: a@x.org, b@y.org", "Subject: Hi", "Message-ID: <1@x>",
    "Date: Tue, 24 Nov 2026 10:00:00 +0100", "References: <0@x>", 'Content-Type: multipart/mixed; boundary="b"', "",
    "--b", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", "Gr=C3=BC=C3=9Fe",
    "--b", "Content-Type: image/png", "Content-Disposition: attachment; filename=x.png",
    "Content-Transfer-Encoding: base64", "", "aGVsbG8=", "--b--",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_buffer_shows_the_same(kind):
    """Octets in memory and in a mapped file are one and the same mail."""
    buffer = buffer_of(SAMPLE, kind)
    assert read_everything(MessageView.parse(buffer)) == read_everything(MessageView.parse(SAMPLE))


def test_the_view_knows_size_and_octets():
    """What was given can be had back."""
    seen = MessageView.parse(SAMPLE)
    assert (seen.size, seen.octets, SAMPLE[seen.body_start :][:3]) == (len(SAMPLE), SAMPLE, b"--b")


def test_memory_of_other_shapes_is_read_as_octets():
    """A view of words, or one with gaps, is the octets it stands for."""
    words = memoryview(bytearray(b"A: b\r\n\r\nbody..")[:14] + bytearray(2)).cast("H")
    assert MessageView.parse(words).header("a") == [b"b"]
    assert MessageView.parse(memoryview(b"A-:- -b-\n-\n-")[::2]).header("a") == [b"b"]


def test_a_mapped_file_can_be_closed_after_reading():
    """Nothing that a view keeps holds the map, so the spool file can go."""
    buffer = buffer_of(SAMPLE, "mmap")
    seen = MessageView.parse(buffer)
    seen.prepare()
    read_everything(seen)
    buffer.close()
    assert (seen.subject, seen.main_text(100)) == ("Hi", "Grüße")


@pytest.mark.parametrize("kind", KINDS)
def test_no_body_is_copied_to_find_its_parts(kind):
    """Header and structure of 16 MiB take a small fraction of that in memory."""
    octets = mail(
        'Content-Type: multipart/mixed; boundary="bb"', "", "--bb", "", "x" * (16 * 1024 * 1024), "--bb--"
    )
    buffer = buffer_of(octets, kind)
    del octets
    tracemalloc.start()
    seen = MessageView.parse(buffer)
    assert (len(seen.root.children), seen.defects) == (1, ())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * WINDOW


def test_prepare_leaves_nothing_to_do():
    """Afterwards neither structure nor text costs a look at the octets."""
    seen = MessageView.parse(SAMPLE)
    seen.prepare()
    before = seen._buffer.searched
    seen.prepare()
    assert (seen.main_text(1000), len(seen.root.children), seen.defects) == ("Grüße", 2, ())
    assert seen._buffer.searched == before


def test_many_threads_see_the_same():
    """A view may be read by several threads at once, prepared or not."""
    expected = read_everything(MessageView.parse(SAMPLE))
    for prepared in (False, True):
        seen = MessageView.parse(SAMPLE)
        if prepared:
            seen.prepare()
        found, gate = [], threading.Barrier(8)

        def read(seen=seen, found=found, gate=gate):
            gate.wait()
            found.append(read_everything(seen))

        threads = [threading.Thread(target=read) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [expected] * 8


def test_what_is_worked_out_when_asked_for_is_documented():
    """A lazy attribute shows itself, with its text, on the class."""
    assert Part.filename.__doc__.startswith("Return the name")


def test_common_questions_have_short_forms():
    """Subject, first text, default."""
    seen = MessageView.parse(SAMPLE)
    assert (seen.subject, seen.first("FROM"), seen.first("x", "-")) == ("Hi", "Müller <m@x.org>", "-")


def test_every_hopeless_defect_is_a_defect_of_the_list():
    """What makes a mail unparsable is told by its name, and the names are lower-case words."""
    assert set(Defect) >= HOPELESS
    assert all(defect.value.replace("-", "").isalnum() and defect.value.islower() for defect in Defect)


def test_defects_come_in_the_order_of_the_list():
    """The same mail always tells the same, in the same order."""
    seen = view("A : b", "Subject: 1", "Subject: 2", "Content-Type: x", "no field")
    assert seen.defects == ("missing-separator", "space-before-colon", "duplicate-field", "bad-content-type")
    assert all(type(name) is str for name in seen.defects)


@given(st.binary(max_size=60), st.binary(min_size=1, max_size=4), st.integers(0, 70), st.integers(0, 70))
def test_search_finds_the_same_in_every_buffer(octets, needle, start, end):
    """Looking through a window finds what bytes.find finds."""
    end = min(end, len(octets))
    start = min(start, end)
    expected = octets.find(needle, start, end)
    assert Buffer(octets).find(needle, start, end) == expected
    assert Buffer(memoryview(octets)).find(needle, start, end) == expected


@pytest.mark.parametrize("place", [WINDOW - 3, WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW - 2])
def test_search_finds_what_lies_across_windows(place):
    """A needle on the edge of a window is not missed."""
    octets = bytearray(3 * WINDOW)
    octets[place : place + 4] = b"abcd"
    assert Buffer(octets).find(b"abcd", 0, len(octets)) == place
    assert Buffer(octets).find(b"abcd", 0, place + 3) == -1
