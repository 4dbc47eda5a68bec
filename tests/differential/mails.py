"""Random mails: odd but readable, and the same for a given generator of numbers.

A mail knows the texts that stand in it, so that a script can ask for what is there, nearly there and not
there.
"""

from dataclasses import dataclass, field
from random import Random

WORDS = (
    "hello",
    "World",
    "order",
    "Rechnung",
    "42",
    "007",
    "frop",
    "A",
    "x*y",
    "a?b",
    "[list]",
    "*",
    "naïve",
)
LOCALS = ("alice", "bob+tickets", "Carol", "info+a+b", '"odd local"', "d.e.f", '"S[r]us"', "user-request")
DOMAINS = ("example.com", "EXAMPLE.org", "mail.example.net", "[192.0.2.1]", "x.example")
# Pigeonhole decodes words that are not valid, too; tests of our own pin that they stay as they are.
ENCODED = (
    "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "=?UTF-8?B?SMOpbGxv?=", "=?iso-8859-1?Q?caf=E9_noir?=", "=?us-ascii?q?plain?=",
    "=?utf-8?q?a?= =?utf-8?q?b?=", "=?utf-8?q?open", "=?utf-8?q?c?= d =?utf-8?q?e?=",
)  # fmt: skip
ZONES = ("+0000", "-0500", "+0530", "GMT")
SPARE_FIELDS = ("X-A", "X-B", "List-Id", "Keywords", "Comments", "X-Spam-Score", "X-Virus", "X-Priority")
HTML = "<html><head><title>T</title></head><body><p>Hello <b>big</b> World &amp; all</p><br>end</body></html>"


