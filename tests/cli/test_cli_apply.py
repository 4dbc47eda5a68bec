"""`mailgate apply`: differences with their values, and what may not go."""

import json

import clidesk
import pytest
from test_cli_priority import ticket

AGENT = '[[agent]]\nname = "anna"\nqueues = ["support"]\n'


@pytest.fixture
def desk():
    """Set up an installation with one queue and one script."""
    with clidesk.desk() as one:
        yield one


def apply_more(desk, text: str, *options: str) -> str:
    """Write a further file of the business and apply the folder."""
    (desk.business / "more.toml").write_text(text)
    return desk.good("apply", str(desk.business), *options)


def refused(desk, text: str) -> str:
    """Write a further file of the business, which is refused; return what is said, and check that it changed nothing."""
    (desk.business / "more.toml").write_text(text)
    before = desk.versions()
    said = desk.bad("apply", str(desk.business), code=78)
    assert desk.versions() == before
    return said


def test_each_value_is_shown_from_what_to_what(desk):
    """Texts, lists, switches and places; a script line by line; `--json` has both values."""
    apply_more(desk, '[[queue]]\nname = "orders"\nfrom_name = "Orders"\n' + AGENT)
    text = (
        '[[queue]]\nname = "orders"\nfrom_name = "Shop"\nenabled = false\n'
        '[[agent]]\nname = "anna"\nqueues = ["support", "orders"]\n'
    )
    (desk.business / "support.sieve").write_text(clidesk.SCRIPT + "stop;\n")
    said = apply_more(desk, text, "--dry-run")
    assert "change queue orders\n  from_name: Orders -> Shop\n  enabled: on -> off\n" in said
    assert "change agent anna\n  queues: support -> support, orders\n" in said
    assert "change script support\n  source:\n    @@" in said
    assert "\n    +stop;\n" in said
    assert said.endswith("3 changes would be made\n")
    changes = {c["name"]: c for c in json.loads(apply_more(desk, text, "--json", "--dry-run"))}
    assert changes["orders"]["old"] == {"from_name": "Orders", "enabled": True}
    assert changes["orders"]["new"] == {"from_name": "Shop", "enabled": False}
    assert changes["anna"]["new"] == {"queues": ["support", "orders"]}


def test_what_is_taken_over_says_so(desk):
    """The file that a thing belongs to is a value like the others."""
    (desk.folder / "q.toml").write_text('[[queue]]\nname = "orders"\n')
    desk.good("ticketqueue", "add", "orders")
    said = desk.good("apply", str(desk.folder / "q.toml"))
    assert "change queue orders\n  file: by hand -> " in said
    assert said.endswith("\n1 change\n")
    assert "file: " in desk.good("ticketqueue", "set", "orders", "--language", "de", "--take-over")


@pytest.mark.parametrize(
    ("kind", "text", "field"),
    [
        ("status", '[[status]]\nname = "{}"\n[[status]]\nname = "closed"\nkind = "closed"\n', "status"),
        ("priority", '[[priority]]\nname = "{}"\n[[priority]]\nname = "normal"\n', "priority"),
        ("queue", '[[queue]]\nname = "{}"\n', "queue"),
        ("agent", '[[agent]]\nname = "{}"\n', "agent"),
    ],
)
def test_what_tickets_have_does_not_go(desk, kind, text, field):
    """Statuses, priorities, queues and agents: refused with the number of tickets; free, they go."""
    apply_more(desk, text.format("mine"))
    for _ in range(2):
        desk.good("ticket", "set", ticket(desk), f"--{field}", "mine")
    said = refused(desk, text.format("other"))
    assert f"{kind} mine: is gone, but 2 tickets have it; " in said
    for number in ("T-1", "T-2"):
        apply_more(desk, f'{text.format("mine")}[[{kind}]]\nname = "other"\n')
        desk.good("ticket", "set", number, f"--{field}", "other")
    assert f"remove {kind} mine" in apply_more(desk, text.format("other"))


def test_defaults_that_tickets_have_do_not_go(desk):
    """A text that names statuses takes the place of the four that are there by default."""
    number = ticket(desk)
    said = refused(desk, '[[status]]\nname = "fresh"\n[[status]]\nname = "closed"\nkind = "closed"\n')
    assert "status open: is gone, but 1 ticket has it; give them another first" in said
    assert "status solved" not in said
    assert desk.json("ticket", "show", number)["status"] == "open"


