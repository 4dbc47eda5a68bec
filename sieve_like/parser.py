"""Tokens to the syntax tree (RFC 5228 8.2), with recovery: one pass finds all errors; never raises.

An error ends the smallest construct that it is in: the parser goes to the end of that list, command or block
and reads on, so that what follows is checked too. Where a construct ends too early, the one around it is
ended in the same way. That is how established engines do it, so that the number of errors is theirs.
"""

from collections.abc import Iterator
from typing import Final

from sieve_like.errors import Diagnostics, Span
from sieve_like.lexer import Lexer, Token, TokenKind
from sieve_like.limits import Limits
from sieve_like.syntax import Argument, CommandNode, ListNode, NumberNode, StringNode, TagNode, TestNode

# Constructs from small to large. The end of one is looked for up to where a larger one begins or ends.
RANKS: Final = {"[": 0, "]": 0, "(": 1, ")": 1, ";": 2, "{": 3, "}": 3}
OPENINGS: Final = {"]": "[", ")": "(", "}": "{"}
STRAY: Final = {"}": "'}' closes a block that was never opened", ";": "a semicolon without a command"}


class _LostError(Exception):
    """The construct can't be read on; the one around it looks for its own end."""


class _OverError(Exception):
    """The command can't be read on, nor can anything behind it in this block."""


def parse(source: bytes | str, limits: Limits, diagnostics: Diagnostics) -> tuple[CommandNode, ...]:
    """Return the commands of a script as far as they can be understood; complaints go to `diagnostics`."""
    return _Parser(Lexer(source, limits, diagnostics).tokens(), limits, diagnostics).script()


