"""What becomes of one mail for one recipient: run the route's script, plan its actions, return the decision.

Pure: the database answers through `ports.Reader`, the clock is handed in. Called by `store/unit.py` inside
the savepoint of the delivery, and by replay and trace with a reader that writes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mailgate.actions._folders import INBOX, deliver
from mailgate.actions._queueanswer import answer_by_queue
from mailgate.domain.action import ActionSpec, Plan, PlanPolicy
from mailgate.domain.address import fold
from mailgate.domain.classify import settle
from mailgate.domain.desk.bymail import RULE as AGENTS
from mailgate.domain.desk.bymail import agent_mail
from mailgate.domain.effects import Decision
from mailgate.domain.mail import Mail
from mailgate.domain.ports import Reader
from mailgate.domain.routing import Catalogue, Route
from mailgate.rules.host import RuleHost
from mailgate.rules.scripts import ScriptBook
from sieve_like.actions import DuplicateMark
from sieve_like.message import Envelope
from sieve_like.program import Trace
from sieve_like.result import Action, Result

# RFC 5321 6.3: a mail with that many trace fields is in a loop; Postfix itself gives up at 50.
MAX_RECEIVED = 100


@dataclass(frozen=True, slots=True)
class Decider:
    """Everything that deciding needs besides the mail; one per process, shared by all units."""

    policy: PlanPolicy
    actions: Mapping[type[object], ActionSpec]
    scripts: Callable[[], ScriptBook]
    trace: Trace = Trace.BRIEF

    def __call__(
        self, mail: Mail, route: Route, catalogue: Catalogue, reader: Reader, now: datetime
    ) -> Decision:
        """Return the decision; raises only for faults of ours, which the unit counts as a try."""
        plan = self._plan(mail, route, catalogue, reader, now)
        looping = _looping(mail)
        if looping:
            return _plain_keep(plan, looping)
        became = agent_mail(plan)
        if became is not None:
            # Agents' mail is no customer's: no script sees it (docs/agents-by-mail.md).
            decision = _finish(plan, AGENTS, became.value, "", (), keep=False)
            decision.trace.update(script="", road=AGENTS)
            return decision
        if not route.script:
            return _plain_keep(plan, "")
        program = self.scripts().program(route.script)
        if program is None:
            return _plain_keep(plan, "", error=f"script {route.script} has no version that compiles")
        host = RuleHost(plan, self.actions)
        result = program.run(mail.view, envelope_of(mail), host, now=now, trace=self.trace)
        if result.error is not None:
            # What the script had planned is void (RFC 5228 2.10.6), also what its questions had planned.
            plan = self._plan(mail, route, catalogue, reader, now)
        host.plan = plan
        _plan_result(plan, host, result)
        answer_by_queue(plan)
        return _decision(plan, result)

    def _plan(self, mail: Mail, route: Route, catalogue: Catalogue, reader: Reader, now: datetime) -> Plan:
        mail_class, reason = settle(mail.view, mail.facts, lambda ids: any(map(reader.sent, ids)))
        return Plan(mail, route, catalogue, reader, now, self.policy, mail_class, reason)


def envelope_of(mail: Mail) -> Envelope:
    """Return the envelope of a mail as a script sees it, with what the client asked of reports (RFC 3461)."""
    envelope, recipient = mail.received.envelope, mail.recipient
    return Envelope(
        mail.sender,
        recipient.address,
        recipient.address,
        auth=mail.received.origin.authenticated,
        notify=recipient.notify,
        orcpt=recipient.orcpt,
        ret=envelope.ret,
        envid=envelope.envid,
    )


def _looping(mail: Mail) -> str:
    """Return why this mail must cause no further mail at all, or ""."""
    if mail.facts.received_count > MAX_RECEIVED:
        return f"more than {MAX_RECEIVED} Received fields"
    if mail.facts.returned and fold(mail.recipient.address) in mail.facts.delivered_to:
        return "our own loop mark and this recipient"
    return ""


def _plain_keep(plan: Plan, why: str, *, error: str = "") -> Decision:
    deliver(plan, INBOX)
    if why:
        plan.note("loop", why=why)
    return _finish(plan, rule="", action="keep", error=error, steps=(), keep=True)


def _plan_result(plan: Plan, host: RuleHost, result: Result) -> None:
    """Plan what was not planned by a question of the script already, in the script's order."""
    for action in result.performed:
        host.carry_out(action)
    if result.implicit_keep:
        deliver(plan, INBOX, result.keep_flags, message=result.message)


def _decision(plan: Plan, result: Result) -> Decision:
    done = [action for action in result.performed if not isinstance(action, DuplicateMark)]
    decisive: Action | None = next((a for a in done if a.cancels_keep), None)
    decisive = decisive or next(iter(done), None)
    rule = plan.rule(decisive.span.line) if decisive is not None else plan.route.script
    error = (
        f"{plan.route.script}:{result.error.line}: {result.error.text}" if result.error is not None else ""
    )
    action = decisive.name if decisive is not None else "keep"
    decision = _finish(plan, rule, action, error, result.trace, keep=result.implicit_keep)
    if result.log:
        # What the script wrote for people (debug_log, log) belongs to why it became so.
        decision.trace["log"] = [{"level": level, "text": text} for level, text in result.log]
    return decision


def _finish(
    plan: Plan, rule: str, action: str, error: str, steps: tuple[object, ...], *, keep: bool
) -> Decision:
    trace: dict[str, object] = {
        "at": plan.now.isoformat(),
        "script": plan.route.script,
        "class": plan.mail_class.value,
        "class_reason": plan.class_reason,
        "steps": list(steps),
        "implicit_keep": keep,
        "notes": plan.notes,
    }
    known = plan.mail.facts.authentication
    if known.source:
        # What the DNS said then can't be asked again: a replay sees what the first run saw.
        trace["authentication"] = {
            "source": known.source,
            "spf": [known.spf.result, known.spf.domain],
            "dkim": [[one.result, one.domain] for one in known.dkim],
            "dmarc": [known.dmarc.result, known.dmarc.domain],
            "arc": [known.arc.result, known.arc.domain],
        }
    if error:
        trace["error"] = error
    words = " ".join(plan.words)
    return Decision(tuple(plan.effects), rule, action, words, trace, error, plan.wrong_tokens)
