"""Names of mailboxes in scripts."""

UNKNOWN = "\ufffd"
BREAKS = frozenset("\r\n\0")


def complain_about_mailbox(value: str | int) -> str:
    """Return what is wrong with the name of a mailbox, "" if nothing is.

    The store decides on what it means.
    """
    name = str(value)
    if not name:
        return "the name of a mailbox is empty"
    if UNKNOWN in name or any("\ud800" <= c <= "\udfff" for c in name):
        return "the name of a mailbox must be valid UTF-8"
    if not BREAKS.isdisjoint(name):
        return "the name of a mailbox holds a line end or a NUL"
    return ""
