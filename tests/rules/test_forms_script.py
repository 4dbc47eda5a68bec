"""The script of a form as people read it, and the way back from scripts that people have touched."""

from pathlib import Path

import pytest
from ruleworld import REGISTRY

from mailgate.rules.forms.back import HandWrittenError, form_of
from mailgate.rules.forms.conditions import QUESTIONS
from mailgate.rules.forms.model import Condition, Form, Forward, Group, Move, Reply, Rule, Ticket
from mailgate.rules.forms.script import origin_of, script_of
from sieve_like.fmt import format_script
from sieve_like.reporting import complaints

FORM = Form(
    (
        Rule(
            "Lists",
            (Condition("header", "exists", name="List-Id"),),
            (Move("Lists"),),
            active=False,
            folders=("INBOX",),
            stop=True,
        ),
        Rule(
            "Invoices",
            (
                Condition("subject", "contains", ("Rechnung", "Quittung über")),
                Group(
                    "all", (Condition("customer", "vip"), Condition("size", "over", ("10M",), negate=True))
                ),
            ),
            (Move("Accounting", create=True), Forward("books@example.org")),
            "any",
        ),
        Rule(
            "Tickets",
            actions=(
                Ticket(queue="support", subject="[${contact.company}] ${mail.subject}"),
                Reply(text="Thank you,\n.we\n", period="1d", new_ticket=True),
            ),
        ),
    ),
    "Sorts and answers.\nAsk Anna.",
)
SCRIPT = """# made from the automation support; change it there ({digest})
# Sorts and answers.
# Ask Anna.

require [
    "comparator-i;unicode-casemap", "copy", "fileinto", "mailbox", "variables",
    "vnd.mailgate.account", "vnd.mailgate.contact", "vnd.mailgate.reply", "vnd.mailgate.ticket",
    "vnd.mailgate.trace"
];

# rule 1 "Lists"
if allof (false, folder "INBOX", exists "List-Id") {
    if mailboxexists "Lists" {
        fileinto "Lists";
    } else {
        trace "there is no folder Lists, so the mail is kept";
        keep;
    }
    stop;
}

# rule 2 "Invoices"
if anyof (
    header :comparator "i;unicode-casemap" :contains "subject" ["Rechnung", "Quittung über"],
    allof (contact :vip, not size :over 10M)
) {
    fileinto :create "Accounting";
    redirect :copy "books@example.org";
}

# rule 3 "Tickets"
if true {
    ticket :queue "support" :subject "[${contact.company}] ${mail.subject}" :outcome "ticket_was";
    if string "${ticket_was}" ["created", "claimed"] {
        reply :days 1 text:
Thank you,
..we
.
        ;
    }
}
"""


def test_the_script_is_fit_to_be_read():
    """Comments name the rules, strings and lists are laid out, text blocks keep their lines."""
    source = script_of(FORM, "support")
    digest = source.partition("(")[2].partition(")")[0]
    assert source == SCRIPT.replace("{digest}", digest)
    assert list(complaints("support", source, REGISTRY)) == []


def test_every_question_of_the_table_compiles():
    """Field by field and operator by operator, each with a value that its check takes."""
    usual = {"size": "1K", "date": "2026-01-02", "time": "08:00", "weekday": "sun", "class": "person"}
    asked = []
    for one in QUESTIONS:
        values = (usual.get(one.field, "x"),) if one.slot() is not None else ()
        asked.append(Condition(one.field, one.operator, values, "X-A" if one.field == "header" else ""))
    form = Form((Rule("All", tuple(asked), stop=True),))
    source = script_of(form, "all")
    assert list(complaints("all", source, REGISTRY)) == []
    assert form_of(source) == form


def test_a_texts_dollar_means_itself_where_placeholders_are_filled_in():
    """Values of conditions are no templates, whatever stands in them."""
    asked = (Condition("subject", "is", ("costs ${mail.from}",)),)
    plain = Form((Rule("A", asked, stop=True),))
    filled = Form((Rule("A", asked, (Reply(text="to ${mail.from}"),)),))
    assert '"costs ${mail.from}"' in script_of(plain, "a")
    assert '"costs ${dollar}{mail.from}"' in script_of(filled, "a")
    assert 'set "dollar" "$";' in script_of(filled, "a")
    assert form_of(script_of(filled, "a")) == filled


def test_a_change_by_hand_is_noticed():
    """A word, a comment, the layout: the digest is that of every octet; line ends of the first line aside."""
    source = script_of(FORM, "support")
    assert origin_of(source).untouched
    for changed in (source.replace("Anna", "Bob"), source + "\n", source.replace("    ", "\t")):
        assert not origin_of(changed).untouched
    assert origin_of("keep;") is None


def test_what_was_laid_out_anew_can_be_read_back():
    """A form is taken from the tree: another layout is another text, but the same form."""
    source = script_of(FORM, "support")
    narrow = format_script(source.encode(), width=40).decode()
    assert narrow != source
    assert form_of(narrow) == FORM


def test_what_a_form_could_have_made_is_read_back():
    """Somebody who changes a folder in the script has changed the form."""
    changed = script_of(FORM, "support").replace('"Accounting"', '"Money"')
    assert form_of(changed).rules[1].actions[0] == Move("Money", create=True)


@pytest.mark.parametrize(
    ("before", "after", "at"),
    [
        ("    stop;\n", "    stop;\n    keep;\n", "    stop;\n    keep"),
        ("# rule 2", "discard;\n# rule 2", "discard;"),
        ("# rule 2", "# mine\n# rule 2", "# mine"),
        ("if true {", 'if address :count "gt" "from" "1" {', "if address"),
        ("contact :vip, ", "contact :vip :known, ", "allof (contact"),
        ("if true {", 'if true {\n    addflag "x";', "addflag"),
        ("if true {", "if anyof (true) {", "if anyof (true)"),
        ("so the mail is kept", "so what", 'trace "there'),
        ("keep;\n    }", "discard;\n    }", "discard;"),
        ("# rule 3", "# rule 4", "# rule 4"),
        (":days 1", ':days 1 :outcome "x"', "reply :days"),
        ('"copy", ', '"copy", "body", ', "require"),
    ],
)
def test_what_no_form_makes_is_named_by_its_line(before, after, at):
    """Commands, tests, tags, comments: nothing that somebody wrote is read as something else."""
    source = script_of(FORM, "support")
    assert before in source
    changed = source.replace(before, after, 1)
    line = changed.count("\n", 0, changed.index(at)) + 1
    with pytest.raises(HandWrittenError) as caught:
        form_of(changed)
    assert str(caught.value) == f"written by hand: line {line} is nothing that the form makes"


@pytest.mark.parametrize("name", sorted(p.stem for p in Path("conf/rules").glob("*.sieve")))
def test_the_example_scripts_are_written_by_hand(name):
    """Each is refused with a line, none with a fault."""
    with pytest.raises(HandWrittenError, match=r"written by hand: line [0-9]+ is nothing"):
        form_of(Path(f"conf/rules/{name}.sieve").read_text("utf-8"))


def test_what_can_not_be_read_is_named_too():
    """A script with a mistake has the parser's words."""
    with pytest.raises(HandWrittenError, match="line 2 can't be read"):
        form_of("keep;\nif {\n")
