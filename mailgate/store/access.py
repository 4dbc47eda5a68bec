"""Who comes in and who is there: login links, passwords, presence (W2, G15; the first administrator).

A link's token never reaches the database, only its SHA-256; a password only as argon2 makes it. Checking a
password costs the same whether the agent exists or not, so that nobody learns names by the clock.
"""

import hashlib
import secrets
from datetime import datetime
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from peewee import EXCLUDED, SQL, fn

from mailgate.store.connection import Connection
from mailgate.store.models.access import Credential, LoginLink, Presence
from mailgate.store.models.audit import Audit
from mailgate.store.models.business import Agent
from mailgate.store.transaction import Transaction, from_millis, millis

# 160 bits: nobody guesses one, however many are asked.
TOKEN_OCTETS: Final = 20
DAY_MS: Final = 86400 * 1000
# Links that are over are kept for a while, so that a second click can be told from a wrong one.
KEEP_LINKS_MS: Final = 30 * DAY_MS


def new_token() -> str:
    """Return the secret of a login link, fit for a URL."""
    return secrets.token_urlsafe(TOKEN_OCTETS)


def digest_of(token: str) -> str:
    """Return what of a token is kept."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def make_link(tx: Transaction, agent: str, digest: str, until: datetime, who: str) -> None:
    """Keep a login link of an agent; those that it had end now."""
    tx.query(LoginLink.delete().where(LoginLink.until < tx.now_ms - KEEP_LINKS_MS))
    tx.query(
        LoginLink.update(until=tx.now_ms).where(
            (LoginLink.agent == agent) & (LoginLink.used_at == 0) & (LoginLink.until > tx.now_ms)
        )
    )
    tx.query(LoginLink.insert(digest=digest, agent=agent, made_at=tx.now_ms, until=millis(until), used_at=0))
    _audit(tx, who, "agent link", agent)


def redeem(tx: Transaction, digest: str) -> str:
    """Return the agent whom a link lets in, and use it up; "" for one that is used, over, or none.

    Of two that come at the same moment one is let in: the row itself decides. An agent who is disabled or
    gone is not.
    """
    able = Agent.select(SQL("1")).where((Agent.name == LoginLink.agent) & (Agent.enabled == 1))
    row = tx.query(
        LoginLink.update(used_at=tx.now_ms)
        .where(
            (LoginLink.digest == digest)
            & (LoginLink.used_at == 0)
            & (LoginLink.until > tx.now_ms)
            & fn.EXISTS(able)
        )
        .returning(LoginLink.agent)
    ).fetchone()
    if row is None:
        return ""
    _audit(tx, row[0], "agent login", row[0], "by link")
    return str(row[0])


@cache
def _hasher() -> PasswordHasher:
    """Return the maker of hashes, with the library's parameters: argon2id, 64 MiB."""
    return PasswordHasher()


@cache
def _nobody() -> str:
    """Return a hash that no password has, for agents who have none."""
    return _hasher().hash(secrets.token_hex(TOKEN_OCTETS))


def hash_password(password: str) -> str:
    """Return a password as it is kept; takes some 50 ms and 64 MiB, so never in the writer's thread."""
    return _hasher().hash(password)


def set_password(tx: Transaction, agent: str, hashed: str, who: str) -> None:
    """Keep an agent's password, made by `hash_password`."""
    row = Credential.insert(agent=agent, password=hashed, changed_at=tx.now_ms)
    tx.query(
        row.on_conflict(
            conflict_target=[Credential.agent],
            update={Credential.password: EXCLUDED.password, Credential.changed_at: EXCLUDED.changed_at},
        )
    )
    _audit(tx, who, "agent password", agent)


def verify(connection: Connection, agent: str, password: str) -> bool:
    """Whether this is the password of an agent who may come in; as slow for a name that is none."""
    query = (
        Credential.select(Credential.password)
        .join(Agent, on=(Agent.name == Credential.agent))
        .where((Credential.agent == agent) & (Agent.enabled == 1))
    )
    sql, values = query.sql()
    row = connection.execute(sql, tuple(values)).fetchone()
    # Made for everybody: the first one would else take twice as long for a name that is none.
    nobody = _nobody()
    try:
        right = _hasher().verify(row[0] if row is not None else nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return right and row is not None


def has_password(connection: Connection, agent: str) -> bool:
    """Whether an agent has a password."""
    sql, values = Credential.select(SQL("1")).where(Credential.agent == agent).sql()
    return connection.execute(sql, tuple(values)).fetchone() is not None


def forget(tx: Transaction, agent: str) -> None:
    """Forget what lets an agent in, and that it is there: the agent is gone."""
    for model in (Credential, Presence, LoginLink):
        tx.query(model.delete().where(model.agent == agent))


def set_present(tx: Transaction, agent: str, until: datetime) -> None:
    """Say that an agent is at work until then; again and again is one presence, that began once (G15)."""
    row = Presence.insert(agent=agent, since=tx.now_ms, until=millis(until))
    # Who was away in between begins anew.
    still = Presence.until > tx.now_ms
    tx.query(Presence.delete().where((Presence.agent == agent) & ~still))
    tx.query(row.on_conflict(conflict_target=[Presence.agent], update={Presence.until: EXCLUDED.until}))


def set_away(tx: Transaction, agent: str) -> bool:
    """Say that an agent is away; whether it was present until now."""
    gone = tx.query(Presence.delete().where(Presence.agent == agent).returning(Presence.until)).fetchone()
    return gone is not None and gone[0] > tx.now_ms


def presences(connection: Connection, now: datetime) -> dict[str, datetime]:
    """Return who is present, and until when."""
    sql, values = Presence.select(Presence.agent, Presence.until).where(Presence.until > millis(now)).sql()
    return {name: from_millis(at) for name, at in connection.execute(sql, tuple(values)).fetchall()}


def _audit(tx: Transaction, who: str, action: str, subject: str, detail: str = "") -> None:
    tx.query(Audit.insert(at=tx.now_ms, who=who, action=action, subject=subject, detail=detail))