class _Parser:
    def __init__(self, tokens: Iterator[Token], limits: Limits, diagnostics: Diagnostics) -> None:
        self._tokens, self._limits, self._diagnostics = tokens, limits, diagnostics
        self._nodes, self._strings = limits.nodes, limits.strings  # how many more there may be
        self._failed = False  # whether the grammar was violated; a strange character alone does not count
        self._token = next(tokens)
        self._before = self._token  # the one before this one
        self._complain()

    def _next(self) -> Token:
        token = self._token
        if token.kind is not TokenKind.END:
            self._before = token
            self._token = next(self._tokens)
            self._complain()
        return token

    def _complain(self) -> None:
        """Report what is wrong with the token itself; of a row of strange characters the first one."""
        token = self._token
        if token.kind is TokenKind.ERROR:
            self._diagnostics.error(token.span, token.text)
        elif token.kind is TokenKind.STRANGE:
            before, place = self._before, (token.span.line, token.span.column)
            row = before.kind is TokenKind.STRANGE and (before.span.end_line, before.span.end_column) == place
            if not row:
                self._diagnostics.error(token.span, f"unexpected character {_readable(token.text)}")

    def _count(self, *, nodes: int = 0, strings: int = 0) -> None:
        """Take from what there may be; a script with too much ends here."""
        self._nodes -= nodes
        self._strings -= strings
        if self._nodes == -1 or self._strings == -1:
            what = f"{self._limits.nodes} commands and tests" if nodes else f"{self._limits.strings} strings"
            self._diagnostics.error(self._token.span, f"the script has more than {what}")
            self._tokens = iter((Token(TokenKind.END, "", self._token.span),))
            self._next()

    def _has(self, kind: TokenKind) -> bool:
        return self._token.kind is kind

    def _is(self, punctuation: str) -> bool:
        return self._token.kind is TokenKind.PUNCTUATION and self._token.text == punctuation

    def _error(self, message: str, span: Span | None = None) -> None:
        """Report an error, unless the token itself is one and was reported."""
        self._failed = True
        if self._nodes < 0 or self._strings < 0:
            return  # the rest is not read, so it is not wrong either
        if not self._has(TokenKind.ERROR):
            self._diagnostics.error(span or self._token.span, message)

    def _seek(self, end: str) -> bool:
        """Go to the end of a construct; False where there is none before a larger one begins or ends."""
        level, opening, rank = 1, OPENINGS.get(end, ""), RANKS[end]
        while not self._has(TokenKind.END):
            text = self._token.text if self._has(TokenKind.PUNCTUATION) else ""
            if RANKS.get(text, -1) > rank:
                break
            if text:
                level += (text == opening) - (text == end)
            if level == 0:
                return True
            self._next()
        # A command may end with a block as well.
        return end == ";" and self._is("{")

    def _recover(self, end: str) -> None:
        if not self._seek(end):
            raise _LostError

    # --- commands -------------------------------------------------------------------------------------------

    def script(self) -> tuple[CommandNode, ...]:
        """Read all commands; behind what can't begin one, the next name that does is looked for."""
        commands: list[CommandNode] = []
        while True:
            self._further_commands(commands)
            if self._has(TokenKind.END):
                return tuple(commands)
            # Established engines stop here, and say so if they found nothing else to say.
            self._diagnostics.further = self._diagnostics.further or self._failed
            self._error(STRAY.get(self._token.text, f"expected a command, found {self._token.shown()}"))
            self._diagnostics.further = True
            self._next()
            while not self._has(TokenKind.END) and not self._has(TokenKind.IDENTIFIER):
                self._next()

    def _further_commands(self, commands: list[CommandNode]) -> None:
        try:
            self._commands(commands, 1)
        except (_LostError, _OverError):
            self._diagnostics.further = True

    def _commands(self, commands: list[CommandNode], depth: int) -> None:
        """Read commands as long as there are names."""
        while self._has(TokenKind.IDENTIFIER):
            self._command(commands, depth)

    def _command(self, commands: list[CommandNode], depth: int) -> None:
        name = self._next()
        self._count(nodes=1)
        arguments: list[Argument] = []
        tests: list[TestNode] = []
        listed = broken = False
        try:
            listed = self._arguments(name, arguments, tests, 1)
            if not (self._is(";") or self._is("{")):
                self._missing_end(name)
        except _LostError:
            broken = True
            if not self._seek(";"):
                commands.append(CommandNode(name.text, name.span, broken=True))
                raise
        block: tuple[CommandNode, ...] | None = None
        if self._is("{"):
            block = self._block(depth)
        else:
            self._next()
        node = CommandNode(name.text, name.span, tuple(arguments), tuple(tests), listed, block, broken)
        commands.append(node)

    def _missing_end(self, name: Token) -> None:
        before = self._before.span
        place = Span(before.end_line, before.end_column, before.end_line, before.end_column + 1)
        found = self._token.shown()
        self._error(f"expected ';' or '{{' after the command '{name.text}', found {found}", place)
        raise _LostError

    def _block(self, depth: int) -> tuple[CommandNode, ...]:
        """Read a block in braces; one that is nested too deeply is skipped, not read."""
        opening = self._next()
        commands: list[CommandNode] = []
        if depth + 1 > self._limits.nesting:
            self._error(f"blocks are nested deeper than {self._limits.nesting} levels", opening.span)
            self._recover("}")
            self._next()
            return ()
        try:
            self._commands(commands, depth + 1)
        except _LostError:
            self._recover("}")
        if self._is("}"):
            self._next()
        else:
            self._error("the block that opens here is not closed by '}'", opening.span)
            self._recover("}")  # the brace is left to the block around this one
        return tuple(commands)

    # --- arguments ------------------------------------------------------------------------------------------

    def _arguments(self, name: Token, arguments: list[Argument], tests: list[TestNode], depth: int) -> bool:
        """Read arguments and what tests follow them; return whether those stand in parentheses."""
        while True:
            match self._token.kind:
                case TokenKind.STRING:
                    arguments.append(self._string())
                case TokenKind.TAG:
                    token = self._next()
                    arguments.append(TagNode(token.text, token.span))
                case TokenKind.NUMBER:
                    token = self._next()
                    arguments.append(NumberNode(token.number, token.span))
                case TokenKind.PUNCTUATION if self._token.text == "[":
                    arguments.append(self._list())
                case _:
                    return self._tests(tests, name, depth)
            if len(arguments) > self._limits.arguments:
                self._error(f"'{name.text}' has more than {self._limits.arguments} arguments", name.span)
                raise _LostError

    def _string(self) -> StringNode:
        token = self._next()
        self._count(strings=1)
        return StringNode(token.text, token.span)

    def _list(self) -> ListNode:
        """Read a list of strings (RFC 5228 2.4.2.1)."""
        opening = self._next()
        items: list[StringNode] = []
        if self._has(TokenKind.STRING):
            items.append(self._string())
            while self._is(","):
                self._next()
                if not self._has(TokenKind.STRING):
                    self._error(f"expected a string after ',', found {self._token.shown()}")
                    self._seek("]")
                    break
                items.append(self._string())
        else:
            empty = self._is("]")
            what = "a list needs at least one string" if empty else "expected a string after '['"
            self._error(what if empty else f"{what}, found {self._token.shown()}", opening.span)
            self._seek("]")
        if not self._is("]"):
            self._error(f"expected ',' or ']' in the list, found {self._token.shown()}")
            self._recover("]")
        return ListNode(tuple(items), opening.span.to(self._next().span))

    # --- tests ----------------------------------------------------------------------------------------------

    def _tests(self, tests: list[TestNode], owner: Token, depth: int) -> bool:
        """Read one test, or a list of tests in parentheses, or nothing; return whether it is a list."""
        if self._has(TokenKind.IDENTIFIER):
            if depth + 1 > self._limits.nesting:
                self._error(f"tests are nested deeper than {self._limits.nesting} levels")
                raise _LostError
            try:
                tests.append(self._test(depth + 1))
            except _OverError:
                raise _LostError from None
            return False
        if not self._is("("):
            return False
        opening = self._next()
        if depth + 1 > self._limits.nesting:
            self._error(f"tests are nested deeper than {self._limits.nesting} levels", opening.span)
            self._recover(")")
            self._next()
        else:
            self._listed_tests(tests, opening, owner, depth + 1)
        return True

    def _listed_tests(self, tests: list[TestNode], opening: Token, owner: Token, depth: int) -> None:
        if self._has(TokenKind.IDENTIFIER):
            self._row_of_tests(tests, depth)
        else:
            empty = self._is(")")
            what = "a list of tests needs at least one test" if empty else "expected a test after '('"
            self._error(what if empty else f"{what}, found {self._token.shown()}", opening.span)
            self._seek(")")
        lost = False
        if not self._is(")"):
            self._error(f"expected ',' or ')' in the list of tests, found {self._token.shown()}")
            lost = not self._seek(")")
        if not lost:
            self._next()
        if not tests:
            self._error(f"'{owner.text}' can't be read without a test", owner.span)
            raise _OverError
        if lost:
            raise _LostError

    def _row_of_tests(self, tests: list[TestNode], depth: int) -> None:
        try:
            tests.append(self._test(depth))
            while self._is(","):
                self._next()
                if not self._has(TokenKind.IDENTIFIER):
                    self._error(f"expected a test after ',', found {self._token.shown()}")
                    self._seek(")")
                    break
                tests.append(self._test(depth))
        except _LostError:
            self._seek(")")

    def _test(self, depth: int) -> TestNode:
        name = self._next()
        self._count(nodes=1)
        arguments: list[Argument] = []
        tests: list[TestNode] = []
        listed = self._arguments(name, arguments, tests, depth)
        return TestNode(name.text, name.span, tuple(arguments), tuple(tests), listed)


def _readable(character: str) -> str:
    """Return a character that no word begins with as messages show it."""
    if character == "\0":
        return "NUL"
    return repr(character) if character.isprintable() else f"U+{ord(character):04X}"
