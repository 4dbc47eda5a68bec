"""From the texts of `apply` to business data: checks that need settings, database and compiler."""

from collections.abc import Iterator, Mapping
from typing import Any, cast
from zoneinfo import available_timezones

from msgspec import structs

from mailgate.cli import _formtexts
from mailgate.cli._queuewords import outgoing_complaints, send_only_complaints
from mailgate.config.section import Section
from mailgate.config.settings import Settings
from mailgate.config.texts import TemplateText, Texts
from mailgate.config.workflows import mistakes, workflow_of
from mailgate.domain.address import parse_path
from mailgate.domain.helpdesk import (
    DeskSetting,
    Priority,
    Status,
    Team,
    setting_text,
)
from mailgate.domain.routing import OWN_STORE, Agent, Catalogue, Queue, Route, Template
from mailgate.domain.workflowcheck import complaints as workflow_complaints
from mailgate.errors import BadPath, Complaint, SettingsError
from mailgate.rules.scripts import complaints_of
from mailgate.store.business import Business, Script, is_pattern, normal_address
from mailgate.store.regions import region_complaint
from mailgate.vocabulary import language, template_complaints, told
from sieve_like.settings import Settings as Told

# The statuses and priorities of an installation that says nothing about them.
WORDS = Catalogue()


def business_of(texts: Texts) -> Business:
    """Return what the texts say, as the store takes it."""
    text = texts.business
    return Business(
        addresses=tuple(Route(**_said(one)) for one in text.address),
        queues=tuple(Queue(**_said(one)) for one in text.queue),
        agents=tuple(Agent(**_said(one)) for one in text.agent),
        teams=tuple(Team(**_said(one)) for one in text.team),
        statuses=tuple(Status(**_said(one)) for one in text.status),
        priorities=tuple(Priority(**_said(one)) for one in text.priority),
        templates=tuple(map(_template, text.template)),
        scripts=(*(Script(s.name, s.source) for s in texts.scripts), *_formtexts.made_scripts(texts)),
        automations=_formtexts.automations_of(texts),
        workflows=tuple(workflow_of(one) for one in text.workflow),
        settings=tuple(
            DeskSetting(name, setting_text(getattr(text.helpdesk, name)))
            for name in cast("dict[str, object]", texts.tree.values.get("helpdesk", {}))
        ),
    )


def _template(text: TemplateText) -> Template:
    return Template(
        text.name, text.subject, text.text, text.html, text.language, text.format, tuple(text.recipients)
    )


def _said(text: Section) -> dict[str, Any]:
    """Return what a table says, by the names that the thing has too."""
    return structs.asdict(text)


def check(texts: Texts, settings: Settings, present: Catalogue) -> Business:
    """Return the business data of the texts; raises SettingsError with everything that is wrong.

    `present` is what the database has, and keeps: a text may name queues, scripts and templates that are
    there already. It has no statuses or priorities where they are for the text, or else the defaults.
    """
    business = business_of(texts)
    after = _after(business, present)
    complaints = [
        *_addresses(texts, settings, present),
        *_templates(texts),
        *_agents(texts, present),
        *_teams(texts, present),
        *_outgoing(texts, business, after),
        *_scripts(texts, after, told(settings)),
        *_formtexts.complaints(texts, business, present, after, told(settings)),
        *_regions(texts),
        *_workflows(texts, business, after),
    ]
    if complaints:
        raise SettingsError(complaints)
    return business


def _after(business: Business, present: Catalogue) -> Catalogue:
    """Return the catalogue as it will be, for the compiler's look at constant names."""
    return Catalogue(
        listed=present.listed,
        routes={**present.routes, **{normal_address(a.address): a for a in business.addresses}},
        agents={**present.agents, **{a.name: a for a in business.agents}},
        teams={**present.teams, **{t.name: t for t in business.teams}},
        statuses={**present.statuses, **{s.name: s for s in business.statuses}} or WORDS.statuses,
        priorities={**present.priorities, **{p.name: p for p in business.priorities}} or WORDS.priorities,
        queues={**present.queues, **{q.name: q for q in business.queues}},
        templates={**present.templates, **{t.name: t for t in business.templates}},
        scripts={**present.scripts, **{s.name: s.source for s in business.scripts}},
        workflows={**present.workflows, **{w.name: w for w in business.workflows}},
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


def _teams(texts: Texts, present: Catalogue) -> Iterator[Complaint]:
    """Yield members that are no agents, and teams of queues that are none."""
    agents = {a.name for a in texts.business.agent} | set(present.agents)
    teams = {t.name for t in texts.business.team} | set(present.teams)
    for index, team in enumerate(texts.business.team):
        for name in team.members:
            if name not in agents:
                text = f"there is no agent {name!r}{_near(name, agents)}"
                yield texts.complain("team", index, "members", text)
    for index, queue in enumerate(texts.business.queue):
        for name in queue.teams:
            if name not in teams:
                text = f"there is no team {name!r}{_near(name, teams)}"
                yield texts.complain("queue", index, "teams", text)


def _outgoing(texts: Texts, business: Business, after: Catalogue) -> Iterator[Complaint]:
    """Yield what queues say wrong of their mail going out, and addresses that cannot only send (G17)."""
    for index, queue in enumerate(business.queues):
        for field, wrong in outgoing_complaints(queue, after):
            yield texts.complain("queue", index, field, wrong)
        if queue.answer_from and (wrong := address_complaint(queue.answer_from)):
            yield texts.complain("queue", index, "answer_from", wrong)
    for index, route in enumerate(business.addresses):
        for field, wrong in send_only_complaints(route, after.queues.values()):
            yield texts.complain("address", index, field, wrong)


def _regions(texts: Texts) -> Iterator[Complaint]:
    for index, queue in enumerate(texts.business.queue):
        if wrong := region_complaint(queue.region):
            yield texts.complain("queue", index, "region", wrong)


def _workflows(texts: Texts, business: Business, after: Catalogue) -> Iterator[Complaint]:
    """Everything that workflows name must be there; what cannot be read is said first."""
    for index, (text, workflow) in enumerate(zip(texts.business.workflow, business.workflows, strict=True)):
        wrong = list(mistakes(text)) or list(workflow_complaints(workflow, after, available_timezones()))
        for place, message in wrong:
            yield texts.complain_at(("workflow", index, *place), message)


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
        for part, line, wrong in template_complaints(_template(one)):
            yield texts.complain("template", index, part, f"line {line}: {wrong}" if line else wrong)


def _scripts(texts: Texts, after: Catalogue, told: Told) -> Iterator[Complaint]:
    registry = language()
    for script in texts.scripts:
        for line, message in complaints_of(script.name, script.source, after, registry, told):
            yield Complaint(script.file, line, "", message)
