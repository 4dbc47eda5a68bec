"""One folding for what is looked for and what is looked in: case, accents, umlauts, endings.

A text becomes a row of words in small letters; two words find each other when they come out the same.
What is kept in the database and what a person types go through the same function; the rules stand here once:

1. Compatibility forms are undone (NFKC) and case is folded: `ß` is `ss`, `ﬁ` is `fi`.
2. Accents fall: `é` is `e`, and `ä ö ü` are `a o u`; `ø œ æ ł đ` are `o o a l d`.
3. `ae oe ue` are `a o u` too, so that Müller, Mueller and Muller are one; but not behind a vowel or a `q`
   (neue, Steuer, Quelle), not at the end of a word (value), and not in the words of `SPELLED_SO`.
4. German and English endings fall, over and over: `s` (not `ss`), `e`, `en`, `er`, `n` after `l` or `r`;
   `ies` is `y`. At least three letters stay, four before `er`. So Rechnung finds Rechnungen, Haus Häuser
   and Hauses, box finds boxes; but Müller finds Müll too, and Fischer finds Fisch.
5. A word with a digit in it keeps its ending. A character of a script without spaces is a word by itself.

What comes out is no word of any language and is never shown.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

# Longer "words" are encoded data, and nobody looks for them.
LONGEST: Final = 64
# As much of one mail is looked in; what stands behind is quoted text, logs and lists.
TEXT_LENGTH: Final = 40_000

# Words in which ae, oe or ue is no umlaut and that would else become another word.
SPELLED_SO: Final = frozenset(
    """aerial does duel duels duell duelle duellen fuel fuels goes guess guest guests heroes poem poems poet
    poeten poets shoes suez toes tuesday""".split()  # noqa: SIM905  read as a text
)
# Letters that have no accent to lose.
_LETTERS: Final = str.maketrans(
    {"ø": "o", "œ": "o", "æ": "a", "ł": "l", "đ": "d", "\u0131": "i", "ð": "d", "þ": "th"}
)
_ACCENTS: Final = re.compile("[\u0300-\u036f]+")
# Hiragana and Katakana, ideographs, Thai and its neighbours: scripts that set no spaces.
_SPACELESS: Final = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"
_WORDS: Final = re.compile(rf"[{_SPACELESS}]|(?:(?![{_SPACELESS}])[^\W_])+")
# The vowels before which ae, oe, ue belong to something else; `ge` and `be` are prefixes (geaendert, beuebt).
_UMLAUT: Final = re.compile("(?:(?<![aeiouyq])|(?<=ge)|(?<=^be))([aou])e(?=.)")
_LEAST: Final = 3
_LEAST_ER: Final = 4


def fold_words(text: str) -> list[str]:
    """Return the words of a text, folded, in their order; the first `TEXT_LENGTH` characters count."""
    return [_word(one) for one in _WORDS.findall(plain(text[:TEXT_LENGTH]))]


def fold_text(text: str) -> str:
    """Return the folded words of a text with single spaces between them: what the index is given."""
    return " ".join(fold_words(text))


def plain(text: str) -> str:
    """Return a text without case, accents and compatibility forms (rules 1 and 2)."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    joined = unicodedata.normalize("NFKC", _ACCENTS.sub("", apart))
    return joined.casefold().translate(_LETTERS)


@lru_cache(maxsize=65536)
def _word(word: str) -> str:
    """Return one plain word as it is compared (rules 3 to 5)."""
    word = word[:LONGEST]
    if not word.isalpha():
        return word
    if word not in SPELLED_SO:
        word = _UMLAUT.sub(r"\1", word)
    return _without_ending(word)


def _without_ending(word: str) -> str:
    while (shorter := _shorter(word)) != word:
        word = shorter
    return word


def _shorter(word: str) -> str:
    size = len(word)
    if word.endswith("ies") and size > _LEAST + 1:
        return word[:-3] + "y"
    if word.endswith(("en", "er")):
        least = _LEAST if word[-1] == "n" else _LEAST_ER
        return word[:-2] if size - 2 >= least else word
    ending = word.endswith(("e", "ln", "rn")) or (word[-1] == "s" and word[-2:] != "ss")
    return word[:-1] if ending and size - 1 >= _LEAST else word
