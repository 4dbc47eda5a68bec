"""Encoded words: what RFC 2047 says, what senders really write, and what stays raw."""

import pytest
from messagekit import header

from mailgate.domain.message.charsets import codec_for
from mailgate.domain.message.words import decode


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=", "Grüße aus Köln"),
        ("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?iso-8859-1?Q?a?= =?iso-8859-1?Q?b?=", "ab"),
        ("=?iso-8859-1?Q?a?=\t  =?utf-8?Q?b?=", "ab"),
        ("=?iso-8859-1?Q?a?= b =?utf-8?Q?c?=", "a b c"),
        ("=?iso-8859-1?Q?a_?= =?utf-8?Q?b?=", "a b"),
        ("x =?iso-8859-1?Q?a?= y", "x a y"),
        ("=?us-ascii*en?q?hello?=", "hello"),
        ("=?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=", "テスト"),
        ("=?gb2312?B?1tDOxA==?=", "中文"),
        ("=?koi8-r?B?0NLJ18XU?=", "привет"),
        ("=?windows-1252?Q?=80?=", "€"),
        ("=?iso-8859-1?Q?=80?=", "€"),
        ("(=?ISO-8859-1?Q?a?=)", "(a)"),
    ],
)
def test_words_are_decoded(raw, text):
    """The examples of RFC 2047 8 and common charsets come out as text, also where a label is too narrow."""
    assert decode(raw.encode()) == text


@pytest.mark.parametrize(
    "raw",
    [
        "=?nonsense-charset?q?abc?=",
        "=?utf-8?x?abc?=",
        "=?utf-8?b?@@@@?=",
        "=?utf-8?b?QQQQQ?=",
        "=?utf-8?q?abc",
        "=?utf-8?q?abc?",
        "=??q?abc?=",
        "=?utf-8??abc?=",
        "=?punycode?q?abc?=",
        "=?idna?q?abc?=",
        "=?unicode_escape?q?abc?=",
        "=?zip?b?eJw=?=",
        "=?" + "a" * 61 + "?q?x?=",
    ],
)
def test_invalid_words_stay_raw(raw):
    """Unknown charset or encoding, broken base64, no end: the word is shown as it stands."""
    assert decode(raw.encode()) == raw


def test_an_invalid_word_leaves_its_neighbours_alone():
    """Valid words around an invalid one are decoded, and the blanks around it stay."""
    assert decode(b"=?utf-8?q?a?= =?bad?q?b?= =?utf-8?q?c?=") == "a =?bad?q?b?= c"


def test_a_character_cut_between_two_words_is_put_together():
    """Octets of neighbours in the same charset are joined before they are decoded."""
    assert decode(b"=?utf-8?q?K=C3?=\r\n =?UTF-8?q?=B6ln?=") == "Köln"


def test_a_blank_inside_a_word_is_forgiven():
    """Against RFC 2047, and common."""
    assert decode(b"=?utf-8?q?two words?=") == "two words"


def test_padding_may_be_missing():
    """Base64 words without their padding are understood."""
    assert decode(b"=?utf-8?b?YQ?=") == "a"


def test_what_is_no_text_of_its_charset_is_replaced():
    """Octets that the charset doesn't have become U+FFFD."""
    assert decode(b"=?utf-8?q?a=FFb?=") == "a\ufffdb"


def test_line_ends_and_nul_within_words_become_blanks():
    """A word can't smuggle a line into whatever is made of the text."""
    assert decode(b"=?utf-8?q?a=0D=0ABcc:_x=00y?=") == "a  Bcc: x y"


def test_no_lone_surrogate_gets_out():
    """UTF-7 can express half a surrogate pair, which no store can keep."""
    decode(b"=?utf-7?q?+2AA-?=").encode("utf-8")


def test_a_value_over_the_cap_is_not_decoded():
    """64 KiB of one field are no subject: it stays as it stands."""
    raw = b"=?utf-8?q?a?= " * 5000
    assert decode(raw) == raw.decode()


def test_a_field_is_unfolded_trimmed_and_decoded():
    """`text` joins the three."""
    assert header("Subject", "  =?utf-8?q?a?=\r\n\t=?utf-8?q?b?=  \r\n c ").text("subject") == ["ab   c"]


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("UTF-8", "utf_8"), ("utf8", "utf_8"), ("us-ascii", "cp1252"), ("latin1", "cp1252"), ("x-sjis", "cp932"),
        ('"utf-8"', "utf_8"), ("ks_c_5601-1987", "cp949"), ("unicode-1-1-utf-7", "utf_7"), ("cp-850", "cp850"),
        ("utf-8 (comment)", "utf_8"), ("base64", None), ("rot13", None), ("", None), ("../x", None), ("\N{SNOWMAN}", None),
    ],
)  # fmt: skip
def test_labels_are_looked_up_in_our_own_list(label, codec):
    """Known labels find the codec that their users mean; everything else is unknown, whatever Python knows."""
    assert codec_for(label) == codec