@dataclass
class Mail:
    """A mail under construction: its fields in order, its body, and texts worth asking for."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""
    texts: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)

    def add(self, name: str, value: str, *texts: str) -> None:
        """Add a field; `texts` is what a script may ask for, the value itself without any."""
        self.fields.append((name, value))
        self.texts += texts or (value,)

    def octets(self) -> bytes:
        """Return the mail with lines that end in LF, as sieve-test reads it."""
        head = "".join(f"{name}:{value}\n" for name, value in self.fields)
        return (head + "\n" + self.body).encode("utf-8", "surrogateescape")

    def names(self) -> list[str]:
        """Return the names of its fields."""
        return [name for name, _ in self.fields]


def some_words(chance: Random, most: int = 4) -> str:
    """Return a few words."""
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, most)))


def subject(chance: Random) -> str:
    """Return a value of an unstructured field, now and then folded, encoded or empty."""
    kind = chance.random()
    if kind < 0.08:
        return chance.choice(("", " ", "\n ", " \t "))
    pieces = [some_words(chance)]
    if kind < 0.4:
        pieces.append(chance.choice(ENCODED))
    if kind < 0.2:
        pieces.append(some_words(chance, 2))
    between = chance.choice((" ", " ", "\n ", "\n\t", "  "))
    return chance.choice((" ", " ", "", "\t")) + between.join(pieces) + chance.choice(("", "", " ", "\t"))


def address(chance: Random) -> tuple[str, str, str, str]:
    """Return an address as it stands in a field, with local part, domain and the whole."""
    local, domain = chance.choice(LOCALS), chance.choice(DOMAINS)
    plain = f"{local}@{domain}"
    name = chance.choice(("Alice", '"Last, First"', "Bob B.", chance.choice(ENCODED), '"x@y.example"'))
    shapes = (
        plain, f"<{plain}>", f"{name} <{plain}>", f"{plain} (comment)", f"{name} <@a.example,@b.example:{plain}>",
        f"{name} (c (nested)) <{plain}>", f"{local} @ {domain}",
    )  # fmt: skip
    return chance.choice(shapes[:4] if chance.random() < 0.7 else shapes), local, domain, plain


def add_addresses(chance: Random, mail: Mail, name: str) -> None:
    """Add an address field: one address, several, a group, or something that is none."""
    kind = chance.random()
    found = [address(chance) for _ in range(1 if kind < 0.6 else chance.randint(2, 3))]
    texts = [text for one in found for text in (one[1].strip('"'), one[2], one[3])]
    value = ", ".join(one[0] for one in found)
    if kind > 0.95:
        value, texts = chance.choice((("undisclosed-recipients:;", [""]), ("nobody", ["nobody"]), ("", [""])))
    elif kind > 0.88:
        value = f"Team: {value};"
    elif kind > 0.82:
        value = value.replace(", ", ",\n\t")
    mail.add(name, f" {value}", *texts)


def date(chance: Random) -> str:
    """Return a date, mostly a valid one."""
    if chance.random() < 0.08:
        return chance.choice(("yesterday", "Mon, 31 Feb 2026 10:00:00 +0000", ""))
    day, month = chance.randint(1, 28), chance.choice(("Jan", "Feb", "Mar", "Jun", "Dec"))
    clock = f"{chance.randint(0, 23):02d}:{chance.randint(0, 59):02d}:{chance.randint(0, 59):02d}"
    return f"{day} {month} {chance.choice((2000, 2024, 2026))} {clock} {chance.choice(ZONES)}"


def leaf(chance: Random, depth: int) -> tuple[str, str, str]:
    """Return type, header and body of a part."""
    kind = chance.randrange(7 if depth < 3 else 4)
    text = some_words(chance, 8) + "\n" + some_words(chance, 5)
    match kind:
        case 0:
            return "text/plain", "Content-Type: text/plain; charset=utf-8\n", text + "\n"
        case 1:
            return "text/html", 'Content-Type: Text/HTML; charset="utf-8"\n', HTML + "\n"
        case 2:
            head = (
                "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n"
            )
            return "text/plain", head, "caf=E9 and =\nmore " + text + "\n"
        case 3:
            head = (
                "Content-Type: application/octet-stream; name=a.bin\nContent-Transfer-Encoding: base64\n"
                'Content-Disposition: attachment; filename="a.bin"\n'
            )
            return "application/octet-stream", head, "aGVsbG8gV29ybGQK\n"
        case 4:
            inner = Mail()
            inner.add("From", " inner@example.com")
            inner.add("Subject", " inner " + some_words(chance, 2))
            inner.body = text + "\n"
            return "message/rfc822", "Content-Type: message/rfc822\n", inner.octets().decode()
        case _:
            return multipart(chance, depth + 1)


def multipart(chance: Random, depth: int) -> tuple[str, str, str]:
    """Return type, header and body of a multipart with up to three parts."""
    boundary = f"b{depth}{chance.randint(0, 999)}"
    kind = chance.choice(("mixed", "alternative", "related"))
    pieces = [chance.choice(("", "prologue hello\n"))]
    for _ in range(chance.randint(1, 3)):
        _, head, body = leaf(chance, depth)
        pieces.append(f"--{boundary}\n{head}\n{body}")
    pieces.append(f"--{boundary}--\n" + chance.choice(("", "epilogue World\n")))
    return f"multipart/{kind}", f'Content-Type: multipart/{kind}; boundary="{boundary}"\n', "".join(pieces)


def add_body(chance: Random, mail: Mail) -> None:
    """Add a plain body, or MIME structure with its fields."""
    if chance.random() < 0.35:
        mail.body = some_words(chance, 10) + "\n" + some_words(chance, 3) + chance.choice(("\n", ""))
        return
    mail.add("MIME-Version", " 1.0")
    kind, head, mail.body = multipart(chance, 0) if chance.random() < 0.75 else leaf(chance, 0)
    mail.types.append(kind)
    for line in head.splitlines():
        name, _, value = line.partition(":")
        mail.add(name, value)


def make_mail(chance: Random) -> Mail:
    """Return a mail."""
    mail = Mail()
    if chance.random() < 0.3:
        mail.add("Received", " from a.example by b.example; " + date(chance))
    add_addresses(chance, mail, "From")
    for name in ("To", "Cc", "Sender", "Reply-To"):
        if chance.random() < (0.9 if name == "To" else 0.3):
            add_addresses(chance, mail, name)
    if chance.random() < 0.95:
        value = subject(chance)
        mail.add("Subject", value, value.strip(), *value.split())
    if chance.random() < 0.9:
        value = date(chance)
        mail.add("Date", " " + value, *value.split())
    if chance.random() < 0.9:
        mail.add("Message-ID", f" <{chance.randint(1, 99)}@x.example>")
    for name in chance.sample(SPARE_FIELDS, chance.randint(0, 4)):
        for _ in range(chance.choice((1, 1, 2, 3))):
            score = str(chance.choice((0, 1, 3, 5, 7.5, 10, -2, 12)))
            value = score if "Spam" in name or "Virus" in name else subject(chance)
            mail.add(name, f" {value}", value.strip(), *value.split())
    add_body(chance, mail)
    return mail
