"""A kill at each step of the commit order, by the product's own hooks, and what then comes again."""

import asyncio
import os
import signal
from collections.abc import Iterator
from email import message_from_bytes

import crashhouse
import peers
import pytest
from aiosmtpd.controller import Controller
from crashclient import Client, Mail, mail
from crashcount import wait_until_filed, wrong_deliveries, wrong_effects

LARGE = 3 * crashhouse.INLINE_MAX
DESK, BOX = ("desk@house.example",), ("box@house.example",)

# In the order of the journey. Large mail passes the steps of the blob; "begin" stands before BEGIN,
# "unit-done" behind the effects of the first mail in the batch.
BEFORE_COMMIT = (
    "received",
    "blob-written",
    "blob-fsynced",
    "blob-named",
    "blob-synced",
    "begin",
    "unit-done",
    "before-commit",
)
AFTER_COMMIT = ("after-commit", "before-reply")


class Relay:
    """The next mail server: it keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802  aiosmtpd names it
        self.mails.append(envelope.original_content)
        return "250 2.0.0 kept"

    @property
    def ids(self) -> list[str]:
        """The Message-IDs of what came."""
        return [message_from_bytes(octets)["Message-ID"] for octets in self.mails]


@pytest.fixture
def relay() -> Iterator[Relay]:
    """Run the next mail server."""
    kept = Relay()
    controller = Controller(kept, hostname="127.0.0.1", port=peers.free_port())
    controller.start()
    kept.port = controller.port
    yield kept
    controller.stop()


@pytest.fixture
def house(relay: Relay) -> Iterator[crashhouse.House]:
    """Build a house whose answers leave by that server."""
    with crashhouse.house(relay={"port": relay.port}) as built:
        yield built


def send(house: crashhouse.House, *mails: Mail) -> Client:
    """Send mails over one session until all is said or the gateway is gone."""
    client = Client(house.door, iter(()))
    client.waiting.extend(one for one in mails if one.owed)
    client.all.extend(mails)
    asyncio.run(client.run(1))
    return client


def die(house: crashhouse.House, point: str, one: Mail) -> None:
    """Start a gateway that ends at this step, and send it the mail."""
    house.start(point)
    send(house, one)
    assert house.wait() == -signal.SIGKILL


def sound(house: crashhouse.House, client: Client) -> None:
    """Work everything off and look whether each thing is there exactly once."""
    wait_until_filed(house)
    assert house.stop() == 0
    with house.store() as store:
        assert crashhouse.faults(store) == []
    assert wrong_deliveries(house, client) == []
    assert wrong_effects(house, client) == []


@pytest.mark.parametrize("point", BEFORE_COMMIT)
def test_killed_before_the_commit_nothing_is_stored(house, point):
    """Nothing was said and no row is there; the second coming is the first one, and all is there once."""
    one = mail(1, LARGE if point.startswith("blob-") else 600)
    die(house, point, one)
    assert one.replies == {}
    assert house.count("SELECT count(*) FROM delivery") == 0
    house.start()
    client = send(house, one)
    assert [reply.split(" id=")[0] for reply in one.replies.values()] == ["250 2.0.0 accepted"] * 3
    sound(house, client)


@pytest.mark.parametrize("point", ["blob-named", "blob-synced"])
def test_killed_with_a_blob_in_its_place_leaves_one_file(house, point):
    """A file without a row is what a crash may leave; the same mail again makes no second one."""
    one = mail(1, LARGE)
    die(house, point, one)
    blobs = house.gateway.state / "blobs"
    left = list(blobs.glob("??/*"))
    assert [file.name for file in left] == [one.sha256.hex()]
    house.start()
    sound(house, send(house, one))
    assert list(blobs.glob("??/*")) == left


@pytest.mark.parametrize("point", AFTER_COMMIT)
@pytest.mark.parametrize("size", [600, LARGE])
def test_killed_after_the_commit_the_second_reply_names_the_ticket(house, point, size):
    """All is stored, nobody was told; who comes again gets the stored replies, and nothing happens twice."""
    one = mail(1, size)
    die(house, point, one)
    assert one.replies == {}
    assert house.count("SELECT count(*) FROM delivery") == 3
    house.start()
    client = send(house, one)
    assert one.replies == {
        "desk@house.example": "250 2.0.0 already accepted, ticket T-1",
        "shop@house.example": "250 2.0.0 already accepted, ticket T-2",
        "box@house.example": "250 2.0.0 already accepted, folder=Kept",
    }
    sound(house, client)


@pytest.mark.parametrize("point", AFTER_COMMIT)
def test_killed_between_commit_and_reply_while_another_process_serves_the_clients(point):
    """The process that holds the connection says nothing that the other has not said; it ends with it."""
    with crashhouse.house(instance={"intake_processes": 1}) as house:
        one = mail(1)
        die(house, point, one)
        assert one.replies == {}
        assert house.count("SELECT count(*) FROM delivery") == 3
        house.start()
        client = send(house, one)
        assert [reply.split(",")[0] for reply in one.replies.values()] == ["250 2.0.0 already accepted"] * 3
        sound(house, client)


def test_killed_after_the_replies_the_outbox_goes_on_by_itself(house, relay):
    """The client will not come again; the next gateway files the mail and sends the answer, once."""
    house.start("replied")
    one = mail(1)
    client = send(house, one)
    assert one.owed == []
    os.kill(house.pid, signal.SIGKILL)
    assert house.wait() == -signal.SIGKILL
    assert house.rows("SELECT DISTINCT state FROM outbox") == [("waiting",)]
    house.start()
    peers.wait_until(lambda: relay.mails, "the answer arrives")
    sound(house, client)
    assert len(relay.mails) == 1


@pytest.mark.parametrize("recipients", [DESK, BOX])
def test_killed_with_claimed_rows_they_are_claimed_again(house, relay, recipients):
    """The lease of a dead worker ends, and what it held goes out, once."""
    one = mail(1)
    one.recipients = recipients
    die(house, "outbox-claimed", one)
    assert house.rows("SELECT state, attempts FROM outbox") == [("leased", 0)]
    house.start()
    client = send(house, one)
    peers.wait_until(lambda: house.rows("SELECT DISTINCT state FROM outbox") == [("sent",)], "it goes out")
    sound(house, client)
    assert len(relay.mails) == (recipients == DESK)


def test_killed_after_filing_and_before_the_record_the_file_is_found(house):
    """A Maildir keeps one file: its name is made of the row's, and the second try looks for it."""
    one = mail(1)
    one.recipients = BOX
    die(house, "outbox-sent", one)
    before = house.letters()
    assert len(before) == 1
    house.start()
    client = send(house, one)
    sound(house, client)
    assert house.letters() == before
    assert "by an earlier try" in house.rows("SELECT last_reply FROM outbox")[0][0]