def test_what_something_else_names_does_not_go(desk):
    """A queue that an address made by hand names, a team that its queue names."""
    apply_more(desk, '[[queue]]\nname = "orders"\n[[team]]\nname = "first"\n')
    desk.good("address", "add", "orders@example.org", "--queue", "orders")
    desk.good("ticketqueue", "add", "sales", "--team", "first")
    said = refused(desk, "")
    assert "queue orders: is gone, but address orders@example.org names it" in said
    assert "team first: is gone, but queue sales names it" in said
    desk.good("address", "remove", "orders@example.org")
    desk.good("ticketqueue", "set", "sales", "--team", "")
    assert "2 changes\n" in apply_more(desk, "")


def test_a_script_that_names_what_goes_is_named_with_its_line(desk):
    """The text contradicts itself: it drops the queue that its own script names."""
    (desk.business / "business.toml").write_text(
        clidesk.BUSINESS.replace('name = "support"', 'name = "help"')
    )
    said = desk.bad("apply", str(desk.business), code=78)
    assert "support.sieve:2: " in said
    assert "'support'" in said


def test_commands_refuse_the_same(desk):
    """A queue with tickets and an agent who has some: with their number."""
    desk.good("ticketqueue", "add", "orders")
    desk.good("agent", "add", "anna")
    number = ticket(desk)
    desk.good("ticket", "set", number, "--queue", "orders", "--agent", "anna")
    assert "1 ticket has the queue 'orders'; move them first" in desk.bad("ticketqueue", "remove", "orders")
    assert "1 ticket has the agent 'anna'; give them to others" in desk.bad("agent", "remove", "anna")


EVERYTHING = """
[helpdesk]
channel = true
number_pattern = "HD-{n}"
paused_to_closed = false
reopen_days = 7
subjects = "edit"
link_url = "https://desk.example.org/t/{number}"

[[queue]]
name = "orders"
address = "orders@example.org"
from_name = 'Böse "Zungen" \\\\ Söhne'
language = "de"
enabled = false
hours = "Mon-Fri 08:00-18:00"
timezone = "Europe/Berlin"
holidays = ["12-24", "2026-12-31"]
region = "DE-BY"
teams = ["first line"]
template_set = "de"
signature = "sign"
assignment = "fewest"
assign_limit = 3
assign_closed_hours = true
assign_absent = true
assign_not_new = true
assign_not_answers = true

[[agent]]
name = "anna"
address = "anna@example.org"
queues = ["orders", "support"]
full_name = "Anna Öz"
role = "supervisor"
language = "de"

[[agent]]
name = "bert"
enabled = false

[[team]]
name = "first line"
members = ["anna", "bert"]
description = "Answers first"

[[status]]
name = "open"

[[status]]
name = "parts"
kind = "waiting"

[[status]]
name = "closed"
kind = "closed"

[[priority]]
name = "normal"
reaction = "8h"
execution = "2d"
warning = "4h"

[[priority]]
name = "high"

[[address]]
address = "orders@example.org"
queue = "orders"
enabled = false

[[address]]
address = "info@example.org"
queue = "support"

[[address]]
address = "sales-*@example.org"
queue = "orders"

[[template]]
name = "sign"
text = '''
--
Tab	und "Anführung" und \\ und \\n und {{ queue.name }}
'''
html = "<p>x</p>"
language = "de"

[[workflow]]
name = "late one"
event = "alarm"
description = "says so"
enabled = false
when = ["new is execution late or priority is high", 'subject contains "a, b or c"']

[[workflow.action]]
do = "mail"
to = ["agent", "boss@example.org"]
template = "sign"

[[workflow.action]]
do = "set"
field = "status"
value = "parts"

[[automation]]
name = "info"
address = "info@example.org"
description = "Sorts"
creator = "anna"
teams = ["first line"]

[[automation.rule]]
name = "Important"
match = "any"
stop = true

[[automation.rule.condition]]
match = "all"

[[automation.rule.condition.condition]]
field = "subject"
operator = "contains"
value = ["Bestellung", 'with "quotes"']

[[automation.rule.condition.condition]]
field = "customer"
operator = "vip"
not = true

[[automation.rule.condition]]
field = "header"
name = "X-Order"
operator = "exists"

[[automation.rule.action]]
kind = "ticket"
queue = "orders"
priority = "high"
tags = ["a", "b"]

[[automation.rule.action]]
kind = "reply"
template = "sign"
period = "7d"
"""


