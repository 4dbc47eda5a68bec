"""One case of a comparison: a script with what it includes, a mail, an envelope; made from one number."""

from dataclasses import dataclass, field, replace
from random import Random

from differential.doing import rule, whole
from differential.mails import make_mail
from differential.writing import Writer

# sieve-test takes no null sender.
SENDERS = ("alice@example.com", "alice@example.com", "Carol@EXAMPLE.org", "info+a+b@x.example")
RECIPIENTS = (("bob+tickets@example.org", "bob@example.org"), ("bob@example.org", "bob@example.org"))


@dataclass(frozen=True)
class Case:
    """`rules` are the lines of the script below its `require`; `original` is the recipient before aliases."""

    seed: int
    needs: tuple[str, ...]
    rules: tuple[str, ...]
    mail: bytes
    sender: str
    original: str
    recipient: str
    files: dict[str, str] = field(default_factory=dict)

    @property
    def script(self) -> str:
        """Return the text of the script."""
        writer = Writer(Random(0), make_mail(Random(0)), frozenset())
        writer.needs = set(self.needs)
        return whole(writer, list(self.rules))

    def text(self) -> str:
        """Return the text of all scripts."""
        return "\n".join((self.script, *self.files.values()))

    def with_rules(self, rules: tuple[str, ...]) -> "Case":
        """Return the same case with other rules."""
        return replace(self, rules=rules)

    def with_mail(self, mail: bytes) -> "Case":
        """Return the same case with another mail."""
        return replace(self, mail=mail)

    def shown(self) -> str:
        """Return the case for people."""
        files = "".join(f"--- {name}.sieve\n{text}" for name, text in self.files.items())
        mail = self.mail.decode("utf-8", "replace")
        envelope = f"from <{self.sender}> to <{self.original}> as <{self.recipient}>"
        return f"--- case {self.seed}, {envelope}\n{self.script}{files}--- mail\n{mail}---"


def make_case(seed: int, known: frozenset[str]) -> Case:
    """Return the case of a number, with nothing but the given capabilities."""
    chance = Random(seed)
    mail = make_mail(chance)
    # Few capabilities at a time: what one does is seen better, and conflicts don't void everything.
    chosen = frozenset(one for one in sorted(known) if chance.random() < 0.6)
    writer = Writer(chance, mail, chosen)
    rules = tuple(rule(writer) for _ in range(chance.randint(1, 9)))
    original, recipient = chance.choice(RECIPIENTS)
    return Case(
        seed, tuple(sorted(writer.needs)), rules, mail.octets(), chance.choice(SENDERS), original, recipient,
        dict(writer.files),
    )  # fmt: skip
