"""The table of findings: code, what it is about, why it matters, and what to write instead.

Codes are stable: one that goes is not given to another finding. `docs/rules-lint.md` is made of this table.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding; `example` is a script that has it and nothing else, `instead` a sentence."""

    code: str
    title: str
    why: str
    instead: str
    example: str


CODES: Final = (
    Code(
        "L001", "code that never runs",
        "Behind `stop`, `return`, `error`, `break` and `continue`, and behind an `if` whose every branch "
        "ends so, nothing is carried out.",
        "Remove it, or move it before the command that ends the block.",
        "stop;\nkeep;\n",
    ),
    Code(
        "L002", "a condition that is always true or always false",
        "A test in a list decides everything, or nothing. (`if true` and `if false` alone are the usual way "
        "to switch a rule on or off, and are no finding.)",
        "Remove the test that has no effect, or the rule that never runs.",
        'if allof (false, header :is "subject" "x") {\n    discard;\n}\n',
    ),
    Code(
        "L003", "a rule that another one shadows",
        "An earlier rule takes every mail for which this one holds, and stops; or an earlier branch of the "
        "same `if` does.",
        "Put the narrower rule first, or remove it.",
        'if header :contains "subject" "a" {\n    stop;\n}\nif header :contains "subject" ["ab"] {\n'
        "    discard;\n}\n",
    ),
    Code(
        "L004", "a rule that does nothing",
        "Its block is empty and no `else` follows.",
        "Remove it, or write what should be done.",
        'if exists "x-spam" {\n}\n',
    ),
    Code(
        "L010", "a capability that is required and not used",
        "Other engines refuse scripts for capabilities that they don't have, also for those nobody needs.",
        "Remove it from the list.",
        'require ["fileinto", "copy"];\nfileinto "A";\n',
    ),
    Code(
        "L011", "an `ihave` that is never true",
        "An unknown name is no error there: the block just never runs. For `variables` and "
        "`encoded-character` it is false too (RFC 5463 4).",
        "Mend the name; require those two.",
        'require "ihave";\nif ihave "fileintoo" {\n    discard;\n}\n',
    ),
    Code(
        "L012", "a capability of a draft that became another one",
        "Engines have dropped it, or will.",
        "The finding says what to write.",
        'require "imapflags";\n',
    ),
    Code(
        "L020", "`:contains` with an empty text",
        "It holds for every field that is there, whatever it says.",
        "Write `exists`, or the text that is meant.",
        'if header :contains "x-list" "" {\n    discard;\n}\n',
    ),
    Code(
        "L021", "`:matches` without a wildcard",
        "It compares the whole value, as `:is` does; often `:contains` is meant.",
        "Write `:is`, `:contains`, or `*` around the text.",
        'if header :matches "subject" "order" {\n    discard;\n}\n',
    ),
    Code(
        "L022", "a wildcard that is none",
        "With `:is` and `:contains`, `*` and `?` stand for themselves.",
        "Write `:matches`, or leave the stars out with `:contains`.",
        'if header :contains "subject" "order*" {\n    discard;\n}\n',
    ),
    Code(
        "L023", "a text that can never match",
        "Values have no blanks and line ends at their ends; an address is compared without name and angle "
        "brackets, `:domain` and `:localpart` without the `@`.",
        "Write the part that is compared; an address without `@` needs `:domain` or `:localpart`.",
        'if address :is "from" "example.com" {\n    discard;\n}\n',
    ),
    Code(
        "L024", "`header :is` with an address",
        "It compares the whole field, with display name, brackets and all other addresses in it.",
        "Write `address :is`.",
        'if header :is "from" "anna@example.com" {\n    discard;\n}\n',
    ),
    Code(
        "L025", "a text that another one of the list makes needless",
        "It stands there twice, or contains another one that matches already.",
        "Remove it.",
        'if header :contains "subject" ["order", "reorder"] {\n    discard;\n}\n',
    ),
    Code(
        "L026", "`:regex` without anything special",
        "Such a pattern is a plain text. (A pattern that RE2 refuses is an error, not a finding: it has "
        "no backreferences and no look-around, so that no mail can make it slow.)",
        "Write `:contains`.",
        'require "regex";\nif header :regex "subject" "order" {\n    discard;\n}\n',
    ),
    Code(
        "L027", "numbers compared as text",
        'Without `i;ascii-numeric` "10" is less than "9"; with it a text that begins with no digit is '
        "greater than every number.",
        'Add `:comparator "i;ascii-numeric"` and require `comparator-i;ascii-numeric`.',
        'require "relational";\nif header :count "ge" "received" "10" {\n    discard;\n}\n',
    ),
    Code(
        "L030", '`fileinto "INBOX"`',
        "It is the same as `keep`, which every engine has without `require`.",
        "Write `keep`.",
        'require "fileinto";\nfileinto "INBOX";\n',
    ),
    Code(
        "L031", "a redirect to where the mail came to",
        "The mail would run in a circle until an engine breaks it.",
        "Write `keep`, or redirect to another address.",
        'require "envelope";\nif envelope :is "to" "a@example.org" {\n    redirect "a@example.org";\n}\n',
    ),
    Code(
        "L032", "two answers on one way through the script",
        "RFC 5230 4.7: a second vacation is a run-time error, which voids all that the script did.",
        "End the first rule with `stop`, or make the second one `elsif`.",
        'require "vacation";\nif exists "x" {\n    vacation "a";\n}\nvacation "b";\n',
    ),
    Code(
        "L033", "a refusal and something that contradicts it on one way through the script",
        "RFC 5429 2.3: beside a refusal, delivery, an answer or a second refusal is a run-time error, which "
        "voids all that the script did.",
        "End the refusing rule with `stop`, or make the other one `elsif`.",
        'require ["reject", "fileinto"];\nif exists "x" {\n    reject "no";\n}\nfileinto "A";\n',
    ),
    Code(
        "L034", "more redirects on one way than are allowed",
        "The one too many is a run-time error, which voids all that the script did.",
        "Redirect to a mailing list instead.",
        'redirect "a@x.org";\nredirect "b@x.org";\nredirect "c@x.org";\nredirect "d@x.org";\n'
        'redirect "e@x.org";\n',
    ),
    Code(
        "L035", "`discard` beside a delivery",
        "`discard` only cancels the implicit keep; what else was asked for is still done.",
        "Remove it, or end the other rule with `stop`.",
        "keep;\ndiscard;\n",
    ),
    Code(
        "L040", "a variable that is used and never set",
        "It is always empty; most likely a name is misspelt.",
        "Set it, or mend the name.",
        'require ["variables", "fileinto"];\nfileinto "${folder}";\n',
    ),
    Code(
        "L041", "a variable that is set and never used",
        "Nothing depends on it; most likely a name is misspelt.",
        "Use it, or remove it.",
        'require "variables";\nset "folder" "A";\n',
    ),
    Code(
        "L042", "a match variable before anything that sets one",
        "`${1}` is empty as long as no `:matches` or `:regex` was successful.",
        "Test first, then use it in the block of that test.",
        'require ["variables", "fileinto"];\nfileinto "Lists.${1}";\n',
    ),
)  # fmt: skip

BY_CODE: Final = {one.code: one for one in CODES}
