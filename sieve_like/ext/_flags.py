"""IMAP flags in scripts (RFC 5232): lists of them, and texts that hold several with blanks between."""

from collections.abc import Iterable

# RFC 3501 9, flag: those that a client may set; \Recent is the server's.
SYSTEM = frozenset({"\\answered", "\\flagged", "\\deleted", "\\seen", "\\draft"})
# RFC 3501 9, atom-specials; "]" is no danger in a flag, and established engines let it pass.
SPECIALS = frozenset('(){%*"\\\x7f')


def valid_flag(flag: str) -> bool:
    """Whether a word may be a flag: a system flag, or a keyword that is an atom."""
    if flag.startswith("\\"):
        return flag.lower() in SYSTEM
    return bool(flag) and flag.isascii() and SPECIALS.isdisjoint(flag) and all(c > " " for c in flag)


def words(texts: Iterable[str]) -> list[str]:
    """Return the single words of texts: blanks separate them (RFC 5232 2)."""
    return [word for text in texts for word in text.split(" ") if word]


def flags_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the valid flags of texts, each once whatever its case (RFC 5232 2)."""
    found: dict[str, str] = {}
    for word in words(texts):
        if valid_flag(word):
            found.setdefault(word.lower(), word)
    return tuple(found.values())


def added(flags: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    """Return flags with more behind them, none twice."""
    return flags_of((*flags, *more))


def removed(flags: tuple[str, ...], less: Iterable[str]) -> tuple[str, ...]:
    """Return flags without those that are named."""
    gone = {word.lower() for word in words(less)}
    return tuple(flag for flag in flags if flag.lower() not in gone)


def fitting(flags: tuple[str, ...], octets: int) -> tuple[str, ...]:
    """Return as many flags as fit into so many octets with blanks between, never part of one."""
    size = -1
    for number, flag in enumerate(flags):
        size += 1 + len(flag.encode("utf-8", "surrogateescape"))
        if size > octets:
            return flags[:number]
    return flags


def first_invalid(texts: Iterable[str]) -> str:
    """Return the first word that is no flag, "" where all are."""
    return next((word for word in words(texts) if not valid_flag(word)), "")
