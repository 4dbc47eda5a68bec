"""Workflows as text: events, conditions and actions, what they mean, and what is wrong with them (N4)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.events import EventKind
from mailgate.domain.helpdesk import Workflow
from mailgate.domain.routing import Agent, Catalogue, Queue, Template
from mailgate.domain.workflow import (
    DURATIONS,
    FIELDS,
    OPERATORS,
    BadWorkflow,
    Condition,
    Step,
    Trigger,
    conditions_json,
    holds,
    next_run,
    parse_event,
    parse_line,
    read_conditions,
    read_steps,
    show_line,
    show_step,
    step_complaints,
    steps_json,
)
from mailgate.domain.workflowcheck import complaints, users

HOUR = 3_600_000
CATALOGUE = Catalogue(
    queues={"support": Queue("support")},
    agents={"anna": Agent("anna")},
    templates={"late": Template("late", "", "late")},
    workflows={"other": Workflow("other", "started")},
    listed={"webhook": frozenset({"pager"})},
)


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("created", Trigger(EventKind.CREATED)),
        ("changed", Trigger(EventKind.CHANGED)),
        ("changed status", Trigger(EventKind.CHANGED, "status")),
        ("time every 4h", Trigger(EventKind.TIME, every_ms=4 * HOUR)),
        ("time at 08:30", Trigger(EventKind.TIME, at=510)),
        ("time at 8:30 Europe/Berlin", Trigger(EventKind.TIME, at=510, zone="Europe/Berlin")),
    ],
)
def test_events_are_words_with_what_they_are_about(text, trigger):
    """A field after `changed`, a time after `time`."""
    assert parse_event(text) == trigger


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("alarms", "did you mean 'alarm'?"),
        ("changed colour", "is no field that changes"),
        ("created now", "nothing stands behind 'created'"),
        ("time", "says no time"),
        ("time at 24:00", "says no time"),
        ("time every 5m", "too often"),
        ("time every day", "is no time"),
    ],
)
def test_what_is_no_event_is_said(text, piece):
    """With what to write instead."""
    with pytest.raises(BadWorkflow, match=piece.replace("?", r"\?")):
        parse_event(text)


def test_a_line_has_alternatives_and_each_several_values():
    """Quotes keep commas and `or`; `empty` is nothing at all."""
    line = parse_line('agent is empty or subject contains "this, or that", broken or idle at least 3d')
    assert line == (
        Condition("agent", "is", ("",)),
        Condition("subject", "contains", ("this, or that", "broken")),
        Condition("idle", "at least", ("3d",)),
    )


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("status open", "is no condition"),
        ("", "is no condition"),
        ("statsu is open", "did you mean 'status'"),
        ("idle is 3d", "takes at least or less than"),
        ("status at least 3d", "takes is, contains"),
        ("idle at least soon", "is no time"),
        ("idle at least 3d, 4d", "one time"),
        ("idle at least empty", "one time"),
    ],
)
def test_what_is_no_condition_is_said(text, piece):
    """Where a person sees what to write."""
    with pytest.raises(BadWorkflow, match=piece):
        parse_line(text)


WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12)
CONDITIONS = st.one_of(
    st.builds(
        Condition,
        st.sampled_from(sorted(set(FIELDS) - DURATIONS)),
        st.sampled_from([one for one in OPERATORS if one not in {"at least", "less than"}]),
        st.lists(WORDS, min_size=1, max_size=3).map(tuple),
    ),
    st.builds(
        Condition,
        st.sampled_from(sorted(DURATIONS)),
        st.sampled_from(["at least", "less than"]),
        st.sampled_from([("3d",), ("10m",)]),
    ),
)


@given(st.lists(st.lists(CONDITIONS, min_size=1, max_size=3).map(tuple), max_size=3))
def test_conditions_survive_text_and_json(lines):
    """What is written is read as what it was, whatever the values hold."""
    assert [parse_line(show_line(line)) for line in lines] == lines
    assert list(read_conditions(conditions_json(lines))) == lines


@given(
    st.sampled_from(["is", "contains", "matches"]),
    st.lists(st.sampled_from(["open", "OPEN", "closed", "", "op*"]), max_size=3),
    st.lists(st.sampled_from(["open", "Closed", "", "o*"]), min_size=1, max_size=3),
)
def test_an_opposite_is_the_opposite(operator, values, asked):
    """`is not` holds exactly where `is` does not, and so on."""
    opposite = {"is": "is not", "contains": "does not contain", "matches": "does not match"}[operator]
    positive = holds(Condition("status", operator, tuple(asked)), values)
    assert holds(Condition("status", opposite, tuple(asked)), values) is not positive


def test_values_are_compared_without_case_and_one_is_enough():
    """Of a list of tags, of a list of words; nothing is empty."""
    assert holds(Condition("tag", "is", ("VIP", "x")), ("a", "vip"))
    assert not holds(Condition("tag", "is", ("v",)), ("vip",))
    assert holds(Condition("agent", "is", ("",)), ())
    assert holds(Condition("subject", "matches", ("*print?r*",)), ("My Printer burns",))
    assert holds(Condition("idle", "at least", ("3d",)), (), 3 * 24 * HOUR)
    assert holds(Condition("idle", "less than", ("3d",)), (), 3 * 24 * HOUR - 1)


def test_actions_survive_json_and_can_be_said():
    """Each with its own parts."""
    steps = (
        Step("set", field="status", value="closed"),
        Step("mail", to=("contact", "a@example.org"), template="late"),
        Step("follow_up", agent="anna", after="3d", text="ask"),
    )
    assert read_steps(steps_json(steps)) == steps
    assert [show_step(one) for one in steps] == [
        "set status to closed", "mail late to contact, a@example.org", "remind anna after 3d",
    ]  # fmt: skip
    assert show_step(Step("note", text="long " * 40)).endswith("…")


@pytest.mark.parametrize("text", ["{", "[1]", "null", '[["a"]]', '{"a": 1}'])
def test_rows_that_nobody_wrote_are_no_crash(text):
    """Whatever stands in the database, reading it says what is wrong."""
    if text != "null":
        with pytest.raises(BadWorkflow):
            read_steps(text)
        with pytest.raises(BadWorkflow):
            read_conditions(text)


@pytest.mark.parametrize(
    ("step", "part"),
    [
        (Step("set", field="colour", value="red"), "field"),
        (Step("set", value="red"), "field"),
        (Step("add", field="status", value="x"), "field"),
        (Step("mail", to=("contact",)), "template"),
        (Step("note"), "text"),
        (Step("note", text="x", target="pager"), "target"),
        (Step("session", value="explode"), "value"),
        (Step("follow_up", after="later"), "after"),
        (Step("jump"), "do"),
    ],
)
def test_parts_of_actions_are_checked(step, part):
    """What is missing, what is too much, what is none."""
    assert [where for where, _ in step_complaints(step)] == [part]


def test_every_name_is_looked_up():
    """Status, queue, agent, webhook, template, workflow, alarm: with a suggestion, at its place."""
    workflow = Workflow(
        "w",
        "alarm",
        conditions_json(
            [parse_line("queue is suport"), parse_line("new is execution lat"), parse_line("status is opne")]
        ),
        steps_json(
            [
                Step("assign", agent="ana"),
                Step("webhook", target="pgaer"),
                Step("mail", to=("teem",), template="lte"),
                Step("start", value="othr"),
                Step("set", field="priority", value="hgh"),
            ]
        ),
    )
    found = dict(complaints(workflow, CATALOGUE))
    assert found["when", 0] == "there is no queue 'suport', did you mean 'support'?"
    assert found["when", 1] == "there is no new 'execution lat', did you mean 'execution late'?"
    assert found["when", 2] == "there is no status 'opne', did you mean 'open'?"
    assert found["action", 0, "agent"] == "there is no agent 'ana', did you mean 'anna'?"
    assert found["action", 1, "target"] == "there is no webhook 'pgaer', did you mean 'pager'?"
    assert "did you mean 'team'?" in found["action", 2, "to"]
    assert found["action", 3, "value"] == "there is no workflow 'othr', did you mean 'other'?"
    assert found["action", 4, "value"] == "there is no priority 'hgh', did you mean 'high'?"


def test_a_workflow_without_actions_or_with_a_strange_zone_is_wrong():
    """Both are mistakes that nobody would notice later."""
    found = dict(complaints(Workflow("w", "time at 08:00 Mars/Olympus"), CATALOGUE, {"Europe/Berlin"}))
    assert "is no time zone" in found["event",]
    assert found["action",] == "is missing: a workflow does something"


def test_who_names_a_thing_is_found():
    """So that it is not removed under a workflow."""
    workflow = Workflow("w", "created", actions=steps_json([Step("assign", agent="anna")]))
    less = Catalogue()
    assert users("agent", "anna", {"w": workflow}, less) == ["workflow w"]
    assert users("agent", "bert", {"w": workflow}, less) == []


def test_clocks_run_at_full_periods_and_at_local_times():
    """Every four hours since 1970; at 02:30 also on the day that has none, and once on the day with two."""
    berlin = ZoneInfo("Europe/Berlin")
    assert next_run(parse_event("time every 4h"), 5 * HOUR, None) == 8 * HOUR
    assert next_run(parse_event("time every 4h"), 8 * HOUR, None) == 12 * HOUR
    trigger, now, seen = parse_event("time at 02:30 Europe/Berlin"), 0, []
    now = round(datetime(2026, 10, 24, 12, tzinfo=berlin).timestamp() * 1000)
    for _ in range(2):
        now = next_run(trigger, now, berlin)
        seen.append(datetime.fromtimestamp(now / 1000, berlin).strftime("%d %H:%M"))
    assert seen == ["25 02:30", "26 02:30"]
    spring = round(datetime(2026, 3, 28, 12, tzinfo=berlin).timestamp() * 1000)
    first = next_run(trigger, spring, berlin)
    assert datetime.fromtimestamp(first / 1000, berlin).strftime("%d %H:%M") == "29 03:30"
    assert next_run(trigger, first, berlin) > first
