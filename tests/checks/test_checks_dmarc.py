"""DMARC looked up by ourselves: whose organisation, what the DNS does, what the other checks have found."""

import asyncio

import pytest
from checkworld import KEYS, FakeDns, received

from mailgate.checks.dmarc import DmarcCheck, author_domain
from mailgate.checks.gather import CheckPolicy, gather_facts
from mailgate.domain.facts import Authentication, Verdict
from mailgate.domain.message.view import MessageView

REJECT = b"v=DMARC1; p=reject"


def view(*lines):
    return MessageView.parse("\r\n".join((*lines, "", "Hello")).encode())


def verdict(dns, known, author="anna@mail.customer.example", **options):
    async def ask():
        return await DmarcCheck(dns, **options).verdict(view(f"From: {author}"), known)

    return asyncio.run(ask())


def signed(*domains):
    return Authentication(dkim=tuple(Verdict("pass", one) for one in domains))


@pytest.mark.parametrize(
    ("author", "signer", "records", "result"),
    [
        ("a@customer.example", "customer.example", {"customer.example": REJECT}, "pass"),
        ("a@mail.customer.example", "customer.example", {"customer.example": REJECT}, "pass"),
        ("a@customer.example", "mail.customer.example", {"customer.example": REJECT}, "pass"),
        ("a@x.customer.example", "y.customer.example", {"customer.example": REJECT}, "pass"),
        ("a@customer.example", "mailer.example", {"customer.example": REJECT}, "neutral"),
        ("a@customer.example", "notcustomer.example", {"customer.example": REJECT}, "neutral"),
        ("a@customer.example", "customer.example", {}, "none"),
        # Two customers of one registry are two organisations, without any list of such registries.
        ("a@one.co.example", "two.co.example", {"one.co.example": REJECT, "two.co.example": REJECT}, "neutral"),
        ("a@one.bank", "two.bank", {"bank": b"v=DMARC1; psd=y"}, "neutral"),
        ("a@x.one.bank", "one.bank", {"bank": b"v=DMARC1; psd=y"}, "pass"),
        # A part of a domain that says it is an organisation of its own.
        ("a@customer.example", "sub.customer.example",
         {"customer.example": REJECT, "sub.customer.example": b"v=DMARC1; psd=n"}, "neutral"),
    ],
)  # fmt: skip
def test_the_organisation_decides(author, signer, records, result):
    """A signature counts if it is of the same organisation, as the domains themselves tell."""
    dns = FakeDns(keys={f"_dmarc.{name}": text for name, text in records.items()})
    assert verdict(dns, signed(signer), author).result == result


def test_the_verdict_names_the_authors_domain():
    """In its ASCII form."""
    dns = FakeDns(keys={"_dmarc.xn--bcher-kva.example": REJECT})
    assert verdict(dns, signed("xn--bcher-kva.example"), "a@bücher.example") == Verdict(
        "pass", "xn--bcher-kva.example"
    )


def test_dns_that_fails_is_temporary():
    """An error of the name server is no verdict on the mail."""
    assert verdict(FakeDns(failing=True), signed("x.example")).result == "temperror"


def test_strangers_cost_no_walk():
    """Only domains that can be of the author's organisation are looked at."""
    dns = FakeDns(keys={"_dmarc.customer.example": REJECT})
    verdict(dns, signed("a.b.c.d.mailer.example"), "a@customer.example")
    assert sorted(dns.asked) == ["_dmarc.customer.example", "_dmarc.example"]


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("From: nobody",),
        ("From: a@one.example, b@two.example",),
        ("From: a@one.example", "From: a@one.example"),
        ("From: a@[192.0.2.1]",),
        ("From: a@" + "x" * 80 + ".example",),
    ],
)
def test_a_mail_without_one_author_domain_is_a_permanent_error(lines):
    """RFC 9989 5.3.1: what has no domain, or several, speaks for nobody; DNS is not asked."""
    dns = FakeDns()

    async def ask():
        return await DmarcCheck(dns).verdict(view(*lines), Authentication())

    assert asyncio.run(ask()) == Verdict("permerror")
    assert dns.asked == []
    assert author_domain(view(*lines)) == ""


def test_two_authors_of_one_domain_are_one_domain():
    """What counts is whose name stands there."""
    assert author_domain(view("From: a@one.example, b@ONE.example")) == "one.example"


# -- within all the facts


def facts(dns, headers="From: anna@customer.example", trusted=(), deadline_s=20.0, **options):
    async def gather():
        policy = CheckPolicy(
            KEYS, "main", trusted_authserv_ids=frozenset(trusted), dmarc=DmarcCheck(dns, **options),
            deadline_s=deadline_s,
        )  # fmt: skip
        raw = (headers + "\n\nHello").replace("\n", "\r\n").encode()
        return await gather_facts(received(raw), MessageView.parse(raw), policy)

    return asyncio.run(gather()).authentication


RECEIVED = "Received: by mx.example.org\n"


def test_a_trusted_verdict_is_not_looked_up_again():
    """What the border found stands, a domain without a policy included."""
    dns = FakeDns(keys={"_dmarc.customer.example": REJECT})
    for result in ("pass", "fail", "none"):
        headers = (
            f"Authentication-Results: mx.example.org; dmarc={result} header.from=customer.example\n"
            f"{RECEIVED}From: anna@customer.example"
        )
        found = facts(dns, headers, trusted={"mx.example.org"})
        assert (found.dmarc, found.source) == (Verdict(result, "customer.example"), "mx.example.org")
    assert dns.asked == []


def test_a_forged_verdict_is_looked_up():
    """A field of a server that nobody trusts, and one below the trace, say nothing."""
    dns = FakeDns(keys={"_dmarc.customer.example": REJECT})
    forged = "Authentication-Results: mx.example.org; dmarc=pass header.from=customer.example; spf=pass\n"
    headers = f"{forged.replace('mx.', 'evil.')}{RECEIVED}{RECEIVED}{forged}From: anna@customer.example"
    found = facts(dns, headers, trusted={"mx.example.org"})
    assert (found.dmarc.result, found.source) == ("neutral", "main")
    assert facts(dns, headers, trusted={"mx.example.org"}, strict=True).dmarc.result == "fail"


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ("spf=pass smtp.mailfrom=bounce@customer.example", "pass"),
        ("spf=pass smtp.mailfrom=bounce@mailer.example; dkim=pass header.d=customer.example", "pass"),
        ("spf=pass smtp.mailfrom=bounce@mailer.example; dkim=fail header.d=customer.example", "fail"),
        ("spf=fail smtp.mailfrom=bounce@customer.example", "fail"),
        ("dkim=pass header.d=mailer.example", "neutral"),
    ],
)
def test_it_stands_on_what_the_border_found(results, verdict):
    """SPF and DKIM of a server that does no DMARC itself."""
    dns = FakeDns(keys={"_dmarc.customer.example": REJECT})
    headers = f"Authentication-Results: mx.example.org; {results}\n{RECEIVED}From: anna@customer.example"
    assert facts(dns, headers, trusted={"mx.example.org"}).dmarc == Verdict(verdict, "customer.example")


def test_dead_dns_ends_at_the_deadline():
    """And then nothing is known."""
    assert facts(FakeDns(dead=True), deadline_s=0.05).dmarc == Verdict("temperror", "customer.example")
