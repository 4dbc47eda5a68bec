"""Compare what the client was told with what is stored: lost, doubled, wrong."""

from collections import Counter

import peers
from crashclient import Client
from crashhouse import House

QUEUES = {"desk@house.example": "desk", "shop@house.example": "shop", "box@house.example": None}

DELIVERIES = """
SELECT m.sender, d.recipient, m.sha256, d.status, t.queue
FROM delivery d JOIN message m ON m.id = d.message_id LEFT JOIN ticket t ON t.id = d.ticket_id
"""
IN_HISTORY = """
SELECT count(*) FROM entry e JOIN ticket t ON t.id = e.ticket_id WHERE e.message_id > 0 AND t.queue = ?
"""
ANSWERS = """
SELECT (SELECT count(*) FROM outbox WHERE kind = 'send')
     + (SELECT count(*) FROM suppression WHERE verdict = 'suppress')
"""
NOT_FILED = "SELECT count(*) FROM outbox WHERE kind = 'deliver' AND state <> 'sent'"


def wait_until_filed(house: House) -> None:
    """Wait until every mail for the Maildir is filed; the leases of the dead have to end first."""
    peers.wait_until(lambda: house.count(NOT_FILED) == 0, "the outbox is worked off", pause_s=0.2)


def wrong_deliveries(house: House, client: Client) -> list[str]:
    """Return every recipient of every mail who has not exactly one delivery, of the right kind."""
    found: Counter[tuple] = Counter()
    wrong = []
    for sender, recipient, digest, status, queue in house.rows(DELIVERIES):
        found[sender, recipient, bytes(digest)] += 1
        if status != "accepted" or queue != QUEUES[recipient]:
            wrong.append(f"{sender} for {recipient}: {status}, in queue {queue}")
    wanted = {(m.sender, recipient, m.sha256) for m in client.all for recipient in m.recipients}
    wrong += [f"lost: {key[:2]}" for key in wanted - set(found)]
    wrong += [f"from nowhere: {key[:2]}" for key in set(found) - wanted]
    return wrong + [f"{n} times: {key[:2]}" for key, n in found.items() if n > 1]


def wrong_effects(house: House, client: Client) -> list[str]:
    """Return what there is not exactly once for each mail: tickets, histories, answers, files."""

    def mails_to(recipient: str) -> int:
        return sum(recipient in mail.recipients for mail in client.all)

    desk, shop, box = map(mails_to, QUEUES)
    names = [letter.name for letter in house.letters()]
    counts = {
        "tickets of desk": (house.count("SELECT count(*) FROM ticket WHERE queue = 'desk'"), desk),
        "tickets of shop": (house.count("SELECT count(*) FROM ticket WHERE queue = 'shop'"), shop),
        "subjects": (house.count("SELECT count(DISTINCT subject) FROM ticket"), max(desk, shop)),
        "mails in histories of desk": (house.count(IN_HISTORY, "desk"), desk),
        "mails in histories of shop": (house.count(IN_HISTORY, "shop"), shop),
        "answers": (house.count(ANSWERS), desk),
        "files": (len(names), box),
        "names of files": (len(set(names)), box),
    }
    return [f"{n} {what}, not {wanted}" for what, (n, wanted) in counts.items() if n != wanted]
