"""Who answers the gateways: each is given a mail that left and returns what it sends back, and when."""

from collections.abc import Callable, Sequence
from email.parser import BytesHeaderParser

from looppost import Arrived, Post
from loopworld import Correspondent

SUPPORT = "support@a.example"


def mail(head: str, body: str = "Hello\n") -> bytes:
    """Return a mail with CRLF as line ends."""
    return f"{head.strip()}\n\n{body}".replace("\n", "\r\n").encode()


def person(sender: str, number: int, to: str = SUPPORT, subject: str = "hello") -> bytes:
    """Return what a person writes: nothing in it says machine."""
    return mail(f"From: {sender}\nTo: {to}\nSubject: {subject}\nMessage-ID: <p{number}@{sender}>")


def message_id(raw: bytes) -> str:
    """Return a mail's own Message-ID."""
    return str(BytesHeaderParser().parsebytes(raw)["Message-ID"])


def nobody(_arrived: Arrived, _at: float, _n: int) -> Sequence[Post]:
    """Answer nothing."""
    return ()


# -- addresses: always the same, or another with each mail


def fixed(_n: int) -> str:
    return "robot@loop.example"


def any_local_part(n: int) -> str:
    return f"robot{n}@loop.example"


def any_domain(n: int) -> str:
    return f"robot@loop{n}.example"


# -- correspondents


def stripping(
    address: Callable[[int], str], *, delay: float = 5, copies: int = 1, keeps_token: bool = False
) -> Correspondent:
    """Strip every header and answer from this address, with another subject each time.

    With `keeps_token` References stay, the only thing that ties the answer to a ticket.
    """

    def answer(arrived: Arrived, at: float, n: int) -> Sequence[Post]:
        back = []
        for copy in range(copies):
            number = n * copies + copy
            sender = address(number)
            references = f"\nReferences: {message_id(arrived.raw)}" if keeps_token else ""
            raw = mail(
                f"From: {sender}\nTo: {SUPPORT}\nSubject: thoughts {number}{references}", f"{number}\n"
            )
            back.append(Post(at + delay, sender, SUPPORT, raw, arrived.gate))
        return back

    return answer


def _report(arrived: Arrived) -> bytes:
    """Return a delivery report on this mail (RFC 3464)."""
    head = (
        f"From: Mail Delivery System <MAILER-DAEMON@x.example>\nTo: {SUPPORT}\nSubject: Undelivered mail\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'
    )
    body = (
        "--b\nContent-Type: text/plain\n\nSorry\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; x.example\n\nFinal-Recipient: rfc822; {arrived.to}\nAction: failed\nStatus: 5.1.1\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id(arrived.raw)}\n--b--\n"
    )
    return mail(head, body)


def bouncing(sender: str) -> Correspondent:
    """Return every mail with a report, from this envelope sender ("" as it should be)."""

    def answer(arrived: Arrived, at: float, _n: int) -> Sequence[Post]:
        return [Post(at + 1, sender, SUPPORT, _report(arrived), arrived.gate)]

    return answer


def complaining(sender: str) -> Correspondent:
    """Return every mail with a bounce in a form of its own: no null sender, no report, just a text."""

    def answer(arrived: Arrived, at: float, n: int) -> Sequence[Post]:
        raw = mail(f"From: {sender}\nTo: {SUPPORT}\nSubject: Undeliverable: {n}", f"Not here: {arrived.to}\n")
        return [Post(at + 1, sender, SUPPORT, raw, arrived.gate)]

    return answer
