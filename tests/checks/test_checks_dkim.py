"""DKIM checked by ourselves: good, bad and hostile signatures, and DNS that does not answer."""

import asyncio
import re

import dkim
import dkimkit
import opendkimkit
import pytest
from checkworld import FakeDns

from mailgate.checks.dkim import DkimCheck
from mailgate.domain.facts import Verdict
from mailgate.domain.message.view import MessageView

MAIL = (
    b"From: Anna <anna@customer.example>\r\nTo: support@example.org\r\nSubject: Printer\r\n"
    b"Date: Tue, 1 Jul 2025 12:00:00 +0000\r\nMessage-ID: <m@customer.example>\r\n\r\nHello\r\n.dot\r\n\r\n"
)
NAME = "s1._domainkey.customer.example"


# A key made for these tests; it signs nothing else.
PRIVATE = b"""-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQC8HmtG2+48oxAXbx0poqxTfqiyxt4pjyoSp/t5f4mQsviPZPfL
Gs+OBoqDA3CFvzOm1nzXVE0j1GDxHT1ll/Yk9enwCoEKs/Onx01kJgkkwe8WgUb6
elpHQh9EkvrfBBc7OKZ0qi2NCty4JwCxxD+UMCpLzA0qaVM+eTe0zkctYQIDAQAB
AoGAY0pu9uyYVzr+AFBuhQ5OhJditVHP6wGchFJTojJVyqEcHpt9Sp9xE5aSP0pu
drmPqqylIgZl3NZ5AGqdgGTvznM49wkC39nCjcsGzQGDFLea4bKUr3vhEpEh2BGI
KbmFIPXA5992eeGxgUphVZU8YrRsgm6QA2gT29IDj6hTTH0CQQD1l7jH/4rMvphm
jr4F/QyxnBwYPkMd5PvWmeQBrSJWGOvQ3rvC4ubs6HCDDqn+9JBnI4B6bDKY4+Lv
x27TtYtXAkEAxBczQZLzn9EDK3RtJtkQYlPfFU5qjUMbUEDnYJFgzxGKjZ8M6CmM
08uvzp0XjWNKLOX5DhnSo7PpYYX9WTXSBwJBAOYazcq1p3rGaUxOGcTKn4YZ2kjs
rT3pOfyMG5FmgnFg0DHXPt0Oc4ctEZ35s1VqF5JLNSl/Drkpa4t1tGUwB+kCQE3J
nk2vC/IkKgu8/efhR/yZpO+A0ggDzPwDI0ZNpYe/P6V6qNYYVYNXVAC0lLlD4BL7
j9cmK0dBgZ1sV9ph3VUCQQCOSQ/MEAxA5Vhqpn4RLbuWWb3Mu9GIRhXuFiSCV9GW
zgmESHYQgJ92ilBGMCnTmYSbiTSwadB2aW6zU7NY2FI0
-----END RSA PRIVATE KEY-----
"""
PUBLIC = (
    b"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC8HmtG2+48oxAXbx0poqxTfqiyxt4pjyoSp/t5f4mQsviPZPfLGs"
    b"+OBoqDA3CFvzOm1nzXVE0j1GDxHT1ll/Yk9enwCoEKs/Onx01kJgkkwe8WgUb6elpHQh9EkvrfBBc7OKZ0qi2NCty4"
    b"JwCxxD+UMCpLzA0qaVM+eTe0zkctYQIDAQAB"
)


@pytest.fixture
def pair():
    """Return the private key and its record."""
    return PRIVATE, b"v=DKIM1; k=rsa; p=" + PUBLIC


def signed(pair, raw=MAIL, domain=b"customer.example", **options):
    return dkim.sign(raw, b"s1", domain, pair[0], **options) + raw


def verdicts(raw, dns, deadline=20.0, **options):
    async def ask():
        return await DkimCheck(dns, **options).verify(MessageView.parse(raw), deadline)

    return asyncio.run(ask())


def known(pair):
    return FakeDns(keys={NAME: pair[1]})


def test_a_good_signature_passes(pair):
    """The verdict names the signing domain."""
    assert verdicts(signed(pair), known(pair)) == (Verdict("pass", "customer.example"),)


def test_bare_line_feeds_do_not_matter(pair):
    """A mail that was fetched with other line ends is checked as it was signed."""
    assert verdicts(signed(pair).replace(b"\r\n", b"\n"), known(pair))[0].result == "pass"


def test_octets_in_a_mapped_file_are_checked_alike(pair):
    """Large mails lie in a file; a view over other buffers than bytes gives the same."""
    raw = signed(pair)
    view = MessageView.parse(memoryview(raw))

    async def ask():
        return await DkimCheck(known(pair)).verify(view, 20.0)

    assert asyncio.run(ask())[0].result == "pass"


