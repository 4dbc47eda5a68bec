"""Business data of the gateways in the loop proof: addresses whose rules answer every mail."""

HOUSE = """
[[queue]]
name = "desk"
address = "support@{domain}"
[[address]]
address = "support@{domain}"
queue = "desk"
script = "support"
[[address]]
address = "away@{domain}"
queue = "desk"
script = "away"
[[address]]
address = "spread@{domain}"
queue = "desk"
script = "spread"
"""
ANSWERING = """
require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];
ticket :queue "desk";
reply "Thank you, we have your mail.";
"""
AWAY = """
require ["vacation"];
keep;
vacation :days 1 "I am away.";
"""


def house(domain: str = "a.example", support: str = ANSWERING, spread: str = "keep;") -> dict[str, str]:
    """Return the business data: support@ opens a ticket and answers, away@ is on vacation, spread@ as given."""
    return {
        "house.toml": HOUSE.format(domain=domain),
        "rules/support.sieve": support,
        "rules/away.sieve": AWAY,
        "rules/spread.sieve": spread,
    }


# An acknowledgement for every mail, as the setting allows; the default of one an hour and sender would hide the budgets.
EVERY_MAIL = {"answers": {"acknowledgement_period": 0}}
