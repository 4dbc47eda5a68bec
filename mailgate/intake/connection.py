"""One connection: a state machine over bulk reads, shared by LMTP and SMTP.

aiosmtpd's class stays the base: session, envelope, STARTTLS and AUTH are its own. Its command loop and its
reader are replaced: it reads line by line, gives one reply where LMTP wants one per recipient, and tells the
client the text of exceptions. Commands stand in `commands.py`, what belongs to one mail in `transaction.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum, auto
from functools import partial
from typing import Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from mailgate.domain.envelope import Received
from mailgate.errors import HouseFault, MailError, ProtocolError, Reply, ShuttingDown
from mailgate.intake import commands
from mailgate.intake.door import Door, Service
from mailgate.intake.lines import Lines
from mailgate.intake.peer import describe, trusted
from mailgate.intake.transaction import Transaction

NEWLINE: Final = b"\n"
# A handshake record of TLS 1.x: somebody speaks TLS where nobody asked for it.
TLS_RECORD: Final = b"\x16\x03"


class State(Enum):
    """What the next octets are; `BUSY`: a mail is being stored, `FOREIGN`: aiosmtpd works (AUTH, TLS)."""

    COMMAND = auto()
    SKIP_LINE = auto()
    DATA = auto()
    BUSY = auto()
    FOREIGN = auto()
    CLOSED = auto()


class Connection(SMTP):
    """The part that both protocols share; `LmtpConnection` and `SmtpConnection` say how they differ."""

    greeting = "ESMTP"
    # The library's types leave open what is always there between connection_made and connection_lost.
    session: Any
    transport: Any
    _reader: Any
    _writer: Any
    _original_transport: Any
    # The base class's: whether the client reads too slowly, and our writes pile up.
    _paused: bool

    def __init__(self, door: Door, service: Service, registry: set["Connection"]) -> None:
        self.command_size_limits: dict[str, int] = {}  # the base class shares one between all connections
        super().__init__(
            door,
            data_size_limit=service.limits.message_size,
            enable_SMTPUTF8=True,
            hostname=service.hostname,
            ident="mailgate",
            tls_context=service.tls,
            auth_require_tls=True,
            authenticator=self._log_in,
            loop=asyncio.get_running_loop(),
        )
        self.door, self.service, self.limits = door, service, service.limits
        self._registry = registry
        self.state = State.COMMAND
        self.peer, self.uid, self.trusted = "", -1, False
        self.login = ""
        self.stopping = False
        self.mails = self.noops = self.errors = self.octets = 0
        self._input = bytearray()
        self._output: list[bytes] = []
        self._reading_paused = False
        self._ended = False
        # Kept here, since the event loop itself would let it go.
        self._task: asyncio.Future[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._started = self._touched = self.loop.time()
        self.lines = Lines(self._work)
        self.transaction = Transaction()

    # -- the transport's side

    def connection_made(self, transport: Any) -> None:
        """Greet; after STARTTLS it comes a second time, and everything said in clear is forgotten."""
        self.session = self._create_session()
        self.envelope = self._create_envelope()
        self.forget_mail()
        self._input.clear()
        if self._tls_protocol is not None:
            # RFC 3207 4.2: the client starts anew.
            self.transport = transport
            self._writer._transport = transport  # noqa: SLF001  as the base does
            self.session.ssl = self._tls_protocol._extra  # noqa: SLF001
            self.state = State.COMMAND
            return
        asyncio.StreamReaderProtocol.connection_made(self, transport)
        self.transport = transport
        self._reader = self.lines
        self._registry.add(self)
        self.peer, self.uid = describe(transport)
        self.session.peer = self.peer
        self.trusted = trusted(self.service, self.peer, self.uid)
        self._watch()
        self.say(Reply(220, "", f"{self.service.hostname} {self.greeting} mailgate"))
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Take what came; the work goes on until something must be waited for."""
        self._touched = self.loop.time()
        self.octets += len(data)
        if self.state is State.DATA and not self._input:
            self._feed(data)
        elif self.state is not State.CLOSED:
            self._input += data
        self._work()

    def eof_received(self) -> bool:
        """Answer what the client has said, although it will say no more; then close.

        Returns whether the connection stays open for that; inside of TLS it cannot.
        """
        self._ended = True
        self._work()
        return self.state is not State.CLOSED and self.session.ssl is None

    def resume_writing(self) -> None:
        """Go on: the client has read what we said."""
        super().resume_writing()
        self._work()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client; never the mail that was handed over."""
        self.state = State.CLOSED
        self._registry.discard(self)
        self.lines.end()
        if self._timer is not None:
            self._timer.cancel()
        self.transaction.drop()
        if self._original_transport is not None:
            self._original_transport.close()
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self.transport = None

    def verbs(self, verb: str) -> Callable[["Connection", bytes], Reply | None] | None:
        """Return the command of this name; each protocol has its own."""
        return commands.SHARED.get(verb)

    # -- reading

    def _work(self) -> None:
        """Work through what has come in, then answer it with one write."""
        try:
            while self._input and self._may_go_on() and self._step():
                pass
        except Exception as error:  # noqa: BLE001  a bug of ours must not end as a bounce
            self.service.log("intake_bug", peer=self.peer, error=repr(error))
            self.say(HouseFault().reply)
            self.close()
        self._flush()
        if len(self._input) > self.limits.buffer or self._reading_paused:
            self._throttle()
        if self._ended and not self._paused:
            busy = self.state is State.BUSY or (self.state is State.FOREIGN and not self.lines.wanted)
            if not busy:
                self.close()

    def _may_go_on(self) -> bool:
        """Whether what has come in may be looked at now; a client that reads no replies gets no more."""
        state = self.state
        if state is State.COMMAND or state is State.SKIP_LINE:
            return not self._paused
        return state is State.DATA or (state is State.FOREIGN and self.lines.wanted)

    def _step(self) -> bool:
        """Do one thing with the input; returns whether there may be more to do."""
        state, waiting = self.state, self._input
        if state is State.DATA:
            data = bytes(waiting)
            waiting.clear()
            self._feed(data)
            return True
        end = waiting.find(NEWLINE) + 1
        if not end:
            return self._too_long()
        line = bytes(waiting[:end])
        del waiting[:end]
        if state is State.SKIP_LINE:
            self.state = State.COMMAND
        elif end > self.limits.command_line:
            self._refuse_line()
        elif state is State.FOREIGN:
            self.lines.give(line)
        else:
            self._command(line)
        return True

    def _too_long(self) -> bool:
        """Refuse a command line that has no end in sight, once, and skip it to its end."""
        if self.state is State.COMMAND and self._input.startswith(TLS_RECORD):
            self.goodbye(ProtocolError("no TLS without STARTTLS").reply)
        elif len(self._input) > self.limits.command_line:
            self._input.clear()
            if self.state is not State.SKIP_LINE:
                self._refuse_line()
                self.state = State.SKIP_LINE if self.state is not State.CLOSED else State.CLOSED
        return False

    def _refuse_line(self) -> None:
        """Say that a line is too long; where it was an answer to AUTH, that is over."""
        if self.state is State.FOREIGN:
            self.lines.end()
            self.state = State.COMMAND
        self.wrong(ProtocolError("line too long", enhanced="5.5.2").reply)

    def _command(self, line: bytes) -> None:
        """Carry out one command; what it raises is the reply."""
        if self.octets > self.limits.session_size:
            self._long_enough()
            return
        if not line.endswith(b"\r\n"):
            self.wrong(ProtocolError("line must end with CRLF", enhanced="5.5.2").reply)
            return
        if line.find(b"\r") != len(line) - len(b"\r\n") or b"\0" in line:
            self.wrong(ProtocolError("CR or NUL within a line", enhanced="5.5.2").reply)
            return
        verb, _, argument = line[:-2].partition(b" ")
        run = self.verbs(verb.decode("latin-1").upper())
        try:
            if run is None:
                raise ProtocolError
            reply = run(self, argument.strip(b" "))
        except MailError as error:
            reply = error.reply
        if reply is None:
            return
        if not reply.positive and reply.enhanced.startswith(("5.5.", "5.7.")):
            self.wrong(reply)
        else:  # that an address is unknown or a mail too big is no fault of the client in front
            self.say(reply)

    def _throttle(self) -> None:
        """Stop reading from a client that sends ahead while its mail is being stored."""
        full = len(self._input) > self.limits.buffer and not self._may_go_on()
        if full != self._reading_paused and self.transport is not None and self.state is not State.CLOSED:
            self._reading_paused = full
            if full:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()

    # -- one mail

    def forget_mail(self) -> None:
        """Forget the transaction (RSET, a new greeting, after a mail)."""
        self.transaction.drop()
        self.transaction = Transaction()

    def start_mail(self) -> None:
        """Expect the mail's octets from here on."""
        service, limits = self.service, self.limits
        self.transaction.begin_content(
            service.new_id(), service.incoming, inline_max=limits.inline_max, limit=limits.message_size
        )
        self.state = State.DATA

    def _feed(self, data: bytes) -> None:
        rest = self.transaction.feed(data)
        if rest is not None:
            self._input += rest
            self._hand_over()
        elif self.transaction.error is not None and self.octets > self.limits.session_size:
            self._long_enough()  # a mail that will be refused anyhow, and does not end

    def _hand_over(self) -> None:
        """Give the whole mail to the house, or say to everybody why not."""
        self.state = State.BUSY
        try:
            octets = self.transaction.finish()
        except MailError as error:
            event = "spool_fault" if error.__cause__ is not None else "mail_refused"
            self.not_taken(event, self.transaction.sender, str(error.__cause__ or error))
            self._answered([error.reply] * self.replies_owed())
            return
        received = self.transaction.received(
            octets, self.service, peer=self.peer, helo=self.session.host_name or "", login=self.login
        )
        self._task = asyncio.ensure_future(self.hand_in(received))
        self._task.add_done_callback(partial(self._accepted, received))

    def not_taken(self, event: str, sender: str | None, why: str) -> None:
        """Tell of a mail of which nothing is kept: too big, or a fault of ours; the house never sees it."""
        source, trace_id = self.service.source.value, self.transaction.trace_id
        self.service.log(event, source=source, peer=self.peer, id=trace_id, **{"from": sender}, error=why)

    def _accepted(self, received: Received, answer: "asyncio.Future[Sequence[Reply]]") -> None:
        """Say what the house has answered; it has done so although the client may have left meanwhile."""
        # The store has renamed the file, or it is of no use: the client will send the mail again.
        if received.octets.path is not None:
            received.octets.path.unlink(missing_ok=True)
        replies = self._replies(received, answer)
        if self.state is State.BUSY:
            self._answered(replies)
            self._work()

    def _replies(self, received: Received, answer: "asyncio.Future[Sequence[Reply]]") -> Sequence[Reply]:
        """Return a reply for each that is owed; no exception's text leaves the house."""
        owed = self.replies_owed()
        try:
            replies = answer.result()
            if len(replies) == owed:
                return replies
            raise RuntimeError(f"{len(replies)} replies for {owed}")  # noqa: TRY301  logged like any bug
        except MailError as error:
            return [error.reply] * owed
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  451 and a log line, never 5xx
            self.service.log("accept_failed", peer=self.peer, id=received.trace_id, error=repr(error))
            return [HouseFault().reply] * owed

    def _answered(self, replies: Sequence[Reply]) -> None:
        for reply in replies:
            self.say(reply)
        self.mails += 1
        self.noops = 0
        self.forget_mail()
        self.state = State.COMMAND
        self._touched = self.loop.time()
        if self.stopping:
            self.goodbye(ShuttingDown().reply)
        elif self.mails >= self.limits.session_mails or self.octets > self.limits.session_size:
            self._long_enough()

    def _long_enough(self) -> None:
        """End a session that has sent its share, at once: Postfix then connects anew for the next mail."""
        self.goodbye(Reply(421, "4.7.0", "session is long enough, come back"))

    def replies_owed(self) -> int:
        """How many replies the end of a mail gets."""
        return len(self.transaction.recipients)

    def hand_in(self, received: Received) -> Awaitable[Sequence[Reply]]:
        """Give the mail to the house, as the protocol wants it answered."""
        return self.door.accept_each(received)

    # -- speaking

    def say(self, reply: Reply) -> None:
        """Queue one reply; `_work` writes what has gathered. Nothing follows a last word."""
        if self.state is not State.CLOSED:
            self._output.append(reply.line())

    def say_lines(self, octets: bytes) -> None:
        """Queue a reply of several lines."""
        self._output.append(octets)

    def wrong(self, reply: Reply) -> None:
        """Say what was wrong; a client that is wrong too often is sent away (RFC 5321 4.2.1: 421)."""
        self.errors += 1
        self.say(reply)
        if self.errors >= self.limits.session_errors:
            self._too_many_errors()

    def _too_many_errors(self) -> None:
        self.goodbye(Reply(421, "4.7.0", "too many errors"))

    def spend_noop(self) -> None:
        """Count a command that does nothing; too many without a mail end the session."""
        self.noops += 1
        if self.noops > self.limits.session_noops:
            self.goodbye(Reply(421, "4.7.0", "too many commands without a mail"))

    def goodbye(self, reply: Reply) -> None:
        """Say the last reply and close."""
        self.say(reply)
        self.close()

    def close(self) -> None:
        """Close when what was said is written, or when the client takes too long to read it."""
        if self.state is State.CLOSED:
            return
        self._flush()
        self.state = State.CLOSED
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(self.limits.linger, self.cut)
        if self.transport is not None:
            self.transport.close()

    def cut(self) -> None:
        """Close at once, whatever is still to be written."""
        self.state = State.CLOSED
        for transport in (self.transport, self._original_transport):
            if transport is not None:
                transport.abort()

    def _flush(self) -> None:
        output = self._output
        if output:
            if self.transport is not None:
                self.transport.write(b"".join(output) if len(output) > 1 else output[0])
            output.clear()

    # -- time

    def _watch(self) -> None:
        """Look after the time-outs; the timer is set anew only when it fires, so a read costs nothing."""
        now = self.loop.time()
        limits = self.limits
        allowed = limits.data_timeout if self.state is State.DATA else limits.command_timeout
        due = min(self._touched + allowed, self._started + limits.session_time)
        if self.state is State.BUSY:  # the client waits for us
            due = max(due, now + 1.0)
        if now >= due:
            self.goodbye(Reply(421, "4.4.2", "time-out"))
            return
        # The state may change before it fires: then the other time-out counts, from a later moment on.
        due = min(due, now + min(limits.data_timeout, limits.command_timeout))
        self._timer = self.loop.call_later(max(due - now, 0.01), self._watch)

    def stop(self) -> None:
        """Finish a mail that is under way, then say 421; say it at once to the idle (MAIL.md 1, row 14)."""
        self.stopping = True
        if self.state in {State.COMMAND, State.SKIP_LINE}:
            self.goodbye(ShuttingDown().reply)

    # -- what aiosmtpd does for us

    def foreign(self, work: Callable[[], Any]) -> None:
        """Let aiosmtpd read and write for a while (STARTTLS, AUTH); then go on."""
        self._flush()
        self.state = State.FOREIGN
        self._task = self.loop.create_task(self._foreign(work))

    async def _foreign(self, work: Callable[[], Any]) -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001  a failed handshake ends the connection, nothing else
            if self.state is State.FOREIGN:
                self.service.log("session_failed", peer=self.peer, error=repr(error.__cause__ or error))
                self._lost_in_handshake()
            return
        if self.state is not State.FOREIGN:
            return
        self.state = State.COMMAND
        if self.stopping:
            self.goodbye(ShuttingDown().reply)
        elif self.errors >= self.limits.session_errors:
            self._too_many_errors()
        self._work()

    def _lost_in_handshake(self) -> None:
        """Forget the client: a failed handshake never calls `connection_lost`."""
        self.cut()
        if self in self._registry:
            self.connection_lost(None)

    def _log_in(self, _server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Check a password of AUTH PLAIN or LOGIN, in constant time."""
        known = isinstance(data, LoginPassword) and commands.password_matches(self.service.passwords, data)
        if known:
            self.login = data.login.decode("utf-8", "replace")
        else:
            self.errors += 1
            self.service.log("login_failed", peer=self.peer, mechanism=mechanism)
        return AuthResult(success=known, handled=False, auth_data=None)
