"""For each budget the scenario in which it is the one that holds, and the settings that take it out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gatewayrun
from correspondents import (
    SUPPORT,
    any_domain,
    any_local_part,
    fixed,
    nobody,
    person,
    stripping,
)
from houses import EVERY_MAIL, house
from looppost import Post
from loopworld import DAY, HOUR, MINUTE, NO_RELAY, Correspondent, LoopGate, World

# No loop of these scenarios comes near it, so the budget is as good as not there.
NO_LIMIT = 1_000_000
SPREAD = "spread@a.example"


@dataclass(frozen=True, slots=True)
class Scenario:
    """First mails, who answers what leaves, how long; `without` takes the budget out.

    `reason` is what the gate notes. Without `relay` nobody takes what leaves, which counts all the same: the gate has let it
    go. Where the settings want an hour's budget to be no more than the day's, taking it out leaves the day's.
    """

    seeds: Callable[[], Sequence[Post]]
    answer: Correspondent
    until: float
    without: int = NO_LIMIT
    reason: str = ""
    spread: str = "keep;"
    most: int = 20_000
    relay: bool = True


def people(
    n: int, every: float, sender: Callable[[int], str], *, to: str = SUPPORT, start: float = 0
) -> list[Post]:
    """Return n first mails, one every so many seconds; the subject is the mail's number."""
    return [
        Post(start + i * every, sender(i), to, person(sender(i), i, to, subject=str(i))) for i in range(n)
    ]


def _redirects(domain: str, count: int) -> str:
    """Return a script that redirects each mail to so many addresses in a domain that may name the mail."""
    lines = "\n".join(f'redirect "partner{i}@{domain}";' for i in range(count))
    return f'require ["variables"];\nif header :matches "subject" "*" {{ set "n" "${{1}}"; }}\n{lines}\n'


def _notices(addresses: Sequence[str], ticket: str = "") -> str:
    """Return a script that notifies these agents of each mail, which may be about a ticket."""
    names = ", ".join(f'"{one}"' for one in addresses)
    return (
        'require ["variables", "vnd.mailgate.ticket", "vnd.mailgate.test.notify"];\n'
        f'if header :matches "subject" "*" {{ set "n" "${{1}}"; }}\n{ticket}\nnotify_agents [{names}];\n'
    )


SCENARIOS: Mapping[str, Scenario] = {
    # One robot with one address answers within seconds, and people's mails start it again and again.
    "per_address_hour": Scenario(
        lambda: people(20, MINUTE, fixed), stripping(fixed), HOUR, without=40, reason="budget-address"
    ),
    # The same robot takes its time: it stays below the hour's budget, day and night.
    "per_address_day": Scenario(
        lambda: people(60, 15 * MINUTE, fixed),
        stripping(fixed, delay=8 * MINUTE),
        DAY,
        most=110,
        reason="budget-address",
    ),
    # Another local part with each mail.
    "per_domain_hour": Scenario(
        lambda: people(80, 1, any_local_part),
        stripping(any_local_part, delay=120),
        HOUR,
        most=300,
        reason="budget-domain",
    ),
    # Another domain with each mail, two mails for each of ours, and the token is kept.
    "per_ticket": Scenario(
        lambda: people(1, 1, any_domain),
        stripping(any_domain, keeps_token=True, copies=2, delay=20),
        10 * MINUTE,
        most=31,
        reason="budget-ticket",
    ),
    # A thousand different domains at once, which all answer.
    "all_hour": Scenario(
        lambda: people(560, 0, any_domain),
        stripping(lambda n: any_domain(n + 1000), delay=60),
        HOUR - 1,
        without=5000,
        most=1120,
        reason="budget-all",
    ),
    # The same slowly, so that no hour is full.
    "all_day": Scenario(
        lambda: people(900, 0, any_domain),
        stripping(lambda n: any_domain(n + 1000), delay=HOUR + 2 * MINUTE),
        6 * HOUR,
        most=5400,
        reason="budget-all",
    ),
    # One robot asks again although the rule has run over its budget.
    "pause_after": Scenario(lambda: people(20, MINUTE, fixed), nobody, HOUR, reason="rule-paused"),
    # One mail to more addresses than a rule should know.
    "redirects_per_mail": Scenario(
        lambda: people(1, 1, fixed, to=SPREAD),
        nobody,
        MINUTE,
        without=1000,
        spread=_redirects("${n}.example", 6),
        reason="budget-mail",
    ),
    "redirects_per_domain_hour": Scenario(
        lambda: people(1020, 0, any_domain, to=SPREAD),
        nobody,
        MINUTE,
        spread=_redirects("partner.example", 1),
        reason="budget-domain",
    ),
    "redirects_hour": Scenario(
        lambda: people(2510, 0, any_domain, to=SPREAD),
        nobody,
        MINUTE,
        spread=_redirects("partner${n}.example", 4),
        reason="budget-all",
        relay=False,
    ),
    "notices_per_address_hour": Scenario(
        lambda: people(70, 10, any_domain, to=SPREAD),
        nobody,
        HOUR,
        spread=_notices(["agent@a-staff.example"]),
        reason="budget-address",
    ),
    "notices_per_ticket": Scenario(
        lambda: people(1, 1, any_domain, to=SPREAD),
        nobody,
        HOUR,
        spread=_notices([f"agent{i}@a-staff.example" for i in range(12)], ticket="ticket;"),
        reason="budget-ticket",
    ),
    "notices_hour": Scenario(
        lambda: people(102, 0, any_domain, to=SPREAD),
        nobody,
        MINUTE,
        spread=_notices([f"agent{i}-${{n}}@a-staff.example" for i in range(50)]),
        reason="budget-all",
        relay=False,
    ),
}


def play(world: World, scenario: Scenario, answers: Mapping[str, Any] | None = None) -> LoopGate:
    """Let the scenario happen to a gateway with these settings of [answers] besides the defaults."""
    settings = gatewayrun.merge(EVERY_MAIL, {"answers": answers or {}})
    relay_port = 0 if scenario.relay else NO_RELAY
    gate = world.gate(house(spread=scenario.spread), settings, relay_port=relay_port)
    world.post(*scenario.seeds())
    world.run(scenario.answer, until=scenario.until, most=scenario.most)
    return gate
