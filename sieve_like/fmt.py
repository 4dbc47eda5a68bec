"""Scripts in one layout: meaning and comments stay, blanks and line breaks are chosen anew.

The commands of a block are indented by four blanks, one a line; what does not fit into the width is broken at
lists of strings, lists of tests and arguments; words and tags are written small. Texts keep their lines. A
comment stays behind or above what it stands behind or above; of several blank lines one stays.

The outcome is parsed again: a layout that would change the meaning or lose a comment is refused, not written.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sieve_like.errors import CompileErrors, Diagnostics
from sieve_like.layout import HARD, LONE, MAYBE, SPACE, Break, Group, Nest, Piece, Verbatim, lay_out
from sieve_like.lexer import MARK, TOKENS
from sieve_like.limits import Limits
from sieve_like.parser import parse
from sieve_like.syntax import CommandNode, ListNode, NumberNode, StringNode, TagNode, TestNode

WIDTH: Final = 100
COMMENTS: Final = ("hash", "comment")
# A line that is not longer than this up to its last place for a break is not broken at any usual depth.
NEVER_BROKEN: Final = 60
FOLLOWERS: Final = ("elsif", "else")
CARRIAGE: Final = re.compile(r"\r\n?")
LINE_END: Final = re.compile(r"[ \t]*\n")


class FormatError(Exception):
    """A script that is left as it is; the text says why."""


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment: whether a line or an empty one ends before it, whether a line ends behind it."""

    text: str
    own_line: bool
    blank_before: bool
    ends_line: bool


@dataclass(frozen=True, slots=True)
class Word:
    """One token as it is written, with the comments between the one before and this one."""

    kind: str
    text: str
    comments: tuple[Comment, ...]
    blank_before: bool


def format_script(
    source: bytes,
    *,
    name: str = "script",
    limits: Limits = Limits(),  # noqa: B008 - frozen, as in compile_script
    width: int = WIDTH,
) -> bytes:
    """Return a script in the layout; its line ends stay those of its first line.

    Raises CompileErrors for a script that can't be parsed, FormatError for one that is no UTF-8.
    """
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError("the script is not valid UTF-8") from None
    tree = _parsed(source, name, limits)
    words = list(_words(CARRIAGE.sub("\n", text.removeprefix(MARK))))
    piece = _Layout(words).script()
    laid = lay_out(piece, width).strip("\n")
    laid = f"{laid}\n" if laid else ""
    _compare(tree, words, laid, name, limits)
    return (laid.replace("\n", "\r\n") if "\r\n" in text.partition("\n")[0] + "\n" else laid).encode("utf-8")


def _parsed(source: bytes | str, name: str, limits: Limits) -> tuple[CommandNode, ...]:
    diagnostics = Diagnostics()
    tree = parse(source, limits, diagnostics)
    if diagnostics.errors:
        raise CompileErrors(name, diagnostics.ordered())
    return tree


def _compare(
    tree: Sequence[CommandNode], words: Sequence[Word], laid: str, name: str, limits: Limits
) -> None:
    """Refuse a layout with another meaning or other comments."""
    after = [comment.text for word in _words(laid) for comment in word.comments]
    if [comment.text for word in words for comment in word.comments] != after:
        raise FormatError("a comment would be lost")
    try:
        same = shape(_parsed(laid, name, limits)) == shape(tree)
    except CompileErrors:
        same = False
    if not same:
        raise FormatError("the layout would change its meaning")


Shape = tuple[object, ...]


def shape(nodes: Sequence[CommandNode] | Sequence[TestNode]) -> Shape:
    """Return a syntax tree without its places: equal for scripts of one meaning."""
    return tuple(_shape(node) for node in nodes)


def _shape(node: CommandNode | TestNode) -> Shape:
    arguments = tuple(_argument_shape(one) for one in node.arguments)
    block = shape(node.block) if isinstance(node, CommandNode) and node.block is not None else None
    return (node.name, arguments, shape(node.tests), node.listed, block)


