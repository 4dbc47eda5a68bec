"""Random tests, one function for each; `a_test` writes any that both engines have."""

from collections.abc import Callable

from differential.writing import Writer, quote

ADDRESS_FIELDS = ("From", "To", "Cc", "Sender", "Reply-To", "Bcc", "Resent-To")
DATE_PARTS = (
    "year", "month", "day", "date", "julian", "hour", "minute", "second", "time", "iso8601", "std11", "zone", "weekday",
)  # fmt: skip
STEADY_PARTS = ("year", "month", "zone")  # what two runs of one second see alike
ENVIRONMENT = ("phase", "location", "x-none", "vnd.dovecot.username", "host")


def part(w: Writer) -> str:
    """Return an address part."""
    parts = ["", ":all", ":localpart", ":domain"]
    if w.has("subaddress") and w.odds(0.3):
        w.need("subaddress")
        parts = [":user", ":detail"]
    return w.chance.choice(parts)


def index(w: Writer, tags: str = "") -> str:
    """Return an index, mostly none; Pigeonhole counts nothing where :index stands beside :count."""
    if not w.has("index") or ":count" in tags or not w.odds(0.15):
        return ""
    w.need("index")
    return f":index {w.pick('1', '2', '3')}" + w.pick("", " :last")


def header(w: Writer) -> str:
    """Return a test of header fields."""
    tags, keys = w.matching()
    return (
        f"header{tags}{w.tags(index(w, tags), _mime(w))} {w.strings(w.header_names('Content-Type'))} {keys}"
    )


def _mime(w: Writer) -> str:
    """Return the tags of RFC 5703, mostly none."""
    if not w.has("mime") or not w.odds(0.12 if not w.loops else 0.5):
        return ""
    w.need("mime")
    more = w.pick(
        "", "", " :type", " :subtype", " :contenttype", ' :param "charset"', ' :param ["name", "filename"]'
    )
    return ":mime" + w.pick("", " :anychild") + more


def exists(w: Writer) -> str:
    """Return a test of what fields there are."""
    return f"exists{_plain_mime(w)} {w.strings(w.header_names())}"


def _plain_mime(w: Writer) -> str:
    if not w.has("mime") or not w.odds(0.1):
        return ""
    w.need("mime")
    return " :mime" + w.pick("", " :anychild")


def address(w: Writer) -> str:
    """Return a test of addresses."""
    tags, keys = w.matching()
    names = w.chance.choices(ADDRESS_FIELDS, k=w.chance.choice((1, 1, 2)))
    return f"address{w.tags(part(w), index(w, tags), _plain_mime(w).strip())}{tags} {w.strings(names)} {keys}"


def envelope(w: Writer) -> str:
    """Return a test of the envelope."""
    w.need("envelope")
    tags, keys = w.matching()
    parts = w.chance.choice((["from"], ["to"], ["TO"], ["from", "to"]))
    if w.odds(0.4):
        keys = w.strings(
            [w.pick("alice@example.com", "bob+tickets@example.org", "tickets", "bob", "example.org", "")]
        )
    return f"envelope{w.tags(part(w))}{tags} {w.strings(parts)} {keys}"


def size(w: Writer) -> str:
    """Return a test of the size."""
    exact = len(w.mail.octets()) + w.mail.octets().count(b"\n")  # the engine counts CRLF
    number = w.pick("1", "1K", "300", "1M", str(exact), str(exact - 1), str(exact + 1))
    return f"size {w.pick(':over', ':under')} {number}"


def string(w: Writer) -> str:
    """Return a test of strings with variables."""
    w.need("variables")
    # Pigeonhole compares strings as octets unless told otherwise (RFC 5228 2.7.3 says i;ascii-casemap).
    tags, keys = w.matching(default=False)
    values = [
        f"${{{w.chance.choice([*w.variables, 'none'])}}}" if w.odds(0.7) else w.text()
        for _ in range(w.chance.choice((1, 1, 2)))
    ]
    return f"string{tags} {w.strings(values)} {keys}"