def test_everything_goes_out_and_comes_in_as_it_was(desk):
    """Export, apply in a new installation, export again: every file the same, octet for octet."""
    apply_more(desk, EVERYTHING)
    assert apply_more(desk, EVERYTHING) == "0 changes\n"
    first, second = desk.folder / "first", desk.folder / "second"
    desk.good("export", str(first))
    with clidesk.desk(business=False, channel=False) as other:
        other.good("apply", str(first))
        assert other.good("apply", str(first)) == "0 changes\n"
        other.good("export", str(second))
    files = [one.relative_to(first) for one in sorted(first.rglob("*")) if one.is_file()]
    assert files == [one.relative_to(second) for one in sorted(second.rglob("*")) if one.is_file()]
    for file in files:
        assert (first / file).read_bytes() == (second / file).read_bytes(), file
    text = (first / "business.toml").read_text("utf-8")
    for key in (
        "assign_not_answers = true",
        'kind = "waiting"',
        'number_pattern = "HD-{n}"',
        "enabled = false",
    ):
        assert key in text, key


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[helpdesk]\nchanel = true", "more.toml:2: helpdesk.chanel"),
        ("[helpdesk]\nreopen_days = 2000", "more.toml:2: helpdesk.reopen_days: '2000' is no whole number"),
        ('[[queue]]\nname = "a"\nteams = ["x"]', "more.toml:3: queue[2].teams: there is no team 'x'"),
        ('[[queue]]\nname = "a"\nassignment = "most"', "more.toml:3: queue[2].assignment: 'most' is no way"),
        ('[[queue]]\nname = "a"\nsignature = "recieved"', "signature: there is no template 'recieved', did you mean 'received'?"),
        ('[[agent]]\nname = "a"\nrole = "boss"', "more.toml:3: agent[1].role: 'boss' is"),
        ('[[agent]]\nname = "a"\nqueues = ["suport"]', "more.toml:3: agent[1].queues: there is no queue 'suport', did you mean 'support'?"),
        ('[[team]]\nname = "a"\nmembers = ["b"]', "more.toml:3: team[1].members: there is no agent 'b'"),
        ('[[status]]\nname = "two words"', "more.toml:2: status[1].name: 'two words' must be a single word"),
        ('[[status]]\nname = "a"\nkind = "opn"', "more.toml:3: status[1].kind: 'opn' is no kind"),
        ('[[priority]]\nname = "a"\nreaction = "4x"', "more.toml:3: priority[1].reaction: '4x' is no"),
        ('[[workflow]]\nname = "a"\nevent = "alrm"', "more.toml:3: workflow[1].event: 'alrm' is no event"),
        ('[[automation]]\nname = "a"\naddress = "nobody@example.org"', "more.toml:3: automation[1].address: "),
        ('[[automation]]\nname = "a"\naddress = "support@example.org"\ncreator = "x"', "automation[1].creator: there is no agent 'x'"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_file_and_line(desk, text, said):
    """Of each kind: what is wrong, where, and which name is meant perhaps."""
    assert said in refused(desk, text + "\n")


def test_a_templates_format_and_recipients_come_and_go_back(desk):
    """Applied, shown, exported, and applied again without a change."""
    text = '[[template]]\nname = "late"\nformat = "markdown"\nrecipients = ["agent", "a@b.example"]\ntext = "# @{consumer}"\n'
    apply_more(desk, text)
    shown = desk.json("template", "show", "late")
    assert (shown["format"], shown["recipients"]) == ("markdown", ["agent", "a@b.example"])
    desk.good("export", str(desk.folder / "out"))
    written = "".join(one.read_text() for one in (desk.folder / "out").rglob("*.toml"))
    assert 'format = "markdown"' in written
    assert "a@b.example" in written
    assert apply_more(desk, text) == "0 changes\n"


def test_a_templates_mistakes_name_file_and_line(desk):
    """Tag and recipient, both at once."""
    said = refused(desk, '[[template]]\nname = "late"\nrecipients = ["agnt"]\ntext = """\n@{consumr}\n"""\n')
    assert "more.toml:3: template[2].recipients: 'agnt' is nobody" in said
    assert (
        "more.toml:4: template[2].text: line 1: there is no tag @{consumr}, did you mean @{consumer}?" in said
    )
