"""Bad mail: empty, too big, full of bombs, binary. It is kept or refused, and the next one comes in."""

import hashlib
from collections.abc import Iterator

import pytest
from badkit import Bad, bad, good

MIB = 1024 * 1024
LIMIT = 25 * MIB
HELP = "help@bad.example"
REFUSED, LABELS = "mailgate_messages_received_total", {"source": "lmtp", "result": "refused"}


@pytest.fixture(scope="module")
def house() -> Iterator[Bad]:
    """Run one gateway for all of these: each mail must leave it well for the next one."""
    with bad({"limits": {"message_size": "25 MiB"}}) as one:
        yield one


HEAD = b"From: Ann <ann@client.example>\r\nTo: <help@bad.example>\r\nSubject: bomb %s\r\n"
DEEP = b"".join(
    b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
    for level in range(2000)
)
# MAIL.md 0.2: each is above a cap of the parser, or was seen to take other parsers minutes.
BOMBS = {
    "98 KiB of semicolons": b"Content-Type: text/plain" + b";" * 98 * 1024 + b"\r\n\r\nbody\r\n",
    "2,000 levels of multipart": DEEP + b"\r\nbody\r\n",
    "20,000 header fields": b"".join(b"X-%d: y\r\n" % n for n in range(20_000)) + b"\r\nbody\r\n",
    "a header section of 5 MB": b"X-Long: " + b"word\r\n " * 800_000 + b"\r\n\r\nbody\r\n",
    "a field of 1 MB in one line": b"X-Long: " + b"a" * MIB + b"\r\n\r\nbody\r\n",
    "20,000 parts": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    + b"--b\r\n\r\nx\r\n" * 20_000
    + b"--b--\r\n",
    "20,000 parameters": b"Content-Type: text/plain"
    + b"".join(b";\r\n a%d=b" % n for n in range(20_000))
    + b"\r\n\r\nb\r\n",
    "50,000 addresses": b"Cc: "
    + b",\r\n ".join(b"a%d@client.example" % n for n in range(50_000))
    + b"\r\n\r\nb\r\n",
    "nested comments": b"Cc: " + b"(" * 50_000 + b")" * 50_000 + b" a@client.example\r\n\r\nb\r\n",
    "50,000 encoded words": b"Subject: " + b"=?utf-8?q?=41?=\r\n " * 50_000 + b"\r\n\r\nb\r\n",
    "references without end": b"References: " + b"<a@b.example>\r\n " * 50_000 + b"\r\n\r\nb\r\n",
    "no header at all": b"\r\nbody only\r\n",
    "no end of the header": b"Subject: cut",
    "broken folding": b" starts with a fold\r\n\tand another\r\nSubject : spaced\r\n: no name\r\n\r\nb\r\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_kept_as_it_came_and_becomes_a_ticket(house, name):
    """250, a ticket, the octets untouched: a parser never decides whether a mail is taken."""
    octets = HEAD % name.encode() + BOMBS[name] if name.startswith(("a", "2", "5", "9")) else BOMBS[name]
    assert house.send(octets, HELP).codes == ["250 2.0.0"]
    sent = octets if octets.endswith(b"\r\n") else octets + b"\r\n"
    assert house.octets()[-1] == sent
    status, ticket = house.rows("SELECT status, ticket_id FROM delivery ORDER BY id DESC LIMIT 1")[0]
    assert status in {"accepted", "unparsable"}
    assert ticket > 0
    assert house.metric("mailgate_processing_crashes_total") == 0
    assert house.is_well()


def test_a_mail_of_0_bytes_is_a_mail(house):
    """The dot right after DATA: nothing is missing of nothing, so it is kept and becomes a ticket."""
    assert house.send(b"", HELP).codes == ["250 2.0.0"]
    assert house.octets()[-1] == b""
    assert house.is_well()


def test_nul_and_8_bit_are_kept_octet_by_octet(house):
    """All 256 octets in header and body: nothing is rewritten, nothing refused."""
    every = bytes(n for n in range(256) if n not in {10, 13})
    octets = (
        b"From: ann@client.example\r\nSubject: " + every + b"\r\n\r\n" + every + b"\r\nbare\rand\nends\r\n"
    )
    assert house.send(octets, HELP, "keep@bad.example").codes == ["250 2.0.0"] * 2
    assert house.octets()[-1] == octets
    assert house.is_well()


def test_50_mb_announced_are_refused_before_they_come(house):
    """The limit is 25 MiB: 552 at MAIL for whoever says SIZE (RFC 1870 6.1)."""
    with house.session() as session:
        before = house.metric(REFUSED, **LABELS)
        assert session.say(f"MAIL FROM:<ann@client.example> SIZE={50 * MIB}").startswith("552 5.3.4")
        assert house.metric_is(before + 1, REFUSED, **LABELS)
        assert house.log_has("event=mail_refused", "from=ann@client.example", f"it has {50 * MIB}")
        assert session.send(good("after")).codes == ["250 2.0.0"]
    assert house.is_well()


def test_50_mb_unannounced_are_refused_for_each_recipient(house):
    """All of it is read and thrown away: 552 for each, no file stays, the session goes on."""
    before = house.rows("SELECT count(*) FROM message")
    refused = house.metric(REFUSED, **LABELS)
    line = b"0123456789" * 7 + b"\r\n"
    with house.session() as session:
        said = session.send(good("big") + line * (50 * MIB // len(line)), (HELP, "keep@bad.example"))
        assert [reply[:9] for reply in said.end] == ["552 5.3.4"] * 2
        assert house.rows("SELECT count(*) FROM message") == before
        assert list((house.state / "spool").iterdir()) == []
        assert session.send(good("after big")).codes == ["250 2.0.0"]
    assert house.metric_is(refused + 1, REFUSED, **LABELS)
    assert house.log_has("event=mail_refused", "message bigger than")
    assert house.is_well()


def test_a_mail_of_just_the_limit_is_taken(house):
    """25 MiB to the octet are not too many; it lies in one file, whose name is its digest."""
    head = good("limit")
    octets = head + (b"x" * 998 + b"\r\n") * ((LIMIT - len(head)) // 1000)
    octets += b"y" * (LIMIT - len(octets) - 2) + b"\r\n"
    assert len(octets) == LIMIT
    assert house.send(octets).codes == ["250 2.0.0"]
    digest = hashlib.sha256(octets).hexdigest()
    assert (house.state / "blobs" / digest[:2] / digest).stat().st_size == LIMIT
    assert house.is_well()
