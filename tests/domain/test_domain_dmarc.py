"""DMARC as arithmetic: records, organisations by the tree walk, alignment, verdicts."""

import pytest

from mailgate.domain.dmarc import Record, judge, organisation, parse_record, policy_of, vouching, walk
from mailgate.domain.facts import Authentication, Verdict

PLAIN = Record("reject")
SUFFIX = Record("none", psd="y")


@pytest.mark.parametrize(
    ("text", "record"),
    [
        (b"v=DMARC1; p=reject", Record("reject")),
        (b"v=DMARC1;p=quarantine;adkim=s;aspf=s;", Record("quarantine", strict_dkim=True, strict_spf=True)),
        (b" V = DMARC1 ; p = REJECT ; adkim = R", Record("reject")),
        (b"v=DMARC1", Record("none")),
        (b"v=DMARC1; p=rubbish; rua=mailto:a@b.example", Record("none")),
        (b"v=DMARC1; psd=y; p=reject", Record("reject", psd="y")),
        (b"v=DMARC1; psd=maybe", Record("none")),
        (b"v=DMARC1; p=none; p=reject", Record("none")),
        (b"p=reject; v=DMARC1", None),
        (b"v=dmarc1; p=reject", None),
        (b"v=DMARC2; p=reject", None),
        (b"v=spf1 -all", None),
        (b"\xff\xfe", None),
        (b"", None),
    ],
)
def test_a_record_is_read(text, record):
    """RFC 9989 4.7: the version comes first and exactly so; what is unknown is passed over."""
    assert parse_record([text]) == record


def test_of_several_records_none_counts():
    """Other TXT records beside one do not matter."""
    assert parse_record([b"v=DMARC1; p=reject", b"v=DMARC1; p=none"]) is None
    assert parse_record([b"google-site-verification=x", b"v=DMARC1; p=reject"]) == PLAIN
    assert parse_record([]) is None


def test_the_walk_goes_up_to_the_top():
    """One label less at a time."""
    assert walk("a.mail.example.co.uk") == (
        "a.mail.example.co.uk", "mail.example.co.uk", "example.co.uk", "co.uk", "uk",
    )  # fmt: skip
    assert walk("example") == ("example",)


def test_the_walk_of_a_long_name_is_cut():
    """Eight questions at most, whoever makes up names (RFC 9989 4.10)."""
    names = walk(".".join("abcdefghijklmnopqrst"))
    assert len(names) == 8
    assert names[1:3] == ("n.o.p.q.r.s.t", "o.p.q.r.s.t")


@pytest.mark.parametrize(
    ("domain", "records", "top"),
    [
        ("a.example.com", {"example.com": PLAIN}, "example.com"),
        ("a.example.com", {"a.example.com": PLAIN, "example.com": PLAIN}, "example.com"),
        ("a.example.com", {"a.example.com": PLAIN}, "a.example.com"),
        ("a.example.com", {}, "a.example.com"),
        ("a.example.com", {"a.example.com": Record(psd="n"), "example.com": PLAIN}, "a.example.com"),
        ("a.example.bank", {"bank": SUFFIX}, "example.bank"),
        ("a.example.bank", {"bank": SUFFIX, "a.example.bank": PLAIN}, "example.bank"),
        ("bank", {"bank": SUFFIX}, "bank"),
    ],
)
def test_the_organisation(domain, records, top):
    """The highest record; psd=n says that it is the top, psd=y that the top is one below."""
    assert organisation(domain, records) == top


@pytest.mark.parametrize(
    ("records", "record"),
    [
        ({"a.example.com": Record("none"), "example.com": PLAIN}, Record("none")),
        ({"example.com": PLAIN}, PLAIN),
        ({"com": SUFFIX}, SUFFIX),
        ({}, None),
    ],
)
def test_the_policy(records, record):
    """A domain's own record, else its organisation's, else its suffix's."""
    assert policy_of("a.example.com", records) == record


def known(dkim=(), spf=Verdict()):  # noqa: B008
    return Authentication(dkim=tuple(dkim), spf=spf)


def said(record, found, own=(), strict=False):
    return judge("a.example.com", record, found, own, strict=strict).result


GOOD = Verdict("pass", "a.example.com")
NEAR = Verdict("pass", "example.com")
FAR = Verdict("pass", "other.example")


@pytest.mark.parametrize(
    ("found", "record", "result"),
    [
        (known([GOOD]), PLAIN, "pass"),
        (known([FAR, GOOD]), PLAIN, "pass"),
        (known([NEAR]), PLAIN, "pass"),
        (known([NEAR]), Record("reject", strict_dkim=True), "neutral"),
        (known([GOOD]), Record("reject", strict_dkim=True), "pass"),
        (known([FAR]), PLAIN, "neutral"),
        (known([FAR], Verdict("fail", "x.example")), PLAIN, "fail"),
        (known([FAR], Verdict("none", "x.example")), PLAIN, "fail"),
        (known([], Verdict("pass", "a.example.com")), PLAIN, "pass"),
        (known([], Verdict("pass", "example.com")), PLAIN, "pass"),
        (known([], Verdict("pass", "example.com")), Record("reject", strict_spf=True), "fail"),
        (known([], FAR), PLAIN, "fail"),
        (known([Verdict("fail", "a.example.com")]), PLAIN, "neutral"),
        (known([Verdict("policy", "a.example.com")]), PLAIN, "neutral"),
        (known([Verdict("temperror", "a.example.com")]), PLAIN, "temperror"),
        (known([Verdict("temperror", "x"), GOOD]), PLAIN, "pass"),
        (known([], Verdict("temperror", "a.example.com")), PLAIN, "temperror"),
        (known([GOOD]), None, "none"),
        (known(), PLAIN, "neutral"),
    ],
)
def test_the_verdict(found, record, result):
    """One aligned pass is enough; without any word on SPF nothing has failed for sure."""
    assert said(record, found, own=("example.com",)) == result


def test_strictness_counts_the_unknown_as_failed():
    """For houses whose border checks no SPF and that want signatures."""
    assert said(PLAIN, known([FAR]), strict=True) == "fail"
    assert said(PLAIN, known([GOOD]), strict=True) == "pass"


def test_who_vouches():
    """Each domain once, and only what has passed."""
    found = known([GOOD, Verdict("fail", "x"), GOOD, Verdict("pass")], NEAR)
    assert vouching(found) == ("a.example.com", "example.com")
