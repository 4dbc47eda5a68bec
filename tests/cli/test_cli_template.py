"""`mailgate template`."""

import clidesk
import pytest

TEXT = "Hi {{ contact.name }},\r\nwe have {{ ticket.number }}.\n"


@pytest.fixture
def desk():
    """Set up an installation with one address, one queue, one script and one template, all from files."""
    with clidesk.desk() as one:
        yield one


def test_put_keeps_the_text_octet_for_octet(desk):
    """Line ends and all."""
    file = desk.folder / "text"
    file.write_bytes(TEXT.encode())
    assert (
        desk.good("template", "put", "more", "--subject", "S", "--text", str(file)) == "add template more\n"
    )
    shown = desk.json("template", "show", "more")
    assert (shown["text"], shown["subject"], shown["html"]) == (TEXT, "S", "")


def test_put_changes_only_what_is_said(desk):
    """The text stays when the subject is set."""
    desk.good("template", "put", "more", "--text", "-", data=TEXT)
    assert (
        desk.good("template", "put", "more", "--subject", "S")
        == "change template more\n  subject: nothing -> S\n"
    )
    assert desk.json("template", "show", "more")["text"] == TEXT


def test_putting_the_same_again_changes_nothing(desk):
    """The second time is no error."""
    desk.good("template", "put", "more", "--text", "-", data=TEXT)
    assert desk.good("template", "put", "more", "--text", "-", data=TEXT) == "nothing to change\n"


def test_put_shows_every_mistake_with_its_line(desk):
    """Unknown names, in subject and text, with suggestions; nothing is stored."""
    said = desk.bad(
        "template",
        "put",
        "more",
        "--subject",
        "{{ mail.subjekt }}",
        "--text",
        "-",
        data="Hi\n{{ salutaton }}\n{{ mail }}",
    )
    assert said.splitlines() == [
        "Error: more: subject line 1: there is no mail.subjekt, did you mean mail.subject?",
        "more: text line 2: there is no salutaton, did you mean salutation?",
        "more: text line 3: mail has no value of its own, name one of "
        + ", ".join(f"mail.{name}" for name in ("subject", "from", "from_name", "to", "id")),
    ]
    assert desk.names("template") == ["received"]


@pytest.mark.parametrize("text", ["{{ mail.subject", "{% if %}", "{{ mail.subject|shout }}", ""])
def test_what_could_never_be_rendered_is_refused(desk, text):
    """Syntax errors, unknown filters, and no text at all."""
    desk.bad("template", "put", "more", "--text", "-", data=text)
    assert desk.names("template") == ["received"]


@pytest.mark.parametrize(
    "text",
    [
        "{% for n in range(2) %}{{ n }}{% endfor %}",
        "{% set who = contact.name or salutation %}{{ who }}",
        "{{ ticket['number'] }}{% if queue.name %}{{ queue.name|upper }}{% endif %}",
    ],
)
def test_what_a_template_makes_itself_is_no_mistake(desk, text):
    """Loops, variables of its own, names in brackets, filters."""
    desk.good("template", "put", "more", "--text", "-", data=text)


def test_a_files_template_is_changed_only_by_taking_it_over(desk):
    """Refused with the file's name; with --take-over done."""
    assert f"comes from {desk.business}" in desk.bad("template", "put", "received", "--subject", "S")
    desk.good("template", "put", "received", "--subject", "S", "--take-over")
    assert desk.json("template", "show", "received")["subject"] == "S"


def test_check_of_what_is_stored(desk):
    """All of it, or some by name; an unknown name gets a suggestion."""
    assert desk.good("template", "check") == "1 template checked, no mistakes\n"
    assert desk.good("template", "check", "received") == "1 template checked, no mistakes\n"
    assert "did you mean 'received'?" in desk.bad("template", "check", "recieved")


def test_check_of_a_file_stores_nothing(desk):
    """The mistakes are printed, exit 1."""
    done = desk.run("template", "check", "--text", "-", data="{{ ticket.nummer }}")
    assert (done.exit_code, done.stdout) == (
        1,
        "(new): text line 1: there is no ticket.nummer, did you mean ticket.number?\n",
    )
    assert desk.names("template") == ["received"]


def test_render_shows_the_answer(desk):
    """To a made-up mail, in a new ticket; the ticket's number is the next one, and none is made."""
    shown = desk.json("template", "render", "received")
    assert shown == {
        "from": "support@example.org", "to": "anna@customer.example", "subject": "Got My printer is on fire",
        "text": "Hello, this is T-1.", "html": "",
    }  # fmt: skip
    assert desk.json("ticket", "list") == []


def test_render_for_a_mail(desk):
    """A mail of one's own, and who is answered."""
    mail = desk.folder / "mail"
    mail.write_bytes(b"From: Bert <bert@customer.example>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\nx\n")
    said = desk.good("template", "render", "received", "--mail", str(mail), "--from", "bert@customer.example")
    assert "to         bert@customer.example\nsubject    Got Grüße\n" in said


def test_render_says_why_there_is_no_answer(desk):
    """What fails only while it is rendered is named."""
    desk.good("template", "put", "odd", "--text", "-", data="{{ 1 // 0 }}")
    assert "template failed: ZeroDivisionError" in desk.bad("template", "render", "odd")


def test_render_of_an_unknown_template(desk):
    """With a suggestion."""
    assert "did you mean 'received'?" in desk.bad("template", "render", "recieved")


def test_a_template_in_use_is_not_removed(desk):
    """The refusal names script and line."""
    assert "is used by script support:3; change that first" in desk.bad(
        "template", "remove", "received", "--take-over"
    )


