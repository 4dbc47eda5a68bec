"""What is new in the answers of real programs' forms, by each thing that can tell it."""

from collections import Counter

import pytest
from replyforms import Form, all_forms

from mailgate.domain.message.answertext import AnswerText, answer_text
from mailgate.domain.message.view import MessageView
from mailgate.domain.replymark import reply_above

FORMS = all_forms()
LIMIT = 64 * 1024


def lines(text: str) -> list[str]:
    """Return the lines that say something: clients put blank ones where they like."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def read(form: Form, ours: str, known: tuple[str, ...]) -> AnswerText:
    """Return what is new in the answer to our text."""
    return answer_text(MessageView.parse(form.mail(ours)), LIMIT, known)


def check(form: Form, found: AnswerText) -> None:
    """Fail unless just the new text is shown, or all of it where that is expected."""
    if form.new is None:
        assert not found.trimmed, found
        return
    assert lines(found.text) == lines(form.new), found.how
    assert found.trimmed


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_with_the_mail_that_it_answers(form: Form):
    """Our own text is known: what stands above it, or below it, is shown; answers within it keep all."""
    check(form, read(form, form.words.ours, (form.words.ours,)))


@pytest.mark.parametrize("form", [one for one in FORMS if not one.needs_known], ids=lambda form: form.name)
def test_by_the_form_alone(form: Form):
    """Nothing of ours is known, as when a colleague's mail is answered: the program's own signs tell."""
    check(form, read(form, form.words.ours, ()))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_with_our_line_at_the_top(form: Form):
    """Our mail begins with the line to answer above, also where its text is not known."""
    ours = f"{reply_above(form.words.language)}\n\n{form.words.ours}"
    check(form, read(form, ours, (ours,)))
    if not form.needs_known:
        check(form, read(form, ours, ()))


def test_there_are_enough_of_each():
    """At least 60 forms, no two alike, of each program in its languages."""
    names = Counter(form.name for form in FORMS)
    assert len(names) == len(FORMS) >= 60, names.most_common(3)
    clients = {form.client.partition("-")[0] for form in FORMS}
    assert {
        "outlook",
        "gmail",
        "apple",
        "thunderbird",
        "yahoo",
        "gmx",
        "web.de",
        "proton",
        "samsung",
    } <= clients
