"""Authentication-Results: what is read, and above all what is not believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.checks.upstream import MethodResult, parse, upstream
from mailgate.domain.facts import Authentication, Verdict
from mailgate.domain.message.view import MessageView

US = frozenset({"mx.example.org"})
BORDER = "Received: from sender.example by mx.example.org; Tue, 1 Jul 2025 12:00:00 +0000"
STRANGE = "Received: from laptop by sender.example; Tue, 1 Jul 2025 11:59:00 +0000"
GOOD = (
    "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=anna@customer.example;"
    " dkim=pass header.d=customer.example; dmarc=pass header.from=customer.example"
)
FORGED = "Authentication-Results: mx.example.org; dmarc=pass header.from=bank.example; spf=pass smtp.mailfrom=bank.example"


def seen(*fields, trusted=US, **options):
    raw = "\r\n".join((*fields, "From: anna@customer.example", "", "Hello")).encode()
    return upstream(MessageView.parse(raw), trusted, **options)


def test_what_our_border_says_is_read():
    """Verdicts of SPF, DKIM and DMARC with the domains they speak of, and who said so."""
    assert seen(GOOD, BORDER, STRANGE) == Authentication(
        Verdict("pass", "customer.example"), (Verdict("pass", "customer.example"),),
        Verdict("pass", "customer.example"), "mx.example.org",
    )  # fmt: skip


def test_a_milters_field_stands_under_its_received():
    """Postfix puts a milter's field under its own Received field; it is read there."""
    assert seen(BORDER, GOOD, STRANGE).dmarc.result == "pass"


@pytest.mark.parametrize(
    "fields",
    [
        (BORDER, STRANGE, FORGED),
        (FORGED,),
        (BORDER, FORGED.replace("mx.example.org", "mx.evil.example"), STRANGE),
        (BORDER, FORGED.replace("mx.example.org", "mx.example.org.evil.example"), STRANGE),
        (BORDER, FORGED.replace("Authentication-Results", "X-Authentication-Results"), STRANGE),
        (BORDER, FORGED.replace("Authentication-Results", "ARC-Authentication-Results"), STRANGE),
    ],
    ids=["below the boundary", "no Received at all", "another id", "a longer id", "another field", "ARC"],
)
def test_what_strangers_say_is_not_believed(fields):
    """Below our own servers' traces, without any trace, or under another name anybody may have written it."""
    assert seen(*fields) == Authentication()


def test_of_the_same_method_the_topmost_wins():
    """A forged field that the border failed to remove stands below the border's own."""
    ours = "Authentication-Results: mx.example.org; dmarc=fail header.from=bank.example"
    found = seen(BORDER, ours, FORGED, STRANGE)
    assert found.dmarc == Verdict("fail", "bank.example")


def test_dkim_is_taken_from_one_field():
    """Verdicts on signatures are not gathered from several fields."""
    ours = "Authentication-Results: mx.example.org; dkim=fail header.d=bank.example"
    forged = "Authentication-Results: mx.example.org; dkim=pass header.d=bank.example"
    assert seen(BORDER, ours, forged, STRANGE).dkim == (Verdict("fail", "bank.example"),)


def test_strict_believes_only_what_stands_above():
    """Where the border can't promise to remove forged fields, those under its Received field are not read."""
    assert seen(BORDER, GOOD, STRANGE, strict=True) == Authentication()
    assert seen(GOOD, BORDER, FORGED, STRANGE, strict=True).dmarc == Verdict("pass", "customer.example")


def test_more_servers_of_ours_in_front():
    """With an inner relay two Received fields are ours; a third is not."""
    inner = "Received: from mx.example.org by relay.example.org; x"
    assert seen(inner, BORDER, GOOD, STRANGE) == Authentication()
    assert seen(inner, BORDER, GOOD, STRANGE, hops=2).dmarc.result == "pass"
    assert seen(inner, BORDER, STRANGE, FORGED, hops=2) == Authentication()


def test_nothing_is_trusted_by_default():
    """Without an id that the administrator listed, no field counts."""
    assert seen(GOOD, BORDER, trusted=frozenset()) == Authentication()


def test_two_signatures_two_verdicts():
    """Each signature has its verdict, in the order of the field."""
    value = "Authentication-Results: mx.example.org; dkim=fail header.d=list.example; dkim=pass header.i=@customer.example"
    assert seen(BORDER, value).dkim == (Verdict("fail", "list.example"), Verdict("pass", "customer.example"))


