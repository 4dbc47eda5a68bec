"""keep, fileinto, discard and redirect: what they plan, and the words for reply and log."""

import pytest
from actionworld import ROUTE, found, kinds, mail, only, plan_of

from mailgate.actions import discard, fileinto, keep, redirect
from mailgate.actions._folders import deliver
from mailgate.domain.effects import Deliver, Drop, Forward
from sieve_like.result import Discard, FileInto, Keep, Redirect


def test_keep_delivers_to_the_inbox_of_the_address_target():
    """`keep` is one delivery into INBOX of the route's target, with the script's flags."""
    plan = plan_of()
    assert keep.plan(plan, Keep(flags=("\\Seen",))) == "kept"
    assert only(plan, Deliver) == Deliver("maildir", "INBOX", ("\\Seen",), create=True)
    assert plan.words == ["folder=INBOX"]


def test_fileinto_delivers_to_the_named_folder():
    """`fileinto` is one delivery into the named folder."""
    plan = plan_of()
    assert fileinto.plan(plan, FileInto(mailbox="Accounting")) == "filed"
    assert only(plan, Deliver).folder == "Accounting"
    assert plan.words == ["folder=Accounting"]


@pytest.mark.parametrize(
    ("by_rule", "by_policy", "create"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_a_missing_folder_is_made_where_rule_or_policy_say_so(by_rule, by_policy, create):
    """`:create` or the policy makes a missing folder; without both the target decides (W4)."""
    plan = plan_of(create_folders=by_policy)
    fileinto.plan(plan, FileInto(mailbox="New", create=by_rule))
    assert only(plan, Deliver).create is create


def test_each_fileinto_is_a_delivery_of_its_own():
    """Two folders are two deliveries, in the order of the script."""
    plan = plan_of()
    for folder in ("A", "B"):
        fileinto.plan(plan, FileInto(mailbox=folder))
    assert [one.folder for one in found(plan, Deliver)] == ["A", "B"]
    assert plan.words == ["folder=A", "folder=B"]


def test_deliver_takes_the_target_of_the_route():
    """The helper behind all storing actions goes to the address's target, whatever it is."""
    plan = plan_of(route=type(ROUTE)("orders@example.org", target="store"))
    deliver(plan, "INBOX")
    assert only(plan, Deliver).target == "store"


def test_discard_leaves_a_record_and_no_folder():
    """`discard` plans the drop alone."""
    plan = plan_of()
    assert discard.plan(plan, Discard()) == "discarded"
    assert plan.effects == [Drop("discard")]
    assert plan.words == ["discarded"]


@pytest.mark.parametrize("sender", ["anna@customer.example", ""])
def test_redirect_keeps_the_envelope_sender(sender):
    """`redirect` forwards with the sender as it came; a null one stays null, so no bounce starts a loop."""
    plan = plan_of(mail(sender=sender))
    assert redirect.plan(plan, Redirect(address="archive@example.net")) == "redirected"
    assert only(plan, Forward) == Forward("archive@example.net", sender)
    assert kinds(plan) == ["Forward"]
    assert plan.words == ["redirect=archive@example.net"]
