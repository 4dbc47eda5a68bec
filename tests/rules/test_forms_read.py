"""Forms out of plain data: every mistake at once, with its place; what means the same is equal."""

import pytest

from mailgate.rules.forms.model import Condition, Form, Group, Keep, Move, Reply, Rule
from mailgate.rules.forms.read import plain, read_form, unknown_names

KEEP = [{"kind": "keep"}]


def rule(**values) -> dict:
    """Return a form with one rule that keeps the mail, with these values."""
    return {"rule": [{"name": "One", "action": KEEP} | values]}


def asked(**values) -> dict:
    """Return a form with one condition."""
    return rule(condition=[values])


def done(**values) -> dict:
    """Return a form with one action."""
    return rule(action=[values])


def wrong(values) -> list[str]:
    """Return all complaints as people read them."""
    return [str(one) for one in read_form(values)[1]]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"rules": []}, "rules: is unknown here, did you mean 'rule'?"),
        ({"rule": {}}, "rule: must be a list of tables"),
        ({"description": "a\x01"}, "description: holds control characters"),
        ({"description": "a\u2028b"}, "description: holds characters that can't be seen"),
        (rule(name=""), "rule 1, name: must be one line of 1 to 100 characters"),
        ({"rule": [{"action": KEEP}]}, "rule 1, name: is missing"),
        (rule(activ=True), "rule 1, activ: is unknown here, did you mean 'active'?"),
        (rule(active="yes"), "rule 1, active: must be true or false"),
        (rule(match="al"), "rule 1, match: 'al' is no way to join, did you mean 'all'?"),
        (rule(action=[]), "rule 1: does nothing: give it an action, or stop"),
        (rule(folders=[1]), "rule 1, folders: must be a list of texts, or one text with one a line"),
        (rule(action=[{"kind": "stop"}, *KEEP]),
         "rule 1, action 1: stop ends the rule: it must be the last action"),
        (asked(operator="is"), "rule 1, condition 1, field: is missing; there are subject, body, "),
        (asked(field="subjct"), "rule 1, condition 1, field: 'subjct' is no field, did you mean 'subject'?"),
        (asked(field="subject", operator="contain", value="x"),
         "rule 1, condition 1, operator: subject has no operator 'contain', did you mean 'contains'?"),
        (asked(field="subject", operator="is"), "rule 1, condition 1, value: is missing"),
        (asked(field="subject", operator="contains", value=[""]),
         "rule 1, condition 1, value: an empty text is in every text"),
        (asked(field="subject", operator="regex", value="("),
         "rule 1, condition 1, value: '(' is no regular expression: missing ): ("),
        (asked(field="size", operator="over", value=["1K", "2K"]),
         "rule 1, condition 1, value: size over takes one value, not 2"),
        (asked(field="size", operator="over", value="big"),
         "rule 1, condition 1, value: 'big' is no size, write it as '500K' or '10M'"),
        (asked(field="customer", operator="vip", value="x"),
         "rule 1, condition 1, value: says nothing here: customer vip takes no value"),
        (asked(field="header", operator="exists"),
         "rule 1, condition 1, name: '' is no header field, write it as 'X-Priority'"),
        (asked(field="subject", operator="is", value="x", name="y"),
         "rule 1, condition 1, name: says nothing here: subject has no name"),
        (asked(field="date", operator="after", value="1.2.2026"),
         "rule 1, condition 1, value: '1.2.2026' is no date, write it as '2026-12-24'"),
        (asked(field="time", operator="after", value="25:00"),
         "rule 1, condition 1, value: '25:00' is no time of day, write it as '18:30'"),
        (asked(field="weekday", operator="is", value="monday"),
         "rule 1, condition 1, value: 'monday' is no day, write mon, tue, wed, thu, fri, sat, sun"),
        (asked(match="any"), "rule 1, condition 1: is a group without conditions"),
        (asked(match="any", condition=[{"match": "all", "condition": []}]),
         "rule 1, condition 1, condition 1: is a group within a group; write these conditions into a rule of"),
        (done(kind="mov"), "rule 1, action 1, kind: 'mov' is no action, did you mean 'move'?"),
        (done(kind="move"), "rule 1, action 1, folder: is missing"),
        (done(kind="move", folder=""), "rule 1, action 1, folder: is empty"),
        (done(kind="move", folder="a", to="b"), "rule 1, action 1, to: is unknown here; there are kind, "),
        (done(kind="reply"), "rule 1, action 1: needs a template or a text, one of the two"),
        (done(kind="reply", text="x", template="y"),
         "rule 1, action 1: needs a template or a text, one of the two"),
        (done(kind="reply", text="x", period="soon"),
         "rule 1, action 1, period: 'soon' is no time, write it as '30m', '4h', '7d', or '0' for every mail"),
        (done(kind="reply", text="${mail.subjct}"),
         "rule 1, action 1, text: '${mail.subjct}' is no placeholder, did you mean 'mail.subject'?"),
        (done(kind="ticket", key="a", match_subject=True),
         "rule 1, action 1, key: stands beside match_subject: one of the two says which ticket it is"),
        (done(kind="ticket", follow_up_days=3),
         "rule 1, action 1, follow_up: is missing: who is to be reminded?"),
        (done(kind="ticket", follow_up="a", follow_up_days=-1),
         "rule 1, action 1, follow_up_days: must be a number of days, 0 to 36500"),
        (done(kind="ticket", key_regex="("), "rule 1, action 1, key_regex: is no pattern: missing ): ("),
        (done(kind="forward", address="anna"),
         "rule 1, action 1, address: 'anna' is not a valid e-mail address"),
        (done(kind="notify", agents=[]), "rule 1, action 1, agents: is empty"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_place(values, said):
    """The rule, the condition or action, the key, what is wrong and what was meant."""
    found = wrong(values)
    assert len(found) == 1
    assert found[0].startswith(said)


def test_all_mistakes_are_named_at_once():
    """One reading tells everything, in the form's order."""
    values = {"rule": [{"name": "A", "condition": [{"field": "x"}], "action": [{"kind": "y"}]}, {"name": ""}]}
    assert [one.partition(":")[0] for one in wrong(values)] == [
        "rule 1, condition 1, field", "rule 1, action 1, kind", "rule 2, name", "rule 2",
    ]  # fmt: skip


def test_a_list_may_be_one_text_with_one_a_line():
    """W4: terms and senders one per line; blanks and empty lines around them say nothing."""
    text = asked(field="sender", operator="is", value=" a@x.example \n\n b@x.example\n")
    listed = asked(field="sender", operator="is", value=["a@x.example", "b@x.example"])
    assert read_form(text)[0] == read_form(listed)[0]


def test_what_means_the_same_is_equal():
    """Sizes and times in their largest unit, stop as an action, the subject as a header field."""
    form, _ = read_form(
        rule(
            condition=[
                {"field": "size", "operator": "over", "value": "1024K"},
                {"field": "header", "name": "SUBJECT", "operator": "is", "value": ""},
            ],
            action=[{"kind": "reply", "text": "x", "period": "24h"}, {"kind": "stop"}],
        )
    )
    assert form == Form(
        (
            Rule(
                "One",
                (Condition("size", "over", ("1M",)), Condition("subject", "is", ("",))),
                (Reply(text="x", period="1d"),),
                stop=True,
            ),
        )
    )


def test_groups_keep_their_place():
    """A table with `match` and `condition` among the conditions is a group."""
    form, wrong_ = read_form(
        rule(
            condition=[
                {"field": "customer", "operator": "vip", "not": True},
                {"match": "any", "condition": [{"field": "customer", "operator": "known"}]},
            ]
        )
    )
    assert not wrong_
    vip = Condition("customer", "vip", negate=True)
    assert form.rules[0].conditions == (vip, Group("any", (Condition("customer", "known"),)))


def test_plain_says_no_defaults():
    """What is written down is what somebody said."""
    form = Form((Rule("One", actions=(Move("A"), Keep())),))
    assert plain(form) == {
        "rule": [{"name": "One", "action": [{"kind": "move", "folder": "A"}, {"kind": "keep"}]}]
    }


def test_unknown_names_are_named_with_what_was_meant():
    """Queues, agents, templates …, also within groups; a kind without names takes any."""
    form, _ = read_form(
        rule(
            condition=[
                {"match": "any", "condition": [{"field": "queue", "operator": "is", "value": "suport"}]}
            ],
            action=[{"kind": "ticket", "agent": "ana", "owner_group": "any"}],
        )
    )
    names = {"queue": {"support"}, "agent": {"anna"}}
    assert [str(one) for one in unknown_names(form, names.get)] == [
        "rule 1, condition 1, condition 1, value: there is no queue 'suport', did you mean 'support'?",
        "rule 1, action 1, agent: there is no agent 'ana', did you mean 'anna'?",
    ]
