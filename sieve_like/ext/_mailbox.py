"""Names of mailboxes in scripts."""

UNKNOWN = "\ufffd"


def complain_about_mailbox(value: str | int) -> str:
    """Return what is wrong with the name of a mailbox, "" if nothing is; the store decides on what it means."""
    name = str(value)
    if not name:
        return "the name of a mailbox is empty"
    if UNKNOWN in name or any("\ud800" <= c <= "\udfff" for c in name):
        return "the name of a mailbox must be valid UTF-8"
    if any(c < " " or c == "\x7f" for c in name):
        return "the name of a mailbox holds a control character"
    return ""
