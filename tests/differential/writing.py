"""The hand that writes random scripts: numbers, texts, keys, match types; what is used gets required."""

import re
from dataclasses import dataclass, field
from random import Random

from differential.mails import DOMAINS, LOCALS, WORDS, Mail, some_words

RELATIONS = ("gt", "ge", "lt", "le", "eq", "ne")
NUMERIC = "i;ascii-numeric"
FIRST_SINGLE = re.compile(r"^((?:\\.|[^*?\\])*)\?")
SPECIAL = set(".^$*+?{}[]\\|()")


def quote(text: str) -> str:
    """Return a text as a quoted string of a script."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass
class Writer:
    """What a script under construction knows: its chances, the mail, and what it has to require."""

    chance: Random
    mail: Mail
    known: frozenset[str]
    needs: set[str] = field(default_factory=set)
    variables: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    loops: int = 0
    numbers: int = 0

    # --- small choices --------------------------------------------------------------------------------------

    def odds(self, share: float) -> bool:
        """Whether something with this probability happens."""
        return self.chance.random() < share

    def pick(self, *choices: str) -> str:
        """Return one of the choices."""
        return self.chance.choice(choices)

    def has(self, *capabilities: str) -> bool:
        """Whether both engines have these."""
        return self.known.issuperset(capabilities)

    def need(self, *capabilities: str) -> None:
        """Require these."""
        self.needs.update(capabilities)

    def next(self) -> int:
        """Return a number that was not used before."""
        self.numbers += 1
        return self.numbers

    def tags(self, *tags: str) -> str:
        """Return tags in any order; empty ones are left out."""
        said = [tag for tag in tags if tag]
        self.chance.shuffle(said)
        return "".join(f" {tag}" for tag in said)

    def strings(self, values: list[str]) -> str:
        """Return a string list; one string mostly stands alone."""
        if len(values) == 1 and self.odds(0.8):
            return self.string(values[0])
        return "[" + ", ".join(self.string(value) for value in values) + "]"

    def string(self, value: str) -> str:
        """Return a string, now and then with escapes that mean nothing or with encoded characters."""
        if value and self.has("encoded-character") and self.odds(0.06):
            self.need("encoded-character")
            return self._encoded(value)
        text = quote(value)
        if self.odds(0.05) and value[:1].isalpha():
            text = '"\\' + text[1:]
        return text

    def prose(self, value: str) -> str:
        """Return a text of which nothing but its words matters, now and then as a text block."""
        if value and self.odds(0.2):
            dotted = value.replace("\r\n", "\n").replace("\n.", "\n..")
            return f"text:{self.pick('', ' ', ' # a comment')}\n{'.' if dotted.startswith('.') else ''}{dotted}\n.\n"
        return self.string(value)

    def _encoded(self, value: str) -> str:
        at = self.chance.randrange(len(value))
        one = value[at]
        forms = [f"${{unicode:{ord(one):x}}}", f"${{hex:{' '.join(f'{o:02X}' for o in one.encode())}}}"]
        if self.odds(0.2):
            forms = ["${hex:zz}", "${unicode:}", "${HEX: 41 }", "${hex:4", "${unicode:41 42}"]
        return quote(value[:at] + self.chance.choice(forms) + value[at + 1 :])

    # --- texts and keys -------------------------------------------------------------------------------------

    def text(self) -> str:
        """Return a text that stands in the mail, nearly so, or not."""
        kind = self.chance.random()
        if kind < 0.7 and self.mail.texts:
            value = self.chance.choice(self.mail.texts)
        elif kind < 0.85:
            value = self.pick(*LOCALS, *DOMAINS)
        else:
            value = some_words(self.chance, 2)
        return " ".join(value.split()) if self.odds(0.9) else value.replace("\n", "").replace("\t", " ")

    def bent(self, value: str) -> str:
        """Return a text as it is, in another case, or a piece of it."""
        kind = self.chance.random()
        if kind < 0.25:
            return value.upper() if self.odds(0.5) else value.lower()
        if kind < 0.55 and len(value) > 1:
            start = self.chance.randrange(len(value))
            return value[start : self.chance.randint(start, len(value))]
        return value

    def wildcards(self, value: str) -> str:
        """Return a pattern of :matches made of a text."""
        kind = self.chance.random()
        if kind < 0.12:
            return self.pick("*", "?", "**", "", "\\*", "*\\?*")
        pieces = []
        for one in value:
            if one in "*?\\":
                pieces.append("\\" + one if self.odds(0.6) else one)
            else:
                pieces.append("?" if self.odds(0.08) else "*" if self.odds(0.06) else one)
        pattern = "".join(pieces)
        if self.odds(0.5) and pattern:
            at = self.chance.randrange(len(pattern))
            pattern = self.pick("*" + pattern[at:], pattern[:at] + "*", f"*{pattern[at : at + 4]}*")
        # Pigeonhole takes a pattern with `?` before its first star for true too often; our own tests pin that.
        if pattern == "*?*":
            return "*"
        return FIRST_SINGLE.sub(r"\1*", pattern) if "*" in pattern else pattern

    def expression(self, value: str) -> str:
        """Return a regular expression made of a text."""
        if self.odds(0.3):
            return self.pick(
                "^.*$",
                "[[:alpha:]]+",
                "(.)(.*)",
                "^$",
                "[0-9]+",
                "a|e|o",
                "(x)?[^ ]*",
                "^(.*) (.*)$",
                "w(or)?ld",
            )
        pieces = ["\\" + one if one in SPECIAL else one for one in value]
        for at, one in enumerate(value):
            if one.isascii() and one.isalnum() and self.odds(0.15):
                pieces[at] = self.pick(
                    ".", "(.)", "[[:alnum:]]", f"[{one}]", f"({one})", f"{one}+", f"{one}{{1}}"
                )
        return self.pick("", "^") + "".join(pieces) + self.pick("", "$", ".*")

    def number(self) -> str:
        """Return digits, now and then something that only begins like a number."""
        return self.pick("0", "1", "2", "3", "5", "10", "42", "007", "99999999999", "5x", "x", "")

    # --- match types ----------------------------------------------------------------------------------------

    def matching(self, *, count: bool = True, default: bool = True) -> tuple[str, str]:
        """Return the tags of a match and its keys; without `default` the comparator is always said."""
        kinds = ["is", "is", "contains", "matches", "matches"] + ["regex"] * self.has("regex")
        if self.has("relational"):
            kinds += ["value"] + ["count"] * count
        kind = self.chance.choice(kinds)
        keys = [self.text() for _ in range(self.chance.choice((1, 1, 1, 2, 3)))]
        comparators = ["", ""] * default + ['"i;octet"', '"i;ascii-casemap"']
        numeric = self.has(f"comparator-{NUMERIC}") and kind in {"is", "value", "count"}
        if numeric and (kind == "count" or self.odds(0.4)):
            self.need(f"comparator-{NUMERIC}")
            comparators = [quote(NUMERIC)]
            keys = [self.number() for _ in keys]
        comparator = self.chance.choice(comparators)
        tag, keys = self._kind(kind, keys)
        return self.tags(tag, comparator and f":comparator {comparator}"), self.strings(keys)

    def _kind(self, kind: str, keys: list[str]) -> tuple[str, list[str]]:
        match kind:
            case "is":
                return self.pick(":is", ":IS", ""), keys
            case "contains":
                return ":contains", [self.bent(key) for key in keys]
            case "matches":
                return ":matches", [self.wildcards(key) for key in keys]
            case "regex":
                self.need("regex")
                return ":regex", [self.expression(key) for key in keys]
            case _:
                self.need("relational")
                return f":{kind} {quote(self.pick(*RELATIONS))}", keys

    def header_names(self, *more: str) -> list[str]:
        """Return some names of fields: those of the mail, and others."""
        names = self.chance.choices(
            [*self.mail.names(), *more, "Subject", "X-Absent"], k=self.chance.choice((1, 1, 1, 2))
        )
        return [
            name.upper() if self.odds(0.1) else name.lower() if self.odds(0.2) else name for name in names
        ]

    def word(self) -> str:
        """Return a word."""
        return self.pick(*WORDS)
