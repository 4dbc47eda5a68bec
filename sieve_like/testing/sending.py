"""Actions that send mail, in the simulated world: into its outbox, one entry per recipient.

Nobody was answered before and no mail was redirected before: the world keeps nothing of that (SIEVE.md 4.7).
"""

from collections.abc import Callable, Iterable
from typing import Final

from sieve_like.actions import Notify, Report
from sieve_like.ext._mailto import why_not
from sieve_like.interpreter import Run
from sieve_like.message import Envelope, Message, PlainMessage
from sieve_like.outgoing.feedback import feedback_report
from sieve_like.outgoing.fields import bare_address
from sieve_like.outgoing.forward import comes_back, forward_sender, forwarded
from sieve_like.outgoing.notice import notice, notice_sender
from sieve_like.outgoing.refusal import refusal
from sieve_like.outgoing.reply import VacationPolicy, reply_sender, vacation_reply, why_silent
from sieve_like.outgoing.settings import user_email
from sieve_like.result import Action, Fcc, Redirect, Reject, Vacation
from sieve_like.testing.bench import Bench
from sieve_like.testing.storing import store_copy
from sieve_like.testing.world import Sent


def _send(bench: Bench, sender: str, recipients: Iterable[str], octets: bytes) -> None:
    bench.world.outbox += [Sent(sender, one, octets) for one in recipients]


def _redirect(bench: Bench, base: Run, action: Action, message: Message) -> bool:
    """Redirect; a mail that comes back is kept instead, unless something else was done with it."""
    assert isinstance(action, Redirect)
    settings = bench.settings
    if comes_back(message, base.envelope, settings):
        others = [one for one in bench.executed if not isinstance(one, Redirect)]
        base.kept = not any(one.cancels_keep for one in others)
        return True
    octets = forwarded(message, base.envelope, settings, bench.origin())
    _send(bench, forward_sender(base.envelope, settings), (action.address,), octets)
    return True


def _vacation(bench: Bench, base: Run, action: Action, message: Message) -> bool:
    """Answer the mail as it came: what the script made of it is not what the sender wrote."""
    assert isinstance(action, Vacation)
    del message
    policy, original, envelope = VacationPolicy.of(bench.settings), base.original, base.envelope
    if why_silent(action, original, envelope, policy):
        return True
    octets = vacation_reply(action, original, envelope, policy, bench.origin())
    _send(bench, reply_sender(action, original, envelope, policy), (envelope.sender,), octets)
    return _filed(bench, base, action.fcc, octets)


def _filed(bench: Bench, base: Run, fcc: Fcc | None, octets: bytes) -> bool:
    """Store the copy of a mail that was sent (RFC 8580)."""
    return fcc is None or store_copy(bench, base, fcc, PlainMessage(octets))


def _reject(bench: Bench, base: Run, action: Action, message: Message) -> bool:
    """Tell the sender; the null sender is told nothing (RFC 5429 2.2)."""
    assert isinstance(action, Reject)
    envelope: Envelope = base.envelope
    if envelope.sender not in {"", "<>"}:
        _send(bench, "", (envelope.sender,), refusal(action, message, envelope, bench.origin()))
    return True


def _notify(bench: Bench, base: Run, action: Action, message: Message) -> bool:
    assert isinstance(action, Notify)
    origin, settings, envelope = bench.origin(), bench.settings, base.envelope
    owners = [one for one in (user_email(settings), envelope.recipient, envelope.to) if one]
    if action.mail is None or why_not(base.original, owners):
        return True
    octets = notice(action, message, envelope, settings, origin)
    recipients = map(bare_address, action.mail.recipients)
    _send(bench, notice_sender(action, envelope, settings, origin), recipients, octets)
    return _filed(bench, base, action.fcc, octets)


def _report(bench: Bench, base: Run, action: Action, message: Message) -> bool:
    assert isinstance(action, Report)
    octets = feedback_report(action, message, base.envelope, bench.settings, bench.origin())
    _send(bench, "", (action.address,), octets)
    return True


Sender = Callable[[Bench, Run, Action, Message], bool]
SENDERS: Final[dict[str, Sender]] = {
    "redirect": _redirect,
    "vacation": _vacation,
    "reject": _reject,
    "ereject": _reject,
    "notify": _notify,
    "report": _report,
}
