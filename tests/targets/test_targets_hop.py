"""What SMTP and LMTP share: addresses that can't break out of a command, replies, parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from targetkit import new_job

from mailgate.domain.target import Failed, Retry, Sent
from mailgate.targets._hop import NotTaken, command_verdict, groups, parameters, path, said, verdict


@given(st.text(max_size=60))
def test_no_address_breaks_out_of_its_command(address):
    """An address is one pair of brackets without control characters, or it is refused."""
    try:
        written = path(address)
    except NotTaken:
        return
    assert written.startswith(b"<")
    assert written.endswith(b">")
    assert not any(octet < 32 or octet == 127 for octet in written)
    quoted = False
    for octet in written[1:-1].replace(b"\\\\", b"").replace(b'\\"', b""):
        quoted ^= octet == ord('"')
        assert quoted or octet not in b" <>"
    assert not quoted


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("", b"<>"),
        ("ann@example.net", b"<ann@example.net>"),
        ("Ann+x@Example.NET", b"<Ann+x@example.net>"),
        ("a b@example.net", b'<"a b"@example.net>'),
        ('"a b"@example.net', b'<"a b"@example.net>'),
        ('a"b@example.net', b'<"a\\"b"@example.net>'),
        ("ann@bücher.example", b"<ann@xn--bcher-kva.example>"),
        ("jürgen@example.net", "<jürgen@example.net>".encode()),
        ("ann@[192.0.2.1]", b"<ann@[192.0.2.1]>"),
    ],
)
def test_addresses_are_written_as_the_standard_wants_them(address, written):
    """Quotes where needed, domains as A-labels, the local part's case kept."""
    assert path(address) == written


@pytest.mark.parametrize("address", ["a@b> SIZE=1", "a@b\r\nRCPT TO:<c@d>", "a\0@b", "@b", "a@b c"])
def test_what_is_no_mailbox_is_refused(address):
    """It never reaches a connection."""
    with pytest.raises(NotTaken):
        path(address)


@pytest.mark.parametrize(("code", "kind"), [(250, Sent), (450, Retry), (550, Failed), (354, Retry)])
def test_codes_become_outcomes(code, kind):
    """2xx is done, 5xx is never, everything else is later."""
    assert isinstance(verdict(code, "text"), kind)


@pytest.mark.parametrize("code", [500, 501, 502, 503, 530, 535, 538])
def test_a_refusal_of_how_we_are_set_up_is_no_refusal_of_the_mail(code):
    """A server that wants a login or does not know a command gets the mail later, when that is mended."""
    assert isinstance(command_verdict(code, "Must issue a STARTTLS command first"), Retry)


def test_replies_become_one_clean_line():
    """Several lines and control characters do not get into the log."""
    assert said(550, "5.1.1 no\nsuch \x1b[31muser\r\n") == "550 5.1.1 no such [31muser"


def test_parameters_are_those_that_the_server_knows():
    """SIZE, BODY and SMTPUTF8 are said only where they were offered."""
    job = new_job(smtputf8=True)
    every = {"size": "", "8bitmime": "", "smtputf8": ""}
    assert parameters(every, job, ()) == [f"SIZE={job.content.size}".encode(), b"BODY=8BITMIME", b"SMTPUTF8"]
    assert parameters({}, job, ()) == []


def test_a_mail_above_the_servers_size_is_not_sent():
    """RFC 1870: the server has said what it takes; 0 means that it has not."""
    assert parameters({"size": "0"}, new_job(), ()) != []
    with pytest.raises(NotTaken, match="takes 10"):
        parameters({"size": "10"}, new_job(), ())


def test_an_address_beyond_ascii_needs_the_extension():
    """Without SMTPUTF8 such a mail can't be sent, and nothing else is made of it."""
    with pytest.raises(NotTaken, match="ASCII"):
        parameters({}, new_job(), ("<jürgen@x>".encode(),))


def test_a_mail_of_ours_with_such_a_header_needs_the_extension():
    """Its octets would be wrong for the next server; what is passed on goes as it came."""
    with pytest.raises(NotTaken, match="ASCII"):
        parameters({}, new_job(smtputf8=True, kind="send"), (b"<ann@x>",))
    assert parameters({}, new_job(smtputf8=True, kind="redirect"), (b"<ann@x>",)) == []


def test_groups_hold_one_mail_from_one_sender():
    """Recipients share a transaction only where octets and sender are the same, and within its bound."""
    jobs = [
        new_job(1),
        new_job(2),
        new_job(3, octets=b"other"),
        new_job(4, envelope_from=""),
        new_job(5, envelope_from=""),
    ]
    assert [[j.outbox_id for j in group] for group in groups(jobs, 50)] == [[1, 2], [3], [4, 5]]
    assert [len(group) for group in groups([new_job(n) for n in range(5)], 2)] == [2, 2, 1]
