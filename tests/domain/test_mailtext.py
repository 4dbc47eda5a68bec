"""What an agent has written above a notice, in the forms in which mail programs quote it."""

import pytest
from domainworld import octets

from mailgate.domain.desk.mailtext import enclosed, own_words
from mailgate.domain.deskerror import DeskError
from mailgate.domain.message.view import MessageView
from mailgate.domain.notify import HOW
from mailgate.domain.replymark import reply_above
from mailgate.domain.token import detail, message_id, seat, without_tokens

KEYS = (b"k" * 32,)
AT = f"support+{detail(KEYS, 7, 12, seat('joe@staff.example'))}@desk.example"
NOTICE = f"""{reply_above("en")}

Anna Berg <anna@customer.example> has written:

The paper is stuck.

ticket: T-7 The printer
agent: joe
link: https://desk.example/T-7

{HOW}, from support@desk.example. Lines in front of it
such as #comment are commands.
"""
SIGNED = "\n".join(f"> {line}" for line in NOTICE.rstrip().split("\n"))
SAID = "Open the lid.\n\nThen close it."
FORMS = {
    "gmail": f"On Tue, Nov 24, 2026 at 9:15 AM Support <\n{AT}> wrote:\n\n{SIGNED}",
    "apple": f"> On 24. Nov 2026, at 09:15, Support <{AT}> wrote:\n> \n{SIGNED}",
    "thunderbird": f"Am 24.11.26 um 09:15 schrieb Support:\n{SIGNED}",
    "outlook": (
        "From: Support <support@desk.example>\nSent: Tuesday, November 24, 2026 9:15 AM\n"
        f"To: Joe <joe@staff.example>\nSubject: [#T-7] The printer\n\n{NOTICE}"
    ),
    "outlook-rule": (
        "-----Ursprüngliche Nachricht-----\nVon: Support <support@desk.example>\n"
        f"Gesendet: Dienstag, 24. November 2026 09:15\nAn: joe@staff.example\nBetreff: [#T-7] x\n\n{NOTICE}"
    ),
    "nothing-above": SIGNED,
}


def view(body: str, kind: str = "text/plain", **fields: str) -> MessageView:
    """Return a mail with this body."""
    lines = [f"{name}: {value}" for name, value in fields.items()]
    head = "\n".join([*lines, "From: joe@staff.example", f"Content-Type: {kind}; charset=utf-8"])
    return MessageView.parse(octets(head, body))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("notice", ["", NOTICE])
def test_only_what_stands_above_is_the_answer(form, notice):
    """Whatever introduces the quote; with the notice at hand and without it."""
    assert own_words(view(f"{SAID}\n\n{FORMS[form]}"), notice) == SAID


def test_html_alone():
    """A mail without a plain part is read as text."""
    lines = "<br>".join(NOTICE.replace("<", "&lt;").split("\n"))
    html = f"<p>Open the lid.</p><p>On Tue, Support &lt;{AT}&gt; wrote:</p><blockquote>{lines}</blockquote>"
    assert own_words(view(html, "text/html")) == "Open the lid."


def test_a_signature_of_ones_own_is_cut_off():
    """With and without the blank that some programs lose."""
    for line in ("-- ", "--"):
        assert own_words(view(f"{SAID}\n{line}\nJoe\nextension 12\n\n{FORMS['gmail']}")) == SAID


def test_a_forwarded_notice_is_cut_too():
    """Also where the subject says that the mail is passed on, which keeps all of a customer's."""
    assert own_words(view(f"{SAID}\n\n{FORMS['outlook']}", Subject="Fwd: [#T-7] The printer")) == SAID


def test_below_the_line_stands_no_answer():
    """Neither below the quote nor between its lines: what is there cannot be told from the notice safely."""
    assert own_words(view(f"{SIGNED}\n\nwritten below"), NOTICE) == ""
    inline = SIGNED.replace("> The paper is stuck.", "> The paper is stuck.\n\nOpen the lid.\n")
    assert own_words(view(f"see below\n\n{inline}"), NOTICE) == "see below"


def test_without_its_mark_a_notice_is_not_carried_along():
    """Somebody has cut the line away and left the rest: better nothing than our own lines at a customer's."""
    rest = NOTICE.partition("-##")[2].strip()
    for known in ("", NOTICE):
        said = own_words(view(f"Open the lid.\n\n{rest}"), known)
        assert HOW not in said
        assert "link: https" not in said


def test_no_token_leaves():
    """Neither the address of an agent's answers nor a Message-ID, wherever somebody has quoted it."""
    own_id = message_id(KEYS, 7, 12, seat("joe@staff.example"), "x", "desk.example")
    said = own_words(view(f"Write to {AT} or see {own_id}."))
    assert said == "Write to support@desk.example or see <@desk.example>."
    assert without_tokens("t7.s12.short 3.14 a.b") == "t7.s12.short 3.14 a.b"


def test_files_that_may_not_go_along_are_refused():
    """With their name; nothing is left out silently. A picture without a name gets one."""
    part = "--b\nContent-Type: {}\nContent-Disposition: attachment{}\n\n{}\n"
    mixed = 'multipart/mixed; boundary="b"; x="'
    png = part.format("image/png\nContent-Transfer-Encoding: base64", "", "iVBORw0KGgoAAAANSUhEUgAAAAE=")
    assert [one.name for one in enclosed(view(f"{png}--b--\n", mixed))] == ["file-1.png"]
    program = part.format("application/octet-stream", '; filename="run.exe"', "MZ\x00")
    with pytest.raises(DeskError, match=r"run\.exe"):
        enclosed(view(f"{png}{program}--b--\n", mixed))
