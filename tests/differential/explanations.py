"""All differences that are no bug of ours: docs/differences.md lists them under "Found by comparison".

Each is pinned by a test: our outcome is what stands here, and the other engine's is another.
"""

from differential import explained
from differential.cases import Case
from differential.explained import Explanation
from differential.outcome import Outcome

NUMERIC = "comparator-i;ascii-numeric"
TWO_PARTS = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nna\u00efve text\n--b\n\ntwo\n--b--\n"

EXPLAINED: tuple[Explanation, ...] = (
    Explanation(
        "A later action without :copy cancels the implicit keep",
        "RFC 3894 section 3: with `:copy` \"the tagged command does not cancel the implicit 'keep'\". The command without the tag "
        "does, whatever stood before it. Pigeonhole drops it as a duplicate, and its effect on the keep with it.",
        'require ["copy", "fileinto"]; fileinto :copy "A"; fileinto "A";',
        "store A",
        holds=explained.only_keep,
    ),
    Explanation(
        "An empty value equals every text without a number in i;ascii-numeric",
        "RFC 4790 section 9.1.1: a string that does not start with a digit represents positive infinity, and all of these are equal. "
        "The empty string starts with none. Pigeonhole's `:is` lets it equal only an empty key.",
        f'require ["fileinto", "variables", "{NUMERIC}"]; if string :comparator "i;ascii-numeric" "${{none}}" "x" {{ fileinto "A"; }}',
        "store A",
        holds=explained.empty_number,
        steers=True,
    ),
    Explanation(
        "Of two fileinto with one mailbox, either may say :create",
        "RFC 5490 section 3.2: the tag tells the action to create the mailbox if needed. Both are taken; Pigeonhole drops the second as a "
        "duplicate, with its tags.",
        'require ["fileinto", "mailbox"]; fileinto "A"; fileinto :create "A";',
        "store A create",
        holds=explained.created_later,
    ),
    Explanation(
        "The name of a mailbox with a line end in it is a run-time error",
        "RFC 5228 section 4.1 lets an implementation refuse what can't be the name of a mailbox, and RFC 3501 section 5.1 gives names no "
        "control characters. Pigeonhole leaves it to the store to fail.",
        'require ["fileinto", "variables"]; set "v" "a\nb"; fileinto "${v}";',
        "failed",
        holds=explained.unfit_mailbox,
    ),
    Explanation(
        "extracttext :first counts characters",
        'RFC 5703 section 7: "It stores at most :first <number> characters of the transcoded content". Pigeonhole counts octets.',
        'require ["extracttext", "foreverypart", "fileinto", "variables"];'
        ' foreverypart { extracttext :first 5 "v"; fileinto "A${v}"; }',
        "store A; store Ana\u00efve; store Atwo",
        TWO_PARTS,
        holds=explained.first_octets,
    ),
    Explanation(
        "extracttext leaves line ends as they are",
        "RFC 5703 section 7 asks for the part without its transfer encoding, as UTF-8. Of a quoted-printable part in a mail with LF "
        "line ends Pigeonhole makes CRLF.",
        'require ["extracttext", "foreverypart", "fileinto", "variables"]; foreverypart { extracttext :length "v"; fileinto "A${v}"; }',
        "store A4",
        "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\na\nb\n",
        holds=explained.line_ends,
    ),
    Explanation(
        "body :raw is the body, whatever was done to the header",
        "RFC 5293 sections 4 and 5 change the header only, and RFC 5173 section 5.1 matches the undecoded body. In Pigeonhole it is empty "
        "behind some edits.",
        'require ["body", "editheader", "fileinto"]; deleteheader "to"; if body :raw :contains "text" { fileinto "A"; }',
        "store A",
        holds=explained.raw_body,
        steers=True,
    ),
    Explanation(
        "A wildcard is a whole character",
        "RFC 5228 section 2.7.1: `?` matches a single character. Pigeonhole lets it take one octet of several, and fails where the rest "
        "becomes part of the name of a mailbox.",
        'require ["fileinto", "variables"]; if header :matches "subject" "*??" { fileinto "A${1}"; }',
        "store AH",
        "Subject: H\u00e9l\n\n",
        holds=explained.half_character,
    ),
    Explanation(
        "A script may ask twice for the same id",
        "RFC 7352 section 3: ids are recorded when the script has ended successfully, so asking again in one run gives the same answer "
        "and leaves one record. Pigeonhole ends the run without a message.",
        'require ["duplicate", "fileinto"];\n'
        'if duplicate :uniqueid "x" { discard; } if duplicate :uniqueid "x" { discard; } fileinto "A";',
        "duplicate; store A",
        holds=explained.asked_twice,
    ),
    Explanation(
        "Flags are those at the moment of filing, in included scripts too",
        "RFC 5232 section 4: without `:flags` an action uses the current value of the internal variable. Pigeonhole gives what a script "
        "files that does not require imap4flags itself the flags of the end of the run.",
        'require ["imap4flags", "include"]; include "i1"; setflag "x";',
        "store A",
        files={"i1": 'require "fileinto"; fileinto "A";'},
        holds=explained.later_flags,
    ),
    Explanation(
        "No script ends the engine",
        "RFC 5293 section 5 lets deleteheader take every match type. Pigeonhole ends with a segmentation fault or a panic for some "
        "scripts (`deleteheader :count`, some regular expressions): there is nothing to compare with.",
        f'require ["editheader", "fileinto", "relational", "{NUMERIC}"];'
        ' deleteheader :count "ge" :comparator "i;ascii-numeric" "to" "1"; if not exists "to" { fileinto "A"; }',
        "store A",
        holds=explained.crashed,
    ),
    # --- what the generator avoids, since it would hide other differences --------------------------------------
    Explanation(
        "What follows a `?` must match",
        "RFC 5228 section 2.7.1: `?` matches a single character, and what follows must match too. Pigeonhole takes `?b*` and `a?b *` for true "
        "whatever the text.",
        'require "fileinto"; if header :matches "from" "?x*" { fileinto "A"; }',
        "keep",
    ),
    Explanation(
        "`*?*` matches one character",
        "RFC 5228 section 2.7.1: a star matches no characters too. Pigeonhole wants two of them.",
        'require "fileinto"; if header :matches "subject" "*?*" { fileinto "A"; }',
        "store A",
        "Subject: x\n\n",
    ),
    Explanation(
        "The test string compares as all tests do",
        "RFC 5228 section 2.7.3: the default comparator is i;ascii-casemap. Pigeonhole compares strings with i;octet.",
        'require ["fileinto", "variables"]; set "v" "Abc"; if string "${v}" "aBC" { fileinto "A"; }',
        "store A",
    ),
    Explanation(
        "Tests beside a constant are asked",
        "RFC 5229 section 3.2 has match variables set by every test that is evaluated, from left to right. Pigeonhole leaves out the tests "
        "that stand beside a `true` in anyof.",
        'require ["fileinto", "variables"]; if anyof (header :matches "from" "*", true) { fileinto "A${0}"; }',
        "store Aalice@example.com",
    ),
    Explanation(
        "An :index holds wherever it stands",
        "RFC 5228 section 2.6.2: tagged arguments may come in any order. Pigeonhole forgets an `:index` before the zone of the test date.",
        'require ["date", "fileinto", "index"]; if date :index 2 :originalzone "date" "year" "2026" { fileinto "A"; }',
        "keep",
        "Date: 1 Jan 2026 10:00:00 +0000\n\n",
    ),
    Explanation(
        ":count counts the one field that :index means",
        "RFC 5260 section 6 and RFC 5231 section 4.2: the test is restricted to that field, so the count is 1 where it is there. Pigeonhole "
        "counts 0.",
        f'require ["fileinto", "index", "relational", "{NUMERIC}"];'
        ' if header :index 1 :count "eq" :comparator "i;ascii-numeric" "from" "1" { fileinto "A"; }',
        "store A",
    ),
    Explanation(
        "Tags of fileinto hold in any order",
        "RFC 5228 section 2.6.2. Pigeonhole forgets `:create` and `:specialuse` behind `:flags` and `:copy`.",
        'require ["copy", "fileinto", "imap4flags", "mailbox"]; fileinto :flags "x" :copy :create "A";',
        "store A create flags x; keep",
    ),
    Explanation(
        "A key of hasflag may hold several flags",
        "RFC 5232 section 2: a string with blanks is the same as a list of the flags in it. Pigeonhole takes it so with `:is`, `:contains` "
        "and `:count`; with `:matches` the blank has to match. (In a regular expression it has to here as well.)",
        'require ["fileinto", "imap4flags"]; setflag "b"; if hasflag :matches "a b*" { fileinto :flags "" "A"; }',
        "store A",
    ),
    Explanation(
        "Encoded words that are not valid stay as they are",
        "RFC 2047 section 6.3: software may show a word of a set it does not know, or an ill-formed one, as it stands. Pigeonhole decodes "
        "them to what is left of them.",
        'require ["fileinto", "variables"]; if header :matches "subject" "*" { fileinto "${1}"; }',
        "store =?nosuch?q?a?=",
        "Subject: =?nosuch?q?a?=\n\n",
    ),
)


def explain(case: Case, theirs: Outcome, ours: Outcome) -> Explanation | None:
    """Return what accounts for a difference, None where nothing does.

    Where only the mails differ, it must be something that leads to other commands.
    """
    mails = (theirs.kind, theirs.actions, theirs.keep) == (ours.kind, ours.actions, ours.keep)
    usable = [one for one in EXPLAINED if one.holds is not None and (one.steers or not mails)]
    return next((one for one in usable if one.holds and one.holds(case, theirs, ours)), None)


def section() -> str:
    """Return the section of docs/differences.md."""
    return "\n".join(f"* **{one.name}.** {one.why}" for one in EXPLAINED) + "\n"
