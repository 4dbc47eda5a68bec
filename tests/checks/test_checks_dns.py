"""DNS over a real socket on loopback: answers, caching, and servers that fail or stay silent."""

import asyncio
import contextlib
from collections.abc import Iterator

import dns.message
import dns.rcode
import dns.rrset
import pytest
from nameserver import nameserver

from mailgate.checks.dns import ABSENT_S, CACHED_NAMES, FAILED_S, Dns, NoAnswer
from mailgate.config import syntax

RECORDS = {
    ("s1._domainkey.customer.example.", "TXT"): ['"v=DKIM1; " "p=AAAA"'],
    ("null.example.", "MX"): ["0 ."],
    ("mail.example.", "MX"): ["10 mx.mail.example."],
    ("both.example.", "MX"): ["0 .", "10 mx.both.example."],
    ("odd.example.", "MX"): ["5 ."],
}


class Server(asyncio.DatagramProtocol):
    """A name server with a few records; counts questions. `silent` answers nothing."""

    def __init__(self):
        self.asked = []
        self.silent = False
        self.code = None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if self.silent:
            return
        response = dns.message.make_response(query)
        records = RECORDS.get((name, kind))
        if self.code is not None:
            response.set_rcode(self.code)
        elif records:
            response.answer.append(dns.rrset.from_text(question.name, 600, "IN", kind, *records))
        elif not name.startswith("empty"):
            response.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(response.to_wire(), address)


@pytest.fixture
def run():
    """Run a coroutine function with a server, a resolver and its clock (a list of one number)."""

    def runner(test, **options):
        async def whole():
            loop = asyncio.get_running_loop()
            transport, server = await loop.create_datagram_endpoint(Server, ("127.0.0.1", 0))
            clock = [1000.0]
            resolver = Dns(
                nameservers=["127.0.0.1"],
                port=transport.get_extra_info("sockname")[1],
                clock=lambda: clock[0],
                **options,
            )
            try:
                await test(resolver, server, clock)
            finally:
                transport.close()
                await asyncio.sleep(0)

        asyncio.run(whole())

    return runner


@contextlib.contextmanager
def no_answer() -> Iterator[None]:
    with pytest.raises(NoAnswer):
        yield


def test_a_key_is_found(run):
    """The strings of a record are joined, without case and final dot mattering."""

    async def test(resolver, server, clock):
        assert await resolver.txt("S1._domainkey.Customer.example.") == b"v=DKIM1; p=AAAA"

    run(test)


def test_a_name_server_with_a_port_of_its_own():
    """As the settings write it: an address alone, or with a port; brackets around IPv6."""
    with nameserver({"a.example": [b"one", b"x" * 300]}) as server:

        async def ask():
            return await Dns(nameservers=[server.setting]).texts("a.example")

        assert sorted(asyncio.run(ask())) == [b"one", b"x" * 300]
    for text, said in (
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ):
        assert syntax.nameserver(text) == ""
        [one] = Dns(nameservers=[text])._resolver.nameservers
        assert (one.address, one.port) == said


@pytest.mark.parametrize(
    "text", ["", "dns.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:99999", "[::1]", "x:53"]
)
def test_what_is_no_name_server(text):
    """The settings say so."""
    assert syntax.nameserver(text) != ""


def test_absent_is_an_answer(run):
    """No such name and no such record are None, not an error."""

    async def test(resolver, server, clock):
        assert await resolver.txt("gone.example") is None
        assert await resolver.txt("empty.example") is None

    run(test)


@pytest.mark.parametrize(
    ("domain", "null"),
    [
        ("null.example", True),
        ("mail.example", False),
        ("both.example", False),
        ("odd.example", False),
        ("gone.example", False),
    ],
)
def test_a_null_mx(run, domain, null):
    """RFC 7505 3: one record, preference 0, the root."""

    async def test(resolver, server, clock):
        assert await resolver.null_mx(domain) is null

    run(test)


def test_answers_are_kept_as_long_as_they_say(run):
    """The second question within the TTL is not asked, the one after it is."""

    async def test(resolver, server, clock):
        for _ in range(3):
            await resolver.txt("s1._domainkey.customer.example")
        assert len(server.asked) == 1
        clock[0] += 601
        await resolver.txt("s1._domainkey.customer.example")
        assert len(server.asked) == 2

    run(test)


def test_absence_is_kept_shorter(run):
    """A key that appears is found after a few minutes."""

    async def test(resolver, server, clock):
        await resolver.txt("gone.example")
        await resolver.txt("gone.example")
        assert len(server.asked) == 1
        clock[0] += ABSENT_S + 1
        await resolver.txt("gone.example")
        assert len(server.asked) == 2

    run(test)


def test_an_error_is_no_answer_and_is_kept_for_a_moment(run):
    """SERVFAIL raises NoAnswer; the next mails are told at once, and soon it is tried again."""

    async def test(resolver, server, clock):
        server.code = dns.rcode.SERVFAIL
        with no_answer():
            await resolver.txt("s1._domainkey.customer.example")
        asked = len(server.asked)
        with no_answer():
            await resolver.txt("s1._domainkey.customer.example")
        assert len(server.asked) == asked
        server.code = None
        clock[0] += FAILED_S + 1
        assert await resolver.txt("s1._domainkey.customer.example") is not None

    run(test, lifetime_s=2.0)


def test_a_silent_server_is_no_answer(run):
    """After its lifetime a question has no answer."""

    async def test(resolver, server, clock):
        server.silent = True
        with no_answer():
            await resolver.null_mx("mail.example")

    run(test, lifetime_s=0.2)


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "x." * 200, "a..b", "", "ü.example"])
def test_names_that_are_none(run, name):
    """What is no domain name is absent or without an answer; nothing else is raised."""

    async def test(resolver, server, clock):
        with contextlib.suppress(NoAnswer):
            assert await resolver.txt(name) is None

    run(test)


def test_the_cache_is_bounded(run):
    """A flood of names pushes the oldest out."""

    async def test(resolver, server, clock):
        for n in range(CACHED_NAMES + 10):
            resolver._kept[f"n{n}.example", "TXT"] = None
        await resolver.txt("gone.example")
        assert len(resolver._kept) == CACHED_NAMES

    run(test)