def _argument_shape(node: StringNode | ListNode | NumberNode | TagNode) -> Shape:
    match node:
        case ListNode(items=items):
            return ("list", *(item.value for item in items))
        case TagNode(name=name):
            return ("tag", name)
        case StringNode(value=text):
            return ("string", text)
        case NumberNode(value=number):
            return ("number", number)


# --- words -------------------------------------------------------------------------------------


def _words(text: str) -> Iterator[Word]:
    """Yield all tokens of a text that can be parsed, at last an empty one with the comments at the end."""
    comments: list[Comment] = []
    between = "\n"  # what stands between the last token or comment and the next one
    for found in TOKENS.finditer(text):
        kind, raw = found.lastgroup or "", found[0]
        if kind == "blank":
            between += raw
            continue
        own_line, blank = "\n" in between, between.count("\n") > 1
        between = ""
        if kind in COMMENTS:
            ends = raw.endswith("\n") or LINE_END.match(text, found.end()) is not None
            between = "\n" if raw.endswith("\n") else ""
            shown = raw.rstrip() if kind == "hash" else raw
            comments.append(Comment(shown, own_line, blank, ends))
            continue
        between = "\n" if kind == "multiline" else ""
        yield Word(kind, _written(kind, raw), tuple(comments), blank)
        comments = []
    yield Word("end", "", tuple(comments), blank_before=False)


def _written(kind: str, raw: str) -> str:
    match kind:
        case "identifier" | "tag":
            return raw.lower()
        case "number":
            return raw.upper()
        case "multiline":
            return raw.removesuffix("\n")
        case _:
            return raw


# --- layout ------------------------------------------------------------------------------------


def _leading(word: Word) -> tuple[list[Piece], bool]:
    """Return the comments before a word inside a command, and whether a line must end behind them."""
    pieces: list[Piece] = []
    for comment in word.comments:
        pieces += [HARD if comment.own_line else " ", " " if _is_trailing(comment) else "", _piece(comment)]
    return pieces, bool(word.comments) and word.comments[-1].ends_line


def _is_trailing(comment: Comment) -> bool:
    """Whether a comment stands behind something, up to the end of its line: two blanks stand before it."""
    return comment.text.startswith("#") and not comment.own_line


def _piece(comment: Comment) -> Piece:
    return Verbatim(comment.text)


def _place(chunk: Piece, *, first: bool) -> Break:
    """Return the place before some arguments; the first ones stay beside the name where they can."""
    return LONE if first else Break(lone=True, whole=chunk)


