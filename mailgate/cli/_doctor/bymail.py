"""Check that agents can answer by mail where they are told of mail (docs/agents-by-mail.md)."""

from collections.abc import Iterator

from mailgate.cli._doctor.finding import Finding, Patient

ADVICE = "`dkim = true` or `trusted_authserv_ids` in [checks]; then only forged answers are refused"
NO_SENDER = "`mailgate ticketqueue set QUEUE --address ADDRESS`"


def by_mail(patient: Patient) -> Iterator[Finding]:
    """Check that somebody vouches for agents who answer notices; without it each of them is refused."""
    queues = [one for one in patient.present.catalogue.queues.values() if one.enabled and one.notify != "off"]
    if not queues:
        return
    named = ", ".join(one.name for one in queues)
    checks, fine = patient.settings.checks, True
    if not checks.dkim and not checks.trusted_authserv_ids:
        text = f"{named}: nobody checks who agents' mails are from, so none of their answers leaves"
        yield Finding("by mail", "warn", text, ADVICE)
        fine = False
    for one in queues:
        if not one.address:
            text = f"{one.name} tells agents of mail, and has no address that they could answer to"
            yield Finding("by mail", "warn", text, NO_SENDER)
            fine = False
    if fine:
        yield Finding("by mail", "ok", f"agents may answer notices of {named}")
