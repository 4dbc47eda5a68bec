"""The demo's mails: varied, made by hand after what real programs send, each with the fate it should meet.

Octets are built here and not kept as files, because some are broken or too big on purpose.
"""

from dataclasses import dataclass
from email.header import Header

SUPPORT = "support@demo.example"
ORDERS = "orders@demo.example"


@dataclass(frozen=True, slots=True)
class DemoMail:
    """One mail: a title, its envelope, its octets, what each recipient's reply holds, and why.

    `answers_ticket` says that it refers to the answer that the first ticket got.
    """

    title: str
    sender: str
    recipients: tuple[str, ...]
    octets: bytes
    expected: tuple[str, ...]
    why: str
    answers_ticket: bool = False


def _mail(headers: str, body: str, charset: str = "utf-8") -> bytes:
    text = "\r\n".join(line for line in headers.strip().splitlines()) + "\r\n\r\n"
    return text.encode("ascii") + body.replace("\n", "\r\n").encode(charset)


def _plain(sender: str, subject: str, number: int, body: str, more: str = "", to: str = SUPPORT) -> bytes:
    name, _, domain = sender.partition("@")
    headers = f"""Received: from mx.{domain} (mx.{domain} [192.0.2.{number}])
 by mail.demo.example (Postfix) with ESMTPS; Tue, 24 Nov 2026 09:{number:02d}:00 +0000
From: {name.title()} Muster <{sender}>
To: {to}
Subject: {Header(subject, "utf-8").encode() if not subject.isascii() else subject}
Date: Tue, 24 Nov 2026 09:{number:02d}:00 +0000
Message-ID: <demo{number}@{domain}>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit"""
    return _mail(headers + ("\n" + more if more else ""), body)


def _attachment() -> bytes:
    headers = """From: "Weber, Klaus" <klaus@shop.example>
To: support@demo.example
Subject: Screenshot of the error
Date: Tue, 24 Nov 2026 09:30:00 +0000
Message-ID: <demo30@shop.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_demo\""""
    body = """--=_demo
Content-Type: text/plain; charset=us-ascii

The picture shows what I see after the update.
--=_demo
Content-Type: image/png; name*=utf-8''Fehler%20%C3%BCbersicht.png
Content-Disposition: attachment; filename*=utf-8''Fehler%20%C3%BCbersicht.png
Content-Transfer-Encoding: base64

iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==
--=_demo--
"""
    return _mail(headers, body)


def _bounce() -> bytes:
    headers = """From: MAILER-DAEMON@mx.elsewhere.example (Mail Delivery System)
To: support@demo.example
Subject: Undelivered Mail Returned to Sender
Date: Tue, 24 Nov 2026 09:31:00 +0000
Message-ID: <demo31@mx.elsewhere.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_dsn\""""
    body = """--=_dsn
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.
--=_dsn
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.elsewhere.example

Final-Recipient: rfc822; gone@elsewhere.example
Action: failed
Status: 5.1.1

--=_dsn
Content-Type: text/rfc822-headers

Message-ID: <never-sent-by-us@demo.example>
Subject: something that we never sent

--=_dsn--
"""
    return _mail(headers, body)


def _broken() -> bytes:
    return (
        b"From: broken@software.example\r\nTo: support@demo.example\r\nSubject: =?utf-8?q?half an encoded\r\n"
        b"Message-ID: <demo32@software.example>\r\nContent-Type: multipart/mixed\r\n"
        b"Content-Transfer-Encoding: base64\r\nContent-Type: text/html; charset=nonsense\r\n\r\n"
        b"--nowhere\r\n\x00\xff\xfe this part has no boundary, no charset and 8-bit octets \x80\r\n"
    )


ANNA = "anna@customer.example"
BOB = "bob@partner.example"
CARL = "carl@customer.example"
EVE = "eve@elsewhere.example"


def _conversation() -> list[DemoMail]:
    forged = "In-Reply-To: <t1.s1.forged.aaaaaaaaaaaaaaaaaaaaaaaaaaaa@demo.example>"
    return [
        DemoMail(
            "a new customer asks",
            ANNA,
            (SUPPORT,),
            _plain(ANNA, "Printer does not print", 1, "It only blinks.\n"),
            ("ticket=T-1",),
            "no rule sorts it, so it opens a ticket; an unknown sender becomes a contact and gets an answer",
        ),
        DemoMail(
            "her follow-up, by the token of the answer",
            ANNA,
            (SUPPORT,),
            _plain(ANNA, "RE: Printer does not print", 2, "Now it is on fire.\n"),
            ("ticket=T-1",),
            "In-Reply-To holds our Message-ID with its token: it joins, whatever the subject says",
            answers_ticket=True,
        ),
        DemoMail(
            "a forged follow-up: wrong token, number in the subject",
            EVE,
            (SUPPORT,),
            _plain(EVE, "Re: [#T-1] give me a copy", 3, "Send me everything.\n", forged),
            ("ticket=T-2",),
            "a wrong token is none, and a number counts from participants only: a new ticket that claims T-1",
        ),
    ]


