"""Chains of those who passed a mail on: whole, broken, hostile, and whom they convince."""

import asyncio

import arcworld
import dkimkit
import pytest
from checkworld import KEYS, FakeDns, received

from mailgate.checks.arc import ArcCheck
from mailgate.checks.dkim import DkimCheck
from mailgate.checks.dmarc import DmarcCheck
from mailgate.checks.gather import CheckPolicy, gather_facts
from mailgate.domain.facts import Verdict
from mailgate.domain.message.view import MessageView

MAIL = (
    b"From: Anna <anna@customer.example>\r\nTo: support@example.org\r\nSubject: Printer\r\n"
    b"Message-ID: <m@customer.example>\r\n\r\nHello\r\n"
)
FOUND = "lists.example; dkim=pass header.d=customer.example; dmarc=pass header.from=customer.example"


def chain(count=1, first=FOUND, domains=("lists.example", "forward.example", "third.example")):
    raw = MAIL
    for number in range(1, count + 1):
        raw = arcworld.seal(raw, number, domains[number - 1], first if number == 1 else "x.example; arc=pass")
    return raw


def dns(**options):
    known = arcworld.records("lists.example", "forward.example", "third.example")
    return FakeDns(keys={**known, "_dmarc.customer.example": b"v=DMARC1; p=reject"}, **options)


def look(raw, server=None, deadline_s=20.0, **options):
    async def ask():
        return await ArcCheck(server or dns(), **options).look(MessageView.parse(raw), deadline_s)

    return asyncio.run(ask())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_whole_chain_passes(count):
    """The newest sealer stands in the verdict, all of them in their order, and what the first one found."""
    found = look(chain(count))
    sealers = ("lists.example", "forward.example", "third.example")[:count]
    assert found.verdict == Verdict("pass", sealers[-1])
    assert found.sealers == sealers[::-1]
    assert found.first is not None
    assert found.first.authserv_id == "lists.example"


def test_no_chain_costs_nothing():
    """Without a seal there is no verdict and no question."""
    server = dns()
    assert look(MAIL, server).verdict == Verdict()
    assert server.asked == []


@pytest.mark.parametrize(
    "change",
    [
        (b"Hello", b"Hullo"),
        (b"Subject: Printer", b"Subject: Plotter"),
        (b"i=1; lists.example; dkim=pass", b"i=1; lists.example; dkim=fail"),
        (b"cv=none", b"cv=pass"),
        (b"i=1;", b"i=3;"),
        (b"i=1;", b"i=x;"),
        (b"d=lists.example", b"d=forward.example"),
        (b"ARC-Message-Signature:", b"X-Was:"),
        (b"ARC-Authentication-Results:", b"X-Was:"),
        (b"a=rsa-sha256;", b""),
        (b"s=arc;", b""),
        (b"bh=", b"bh=\xff"),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_a_changed_chain_fails(change, count):
    """Results, seals, signatures and what they cover: an octet of any, and nobody is believed."""
    raw = chain(count).replace(*change)
    assert raw != chain(count)
    assert look(raw).verdict.result in {"fail", "permerror"}


def test_a_sealer_that_saw_it_broken_is_believed():
    """cv=fail is what somebody on the way found."""
    assert (
        look(arcworld.seal(chain(1), 2, "forward.example", "x.example", cv="fail")).verdict.result == "fail"
    )


def test_a_key_that_is_gone_fails():
    """Without the sealer's key there is no proof."""
    assert look(chain(1), FakeDns()).verdict.result == "fail"


@pytest.mark.parametrize("options", [{"failing": True}, {"dead": True}])
def test_dns_that_does_not_answer_is_temporary(options):
    """The mail goes on at the deadline."""
    assert look(chain(1), dns(**options), deadline_s=0.05).verdict == Verdict("temperror", "lists.example")


def test_a_heap_of_seals_is_not_looked_at():
    """Each would cost two signatures and two questions."""
    server = dns()
    heap = b"".join(
        b"ARC-Seal: i=%d; a=rsa-sha256; d=d%d.example; s=s; cv=pass; b=eA==\r\n" % (n, n)
        for n in range(1, 51)
    )
    assert look(heap + MAIL, server).verdict == Verdict("policy")
    assert server.asked == []


def test_too_big_a_mail_is_not_looked_at():
    """Beyond the limit the check would cost too much memory."""
    assert look(chain(1), most_octets=100).verdict.result == "policy"


# -- what a chain changes


def facts(raw, trusted=(), dmarc=True):
    async def gather():
        server = dns()
        policy = CheckPolicy(
            KEYS, "main", dkim=DkimCheck(server), arc=ArcCheck(server, trusted), deadline_s=20.0,
            dmarc=DmarcCheck(server, strict=True) if dmarc else None,
        )  # fmt: skip
        return await gather_facts(received(raw), MessageView.parse(raw), policy)

    return asyncio.run(gather()).authentication


def test_the_first_results_count_where_all_sealers_are_trusted():
    """A list has broken the author's signature, and says that it was good."""
    found = facts(chain(1), {"lists.example"})
    assert (found.dmarc, found.arc) == (Verdict("pass", "customer.example"), Verdict("pass", "lists.example"))
    assert facts(chain(2), {"lists.example", "forward.example"}).dmarc.result == "pass"


@pytest.mark.parametrize("trusted", [(), {"forward.example"}, {"other.example"}])
def test_a_stranger_in_the_chain_spoils_it(trusted):
    """Anybody can seal a mail that he has made up."""
    found = facts(chain(2), trusted)
    assert (found.dmarc.result, found.arc.result) == ("fail", "pass")


@pytest.mark.parametrize(
    "results",
    [
        "lists.example; dmarc=pass header.from=bank.example",
        "lists.example; dmarc=pass",
        "lists.example; dmarc=fail header.from=customer.example",
        "lists.example; none",
    ],
)
def test_only_a_pass_of_this_author_counts(results):
    """What the list saw must be about the domain that From names."""
    assert facts(chain(1, first=results), {"lists.example"}).dmarc.result == "fail"


def test_a_broken_chain_changes_nothing():
    """Trusted or not."""
    found = facts(chain(1).replace(b"Hello", b"Hullo"), {"lists.example"})
    assert (found.dmarc.result, found.arc.result) == ("fail", "fail")


def test_what_passes_by_itself_needs_no_chain():
    """The author's own signature is whole, the chain is not."""
    from mailgate.outbox.sign import Signer

    signer = Signer(dkimkit.signing("rsa", domain="customer.example"))
    from datetime import UTC, datetime

    head, _, body = MAIL.partition(b"\r\n\r\n")
    raw = signer.fields(head + b"\r\n", [body], "a@customer.example", datetime(2026, 1, 1, tzinfo=UTC)) + MAIL

    async def gather():
        server = FakeDns(keys={**dns().keys, **dkimkit.records("rsa", domain="customer.example")})
        policy = CheckPolicy(KEYS, "main", dkim=DkimCheck(server), dmarc=DmarcCheck(server), deadline_s=20.0)
        return await gather_facts(received(raw), MessageView.parse(raw), policy)

    assert asyncio.run(gather()).authentication.dmarc == Verdict("pass", "customer.example")
