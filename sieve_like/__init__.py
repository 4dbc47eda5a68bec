"""A strict superset of Sieve (RFC 5228): lexer, parser, compiler, interpreter.

Knows nothing of mailgate, does no I/O.
"""