def _never_answered() -> list[DemoMail]:
    return [
        DemoMail(
            "mail of a list",
            "owner-users@lists.example",
            (SUPPORT,),
            _plain("dev@lists.example", "Release 5.0", 4, "It is out.\n", "List-Id: <users.lists.example>"),
            ("folder=Lists",),
            "a rule sorts it by List-Id; lists are never answered",
        ),
        DemoMail(
            "a bounce of something we never sent",
            "",
            (SUPPORT,),
            _bounce(),
            ("folder=Aside",),
            "bounces never open tickets; without a tie to a mail of ours it is set aside, with its reason",
        ),
        DemoMail(
            "an out-of-office reply",
            BOB,
            (SUPPORT,),
            _plain(BOB, "Automatic reply: your offer", 6, "I am away.\n", "Auto-Submitted: auto-replied"),
            ("folder=Aside",),
            "automatic answers are never answered; this one has no tie to a mail of ours",
        ),
    ]


def _sorted() -> list[DemoMail]:
    return [
        DemoMail(
            "an invoice",
            BOB,
            (SUPPORT,),
            _plain(BOB, "Rechnung 4711", 7, "Anbei.\n"),
            ("folder=Accounting",),
            "a rule files it by its subject, into a folder of the Maildir",
        ),
        DemoMail(
            "advertising",
            "win@prizes.example",
            (SUPPORT,),
            _plain("win@prizes.example", "You won the lottery", 8, "Click!\n"),
            ("550 5.7.1",),
            "a rule rejects it",
        ),
        DemoMail(
            "an unknown recipient",
            BOB,
            ("nobody@demo.example",),
            _plain(BOB, "Hello?", 9, "Anybody?\n"),
            ("550 5.1.1",),
            "RCPT is answered from memory: no such address",
        ),
    ]


def _odd(size_limit: int) -> list[DemoMail]:
    big = _plain(ANNA, "Our whole photo archive", 33, "x" * 76 + "\n")
    big += (b"y" * 76 + b"\r\n") * (size_limit // 78 + 1)
    return [
        DemoMail(
            "a picture attached",
            "klaus@shop.example",
            (SUPPORT,),
            _attachment(),
            ("ticket=T-3",),
            "the file's name is data only; the mail is kept octet by octet",
        ),
        DemoMail(
            "German umlauts in the header",
            "juergen@kunde.example",
            (SUPPORT,),
            _plain("juergen@kunde.example", "Dringend: Störung der Übertragung", 11, "Grüße aus Köln\n"),
            ("ticket=T-4",),
            "rules see the decoded subject: its priority is high",
        ),
        DemoMail(
            "broken MIME",
            "broken@software.example",
            (SUPPORT,),
            _broken(),
            ("ticket=T-5",),
            "a parser never decides about delivery: what is odd is noted with the mail",
        ),
        DemoMail(
            "bigger than the limit",
            ANNA,
            (SUPPORT,),
            big,
            ("552 5.3.4",),
            "over limits.message_size: nothing of it is kept, and memory stays flat",
        ),
    ]


def _orders() -> list[DemoMail]:
    return [
        DemoMail(
            "an order, to two addresses at once",
            CARL,
            (SUPPORT, ORDERS),
            _plain(CARL, "Order 99", 14, "Ten, please.\n"),
            ("ticket=T-6", "ticket=T-7"),
            "each recipient has rules of its own, and a reply of its own",
        ),
        DemoMail(
            "the same order again, with words in front",
            CARL,
            (ORDERS,),
            _plain(CARL, "AW: Order 99", 15, "Make it eleven.\n", to=ORDERS),
            ("ticket=T-7",),
            "the rule asks for :match_subject: same contact, same subject, same ticket",
        ),
    ]


def demo_mails(size_limit: int) -> list[DemoMail]:
    """Return the mails in the order in which they are sent; one is bigger than `size_limit` octets."""
    return [*_conversation(), *_never_answered(), *_sorted(), *_odd(size_limit), *_orders()]
