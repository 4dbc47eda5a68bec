"""All facts of a mail together: loop traces, class, verdicts, and what is looked up when."""

import asyncio

import pytest
from checkworld import KEYS, FakeDns, received

from mailgate.checks.dkim import DkimCheck
from mailgate.checks.gather import CheckPolicy, gather_facts
from mailgate.checks.loop import MOST_VALUES
from mailgate.domain.envelope import Source
from mailgate.domain.facts import MailClass, Verdict
from mailgate.domain.message.view import MessageView
from mailgate.domain.token import loop_mark, message_id

PLAIN = (
    "Received: from a by mx.example.org; x\nFrom: anna@customer.example\nTo: support@example.org\nSubject: Hi"
)
POLICY = CheckPolicy(KEYS, "main", trusted_authserv_ids=frozenset({"mx.example.org"}))


def facts(headers=PLAIN, policy=POLICY, **options):
    raw = (headers + "\n\nHello\n").replace("\n", "\r\n").encode()
    return asyncio.run(gather_facts(received(raw, **options), MessageView.parse(raw), policy))


def test_a_plain_mail():
    """A person's mail, once received, with nothing special about it."""
    found = facts()
    assert (found.mail_class, found.received_count, found.returned, found.delivered_to) == (
        MailClass.PERSON,
        1,
        False,
        (),
    )
    assert (found.suppress, found.spam, found.unparsable) == ((), False, False)


def test_received_fields_are_counted():
    """Every trace field counts."""
    assert facts("Received: x\n" * 30 + PLAIN).received_count == 31


def test_our_mark_makes_it_ours():
    """A valid mark is found, also with an old key; a wrong one is nothing."""
    ours = facts(f"{PLAIN}\nX-Mailgate-Loop: {loop_mark(KEYS, 'main')}")
    assert (ours.returned, ours.mail_class) == (True, MailClass.OWN)
    other = facts(f"{PLAIN}\nX-Mailgate-Loop: {loop_mark((b'x',), 'main')}")
    assert (other.returned, other.mail_class) == (False, MailClass.PERSON)


def test_our_automatic_mail_without_its_mark():
    """Token, Auto-Submitted and an address of ours prove it as well."""
    policy = CheckPolicy(KEYS, "main", own=lambda: frozenset({"support@example.org"}))
    own_id = message_id(KEYS, 7, 1, "x@y.example", "u", "h.example")
    found = facts(
        f"From: support@example.org\nAuto-Submitted: auto-replied\nMessage-ID: {own_id}",
        policy,
        sender="x@y.example",
    )
    assert (found.mail_class, found.returned) == (MailClass.OWN, False)


def test_where_it_was_delivered_before():
    """Delivered-To and X-Mailgate-Delivered, folded, without brackets and repetitions."""
    found = facts(
        f"Delivered-To: <Support@Example.org>\nDelivered-To: support@example.org\nX-Mailgate-Delivered: a@b.example\n{PLAIN}"
    )
    assert found.delivered_to == ("support@example.org", "a@b.example")


def test_a_polled_mailbox_names_itself():
    """The topmost Delivered-To of a polled mail is its own mailbox server's; a second one is a trace."""
    assert facts(f"Delivered-To: support@example.org\n{PLAIN}", source=Source.IMAP).delivered_to == ()
    twice = f"Delivered-To: support@example.org\nDelivered-To: support@example.org\n{PLAIN}"
    assert facts(twice, source=Source.IMAP).delivered_to == ("support@example.org",)


def test_what_the_sender_asks_not_to_be_sent():
    """X-Auto-Response-Suppress in lower case, from all fields."""
    found = facts(f"{PLAIN}\nX-Auto-Response-Suppress: DR, OOF,AutoReply\nX-Auto-Response-Suppress: All")
    assert found.suppress == ("dr", "oof", "autoreply", "all")


def test_a_heap_of_values_is_cut():
    """Thousands of trace fields cost no more than fifty."""
    assert (
        len(facts("".join(f"Delivered-To: a{n}@x.example\n" for n in range(900)) + PLAIN).delivered_to)
        == MOST_VALUES
    )


@pytest.mark.parametrize(
    "field",
    [
        "X-Spam-Flag: YES",
        "X-Spam: Yes",
        "X-Spam-Status: Yes, score=9.1",
        "X-Virus-Status: Infected (Eicar)",
        "X-Amavis-Alert: INFECTED, x",
    ],
)
def test_spam_and_viruses(field):
    """What a filter in front marked is spam; a forged mark only makes us silent."""
    assert facts(f"{PLAIN}\n{field}").spam


