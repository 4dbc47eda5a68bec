"""The week's business: queues, agents, priorities, rules; and the people who write."""

from datetime import UTC, datetime

WEEK = datetime(2030, 4, 28, 22, tzinfo=UTC)  # Monday, 29 April, midnight in Berlin; Wednesday is a holiday
WEEK_MS = round(WEEK.timestamp() * 1000)
DOMAIN = "desk.example"
QUEUES = ("support", "orders", "billing")
# Whom a mail reaches; eva is the administrator, max the supervisor of all queues.
AGENTS = {name: f"{name}@staff.example" for name in ("eva", "max", "anna", "bert", "cora")}
STAFF = {"support": ("anna", "bert", "cora", "max"), "orders": ("cora", "max"), "billing": ("cora", "max")}
# So many tickets of support a day for each of them.
LIMIT = 8
VIPS = ("vera@vip.example", "viktor@vip.example", "vincent@grand.example", "viola@grand.example")

BUSINESS = f"""
[[queue]]
name = "support"
address = "support@{DOMAIN}"
teams = ["first"]
hours = "Mon-Fri 09:00-17:00"
timezone = "Europe/Berlin"
region = "DE-BE"
assignment = "fewest"
assign_limit = {LIMIT}

[[queue]]
name = "orders"
address = "orders@{DOMAIN}"

[[queue]]
name = "billing"
address = "billing@{DOMAIN}"

[[team]]
name = "first"
members = ["anna", "bert"]

[[agent]]
name = "eva"
address = "{AGENTS["eva"]}"
role = "administrator"

[[agent]]
name = "max"
address = "{AGENTS["max"]}"
role = "supervisor"
queues = ["support", "orders", "billing"]

[[agent]]
name = "anna"
address = "{AGENTS["anna"]}"

[[agent]]
name = "bert"
address = "{AGENTS["bert"]}"

[[agent]]
name = "cora"
address = "{AGENTS["cora"]}"
queues = ["support", "orders", "billing"]

[[priority]]
name = "low"

[[priority]]
name = "normal"

[[priority]]
name = "high"
reaction = "2h"
warning = "2h"
execution = "8h"

[[template]]
name = "received-support"
text = "{{{{ salutation }}}}, we have it as {{{{ ticket.number }}}}."

[[template]]
name = "received-orders"
text = "{{{{ salutation }}}}, your order is {{{{ ticket.number }}}}."

[[template]]
name = "received-billing"
text = "{{{{ salutation }}}}, this is {{{{ ticket.number }}}}."

[[workflow]]
name = "escalate"
event = "alarm"
when = ["new is execution late"]

[[workflow.action]]
do = "note"
text = "This is late, the supervisor has it now."

[[workflow.action]]
do = "assign"
agent = "max"
""" + "".join(
    f"""
[[address]]
address = "{queue}@{DOMAIN}"
queue = "{queue}"
script = "{queue}"
"""
    for queue in QUEUES
)

SCRIPTS = {
    "support": """require ["vnd.mailgate.ticket", "vnd.mailgate.reply", "vnd.mailgate.contact"];
if contact :vip {
    ticket :queue "support" :priority "high";
} elsif header :contains "Subject" "contract" {
    ticket :queue "support" :category "contract" :tag ["paper", "sign"] :follow_up "eva" :follow_up_days 3;
} else {
    ticket :queue "support" :match_subject;
}
reply :template "received-support";
""",
    "orders": """require ["vnd.mailgate.ticket", "vnd.mailgate.reply", "vnd.mailgate.contact"];
contact_create :category "shop";
ticket :queue "orders" :match_subject;
reply :template "received-orders";
""",
    "billing": """require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];
ticket :queue "billing" :priority "low" :match_subject;
reply :template "received-billing";
""",
}


def _line(text: str, start: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start))


# Where each script does what; the history names these places.
LINES = {
    queue: {"reply": _line(text, "reply"), "ticket": _line(text, f'ticket :queue "{queue}"')}
    for queue, text in SCRIPTS.items()
}
LINES["support"] |= {
    "high": LINES["support"]["ticket"],
    "contract": _line(SCRIPTS["support"], 'ticket :queue "support" :category'),
    "ticket": _line(SCRIPTS["support"], 'ticket :queue "support" :match_subject'),
}

FIRST_NAMES = (
    "Ada", "Ben", "Clara", "Dora", "Emil", "Frida", "Georg", "Hanna", "Igor", "Jana", "Karl", "Lena", "Mila", "Nora",
    "Otto", "Paula", "Rosa", "Simon", "Tilda", "Ulf", "Wanda", "Yara",
)  # fmt: skip
DOMAINS = (
    "acme.example", "bakery.example", "cargo.example", "dairy.example", "garden.example", "gmail.com", "web.de",
)  # fmt: skip
# What they write about; each subject is made one of its own by a number.
MATTERS = {
    "support": ("printer", "screen", "keyboard", "contract", "network", "password"),
    "orders": ("order", "delivery", "parcel", "return"),
    "billing": ("invoice", "reminder", "refund"),
}
# Known to us before the week begins, by nothing but their mails; the last ones write for the first time.
CUSTOMERS = tuple(
    (f"{name.lower()}@{DOMAINS[n % len(DOMAINS)]}", f"{name} {DOMAINS[n % len(DOMAINS)][0].upper()}mann")
    for n, name in enumerate(FIRST_NAMES)
)
