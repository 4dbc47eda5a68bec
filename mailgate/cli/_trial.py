"""A mail tried on the rules, with the database as it is; nothing is written and nothing is sent."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mailgate.business import Business
from mailgate.checks.gather import gather_facts
from mailgate.cli._options import Call, CommandError
from mailgate.cli._store import opened
from mailgate.config.settings import Settings
from mailgate.domain.address import fold
from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.domain.message.view import MessageView
from mailgate.domain.routing import Catalogue, Route, Template
from mailgate.errors import TryLater
from mailgate.places import load_keys
from mailgate.rules.scripts import ScriptBook, compile_book
from mailgate.store import again, queries
from mailgate.store.unit import Incoming
from mailgate.vocabulary import language, script_limits, told
from mailgate.wiring import check_policy

if TYPE_CHECKING:
    from mailgate.domain.effects import Decision

# What a script that is only tried is called in traces.
TRIED: Final = "script"
NO_TEMPLATES: Final[Mapping[str, Template]] = {}


def trial(
    call: Call,
    octets: bytes,
    recipient: str,
    sender: str,
    source: str | None,
    at: datetime,
    templates: Mapping[str, Template] = NO_TEMPLATES,
) -> "Decision":
    """Return what would be decided for this recipient; `source` stands in for the address' script.

    `templates` are there beside those of the installation.
    """
    settings = call.settings(resolve_secrets=True)
    keys = load_keys(settings.keys_path)
    with opened(call) as store:
        business = Business(store, settings, keys, lambda _error: None)
        if error := business.reload():
            raise CommandError(f"the rules cannot be read: {error}")
        if templates:
            both = {**business.catalogue.templates, **templates}
            business.catalogue = replace(business.catalogue, templates=both)
        if source is not None:
            _put_in(business, recipient, source, settings)
        _let_in(business, recipient)
        received = Received(
            octets=Octets(len(octets), hashlib.sha256(octets).digest(), data=octets),
            envelope=Envelope(sender, (Recipient(recipient),)),
            origin=Origin(Source.INJECT),
            at=at,
            trace_id="trial",
        )
        view = MessageView.parse(octets)
        facts = asyncio.run(gather_facts(received, view, check_policy(settings, keys, business.own)))
        with queries.reading(store) as connection:
            try:
                return again.preview(store, connection, Incoming(received, view, facts), business.rules, at)
            except TryLater as error:
                raise CommandError(f"{error}: no address and no pattern takes mail for it") from None


def _let_in(business: Business, recipient: str) -> None:
    """Try the rules of an address that takes no mail yet, too: rules are tried before the channel is on."""
    route = business.catalogue.route(recipient)
    if route is not None and not route.enabled:
        routes = {**business.catalogue.routes, fold(recipient): replace(route, enabled=True)}
        business.catalogue = replace(business.catalogue, routes=routes)
        business.rules = replace(business.rules, catalogue=business.catalogue)


def _put_in(business: Business, recipient: str, source: str, settings: Settings) -> None:
    """Let another text stand in for the script of the recipient's address, or give it one where none is."""
    route = business.catalogue.route(recipient) or Route(fold(recipient))
    scripts = {**business.catalogue.scripts, TRIED: source}
    routes = {**business.catalogue.routes, fold(recipient): replace(route, script=TRIED)}
    changed: Catalogue = replace(business.catalogue, scripts=scripts, routes=routes)
    book = compile_book(changed, language(), ScriptBook(), script_limits(settings), told(settings))
    if TRIED in book.errors():
        raise CommandError(book.errors()[TRIED])
    business.catalogue, business.scripts = changed, book
    business.rules = replace(business.rules, catalogue=changed)
