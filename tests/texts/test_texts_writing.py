"""Templates, signatures and Markdown for what agents write (G16, T10)."""

from dataclasses import replace

import pytest
from textkit import AGENT, CONTACT, NOW, QUEUE, TICKET

from mailgate.domain.access import Actor
from mailgate.domain.desk.ground import Ground
from mailgate.domain.deskerror import DeskError
from mailgate.domain.draft import Attachment
from mailgate.domain.helpdesk import DeskPolicy, Role
from mailgate.domain.letterhead import NOTHING, Wording
from mailgate.domain.routing import Agent, Catalogue, Template
from mailgate.texts.writing import TextWriting

LOGO = Attachment("logo.png", "image/png", blob="aa", size=3, cid="logo.png")
SIGNATURE = """<p>{{ agent.name }}, {{ company.name }}<br>
<a href="mailto:{{ agent.alias }}">{{ agent.alias }}</a> <img src="cid:logo.png" alt=""></p>
"""
TEMPLATES = {
    "sig": Template("sig", "", SIGNATURE, format="html"),
    "late": Template("late", "It is late", "Dear {{ contact.name }}, {{ ticket.number }} is late.\n"),
    "late.de": Template("late.de", "", "{{ ticket.number }} verspätet sich.\n"),
    "broken": Template("broken", "", "{{ ticket.number.nothing.more }}"),
}


class Reader:
    """Knows one contact."""

    def __init__(self, language: str = "") -> None:
        self.found = replace(CONTACT, language=language)

    def contact_by_id(self, contact_id: int):
        return self.found if contact_id == CONTACT.contact_id else None


def ground(name: str = "sue", *, language: str = "", **queue: object) -> Ground:
    """Return what a plan of this agent stands on."""
    sue = Agent("sue", "sue@staff.example", full_name="Sue Miller")
    catalogue = Catalogue(
        queues={"support": replace(QUEUE, **{"signature": "sig", **queue})},
        agents={"sue": sue, "bob": AGENT},
        templates=TEMPLATES,
        files={"sig": (LOGO,)},
        desk=DeskPolicy(company="Example Ltd"),
    )
    return Ground(Reader(language), catalogue, NOW, Actor(name, Role.AGENT), name)  # type: ignore[arg-type]


def test_a_signature_speaks_of_who_writes():
    """Full name, company, the queue's address as the agent's, a link to it, and the image."""
    said = TextWriting().signature(ground(), TICKET)
    assert said.text == "Sue Miller, Example Ltd\nsupport@example.org\n"
    assert '<a href="mailto:support@example.org">support@example.org</a>' in said.html
    assert '<img src="cid:logo.png" alt="">' in said.html
    assert said.files == (LOGO,)


def test_without_an_agent_the_ticket_has_one():
    """Whoever runs commands on the machine writes in the name of who has the ticket."""
    assert TextWriting().signature(ground(""), TICKET).text.startswith("Bob Stone,")


@pytest.mark.parametrize(
    "queue", [{"signature": ""}, {"signature_off": True}, {"signature": "gone"}, {"signature": "broken"}]
)
def test_no_signature_keeps_no_answer_back(queue):
    """None, switched off, gone or failing: the answer leaves without."""
    assert TextWriting().signature(ground(**queue), TICKET) == NOTHING


def test_a_template_reads_in_the_customers_language():
    """And for the ticket; who has no template in his language gets the plain one."""
    assert TextWriting().template(ground(), TICKET, "late") == Wording(
        "It is late", "Dear Anna Berg, T-7 is late.\n"
    )
    assert TextWriting().template(ground(language="de"), TICKET, "late").text == "T-7 verspätet sich.\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lat", "there is no template 'lat', did you mean 'late'?"),
        ("broken", "cannot be rendered for this ticket"),
    ],
)
def test_a_template_that_cannot_be_said_is_refused(name, said):
    """With what is wrong; nothing leaves."""
    with pytest.raises(DeskError) as error:
        TextWriting().template(ground(), TICKET, name)
    assert said in str(error.value)


def test_markdown_of_a_person_is_cleaned():
    """Both parts; no HTML of the writer's passes, and nothing in it is a template."""
    said = TextWriting().markdown("It is **late** <script>x</script> {{ 7*7 }} \ufdd00\ufdd1\n")
    assert said.text.startswith("It is late")
    assert "<strong>late</strong>" in said.html
    assert "<script" not in said.html
    assert "{{ 7*7 }}" in said.text
