"""A row is given up: what is planned then is carried out in the transaction that records its end."""

from collections.abc import Callable

from mailgate.domain.action import PlanPolicy
from mailgate.domain.target import Failed
from mailgate.domain.undelivered import Undelivered, undelivered
from mailgate.outbox.settling import GivenUp
from mailgate.store.deskunit import perform
from mailgate.store.outbox_rows import Ended
from mailgate.store.transaction import Transaction
from mailgate.store.unit import UnitRules


def given_up(policy: PlanPolicy, rules: Callable[[], UnitRules]) -> GivenUp:
    """Return what the settler calls; `rules` are those of the moment."""

    def follows(tx: Transaction, ended: Ended) -> None:
        if ended.row.kind != "send":
            return
        mail, now_rules = _mail(ended), rules()
        perform(tx, lambda reader, _now: undelivered(mail, reader, now_rules.catalogue, policy), now_rules)

    return follows


def _mail(ended: Ended) -> Undelivered:
    row, outcome = ended.row, ended.outcome
    return Undelivered(
        outbox_id=row.id,
        ticket_id=row.ticket_id,
        kind=row.mail_kind,
        to_address=row.to_address,
        by=row.rule,
        tries=row.attempts + 1,
        said=outcome.reply,
        refused=isinstance(outcome, Failed),
        nobody=isinstance(outcome, Failed) and outcome.recipient,
    )
