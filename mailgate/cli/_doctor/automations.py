"""Checks of rules without code: whether each automation still fits, and is still what runs."""

from collections.abc import Iterator

from mailgate.cli._automations import wrong_now
from mailgate.cli._doctor.finding import Finding, Patient, counted


def automations(patient: Patient) -> Iterator[Finding]:
    """Check that every automation fits the rest, and that its script was not changed by hand."""
    found = patient.present.business.automations
    lacking = 0
    for one in found:
        for wrong in wrong_now(patient.present, one):
            lacking += 1
            advice = f"`mailgate automation check {one.name}`, `mailgate automation put`"
            yield Finding("automations", "warn", f"{one.name}: {wrong}", advice)
    if found and not lacking:
        yield Finding("automations", "ok", f"{counted(len(found), 'automation')}, all as they were made")
