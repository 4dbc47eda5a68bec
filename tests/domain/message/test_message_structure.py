"""The tree of parts: boundaries, nesting, and everything about them that readers disagree on."""

import pytest
from messagekit import mail, view

from mailgate.domain.message.view import MessageView


def tree(part) -> object:
    """Return a part as type and body, or type and children."""
    if part.children:
        return part.content_type, [tree(child) for child in part.children]
    return part.content_type, bytes(part.raw_body())


def multipart(*lines: str, boundary: str = "b", subtype: str = "mixed", end: bytes = b"\r\n") -> MessageView:
    """Return the view of a multipart with these lines as its body."""
    return MessageView.parse(
        mail(f'Content-Type: multipart/{subtype}; boundary="{boundary}"', "", *lines, end=end)
    )


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_parts_are_found_between_boundaries(end):
    """The line end before a boundary belongs to it; preamble and epilogue are no parts."""
    seen = multipart(
        "pre", "--b", "", "one", "--b", "Content-Type: text/html", "", "two", "", "--b--", "post", end=end
    )
    assert tree(seen.root) == ("multipart/mixed", [("text/plain", b"one"), ("text/html", b"two" + end)])
    assert (seen.root.preamble, seen.root.epilogue) == (b"pre", b"post" + end)
    assert seen.defects == ()


def test_a_boundary_may_be_followed_by_blanks():
    """RFC 2046 5.1.1: transport padding."""
    assert tree(multipart("--b \t", "", "x", "--b-- ").root) == ("multipart/mixed", [("text/plain", b"x")])


def test_a_longer_line_is_no_boundary():
    """Only the whole line counts, so boundaries may begin alike."""
    seen = multipart("--b", "", "--bc", "--b-", "--b--x", "--b--")
    assert tree(seen.root)[1] == [("text/plain", b"--bc\r\n--b-\r\n--b--x")]


def test_a_boundary_within_a_line_is_none():
    """It begins a line or it is text."""
    assert tree(multipart("--b", "", "x --b", "--b--").root)[1] == [("text/plain", b"x --b")]


def test_boundaries_that_follow_each_other_enclose_nothing():
    """No part without even a blank line."""
    assert tree(multipart("--b", "--b", "", "x", "--b--").root)[1] == [("text/plain", b"x")]


def test_a_boundary_in_the_first_line_of_the_body_counts():
    """There is no preamble to need."""
    assert multipart("--b", "", "x", "--b--").root.preamble == b""


def test_a_header_that_a_boundary_ends_is_understood():
    """Without the blank line the boundary still begins the body."""
    seen = view("Content-Type: multipart/mixed; boundary=b", "--b", "", "x", "--b--")
    assert tree(seen.root)[1] == [("text/plain", b"x")]
    assert seen.defects == ("missing-separator",)


def test_a_part_without_header_is_plain_text():
    """RFC 2046 5.1: the default."""
    assert multipart("--b", "", "x", "--b--").root.children[0].content_type == "text/plain"


def test_a_part_of_a_digest_is_a_mail():
    """RFC 2046 5.1.5: the default there."""
    seen = multipart("--b", "", "Subject: x", "", "y", "--b--", subtype="digest")
    assert tree(seen.root)[1] == [("message/rfc822", [("text/plain", b"y")])]


def test_multiparts_nest():
    """The inner one is found within the span of the outer part."""
    seen = multipart(
        "--b", "Content-Type: multipart/alternative; boundary=c", "", "--c", "", "1", "--c", "", "2", "--c--",
        "--b", "", "3", "--b--",
    )  # fmt: skip
    assert tree(seen.root)[1] == [
        ("multipart/alternative", [("text/plain", b"1"), ("text/plain", b"2")]),
        ("text/plain", b"3"),
    ]


def test_an_outer_boundary_ends_an_inner_part():
    """RFC 2046 5.1.2, although the inner one was never closed; that is noted."""
    seen = multipart(
        "--b", "Content-Type: multipart/mixed; boundary=c", "", "--c", "", "1", "--b", "", "2", "--b--"
    )
    assert tree(seen.root)[1] == [("multipart/mixed", [("text/plain", b"1")]), ("text/plain", b"2")]
    assert seen.defects == ("boundary-unterminated",)


def test_an_attached_mail_is_a_child():
    """message/rfc822 holds one part with a header of its own."""
    seen = multipart("--b", "Content-Type: message/rfc822", "", "Subject: inner", "", "y", "--b--")
    inner = seen.root.children[0].children[0]
    assert (inner.text("subject"), bytes(inner.raw_body())) == (["inner"], b"y")


def test_an_encoded_mail_is_a_leaf():
    """RFC 2045 6.4 forbids it; there are no offsets into it."""
    seen = view(
        "Content-Type: message/rfc822", "Content-Transfer-Encoding: base64", "", "U3ViamVjdDogeAoKeQ=="
    )
    assert (seen.root.children, seen.root.decoded()) == ((), b"Subject: x\n\ny")
    assert seen.defects == ("encoded-container",)


