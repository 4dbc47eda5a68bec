"""The commands, one function each: they get the connection and their argument, and return the reply.

None means that the function has said everything itself; what is raised becomes the reply.
"""

import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from mailgate.domain.address import parse_path
from mailgate.domain.envelope import Recipient
from mailgate.errors import BadPath, ProtocolError, Reply, TooBig, TooManyRecipients
from mailgate.intake.parameters import (
    XFORWARD_NAMES,
    mail_parameters,
    read_parameters,
    read_xforward,
    unknown,
)

if TYPE_CHECKING:
    from mailgate.intake.connection import Connection

Command = Callable[["Connection", bytes], Reply | None]

BACKSLASH: Final = 0x5C
QUOTATION_MARK: Final = 0x22

OK: Final = Reply(250, "2.0.0", "ok")
SENDER_OK: Final = Reply(250, "2.1.0", "ok")
RECIPIENT_OK: Final = Reply(250, "2.1.5", "ok")
GO_ON: Final = Reply(354, "", "end with <CR><LF>.<CR><LF>")


def _greeted(c: "Connection") -> None:
    """RFC 5321 4.1.4: a session begins with a greeting."""
    if not c.session.host_name:
        raise ProtocolError("say hello first", code=503)


def hello(c: "Connection", argument: bytes, more: tuple[str, ...]) -> None:
    """Answer LHLO or EHLO with what is offered (RFC 2033 4.1, RFC 5321 4.1.1.1)."""
    name = _host_name(argument)
    c.forget_mail()
    c.session.host_name, c.session.extended_smtp = name, True
    offered = [
        "PIPELINING",
        "ENHANCEDSTATUSCODES",
        "8BITMIME",
        "SMTPUTF8",
        f"SIZE {c.limits.message_size}",
        *more,
    ]
    if c.trusted:
        offered.append("XFORWARD " + " ".join(XFORWARD_NAMES))
    lines = [c.service.hostname, *offered]
    last = len(lines) - 1
    c.say_lines(b"".join(f"250{' ' if i == last else '-'}{x}\r\n".encode() for i, x in enumerate(lines)))


def _host_name(argument: bytes) -> str:
    """Return the client's name; any printable word will do, since logs are all it serves."""
    name = argument.decode("latin-1")
    if not name or not name.isprintable() or " " in name or len(name) > 255:  # noqa: PLR2004  RFC 5321 4.5.3.1.2
        raise ProtocolError("a host name belongs here", code=501, enhanced="5.5.4")
    return name


def helo(c: "Connection", argument: bytes) -> Reply:
    """HELO: SMTP without extensions."""
    name = _host_name(argument)
    c.forget_mail()
    c.session.host_name, c.session.extended_smtp = name, False
    return Reply(250, "", c.service.hostname)


def mail(c: "Connection", argument: bytes) -> Reply:
    """MAIL FROM:<path> parameters (RFC 5321 4.1.1.2)."""
    _greeted(c)
    t = c.transaction
    if t.sender is not None:
        raise ProtocolError("nested MAIL", code=503)
    t.excused = True
    path, rest = _path(argument, b"FROM:", "MAIL FROM:<address>", "5.1.7")
    size, body, utf8 = mail_parameters(rest, auth=bool(c.service.passwords))
    sender, left = parse_path(path, utf8=utf8, null_ok=True, bare_postmaster=False)
    if left:
        raise BadPath("malformed address", enhanced="5.1.7")
    if size > c.limits.message_size:
        error = TooBig(f"message bigger than {c.limits.message_size} octets")
        c.not_taken("mail_refused", sender, f"{error}: it has {size}")
        raise error
    not_ready = c.door.ready()
    if not_ready is not None:
        return not_ready
    t.sender, t.body, t.utf8 = sender, body, utf8
    return SENDER_OK


def _path(argument: bytes, word: bytes, usage: str, enhanced: str) -> tuple[bytes, bytes]:
    """Return the path and the parameters; a blank behind the colon is read, since old clients send it.

    `enhanced` is the code for a path that something sticks to (RFC 3463 3.2 knows senders and recipients
    apart).
    """
    if argument[: len(word)].upper() != word:
        raise ProtocolError(f"usage: {usage}", code=501, enhanced="5.5.4")
    rest = argument[len(word) :].lstrip(b" ")
    end = _path_end(rest)
    if rest[end : end + 1] not in {b"", b" "}:
        raise BadPath("malformed address", enhanced=enhanced)
    return rest[:end], rest[end:]


def _path_end(rest: bytes) -> int:
    """Return where the path ends: behind the first `>` that stands in no quoted string."""
    end = rest.find(b">") + 1
    if end and rest.find(b'"', 0, end) < 0:  # as in nearly every mail
        return end
    quoted = False
    i = 0
    while i < len(rest):
        octet = rest[i]
        if quoted and octet == BACKSLASH:  # it takes the next octet with it
            i += 2
            continue
        if octet == QUOTATION_MARK:
            quoted = not quoted
        elif octet == 0x3E and not quoted:  # noqa: PLR2004  the closing bracket
            return i + 1
        i += 1
    return len(rest)