REAL = {
    "opendkim": (
        "mx.example.org;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=gmail.com header.b=AbC=; dkim-atps=neutral",
        [("dkim", "pass", "header.d", "gmail.com"), ("dkim-atps", "neutral", None, None)],
    ),
    "opendmarc": (
        "mx.example.org; dmarc=pass (p=none dis=none) header.from=gmail.com",
        [("dmarc", "pass", "header.from", "gmail.com")],
    ),
    "rspamd": (
        'mx.example.org;\r\n\tdkim=none;\r\n\tspf=softfail (no; "x;y"@z) smtp.mailfrom="x;y"@z.example;\r\n\tdmarc=none',
        [("dkim", "none", None, None), ("spf", "softfail", "smtp.mailfrom", "x;y@z.example"), ("dmarc", "none", None, None)],
    ),
    "version, method version, reason": (
        'mx.example.org 1; dkim/1 = fail reason="bad (signature); really" header.d = x.example',
        [("dkim", "fail", "header.d", "x.example")],
    ),
    "srs": (
        "mx.example.org; spf=pass smtp.mailfrom=SRS0=abc=x=y.example=user@fwd.example smtp.helo=fwd.example",
        [("spf", "pass", "smtp.mailfrom", "SRS0=abc=x=y.example=user@fwd.example")],
    ),
    "none": ("mx.example.org; none", []),
    "nested comments": ('(a (b) \\) c) mx.example.org (x;y) ; spf=pass ("quote) smtp.mailfrom=a.example', [("spf", "pass", "smtp.mailfrom", "a.example")]),
}  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), REAL.values(), ids=REAL.keys())
def test_real_fields_are_read(value, expected):
    """The forms that common software writes, comments and quotes included (RFC 8601 2.2)."""
    found = parse(value)
    assert found is not None
    assert found.authserv_id == "mx.example.org"
    assert [(one.method, one.result) for one in found.results] == [(m, r) for m, r, _, _ in expected]
    for one, (_, _, name, content) in zip(found.results, expected, strict=True):
        if name is not None:
            assert one.properties[name] == content


@pytest.mark.parametrize("value", ["", ";", "spf=pass smtp.mailfrom=x", "(only a comment)", "; spf=pass"])
def test_a_field_without_an_id_says_nothing(value):
    """The authserv-id is what it all hangs on."""
    assert parse(value) is None


def test_a_comment_cannot_smuggle_a_result():
    """What a sender got into a comment or a quoted string is no result."""
    value = 'mx.example.org; spf=fail (sender wrote: ; dmarc=pass header.from=bank.example) smtp.mailfrom="a; dkim=pass"@x.example'
    found = parse(value)
    assert found is not None
    assert [one.method for one in found.results] == ["spf"]


def test_results_that_do_not_exist_are_left_out():
    """RFC 8601 2.7: an unknown result is no result."""
    assert parse("mx.example.org; spf=excellent; dkim=pass").results == (MethodResult("dkim", "pass"),)


@given(st.text(max_size=400))
def test_parsing_never_raises(value):
    """Whatever stands in the field, there is an answer."""
    parse(value)


@pytest.mark.parametrize(
    "value", ["(" * 20000, '"' * 20000, "a;" * 20000, "a=" * 20000, "=" * 20000, "x (" * 9000, "\\" * 20000]
)
def test_hostile_fields_cost_little(value):
    """64 KiB of anything end at once (the suite's guard would catch a hang)."""
    parse("mx.example.org; " + value)


class TestForgedFields:
    """What claims to come from a server of ours and does not is shown to nobody (RFC 8601 5)."""

    OURS = "mx.example.org; dkim=fail header.d=a.example"
    FORGED = "mx.example.org; dkim=pass header.d=a.example"
    OTHER = "mx.elsewhere.example; dkim=pass header.d=b.example"
    RAW = (
        f"Received: by mx\r\nAuthentication-Results: {OURS}\r\nReceived: by far\r\nAuthentication-Results: {OTHER}\r\n"
        f"Authentication-Results: {FORGED}\r\nFrom: a@a.example\r\n\r\nHello\r\n"
    ).encode()

    def view(self, raw=RAW, trusted=frozenset({"mx.example.org"})):
        view = MessageView.parse(raw)
        upstream(view, trusted)
        return view

    def test_they_are_hidden(self):
        """A rule that looks at the field sees ours and strangers', and the octets are as they were."""
        view = self.view()
        assert view.text("authentication-results") == [self.OURS, self.OTHER]
        assert len([one for one in view.headers if one.lower == "authentication-results"]) == 2
        assert bytes(view.octets) == self.RAW
        assert view.first("from") == "a@a.example"

    def test_the_one_above_stays_where_both_are_alike(self):
        """Repeating our words hides only the repetition."""
        raw = self.RAW.replace(self.FORGED.encode(), self.OURS.encode())
        assert self.view(raw).text("authentication-results") == [self.OURS, self.OTHER]

    def test_an_edited_mail_shows_them_no_more(self):
        """A script that has changed the header sees the same."""
        edited = self.view().edited(b"X-New: 1\r\n" + self.RAW)
        assert edited.text("authentication-results") == [self.OURS, self.OTHER]
        assert edited.header_exists("x-new")

    def test_without_any_trace_all_of_them_are_forged(self):
        """Nothing tells ours from the sender's."""
        view = self.view(f"Authentication-Results: {self.FORGED}\r\nFrom: a@a.example\r\n\r\n".encode())
        assert not view.header_exists("authentication-results")

    def test_who_trusts_nobody_hides_nothing(self):
        """The field is then a field like any other."""
        assert len(self.view(trusted=frozenset()).text("authentication-results")) == 3