def test_an_encoded_multipart_is_read_as_it_stands():
    """RFC 2045 6.4: its encoding means nothing, and is noted."""
    seen = view(
        "Content-Type: multipart/mixed; boundary=b",
        "Content-Transfer-Encoding: base64",
        "",
        "--b",
        "",
        "x",
        "--b--",
    )
    assert tree(seen.root)[1] == [("text/plain", b"x")]
    assert seen.defects == ("encoded-container",)


def test_a_report_of_delivery_is_a_leaf():
    """message/delivery-status is fields, not a mail."""
    assert view("Content-Type: message/delivery-status", "", "Status: 5.1.1").root.children == ()


@pytest.mark.parametrize(
    ("lines", "defect"),
    [
        (("Content-Type: multipart/mixed", "", "x"), "boundary-missing"),
        (('Content-Type: multipart/mixed; boundary=""', "", "x"), "boundary-missing"),
        (("Content-Type: multipart/mixed; boundary=b", "", "x"), "boundary-not-found"),
        (("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "x"), "boundary-unterminated"),
        (("Content-Type: multipart/mixed; boundary=b; boundary=c", "", "--b--"), "duplicate-parameter"),
        (("Content-Type: text/plain", "Content-type: text/html", "", "x"), "duplicate-content-type"),
        (
            ("Content-Transfer-Encoding: 7bit", "Content-Transfer-Encoding: base64", "", "x"),
            "duplicate-transfer-encoding",
        ),
        (
            ("Content-Disposition: inline", "Content-Disposition: attachment", "", "x"),
            "duplicate-disposition",
        ),
        (("Content-Disposition: attachment; filename=a; filename=b", "", "x"), "duplicate-parameter"),
        (("Content-Type: text", "", "x"), "bad-content-type"),
    ],
)
def test_what_readers_disagree_on_is_noted(lines, defect):
    """Each ambiguity of the mail itself has its name."""
    assert view(*lines).defects == (defect,)


def test_ambiguity_in_a_part_is_noted():
    """So has one within a part."""
    seen = multipart("--b", "Content-Type: text/plain", "Content-Type: text/html", "", "x", "--b--")
    assert seen.defects == ("duplicate-content-type",)
    assert seen.root.children[0].content_type == "text/plain"


@pytest.mark.parametrize("inner", ["b", "bb"])
def test_boundaries_that_can_be_confused_are_noted(inner):
    """An inner boundary that is, or begins with, an outer one is read differently by readers that look at prefixes."""
    seen = multipart(
        "--b", f"Content-Type: multipart/mixed; boundary={inner}", "", "--bb", "", "x", "--bb--", "--b--"
    )
    assert "boundary-conflict" in seen.defects


def test_a_broken_multipart_keeps_its_body():
    """Without a boundary the body is still there to be read."""
    seen = view("Content-Type: multipart/mixed", "", "all there is")
    assert (bytes(seen.root.raw_body()), seen.main_text(100)) == (b"all there is\r\n", "all there is")


def test_parts_are_walked_in_the_order_of_the_mail():
    """A part comes before what it holds, and that before its next neighbour."""
    seen = multipart(
        "--b",
        "Content-Type: multipart/mixed; boundary=c",
        "",
        "--c",
        "X: 1",
        "",
        "--c--",
        "--b",
        "X: 2",
        "",
        "--b--",
    )
    assert [part.header("x") for part in seen.root.walk()] == [[], [], [b"1"], [b"2"]]


def test_a_long_boundary_works():
    """RFC 2046 allows 70 characters; senders don't count."""
    seen = multipart("--" + "x" * 500, "", "y", "--" + "x" * 500 + "--", boundary="x" * 500)
    assert tree(seen.root)[1] == [("text/plain", b"y")]


def test_a_boundary_of_rfc_2231_pieces_works():
    """Parameters may be cut, the boundary too."""
    seen = view(
        'Content-Type: multipart/mixed; boundary*0="a"; boundary*1="b"', "", "--ab", "", "x", "--ab--"
    )
    assert tree(seen.root)[1] == [("text/plain", b"x")]


def test_a_boundary_of_8bit_octets_works():
    """Octets are compared with octets."""
    octets = b'Content-Type: multipart/mixed; boundary="\xfc"\r\n\r\n--\xfc\r\n\r\nx\r\n--\xfc--\r\n'
    assert tree(MessageView.parse(octets).root)[1] == [("text/plain", b"x")]


def test_nothing_is_looked_for_until_parts_are_asked_for():
    """Reading the header doesn't read the body."""
    seen = multipart("--b", "", "x", "--b--")
    assert (seen.subject, seen.root.content_type) == ("", "multipart/mixed")
    assert seen._buffer.searched == 0
    assert len(seen.root.children) == 1
    assert seen._buffer.searched > 0