@pytest.mark.peer("opendkim")
@pytest.mark.parametrize(
    ("kind", "algorithm", "result"),
    [
        ("rsa", opendkimkit.RSA_SHA256, "pass"),
        ("ed25519", opendkimkit.ED25519_SHA256, "pass"),
        # RFC 8301 3.1: whoever can make two texts of one SHA-1 could have anything signed.
        ("rsa", opendkimkit.RSA_SHA1, "policy"),
    ],
)
def test_signatures_of_other_people_are_understood(tmp_path, kind, algorithm, result):
    """OpenDKIM signs, with each kind of key; what has changed since fails."""
    known = dkimkit.records(kind, domain="customer.example")
    signer = opendkimkit.OpenDkim(known, tmp_path)
    raw = signer.sign(MAIL, dkimkit.key(kind).pem(), "customer.example", kind, algorithm=algorithm)
    dns = FakeDns(keys=known)
    assert verdicts(raw, dns) == (Verdict(result, "customer.example"),)
    assert verdicts(raw.replace(b"Hello", b"Hullo"), dns) == (Verdict("fail", "customer.example"),)


@pytest.mark.parametrize(
    ("old", "new"), [(b"Hello", b"Hullo"), (b"Printer", b"Plotter"), (b"Anna <anna@", b"Ben <ben@")]
)
def test_a_changed_mail_fails(pair, old, new):
    """Body, subject and author are covered."""
    assert verdicts(signed(pair).replace(old, new), known(pair)) == (Verdict("fail", "customer.example"),)


def test_without_a_signature_there_is_nothing(pair):
    """No signature, no verdict, no question to DNS."""
    dns = known(pair)
    assert verdicts(MAIL, dns) == ()
    assert dns.asked == []


def test_a_missing_key_is_permanent(pair):
    """DNS says that there is no such key."""
    assert verdicts(signed(pair), FakeDns()) == (Verdict("permerror", "customer.example"),)


@pytest.mark.parametrize(
    "record", [b"v=DKIM1; p=", b"rubbish", b"v=DKIM1; k=rsa; p=!!!!", b"v=DKIM1; k=xyz; p=AAAA", b"\xff"]
)
def test_a_useless_key_never_passes(pair, record):
    """A revoked, broken or unknown key is no pass and no exception."""
    assert verdicts(signed(pair), FakeDns(keys={NAME: record}))[0].result in {"fail", "permerror", "neutral"}


def test_dns_that_fails_is_temporary(pair):
    """An error of the name server is no verdict on the mail."""
    assert verdicts(signed(pair), FakeDns(failing=True)) == (Verdict("temperror", "customer.example"),)


def test_dead_dns_ends_at_the_deadline(pair):
    """A name server that never answers costs the deadline, and the mail goes on."""
    assert verdicts(signed(pair), FakeDns(dead=True), deadline=0.05) == (
        Verdict("temperror", "customer.example"),
    )


def test_a_signature_over_part_of_the_body_is_no_pass(pair):
    """With l= anybody can append: what was signed is not what is read."""
    raw = signed(pair, length=True)
    assert b"l=" in raw
    assert verdicts(raw, known(pair))[0].result == "policy"
    assert verdicts(raw + b"appended\r\n", known(pair))[0].result == "policy"


def test_a_second_author_is_no_pass(pair):
    """A From field added on top is not covered by the signature, and is what some readers show."""
    assert verdicts(b"From: boss@bank.example\r\n" + signed(pair), known(pair))[0].result == "policy"


def test_too_big_a_mail_is_not_checked(pair):
    """Beyond the limit the check would cost too much memory."""
    assert verdicts(signed(pair), known(pair), most_octets=100) == (Verdict("policy", "customer.example"),)


def test_several_signatures_have_a_verdict_each(pair):
    """In the order of the fields; a broken one spoils no other."""
    raw = b"DKIM-Signature: nonsense\r\n" + signed(pair, signed(pair), domain=b"list.example")
    dns = FakeDns(keys={NAME: pair[1], "s1._domainkey.list.example": pair[1]})
    assert verdicts(raw, dns) == (
        Verdict("permerror"), Verdict("pass", "list.example"), Verdict("pass", "customer.example"),
    )  # fmt: skip


def test_a_heap_of_signatures_is_cut(pair):
    """Five are looked at, and so five names asked."""
    heap = b"".join(
        b"DKIM-Signature: v=1; a=rsa-sha256; d=d%d.example; s=s; h=from; b=x; bh=x\r\n" % n for n in range(50)
    )
    dns = FakeDns()
    assert len(verdicts(heap + MAIL, dns)) == 5
    assert len(dns.asked) == 5


@pytest.mark.parametrize(
    "tag",
    [
        b"d=\xff\xff",
        b"s=\xc3\xa4",
        b"a=none",
        b"h=to",
        b"v=2",
        b"x=1",
        b"c=x/y",
        b"b=%%%",
        b"i=@other.example",
        b"t=99999999999999999999",
    ],
)
def test_hostile_signatures_never_pass_and_never_raise(pair, tag):
    """Tags that are no ASCII, unknown, contradictory, expired or absurd."""
    name = tag[:2]
    raw = signed(pair)
    field, rest = re.split(rb"(?<=\r\n)(?=From:)", raw, maxsplit=1)
    hostile = re.sub(rb"(?<=[ ;])" + name + rb"[^;]*;?", b"", field.rstrip()) + b"; " + tag + b"\r\n"
    assert verdicts(hostile + rest, known(pair))[0].result not in {"pass", "policy"}
