"""Tokens to the syntax tree (RFC 5228 8.2), with recovery: one pass finds all errors; never raises.

After an error the parser goes on behind the next semicolon or block, so that what follows is checked too.
"""

from typing import Final

from sieve_like.errors import Diagnostics, Span
from sieve_like.lexer import Lexer, Token, TokenKind
from sieve_like.limits import Limits
from sieve_like.syntax import Argument, CommandNode, ListNode, NumberNode, StringNode, TagNode, TestNode

ARGUMENT_STARTS: Final = (TokenKind.STRING, TokenKind.NUMBER, TokenKind.TAG)


def parse(source: bytes | str, limits: Limits, diagnostics: Diagnostics) -> tuple[CommandNode, ...]:
    """Return the commands of a script as far as they can be understood; complaints go to `diagnostics`."""
    return _Parser(list(Lexer(source, limits, diagnostics).tokens()), limits, diagnostics).script()


class _Parser:
    def __init__(self, tokens: list[Token], limits: Limits, diagnostics: Diagnostics) -> None:
        self._tokens, self._limits, self._diagnostics = tokens, limits, diagnostics
        self._at = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._token
        if token.kind is not TokenKind.END:
            self._at += 1
        return token

    def _has(self, kind: TokenKind) -> bool:
        return self._token.kind is kind

    def _is(self, punctuation: str) -> bool:
        return self._has(TokenKind.PUNCTUATION) and self._token.text == punctuation

    def _error(self, message: str, span: Span | None = None) -> None:
        self._diagnostics.error(span or self._token.span, message)

    # --- commands -------------------------------------------------------------------------------------------

    def script(self) -> tuple[CommandNode, ...]:
        """Read all commands; a closing brace too many is an error and is skipped."""
        commands: list[CommandNode] = []
        while True:
            commands += self._commands(0)
            if self._has(TokenKind.END):
                return tuple(commands)
            self._error("'}' closes a block that was never opened")
            self._next()

    def _commands(self, depth: int) -> list[CommandNode]:
        """Read commands up to a closing brace or the end."""
        commands: list[CommandNode] = []
        while not self._has(TokenKind.END) and not self._is("}"):
            if self._has(TokenKind.IDENTIFIER):
                commands.append(self._command(depth))
            elif self._is(";"):
                self._error("a semicolon without a command")
                self._next()
            else:
                self._error(f"expected a command, found {self._token.shown()}")
                self._skip(depth)
        return commands

    def _command(self, depth: int) -> CommandNode:
        name = self._next()
        arguments = self._arguments()
        listed = self._is("(")
        tests = self._tests(0)
        block: tuple[CommandNode, ...] | None = None
        if self._is(";"):
            self._next()
        elif self._is("{"):
            block = self._block(depth)
        else:
            self._missing_end(name)
            block = self._skip(depth)
        return CommandNode(name.text, name.span, arguments, tests, listed, block)

    def _missing_end(self, name: Token) -> None:
        before = self._tokens[self._at - 1].span
        place = Span(before.end_line, before.end_column, before.end_line, before.end_column + 1)
        self._error(
            f"expected ';' or '{{' after the command '{name.text}', found {self._token.shown()}", place
        )

    def _block(self, depth: int) -> tuple[CommandNode, ...]:
        """Read a block in braces; one that is nested too deeply is skipped, not read."""
        opening = self._next()
        if depth + 1 >= self._limits.nesting:
            self._error(f"blocks are nested deeper than {self._limits.nesting} levels", opening.span)
            self._skip_balanced()
            return ()
        commands = self._commands(depth + 1)
        if self._is("}"):
            self._next()
        else:
            self._error("the block that opens here is not closed by '}'", opening.span)
        return tuple(commands)

    def _skip(self, depth: int) -> tuple[CommandNode, ...] | None:
        """Go behind the next semicolon or read the next block; stop before what likely is a command."""
        line = self._tokens[self._at - 1].span.end_line if self._at else 0
        while not self._has(TokenKind.END) and not self._is("}"):
            if self._is("{"):
                return self._block(depth)
            if self._is(";"):
                self._next()
                return None
            # A name at the start of a later line begins the next command: the semicolon was forgotten.
            if self._has(TokenKind.IDENTIFIER) and self._token.span.line > line:
                return None
            self._next()
        return None

    def _skip_balanced(self) -> None:
        level = 1
        while level and not self._has(TokenKind.END):
            level += self._is("{") - self._is("}")
            self._next()

    # --- arguments ------------------------------------------------------------------------------------------

    def _arguments(self) -> tuple[Argument, ...]:
        arguments: list[Argument] = []
        while self._token.kind in ARGUMENT_STARTS or self._is("["):
            arguments.append(self._list() if self._is("[") else _plain(self._next()))
        return tuple(arguments)

    def _list(self) -> ListNode:
        """Read a list of strings (RFC 5228 2.4.2.1); what does not belong into it ends it."""
        opening = self._next()
        items: list[StringNode] = []
        while self._has(TokenKind.STRING):
            token = self._next()
            items.append(StringNode(token.text, token.span))
            if not self._is(","):
                break
            self._next()
            if not self._has(TokenKind.STRING):
                self._error(f"expected a string after ',', found {self._token.shown()}")
        if self._is("]"):
            end = self._next().span
            if not items:
                self._error("a list needs at least one string", opening.span.to(end))
            return ListNode(tuple(items), opening.span.to(end))
        self._error(f"expected ',' or ']' in the list, found {self._token.shown()}")
        while self._has(TokenKind.STRING) or self._is(",") or self._is("]"):
            if self._next().text == "]":
                break
        return ListNode(tuple(items), opening.span)

    # --- tests ----------------------------------------------------------------------------------------------

    def _tests(self, depth: int) -> tuple[TestNode, ...]:
        """Read one test, or a list of tests in parentheses, or nothing."""
        if self._has(TokenKind.IDENTIFIER):
            return (self._test(depth),)
        if not self._is("("):
            return ()
        opening = self._next()
        if depth + 1 >= self._limits.nesting:
            self._error(f"tests are nested deeper than {self._limits.nesting} levels", opening.span)
            self._skip_parentheses()
            return ()
        return tuple(self._listed_tests(opening, depth + 1))

    def _listed_tests(self, opening: Token, depth: int) -> list[TestNode]:
        tests: list[TestNode] = []
        while self._has(TokenKind.IDENTIFIER):
            tests.append(self._test(depth))
            if not self._is(","):
                break
            self._next()
            if not self._has(TokenKind.IDENTIFIER):
                self._error(f"expected a test after ',', found {self._token.shown()}")
        if self._is(")"):
            if not tests:
                self._error("a list of tests needs at least one test", opening.span)
            self._next()
        else:
            self._error(f"expected ',' or ')' in the list of tests, found {self._token.shown()}")
            self._skip_to_parenthesis()
        return tests

    def _test(self, depth: int) -> TestNode:
        name = self._next()
        arguments = self._arguments()
        listed = self._is("(")
        if depth + 1 >= self._limits.nesting and self._has(TokenKind.IDENTIFIER):
            self._error(f"tests are nested deeper than {self._limits.nesting} levels")
            while self._has(TokenKind.IDENTIFIER):
                self._next()
                self._arguments()
            return TestNode(name.text, name.span, arguments)
        return TestNode(name.text, name.span, arguments, self._tests(depth + 1), listed)

    def _skip_parentheses(self) -> None:
        level = 1
        while level and not self._has(TokenKind.END) and not (self._is("{") or self._is(";")):
            level += self._is("(") - self._is(")")
            self._next()

    def _skip_to_parenthesis(self) -> None:
        """Go behind the closing parenthesis of this list, if there is one before a block or a semicolon."""
        start = self._at
        self._skip_parentheses()
        if not (self._at and self._tokens[self._at - 1].text == ")"):
            self._at = start


def _plain(token: Token) -> Argument:
    match token.kind:
        case TokenKind.NUMBER:
            return NumberNode(token.number, token.span)
        case TokenKind.TAG:
            return TagNode(token.text, token.span)
        case _:
            return StringNode(token.text, token.span)
