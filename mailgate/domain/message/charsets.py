"""From octets to text: charsets by a closed list, wrong labels put right, and never a failure.

Labels come from strangers. A label is looked up in our own table and never handed to the codec machinery:
that would try to import a module of that name, and some of its codecs (punycode, idna) are not linear.
"""

import re
from encodings.aliases import aliases
from typing import Final

_ALLOWED: Final = frozenset(
    (
        "ascii", "latin_1", "iso8859_2", "iso8859_3", "iso8859_4", "iso8859_5", "iso8859_6", "iso8859_7",
        "iso8859_8", "iso8859_9", "iso8859_10", "iso8859_11", "iso8859_13", "iso8859_14", "iso8859_15",
        "iso8859_16", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
        "cp1258", "cp437", "cp720", "cp737", "cp775", "cp850", "cp852", "cp855", "cp857", "cp858", "cp860",
        "cp861", "cp862", "cp863", "cp864", "cp865", "cp866", "cp869", "cp874", "koi8_r", "koi8_u",
        "koi8_t", "kz1048", "ptcp154", "tis_620", "mac_roman", "mac_cyrillic", "mac_greek", "mac_iceland",
        "mac_latin2", "mac_turkish", "utf_8", "utf_8_sig", "utf_7", "utf_16", "utf_16_le", "utf_16_be",
        "utf_32", "utf_32_le", "utf_32_be", "gb2312", "gbk", "gb18030", "hz", "big5", "big5hkscs", "cp950",
        "euc_jp", "euc_jisx0213", "euc_jis_2004", "shift_jis", "shift_jisx0213", "shift_jis_2004", "cp932",
        "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_3", "iso2022_jp_ext",
        "euc_kr", "cp949", "johab", "iso2022_kr",
    )
)  # fmt: skip

# What a label says and what its users mean: the larger set of the same family (as the WHATWG table has it,
# which mail readers follow), and names that Python does not know.
_MEANT: Final = {
    "ascii": "cp1252",
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf_8_sig": "utf_8",
}
_OTHER_NAMES: Final = {
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-6-i": "iso8859_6",
    "iso-8859-6-e": "iso8859_6",
    "iso-8859-8-e": "iso8859_8",
    "gb-2312": "gb18030",
    "gb2312-80": "gb18030",
    "ks-c-5601-1987": "cp949",
    "ksc5601": "cp949",
    "unicode-1-1-utf-8": "utf_8",
    "unicode-1-1-utf-7": "utf_7",
    "utf-8mb4": "utf_8",
    "utf-8-mac": "utf_8",
    "utf": "utf_8",
    "unicode": "utf_8",
    "ansi": "cp1252",
    "ansi-x3.110-1983": "cp1252",
    "dos-874": "cp874",
    "sjis-win": "cp932",
    "windows-31j": "cp932",
    "windows-949": "cp949",
    "cp-850": "cp850",
    "mac": "mac_roman",
    "macintosh": "mac_roman",
}


def _table() -> dict[str, str]:
    names = {alias: codec for alias, codec in aliases.items() if codec in _ALLOWED}
    names.update({codec: codec for codec in _ALLOWED})
    table = {name.replace("_", "-"): _MEANT.get(codec, codec) for name, codec in names.items()}
    return table | _OTHER_NAMES


_CODECS: Final = _table()
# A comment or stray quotes may stand around a label; no real one is longer than this.
_LABEL: Final = re.compile(r"[\s\"']{0,8}([A-Za-z0-9_.:+-]{1,60})")


def codec_for(label: str) -> str | None:
    """Return the codec that a label means, or None for a label that is on no list."""
    match = _LABEL.match(label)
    if match is None:
        return None
    name = match[1].lower().replace("_", "-")
    return _CODECS.get(name) or _CODECS.get(name.removeprefix("x-"))


def decode_header_octets(octets: bytes) -> str:
    """Return octets without a label as text: UTF-8 (RFC 6532 3.1), else windows-1252."""
    if octets.isascii():
        return octets.decode("ascii")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_western(octets)


def decode_as(octets: bytes, codec: str) -> tuple[str, bool]:
    """Return octets as text and whether they were what the codec says; the text is fit for every store.

    A codec of the western family stands for a label that is often put on UTF-8 by programs that know no
    better (us-ascii), so there UTF-8 is told by `decode_labelled`. What can't be decoded becomes U+FFFD.
    """
    if codec == "cp1252":
        return _decode_western(octets), True
    try:
        return _sane(octets.decode(codec), codec), True
    except UnicodeDecodeError:
        return _sane(octets.decode(codec, "replace"), codec), False


def decode_labelled(octets: bytes, label: str) -> tuple[str, bool, bool]:
    """Return the text of octets labelled so, whether the label is known, and whether the octets obeyed it."""
    codec = codec_for(label)
    if codec is None or "ascii" in label.lower():
        # RFC 2045 5.2 makes us-ascii the default, so the label says nothing about octets that aren't.
        return decode_header_octets(octets), codec is not None, octets.isascii() or codec is None
    text, good = decode_as(octets, codec)
    return text, True, good


def _decode_western(octets: bytes) -> str:
    """Return windows-1252; its five undefined octets are taken from latin-1, so that nothing is lost."""
    try:
        return octets.decode("cp1252")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _sane(text: str, codec: str) -> str:
    """Return text without lone surrogates, which only UTF-7 lets pass and no store can keep."""
    if codec != "utf_7":
        return text.removeprefix("\ufeff")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