@pytest.mark.parametrize(
    "field", ["X-Spam-Flag: NO", "X-Spam-Status: No, score=1", "X-Virus-Status: Clean", "X-Spam-Score: 99"]
)
def test_no_spam(field):
    """Other values are none."""
    assert not facts(f"{PLAIN}\n{field}").spam


def test_an_unparsable_mail():
    """What the view can't make sense of is said here."""
    raw = b"\r\nno header at all"
    view = MessageView.parse(raw)
    found = asyncio.run(gather_facts(received(raw), view, POLICY))
    assert found.unparsable
    assert "no-header" in view.noted


def test_a_trusted_servers_verdict():
    """Authentication-Results of a listed server is a fact."""
    found = facts(f"Authentication-Results: mx.example.org; dmarc=fail header.from=customer.example\n{PLAIN}")
    assert found.authentication.dmarc == Verdict("fail", "customer.example")
    assert found.authentication.source == "mx.example.org"


def test_a_polled_mail_without_return_path_is_no_machines():
    """A missing envelope is no null sender; the gate holds answers back all the same."""
    assert facts(sender="", source=Source.IMAP).mail_class is MailClass.PERSON
    assert facts(f"Return-Path: <>\n{PLAIN}", sender="", source=Source.IMAP).mail_class is MailClass.NOTICE
    assert facts(sender="").mail_class is MailClass.NOTICE


class TestLookups:
    """What asks DNS, and when."""

    SIGNED = f"DKIM-Signature: v=1; a=rsa-sha256; d=customer.example; s=s1; h=from; b=eA==; bh=eA==\n{PLAIN}"

    def policy(self, dns, **options):
        async def make():
            return CheckPolicy(KEYS, "main", resolver=dns, dkim=DkimCheck(dns), null_mx=True, **options)

        return asyncio.run(make())

    def test_nothing_without_a_policy(self):
        """By default no mail costs a question."""
        found = facts(self.SIGNED)
        assert (found.authentication.dkim, found.null_mx) == ((), False)

    def test_a_null_mx_of_the_senders_domain(self):
        """Asked for a person's mail, for the envelope sender's domain."""
        dns = FakeDns(null={"customer.example"})
        assert facts(policy=self.policy(dns)).null_mx
        assert dns.asked == ["customer.example"]

    @pytest.mark.parametrize("sender", ["", "root", "a@[192.0.2.1]"])
    def test_no_domain_no_question(self, sender):
        """A sender without a domain has no MX."""
        dns = FakeDns()
        assert not facts(policy=self.policy(dns), sender=sender).null_mx
        assert dns.asked == []

    def test_machines_are_not_looked_up(self):
        """List mail is never answered, so nothing about its sender's domain is asked."""
        dns = FakeDns(null={"customer.example"})
        assert not facts(f"{PLAIN}\nList-Id: <x>", self.policy(dns)).null_mx
        assert dns.asked == []

    def test_dkim_is_checked_where_nobody_did(self):
        """Our own verdict names us as its source."""
        found = facts(self.SIGNED, self.policy(FakeDns())).authentication
        assert (found.dkim, found.source) == ((Verdict("permerror", "customer.example"),), "main")

    def test_what_the_server_found_stays_beside_our_verdict(self):
        """SPF of a trusted server and DKIM of our own go together; the server is named."""
        policy = self.policy(FakeDns(), trusted_authserv_ids=frozenset({"mx.example.org"}))
        headers = (
            f"Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=customer.example\n{self.SIGNED}"
        )
        found = facts(headers, policy).authentication
        assert (found.spf.result, found.dkim[0].result, found.source) == (
            "pass",
            "permerror",
            "mx.example.org",
        )

    def test_dkim_is_not_checked_twice(self):
        """Where a trusted server has done it, its verdict stands."""
        dns = FakeDns()
        policy = self.policy(dns, trusted_authserv_ids=frozenset({"mx.example.org"}))
        headers = (
            f"Authentication-Results: mx.example.org; dkim=pass header.d=customer.example\n{self.SIGNED}"
        )
        assert facts(headers, policy).authentication.dkim == (Verdict("pass", "customer.example"),)
        assert "s1._domainkey.customer.example" not in dns.asked

    @pytest.mark.parametrize("dns", [FakeDns(dead=True), FakeDns(failing=True)], ids=["silent", "failing"])
    def test_dead_dns_delays_no_mail_beyond_the_deadline(self, dns):
        """All lookups end together at the deadline; what is unknown is unknown."""
        found = facts(self.SIGNED, self.policy(dns, deadline_s=0.05))
        assert found.null_mx is False
        assert found.authentication.dkim == (Verdict("temperror", "customer.example"),)
