"""The shipped example sets up a working helpdesk from nothing, in the lines that the README shows."""

import json
import re
from pathlib import Path

import peers
import pytest
from gatewayrun import Gateway

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "conf" / "rules"
MAIL = b"""From: Anna Kunde <anna@kunde.example>
To: support@example.org
Subject: printer
Message-ID: <one@kunde.example>

It does not print.
"""


@pytest.fixture
def one():
    """Set up settings and nothing else: no database yet."""
    with peers.short_folder("mg-example-") as folder:
        gateway = Gateway(folder, peers.free_port(), peers.free_port())
        gateway.write({})
        yield gateway
        gateway.stop()


def readme_lines() -> list[str]:
    """Return the commands of the README's section, without their comments."""
    text = (ROOT / "README.md").read_text("utf-8")
    section = re.search(r"## A helpdesk in five lines.*?```\n(.*?)```", text, re.DOTALL)
    assert section is not None
    return [line.partition("#")[0].strip() for line in section[1].splitlines()]


def test_the_readme_has_five_lines_that_work(one):
    """Each is run as it stands there; `mailgate run &` is the gateway that then takes a mail."""
    lines = readme_lines()
    assert len(lines) == 5
    assert lines[2] == "mailgate run &"
    for line in lines:
        words = line.split()[1:]
        if words == ["run", "&"]:
            one.start()
        else:
            one.command(*(str(EXAMPLE) if word == "conf/rules" else word for word in words))
    took = one.command(
        "inject", "-", "--to", "support@example.org", "--from", "anna@kunde.example", data=MAIL
    )
    assert "ticket=T-1" in took.stdout
    shown = one.json("ticket", "show", "T-1")
    assert (shown["queue"], shown["status"]) == ("support", "open")
    assert shown["reaction_due"]
    # In business hours bob has it; outside it waits for them. Which of the two is the clock's.
    waiting = [row["number"] for row in one.json("ticket", "list", "queue:support")]
    assert shown["agent"] in {"bob", ""}
    assert waiting == ["T-1"]
    found = json.loads(one.command("doctor", "--json", check=False).stdout)
    assert {f["check"] for f in found if f["level"] == "fail"} <= {"relay"}  # nobody listens there in tests


def test_applying_it_again_changes_nothing_and_its_export_is_itself(one, tmp_path):
    """What export writes says the same: applied under the same name, nothing changes."""
    one.command("db", "upgrade")
    one.command("apply", str(EXAMPLE))
    assert "0 changes" in one.command("apply", str(EXAMPLE)).stdout
    out = tmp_path / "out"
    one.command("export", str(out))
    changes = one.json("apply", str(out), "--dry-run")
    assert [c for c in changes if c["action"] != "change"] == []
    assert {field for change in changes for field in change["fields"]} <= {"origin", "position"}
