"""The database becomes full in the middle of a batch of many mails: nobody is told 250 who is not stored."""

import asyncio
import itertools
from collections import Counter

import crashhouse
from crashclient import Client, mail
from crashcount import wait_until_filed, wrong_deliveries, wrong_effects

MAILS = 160
SESSIONS = 20
# Four KiB each: room for some dozens of the mails below, so that the end comes while 20 are under way.
PAGES = 400

STORED = "SELECT m.sender, d.recipient FROM delivery d JOIN message m ON m.id = d.message_id"


def test_a_database_that_becomes_full_in_a_batch_tells_nobody_250_who_is_not_stored():
    """What was told 250 is there, all others heard 452 and come again; with room, each is there once."""
    with crashhouse.house() as house:
        supply = (mail(number, 12_000) for number in itertools.count(1))
        client = Client(house.door, itertools.islice(supply, MAILS))
        client.tries = 1
        house.start(pragmas={"max_page_count": PAGES})
        asyncio.run(client.run(SESSIONS))
        codes = Counter(reply[:9] for one in client.all for reply in one.replies.values())
        told = {(one.sender, r) for one in client.all for r, said in one.replies.items() if said[:3] == "250"}
        assert set(codes) == {"250 2.0.0", "452 4.3.1"}
        assert told == set(house.rows(STORED))
        assert house.stop() == 0
        client.waiting, client.tries = type(client.waiting)(client.put_aside), 10
        house.start()
        asyncio.run(client.run(SESSIONS))
        wait_until_filed(house)
        assert house.stop() == 0
        with house.store() as store:
            assert crashhouse.faults(store) == []
        assert wrong_deliveries(house, client) == []
        assert wrong_effects(house, client) == []
        assert "make space" in house.gateway.log()
        # The proof needs a batch of several that was lost as a whole.
        lost = [line for line in house.gateway.log().splitlines() if "pieces of work deferred" in line]
        assert any('message="1 ' not in line for line in lost)