def body(w: Writer) -> str:
    """Return a test of the body."""
    w.need("body")
    tags, keys = w.matching()
    types = w.pick(
        '"text"',
        '"text/plain"',
        '""',
        '"message/rfc822"',
        '"multipart"',
        '["text/html", "application"]',
        '"text/"',
    )
    how = w.pick("", ":raw", ":text", f":content {types}")
    if w.odds(0.6):
        keys = w.strings([w.pick("hello", "World", "caf", "prologue", "Content-Type", "big", "inner", "--b")])
        tags = w.pick(" :contains", " :contains", ' :contains :comparator "i;octet"')
    return f"body{w.tags(how)}{tags} {keys}"


def date(w: Writer) -> str:
    """Return a test of a date in the mail."""
    w.need("date")
    tags, keys = w.matching(count=False)
    zone = w.pick("", ":originalzone", ':zone "+0530"', ':zone "-0800"', ':zone "+0000"')
    if w.odds(0.5):
        keys, tags = '"*"', " :matches"
    name = w.pick('"date"', '"Date"', '"received"', '"x-absent"', '"subject"')
    # Pigeonhole forgets an :index that stands before the zone.
    return f"date{w.tags(zone)}{w.tags(index(w, tags))}{tags} {name} {quote(w.pick(*DATE_PARTS))} {keys}"


def currentdate(w: Writer) -> str:
    """Return a test of the time of the run; only what does not change from second to second."""
    w.need("date")
    zone = w.pick("", ':zone "+0000"', ':zone "+0100"')
    return f"currentdate{w.tags(zone)} :matches {quote(w.pick(*STEADY_PARTS))} {w.pick(quote('*'), quote('20*'), quote('?'))}"


def environment(w: Writer) -> str:
    """Return a test of the environment, of items that both engines know alike."""
    w.need("environment")
    tags, keys = w.matching()
    return f"environment{tags} {quote(w.pick(*ENVIRONMENT[:3]))} {w.pick(keys, quote('post'), quote('MDA'))}"


def hasflag(w: Writer) -> str:
    """Return a test of flags."""
    w.need("imap4flags")
    tags, keys = w.matching()
    # Pigeonhole takes a key with blanks for several flags with :is, :contains and :count only.
    listed = not any(tag in tags for tag in (":matches", ":value", ":regex"))
    if w.odds(0.6) or not listed:
        keys = w.strings([w.pick("\\Seen", "\\seen", "$Junk", "a", "b A" if listed else "b*")])
    variables = f"{quote(w.chance.choice(w.variables))} " if w.variables and w.odds(0.4) else ""
    if variables:
        w.need("variables")
    return f"hasflag{tags} {variables}{keys}"


def duplicate(w: Writer) -> str:
    """Return a test for duplicates; the oracle remembers nothing from run to run."""
    w.need("duplicate")
    key = w.pick("", "", ':header "X-A"', f":uniqueid {quote(w.word())}", ':header "Message-ID"')
    return f"duplicate{w.tags(key, w.pick('', ':handle ' + quote(w.word())), w.pick('', ':seconds 100'), w.pick('', ':last'))}"


def mailboxexists(w: Writer) -> str:
    """Return a test for mailboxes; there is only INBOX."""
    w.need("mailbox")
    return f"mailboxexists {w.strings([w.pick('INBOX', 'Nowhere', 'A.B')])}"


def spamtest(w: Writer) -> str:
    """Return a test of the spam score."""
    w.need("relational", f"comparator-{'i;ascii-numeric'}")
    plus = w.has("spamtestplus") and w.odds(0.4)
    w.need("spamtestplus" if plus else "spamtest")
    match = f":value {quote(w.pick('gt', 'ge', 'lt', 'eq'))}"
    if w.odds(0.2):
        match = f":count {quote(w.pick('gt', 'eq'))}"
    tags = w.tags(match, ':comparator "i;ascii-numeric"', ":percent" if plus and w.odds(0.8) else "")
    return f"spamtest{tags} {quote(w.pick('0', '1', '3', '5', '10', '50', '100'))}"


