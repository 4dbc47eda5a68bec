"""DMARC (RFC 9989): what a domain publishes, which organisation it belongs to, whether a mail is its own.

Pure arithmetic over records that `checks/dmarc.py` has fetched. The organisational domain is found by the DNS
tree walk of RFC 9989, not by a list of public suffixes, which would be old the day it is installed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mailgate.domain.facts import Authentication, Verdict

# RFC 9989 4.10: of a longer name all but the last seven labels are passed over after the first question.
MOST_LABELS: Final = 8
VERSION: Final = "DMARC1"

Policy = Literal["none", "quarantine", "reject"]


@dataclass(frozen=True, slots=True)
class Record:
    """What of a record (RFC 9989 4.7) decides about alignment; `psd` is y, n or u (not said)."""

    policy: Policy = "none"
    strict_dkim: bool = False
    strict_spf: bool = False
    psd: str = "u"


Records = Mapping[str, Record | None]  # by domain; None where a domain publishes none


def parse_record(texts: Iterable[bytes]) -> Record | None:
    """Return the record among the TXT records of `_dmarc.…`; None without one, or where there are several."""
    found = [tags for text in texts if (tags := _tags(text)).get("v") == VERSION]
    if len(found) != 1:
        return None  # RFC 9989 4.10: of several none counts
    tags = found[0]
    said = tags.get("p", "").lower()
    policy: Policy = "reject" if said == "reject" else "quarantine" if said == "quarantine" else "none"
    psd = tags.get("psd", "u").lower()
    return Record(
        policy,
        strict_dkim=tags.get("adkim", "").lower() == "s",
        strict_spf=tags.get("aspf", "").lower() == "s",
        psd=psd if psd in {"y", "n"} else "u",
    )


def _tags(text: bytes) -> dict[str, str]:
    """Return tag and value; without any where `v=` is not the first one."""
    pairs = [part.partition("=") for part in text.decode("utf-8", "replace").split(";")]
    if pairs[0][0].strip().lower() != "v":
        return {}
    tags: dict[str, str] = {}
    for name, sign, value in pairs:
        if sign:
            tags.setdefault(name.strip().lower(), value.strip())
    return tags


def walk(domain: str) -> tuple[str, ...]:
    """Return the domains at which the tree walk asks for a record, the most specific first."""
    labels = domain.split(".")
    tops = range(max(1, len(labels) - MOST_LABELS + 1), len(labels))
    return (domain, *(".".join(labels[at:]) for at in tops))


def organisation(domain: str, records: Records) -> str:
    """Return a domain's organisational domain (RFC 9989 4.10.2), given the records along its walk."""
    names = walk(domain)
    top = domain
    for place, name in enumerate(names):
        record = records.get(name)
        if record is None:
            continue
        if record.psd == "n":
            return name
        if record.psd == "y" and place:
            # A public suffix: the organisation is what stands one label below it.
            return ".".join(domain.split(".")[-(name.count(".") + 2) :])
        top = name
    return top


def policy_of(domain: str, records: Records) -> Record | None:
    """Return the record that speaks for a domain: its own, its organisation's, its suffix's.

    RFC 9989 4.10.1.
    """
    own = records.get(domain)
    if own is not None:
        return own
    above = records.get(organisation(domain, records))
    if above is not None:
        return above
    return next((one for name in walk(domain) if (one := records.get(name)) and one.psd == "y"), None)


def judge(
    author: str, record: Record | None, known: Authentication, own: Sequence[str], *, strict: bool
) -> Verdict:
    """Return the verdict about a mail of the domain `author` with this record.

    `own` are the domains that belong to the author's organisation among those that vouch for the mail; the
    author's own domain need not be listed. Without any result of SPF a mail that no signature vouches for is
    `neutral`, since SPF might; with `strict` it fails.
    """
    if record is None:
        return Verdict("none", author)

    def aligned(domain: str, *, exactly: bool) -> bool:
        return domain == author or (not exactly and domain in own)

    signed = any(
        one.result == "pass" and aligned(one.domain, exactly=record.strict_dkim) for one in known.dkim
    )
    sent = known.spf.result == "pass" and aligned(known.spf.domain, exactly=record.strict_spf)
    if signed or sent:
        return Verdict("pass", author)
    # What is not known for now is no failure.
    if "temperror" in {known.spf.result, *(one.result for one in known.dkim)}:
        return Verdict("temperror", author)
    return Verdict("fail" if strict or known.spf != Verdict() else "neutral", author)


def vouching(known: Authentication) -> tuple[str, ...]:
    """Return the domains that a mail's checks have found good, each once."""
    passed = [one.domain for one in (*known.dkim, known.spf) if one.result == "pass" and one.domain]
    return tuple(dict.fromkeys(passed))
