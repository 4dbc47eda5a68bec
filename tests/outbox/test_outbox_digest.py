"""The digest: one mail in place of many, nothing lost."""

from datetime import UTC, datetime, timedelta

from mailgate.domain.draft import Draft
from mailgate.outbox.digest import TEXT_MAX, Notice, gather_notices

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def notice(number: int, text: str = "") -> Notice:
    draft = Draft(
        "desk@example.org", "agent@example.org", f"Ticket T-{number}\r\n changed", text or f"text {number}",
        html="<p>x</p>", message_id=f"<{number}@x>", references=("<a@x>",), headers=(("Auto-Submitted", "auto-generated"),),
    )  # fmt: skip
    return Notice(draft, START + timedelta(minutes=number))


def test_every_notice_stands_in_the_digest():
    """Subject, time and text of each are there, oldest first."""
    made = gather_notices([notice(1), notice(2), notice(3)], "<d@x>")
    assert made.subject == "3 notifications"
    for number in (1, 2, 3):
        assert f"text {number}" in made.text
        assert f"2026-03-02 09:0{number} UTC" in made.text
    assert made.text.index("text 1") < made.text.index("text 2") < made.text.index("text 3")


def test_a_digest_is_a_plain_mail_of_its_own():
    """It has its own Message-ID, belongs to no thread, and keeps the fields that mark it as automatic."""
    made = gather_notices([notice(1), notice(2)], "<d@x>")
    assert (made.message_id, made.html, made.references) == ("<d@x>", "", ())
    assert made.headers == (("Auto-Submitted", "auto-generated"),)
    assert made.to_address == "agent@example.org"


def test_a_digest_of_one_keeps_its_subject():
    """One notice that had to wait says what it is about."""
    assert gather_notices([notice(1)], "<d@x>").subject.startswith("Ticket T-1")


def test_long_texts_are_cut_visibly():
    """A digest stays readable: a long notice ends with a sign that there is more."""
    made = gather_notices([notice(1, "x" * 10_000), notice(2)], "<d@x>")
    assert "x" * TEXT_MAX + " […]" in made.text
    assert len(made.text) < TEXT_MAX + 1000