def virustest(w: Writer) -> str:
    """Return a test of the virus score."""
    w.need("virustest", "relational", "comparator-i;ascii-numeric")
    return f"virustest{w.tags(':value ' + quote(w.pick('gt', 'eq', 'le')), ':comparator ' + quote('i;ascii-numeric'))} {quote(w.pick('0', '1', '3', '5'))}"


def ihave(w: Writer) -> str:
    """Return a test for capabilities."""
    w.need("ihave")
    return f"ihave {quote(w.pick('fileinto', 'nosuch', 'variables', 'envelope', 'body'))}"


def valid_notify_method(w: Writer) -> str:
    """Return a test for notification methods."""
    w.need("enotify")
    return f"valid_notify_method {w.strings([w.pick('mailto:a@example.org', 'nosuch:x', 'mailto:', 'mailto:a@example.org?subject=x')])}"


def notify_method_capability(w: Writer) -> str:
    """Return a test of what a method can."""
    w.need("enotify")
    return f'notify_method_capability "mailto:a@example.org" "online" {w.strings([w.pick("maybe", "yes", "no")])}'


def metadata(w: Writer) -> str:
    """Return a test of annotations; the oracle's mailboxes have none."""
    w.need("mboxmetadata")
    tags, keys = w.matching()
    if w.odds(0.3):
        return f'metadataexists "INBOX" {w.strings(["/private/comment"])}'
    return f'metadata{tags} "INBOX" "/private/comment" {keys}'


def servermetadata(w: Writer) -> str:
    """Return a test of the server's annotations."""
    w.need("servermetadata")
    tags, keys = w.matching()
    if w.odds(0.3):
        return f"servermetadataexists {w.strings(['/private/comment'])}"
    return f'servermetadata{tags} "/private/comment" {keys}'


def specialuse(w: Writer) -> str:
    """Return a test for mailboxes of a special use."""
    w.need("special-use")
    use = quote(w.pick("\\Junk", "\\Sent"))
    return f"specialuse_exists {w.pick('', quote('INBOX') + ' ')}{use}"


TESTS: tuple[tuple[Callable[[Writer], str], tuple[str, ...], int], ...] = (
    (header, (), 8), (exists, (), 2), (address, (), 6), (envelope, ("envelope",), 3), (size, (), 1),
    (string, ("variables",), 3), (body, ("body",), 3), (date, ("date",), 3), (currentdate, ("date",), 1),
    (environment, ("environment",), 1), (hasflag, ("imap4flags",), 2), (duplicate, ("duplicate",), 1),
    (mailboxexists, ("mailbox",), 1), (spamtest, ("spamtest", "relational"), 1), (virustest, ("virustest", "relational"), 1),
    (ihave, ("ihave",), 1), (valid_notify_method, ("enotify",), 1), (notify_method_capability, ("enotify",), 1),
    (metadata, ("mboxmetadata",), 1), (servermetadata, ("servermetadata",), 1), (specialuse, ("special-use",), 1),
)  # fmt: skip


def a_test(w: Writer, depth: int = 0) -> str:
    """Return any test, now and then one made of others."""
    if depth < 3 and w.odds(0.22):
        # Pigeonhole does not ask the tests beside a `true` or `false`, so those stand alone.
        match w.chance.randrange(4 if depth == 0 else 3):
            case 0:
                return f"not {a_test(w, depth + 1)}"
            case 1 | 2:
                inner = ", ".join(a_test(w, depth + 1) for _ in range(w.chance.randint(1, 3)))
                return f"{w.pick('allof', 'anyof')} ({inner})"
            case _:
                return w.pick("true", "false")
    usable = [(test, weight) for test, needs, weight in TESTS if w.has(*needs)]
    return w.chance.choices([test for test, _ in usable], [weight for _, weight in usable])[0](w)
