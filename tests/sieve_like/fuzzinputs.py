"""Inputs for the fuzz targets: random scripts and mails, and what becomes of them when octets are changed."""

from random import Random

from differential.cases import make_case
from differential.mails import make_mail
from fuzztargets import MARK, registry

# Octets that mean something to the language or to a mail, to be put anywhere.
PIECES = (
    b"(", b")", b"[", b"]", b"{", b"}", b";", b",", b'"', b"\\", b'\\"', b"${", b"}", b"${1}", b"${a.b}", b"${hex:c3 28}",
    b"*", b"?", b":matches", b":regex", b":index 1", b':count "ge"', b":mime", b"text:\n", b"\n.\n", b"..", b"/*", b"*/", b"#",
    b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"99999999999999999999K", b"if", b"elsif", b"else", b"not",
    b"anyof", b"foreverypart", b"break;", b"stop;", b"require", b"set", b"include", b"error", b"ihave", b"while",
    b"From: ", b"To: ", b"Content-Type: multipart/mixed; boundary=", b"--b\n", b"=?utf-8?q?=C3?=", b"<", b">", b"@", b":", b"\n ",
)  # fmt: skip


def script_and_mail(seed: int) -> bytes:
    """Return a valid script and a mail, made from a number."""
    case = make_case(seed, frozenset(registry().capabilities))
    return case.script.encode() + MARK + case.mail


def mail(seed: int) -> bytes:
    """Return a mail made from a number."""
    return make_mail(Random(seed)).octets()


def changed(octets: bytes, chance: Random, other: bytes = b"") -> bytes:
    """Return octets with a few changes: pieces put in, cut out, doubled, exchanged or taken from another input."""
    found = bytearray(octets)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        at = chance.randint(0, len(found))
        end = min(len(found), at + chance.choice((0, 1, 2, 8, 40)))
        match chance.randrange(6):
            case 0:
                found[at:end] = b""
            case 1:
                found[at:at] = found[at:end] * chance.choice((1, 2, 50))
            case 2:
                found[at:end] = bytes([chance.randrange(256)])
            case 3 if other:
                start = chance.randrange(len(other))
                found[at:end] = other[start : start + chance.choice((1, 5, 40))]
            case _:
                found[at:end] = chance.choice(PIECES)
    return bytes(found)


def inputs(target: str, seed: int) -> bytes:
    """Return an input for a target: one that is fine for one number in four, else a changed one."""
    chance = Random(seed)
    makers = {"fields": mail, "texts": mail}
    make = makers.get(target, script_and_mail)
    octets, other = make(chance.randrange(10**9)), make(chance.randrange(10**9))
    if target == "texts":
        octets = octets[: chance.randint(0, 200)]
    if target in {"lexer", "parser", "tools"}:
        octets = octets.partition(MARK)[0]
    return octets if chance.random() < 0.25 else changed(octets, chance, other)
