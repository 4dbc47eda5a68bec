"""Automations in the texts of `apply`: their rows, the scripts that they become, and what is wrong."""

from collections.abc import Iterator
from dataclasses import replace

from msgspec import structs

from mailgate.config.texts import Texts
from mailgate.domain.helpdesk import Automation
from mailgate.domain.routing import Catalogue
from mailgate.errors import Complaint
from mailgate.rules.forms.automation import Checker, in_the_way, with_form
from mailgate.rules.forms.script import script_of
from mailgate.store.business import Business, Script, key_of
from mailgate.vocabulary import language
from sieve_like.settings import Settings as Told


def automations_of(texts: Texts) -> tuple[Automation, ...]:
    """Return the automations of the texts, with their forms as they are stored."""
    pairs = zip(texts.business.automation, texts.forms, strict=True)
    return tuple(with_form(Automation(**structs.asdict(one)), form) for one, form in pairs)


def made_scripts(texts: Texts) -> tuple[Script, ...]:
    """Return the scripts that these automations become."""
    pairs = zip(texts.business.automation, texts.forms, strict=True)
    return tuple(Script(one.name, script_of(form, one.name)) for one, form in pairs)


def complaints(
    texts: Texts, business: Business, present: Catalogue, after: Catalogue, told: Told
) -> Iterator[Complaint]:
    """Yield what is wrong with the automations, and which scripts they must not write over.

    `present` is what the database has, `after` what it will have.
    """
    if not business.automations:
        return
    checker = Checker(_with_routes(business, present, after), language(), told)
    files = {one.name: one.file for one in texts.scripts}
    for index, one in enumerate(business.automations):
        same = f"{files[one.name]} is a script of the same name" if one.name in files else ""
        if reason := same or in_the_way(one.name, present):
            yield texts.complain("automation", index, "name", reason)
        for wrong in checker.wrong(one, texts.forms[index]):
            yield texts.complain_at(("automation", index, *wrong.place), wrong.text)


def _with_routes(business: Business, present: Catalogue, after: Catalogue) -> Catalogue:
    """Return the catalogue as it will be with addresses and automations, too."""
    return replace(
        after,
        routes={**present.routes, **{key_of(one): one for one in business.addresses}},
        patterns=present.patterns,
        automations={**present.automations, **{one.name: one for one in business.automations}},
    )
