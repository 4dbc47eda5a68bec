"""Sending through a mail server by SMTP (RFC 5321): the relay for all that is ours, or a target of its own.

aiosmtplib keeps the dialogue; addresses and content pass our own builders, since the content of a redirect
is whatever somebody sent us.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from aiosmtplib import (
    SMTP,
    SMTPConnectError,
    SMTPException,
    SMTPResponse,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from mailgate.domain.target import Failed, Job, Outcome, Sent, TargetKind
from mailgate.targets._hop import (
    Hops,
    Lost,
    NotTaken,
    command_verdict,
    parameters,
    path,
    pieces,
    said,
    terms_of_mail,
    terms_of_recipient,
    verdict,
    why,
)

# A password may go to these without TLS: it does not leave the machine.
LOOPBACK: Final = ("127.", "::1", "localhost")
# How long a good-bye may take: nothing depends on it.
QUIT_S: Final = 5.0
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
    """One connection after EHLO, STARTTLS and AUTH."""

    def __init__(self, client: SMTP, options: SmtpOptions) -> None:
        self.used = False
        self._client = client
        self._options = options
        self._dirty = False
        # Only for its flow control; kept as long as the connection, which it would close in passing away.
        self._writer = asyncio.StreamWriter(
            client.transport,  # type: ignore[arg-type]
            client.protocol,  # type: ignore[arg-type]
            None,
            asyncio.get_running_loop(),
        )

    @property
    def usable(self) -> bool:
        """Whether another mail may follow."""
        return self._client.is_connected

    async def transact(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Send one mail to each of the recipients in turn; one outcome each; raises Lost."""
        return [await self._one(job) for job in jobs]

    async def _one(self, job: Job) -> Outcome:
        try:
            sender, recipient = path(job.envelope_from), path(job.to_address)
            if recipient == b"<>":
                return Failed("there is no recipient")
            offered = self._client.esmtp_extensions
            words = parameters(offered, job, (sender, recipient))
            words += terms_of_mail(offered, job.terms, datetime.now(UTC))
        except NotTaken as reason:
            return Failed(str(reason))
        if self._dirty:
            await self._command(b"RSET")
        self._dirty = True
        for command in (
            (b"MAIL", b"FROM:" + sender, *words),
            (b"RCPT", b"TO:" + recipient, *terms_of_recipient(offered, job.terms)),
        ):
            outcome = command_verdict(*await self._command(*command))
            if not isinstance(outcome, Sent):
                return outcome
        return await self._data(job)

    async def _data(self, job: Job) -> Outcome:
        code, text = await self._command(b"DATA")
        if code != 354:  # noqa: PLR2004  RFC 5321 4.3.2
            outcome = command_verdict(code, text)
            if isinstance(outcome, Sent):
                raise Lost(f"unexpected reply to DATA: {said(code, text)}")
            return outcome
        protocol = self._client.protocol
        assert protocol is not None
        # The library drops what comes in while nobody waits for it, and a server may answer before the end:
        # so the task must wait already when the first octet is written. uvloop reads before it runs new
        # tasks.
        reply = asyncio.ensure_future(protocol.read_response(self._options.done_s))
        await asyncio.sleep(0)
        try:
            await pieces(job.content, self._write, self._writer.drain, self._options.timeout_s)
            response = await reply
        except (OSError, SMTPException) as error:
            raise Lost(_reason(reply, error), safe=False) from error
        finally:
            reply.cancel()
        self._dirty = False
        return verdict(response.code, response.message)

    def _write(self, piece: bytes) -> None:
        if self._writer.is_closing():
            raise ConnectionResetError("connection lost while sending")
        self._writer.write(piece)

    async def _command(self, *words: bytes) -> tuple[int, str]:
        try:
            response = await self._client.execute_command(*words, timeout=self._options.timeout_s)
        except SMTPServerDisconnected as error:
            raise Lost("connection lost") from error
        except TimeoutError as error:
            raise Lost("timed out waiting for a reply", safe=False) from error
        except SMTPResponseException as error:
            raise Lost(said(error.code, error.message)) from error
        except (OSError, SMTPException) as error:
            raise Lost(why(error)) from error
        return response.code, response.message

    async def quit(self) -> None:
        """Say good-bye and close; raises nothing."""
        try:
            async with asyncio.timeout(QUIT_S):
                await self._client.quit()
        except (OSError, SMTPException):
            pass
        finally:
            self._client.close()

    def abort(self) -> None:
        """Close at once, without what is still to be written."""
        self._writer.transport.abort()
        self._client.close()


def _reason(reply: "asyncio.Future[SMTPResponse]", error: Exception) -> str:
    """Return the server's last words if it said any, else what happened."""
    if reply.done() and not reply.cancelled() and reply.exception() is None:
        response = reply.result()
        return said(response.code, response.message)
    return why(error)


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
        return SmtpHop(client, options)

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
            username=options.user or None,
            password=options.password if options.user else None,
        )
        await client.connect()
        try:
            if client.is_ehlo_or_helo_needed:
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
