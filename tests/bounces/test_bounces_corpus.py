"""Every form of the corpus, with every envelope that an archive leaves, and what people write about bounces."""

import collections

import pytest
from bouncecorpus import OURS, RECIPIENT, forms, people, with_return_path

from mailgate.domain.bounces.reasons import refined
from mailgate.domain.classify import bounce_of, classify
from mailgate.domain.facts import MailClass
from mailgate.domain.message.view import MessageView

FORMS = list(forms())
# What is known of the envelope, and what stands in Return-Path.
ENVELOPES = {
    "null": ("", None),
    "lost": (None, None),
    "lost, null Return-Path": (None, ""),
    "lost, daemon in Return-Path": (None, "MAILER-DAEMON"),
    "a sender that is not null": ("postmaster@x.example", None),
    "rewritten on its way": ("x@y.example", ""),
}


def kind(octets: bytes, sender: str | None):
    return classify(MessageView.parse(octets), sender, own_mark=False, tie=False)


@pytest.mark.parametrize("envelope", ENVELOPES, ids=ENVELOPES.keys())
def test_every_form_is_recognised_with_every_envelope(envelope, record_property):
    """All forms of programs, houses and languages, whatever is left of the envelope; counts per class are told."""
    sender, path = ENVELOPES[envelope]
    counts: collections.Counter = collections.Counter()
    missed = []
    for form in FORMS:
        octets = form.octets if path is None else with_return_path(form.octets, path)
        found, why = kind(octets, sender)
        counts[form.mail_class, found.value] += 1
        if found.value != form.mail_class:
            missed.append((form.name, found.value, why))
    record_property("counts", dict(counts))
    assert not missed


@pytest.mark.parametrize("name", [form.name for form in FORMS if form.mail_class == "bounce"])
def test_what_a_form_says_is_read(name):
    """Recipient, status, whose fault it is and the id of our mail, as far as the form says them."""
    form = next(one for one in FORMS if one.name == name)
    found = bounce_of(MessageView.parse(form.octets))
    assert found is not None
    assert (found.recipient == RECIPIENT) or not form.has_recipient
    assert (found.original_message_id == OURS) or not form.has_id
    assert found.failure.value == form.failure
    if form.status:
        assert refined(found.status, found.diagnostic) == form.status


@pytest.mark.parametrize("sender", [None, "anna@customer.example"], ids=["lost", "known"])
def test_no_mail_of_a_person_is_taken_for_one(sender):
    """Asking, forwarding, quoting, pasting, being the postmaster: people all the same."""
    wrong = [
        (name, *found)
        for name, octets in people()
        if (found := kind(octets, sender))[0] is not MailClass.PERSON
    ]
    assert not wrong


def test_a_null_sender_alone_makes_no_bounce_of_a_persons_words():
    """Where somebody's program loses the sender, what he asks may still open a ticket."""
    plain = {
        "asks-about-a-bounce",
        "holidays-ahead",
        "postmaster-himself",
        "answers-a-bounce-below",
        "system-house",
    }
    for name, octets in people():
        if name in plain:
            assert kind(octets, "")[0] is MailClass.NOTICE, name