def test_killed_after_sending_and_before_the_record_the_copy_has_the_same_id(house, relay):
    """The gap that no mail system can close (RFC 1047): a second copy, known by its Message-ID."""
    one = mail(1)
    one.recipients = DESK
    die(house, "outbox-sent", one)
    assert len(relay.mails) == 1
    house.start()
    client = send(house, one)
    peers.wait_until(lambda: len(relay.mails) > 1, "the second copy arrives")
    peers.wait_until(lambda: house.rows("SELECT state FROM outbox") == [("sent",)], "it is recorded")
    sound(house, client)
    assert len(relay.mails) == 2
    assert len(set(relay.ids)) == 1


def test_the_same_file_twice_is_one_ticket_and_the_second_reply_names_it(house):
    """Also without any crash: the same sender, recipient and octets again change nothing."""
    house.start()
    first, second = mail(1), mail(1)
    client = send(house, first)
    send(house, second)
    assert first.replies["desk@house.example"].endswith("ticket=T-1")
    assert second.replies["desk@house.example"] == "250 2.0.0 already accepted, ticket T-1"
    sound(house, client)


def test_two_identical_first_mails_at_the_same_moment_are_one_conversation(house):
    """Two sessions hand over the same new mail at once: one ticket, one contact, both know its number."""
    house.start()
    twins = [mail(1), mail(1)]
    client = Client(house.door, iter(()))
    client.waiting.extend(twins)
    client.all.append(twins[0])
    asyncio.run(client.run(2))
    said = sorted(one.replies["desk@house.example"].split(" id=")[0] for one in twins)
    assert said == ["250 2.0.0 accepted", "250 2.0.0 already accepted, ticket T-1"]
    assert house.count("SELECT count(*) FROM contact") == 1
    sound(house, client)


def test_two_first_mails_of_one_conversation_at_the_same_moment_are_one_ticket(house):
    """The same Message-ID with other octets, as by a second path: the later joins the first one's ticket."""
    house.start()
    one, other = mail(1), mail(1)
    other.octets = (
        b"Received: from another.example by client.example; Mon, 23 Nov 2026 10:11:09 +0000\r\n"
        + other.octets
    )
    for twin in (one, other):
        twin.recipients = DESK
    client = Client(house.door, iter(()))
    client.waiting.extend((one, other))
    asyncio.run(client.run(2))
    assert [
        reply[:3] + reply.rpartition(" ")[2] for reply in (*one.replies.values(), *other.replies.values())
    ] == ["250ticket=T-1"] * 2
    assert house.count("SELECT count(*) FROM contact") == 1
    assert house.count("SELECT count(*) FROM ticket") == 1
