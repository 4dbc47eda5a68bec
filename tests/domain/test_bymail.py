"""Who is believed to be an agent: what vouches for a mail, and what does not."""

from dataclasses import replace

import pytest
from domainworld import mail

from mailgate.domain.desk.bymail import vouched
from mailgate.domain.facts import Authentication, Facts, Verdict
from mailgate.domain.routing import Agent, Catalogue

JOE = Agent("joe", "joe@mail.staff.example", ("support",))


NONE = Verdict()


def facts(dmarc: Verdict = NONE, *dkim: Verdict, spf: Verdict = NONE) -> Facts:
    """Return facts of a mail as a server that we trust gives them."""
    return Facts(authentication=Authentication(spf, dkim, dmarc, "mx"))


def passed(domain: str) -> Verdict:
    """Return a verdict that speaks for a domain."""
    return Verdict("pass", domain)


@pytest.mark.parametrize(
    ("known", "believed"),
    [
        (facts(passed("mail.staff.example")), True),
        (facts(passed("")), True),
        (facts(passed("staff.example")), True),
        (facts(passed("evil.example")), False),
        (facts(NONE, passed("mail.staff.example")), True),
        (facts(NONE, passed("staff.example")), True),
        (facts(NONE, passed("deep.mail.staff.example")), False),
        (facts(NONE, passed("example")), False),
        (facts(NONE, passed("xstaff.example")), False),
        (facts(NONE, Verdict("fail", "staff.example"), passed("evil.example")), False),
        (facts(Verdict("fail", "mail.staff.example"), passed("staff.example")), False),
        (facts(spf=passed("mail.staff.example")), False),
        (facts(Verdict("none", ""), Verdict("temperror", "staff.example")), False),
        (Facts(), False),
    ],
)
def test_what_vouches_for_an_agent(known, believed):
    """DMARC of this domain, or a signature of it or of one above it, where DMARC does not fail."""
    assert bool(vouched(mail(sender=JOE.address, facts=known), JOE)) is believed


@pytest.mark.parametrize(
    ("user", "believed"), [("joe", True), (JOE.address, True), ("kim", False), ("", False)]
)
def test_a_login_of_ones_own_vouches(user, believed):
    """Who came in with the agent's name and password is the agent; any other login says nothing."""
    one = mail(sender=JOE.address)
    received = replace(one.received, origin=replace(one.received.origin, authenticated=user))
    assert bool(vouched(replace(one, received=received), JOE)) is believed


def test_agents_are_found_by_their_address():
    """Whatever its case; of two with one address the one who is enabled, and nobody without an address."""
    off, on = Agent("a", "Desk@staff.example", enabled=False), Agent("b", "desk@STAFF.example")
    found = Catalogue(agents={"a": off, "b": on, "c": Agent("c")})
    assert found.agent_at("DESK@staff.example") is on
    assert found.agent_at("") is None
    assert replace(found, agents={"a": off}).agent_at("desk@staff.example") is off
