"""From the texts of `apply` to business data: checks that need settings, database and compiler."""

from collections.abc import Iterator, Mapping

from mailgate.config.settings import Settings
from mailgate.config.texts import QueueText, Texts
from mailgate.domain.address import parse_path
from mailgate.domain.routing import Agent, Catalogue, Queue, Route, Template
from mailgate.errors import BadPath, Complaint, SettingsError
from mailgate.rules.scripts import complaints_of
from mailgate.store.business import Business, Script, is_pattern
from mailgate.wiring import language, template_complaints

OWN_STORE = "store"


def business_of(texts: Texts) -> Business:
    """Return what the texts say, as the store takes it."""
    text = texts.business
    return Business(
        addresses=tuple(Route(a.address, a.script, a.queue, a.target, a.enabled) for a in text.address),
        queues=tuple(_queue(q) for q in text.queue),
        agents=tuple(Agent(a.name, a.address, a.queues, a.enabled) for a in text.agent),
        templates=tuple(Template(t.name, t.subject, t.text, t.html, t.language) for t in text.template),
        scripts=tuple(Script(s.name, s.source) for s in texts.scripts),
    )


def _queue(text: QueueText) -> Queue:
    return Queue(
        text.name,
        text.address,
        text.from_name,
        text.language,
        text.enabled,
        text.hours,
        text.timezone,
        text.holidays,
    )


def check(texts: Texts, settings: Settings, present: Catalogue) -> Business:
    """Return the business data of the texts; raises SettingsError with everything that is wrong.

    `present` is what the database has: a text may name queues, scripts and templates that are there already.
    """
    business = business_of(texts)
    complaints = [
        *_addresses(texts, settings, present),
        *_templates(texts),
        *_agents(texts, present),
        *_scripts(texts, _after(business, present)),
    ]
    if complaints:
        raise SettingsError(complaints)
    return business


def _after(business: Business, present: Catalogue) -> Catalogue:
    """Return the catalogue as it will be, for the compiler's look at constant names."""
    return Catalogue(
        listed=present.listed,
        agents={**present.agents, **{a.name: a for a in business.agents}},
        queues={**present.queues, **{q.name: q for q in business.queues}},
        templates={**present.templates, **{t.name: t for t in business.templates}},
        scripts={**present.scripts, **{s.name: s.source for s in business.scripts}},
    )


def _addresses(texts: Texts, settings: Settings, present: Catalogue) -> Iterator[Complaint]:
    text = texts.business
    known: Mapping[str, set[str]] = {
        "script": {s.name for s in texts.scripts} | set(present.scripts),
        "queue": {q.name for q in text.queue} | set(present.queues),
        "target": {OWN_STORE, *settings.targets},
    }
    for index, one in enumerate(text.address):
        if wrong := route_complaint(one.address):
            yield texts.complain("address", index, "address", wrong)
        for key, names in known.items():
            value = getattr(one, key)
            if value and value not in names:
                yield texts.complain(
                    "address", index, key, f"there is no {key} {value!r}{_near(value, names)}"
                )
    for index, queue in enumerate(text.queue):
        if queue.address and (wrong := address_complaint(queue.address)):
            yield texts.complain("queue", index, "address", wrong)


def _agents(texts: Texts, present: Catalogue) -> Iterator[Complaint]:
    known = {q.name for q in texts.business.queue} | set(present.queues)
    for index, one in enumerate(texts.business.agent):
        if one.address and (wrong := address_complaint(one.address)):
            yield texts.complain("agent", index, "address", wrong)
        for name in one.queues:
            if name not in known:
                yield texts.complain(
                    "agent", index, "queues", f"there is no queue {name!r}{_near(name, known)}"
                )


def route_complaint(address: str) -> str:
    """Return what is wrong with an address or a pattern that a person wrote, "" where nothing is."""
    if not is_pattern(address):
        return address_complaint(address)
    if address.count("@") > 1 or not address.isprintable() or any(c.isspace() for c in address):
        return f"{address!r} is no pattern, write one as '@example.org' or 'sales-*@example.org'"
    return "" if address != "@" else "'@' needs a domain"


def address_complaint(address: str) -> str:
    """Return what is wrong with an address that a person wrote, "" where nothing is."""
    try:
        path = f"<{address}>".encode()
        _found, rest = parse_path(path, utf8=True, null_ok=False, bare_postmaster=True)
    except BadPath:
        return f"{address!r} is no mail address"
    return f"{address!r} is no mail address" if rest else ""


def _near(word: str, known: set[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  only a mistake pays for it

    near = get_close_matches(word, sorted(known), n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def _templates(texts: Texts) -> Iterator[Complaint]:
    for index, one in enumerate(texts.business.template):
        for part, line, wrong in template_complaints(Template(one.name, one.subject, one.text, one.html)):
            yield texts.complain("template", index, part, f"line {line}: {wrong}")


def _scripts(texts: Texts, after: Catalogue) -> Iterator[Complaint]:
    registry = language()
    for script in texts.scripts:
        for line, message in complaints_of(script.name, script.source, after, registry):
            yield Complaint(script.file, line, "", message)
