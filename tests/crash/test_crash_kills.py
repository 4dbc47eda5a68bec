"""Hundreds of kills at random moments under load: nothing acknowledged is lost, nothing is there twice."""

import asyncio
import contextlib
import random
import signal
from collections import Counter

import crashhouse
import peers
import pytest
from crashclient import Client, mails

KILLS = 320
IN_FLIGHT = 20
LARGE_EVERY = 7
LARGE = 3 * crashhouse.INLINE_MAX
# A gateway that lives longer has nothing new to show.
LONGEST_S = 0.25
MOST_REPLIES = 240

DELIVERIES = """
SELECT m.sender, d.recipient, m.sha256, d.status, t.queue, d.id
FROM delivery d JOIN message m ON m.id = d.message_id LEFT JOIN ticket t ON t.id = d.ticket_id
"""

IN_HISTORY = """
SELECT count(*) FROM entry e JOIN ticket t ON t.id = e.ticket_id WHERE e.message_id > 0 AND t.queue = 'desk'
"""


async def one_life(house: crashhouse.House, client: Client, chance: random.Random) -> int:
    """Start, load, kill at a random moment; returns how many mails were under way at that moment.

    The moment is a number of replies and a moment more, or, in a third of the lives, a time since the start, which may fall
    into the start itself.
    """
    loop, moment = asyncio.get_running_loop(), asyncio.Event()
    wanted = chance.randrange(1, MOST_REPLIES)

    def heard() -> None:
        nonlocal wanted
        wanted -= 1
        if wanted == 0:
            moment.set()

    by_time = chance.random() < 1 / 3
    client.on_reply = (lambda: None) if by_time else heard
    if by_time:
        loop.call_later(chance.uniform(0, LONGEST_S), moment.set)
    house.start()
    load = asyncio.create_task(client.run(IN_FLIGHT))
    try:
        async with asyncio.timeout(peers.HANG_GUARD_S):
            await moment.wait()
        if not by_time:
            await asyncio.sleep(chance.choice((0, 0.001, 0.004, 0.015)))
        under_way = client.under_way
        assert house.kill() == -signal.SIGKILL
        # Who was greeted reads to the end of what was said; who was not waits for the next gateway in vain.
        while any(s.greeted for s in client.sessions) and not load.done() and client.under_way:
            await asyncio.sleep(0.001)
    finally:
        load.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await load
    return under_way


async def lives(house: crashhouse.House, client: Client, chance: random.Random) -> list[int]:
    """Go through all lives, then let the last one work everything off."""
    loads = [await one_life(house, client, chance) for _ in range(KILLS)]
    client.new_ones, client.on_reply = False, lambda: None
    house.start()
    await client.run(IN_FLIGHT)
    return loads


def wait_for_the_outbox(house: crashhouse.House) -> None:
    """Wait until every mail for the Maildir is filed; leases of the dead have to end first."""
    peers.wait_until(
        lambda: not house.count("SELECT count(*) FROM outbox WHERE kind = 'deliver' AND state <> 'sent'"),
        "the outbox is worked off",
        pause_s=0.5,
    )


def wrong_deliveries(house: crashhouse.House, client: Client) -> list[str]:
    """Compare what the client was told with what is stored."""
    found: Counter[tuple] = Counter()
    queues = {"desk@house.example": "desk", "shop@house.example": "shop", "box@house.example": None}
    wrong = []
    for sender, recipient, digest, status, queue, _id in house.rows(DELIVERIES):
        found[sender, recipient, bytes(digest)] += 1
        if status != "accepted" or queue != queues[recipient]:
            wrong.append(f"{sender} for {recipient}: {status}, in queue {queue}")
    wanted = {(m.sender, recipient, m.sha256) for m in client.all for recipient in m.recipients}
    wrong += [f"lost: {key[:2]}" for key in wanted - set(found)]
    wrong += [f"from nowhere: {key[:2]}" for key in set(found) - wanted]
    return wrong + [f"{n} times: {key[:2]}" for key, n in found.items() if n > 1]


def wrong_effects(house: crashhouse.House, client: Client) -> list[str]:
    """Compare tickets, answers and files with the number of mails: one of each kind for each mail."""
    mails_sent = len(client.all)
    counts = {
        "tickets of desk": house.count("SELECT count(*) FROM ticket WHERE queue = 'desk'"),
        "tickets of shop": house.count("SELECT count(*) FROM ticket WHERE queue = 'shop'"),
        "subjects": house.count("SELECT count(DISTINCT subject) FROM ticket"),
        "mails in histories of desk": house.count(IN_HISTORY),
        "answers": house.count(
            "SELECT (SELECT count(*) FROM outbox WHERE kind = 'send')"
            " + (SELECT count(*) FROM suppression WHERE verdict = 'suppress')"
        ),
        "filed": house.count("SELECT count(*) FROM outbox WHERE kind = 'deliver' AND state = 'sent'"),
        "files": len(house.letters()),
        "names of files": len({letter.name for letter in house.letters()}),
    }
    return [f"{n} {what} for {mails_sent} mails" for what, n in counts.items() if n != mails_sent]


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_kills_at_random_moments_lose_nothing_and_double_nothing(capsys):
    """320 kills with 20 mails of 3 recipients in flight: all acknowledged is stored, once; the files are sound."""
    chance = random.Random(20_261_124)
    with crashhouse.house() as house:
        client = Client(house.door, mails(LARGE_EVERY, LARGE))
        loads = asyncio.run(lives(house, client, chance))
        wait_for_the_outbox(house)
        assert house.stop() == 0
        again = sum(m.sendings > 1 for m in client.all)
        known = sum("already accepted" in reply for m in client.all for reply in m.replies.values())
        with house.store() as store:
            assert crashhouse.faults(store) == []
        assert [m.sender for m in client.all if m.owed] == []
        assert wrong_deliveries(house, client) == []
        assert wrong_effects(house, client) == []
        full = sum(load == IN_FLIGHT for load in loads)
        with capsys.disabled():
            print(
                f"\n{len(loads)} kills, {full} with {IN_FLIGHT} in flight; {len(client.all)} mails to"
                f" {3 * len(client.all)} recipients, {again} sent again, {known} replies 'already accepted'"
            )
        # The proof is one only if the kills met mail under way, and commits whose replies were lost.
        assert len(loads) >= 300
        assert full >= 200
        assert known > 0