def test_a_name_in_a_comment_is_no_use(desk):
    """Only what the compiler takes for a template's name counts."""
    desk.good("template", "put", "more", "--text", "-", data=TEXT)
    desk.good("rules", "put", "other", "-", data='# "more"\nkeep;\n')
    assert desk.good("template", "remove", "more") == "remove template more\n"


def test_list_says_who_uses_it(desk):
    """Scripts with their lines."""
    (row,) = desk.json("template", "list")
    assert (row["name"], row["used_by"], row["error"]) == ("received", ["script support:3"], "")


def test_a_file_that_is_no_text(desk):
    """One sentence, and nothing is stored."""
    file = desk.folder / "octets"
    file.write_bytes(b"abc\xff")
    assert (
        desk.bad("template", "put", "more", "--text", str(file))
        == f"Error: {file}: is not UTF-8 text (octet 4)\n"
    )
    assert "No such file" in desk.bad("template", "put", "more", "--text", str(desk.folder / "nothing"))


def test_put_keeps_format_and_recipients(desk):
    """Both are shown, a second put adds nothing to them, and '' takes the recipients away."""
    more = ("--format", "markdown", "--recipient", "agent", "--recipient", "boss@example.org")
    desk.good("template", "put", "more", "--text", "-", *more, data="# Hi @{consumer}\n")
    shown = desk.json("template", "show", "more")
    assert (shown["format"], shown["recipients"]) == ("markdown", ["agent", "boss@example.org"])
    desk.good("template", "put", "more", "--subject", "S")
    assert desk.json("template", "show", "more")["recipients"] == ["agent", "boss@example.org"]
    desk.good("template", "put", "more", "--recipient", "")
    assert desk.json("template", "show", "more")["recipients"] == []
    (row,) = (one for one in desk.json("template", "list") if one["name"] == "more")
    assert (row["format"], row["html"]) == ("markdown", True)


def test_format_and_recipients_are_checked(desk):
    """Both at once, each with what there is."""
    said = desk.bad(
        "template", "put", "more", "--text", "-", "--format", "md", "--recipient", "agnet", data="x"
    )
    assert said.splitlines() == [
        "Error: more: format: 'md' is none, write text, markdown, html",
        "more: recipients: 'agnet' is nobody, write contact, agent, group or an address, did you mean agent?",
    ]


def test_tags_of_other_desks_are_checked_with_their_lines(desk):
    """G19, S9: an unknown one is a mistake with a suggestion, in files before they are stored as well."""
    done = desk.run("template", "check", "--text", "-", data="@{consumer}\n@{consumr}\n$helpdesk-tickt_no$\n")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "(new): text line 2: there is no tag @{consumr}, did you mean @{consumer}?",
        "(new): text line 3: there is no tag $helpdesk-tickt_no$, did you mean $helpdesk-ticket_no$?",
    ]


def test_render_in_a_language(desk):
    """Its own variant where there is one, dates and salutation of the language where there is none."""
    desk.good("template", "put", "more", "--text", "-", data="SERIAL_SALUTATION more")
    desk.good("template", "put", "more.fr", "--text", "-", data="SERIAL_SALUTATION plus")
    assert desk.json("template", "render", "more")["text"] == "Hello more"
    assert desk.json("template", "render", "more", "--language", "de")["text"] == "Guten Tag more"
    assert desk.json("template", "render", "more", "--language", "fr-CH")["text"] == "Bonjour plus"


def test_render_about_a_ticket(desk):
    """What would be said about it, by whom, to whom; nothing is written."""
    desk.good("agent", "add", "bob", "--address", "bob@example.org", "--full-name", "Bob Stone")
    desk.good(
        *("ticket", "new", "anna@customer.example", "Fire", "It burns"),
        *("--queue", "support", "--name", "Anna Berg", "--no-signature"),
    )
    text = "@{agent} for @{consumer}: {{ ticket.subject }}\n$helpdesk-comments$\n"
    desk.good(
        "template",
        "put",
        "more",
        "--text",
        "-",
        "--recipient",
        "contact",
        "--recipient",
        "b@example.net",
        data=text,
    )
    shown = desk.json("template", "render", "more", "--ticket", "T-1", "--agent", "bob")
    assert shown["to"] == "anna@customer.example, b@example.net"
    assert shown["text"].startswith("Bob for Anna: Fire\n")
    assert shown["text"].endswith("It burns\n")
    assert "there is no ticket 'T-9'" in desk.bad("template", "render", "more", "--ticket", "T-9")
    assert "did you mean 'bob'?" in desk.bad(
        "template", "render", "more", "--ticket", "T-1", "--agent", "bop"
    )
    assert "--ticket" in desk.run("template", "render", "more", "--agent", "bob").stderr
    assert (
        "leave --mail"
        in desk.run("template", "render", "more", "--ticket", "T-1", "--from", "a@b.example").stderr
    )


def test_a_variant_of_a_language_is_enough_for_a_rule(desk):
    """A script may name `hello` where only `hello.de` is there; the last variant is not removed under it."""
    desk.good("template", "put", "hello.de", "--text", "-", data="Hallo")
    desk.good("rules", "put", "other", "-", data='require "vnd.mailgate.reply"; reply :template "hello";')
    assert "used by script other:1" in desk.bad("template", "remove", "hello.de")
    desk.good("template", "put", "hello", "--text", "-", data="Hello")
    desk.good("template", "remove", "hello.de")