class _Layout:
    """Reads words as the grammar has them (RFC 5228 8.2) and says how they may be broken."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words, self._at = words, 0

    @property
    def _word(self) -> Word:
        return self._words[self._at]

    def _next(self) -> Word:
        self._at += 1
        return self._words[self._at - 1]

    def _is(self, *texts: str) -> bool:
        return self._word.kind == "punctuation" and self._word.text in texts

    def script(self) -> Piece:
        """Return the whole script."""
        return [self._commands(), self._above(self._word, closing=True)]

    def _commands(self) -> Piece:
        pieces: list[Piece] = []
        block_before = False
        while self._word.kind == "identifier":
            if block_before and self._word.text in FOLLOWERS:
                pieces.append(self._between(self._word, " "))
            else:
                pieces += self._above(self._word, first=not pieces)
            command, block_before = self._command()
            pieces.append(command)
        return pieces

    def _above(self, word: Word, *, first: bool = False, closing: bool = False) -> list[Piece]:
        """Return the comments before a command and the line break before it.

        Where a block or the script ends (`closing`), only the comments: they belong to what ends there.
        """
        pieces: list[Piece] = []
        for comment in word.comments:
            if comment.own_line:
                empty = comment.blank_before and not (first and not pieces)
                pieces += [HARD, HARD if empty else ""]
            else:
                pieces += [" ", " " if _is_trailing(comment) else ""]
            pieces.append(_piece(comment))
        if closing:
            return pieces
        if word.comments and word.comments[-1].own_line and not word.comments[-1].ends_line:
            return [*pieces, " "]
        empty = word.blank_before and not (first and not pieces)
        return [*pieces, HARD, HARD if empty else ""]

    def _between(self, word: Word, usual: Piece) -> Piece:
        """Return what stands before a word inside a command: the comments, else the usual blank or break."""
        pieces, broken = _leading(word)
        return [*pieces, HARD if broken else " "] if pieces else usual

    def _closing(self, usual: Piece) -> Piece:
        """Return a closing bracket with the comments before it, which belong to what is inside."""
        word = self._next()
        pieces, broken = _leading(word)
        return [Nest(pieces), HARD if broken else usual, word.text]

    def _command(self) -> tuple[Piece, bool]:
        """Return a command, and whether it ends with a block."""
        head = self._test()
        if self._is(";"):
            return [head, self._between(self._word, ""), self._next().text], False
        opening = [head, self._between(self._word, " "), self._next().text]
        inside = Nest([self._commands(), self._above(self._word, closing=True)])
        return [*opening, inside, HARD, self._next().text], True

    def _arguments(self, start: int) -> Piece:
        """Return the arguments behind a name of so many characters."""
        chunks: list[tuple[Word, list[Piece]]] = []  # what is not parted: a tag with its value and lists
        after_tag = False
        reach = 0  # how far the line goes up to the last place where it may be broken
        while self._word.kind in {"tag", "number", "string", "multiline"} or self._is("["):
            word, first = self._word, self._at
            # A tag keeps its value; a list can be broken inside, and a text begins on any line.
            glued = (after_tag and word.kind != "tag") or word.kind == "multiline" or self._is("[")
            if chunks and glued:
                chunks[-1][1].append(Nest(self._between(word, " ")))
            else:
                chunks.append((word, []))
            piece = self._list() if self._is("[") else self._plain()
            # The lines of a list begin one level below the line on which it opens.
            chunks[-1][1].append(Nest(piece) if reach > NEVER_BROKEN else piece)
            start += 1 + sum(len(one.text) + 1 for one in self._words[first : self._at])
            reach = reach if glued else start
            after_tag = word.kind == "tag"
        return [
            [Nest(self._between(word, _place(chunk, first=not number))), chunk]
            for number, (word, chunk) in enumerate(chunks)
        ]

    def _plain(self) -> Piece:
        word = self._next()
        return Verbatim(word.text, closed=word.kind == "multiline")

    def _list(self) -> Piece:
        """Return a list of strings: on one line, or indented, as many on a line as fit."""
        opening = self._next().text
        pieces: list[Piece] = []
        while not self._is("]"):
            if self._is(","):
                pieces += [self._between(self._word, ""), self._next().text]
            pieces += [self._between(self._word, LONE if pieces else MAYBE), self._plain()]
        return Group([opening, Nest(pieces), self._closing(MAYBE)])

    def _tests(self) -> Piece:
        """Return the test or the list of tests of a command or test, nothing where there is none."""
        if self._word.kind == "identifier":
            return [self._between(self._word, " "), self._test()]
        if not self._is("("):
            return ""
        opening = [self._between(self._word, " "), self._next().text]
        pieces: list[Piece] = []
        while not self._is(")"):
            if self._is(","):
                pieces += [self._between(self._word, ""), self._next().text]
            pieces += [self._between(self._word, SPACE if pieces else MAYBE), self._test()]
        return Group([*opening, Nest(pieces), self._closing(MAYBE)])

    def _test(self) -> Piece:
        """Return name, arguments and tests, of a test or of a command alike."""
        name = self._next().text
        return [name, self._arguments(len(name)), self._tests()]
