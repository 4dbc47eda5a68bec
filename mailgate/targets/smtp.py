"""Sending through a mail server by SMTP (RFC 5321): the relay for all that is ours, or a target of its own.

aiosmtplib keeps the dialogue; addresses and content pass our own builders, since the content of a redirect
is whatever somebody sent us.
"""

import asyncio
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, cast

from aiosmtplib import (
    SMTP,
    SMTPConnectError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from mailgate.domain.smtpreply import Stage
from mailgate.domain.target import NO_TERMS, Failed, Job, Outcome, Sent, TargetKind
from mailgate.targets._dialogue import CLOSING, Dialogue, Reply
from mailgate.targets._hop import (
    Hops,
    Lost,
    NotTaken,
    command_verdict,
    final_verdict,
    parameters,
    path,
    pieces,
    said,
    terms_of_mail,
    terms_of_recipient,
    why,
)
from mailgate.targets._login import Tokens, log_in

# A password may go to these without TLS: it does not leave the machine.
LOOPBACK: Final = ("127.", "::1", "localhost")
# How long a good-bye may take: nothing depends on it.
QUIT_S: Final = 5.0
# RFC 5321 4.3.2: what DATA is answered with where the mail may come.
GO_ON: Final = 354
# What one envelope says, in this order.
STAGES: Final = (Stage.RESET, Stage.MAIL, Stage.RCPT, Stage.DATA)
# As many mails as one connection gets before the outcomes are recorded: a slow one delays few others.
BATCH: Final = 16


@dataclass(frozen=True, slots=True)
class SmtpOptions:
    """Which server, how private, and who we are there; times in seconds.

    `tls` is about STARTTLS (RFC 3207): never, where it is offered without a look at the certificate, or
    always and checked. Port 465 speaks TLS from the start (RFC 8314 3.3). With a password, "opportunistic"
    means "required" unless the server is on this machine.
    """

    host: str
    port: int = 25
    tls: Literal["none", "opportunistic", "required"] = "opportunistic"
    user: str = ""
    password: str = field(default="", repr=False)
    hostname: str = "localhost"
    connections: int = 4
    connect_s: float = 30.0
    timeout_s: float = 300.0
    # RFC 5321 4.5.3.2.6: a server may work for ten minutes on a mail before it answers.
    done_s: float = 600.0
    # Certificates to trust besides those of the system.
    ca_file: str = ""
    # How many mails one connection carries; 0 is as many as it likes.
    mails_per_connection: int = 0
    # Where the login's access tokens come from; None: it has a password.
    tokens: Tokens | None = field(default=None, repr=False)

    @property
    def policy(self) -> Literal["none", "opportunistic", "required"]:
        """What `tls` comes to."""
        secret = bool(self.user) and not self.host.startswith(LOOPBACK)
        return "required" if secret or self.implicit else self.tls

    @property
    def implicit(self) -> bool:
        """Whether TLS comes before the first command."""
        return self.port == 465  # noqa: PLR2004  RFC 8314 7.3: the port of submissions


class SmtpHop:
    """One connection after EHLO, STARTTLS and AUTH; `offered` is what the server can do."""

    def __init__(self, dialogue: Dialogue, offered: Mapping[str, str], options: SmtpOptions) -> None:
        self.used = False
        self._dialogue = dialogue
        self._offered = offered
        self._options = options
        self._together = "pipelining" in offered
        self._dirty = False
        self._sent = 0

    @property
    def usable(self) -> bool:
        """Whether another mail may follow."""
        most = self._options.mails_per_connection
        return self._dialogue.usable and not (most and self._sent >= most)

    async def transact(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Send one mail to each of the recipients in turn; one outcome each; raises Lost."""
        return [await self._one(job) for job in jobs]

    async def _one(self, job: Job) -> Outcome:
        try:
            sender, recipient = path(job.envelope_from), path(job.to_address)
            if recipient == b"<>":
                return Failed("there is no recipient")
            words = parameters(self._offered, job, (sender, recipient))
            if job.terms is not NO_TERMS:
                words += terms_of_mail(self._offered, job.terms, datetime.now(UTC))
        except NotTaken as reason:
            return Failed(str(reason))
        notify = terms_of_recipient(self._offered, job.terms)
        self._sent += 1
        lines = [
            b" ".join((b"MAIL FROM:" + sender, *words)),
            b" ".join((b"RCPT TO:" + recipient, *notify)),
            b"DATA",
        ]
        return await self._envelope(lines) or await self._content(job)

    async def _envelope(self, lines: list[bytes]) -> Outcome | None:
        """Say MAIL, RCPT and DATA, in one go where the server can take that; None where it wants the mail."""
        if self._dirty:
            lines.insert(0, b"RSET")
        self._dirty = True
        stages = STAGES[-len(lines) :]
        said_so_far: list[Reply] = []
        for group in [lines] if self._together else [[line] for line in lines]:
            said_so_far += await self._ask(group)
            outcome = _refusal(zip(stages, said_so_far, strict=False))
            if outcome is not None:
                if said_so_far[-1][0] == GO_ON:
                    # RFC 2920 3.1: it wants a mail for nobody. No sane way leads out of that.
                    self.abort()
                return outcome
        return None

    async def _ask(self, lines: Sequence[bytes]) -> list[Reply]:
        """Send commands and return their replies; raises Lost where one is missing."""
        self._dialogue.expect(len(lines))
        self._dialogue.write(b"\r\n".join(lines) + b"\r\n")
        replies = await self._dialogue.replies(len(lines), self._options.timeout_s)
        if replies[-1][0] == CLOSING or len(replies) < len(lines):
            raise Lost(said(*replies[-1]))
        return replies

    async def _content(self, job: Job) -> Outcome:
        """Send the mail; the last word on it is the server's."""
        dialogue, options = self._dialogue, self._options
        dialogue.expect(1)
        try:
            await pieces(job.content, dialogue.write, dialogue.drain, options.timeout_s)
            ((code, text),) = await dialogue.replies(1, options.done_s)
        except TimeoutError as error:
            raise Lost("timed out while sending", safe=False) from error
        except Lost as lost:
            raise Lost(await self._last_words(str(lost)), safe=False) from lost
        self._dirty = False
        return final_verdict(code, text)

    async def _last_words(self, otherwise: str) -> str:
        """Return what the server said before it hung up, if it said anything."""
        try:
            return said(*(await self._dialogue.replies(1, 0.0))[0])
        except Lost:
            return otherwise

    async def quit(self) -> None:
        """Say good-bye and close; raises nothing."""
        try:
            self._dialogue.expect(1)
            self._dialogue.write(b"QUIT\r\n")
            await self._dialogue.replies(1, QUIT_S)
        except Lost:
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Close at once, without what is still to be written."""
        self._dialogue.abort()


def _refusal(replies: Iterable[tuple[Stage, Reply]]) -> Outcome | None:
    """Return what becomes of a mail by the first reply that says no; None where none does."""
    for stage, (code, text) in replies:
        if stage is Stage.DATA:
            if code == GO_ON:
                continue
            outcome = command_verdict(code, text, stage)
            if isinstance(outcome, Sent):
                raise Lost(f"unexpected reply to DATA: {said(code, text)}")
            return outcome
        if stage is not Stage.RESET:
            outcome = command_verdict(code, text, stage)
            if not isinstance(outcome, Sent):
                return outcome
    return None


class SmtpTarget:
    """The target: its options, its kept connections, its idea of whom to trust."""

    def __init__(self, options: SmtpOptions) -> None:
        self._options = options
        self._hops = Hops(self._connect, options.connections, 1)
        self._context: ssl.SSLContext | None = None
        self.parallel = options.connections
        self.batch = BATCH

    async def deliver(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Send the mails; a server that is down is a reason to try again, whatever it says."""
        return await self._hops.deliver(jobs)

    async def close(self) -> None:
        """Say good-bye on all connections."""
        await self._hops.close()

    async def _connect(self) -> SmtpHop:
        options = self._options
        try:
            if options.policy != "none" and self._context is None:
                self._context = await asyncio.to_thread(_context, options)
            client = await self._dial()
        except SMTPResponseException as error:
            raise Lost(self._where(said(error.code, error.message)), unreachable=True) from error
        except (OSError, SMTPException, ValueError) as error:
            raise Lost(self._where(why(error)), unreachable=True) from error
        transport, offered = client.transport, dict(client.esmtp_extensions)
        if transport is None:
            raise Lost(self._where("connection lost"), unreachable=True)
        # From here on the replies are ours: the library takes one at a time and drops the others.
        return SmtpHop(Dialogue(cast("asyncio.Transport", transport)), offered, options)

    def _where(self, text: str) -> str:
        return f"{self._options.host}:{self._options.port}: {text}"

    async def _dial(self) -> SMTP:
        policy = self._options.policy
        if policy == "opportunistic":
            try:
                return await self._greet(start_tls=None)
            except SMTPConnectError:
                raise
            except (ssl.SSLError, SMTPResponseException, SMTPServerDisconnected):
                # RFC 7435 3: where privacy can't be had, plain text is what it would have been anyway.
                return await self._greet(start_tls=False)
        return await self._greet(start_tls=policy == "required" and not self._options.implicit)

    async def _greet(self, *, start_tls: bool | None) -> SMTP:
        options = self._options
        client = SMTP(
            hostname=options.host,
            port=options.port,
            local_hostname=options.hostname,
            timeout=options.connect_s,
            use_tls=options.implicit,
            start_tls=start_tls,
            tls_context=self._context,
        )
        await client.connect()
        try:
            if options.user:
                await log_in(client, options.user, options.password, options.tokens)
            elif client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except BaseException:
            client.close()
            raise
        return client


def _context(options: SmtpOptions) -> ssl.SSLContext:
    """Return whom we trust: the system's authorities where TLS is required, anybody where it is a bonus."""
    context = ssl.create_default_context(cafile=options.ca_file or None)
    if options.policy != "required":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


TARGET = TargetKind("smtp", SmtpOptions, SmtpTarget)
