"""A name server on a loopback port, with the records that a test gives it."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator, Mapping, Sequence

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT

# Names with their TXT records, as DNS has them once their strings are joined.
Records = Mapping[str, Sequence[bytes] | bytes]


class NameServer(socketserver.ThreadingUDPServer):
    """Answers questions for TXT from `records`, which a test may change; `asked` are the names in order."""

    daemon_threads = True

    def __init__(self, records: Records) -> None:
        super().__init__(("127.0.0.1", 0), _Question)
        self.records: dict[str, Sequence[bytes] | bytes] = dict(records)
        self.asked: list[str] = []

    @property
    def setting(self) -> str:
        """What stands for it in `checks.nameservers`."""
        return "{}:{}".format(*self.server_address)


class _Question(socketserver.BaseRequestHandler):
    server: NameServer

    def handle(self) -> None:
        octets, socket = self.request
        query = dns.message.from_wire(octets)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.server.asked.append(name)
        answer = dns.message.make_response(query)
        found = self.server.records.get(name)
        if found is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.TXT:
            texts = [found] if isinstance(found, bytes) else found
            rrset = dns.rrset.RRset(question.name, question.rdclass, question.rdtype)
            for text in texts:
                strings = [text[at : at + 255] for at in range(0, len(text), 255)] or [b""]
                rrset.add(TXT(question.rdclass, question.rdtype, strings), ttl=60)
            if texts:
                answer.answer.append(rrset)
        socket.sendto(answer.to_wire(max_size=65535), self.client_address)


@contextlib.contextmanager
def nameserver(records: Records = {}) -> Iterator[NameServer]:  # noqa: B006  it is copied
    """Run a name server."""
    with NameServer(records) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
