"""Login links, passwords and presence in the database."""

import threading
from datetime import timedelta

import argon2
import pytest
from assignkit import office, set_up
from storekit import postgresql_options

from mailgate.domain.routing import Agent
from mailgate.store import access, business, queries
from mailgate.store.db import open_store
from mailgate.store.writer import Writer


@pytest.fixture
def do(writer, store):
    """Run work in the writer, with three agents in the database."""
    set_up(writer, store, office(), present=())
    return lambda work: writer.submit(work).result(30)


def link(do, clock, agent="anna", hours=24) -> str:
    """Make a link; return its digest."""
    digest = access.digest_of(access.new_token())
    do(lambda tx: access.make_link(tx, agent, digest, clock.now + timedelta(hours=hours), "root"))
    return digest


def redeemed(do, digest) -> str:
    return do(lambda tx: access.redeem(tx, digest))


def test_tokens_have_160_bits_and_are_never_the_same():
    """20 octets in letters that a URL takes."""
    tokens = {access.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {27}


def test_a_link_lets_in_once(do, clock, ask):
    """Then it is used up; it is written down who came in."""
    digest = link(do, clock)
    assert redeemed(do, digest) == "anna"
    assert redeemed(do, digest) == ""
    assert ask("SELECT used_at > 0 FROM login_link") == [(1,)]
    assert ask("SELECT who, action, subject FROM audit WHERE action LIKE 'agent l%' ORDER BY id") == [
        ("root", "agent link", "anna"), ("anna", "agent login", "anna"),
    ]  # fmt: skip


def test_a_link_that_is_over_wrong_or_replaced_lets_nobody_in(do, clock):
    """Time, another digest, a newer link; a link of somebody else goes on."""
    first, other = link(do, clock, hours=1), link(do, clock, "bert")
    assert redeemed(do, access.digest_of("guess")) == ""
    second = link(do, clock, hours=1)
    assert redeemed(do, first) == ""
    clock.move(hours=1)
    assert redeemed(do, second) == ""
    assert redeemed(do, other) == "bert"


def test_a_link_of_an_agent_who_is_disabled_or_gone(do, clock):
    """Waits as long as it holds, and lets in who is enabled again."""
    digest, gone = link(do, clock), link(do, clock, "bert")

    def enable(tx, enabled):
        (change,) = business.set_one(tx._connection, Agent("anna", queues=("support", "sales"), enabled=enabled), take_over=True)  # fmt: skip
        business.apply_changes(tx, [change], "root")

    do(lambda tx: enable(tx, False))
    assert redeemed(do, digest) == ""
    do(lambda tx: enable(tx, True))
    do(lambda tx: access.forget(tx, "bert"))
    assert redeemed(do, gone) == ""
    assert redeemed(do, digest) == "anna"


def test_old_links_are_forgotten(do, clock, ask):
    """A month after they ended."""
    link(do, clock)
    clock.move(days=40)
    link(do, clock, "bert")
    assert ask("SELECT agent FROM login_link") == [("bert",)]


def race(store, digest) -> list[str]:
    """Redeem one link by several writers at once."""
    barrier, writers = threading.Barrier(4), [Writer(store) for _ in range(4)]
    for one in writers:
        one.start()

    def work(tx):
        return access.redeem(tx, digest)

    found: list[str] = []

    def go(one):
        barrier.wait(30)
        found.append(one.submit(work).result(60))

    threads = [threading.Thread(target=go, args=(one,)) for one in writers]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert all(one.stop(60) for one in writers)
    return sorted(found)


@pytest.mark.peer("postgresql")
def test_of_four_at_once_one_is_let_in_on_postgresql(postgres, tmp_path, clock):
    """The row decides; presence and passwords work there too."""
    options = postgresql_options(postgres, tmp_path)
    store = open_store(options)
    writer = Writer(store)
    writer.start()
    set_up(writer, store, office(), present=())
    do = lambda work: writer.submit(work).result(60)  # noqa: E731
    from datetime import UTC, datetime

    clock.now = datetime.now(UTC)
    assert race(store, link(do, clock)) == ["", "", "", "anna"]
    hashed = access.hash_password("correct horse battery")
    for _ in range(2):
        do(lambda tx: access.set_password(tx, "anna", hashed, "root"))
        do(lambda tx: access.set_present(tx, "anna", clock.now + timedelta(hours=1)))
    with queries.reading(store) as connection:
        assert access.verify(connection, "anna", "correct horse battery")
        assert list(access.presences(connection, clock.now)) == ["anna"]
    assert do(lambda tx: access.set_away(tx, "anna")) is True
    assert writer.stop(60)
    store.close()


def test_of_four_at_once_one_is_let_in(do, store, clock):
    """On SQLite, too."""
    from datetime import UTC, datetime

    clock.now = datetime.now(UTC)
    assert race(store, link(do, clock)) == ["", "", "", "anna"]


def test_a_password_is_right_or_wrong(do, store):
    """Only the last one; nobody without one, and nobody who is not there, comes in."""
    for password in ("correct horse battery", "staple of the horse"):
        hashed = access.hash_password(password)
        do(lambda tx, hashed=hashed: access.set_password(tx, "anna", hashed, "root"))
    with queries.reading(store) as connection:
        assert access.verify(connection, "anna", "staple of the horse")
        assert not access.verify(connection, "anna", "correct horse battery")
        assert not access.verify(connection, "bert", "staple of the horse")
        assert not access.verify(connection, "nobody", "staple of the horse")
        assert access.has_password(connection, "anna")
        assert not access.has_password(connection, "bert")


def test_a_name_that_is_none_costs_as_much_as_one_that_is(do, store, monkeypatch):
    """One argon2 of the same parameters each time: the clock tells no names."""
    do(lambda tx: access.set_password(tx, "anna", access.hash_password("correct horse battery"), "root"))
    checked = []
    real = argon2.PasswordHasher.verify

    def verify(self, hashed, password):
        checked.append(argon2.extract_parameters(hashed))
        return real(self, hashed, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", verify)
    with queries.reading(store) as connection:
        for name in ("anna", "bert", "nobody", ""):
            assert not access.verify(connection, name, "wrong")
    assert len(checked) == 4
    assert all(one == checked[0] for one in checked)


def test_presence_is_one_span_while_it_is_said_again(do, ask, clock):
    """It began once; after an absence it begins anew; `until` may be made shorter."""
    start = int(clock.now.timestamp() * 1000)

    def say(minutes):
        return do(lambda tx: access.set_present(tx, "anna", clock.now + timedelta(minutes=minutes)))

    say(15)
    clock.move(minutes=10)
    say(15)
    assert ask("SELECT since, until FROM presence") == [(start, start + 25 * 60_000)]
    say(5)
    assert ask("SELECT until FROM presence") == [(start + 15 * 60_000,)]
    clock.move(minutes=5)
    assert do(lambda tx: access.set_away(tx, "anna")) is False
    say(15)
    clock.move(minutes=15)
    say(15)
    assert ask("SELECT since FROM presence") == [(start + 30 * 60_000,)]