def rcpt(c: "Connection", argument: bytes) -> Reply | None:
    """RCPT TO:<path> parameters (RFC 5321 4.1.1.3); answered from memory."""
    if c.transaction.sender is None:
        return _out_of_order(c, "MAIL first")
    path, rest = _path(argument, b"TO:", "RCPT TO:<address>", "5.1.3")
    address, left = parse_path(path, utf8=c.transaction.utf8, null_ok=False, bare_postmaster=True)
    if left:
        raise BadPath("malformed address")
    for name in read_parameters(rest) if rest else ():
        raise unknown(name)
    if len(c.transaction.recipients) >= c.limits.recipients:
        raise TooManyRecipients
    refusal = c.door.recipient(address)
    if refusal is not None:
        return refusal
    c.transaction.recipients.append(Recipient(address))
    return RECIPIENT_OK


def _out_of_order(c: "Connection", text: str) -> Reply | None:
    """Say 503; it counts as an error only where nothing came before it.

    A client that pipelines sends RCPT and DATA before it knows that MAIL or all of RCPT were refused.
    """
    refusal = ProtocolError(text, code=503)
    if not c.transaction.excused:
        raise refusal
    c.say(refusal.reply)
    return None


def data(c: "Connection", argument: bytes) -> Reply | None:
    """Start the content (RFC 5321 4.1.1.4); without a recipient 503, as RFC 2033 4.2 says too."""
    if argument:
        raise ProtocolError("DATA takes no argument", code=501, enhanced="5.5.4")
    if not c.transaction.recipients:
        return _out_of_order(c, "no valid recipients")
    not_ready = c.door.ready()
    if not_ready is not None:
        return not_ready
    c.start_mail()
    return GO_ON


def rset(c: "Connection", argument: bytes) -> Reply:
    """RSET (RFC 5321 4.1.1.5)."""
    if argument:
        raise ProtocolError("RSET takes no argument", code=501, enhanced="5.5.4")
    c.forget_mail()
    c.spend_noop()
    return OK


def noop(c: "Connection", _argument: bytes) -> Reply:
    """NOOP (RFC 5321 4.1.1.9)."""
    c.spend_noop()
    return OK


def vrfy(c: "Connection", _argument: bytes) -> Reply:
    """VRFY: nobody is told who lives here (RFC 5321 7.3)."""
    c.spend_noop()
    return Reply(252, "2.5.2", "send some mail, it will be tried")


def help_(c: "Connection", _argument: bytes) -> Reply:
    """HELP (RFC 5321 4.1.1.8)."""
    c.spend_noop()
    return Reply(214, "2.0.0", "see RFC 2033 and RFC 5321")


def quit_(c: "Connection", _argument: bytes) -> None:
    """QUIT (RFC 5321 4.1.1.10)."""
    c.goodbye(Reply(221, "2.0.0", "bye"))


def xforward(c: "Connection", argument: bytes) -> Reply:
    """XFORWARD from a trusted client: where the mail came from, for the logs."""
    if not c.trusted:
        raise ProtocolError("not for you", code=550, enhanced="5.7.1")
    _greeted(c)
    if c.transaction.sender is not None:
        raise ProtocolError("not within a mail", code=503)
    c.transaction.xforward = read_xforward(argument, c.transaction.xforward)
    return OK


def starttls(c: "Connection", argument: bytes) -> Reply | None:
    """STARTTLS (RFC 3207), where a certificate is set up; what was pipelined behind it is thrown away."""
    if c.service.tls is None:
        raise ProtocolError("TLS is not offered", code=502)
    if argument:
        raise ProtocolError("STARTTLS takes no argument", code=501, enhanced="5.5.4")
    if c.session.ssl is not None:
        raise ProtocolError("already in TLS", code=503)
    c.foreign(lambda: c.smtp_STARTTLS(""))
    return None


def auth(c: "Connection", argument: bytes) -> Reply | None:
    """AUTH PLAIN or LOGIN (RFC 4954), inside of TLS only."""
    if not c.service.passwords:
        raise ProtocolError("nobody logs in here", code=502)
    if c.transaction.sender is not None:
        raise ProtocolError("not within a mail", code=503)
    text = argument.decode("latin-1")
    c.foreign(lambda: c.smtp_AUTH(text))
    return None


def password_matches(passwords: Mapping[str, str], data: Any) -> bool:
    """Compare in constant time; an unknown user costs as much as a wrong password."""
    login = data.login.decode("utf-8", "replace")
    expected = passwords.get(login, "\0").encode("utf-8")
    return hmac.compare_digest(expected, data.password) and login in passwords


def not_mail(c: "Connection", _argument: bytes) -> None:
    """End it: a web page made its reader's browser talk to us, with mail in what it posts."""
    c.goodbye(Reply(421, "4.7.0", "this is no web server"))


SHARED: Final[Mapping[str, Command]] = {
    "MAIL": mail,
    "RCPT": rcpt,
    "DATA": data,
    "RSET": rset,
    "NOOP": noop,
    "VRFY": vrfy,
    "HELP": help_,
    "QUIT": quit_,
    "XFORWARD": xforward,
    "GET": not_mail,
    "POST": not_mail,
    "PUT": not_mail,
    "OPTIONS": not_mail,
    "CONNECT": not_mail,
}
